//! Strategic merge patch: lists of objects are merged by their merge key, with directives in the patch:
//! `$patch: delete|replace`, `$retainKeys`, `$deleteFromPrimitiveList/FIELD`, `$setElementOrder/FIELD`.

use super::go_text;
use super::order::{identity, reorder};
use crate::schema::{Type, TypeRef};
use crate::{Map, Str, Value};

pub const DIRECTIVE: &str = "$patch";
pub const RETAIN_KEYS: &str = "$retainKeys";
pub const DELETE_FROM: &str = "$deleteFromPrimitiveList";
pub const SET_ORDER: &str = "$setElementOrder";

/// Applies `patch` to an object of type `ty`.
pub fn apply_strategic_as(original: &Value, patch: &Value, ty: &TypeRef) -> Result<Value, String> {
    let merger = Merger {
        parallel_lists: true,
        drop_unmatched_nulls: true,
    };
    merger.map(original, patch, &Type::Object(ty.clone()))
}

/// What the schema says of a field, for patches.
pub struct Meta {
    pub ty: Type,
    pub merge: bool,
    pub replace: bool,
    pub retain_keys: bool,
    pub key: String,
}

/// Looks up `key` in a struct or map type. Unknown fields are an error, as upstream.
pub fn meta_of(ty: &Type, key: &str) -> Result<Meta, String> {
    let plain = |ty: Type| Meta {
        ty,
        merge: false,
        replace: false,
        retain_keys: false,
        key: String::new(),
    };
    match ty {
        Type::Map(e) => Ok(plain(e.get())),
        Type::Object(t) => match t.field(key) {
            Some(f) => {
                let has = |s: &str| f.patch.split(',').any(|p| p == s);
                Ok(Meta {
                    merge: has("merge"),
                    replace: has("replace"),
                    retain_keys: has("retainKeys"),
                    key: f.merge_key.to_string(),
                    ty: f.ty,
                })
            }
            None => {
                let (name, key) = (t.go_name(), crate::json::quote(key));
                Err(format!(
                    "unable to find api field in struct {name} for the json field {key}"
                ))
            }
        },
        other => {
            let kind = other.go_type();
            Err(format!(
                "merging an object in json but data type is not struct, instead is: {kind}"
            ))
        }
    }
}

/// The type of a list's items; of the thing itself if it is no list.
pub fn item_type(ty: &Type) -> Type {
    match ty {
        Type::List(e) => e.get(),
        other => other.clone(),
    }
}

#[derive(Clone, Copy)]
pub struct Merger {
    /// Applies `$deleteFromPrimitiveList` and `$setElementOrder`; else (merging two patches) keeps them.
    pub parallel_lists: bool,
    pub drop_unmatched_nulls: bool,
}

impl Merger {
    pub fn map(self, original: &Value, patch: &Value, ty: &Type) -> Result<Value, String> {
        let directive = patch.get(DIRECTIVE);
        if !directive.is_null() {
            return match directive.as_str() {
                Some("replace") => {
                    let mut p = patch.clone();
                    p.map_mut().remove(DIRECTIVE);
                    Ok(p)
                }
                Some("delete") => Ok(Value::map()),
                _ => Err(format!(
                    "unknown patch type: {} in map: {}",
                    go_text(directive),
                    go_text(patch)
                )),
            };
        }
        let mut out = match original {
            Value::Map(_) => original.clone(),
            _ => Value::map(),
        };
        let mut patch = patch.clone();
        self.retain_keys(&mut out, &mut patch)?;
        self.ordered_lists(&mut out, &mut patch, ty)?;
        for (k, v) in patch.entries() {
            self.field(&mut out, k, v, ty)?;
        }
        Ok(out)
    }

    fn field(self, out: &mut Value, key: &Str, v: &Value, ty: &Type) -> Result<(), String> {
        let mut key = key.as_str();
        let mut deleting = false;
        if key.starts_with(DELETE_FROM) {
            if !self.parallel_lists {
                out.map_mut().insert(key, v.clone());
                return Ok(());
            }
            key = target(key).ok_or("invalid patch format of primitive list")?;
            deleting = true;
        }
        if v.is_null() {
            if out.has(key) {
                out.map_mut().remove(key);
            }
            if self.drop_unmatched_nulls {
                return Ok(());
            }
        }
        let current = out.as_map().and_then(|m| m.get(key)).cloned();
        let merged = match (&current, v) {
            (Some(o @ Value::Map(_)), Value::Map(_)) => {
                let meta = meta_of(ty, key)?;
                if meta.replace {
                    Some(v.clone())
                } else {
                    Some(self.map(o, v, &meta.ty)?)
                }
            }
            (Some(Value::List(o)), Value::List(p)) => {
                let meta = meta_of(ty, key)?;
                if meta.merge || deleting {
                    Some(self.list(o, p, &meta, deleting)?)
                } else {
                    Some(v.clone())
                }
            }
            _ if deleting => return Ok(()),
            _ => {
                let v = if self.drop_unmatched_nulls {
                    without_nulls(v)
                } else {
                    v.clone()
                };
                without_directives(&v)
            }
        };
        match merged {
            Some(m) if current.as_ref().is_some_and(|c| c.same(&m)) => {}
            Some(m) => drop(out.map_mut().insert(key, m)),
            None if current.is_some() => drop(out.map_mut().remove(key)),
            None => {}
        }
        Ok(())
    }

