//! Structural schemas of CustomResourceDefinitions, and what they do to values: unknown fields go, defaults come,
//! [`validate`] holds the rest against the schema, [`rules`] runs `x-kubernetes-validations`.
//! Upstream: `apiextensions-apiserver:pkg/apiserver/schema/{pruning,defaulting,cel,listtype}`, `kube-openapi:pkg/validation`.

mod rules;
mod validate;

pub use rules::{compile, leads_somewhere};
pub use validate::{errors_of, validate};

use crate::Value;

/// How deep a schema is followed.
const DEPTH_MAX: usize = 64;

fn keeps_unknown(schema: &Value) -> bool {
    schema.flag("x-kubernetes-preserve-unknown-fields")
}

/// Drops what the schema does not name, and says what that was (`spec.legs`).
pub fn prune(v: &mut Value, schema: &Value) -> Vec<String> {
    let mut dropped = Vec::new();
    if schema.is_null() || keeps_unknown(schema) {
        return dropped;
    }
    let keys: Vec<String> = v.entries().iter().map(|e| e.0.to_string()).collect();
    for key in keys {
        if matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        prune_field(v, &key, schema, "", &mut dropped, 0);
    }
    dropped
}

fn prune_field(
    v: &mut Value,
    key: &str,
    schema: &Value,
    at: &str,
    dropped: &mut Vec<String>,
    depth: usize,
) {
    let path = if at.is_empty() {
        key.to_string()
    } else {
        format!("{at}.{key}")
    };
    let named = schema.get("properties").get(key);
    let rest = schema.get("additionalProperties");
    let inner = match (named.is_null(), rest) {
        (false, _) => named.clone(),
        (true, Value::Map(_)) => rest.clone(),
        (true, Value::Bool(true)) => return,
        _ => {
            v.map_mut().remove(key);
            dropped.push(path);
            return;
        }
    };
    let mut child = v.get(key).clone();
    prune_value(&mut child, &inner, &path, dropped, depth + 1);
    if &child != v.get(key) {
        *v.field(key) = child;
    }
}

fn prune_value(v: &mut Value, schema: &Value, at: &str, dropped: &mut Vec<String>, depth: usize) {
    if depth > DEPTH_MAX || keeps_unknown(schema) {
        return;
    }
    match v {
        Value::Map(_) => {
            let embedded = schema.flag("x-kubernetes-embedded-resource");
            let keys: Vec<String> = v.entries().iter().map(|e| e.0.to_string()).collect();
            for key in keys {
                if embedded && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
                    continue;
                }
                prune_field(v, &key, schema, at, dropped, depth);
            }
        }
        Value::List(items) => {
            let inner = schema.get("items");
            let mut list = items.to_vec();
            for (i, item) in list.iter_mut().enumerate() {
                prune_value(item, inner, &format!("{at}[{i}]"), dropped, depth + 1);
            }
            if list != **items {
                *v = Value::from(list);
            }
        }
        _ => {}
    }
}

/// Fills in defaults where a field is missing.
pub fn default(v: &mut Value, schema: &Value) {
    fill(v, schema, 0);
}

/// Whether a value has nothing that its schema does not name: what a default must be.
pub fn is_pruned(v: &Value, schema: &Value) -> bool {
    let mut copy = v.clone();
    prune_value(&mut copy, schema, "", &mut Vec::new(), 0);
    copy == *v
}

fn fill(v: &mut Value, schema: &Value, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    match v {
        Value::Map(_) => {
            for (key, inner) in schema.get("properties").entries() {
                let missing = !v.has(key) || (v.get(key).is_null() && !inner.flag("nullable"));
                if missing && inner.has("default") {
                    *v.field(key) = inner.get("default").clone();
                }
                if v.has(key) {
                    let mut child = v.get(key).clone();
                    fill(&mut child, inner, depth + 1);
                    if &child != v.get(key) {
                        *v.field(key) = child;
                    }
                }
            }
            if let rest @ Value::Map(_) = schema.get("additionalProperties") {
                let keys: Vec<String> = v.entries().iter().map(|e| e.0.to_string()).collect();
                for key in keys.iter().filter(|k| !schema.get("properties").has(k)) {
                    let mut child = v.get(key).clone();
                    fill(&mut child, rest, depth + 1);
                    if &child != v.get(key) {
                        *v.field(key) = child;
                    }
                }
            }
        }
        Value::List(items) => {
            let mut list = items.to_vec();
            for item in &mut list {
                fill(item, schema.get("items"), depth + 1);
            }
            if list != **items {
                *v = Value::from(list);
            }
        }
        _ => {}
    }
}
