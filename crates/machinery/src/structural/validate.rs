//! A custom resource held against its schema. Each keyword of OpenAPI is a few lines, in the order in which upstream's
//! validators run; messages are `kube-openapi`'s. On update, what did not change is not blamed (ratcheting).

use super::DEPTH_MAX;
use crate::cel::value;
use crate::{Errors, NULL, Path, Value, json};

/// What is wrong with `v`. `old` is what it was before (null where it is new), `path` the place of `v` (mostly nil).
pub fn validate(v: &Value, old: &Value, schema: &Value, path: &Path, errors: &mut Errors) {
    if schema.is_null() {
        return;
    }
    check(v, old, schema, path, errors, 0);
    embedded(v, schema, path, errors, 0);
    let mut before = Errors::default();
    if !old.is_null() {
        unique(old, schema, path, &mut before, 0);
    }
    if before.is_empty() {
        unique(v, schema, path, errors, 0);
    }
    // Rules see only objects whose shape is right.
    let blocking = [
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    ];
    if !super::rules::has_any(schema, 0) {
        return;
    }
    if errors.0.iter().any(|e| blocking.contains(&e.kind)) {
        let why = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
        errors.invalid(&Path::nil(), Value::Null, why);
    } else {
        super::rules::rules(v, old, schema, path, errors);
    }
}

/// What is wrong with a value by its schema alone: for defaults.
pub fn errors_of(v: &Value, schema: &Value, path: &Path, errors: &mut Errors) {
    check(v, NULL, schema, path, errors, 1);
    unique(v, schema, path, errors, 1);
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

fn check(v: &Value, old: &Value, schema: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    let nothing = v.is_null() && schema.flag("nullable");
    if depth > DEPTH_MAX || nothing || (!old.is_null() && v == old) {
        return;
    }
    let wanted = schema.text("type");
    let either = schema.flag("x-kubernetes-int-or-string");
    let ok = match either {
        true => matches!(v, Value::Int(_) | Value::Str(_)),
        false => wanted.is_empty() || fits_type(v, wanted),
    };
    if !ok {
        let wanted = if either { "integer,string" } else { wanted };
        let have = type_name(v);
        let why = format!("{} must be of type {wanted}: {have:?}", body(path));
        errors.type_invalid(path, have, &why);
        return;
    }
    combined(v, schema, path, errors, depth);
    match v {
        Value::Str(s) => check_text(s, schema, path, errors),
        Value::Int(_) | Value::Float(_) => check_number(v, schema, path, errors),
        Value::List(items) => check_list(items, old, schema, path, errors, depth),
        _ => {}
    }
    let allowed = schema.get("enum").items();
    if !allowed.is_empty() && !allowed.contains(v) {
        let print = |a: &Value| a.as_str().map_or_else(|| json::print(a), str::to_string);
        let texts: Vec<String> = allowed.iter().map(print).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        errors.not_supported(path, v.clone(), &texts);
    }
    if let Value::Map(_) = v {
        check_map(v, old, schema, path, errors, depth);
    }
}

/// allOf, anyOf, oneOf, not.
fn combined(v: &Value, schema: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    let place = match path.as_str() {
        "<nil>" => "",
        p => p,
    };
    let tried = |part: &Value| {
        let mut found = Errors::default();
        check(v, NULL, part, path, &mut found, depth + 1);
        found
    };
    let mut blame = |why: String| errors.invalid(&Path::nil(), "", &format!("{place:?} {why}"));
    let mut more: Vec<Errors> = Vec::new();
    let any = schema.get("anyOf").items();
    if !any.is_empty() && !schema.flag("x-kubernetes-int-or-string") {
        let mut found: Vec<Errors> = any.iter().map(&tried).collect();
        if found.iter().all(|e| !e.is_empty()) {
            blame("must validate at least one schema (anyOf)".into());
            more.push(found.swap_remove(0));
        }
    }
    let one = schema.get("oneOf").items();
    if !one.is_empty() {
        let mut found: Vec<Errors> = one.iter().map(&tried).collect();
        match found.iter().filter(|e| e.is_empty()).count() {
            1 => {}
            0 => {
                blame("must validate one and only one schema (oneOf). Found none valid".into());
                more.push(found.swap_remove(0));
            }
            n => blame(format!(
                "must validate one and only one schema (oneOf). Found {n} valid alternatives"
            )),
        }
    }
    let all = schema.get("allOf").items();
    if !all.is_empty() {
        let found: Vec<Errors> = all.iter().map(&tried).collect();
        let valid = found.iter().filter(|e| e.is_empty()).count();
        more.extend(found);
        if valid < all.len() {
            let none = if valid == 0 { ". None validated" } else { "" };
            blame(format!("must validate all the schemas (allOf){none}"));
        }
    }
    let not = schema.get("not");
    if !not.is_null() && tried(not).is_empty() {
        blame("must not validate the schema (not)".into());
    }
    for e in more {
        errors.0.extend(e.0);
    }
}

fn child(path: &Path, key: &str) -> Path {
    match path.as_str() {
        "<nil>" => Path::root(key),
        _ => path.child(key),
    }
}

fn is_meta(depth: usize, key: &str) -> bool {
    depth == 0 && matches!(key, "apiVersion" | "kind" | "metadata")
}

/// `maxLength` and the like.
fn bound(schema: &Value, key: &str) -> Option<usize> {
    let number = schema.get(key).as_i64()?;
    usize::try_from(number).ok()
}

fn check_map(
    v: &Value,
    old: &Value,
    schema: &Value,
    path: &Path,
    errors: &mut Errors,
    depth: usize,
) {
    let n = v.entries().len();
    if let Some(min) = bound(schema, "minProperties").filter(|m| n < *m) {
        let why = format!("{} should have at least {min} properties", body(path));
        errors.invalid(path, n as i64, &why);
    }
    if let Some(max) = bound(schema, "maxProperties").filter(|m| n > *m) {
        errors.too_many(path, n, max);
    }
    let required = schema
        .get("required")
        .items()
        .iter()
        .filter_map(Value::as_str);
    for key in required.filter(|k| !v.has(k)) {
        errors.required(&child(path, key), "");
    }
    let properties = schema.get("properties");
    for (key, inner) in v.entries() {
        if is_meta(depth, key) {
            continue;
        }
        let known = match (properties.get(key), schema.get("additionalProperties")) {
            (Value::Null, rest @ Value::Map(_)) => rest,
            (known, _) => known,
        };
        if !known.is_null() {
            check(
                inner,
                old.get(key),
                known,
                &child(path, key),
                errors,
                depth + 1,
            );
        }
    }
}

/// The item of the old list that is the same one, by the keys of a list that is a map.
pub(super) fn counterpart<'a>(item: &Value, old: &'a Value, schema: &Value) -> &'a Value {
    if schema.text("x-kubernetes-list-type") != "map" {
        return NULL;
    }
    let keys = schema.get("x-kubernetes-list-map-keys").items();
    let same = |o: &&Value| {
        let mut own = keys.iter().filter_map(Value::as_str);
        own.all(|k| o.get(k) == item.get(k))
    };
    old.items().iter().find(same).unwrap_or(NULL)
}

