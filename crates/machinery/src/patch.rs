//! Patches: JSON patch (RFC 6902), JSON merge patch (RFC 7396), strategic merge patch, and the making of the patches that
//! `kubectl apply` and its kin send. Upstream: `apimachinery:pkg/util/strategicpatch`, `jsonmergepatch`.

mod json_patch;
mod keys;
mod make;
mod strategic;

pub use json_patch::apply_json;
pub use keys::{ListMerge, list_merge, retains_keys};
pub use make::{three_way, three_way_merge, two_way, two_way_merge};
pub use strategic::apply_strategic;

use crate::Value;

/// Applies a JSON merge patch: null takes away, maps are merged, all else replaces.
pub fn apply_merge(target: &Value, patch: &Value) -> Value {
    let Value::Map(changes) = patch else {
        return patch.clone();
    };
    let mut out = if matches!(target, Value::Map(_)) {
        target.clone()
    } else {
        Value::map()
    };
    for (key, change) in changes.iter() {
        if change.is_null() {
            if out.has(key) {
                out.map_mut().remove(key);
            }
            continue;
        }
        let new = apply_merge(out.get(key), change);
        if out.get(key) != &new || !out.has(key) {
            out.map_mut().insert(key.clone(), new);
        }
    }
    out
}

#[cfg(test)]
mod tests;
