//! The schemas of CustomResourceDefinitions: structural, with defaults that fit, and rules that compile.
//! Upstream: `apiextensions-apiserver:pkg/apis/apiextensions/validation`, `pkg/apiserver/schema/{validation,complete}.go`,
//! `pkg/apiserver/schema/defaulting/validation.go`. Left out: the estimated cost of rules.

mod open_api;

use machinery::{Errors, Path, Value, structural};
use open_api::open_api;

/// Schemas as deep as this are looked at.
const MAX_DEPTH: usize = 60;

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

/// A schema whose parent's path is `parent` (`spec.validation`).
pub fn schema(s: &Value, parent: &Path, status: bool, errors: &mut Errors) {
    if s.is_null() {
        return;
    }
    let path = parent.child("openAPIV3Schema");
    if status {
        at_root_with_status(s, &path, errors);
    }
    if s.flag("nullable") {
        errors.forbidden(
            &path.child("nullable"),
            "nullable cannot be true at the root",
        );
    }
    let mut found = Errors::default();
    invariants(s, Level::Root, &path, &mut found, 0);
    complete(s, s, &path, &path, &mut found, 0);
    if found.is_empty() {
        defaults(s, &path, &mut found, 0);
    }
    let structural = found.is_empty();
    errors.0.extend(found.0);
    let (mut shape, mut rules) = (Errors::default(), Errors::default());
    let walk = Walk {
        root: true,
        no_default: "",
        compiles: structural,
        no_old: None,
    };
    open_api(s, &path, &walk, &mut shape, &mut rules, 0);
    if !shape.is_empty() {
        rules = Errors::default();
    }
    errors.0.extend(shape.0);
    errors.0.extend(rules.0);
}

fn at_root_with_status(s: &Value, path: &Path, errors: &mut Errors) {
    if s.text("type") != "object" && !s.text("type").is_empty() {
        let why = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        errors.invalid(&path.child("type"), Value::str(s.text("type")), why);
    }
}

/// What every structural schema holds to.
fn invariants(s: &Value, level: Level, path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || s.as_map().is_none() {
        return;
    }
    let ty = s.text("type");
    if ty == "array" && s.get("items").is_null() {
        errors.required(&path.child("items"), "must be specified");
    }
    invariants(
        s.get("items"),
        Level::Item,
        &path.child("items"),
        errors,
        depth + 1,
    );
    for (name, p) in s.get("properties").entries() {
        let path = path.child("properties").key(name);
        invariants(p, Level::Field, &path, errors, depth + 1);
    }
    let rest = s.get("additionalProperties");
    let at = path.child("additionalProperties");
    if !rest.is_null() && level == Level::Root {
        errors.forbidden(&at, "must not be used at the root");
    }
    invariants(rest, Level::Field, &at, errors, depth + 1);
    let either = s.flag("x-kubernetes-int-or-string");
    let embedded = s.flag("x-kubernetes-embedded-resource");
    if either {
        for key in [
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-embedded-resource",
        ] {
            if s.flag(key) {
                errors.invalid(
                    &path.child(key),
                    true,
                    "must be false if x-kubernetes-int-or-string is true",
                );
            }
        }
    }
    values(s, path, errors, depth);
    let free = either || s.flag("x-kubernetes-preserve-unknown-fields");
    let at = path.child("type");
    if embedded && ty != "object" {
        let why = "must be object if x-kubernetes-embedded-resource is true";
        match ty {
            "" => errors.required(&at, why),
            _ => errors.invalid(&at, Value::str(ty), why),
        }
    } else if ty.is_empty() && !free {
        errors.required(
            &at,
            match level {
                Level::Root => "must not be empty at the root",
                Level::Item => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            },
        );
    }
    if embedded && !rest.is_null() {
        let why = "must not be used if x-kubernetes-embedded-resource is set";
        errors.forbidden(&path.child("additionalProperties"), why);
    }
    if level == Level::Root && !ty.is_empty() && ty != "object" {
        errors.invalid(&at, Value::str(ty), "must be object at the root");
    }
    metadata(s, level, path, errors);
}

/// `apiVersion`, `kind` and `metadata` are what they are everywhere.
fn metadata(s: &Value, level: Level, path: &Path, errors: &mut Errors) {
    let embedded = s.flag("x-kubernetes-embedded-resource");
    if level != Level::Root && !embedded {
        return;
    }
    let properties = s.get("properties");
    for (key, wanted) in [
        ("kind", "string"),
        ("apiVersion", "string"),
        ("metadata", "object"),
    ] {
        let have = properties.get(key).text("type");
        if properties.has(key) && have != wanted {
            let at = path.child("properties").key(key).child("type");
            errors.invalid(&at, Value::str(have), &format!("must be {wanted}"));
        }
    }
    let meta = properties.get("metadata");
    let more = meta.entries().iter().any(|(k, v)| match k.as_str() {
        "type" | "description" => *k == "description",
        "properties" => v
            .entries()
            .iter()
            .any(|(k, _)| *k != "name" && *k != "generateName"),
        _ => true,
    });
    if level == Level::Root && more {
        let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        errors.forbidden(&path.child("properties").key("metadata"), why);
    }
    if embedded && !s.flag("x-kubernetes-preserve-unknown-fields") && properties.is_empty() {
        let why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.required(&path.child("properties"), why);
    }
}

/// `anyOf: [{type: integer}, {type: string}]`.
fn is_int_or_string(any: &Value) -> bool {
    let types: Vec<&str> = any.items().iter().map(|s| s.text("type")).collect();
    let plain = any.items().iter().all(|s| s.entries().len() == 1);
    plain && types == ["integer", "string"]
}

