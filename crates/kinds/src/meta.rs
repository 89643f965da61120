//! Validation of what every object has, and of label selectors.
//! Upstream: `apimachinery:pkg/api/validation/objectmeta.go`, `pkg/apis/meta/v1/validation`.

use crate::kind::Kind;
use crate::names::{self, Messages};
use machinery::{Errors, Object, Path, Value};

/// Name, labels, annotations, owners, finalizers: called for every kind, before the kind's own validation.
pub fn validate(kind: &Kind, o: &Object, errors: &mut Errors) {
    let meta = Path::root("metadata");
    let m = o.at("metadata");
    let prefix = m.text("generateName");
    if !prefix.is_empty() {
        // A trailing dash is well in a prefix.
        let masked = match prefix.strip_suffix('-') {
            Some(head) => format!("{head}a"),
            None => prefix.to_string(),
        };
        each(
            errors,
            &meta.child("generateName"),
            prefix,
            (kind.names)(&masked),
        );
    }
    match o.name() {
        "" => errors.required(&meta.child("name"), "name or generateName is required"),
        name => each(errors, &meta.child("name"), name, (kind.names)(name)),
    }
    let namespace = o.namespace();
    if kind.namespaced {
        match namespace {
            "" => errors.required(&meta.child("namespace"), ""),
            ns => each(errors, &meta.child("namespace"), ns, names::dns_label(ns)),
        }
    } else if !namespace.is_empty() {
        errors.forbidden(&meta.child("namespace"), "not allowed on this type");
    }
    labels(m.get("labels"), &meta.child("labels"), errors);
    annotations(m.get("annotations"), &meta.child("annotations"), errors);
    owners(o, &meta.child("ownerReferences"), errors);
    for f in m.get("finalizers").items() {
        let f = f.as_str().unwrap_or("");
        let path = meta.child("finalizers");
        let found = names::qualified(f);
        // Definitions and what they make are validated elsewhere, where any name will do.
        let standard = matches!(f, "kubernetes" | "orphan" | "foregroundDeletion")
            || kind.group == "apiextensions.k8s.io"
            || kind.group.contains('.') && !kind.group.ends_with(".k8s.io");
        if found.is_empty() && !f.contains('/') && !standard {
            errors.invalid(
                &path,
                Value::str(f),
                "name is neither a standard finalizer name nor is it fully qualified",
            );
        }
        each(errors, &path, f, found);
    }
}

/// One finding for each message.
pub fn each(errors: &mut Errors, path: &Path, value: &str, messages: Messages) {
    for m in messages {
        errors.invalid(path, Value::str(value), &m);
    }
}

/// A map of labels, wherever it stands.
pub fn labels(map: &Value, path: &Path, errors: &mut Errors) {
    for (key, value) in map.entries() {
        each(errors, path, key, names::qualified(key));
        let value = value.as_str().unwrap_or("");
        each(errors, path, value, names::label_value(value));
    }
}

pub fn annotations(map: &Value, path: &Path, errors: &mut Errors) {
    const MAX: usize = 256 * 1024;
    let mut total = 0;
    for (key, value) in map.entries() {
        each(errors, path, key, names::qualified(&key.to_lowercase()));
        total += key.len() + value.as_str().map_or(0, str::len);
    }
    if total > MAX {
        errors.too_long(path, MAX);
    }
}

fn owners(o: &Object, path: &Path, errors: &mut Errors) {
    let mut controller: Option<&Value> = None;
    for r in o.owners() {
        let version = r.text("apiVersion").rsplit('/').next().unwrap_or("");
        if version.is_empty() {
            let value = Value::str(r.text("apiVersion"));
            errors.invalid(
                &path.child("apiVersion"),
                value,
                "version must not be empty",
            );
        }
        for key in ["kind", "name", "uid"] {
            if r.text(key).is_empty() {
                errors.invalid(&path.child(key), "", "must not be empty");
            }
        }
        if r.flag("controller") {
            if let Some(first) = controller {
                let named = |r: &Value| format!("{}/{}", r.text("kind"), r.text("name"));
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {} and {}",
                    named(first),
                    named(r)
                );
                errors.invalid(path, o.at("metadata.ownerReferences").clone(), &why);
            }
            controller = Some(r);
        }
    }
}

/// What an update of metadata may not do.
pub fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    let meta = Path::root("metadata");
    if old.is_deleting() {
        let had = old.at("metadata.finalizers").items();
        let added = new
            .at("metadata.finalizers")
            .items()
            .iter()
            .filter(|f| !had.contains(f));
        let added: Vec<String> = added
            .map(|f| format!("{:?}", f.as_str().unwrap_or("")))
            .collect();
        if !added.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            errors.forbidden(&meta.child("finalizers"), &why);
        }
    }
    for key in ["name", "namespace", "uid"] {
        let (now, was) = (new.at("metadata").text(key), old.at("metadata").text(key));
        if now != was {
            errors.invalid(&meta.child(key), Value::str(now), "field is immutable");
        }
    }
}

/// A `LabelSelector`.
pub fn selector(s: &Value, path: &Path, errors: &mut Errors) {
    labels(s.get("matchLabels"), &path.child("matchLabels"), errors);
    for (i, e) in s.get("matchExpressions").items().iter().enumerate() {
        let path = path.child("matchExpressions").index(i);
        let values = e.get("values").items();
        match e.text("operator") {
            "In" | "NotIn" if values.is_empty() => {
                errors.required(
                    &path.child("values"),
                    "must be specified when `operator` is 'In' or 'NotIn'",
                );
            }
            "In" | "NotIn" => {}
            "Exists" | "DoesNotExist" if !values.is_empty() => errors.forbidden(
                &path.child("values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
            "Exists" | "DoesNotExist" => {}
            other => {
                errors.invalid(
                    &path.child("operator"),
                    Value::str(other),
                    "not a valid selector operator",
                );
            }
        }
        each(
            errors,
            &path.child("key"),
            e.text("key"),
            names::qualified(e.text("key")),
        );
        for (j, v) in values.iter().enumerate() {
            let v = v.as_str().unwrap_or("");
            each(
                errors,
                &path.child("values").index(j),
                v,
                names::label_value(v),
            );
        }
    }
}

/// Not negative.
pub fn non_negative(n: i64, path: &Path, errors: &mut Errors) {
    if n < 0 {
        errors.invalid(path, n, "must be greater than or equal to 0");
    }
}

/// `field is immutable` where it changed.
pub fn immutable(new: &Value, old: &Value, path: &Path, errors: &mut Errors) {
    if new != old {
        errors.invalid(path, new.clone(), "field is immutable");
    }
}

/// One of a list, or not supported; nothing at all is required.
pub fn one_of(text: &str, path: &Path, supported: &[&str], errors: &mut Errors) {
    if text.is_empty() {
        errors.required(path, "");
    } else if !supported.contains(&text) {
        errors.not_supported(path, Value::str(text), supported);
    }
}