fn check_list(
    items: &[Value],
    old: &Value,
    schema: &Value,
    path: &Path,
    errors: &mut Errors,
    depth: usize,
) {
    let n = items.len();
    for (i, item) in items.iter().enumerate() {
        let before = counterpart(item, old, schema);
        check(
            item,
            before,
            schema.get("items"),
            &path.index(i),
            errors,
            depth + 1,
        );
    }
    if let Some(min) = bound(schema, "minItems").filter(|m| n < *m) {
        let why = format!("{} should have at least {min} items", body(path));
        errors.invalid(path, n as i64, &why);
    }
    if let Some(max) = bound(schema, "maxItems").filter(|m| n > *m) {
        errors.too_many(path, n, max);
    }
    let twice = |i: usize, item: &Value| items.iter().take(i).any(|o| o == item);
    if schema.flag("uniqueItems") && items.iter().enumerate().any(|(i, x)| twice(i, x)) {
        let why = format!("{} shouldn't contain duplicates", body(path));
        errors.invalid(path, "", &why);
    }
}

fn check_text(s: &str, schema: &Value, path: &Path, errors: &mut Errors) {
    let n = s.chars().count();
    if let Some(max) = bound(schema, "maxLength").filter(|m| n > *m) {
        errors.too_long(path, max);
    }
    if let Some(min) = bound(schema, "minLength").filter(|m| n < *m) {
        let why = format!("{} should be at least {min} chars long", body(path));
        errors.invalid(path, Value::str(s), &why);
    }
    let pattern = schema.text("pattern");
    if !pattern.is_empty() && !pattern::Regex::re2(pattern).is_ok_and(|r| r.is_match(s)) {
        let why = format!("{} should match '{pattern}'", body(path));
        errors.invalid(path, Value::str(s), &why);
    }
    let format = schema.text("format");
    if !format.is_empty() && !value::has_format(s, format) {
        let why = format!("{} must be of type {format}: {s:?}", body(path));
        errors.type_invalid(path, Value::str(s), &why);
    }
}

