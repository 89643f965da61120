//! PodDisruptionBudget: how many pods may be taken away by choice.
//! Upstream: `kubernetes:pkg/registry/policy/poddisruptionbudget/strategy.go`.

use crate::workload;
use crate::meta;
use crate::describe::{Describe, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "policy",
    version: "v1",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short: &["pdb"],
    categories: &[],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| { v.set("status", value!({ "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0 })) },
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Min Available"), Column::text("Max Unavailable"), Column::int("Allowed Disruptions"), Column::AGE],
    cells: row,
    describe,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    v.set_default("spec", Value::map());
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let amount = |key: &str| match o.spec().get(key) {
        Value::Int(n) => Value::from(n.to_string()),
        Value::Str(s) => Value::from(s.clone()),
        _ => Value::from("N/A"),
    };
    vec![
        Value::str(o.name()),
        amount("minAvailable"),
        amount("maxUnavailable"),
        o.int("status.disruptionsAllowed").into(),
        cells::age(o, cx),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    d.head(o);
    if !spec.get("minAvailable").is_null() {
        d.line(0, format!("Min available:\t{}", plain(spec.get("minAvailable"))));
    } else if !spec.get("maxUnavailable").is_null() {
        d.line(0, format!("Max unavailable:\t{}", plain(spec.get("maxUnavailable"))));
    }
    match spec.get("selector") {
        Value::Null => d.line(0, "Selector:\t<unset>"),
        selector => d.line(0, format!("Selector:\t{}", cells::selector(selector))),
    }
    d.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        d.line(2, format!("{title}:\t{}", o.status().int(field)));
    }
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    if !spec.get("minAvailable").is_null() && !spec.get("maxUnavailable").is_null() {
        let print = |key: &str| machinery::json::print(spec.get(key));
        let text = format!(
            "Invalid value: {{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}: minAvailable and maxUnavailable cannot be both set",
            print("minAvailable"),
            print("selector"),
            print("maxUnavailable"),
            print("unhealthyPodEvictionPolicy")
        );
        errors.0.push(machinery::field::FieldError { kind: "FieldValueInvalid", path: path.to_string(), text });
    }
    for key in ["minAvailable", "maxUnavailable"] {
        if !spec.get(key).is_null() {
            workload::amount(spec.get(key), &path.child(key), errors);
            workload::at_most_all(spec.get(key), &path.child(key), errors);
        }
    }
    meta::selector(spec.get("selector"), &path.child("selector"), errors);
    let policy = spec.text("unhealthyPodEvictionPolicy");
    let known = ["AlwaysAllow", "IfHealthyBudget"];
    if !policy.is_empty() && !known.contains(&policy) {
        errors.not_supported(&path.child("unhealthyPodEvictionPolicy"), Value::str(policy), &known);
    }
}
