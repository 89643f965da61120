//! RuntimeClass: which container runtime runs a pod.
//! Upstream: `kubernetes:pkg/registry/node/runtimeclass/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "node.k8s.io",
    version: "v1",
    kind: "RuntimeClass",
    plural: "runtimeclasses",
    singular: "runtimeclass",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    default: normalize,
    columns: &[Column::NAME, Column::text("Handler"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("handler")), cells::age(o, cx)]
}
