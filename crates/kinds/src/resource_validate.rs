//! Validation of amounts of resources: names, signs, whole numbers, requests against limits.
//! Upstream: `ValidateContainerResourceRequirements` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::each;
use crate::names;
use machinery::{Errors, Path, Quantity, Value};

/// `resources` of a container; `claims` are those of its pod.
pub fn requirements(r: &Value, claims: &[&str], path: &Path, errors: &mut Errors) {
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
    let asks = |wanted: fn(&str) -> bool| {
        let all = r.get("limits").entries().iter();
        all.chain(r.get("requests").entries())
            .any(|(n, _)| wanted(n))
    };
    if asks(|n| n.starts_with("hugepages-")) && !asks(|n| matches!(n, "cpu" | "memory")) {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
    let (list, path) = (r.get("claims").items(), path.child("claims"));
    for (i, c) in list.iter().enumerate() {
        let (name, at) = (c.text("name"), path.index(i));
        let same = |o: &&Value| o.text("name") == name && o.text("request") == c.text("request");
        if name.is_empty() {
            errors.required(&at, "");
        } else if list.iter().take(i).any(|o| same(&o)) {
            errors.duplicate(&at, Value::str(name));
        } else if !claims.contains(&name) {
            let list = match claims.is_empty() {
                true => " which is empty".to_string(),
                false => format!(": {}", claims.join(", ")),
            };
            let why = format!("must be one of the names in pod.spec.resourceClaims{list}");
            errors.not_found(&at, Value::str(name));
            if let Some(last) = errors.0.last_mut() {
                last.text = format!("{}: {why}", last.text);
            }
        }
    }
}

/// Amounts that stand for themselves: `overhead`.
pub fn amounts(map: &Value, path: &Path, errors: &mut Errors) {
    for (name, amount) in map.entries() {
        let path = path.key(name);
        container_name(name, &path, errors);
        value(name, amount, &path, errors);
    }
}

/// `resources` of a pod as a whole: no less than its containers ask for. Upstream: `validatePodResources`.
pub fn of_pod(spec: &Value, path: &Path, errors: &mut Errors) {
    let r = spec.get("resources");
    if r.is_null() {
        return;
    }
    if r.has("claims") {
        let why = "claims cannot be set for Resources at pod-level";
        errors.forbidden(&path.child("claims"), why);
    }
    for key in ["limits", "requests"] {
        for (name, amount) in r.get(key).entries() {
            let at = path.child(key).key(name);
            if !matches!(name.as_str(), "cpu" | "memory") && !name.starts_with("hugepages-") {
                let known = ["cpu", "hugepages-", "memory"];
                errors.not_supported(&at, Value::str(name), &known);
            }
            value(name, amount, &at, errors);
            let limit = r.get("limits").get(name);
            if key == "requests" && !limit.is_null() && self::amount(amount) > self::amount(limit) {
                let limit = limit.as_str().unwrap_or("");
                let why = format!("must be less than or equal to {name} limit of {limit}");
                errors.invalid(&path.child(key), amount.clone(), &why);
            }
        }
    }
    for (name, amount) in r.get("requests").entries() {
        let own = |c: &Value| self::amount(c.at("resources.requests").get(name));
        let mut sum = Quantity::default();
        for c in spec.get("containers").items() {
            sum = sum.add(&own(c));
        }
        if sum > self::amount(amount) {
            let why =
                format!("must be greater than or equal to aggregate container requests of {sum}");
            errors.invalid(&path.child("requests").key(name), amount.clone(), &why);
        }
    }
    for (i, c) in spec.get("containers").items().iter().enumerate() {
        for (name, amount) in c.at("resources.limits").entries() {
            let bound = r.get("limits").get(name);
            if !bound.is_null() && self::amount(amount) > self::amount(bound) {
                let why = format!(
                    "must be less than or equal to pod limits of {}",
                    bound.as_str().unwrap_or("")
                );
                let at = path.child("containers").index(i).key(name).child("limits");
                errors.invalid(&at, amount.clone(), &why);
            }
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

/// A name for what containers have.
pub fn container_name(name: &str, path: &Path, errors: &mut Errors) {
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
