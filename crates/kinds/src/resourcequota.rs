//! ResourceQuota: how much a namespace may use in all.
//! Upstream: `kubernetes:pkg/registry/core/resourcequota/strategy.go`.

use machinery::Arrange;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ResourceQuota",
    plural: "resourcequotas",
    singular: "resourcequota",
    short: &["quota"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Request"), Column::text("Limit"), Column::AGE],
    cells: row,
    describe,
    validate,
    validate_update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    v.set_default("spec", Value::map());
    v.set_default("status", Value::map());
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in o.at("status.hard").entries() {
        let used = o.at("status.used").get(name).as_str().unwrap_or("0");
        let text = format!("{name}: {used}/{}", hard.as_str().unwrap_or("0"));
        if name.starts_with("limits") { limits.push(text) } else { requests.push(text) }
    }
    vec![
        Value::str(o.name()),
        requests.join(", ").into(),
        limits.join(", ").into(),
        cells::age(o, cx),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    scopes(d, 0, " * ", o);
    d.line(0, "Resource\tUsed\tHard");
    d.line(0, "--------\t----\t----");
    amounts(d, 0, o);
}

pub fn scopes(d: &mut Describe, level: usize, bullet: &str, o: &Object) {
    let mut scopes: Vec<&str> = o.at("spec.scopes").items().iter().filter_map(Value::as_str).collect();
    scopes.arrange();
    if scopes.is_empty() {
        return;
    }
    d.line(level, format!("Scopes:\t{}", scopes.join(", ")));
    for scope in scopes {
        let help = match scope {
            "Terminating" => "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.",
            "NotTerminating" => "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.",
            "BestEffort" => "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
            "NotBestEffort" => "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.",
            _ => continue,
        };
        d.line(level, format!("{bullet}{help}"));
    }
}

pub fn amounts(d: &mut Describe, level: usize, o: &Object) {
    for (name, hard) in o.at("status.hard").entries() {
        let used = o.at("status.used").get(name).as_str().unwrap_or("0");
        d.line(level, format!("{name}\t{used}\t{}", hard.as_str().unwrap_or("0")));
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    let path = Path::root("spec").child("hard");
    for (name, amount) in o.at("spec.hard").entries() {
        let path = path.key(name);
        if crate::resource_validate::any_name(name, &path, errors) && !name.contains('/') && !is_standard(name) {
            errors.invalid(&path, Value::str(name), "must be a standard resource for quota");
        }
        crate::resource_validate::value(name, amount, &path, errors);
    }
    let scopes: Vec<&str> = o.at("spec.scopes").items().iter().filter_map(Value::as_str).collect();
    let path = Path::root("spec").child("scopes");
    let shown = o.at("spec.scopes");
    for scope in &scopes {
        scope_fits(o, scope, &path, (&path, shown.clone()), shown, errors);
    }
    conflicts(&scopes, &path, shown, errors);
    selected(o, errors);
}

/// Scopes that exclude each other.
fn conflicts(scopes: &[&str], path: &Path, shown: &Value, errors: &mut Errors) {
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|s| scopes.contains(s)) {
            errors.invalid(path, shown.clone(), "conflicting scopes");
        }
    }
}

/// Every scope is known, and goes with every resource under quota; `at` is where an unknown one is told.
fn scope_fits(o: &Object, scope: &str, path: &Path, at: (&Path, Value), shown: &Value, errors: &mut Errors) {
    const PODS: &[&str] = &["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "PriorityClass", "Terminating"];
    const COMPUTE: &[&str] = &[
        "cpu", "limits.cpu", "limits.memory", "memory", "pods", "requests.cpu", "requests.memory",
        "ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage",
    ];
    if !PODS.contains(&scope) && scope != "VolumeAttributesClass" {
        errors.invalid(at.0, at.1, "unsupported scope");
    }
    for (name, _) in o.at("spec.hard").entries() {
        let fits = match scope {
            "BestEffort" => name == "pods",
            "VolumeAttributesClass" => matches!(name.as_str(), "persistentvolumeclaims" | "requests.storage"),
            _ => COMPUTE.contains(&name.as_str()) || name.contains("hugepages-"),
        };
        if is_standard(name) && !fits && (PODS.contains(&scope) || scope == "VolumeAttributesClass") {
            errors.invalid(path, shown.clone(), "unsupported scope applied to resource");
        }
    }
}

/// `scopeSelector`.
fn selected(o: &Object, errors: &mut Errors) {
    const EXIST: &str = "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    let path = Path::root("spec").child("scopeSelector").child("matchExpressions");
    for r in o.at("spec.scopeSelector.matchExpressions").items() {
        let (scope, operator) = (r.text("scopeName"), r.text("operator"));
        let plain = ["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "Terminating"];
        let shown = o.at("spec.scopeSelector");
        scope_fits(o, scope, &path, (&path.child("scopeName"), Value::str(scope)), shown, errors);
        if plain.contains(&scope) && operator != "Exists" {
            errors.invalid(&path.child("operator"), Value::str(operator), EXIST);
        }
        let values = r.get("values");
        let at = path.child("values");
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                errors.required(&at, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.invalid(&at, values.clone(), why);
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.invalid(&path.child("operator"), Value::str(other), "not a valid selector operator"),
        }
    }
    let all = o.at("spec.scopeSelector.matchExpressions").items();
    let scopes: Vec<&str> = all.iter().map(|r| r.text("scopeName")).collect();
    conflicts(&scopes, &path, o.at("spec.scopes"), errors);
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    let sorted = |o: &Object| {
        let mut all: Vec<String> =
            o.at("spec.scopes").items().iter().filter_map(Value::as_str).map(str::to_string).collect();
        all.arrange();
        all
    };
    if sorted(new) != sorted(old) {
        let path = Path::root("spec").child("scopes");
        errors.invalid(&path, new.at("spec.scopes").clone(), "field is immutable");
    }
}

fn is_standard(name: &str) -> bool {
    const KNOWN: &[&str] = &[
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.storage",
        "requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods",
        "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps",
        "services.nodeports", "services.loadbalancers",
    ];
    KNOWN.contains(&name) || name.starts_with("requests.hugepages-") || name.starts_with("hugepages-")
}
