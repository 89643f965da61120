//! Making patches: what `kubectl apply` sends is the difference of three documents (what was applied last, what is applied
//! now, what the server has), what `edit`, `label` and `set` send is the difference of two.

use super::keys::{ListMerge, list_merge, retains_keys};
use crate::{Map, Str, Value};

/// The strategic merge patch that turns `original` into `modified`; `{}` where they are equal.
pub fn two_way(original: &Value, modified: &Value) -> Value {
    three_way(original, modified, original)
}

/// The strategic merge patch of apply: all that `modified` says and `current` does not, and the removal of all that
/// `original` said and `modified` no longer says. What others wrote into `current` stays.
pub fn three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    Value::from(map_patch("", original, modified, current))
}

fn map_patch(holder: &str, original: &Value, modified: &Value, current: &Value) -> Map {
    let mut patch = Map::default();
    for (key, new) in modified.entries() {
        let (old, have) = (original.get(key), current.get(key));
        match new {
            Value::Map(_) if matches!(have, Value::Map(_)) || matches!(old, Value::Map(_)) => {
                let mut inner = map_patch(key, old, new, have);
                if retains_keys(key) && !inner.is_empty() {
                    let keys: Vec<Value> = new
                        .entries()
                        .iter()
                        .map(|(k, _)| Value::from(k.clone()))
                        .collect();
                    inner.insert("$retainKeys", Value::from(keys));
                }
                if !inner.is_empty() || !current.has(key) {
                    patch.insert(key.clone(), inner);
                }
            }
            Value::List(_) if matches!(have, Value::List(_)) || matches!(old, Value::List(_)) => {
                list_patch(&mut patch, holder, key, [old, new, have]);
            }
            Value::Null => {
                // `field: null` in a manifest asks for the field to be gone.
                if !have.is_null() {
                    patch.insert(key.clone(), Value::Null);
                }
            }
            _ if new != have || !current.has(key) => {
                patch.insert(key.clone(), new.clone());
            }
            _ => {}
        }
    }
    for (key, _) in original.entries() {
        if !modified.has(key) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    patch
}

fn list_patch(patch: &mut Map, holder: &str, field: &Str, [old, new, have]: [&Value; 3]) {
    let how = list_merge(holder, field);
    let mut changes = Vec::new();
    let key = match how {
        ListMerge::Replace => {
            if new != have {
                patch.insert(field.clone(), new.clone());
            }
            return;
        }
        ListMerge::Set => {
            changes.extend(
                new.items()
                    .iter()
                    .filter(|x| !have.items().contains(x))
                    .cloned(),
            );
            let gone: Vec<Value> = old
                .items()
                .iter()
                .filter(|x| !new.items().contains(x))
                .cloned()
                .collect();
            if !gone.is_empty() {
                patch.insert(
                    format!("$deleteFromPrimitiveList/{field}"),
                    Value::from(gone),
                );
            }
            ""
        }
        ListMerge::ByKey(key) => {
            keyed_changes(&mut changes, field, key, [old, new, have]);
            key
        }
    };
    let name = |x: &Value| {
        if key.is_empty() {
            x.clone()
        } else {
            x.get(key).clone()
        }
    };
    let both: Vec<Value> = new
        .items()
        .iter()
        .map(name)
        .filter(|n| have.items().iter().any(|x| &name(x) == n))
        .collect();
    let theirs: Vec<Value> = have
        .items()
        .iter()
        .map(name)
        .filter(|n| both.contains(n))
        .collect();
    if !changes.is_empty() || both != theirs {
        let order = new.items().iter().map(|x| match key {
            "" => x.clone(),
            key => Value::from([(key, name(x))].into_iter().collect::<Map>()),
        });
        patch.insert(
            format!("$setElementOrder/{field}"),
            Value::from(order.collect::<Vec<_>>()),
        );
    }
    if !changes.is_empty() {
        patch.insert(field.clone(), Value::from(changes));
    }
}

/// Changes of a list whose items are told apart by a key: changed and new ones in the new order, then deletions.
fn keyed_changes(changes: &mut Vec<Value>, field: &str, key: &str, [old, new, have]: [&Value; 3]) {
    let named = |list: &Value, like: &Value| {
        list.items()
            .iter()
            .find(|x| x.get(key) == like.get(key))
            .cloned()
    };
    for item in new.items() {
        match named(have, item) {
            None => changes.push(item.clone()),
            Some(current) => {
                let was = named(old, item).unwrap_or_default();
                let mut change = map_patch(field, &was, item, &current);
                if change.is_empty() {
                    continue;
                }
                change.insert(Str::from(key), item.get(key));
                if retains_keys(field) {
                    let keys: Vec<Value> = item
                        .entries()
                        .iter()
                        .map(|(k, _)| Value::from(k.clone()))
                        .collect();
                    change.insert("$retainKeys", Value::from(keys));
                }
                changes.push(Value::from(change));
            }
        }
    }
    for item in old.items().iter().filter(|i| named(new, i).is_none()) {
        let mut gone = Map::default();
        gone.insert("$patch", "delete");
        gone.insert(Str::from(key), item.get(key));
        changes.push(Value::from(gone));
    }
}

/// The JSON merge patch that turns `original` into `modified`.
pub fn two_way_merge(original: &Value, modified: &Value) -> Value {
    three_way_merge(original, modified, original)
}

/// The JSON merge patch of apply, for kinds without a strategic one (custom resources).
pub fn three_way_merge(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch = Map::default();
    for (key, new) in modified.entries() {
        let have = current.get(key);
        match (new, have) {
            (Value::Map(_), Value::Map(_)) => {
                let inner = three_way_merge(original.get(key), new, have);
                if !inner.is_empty() {
                    patch.insert(key.clone(), inner);
                }
            }
            _ if new != have || !current.has(key) => {
                patch.insert(key.clone(), new.clone());
            }
            _ => {}
        }
    }
    for (key, _) in original.entries() {
        if !modified.has(key) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    Value::from(patch)
}
