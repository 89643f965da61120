//! Making strategic merge patches, as kubectl does for `apply`, `edit`, `set`, `scale`, ...

use super::go_text;
use super::order::sort_like;
use super::strategic::{
    DELETE_FROM, DIRECTIVE, Merger, RETAIN_KEYS, SET_ORDER, dedup, item_type, meta_of, same_types,
};
use crate::arrange::Arrange;
use crate::schema::{Type, TypeRef};
use crate::{Map, Str, Value, value};

/// The patch that makes `modified` of `original`.
pub fn two_way_as(original: &Value, modified: &Value, ty: &TypeRef) -> Result<Value, String> {
    Diff::default().maps(original, modified, &Type::Object(ty.clone()))
}

/// The patch of `kubectl apply`: additions and changes from `current` (live) to `modified` (the manifest), deletions
/// from `original` (the last applied) to `modified`.
pub fn three_way_as(
    original: &Value,
    modified: &Value,
    current: &Value,
    ty: &TypeRef,
) -> Result<Value, String> {
    let ty = Type::Object(ty.clone());
    let changes = Diff {
        ignore_deletions: true,
        ..Diff::default()
    };
    let deletions = Diff {
        ignore_changes: true,
        ..Diff::default()
    };
    let delta = changes.maps(current, modified, &ty)?;
    let gone = deletions.maps(original, modified, &ty)?;
    let merger = Merger {
        parallel_lists: false,
        drop_unmatched_nulls: false,
    };
    merger.map(&gone, &delta, &ty)
}

#[derive(Clone, Copy, Default)]
struct Diff {
    ignore_changes: bool,
    ignore_deletions: bool,
    retain_keys: bool,
}

