//! FlowSchema: which requests belong together when the API server is busy. Listed, not acted on.
//! Upstream: `kubernetes:pkg/registry/flowcontrol/flowschema/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "flowcontrol.apiserver.k8s.io",
    version: "v1",
    kind: "FlowSchema",
    plural: "flowschemas",
    singular: "flowschema",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[Subresource::STATUS],
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("PriorityLevel"), Column::int("MatchingPrecedence"), Column::text("DistinguisherMethod"), Column::AGE, Column::text("MissingPL")],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let missing = match o.condition("Dangling").text("status") {
        "" => "?",
        status => status,
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.priorityLevelConfiguration.name")),
        o.int("spec.matchingPrecedence").into(),
        cells::or_none(o.text("spec.distinguisherMethod.type").to_string()).into(),
        cells::age(o, cx),
        Value::str(missing),
    ]
}