/// Logical junctors hold values only: no types, no defaults, no extensions.
fn values(s: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    let either = s.flag("x-kubernetes-int-or-string");
    for key in ["anyOf", "allOf", "oneOf"] {
        if key == "anyOf" && either && is_int_or_string(s.get(key)) {
            continue;
        }
        for (i, part) in s.get(key).items().iter().enumerate() {
            let skip = key == "allOf" && i == 0 && either && is_int_or_string(part.get("anyOf"));
            nested(part, skip, &path.child(key).index(i), errors, depth + 1);
        }
    }
    nested(s.get("not"), false, &path.child("not"), errors, depth + 1);
    let pattern = s.text("pattern");
    if let Err(why) = pattern::Regex::re2(pattern) {
        let why = format!("must be a valid regular expression, but isn't: {why}");
        errors.invalid(&path.child("pattern"), Value::str(pattern), &why);
    }
}

fn nested(s: &Value, skip_any: bool, path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || s.as_map().is_none() {
        return;
    }
    if !skip_any {
        values(s, path, errors, depth);
    }
    nested(
        s.get("items"),
        false,
        &path.child("items"),
        errors,
        depth + 1,
    );
    for (name, p) in s.get("properties").entries() {
        nested(
            p,
            false,
            &path.child("properties").key(name),
            errors,
            depth + 1,
        );
    }
    const FORBIDDEN: &[(&str, &str)] = &[
        ("type", "must be empty to be structural"),
        ("additionalProperties", "must be undefined to be structural"),
        ("default", "must be undefined to be structural"),
        ("title", "must be empty to be structural"),
        ("description", "must be empty to be structural"),
        ("nullable", "must be false to be structural"),
        (
            "x-kubernetes-preserve-unknown-fields",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-embedded-resource",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-int-or-string",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-list-map-keys",
            "must be empty to be structural",
        ),
        (
            "x-kubernetes-list-type",
            "must be undefined to be structural",
        ),
        (
            "x-kubernetes-map-type",
            "must be undefined to be structural",
        ),
    ];
    for (key, why) in FORBIDDEN {
        if !s.get(key).is_empty() {
            errors.forbidden(&path.child(key), why);
        }
    }
    if s.get("properties").has("metadata") {
        let at = path.child("properties").key("metadata");
        errors.forbidden(&at, "must not be specified in a nested context");
    }
}

/// What junctors speak of must be there outside of them.
fn complete(v: &Value, s: &Value, s_path: &Path, v_path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || v.as_map().is_none() {
        return;
    }
    let mut parts: Vec<(&Value, Path)> = vec![(v.get("not"), v_path.child("not"))];
    for key in ["allOf", "anyOf", "oneOf"] {
        let items = v.get(key).items().iter().enumerate();
        parts.extend(items.map(|(i, p)| (p, v_path.child(key).index(i))));
    }
    for (part, path) in parts {
        inside(part, s, s_path, &path, errors, depth + 1);
    }
    if depth == 0 || std::ptr::eq(v, s) {
        for (name, p) in s.get("properties").entries() {
            let path = s_path.child("properties").key(name);
            complete(p, p, &path, &path, errors, depth + 1);
        }
        for key in ["items", "additionalProperties"] {
            let path = s_path.child(key);
            complete(s.get(key), s.get(key), &path, &path, errors, depth + 1);
        }
    }
}

fn inside(v: &Value, s: &Value, s_path: &Path, v_path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || v.as_map().is_none() {
        return;
    }
    if s.as_map().is_none() {
        return errors.required(s_path, &format!("because it is defined in {v_path}"));
    }
    for key in ["not", "allOf", "anyOf", "oneOf"] {
        let one = std::slice::from_ref(v.get(key));
        let parts = if key == "not" {
            one
        } else {
            v.get(key).items()
        };
        for (i, part) in parts.iter().enumerate() {
            let at = v_path.child(key);
            let at = if key == "not" { at } else { at.index(i) };
            inside(part, s, s_path, &at, errors, depth + 1);
        }
    }
    if v.has("items") {
        inside(
            v.get("items"),
            s.get("items"),
            &s_path.child("items"),
            &v_path.child("items"),
            errors,
            depth + 1,
        );
    }
    for (name, p) in v.get("properties").entries() {
        let path = v_path.child("properties").key(name);
        let own = s.get("properties").get(name);
        let at = s_path.child("properties").key(name);
        match own {
            Value::Null => errors.required(&at, &format!("because it is defined in {path}")),
            own => inside(p, own, &at, &path, errors, depth + 1),
        }
    }
}

/// Defaults are pruned and valid.
fn defaults(s: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || s.as_map().is_none() {
        return;
    }
    if s.has("default") {
        let (value, at) = (s.get("default"), path.child("default"));
        if !structural::is_pruned(value, s) {
            errors.invalid(&at, value.clone(), "must not have unknown fields");
        }
        structural::errors_of(value, s, &at, errors);
    }
    defaults(s.get("items"), &path.child("items"), errors, depth + 1);
    for (name, p) in s.get("properties").entries() {
        defaults(p, &path.child("properties").key(name), errors, depth + 1);
    }
}

/// What the walk over a schema carries down.
struct Walk<'a> {
    root: bool,
    /// Why there may be no defaults; "" where there may.
    no_default: &'a str,
    /// Rules are compiled.
    compiles: bool,
    /// Below this, old and new cannot be held against each other.
    no_old: Option<&'a Path>,
}
