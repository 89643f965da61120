//! PriorityClass: which pods go before which.
//! Upstream: `kubernetes:pkg/registry/scheduling/priorityclass/strategy.go`.

use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "scheduling.k8s.io",
    version: "v1",
    kind: "PriorityClass",
    plural: "priorityclasses",
    singular: "priorityclass",
    short: &["pc"],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::int("Value"), Column::text("Global-Default"), Column::AGE, Column::text("PreemptionPolicy")],
    cells: row,
    describe,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("value", 0);
    v.set_default("preemptionPolicy", "PreemptLowerPriority");
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![
        Value::str(o.name()),
        o.int("value").into(),
        o.flag("globalDefault").into(),
        cells::age(o, cx),
        Value::str(o.text("preemptionPolicy")),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.line(0, format!("Value:\t{}", o.int("value")));
    d.line(0, format!("GlobalDefault:\t{}", o.flag("globalDefault")));
    d.line(0, format!("PreemptionPolicy:\t{}", o.text("preemptionPolicy")));
    d.line(0, format!("Description:\t{}", o.text("description")));
    d.line(0, format!("Annotations:\t{}", cells::labels(o.at("metadata.annotations"))));
    d.events(o);
}
