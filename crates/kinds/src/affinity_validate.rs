//! Validation of affinity, to nodes and to pods.
//! Upstream: `validateAffinity` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::{each, selector};
use crate::names;
use machinery::{Errors, Path, Value};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub fn affinity(a: &Value, path: &Path, errors: &mut Errors) {
    let node = a.get("nodeAffinity");
    let at = path.child("nodeAffinity");
    if !node.get(REQUIRED).is_null() {
        node_selector(node.get(REQUIRED), &at.child(REQUIRED), errors);
    }
    for (i, p) in node.get(PREFERRED).items().iter().enumerate() {
        let path = at.child(PREFERRED).index(i);
        weight(p, &path, errors);
        node_term(
            p.get("preference"),
            false,
            &path.child("preference"),
            errors,
        );
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let (terms, path) = (a.get(kind), path.child(kind));
        for (i, t) in terms.get(REQUIRED).items().iter().enumerate() {
            pod_term(t, &path.child(REQUIRED).index(i), errors);
        }
        for (i, t) in terms.get(PREFERRED).items().iter().enumerate() {
            let path = path.child(PREFERRED).index(i);
            weight(t, &path, errors);
            pod_term(
                t.get("podAffinityTerm"),
                &path.child("podAffinityTerm"),
                errors,
            );
        }
    }
}

fn weight(t: &Value, path: &Path, errors: &mut Errors) {
    let weight = t.int("weight");
    if !(1..=100).contains(&weight) {
        errors.invalid(&path.child("weight"), weight, "must be in the range 1-100");
    }
}

/// Of a pod's affinity or a volume's.
pub fn node_selector(s: &Value, path: &Path, errors: &mut Errors) {
    let terms = s.get("nodeSelectorTerms").items();
    let path = path.child("nodeSelectorTerms");
    if terms.is_empty() {
        errors.required(&path, "must have at least one node selector term");
    }
    for (i, t) in terms.iter().enumerate() {
        node_term(t, true, &path.index(i), errors);
    }
}

/// Values are held against the rules of labels only where a term is `required`.
fn node_term(t: &Value, required: bool, path: &Path, errors: &mut Errors) {
    for (i, r) in t.get("matchExpressions").items().iter().enumerate() {
        let path = path.child("matchExpressions").index(i);
        let values = r.get("values").items();
        let at = path.child("values");
        match r.text("operator") {
            "In" | "NotIn" if values.is_empty() => {
                errors.required(&at, "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                errors.forbidden(
                    &at,
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                );
            }
            "Gt" | "Lt" if values.len() != 1 => {
                errors.required(
                    &at,
                    "must be specified single value when `operator` is 'Lt' or 'Gt'",
                );
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            other => {
                let why = "not a valid selector operator";
                errors.invalid(&path.child("operator"), Value::str(other), why);
            }
        }
        for (j, v) in values.iter().enumerate().filter(|_| required) {
            let v = v.as_str().unwrap_or("");
            each(errors, &at.index(j), v, names::label_value(v));
        }
        each(
            errors,
            &path.child("key"),
            r.text("key"),
            names::qualified(r.text("key")),
        );
    }
    for (i, r) in t.get("matchFields").items().iter().enumerate() {
        let path = path.child("matchFields").index(i);
        if !["In", "NotIn"].contains(&r.text("operator")) {
            let value = Value::str(r.text("operator"));
            errors.invalid(
                &path.child("operator"),
                value,
                "not a valid selector operator",
            );
        } else if r.get("values").items().len() != 1 {
            let why =
                "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.required(&path.child("values"), why);
        }
        if r.text("key") != "metadata.name" {
            let value = Value::str(r.text("key"));
            errors.invalid(&path.child("key"), value, "not a valid field selector key");
            continue;
        }
        for (j, v) in r.get("values").items().iter().enumerate() {
            let v = v.as_str().unwrap_or("");
            each(
                errors,
                &path.child("values").index(j),
                v,
                names::dns_subdomain(v),
            );
        }
    }
}

fn pod_term(t: &Value, path: &Path, errors: &mut Errors) {
    selector(t.get("labelSelector"), &path.child("labelSelector"), errors);
    selector(
        t.get("namespaceSelector"),
        &path.child("namespaceSelector"),
        errors,
    );
    for n in t.get("namespaces").items() {
        let n = n.as_str().unwrap_or("");
        each(errors, &path.child("namespace"), n, names::dns_label(n));
    }
    for key in ["matchLabelKeys", "mismatchLabelKeys"] {
        let (keys, at) = (t.get(key).items(), path.child(key));
        if !keys.is_empty() && t.get("labelSelector").is_null() {
            let why = "must not be specified when labelSelector is not set";
            errors.forbidden(&at, why);
            continue;
        }
        for (i, k) in keys.iter().enumerate() {
            let k = k.as_str().unwrap_or("");
            each(errors, &at.index(i), k, names::qualified(k));
        }
    }
    for (i, k) in t.get("matchLabelKeys").items().iter().enumerate() {
        if t.get("mismatchLabelKeys").items().contains(k) {
            let why = "exists in both matchLabelKeys and mismatchLabelKeys";
            errors.invalid(&path.child("matchLabelKeys").index(i), k.clone(), why);
        }
    }
    let (key, at) = (t.text("topologyKey"), path.child("topologyKey"));
    if key.is_empty() {
        errors.required(&at, "can not be empty");
    }
    each(errors, &at, key, names::qualified(key));
}