fn check_number(v: &Value, schema: &Value, path: &Path, errors: &mut Errors) {
    let n = v.as_f64().unwrap_or(0.0);
    let mut wrong = |word: &str, bound: &Value| {
        let why = format!("{} should be {word} {}", body(path), json::print(bound));
        errors.invalid(path, v.clone(), &why);
    };
    let of = schema.get("multipleOf");
    if let Some(m) = of.as_f64().filter(|m| *m != 0.0)
        && (n / m).fract() != 0.0
    {
        wrong("a multiple of", of);
    }
    let bound = schema.get("maximum");
    if let Some(max) = bound.as_f64() {
        match schema.flag("exclusiveMaximum") {
            true if n >= max => wrong("less than", bound),
            false if n > max => wrong("less than or equal to", bound),
            _ => {}
        }
    }
    let bound = schema.get("minimum");
    if let Some(min) = bound.as_f64() {
        match schema.flag("exclusiveMinimum") {
            true if n <= min => wrong("greater than", bound),
            false if n < min => wrong("greater than or equal to", bound),
            _ => {}
        }
    }
}

/// The parts of a value that have a schema of their own, with their paths as walkers write them.
pub(super) fn parts<'a>(
    v: &'a Value,
    schema: &'a Value,
    path: &Path,
    depth: usize,
) -> Vec<(&'a Value, &'a Value, Path, &'a str)> {
    if depth > DEPTH_MAX {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (i, item) in v.items().iter().enumerate() {
        out.push((item, schema.get("items"), path.index(i), ""));
    }
    for (key, inner) in v.entries() {
        let own = schema.get("properties").get(key);
        match (own, schema.get("additionalProperties")) {
            (Value::Null, rest @ Value::Map(_)) => {
                out.push((inner, rest, path.key(key), key.as_str()))
            }
            (Value::Null, _) => {}
            (own, _) => out.push((inner, own, child(path, key), key.as_str())),
        }
    }
    out
}

/// Lists that are sets or maps hold nothing twice.
fn unique(v: &Value, schema: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    let keys = schema.get("x-kubernetes-list-map-keys").items();
    let of = |item: &Value| match schema.text("x-kubernetes-list-type") {
        "set" => Some(item.clone()),
        "map" => {
            let mut key = Value::map();
            for k in keys.iter().filter_map(Value::as_str) {
                if item.has(k) {
                    *key.field(k) = item.get(k).clone();
                }
            }
            Some(key)
        }
        _ => None,
    };
    let mut seen: Vec<(Value, usize)> = Vec::new();
    for (i, item) in v.items().iter().enumerate() {
        let Some(key) = of(item) else { break };
        match seen.iter_mut().find(|(k, _)| *k == key) {
            Some((_, times)) => {
                *times += 1;
                if *times == 2 {
                    errors.duplicate(&path.index(i), key);
                }
            }
            None => seen.push((key, 1)),
        }
    }
    for (inner, own, path, _) in parts(v, schema, path, depth) {
        unique(inner, own, &path, errors, depth + 1);
    }
}

/// Objects inside objects say what they are.
fn embedded(v: &Value, schema: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    if v.as_map().is_some() && schema.flag("x-kubernetes-embedded-resource") {
        for key in ["apiVersion", "kind"] {
            match v.get(key) {
                _ if !v.has(key) => errors.required(&path.child(key), ""),
                Value::Str(s) if s.is_empty() => {
                    errors.invalid(&path.child(key), "", "must not be empty")
                }
                Value::Str(s) if key == "kind" => {
                    let found = crate::validate_names::dns1035_label(&s.to_lowercase());
                    if !found.is_empty() {
                        let why = format!(
                            "may have mixed case, but should otherwise match: {}",
                            found.join(",")
                        );
                        errors.invalid(&path.child(key), v.get(key).clone(), &why);
                    }
                }
                Value::Str(_) => {}
                other => errors.invalid(&path.child(key), other.clone(), "must be a string"),
            }
        }
    }
    for (inner, own, path, _) in parts(v, schema, path, depth) {
        embedded(inner, own, &path, errors, depth + 1);
    }
}
