//! What `kubectl apply` sends: the patch that takes the live object to what the file says, and takes away what the file
//! said last time and says no more. Upstream: `apimachinery:pkg/util/{strategicpatch,jsonmergepatch}`.

use machinery::{Value, value};

/// How a list is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// As one value.
    Atomic,
    /// Item by item, items told apart by this field.
    By(&'static str),
    /// As a set of scalars.
    Set,
}

/// Which half of the difference is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Changes,
    Deletions,
}

/// The strategic merge patch; `{}` if there is nothing to do.
pub fn strategic(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch = diff(current, modified, Half::Changes, "");
    let deletions = diff(original, modified, Half::Deletions, "");
    overlay(&mut patch, &deletions, "");
    patch
}

/// The JSON merge patch, for kinds whose lists have no keys.
pub fn merge(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch = plain(current, modified);
    gone(original, modified, &mut patch);
    patch
}

fn plain(from: &Value, to: &Value) -> Value {
    let mut out = Value::map();
    for (k, v) in to.entries() {
        let was = from.get(k);
        match (was.as_map(), v.as_map()) {
            (Some(_), Some(_)) => {
                let inner = plain(was, v);
                if !inner.is_empty() {
                    *out.field(k) = inner;
                }
            }
            _ if was != v => *out.field(k) = v.clone(),
            _ => {}
        }
    }
    out
}

fn gone(original: &Value, modified: &Value, patch: &mut Value) {
    for (k, v) in original.entries() {
        let now = modified.get(k);
        if !modified.has(k) {
            *patch.field(k) = Value::Null;
        } else if v.as_map().is_some() && now.as_map().is_some() {
            let mut inner = patch.get(k).clone();
            let had = !inner.is_null();
            if !had {
                inner = Value::map();
            }
            gone(v, now, &mut inner);
            if had || !inner.is_empty() {
                *patch.field(k) = inner;
            }
        }
    }
}

/// How the list at the field `name` inside a field `parent` merges. Lists of the same name merge alike in nearly all
/// built-in kinds; where they do not, the parent tells.
pub fn list_merge(parent: &str, name: &str, items: &[Value]) -> Merge {
    let first = items.first();
    let has = |key: &str| first.is_some_and(|i| i.has(key));
    match name {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "secrets"
        | "resourceClaims"
        | "schedulingGates"
        | "webhooks" => Merge::By("name"),
        "ports" if has("containerPort") || parent == "containers" || parent == "initContainers" => {
            Merge::By("containerPort")
        }
        "ports" if parent == "spec" => Merge::By("port"),
        "volumeMounts" => Merge::By("mountPath"),
        "volumeDevices" => Merge::By("devicePath"),
        "hostAliases" => Merge::By("ip"),
        "topologySpreadConstraints" => Merge::By("topologyKey"),
        "conditions" => Merge::By("type"),
        "ownerReferences" => Merge::By("uid"),
        "finalizers" => Merge::Set,
        "supplementalGroups" => Merge::Atomic,
        _ => Merge::Atomic,
    }
}

/// Maps whose other fields go when one is set: a union, of which one member holds.
fn retains_keys(parent: &str, name: &str) -> bool {
    (name == "strategy" && parent == "spec") || name == "volumes"
}

fn diff(from: &Value, to: &Value, half: Half, here: &str) -> Value {
    let mut out = Value::map();
    for (k, v) in to.entries() {
        let was = from.get(k);
        if !from.has(k) || was.is_null() {
            if half == Half::Changes && !(v.is_null() && !from.has(k)) {
                *out.field(k) = v.clone();
            }
            continue;
        }
        match (was, v) {
            (Value::Map(_), Value::Map(_)) => {
                let mut inner = diff(was, v, half, k);
                if !inner.is_empty() {
                    if retains_keys(here, k) && half == Half::Changes {
                        let keys: Vec<Value> = v
                            .entries()
                            .iter()
                            .map(|(k, _)| Value::from(k.clone()))
                            .collect();
                        *inner.field("$retainKeys") = Value::from(keys);
                    }
                    *out.field(k) = inner;
                }
            }
            (Value::List(a), Value::List(b)) => lists(a, b, half, here, k, &mut out),
            _ if half == Half::Changes && was != v => *out.field(k) = v.clone(),
            _ => {}
        }
    }
    if half == Half::Deletions {
        for (k, _) in from.entries() {
            if !to.has(k) {
                *out.field(k) = Value::Null;
            }
        }
    }
    out
}

fn lists(from: &[Value], to: &[Value], half: Half, parent: &str, name: &str, out: &mut Value) {
    let sample = if to.is_empty() { from } else { to };
    match list_merge(parent, name, sample) {
        Merge::Atomic => {
            if half == Half::Changes && from != to {
                *out.field(name) = Value::from(to.to_vec());
            }
        }
        Merge::Set => set(from, to, half, name, out),
        Merge::By(key) => keyed(from, to, half, key, name, out),
    }
}