    fn retain_keys(self, out: &mut Value, patch: &mut Value) -> Result<(), String> {
        const WRONG: &str = "invalid patch format of retainKeys";
        if !patch.has(RETAIN_KEYS) {
            return Ok(());
        }
        let keys = patch.map_mut().remove(RETAIN_KEYS).unwrap_or_default();
        if !self.parallel_lists {
            if out.has(RETAIN_KEYS) && out.get(RETAIN_KEYS) != &keys {
                let (a, b) = (go_text(out.get(RETAIN_KEYS)), go_text(&keys));
                return Err(format!(
                    "{a} and {b} are not deep equal: this may happen when calculating the 3-way diff patch"
                ));
            }
            out.map_mut().insert(RETAIN_KEYS, keys);
            return Ok(());
        }
        let Value::List(keys) = keys else {
            return Err(WRONG.into());
        };
        let kept = |k: &str| keys.iter().any(|x| x.as_str() == Some(k));
        let directive = |k: &str| k.starts_with(DELETE_FROM) || k.starts_with(SET_ORDER);
        if patch
            .entries()
            .iter()
            .any(|(k, v)| !v.is_null() && !directive(k) && !kept(k))
        {
            return Err(WRONG.into());
        }
        if out.entries().iter().any(|(k, _)| !kept(k)) {
            out.map_mut().retain(|k, _| kept(k));
        }
        Ok(())
    }

    /// Handles the lists that the patch orders with `$setElementOrder/FIELD`.
    fn ordered_lists(self, out: &mut Value, patch: &mut Value, ty: &Type) -> Result<(), String> {
        const WRONG: &str = "invalid patch format of setElementOrder list";
        let keys: Vec<Str> = patch
            .as_map()
            .into_iter()
            .flat_map(Map::keys)
            .filter(|k| k.starts_with(SET_ORDER))
            .cloned()
            .collect();
        for key in keys {
            let order = patch.map_mut().remove(&key).unwrap_or_default();
            if !self.parallel_lists {
                if out.has(&key) && out.get(&key) != &order {
                    return Err(WRONG.into());
                }
                out.map_mut().insert(key.clone(), order.clone());
            }
            let Value::List(order) = order else {
                return Err(WRONG.into());
            };
            let field = target(&key).ok_or(WRONG)?;
            let list_of = |v: &Value| -> Result<Option<Vec<Value>>, String> {
                match v.as_map().and_then(|m| m.get(field)) {
                    None => Ok(None),
                    Some(Value::List(l)) => Ok(Some(l.to_vec())),
                    Some(other) => Err(format!(
                        "expected a []interface {{}}, but received a {}",
                        go_kind(other)
                    )),
                }
            };
            let (original, patched) = (list_of(out)?, list_of(patch)?);
            let meta = meta_of(ty, field)?;
            if let Some(p) = &patched {
                check_order(p, &order, &meta.key)?;
            }
            let merged = match (&original, &patched) {
                (None, None) => continue,
                (Some(o), None) => o.clone(),
                (None, Some(p)) => match without_directives(&Value::from(p.clone())) {
                    Some(Value::List(l)) => l.to_vec(),
                    _ => continue,
                },
                (Some(o), Some(p)) if meta.merge => self.list(o, p, &meta, false)?.items().to_vec(),
                (Some(_), Some(p)) => p.clone(),
            };
            let server_order = original.unwrap_or_default();
            let sorted = reorder(merged, &order, &server_order, &meta.key)?;
            out.map_mut().insert(field, sorted);
            if patch.has(field) {
                patch.map_mut().remove(field);
            }
        }
        Ok(())
    }

    fn list(
        self,
        original: &[Value],
        patch: &[Value],
        meta: &Meta,
        deleting: bool,
    ) -> Result<Value, String> {
        if original.is_empty() && patch.is_empty() {
            return Ok(Value::list());
        }
        let maps = same_types(&[original, patch])?;
        let merged = if !maps {
            if self.parallel_lists && deleting {
                let kept = original.iter().filter(|v| !patch.contains(v)).cloned();
                return Ok(Value::from(kept.collect::<Vec<_>>()));
            }
            let mut both: Vec<Value> = original.to_vec();
            both.extend(patch.iter().filter(|v| !original.contains(v)).cloned());
            dedup(both)
        } else {
            if meta.key.is_empty() {
                return Err("cannot merge lists without merge key for struct".into());
            }
            self.maps(original, patch, meta)?
        };
        reorder(merged, patch, original, &meta.key)
    }

