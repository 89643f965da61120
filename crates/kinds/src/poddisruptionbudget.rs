//! PodDisruptionBudget: how many pods may be taken away by choice.
//! Upstream: `kubernetes:pkg/registry/policy/poddisruptionbudget/strategy.go`.

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
