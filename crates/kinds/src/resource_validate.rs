//! Validation of amounts of resources: names, signs, whole numbers, requests against limits.
//! Upstream: `ValidateContainerResourceRequirements` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::each;
use crate::names;
use machinery::{Errors, Path, Quantity, Value};

/// `resources` of a container.
pub fn requirements(r: &Value, path: &Path, errors: &mut Errors) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    for (name, amount) in r.get("limits").entries() {
        let path = limits.key(name);
        container_name(name, &path, errors);
        value(name, amount, &path, errors);
    }
    for (name, amount) in r.get("requests").entries() {
        let path = requests.key(name);
        container_name(name, &path, errors);
        value(name, amount, &path, errors);
        let limit = r.get("limits").get(name);
        let shareable = !name.contains('/') && !name.starts_with("hugepages-");
        if limit.is_null() {
            if !shareable {
                errors.required(
                    &limits,
                    "Limit must be set for non overcommitable resources",
                );
            }
            continue;
        }
        let limit_text = limit.as_str().unwrap_or("");
        match self::amount(amount).cmp(&self::amount(limit)) {
            std::cmp::Ordering::Equal => {}
            _ if !shareable => {
                let why = format!("must be equal to {name} limit of {limit_text}");
                errors.invalid(&requests, amount.clone(), &why);
            }
            std::cmp::Ordering::Greater => {
                let why = format!("must be less than or equal to {name} limit of {limit_text}");
                errors.invalid(&requests, amount.clone(), &why);
            }
            std::cmp::Ordering::Less => {}
        }
    }
}

/// The amount; 0 where it is none.
pub fn amount(v: &Value) -> Quantity {
    v.as_str()
        .and_then(|s| Quantity::parse(s).ok())
        .unwrap_or_default()
}

/// Names known without a prefix, anywhere.
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
    "storage",
    "requests.storage",
];

/// Those that count things.
const WHOLE: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// A name for anything that has resources; false where it is no qualified name.
pub fn any_name(name: &str, path: &Path, errors: &mut Errors) -> bool {
    let found = names::qualified(name);
    if !found.is_empty() {
        each(errors, path, name, found);
        return false;
    }
    let huge = name.starts_with("hugepages-") || name.starts_with("requests.hugepages-");
    if !name.contains('/') && !STANDARD.contains(&name) && !huge && !name.starts_with("count.") {
        let why = "must be a standard resource type or fully qualified";
        errors.invalid(path, Value::str(name), why);
    }
    true
}

fn container_name(name: &str, path: &Path, errors: &mut Errors) {
    if !any_name(name, path, errors) {
        return;
    }
    let standard =
        matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if !name.contains('/') {
        if !standard {
            errors.invalid(
                path,
                Value::str(name),
                "must be a standard resource for containers",
            );
        }
    } else if !name.contains("kubernetes.io/") && name.starts_with("requests.") {
        errors.invalid(
            path,
            Value::str(name),
            "doesn't follow extended resource name standard",
        );
    }
}

/// The sign, and whole numbers where things are counted.
pub fn value(name: &str, amount: &Value, path: &Path, errors: &mut Errors) {
    let q = self::amount(amount);
    if q.sign() < 0 {
        errors.invalid(path, amount.clone(), "must be greater than or equal to 0");
    }
    let counted = WHOLE.contains(&name) || (name.contains('/') && !name.contains("kubernetes.io/"));
    if counted && q.milli_value() % 1000 != 0 {
        errors.invalid(path, amount.clone(), "must be an integer");
    }
}
