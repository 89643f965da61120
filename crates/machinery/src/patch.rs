//! The patches of the API: JSON patch (RFC 6902), JSON merge patch (RFC 7386), strategic merge patch; and how kubectl
//! makes them (`apimachinery:pkg/util/{strategicpatch,jsonmergepatch}`, `evanphx/json-patch`). Server-side apply is
//! in [`crate::managed`].
//!
//! Left out: the conflict check of `kubectl apply --overwrite=false`.

mod diff;
mod json_patch;
mod order;
mod strategic;

pub use diff::{three_way_as, two_way_as};
pub use json_patch::apply_json;
pub use strategic::apply_strategic_as;

use crate::{Map, Status, Value, schema};

/// Applies a strategic merge patch to an object of a built-in kind, which it names itself.
pub fn apply_strategic(target: &Value, patch: &Value) -> Result<Value, Status> {
    let ty = schema::of(target.text("apiVersion"), target.text("kind"));
    let ty =
        ty.ok_or_else(|| Status::bad_request("strategic merge patch format is not supported"))?;
    apply_strategic_as(target, patch, &ty).map_err(Status::bad_request)
}

/// The patch that makes `modified` of `original`: strategic for built-in kinds, a JSON merge patch for others and for
/// documents that the schema cannot follow (the server then says what is wrong with them).
pub fn two_way(original: &Value, modified: &Value) -> Value {
    let ty = schema::of(modified.text("apiVersion"), modified.text("kind"));
    match ty.map(|t| two_way_as(original, modified, &t)) {
        Some(Ok(patch)) => patch,
        _ => two_way_merge(original, modified),
    }
}

/// The patch of `kubectl apply`, of the same form as [`two_way`]'s.
pub fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let ty = schema::of(modified.text("apiVersion"), modified.text("kind"));
    match ty.map(|t| three_way_as(original, modified, current, &t)) {
        Some(Ok(patch)) => patch,
        _ => three_way_merge(original, modified, current),
    }
}

/// Applies a JSON merge patch: null takes away, maps are merged, all else is replaced.
pub fn apply_merge(target: &Value, patch: &Value) -> Value {
    let Value::Map(fields) = patch else {
        return patch.clone();
    };
    let mut out = match target {
        Value::Map(_) => target.clone(),
        _ => Value::map(),
    };
    for (k, v) in fields.iter() {
        if v.is_null() {
            if out.has(k) {
                out.map_mut().remove(k);
            }
            continue;
        }
        let merged = apply_merge(out.get(k), v);
        if !(out.has(k) && out.get(k).same(&merged)) {
            out.map_mut().insert(k.clone(), merged);
        }
    }
    out
}

/// The JSON merge patch that makes `modified` of `original`.
pub fn two_way_merge(original: &Value, modified: &Value) -> Value {
    let mut out = Map::default();
    for (k, m) in modified.entries() {
        match original.as_map().and_then(|o| o.get(k)) {
            None => drop(out.insert(k.clone(), m.clone())),
            Some(o @ Value::Map(_)) if matches!(m, Value::Map(_)) => {
                let inner = two_way_merge(o, m);
                if !inner.is_empty() {
                    out.insert(k.clone(), inner);
                }
            }
            Some(o) if o != m => drop(out.insert(k.clone(), m.clone())),
            Some(_) => {}
        }
    }
    for (k, _) in original.entries() {
        if !modified.has(k) {
            out.insert(k.clone(), Value::Null);
        }
    }
    Value::from(out)
}

/// The JSON merge patch of `kubectl apply` for kinds without a built-in schema: additions and changes from `current`
/// to `modified`, deletions from `original` (the last applied) to `modified`.
pub fn three_way_merge(original: &Value, modified: &Value, current: &Value) -> Value {
    let changes = filter_nulls(&two_way_merge(current, modified), Keep::Changes);
    let deletions = filter_nulls(&two_way_merge(original, modified), Keep::Nulls);
    apply_merge(&deletions, &changes)
}

#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Nulls,
    Changes,
}

fn filter_nulls(patch: &Value, keep: Keep) -> Value {
    let mut out = Map::default();
    for (k, v) in patch.entries() {
        match v {
            Value::Null if keep == Keep::Nulls => drop(out.insert(k.clone(), Value::Null)),
            Value::Null => {}
            Value::Map(m) if m.is_empty() && keep == Keep::Changes => {
                out.insert(k.clone(), v.clone());
            }
            Value::Map(_) => {
                let inner = filter_nulls(v, keep);
                if !inner.is_empty() {
                    out.insert(k.clone(), inner);
                }
            }
            _ if keep == Keep::Changes => drop(out.insert(k.clone(), v.clone())),
            _ => {}
        }
    }
    Value::from(out)
}

/// A value as Go's `%v` prints it, which some messages quote: `map[spec:map[replicas:two]]`.
pub fn go_text(v: &Value) -> String {
    match v {
        Value::Null => "<nil>".into(),
        Value::Str(s) => s.to_string(),
        Value::Float(f) => crate::yaml::go_float(*f),
        Value::List(l) => {
            let items: Vec<String> = l.iter().map(go_text).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(m) => {
            let items: Vec<String> = m
                .iter()
                .map(|(k, v)| format!("{k}:{}", go_text(v)))
                .collect();
            format!("map[{}]", items.join(" "))
        }
        other => crate::json::print(other),
    }
}

#[cfg(test)]
mod tests;
