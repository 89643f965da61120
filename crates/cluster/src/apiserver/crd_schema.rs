//! Structural schemas of CustomResourceDefinitions: dropping unknown fields, defaults, validation.
//! Upstream: `apiextensions-apiserver:pkg/apiserver/schema/{pruning,defaulting}`, `kube-openapi:pkg/validation`.

use machinery::{Errors, Object, Path, Value};

/// How deep a schema is followed.
const DEPTH_MAX: usize = 64;

fn keeps_unknown(schema: &Value) -> bool {
    schema.flag("x-kubernetes-preserve-unknown-fields")
}

/// Drops what the schema does not name, and says what that was (`spec.legs`).
pub(crate) fn prune(v: &mut Value, schema: &Value) -> Vec<String> {
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
pub(crate) fn default(v: &mut Value, schema: &Value) {
    fill(v, schema, 0);
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

pub(crate) fn validate(o: &Object, schema: &Value, errors: &mut Errors) {
    if schema.is_null() {
        return;
    }
    check(o, schema, &Path::nil(), errors, 0);
}

/// `spec.arms in body`: how messages name the place.
fn body(path: &Path) -> String {
    match path.as_str() {
        "<nil>" => "body".to_string(),
        p => format!("{p} in body"),
    }
}

fn type_name(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

fn fits_type(v: &Value, wanted: &str) -> bool {
    let have = type_name(v);
    have == wanted
        || (wanted == "number" && have == "integer")
        || (wanted == "integer" && v.as_i64().is_some())
}

fn check(v: &Value, schema: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    if depth > DEPTH_MAX || (v.is_null() && schema.flag("nullable")) {
        return;
    }
    let wanted = schema.text("type");
    let either = schema.flag("x-kubernetes-int-or-string");
    let ok = if either {
        matches!(v, Value::Int(_) | Value::Str(_))
    } else {
        wanted.is_empty() || fits_type(v, wanted)
    };
    if !ok {
        let wanted = if either { "integer,string" } else { wanted };
        let why = format!(
            "{} must be of type {wanted}: {:?}",
            body(path),
            type_name(v)
        );
        errors.type_invalid(path, type_name(v), &why);
        return;
    }
    match v {
        Value::Map(_) => check_map(v, schema, path, errors, depth),
        Value::List(items) => check_list(items, schema, path, errors, depth),
        Value::Str(s) => check_text(s, schema, path, errors),
        Value::Int(_) | Value::Float(_) => check_number(v, schema, path, errors),
        _ => {}
    }
    let allowed = schema.get("enum").items();
    if !allowed.is_empty() && !allowed.contains(v) {
        let texts: Vec<String> = allowed
            .iter()
            .map(|a| {
                a.as_str()
                    .map_or_else(|| machinery::json::print(a), str::to_string)
            })
            .collect();
        errors.not_supported(
            path,
            v.clone(),
            &texts.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
    for part in schema.get("allOf").items() {
        check(v, part, path, errors, depth + 1);
    }
}

fn child(path: &Path, key: &str) -> Path {
    if path.as_str() == "<nil>" {
        Path::root(key)
    } else {
        path.child(key)
    }
}

fn check_map(v: &Value, schema: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    let properties = schema.get("properties");
    for (key, inner) in v.entries() {
        let known = properties.get(key);
        let is_meta = depth == 0 && matches!(key.as_str(), "apiVersion" | "kind" | "metadata");
        if is_meta {
            continue;
        }
        if !known.is_null() {
            check(inner, known, &child(path, key), errors, depth + 1);
        } else if let rest @ Value::Map(_) = schema.get("additionalProperties") {
            check(inner, rest, &child(path, key), errors, depth + 1);
        }
    }
    for key in schema
        .get("required")
        .items()
        .iter()
        .filter_map(Value::as_str)
    {
        if !v.has(key) {
            errors.required(&child(path, key), "");
        }
    }
    let n = v.entries().len() as i64;
    if let Some(max) = schema.get("maxProperties").as_i64().filter(|m| n > *m) {
        errors.invalid(
            path,
            n,
            &format!("{} should have at most {max} properties", body(path)),
        );
    }
    if let Some(min) = schema.get("minProperties").as_i64().filter(|m| n < *m) {
        errors.invalid(
            path,
            n,
            &format!("{} should have at least {min} properties", body(path)),
        );
    }
}

fn check_list(items: &[Value], schema: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    for (i, item) in items.iter().enumerate() {
        check(item, schema.get("items"), &path.index(i), errors, depth + 1);
    }
    let n = items.len() as i64;
    if let Some(max) = schema.get("maxItems").as_i64().filter(|m| n > *m) {
        errors.too_many(path, items.len(), usize::try_from(max).unwrap_or(0));
    }
    if let Some(min) = schema.get("minItems").as_i64().filter(|m| n < *m) {
        errors.invalid(
            path,
            n,
            &format!("{} should have at least {min} items", body(path)),
        );
    }
    let keys: Vec<&str> = schema
        .get("x-kubernetes-list-map-keys")
        .items()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let is_set = schema.text("x-kubernetes-list-type") == "set";
    for (i, item) in items.iter().enumerate() {
        let same = |o: &Value| {
            if is_set {
                o == item
            } else {
                keys.iter().all(|k| o.get(k) == item.get(k))
            }
        };
        if (is_set || !keys.is_empty()) && items.iter().take(i).any(same) {
            errors.duplicate(&path.index(i), item.clone());
        }
    }
}

fn check_text(s: &str, schema: &Value, path: &Path, errors: &mut Errors) {
    let n = s.chars().count() as i64;
    if let Some(max) = schema.get("maxLength").as_i64().filter(|m| n > *m) {
        errors.too_long(path, usize::try_from(max).unwrap_or(0));
    }
    if let Some(min) = schema.get("minLength").as_i64().filter(|m| n < *m) {
        errors.invalid(
            path,
            Value::str(s),
            &format!("{} should be at least {min} chars long", body(path)),
        );
    }
}

fn check_number(v: &Value, schema: &Value, path: &Path, errors: &mut Errors) {
    let n = v.as_f64().unwrap_or(0.0);
    let text = |b: &Value| machinery::json::print(b);
    let bound = schema.get("maximum");
    if let Some(max) = bound.as_f64() {
        let exclusive = schema.flag("exclusiveMaximum");
        if n > max || (exclusive && n >= max) {
            let word = if exclusive {
                "less than"
            } else {
                "less than or equal to"
            };
            errors.invalid(
                path,
                v.clone(),
                &format!("{} should be {word} {}", body(path), text(bound)),
            );
        }
    }
    let bound = schema.get("minimum");
    if let Some(min) = bound.as_f64() {
        let exclusive = schema.flag("exclusiveMinimum");
        if n < min || (exclusive && n <= min) {
            let word = if exclusive {
                "greater than"
            } else {
                "greater than or equal to"
            };
            errors.invalid(
                path,
                v.clone(),
                &format!("{} should be {word} {}", body(path), text(bound)),
            );
        }
    }
    if let Some(of) = schema.get("multipleOf").as_i64().filter(|m| *m != 0)
        && v.as_i64().is_none_or(|i| i % of != 0)
    {
        errors.invalid(
            path,
            v.clone(),
            &format!("{} should be a multiple of {of}", body(path)),
        );
    }
}
