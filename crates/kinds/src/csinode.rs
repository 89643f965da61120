//! CSINode: which storage drivers a node has.
//! Upstream: `kubernetes:pkg/registry/storage/csinode/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "storage.k8s.io",
    version: "v1",
    kind: "CSINode",
    plural: "csinodes",
    singular: "csinode",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    default: normalize,
    columns: &[Column::NAME, Column::int("Drivers"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), o.at("spec.drivers").items().len().into(), cells::age(o, cx)]
}
