//! PodDisruptionBudget: how many pods may be taken away by choice.
//! Upstream: `kubernetes:pkg/registry/policy/poddisruptionbudget/strategy.go`.

use crate::describe::{Describe, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::normal::{normalize};
use machinery::{Object, Value, value};

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
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
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
