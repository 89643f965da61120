//! ResourceSlice: the devices that a driver offers on a node. Kept, not acted on.
//! Upstream: `kubernetes:pkg/registry/resource/resourceslice/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "resource.k8s.io",
    version: "v1",
    kind: "ResourceSlice",
    plural: "resourceslices",
    singular: "resourceslice",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    columns: &[Column::NAME, Column::text("Node"), Column::text("Driver"), Column::text("Pool"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let node = match o.text("spec.nodeName") {
        "" => "<unset>",
        name => name,
    };
    vec![
        Value::str(o.name()),
        Value::str(node),
        Value::str(o.text("spec.driver")),
        Value::str(o.text("spec.pool.name")),
        cells::age(o, cx),
    ]
}