fn set(from: &[Value], to: &[Value], half: Half, name: &str, out: &mut Value) {
    let missing = |a: &[Value], b: &[Value]| -> Vec<Value> {
        a.iter().filter(|x| !b.contains(x)).cloned().collect()
    };
    let (list, field) = match half {
        Half::Changes => (missing(to, from), name.to_string()),
        Half::Deletions => (
            missing(from, to),
            format!("$deleteFromPrimitiveList/{name}"),
        ),
    };
    if !list.is_empty() {
        *out.field(&field) = Value::from(list);
        *out.field(&format!("$setElementOrder/{name}")) = Value::from(to.to_vec());
    }
}

fn keyed(from: &[Value], to: &[Value], half: Half, key: &str, name: &str, out: &mut Value) {
    let find = |list: &[Value], id: &Value| list.iter().find(|x| x.get(key) == id).cloned();
    let mut patch: Vec<Value> = Vec::new();
    for item in to {
        let id = item.get(key);
        match find(from, id) {
            Some(was) => {
                let mut inner = diff(&was, item, half, name);
                if !inner.is_empty() {
                    if retains_keys("", name) && half == Half::Changes {
                        let keys: Vec<Value> = item
                            .entries()
                            .iter()
                            .map(|(k, _)| Value::from(k.clone()))
                            .collect();
                        *inner.field("$retainKeys") = Value::from(keys);
                    }
                    *inner.field(key) = id.clone();
                    patch.push(inner);
                }
            }
            None if half == Half::Changes => patch.push(item.clone()),
            None => {}
        }
    }
    if half == Half::Deletions {
        for item in from {
            let id = item.get(key);
            if find(to, id).is_none() {
                let mut gone = value!({ "$patch": "delete" });
                *gone.field(key) = id.clone();
                patch.push(gone);
            }
        }
    }
    let order =
        |list: &[Value]| -> Vec<Value> { list.iter().map(|i| i.get(key).clone()).collect() };
    let moved = half == Half::Changes && {
        let kept: Vec<Value> = order(from)
            .into_iter()
            .filter(|id| order(to).contains(id))
            .collect();
        let wanted: Vec<Value> = order(to)
            .into_iter()
            .filter(|id| kept.contains(id))
            .collect();
        kept != wanted
    };
    if patch.is_empty() && !moved {
        return;
    }
    if !patch.is_empty() {
        *out.field(name) = Value::from(patch);
    }
    let order: Vec<Value> = to
        .iter()
        .map(|i| {
            let mut o = Value::map();
            *o.field(key) = i.get(key).clone();
            o
        })
        .collect();
    *out.field(&format!("$setElementOrder/{name}")) = Value::from(order);
}

/// Puts the deletions into the patch of changes: both are patches of the same object.
fn overlay(patch: &mut Value, deletions: &Value, here: &str) {
    for (k, v) in deletions.entries() {
        let was = patch.get(k).clone();
        match (&was, v) {
            (Value::Map(_), Value::Map(_)) => overlay(patch.field(k), v, k),
            (Value::List(a), Value::List(b)) if !k.starts_with('$') => {
                let Merge::By(key) = list_merge(here, k, b) else {
                    continue;
                };
                let mut merged = a.to_vec();
                for item in b.iter() {
                    match merged.iter_mut().find(|x| x.get(key) == item.get(key)) {
                        Some(x) => overlay(x, item, k),
                        None => merged.push(item.clone()),
                    }
                }
                *patch.field(k) = Value::from(merged);
            }
            (Value::Null, _) => *patch.field(k) = v.clone(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use machinery::json;

    #[test]
    fn three_ways() {
        let live = value!({
            "metadata": { "uid": "1", "labels": { "a": "1", "b": "2" } },
            "spec": { "replicas": 1, "containers": [
                { "name": "web", "image": "nginx:1", "imagePullPolicy": "Always" },
                { "name": "old", "image": "x" },
            ] },
        });
        let before = value!({
            "metadata": { "labels": { "a": "1", "b": "2" } },
            "spec": { "containers": [{ "name": "web", "image": "nginx:1" }, { "name": "old", "image": "x" }] },
        });
        let after = value!({
            "metadata": { "labels": { "a": "1" } },
            "spec": { "containers": [{ "name": "web", "image": "nginx:2" }] },
        });
        for (original, modified, expected) in [
            (&before, &before, "{}"),
            (
                &before,
                &after,
                r#"{"metadata":{"labels":{"b":null}},"spec":{"$setElementOrder/containers":[{"name":"web"}],"containers":[{"image":"nginx:2","name":"web"},{"$patch":"delete","name":"old"}]}}"#,
            ),
        ] {
            assert_eq!(json::print(&strategic(original, modified, &live)), expected);
        }
        assert_eq!(
            json::print(&merge(
                &before,
                &value!({ "spec": { "replicas": 2 } }),
                &live
            )),
            r#"{"metadata":null,"spec":{"containers":null,"replicas":2}}"#
        );
    }
}
