//! PriorityLevelConfiguration: how many requests of a level run at once. Listed, not acted on.
//! Upstream: `kubernetes:pkg/registry/flowcontrol/prioritylevelconfiguration/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "flowcontrol.apiserver.k8s.io",
    version: "v1",
    kind: "PriorityLevelConfiguration",
    plural: "prioritylevelconfigurations",
    singular: "prioritylevelconfiguration",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[Subresource::STATUS],
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Type"), Column::text("NominalConcurrencyShares"), Column::text("Queues"), Column::text("HandSize"), Column::text("QueueLengthLimit"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let number = |path: &str| match o.at(path).as_i64() {
        Some(n) => Value::from(n.to_string()),
        None => Value::from("<none>"),
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.type")),
        number("spec.limited.nominalConcurrencyShares"),
        number("spec.limited.limitResponse.queuing.queues"),
        number("spec.limited.limitResponse.queuing.handSize"),
        number("spec.limited.limitResponse.queuing.queueLengthLimit"),
        cells::age(o, cx),
    ]
}
