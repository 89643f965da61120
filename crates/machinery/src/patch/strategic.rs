//! Applying a strategic merge patch.

use super::keys::{ListMerge, list_merge};
use crate::{Status, Value};

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Applies a strategic merge patch to an object. Errors are BadRequest in upstream's words.
pub fn apply_strategic(target: &Value, patch: &Value) -> Result<Value, Status> {
    merge_map("", target, patch)
}

fn bad(what: &str) -> Status {
    Status::bad_request(what.to_string())
}

/// Merges a patch into the map that stands in field `holder`.
fn merge_map(holder: &str, target: &Value, patch: &Value) -> Result<Value, Status> {
    match patch.get(DIRECTIVE).as_str() {
        Some("replace") => return Ok(without_directives(patch)),
        Some("delete") => return Ok(Value::map()),
        Some("merge") | None => {}
        Some(other) => return Err(bad(&format!("Unknown patch type: {other}"))),
    }
    let mut out = if matches!(target, Value::Map(_)) {
        target.clone()
    } else {
        Value::map()
    };
    if patch.has(RETAIN) {
        let kept = patch.get(RETAIN).items();
        out.map_mut()
            .retain(|k, _| kept.iter().any(|x| x.as_str() == Some(k)));
    }
    for (key, change) in patch.entries() {
        if key.as_str() == DIRECTIVE || key.as_str() == RETAIN || key.starts_with(ORDER) {
            continue;
        }
        if let Some(field) = key.strip_prefix(DELETE_FROM) {
            if let Value::List(_) = out.get(field) {
                let gone = change.items();
                out.field(field).list_mut().retain(|x| !gone.contains(x));
            }
            continue;
        }
        let order = patch.get(&format!("{ORDER}{key}"));
        match merged(holder, key, out.get(key), change, order)? {
            Some(new) if out.has(key) && out.get(key) == &new => {}
            Some(new) => {
                out.map_mut().insert(key.clone(), new);
            }
            None if out.has(key) => {
                out.map_mut().remove(key);
            }
            None => {}
        }
    }
    for (key, order) in patch.entries() {
        if let Some(field) = key.strip_prefix(ORDER)
            && !patch.has(field)
            && matches!(out.get(field), Value::List(_))
        {
            let sorted = ordered(
                list_merge(holder, field),
                out.get(field).items().to_vec(),
                out.get(field).items(),
                order,
            );
            if out.get(field).items() != sorted.as_slice() {
                out.set(field, Value::from(sorted));
            }
        }
    }
    Ok(out)
}

/// The field's new value; None: it goes.
fn merged(
    holder: &str,
    key: &str,
    old: &Value,
    change: &Value,
    order: &Value,
) -> Result<Option<Value>, Status> {
    Ok(match (old, change) {
        (_, Value::Null) => None,
        (_, Value::Map(_)) => Some(merge_map(key, old, change)?),
        (Value::List(_), Value::List(_)) => Some(merge_list(holder, key, old, change, order)?),
        (_, Value::List(_)) => Some(merge_list(holder, key, &Value::list(), change, order)?),
        _ => Some(change.clone()),
    })
}

fn merge_list(
    holder: &str,
    field: &str,
    old: &Value,
    patch: &Value,
    order: &Value,
) -> Result<Value, Status> {
    let how = list_merge(holder, field);
    let mut items: Vec<Value> = old.items().to_vec();
    match how {
        ListMerge::Replace => return Ok(without_directives(patch)),
        ListMerge::Set => {
            for new in patch.items() {
                if !items.contains(new) {
                    items.push(new.clone());
                }
            }
        }
        ListMerge::ByKey(key) => {
            if patch.items().iter().any(|i| i.text(DIRECTIVE) == "replace") {
                let rest = patch
                    .items()
                    .iter()
                    .filter(|i| i.text(DIRECTIVE) != "replace");
                return Ok(Value::from(
                    rest.map(without_directives).collect::<Vec<_>>(),
                ));
            }
            for change in patch.items() {
                if change.get(key).is_null() {
                    let text = crate::json::print(change);
                    return Err(bad(&format!(
                        "map: {text} does not contain declared merge key: {key}"
                    )));
                }
                let at = items.iter().position(|i| i.get(key) == change.get(key));
                match (at, change.text(DIRECTIVE)) {
                    (_, "delete") => items.retain(|i| i.get(key) != change.get(key)),
                    (Some(i), _) => {
                        if let Some(slot) = items.get_mut(i) {
                            *slot = merge_map(field, slot, change)?;
                        }
                    }
                    (None, _) => items.push(merge_map(field, &Value::Null, change)?),
                }
            }
        }
    }
    Ok(Value::from(ordered(how, items, old.items(), order)))
}

/// Puts items in the order that the patch asks for; those that it does not name keep their place among the others.
fn ordered(how: ListMerge, items: Vec<Value>, old: &[Value], order: &Value) -> Vec<Value> {
    let Value::List(wanted) = order else {
        return items;
    };
    let same = |a: &Value, b: &Value| match how {
        ListMerge::ByKey(key) => a.get(key) == b.get(key),
        _ => a == b,
    };
    let place = |x: &Value| old.iter().position(|o| same(o, x));
    let mut named: Vec<Value> = wanted
        .iter()
        .filter_map(|w| items.iter().find(|i| same(i, w)).cloned())
        .collect();
    let mut others: Vec<Value> = items
        .iter()
        .filter(|i| !wanted.iter().any(|w| same(i, w)))
        .cloned()
        .collect();
    let mut out = Vec::with_capacity(items.len());
    named.reverse();
    others.reverse();
    loop {
        match (named.last(), others.last()) {
            (Some(n), Some(o)) => {
                let first = matches!((place(n), place(o)), (Some(a), Some(b)) if a < b);
                out.extend(if first { named.pop() } else { others.pop() });
            }
            (Some(_), None) => out.extend(named.pop()),
            (None, Some(_)) => out.extend(others.pop()),
            (None, None) => return out,
        }
    }
}

/// A new value without the patch's own words, and without the nulls that take nothing away.
fn without_directives(v: &Value) -> Value {
    match v {
        Value::Map(m) => {
            let keeps = |k: &str, x: &Value| !k.starts_with('$') && !x.is_null();
            let all = m.iter().filter(|(k, x)| keeps(k, x));
            Value::from(
                all.map(|(k, x)| (k.clone(), without_directives(x)))
                    .collect::<crate::Map>(),
            )
        }
        Value::List(l) => Value::from(l.iter().map(without_directives).collect::<Vec<_>>()),
        other => other.clone(),
    }
}