impl Diff {
    fn maps(self, original: &Value, modified: &Value, ty: &Type) -> Result<Value, String> {
        let mut patch = Map::default();
        for (key, m) in modified.entries() {
            let Some(o) = original.as_map().and_then(|x| x.get(key)) else {
                if !self.ignore_changes {
                    patch.insert(key.clone(), m.clone());
                }
                continue;
            };
            match (o, m) {
                _ if key == DIRECTIVE => {
                    if o != m {
                        patch.insert(key.clone(), m.clone());
                    }
                }
                (Value::Map(_), Value::Map(_)) => self.map_field(key, o, m, ty, &mut patch)?,
                (Value::List(a), Value::List(b)) => self.list_field(key, a, b, ty, &mut patch)?,
                _ => self.replace(key, o, m, &mut patch),
            }
        }
        if !self.ignore_deletions {
            for (key, _) in original.entries().iter().filter(|(k, _)| !modified.has(k)) {
                patch.insert(key.clone(), Value::Null);
            }
        }
        let retained: Vec<Value> = modified
            .entries()
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(k, _)| Value::Str(k.clone()))
            .collect();
        let adds = modified.entries().iter().any(|(k, _)| !original.has(k));
        if self.retain_keys && !retained.is_empty() && (!patch.is_empty() || adds) {
            patch.insert(RETAIN_KEYS, retained);
        }
        Ok(Value::from(patch))
    }

    fn replace(self, key: &Str, o: &Value, m: &Value, patch: &mut Map) {
        if !self.ignore_changes && o != m {
            patch.insert(key.clone(), m.clone());
        }
    }

    fn map_field(
        self,
        key: &Str,
        o: &Value,
        m: &Value,
        ty: &Type,
        patch: &mut Map,
    ) -> Result<(), String> {
        let meta = match meta_of(ty, key) {
            Ok(meta) => meta,
            Err(_) if o == m => return Ok(()),
            Err(e) => return Err(e),
        };
        if meta.replace {
            if !self.ignore_changes {
                patch.insert(key.clone(), m.clone());
            }
            return Ok(());
        }
        let inner = Diff {
            retain_keys: meta.retain_keys,
            ..self
        };
        let changed = inner.maps(o, m, &meta.ty)?;
        if !changed.is_empty() {
            patch.insert(key.clone(), changed);
        }
        Ok(())
    }

    fn list_field(
        self,
        key: &Str,
        o: &[Value],
        m: &[Value],
        ty: &Type,
        patch: &mut Map,
    ) -> Result<(), String> {
        let meta = match meta_of(ty, key) {
            Ok(meta) => meta,
            Err(_) if o == m => return Ok(()),
            Err(e) => return Err(e),
        };
        if !meta.merge {
            if !self.ignore_changes && o != m {
                patch.insert(key.clone(), m.to_vec());
            }
            return Ok(());
        }
        if o.is_empty() {
            if !m.is_empty() && !self.ignore_changes {
                patch.insert(key.clone(), m.to_vec());
            }
            return Ok(());
        }
        let inner = Diff {
            retain_keys: meta.retain_keys,
            ..self
        };
        if same_types(&[o, m])? {
            inner.lists_of_maps(key, o, m, &item_type(&meta.ty), &meta.key, patch)
        } else {
            inner.lists_of_scalars(key, o, m, patch);
            Ok(())
        }
    }

    fn lists_of_maps(
        self,
        field: &Str,
        o: &[Value],
        m: &[Value],
        ty: &Type,
        key: &str,
        patch: &mut Map,
    ) -> Result<(), String> {
        let sorted = |l: &[Value]| -> Result<Vec<(String, Value)>, String> {
            let mut out = Vec::with_capacity(l.len());
            for v in l {
                let Some(k) = v.as_map().and_then(|x| x.get(key)) else {
                    return Err(format!(
                        "map: {} does not contain declared merge key: {key}",
                        go_text(v)
                    ));
                };
                out.push((go_text(k), v.clone()));
            }
            out.arrange_by(|a, b| a.0.cmp(&b.0));
            Ok(out)
        };
        let (old, new) = (sorted(o)?, sorted(m)?);
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        let (mut changed, mut deleted) = (Vec::new(), Vec::new());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(a), Some(b)) => a.0.cmp(&b.0),
            };
            let a = if order.is_le() { old.next() } else { None };
            let b = if order.is_ge() { new.next() } else { None };
            match (a, b) {
                (Some((_, a)), Some((_, b))) => {
                    let mut p = self.maps(&a, &b, ty)?;
                    if !p.is_empty() {
                        p.map_mut().insert(key, b.get(key).clone());
                        changed.push(p);
                    }
                }
                (None, Some((_, b))) if !self.ignore_changes => changed.push(b),
                (Some((_, a)), None) if !self.ignore_deletions => {
                    let mut gone = value!({ "$patch": "delete" });
                    gone.map_mut().insert(key, a.get(key).clone());
                    deleted.push(gone);
                }
                _ => {}
            }
        }
        let mut changed = sort_like(changed, m, key);
        let same_order =
            o.len() == m.len() && o.iter().zip(m).all(|(a, b)| a.get(key) == b.get(key));
        changed.extend(deleted);
        let some = !changed.is_empty();
        if (!self.ignore_changes && (some || !same_order)) || (!self.ignore_deletions && some) {
            let mut order = Vec::with_capacity(m.len());
            for v in m {
                let mut entry = Value::map();
                entry.map_mut().insert(key, v.get(key).clone());
                order.push(entry);
            }
            if !order.is_empty() {
                patch.insert(format!("{SET_ORDER}/{field}"), order);
            }
        }
        if some {
            patch.insert(field.clone(), changed);
        }
        Ok(())
    }

    fn lists_of_scalars(self, field: &Str, o: &[Value], m: &[Value], patch: &mut Map) {
        let sorted = |l: Vec<Value>| {
            let mut l = l;
            l.arrange_by_key(go_text);
            l
        };
        let added: Vec<Value> = m.iter().filter(|v| !o.contains(v)).cloned().collect();
        let deleted: Vec<Value> = sorted(dedup(
            o.iter().filter(|v| !m.contains(v)).cloned().collect(),
        ));
        if !self.ignore_changes && !added.is_empty() {
            patch.insert(field.clone(), added);
        }
        let deletes = !self.ignore_deletions && !deleted.is_empty();
        if deletes {
            patch.insert(format!("{DELETE_FROM}/{field}"), deleted);
        }
        if (deletes || (!self.ignore_changes && o != m)) && !m.is_empty() {
            patch.insert(format!("{SET_ORDER}/{field}"), m.to_vec());
        }
    }
}
