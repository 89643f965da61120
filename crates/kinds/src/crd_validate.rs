//! Validation of CustomResourceDefinitions: names, versions, and schemas that say what they are.
//! Upstream: `apiextensions-apiserver:pkg/apis/apiextensions/validation/validation.go`, `pkg/apiserver/schema`.
//! Left out: defaults held against their schema, CEL rules, conversion webhooks.

use crate::meta::each;
use crate::names;
use machinery::{Errors, Object, Path, Value};

pub fn definition(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let wanted = format!("{}.{}", spec.text("names.plural"), spec.text("group"));
    if !o.name().is_empty() && o.name() != wanted {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.invalid(
            &Path::root("metadata").child("name"),
            Value::str(o.name()),
            why,
        );
    }
    let group = spec.text("group");
    match group {
        "" => errors.required(&path.child("group"), ""),
        _ => {
            each(
                errors,
                &path.child("group"),
                group,
                names::dns_subdomain(group),
            );
            if !group.contains('.') {
                let why = "should be a domain with at least one dot";
                errors.invalid(&path.child("group"), Value::str(group), why);
            }
        }
    }
    let scope = spec.text("scope");
    crate::meta::one_of(
        scope,
        &path.child("scope"),
        &["Cluster", "Namespaced"],
        errors,
    );
    versions(spec, &path.child("versions"), errors);
    definition_names(spec.get("names"), &path.child("names"), errors);
    if o.at("status.storedVersions").is_empty() {
        let path = Path::root("status").child("storedVersions");
        let value = match o.at("status.storedVersions") {
            Value::Null => Value::list(),
            v => v.clone(),
        };
        errors.invalid(&path, value, "must have at least one stored version");
    }
}

fn versions(spec: &Value, path: &Path, errors: &mut Errors) {
    let versions = spec.get("versions").items();
    let mut taken: Vec<&str> = Vec::new();
    for (i, v) in versions.iter().enumerate() {
        let path = path.index(i);
        let name = v.text("name");
        let found = names::dns1035_label(name);
        if !found.is_empty() {
            errors.invalid(&path.child("name"), Value::str(name), &found.join(","));
        }
        if taken.contains(&name) {
            errors.duplicate(&path.child("name"), Value::str(name));
        }
        taken.push(name);
        let schema = v.at("schema.openAPIV3Schema");
        let at = path.child("schema").child("openAPIV3Schema");
        if schema.is_null() {
            errors.required(&at, "schemas are required");
        } else {
            root(schema, &at, errors);
        }
        for (j, c) in v.get("additionalPrinterColumns").items().iter().enumerate() {
            column(c, &path.child("additionalPrinterColumns").index(j), errors);
        }
    }
    if versions.iter().filter(|v| v.flag("storage")).count() != 1 {
        let why = "must have exactly one version marked as storage version";
        errors.invalid(path, spec.get("versions").clone(), why);
    }
}

fn column(c: &Value, path: &Path, errors: &mut Errors) {
    if c.text("name").is_empty() {
        errors.required(&path.child("name"), "");
    }
    let known = ["boolean", "date", "integer", "number", "string"];
    match c.text("type") {
        "" => {
            let why = format!("must be one of {}", known.join(","));
            errors.required(&path.child("type"), &why);
        }
        other if !known.contains(&other) => {
            let why = format!("must be one of {}", known.join(","));
            errors.invalid(&path.child("type"), Value::str(other), &why);
        }
        _ => {}
    }
    if c.text("jsonPath").is_empty() {
        errors.required(&path.child("jsonPath"), "");
    }
}

fn definition_names(n: &Value, path: &Path, errors: &mut Errors) {
    for key in ["plural", "singular", "kind", "listKind"] {
        let text = n.text(key);
        if text.is_empty() {
            errors.required(&path.child(key), "");
            continue;
        }
        let mixed = key.to_lowercase().ends_with("kind");
        let found = names::dns1035_label(&if mixed {
            text.to_lowercase()
        } else {
            text.to_string()
        });
        if !found.is_empty() {
            let why = if mixed {
                format!(
                    "may have mixed case, but should otherwise match: {}",
                    found.join(",")
                )
            } else {
                found.join(",")
            };
            errors.invalid(&path.child(key), Value::str(text), &why);
        }
    }
    for (i, s) in n.get("shortNames").items().iter().enumerate() {
        let s = s.as_str().unwrap_or("");
        let found = names::dns1035_label(s);
        if !found.is_empty() {
            errors.invalid(
                &path.child("shortNames").index(i),
                Value::str(s),
                &found.join(","),
            );
        }
    }
    if !n.text("kind").is_empty() && n.text("kind") == n.text("listKind") {
        let value = Value::str(n.text("listKind"));
        errors.invalid(
            &path.child("listKind"),
            value,
            "kind and listKind may not be the same",
        );
    }
}

/// Schemas as deep as this are looked at.
const MAX_DEPTH: usize = 60;

fn root(s: &Value, path: &Path, errors: &mut Errors) {
    match s.text("type") {
        "" => errors.required(&path.child("type"), "must not be empty at the root"),
        "object" => {}
        other => errors.invalid(
            &path.child("type"),
            Value::str(other),
            "must be object at the root",
        ),
    }
    children(s, path, errors, 0);
}

/// Structural schemas: every property and item says its type.
fn children(s: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    for (name, p) in s.get("properties").entries() {
        let path = path.child("properties").key(name);
        typed(
            p,
            &path,
            "must not be empty for specified object fields",
            errors,
        );
        children(p, &path, errors, depth + 1);
    }
    for (key, why) in [
        ("items", "must not be empty for specified array items"),
        (
            "additionalProperties",
            "must not be empty for specified object fields",
        ),
    ] {
        let p = s.get(key);
        if p.as_map().is_some() {
            typed(p, &path.child(key), why, errors);
            children(p, &path.child(key), errors, depth + 1);
        }
    }
    if s.text("type") == "array" && s.get("items").is_null() {
        errors.required(&path.child("items"), "must be specified");
    }
}

fn typed(s: &Value, path: &Path, why: &str, errors: &mut Errors) {
    let free =
        s.flag("x-kubernetes-int-or-string") || s.flag("x-kubernetes-preserve-unknown-fields");
    let known = ["string", "number", "integer", "boolean", "array", "object"];
    match s.text("type") {
        "" if !free => errors.required(&path.child("type"), why),
        "" => {}
        other if !known.contains(&other) => {
            errors.not_supported(
                &path.child("type"),
                Value::str(other),
                &["array", "boolean", "integer", "number", "object", "string"],
            );
        }
        _ => {}
    }
}

pub fn update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    for (key, path) in [
        ("spec.group", path.child("group")),
        ("spec.names.plural", path.child("names").child("plural")),
    ] {
        crate::meta::immutable(new.at(key), old.at(key), &path, errors);
    }
    let established = old.condition_is_true("Established");
    if established {
        for (key, path) in [
            ("spec.scope", path.child("scope")),
            ("spec.names.kind", path.child("names").child("kind")),
        ] {
            crate::meta::immutable(new.at(key), old.at(key), &path, errors);
        }
    }
}