    fn maps(self, original: &[Value], patch: &[Value], meta: &Meta) -> Result<Vec<Value>, String> {
        let key = meta.key.as_str();
        let mut out: Vec<Value> = original.to_vec();
        let mut plain = Vec::new();
        let mut replace = false;
        for p in patch {
            match p.get(DIRECTIVE) {
                Value::Null => plain.push(p),
                Value::Str(d) if d == "delete" => {
                    let at = p
                        .as_map()
                        .and_then(|m| m.get(key))
                        .ok_or_else(|| no_key(p, key))?;
                    out.retain(|o| o.get(key) != at);
                }
                Value::Str(d) if d == "replace" => replace = true,
                Value::Str(d) if d == "merge" => {
                    return Err("merging lists cannot yet be specified in the patch".into());
                }
                other => {
                    return Err(format!(
                        "unknown patch type: {} in map: {}",
                        go_text(other),
                        go_text(p)
                    ));
                }
            }
        }
        if replace {
            return Ok(plain.into_iter().cloned().collect());
        }
        let inner = item_type(&meta.ty);
        for p in plain {
            let at = p
                .as_map()
                .and_then(|m| m.get(key))
                .ok_or_else(|| no_key(p, key))?;
            match out
                .iter_mut()
                .find(|o| o.as_map().is_some_and(|m| m.get(key) == Some(at)))
            {
                Some(o) => *o = self.map(o, p, &inner)?,
                None => out.push(p.clone()),
            }
        }
        Ok(out)
    }
}

pub fn no_key(v: &Value, key: &str) -> String {
    format!(
        "map: {} does not contain declared merge key: {key}",
        go_text(v)
    )
}

fn go_kind(v: &Value) -> &'static str {
    match v {
        Value::Null => "nil",
        other => crate::gotemplate::go_type(other),
    }
}

/// The field that a directive like `$setElementOrder/ports` is about.
fn target(directive: &str) -> Option<&str> {
    directive.split_once('/').map(|(_, field)| field)
}

/// All items of one type, as merging demands; says whether they are maps.
pub fn same_types(lists: &[&[Value]]) -> Result<bool, String> {
    let mut kinds = lists.iter().flat_map(|l| l.iter()).map(go_kind);
    let first = kinds
        .next()
        .ok_or("no elements in any of the given slices")?;
    if first == "[]interface {}" {
        return Err("lists of lists are not supported".into());
    }
    if kinds.any(|k| k != first) {
        let all: Vec<String> = lists
            .iter()
            .map(|l| go_text(&Value::from(l.to_vec())))
            .collect();
        return Err(format!(
            "list element types are not identical: [{}]",
            all.join(" ")
        ));
    }
    Ok(first == "map[string]interface {}")
}

pub fn dedup(items: Vec<Value>) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::with_capacity(items.len());
    for v in items {
        if !out.contains(&v) {
            out.push(v);
        }
    }
    out
}

/// The patch's items must stand in the order that the patch demands.
fn check_order(patch: &[Value], order: &[Value], key: &str) -> Result<(), String> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut rest = order.iter();
    for p in patch.iter().filter(|p| p.get(DIRECTIVE).is_null()) {
        if !rest.any(|o| identity(o, key) == identity(p, key)) {
            let (patch, order) = (
                go_text(&Value::from(patch.to_vec())),
                go_text(&Value::from(order.to_vec())),
            );
            return Err(format!(
                "The order in patch list:\n{patch}\n doesn't match {SET_ORDER} list:\n{order}\n"
            ));
        }
    }
    Ok(())
}

fn without_nulls(v: &Value) -> Value {
    match v {
        Value::Map(m) => {
            let kept = m.iter().filter(|(_, x)| !x.is_null());
            Value::from(
                kept.map(|(k, x)| (k.clone(), without_nulls(x)))
                    .collect::<Map>(),
            )
        }
        Value::List(l) => Value::from(l.iter().map(without_nulls).collect::<Vec<_>>()),
        other => other.clone(),
    }
}

/// What remains of an addition: maps that carry `$patch` vanish.
fn without_directives(v: &Value) -> Option<Value> {
    match v {
        Value::Map(m) if m.get(DIRECTIVE).is_some() => None,
        Value::Map(m) => {
            let kept = m
                .iter()
                .filter_map(|(k, x)| Some((k.clone(), without_directives(x)?)));
            Some(Value::from(kept.collect::<Map>()))
        }
        Value::List(l) => Some(Value::from(
            l.iter().filter_map(without_directives).collect::<Vec<_>>(),
        )),
        other => Some(other.clone()),
    }
}
