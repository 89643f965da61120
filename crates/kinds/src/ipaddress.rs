//! IPAddress: an address that a Service holds.
//! Upstream: `kubernetes:pkg/registry/networking/ipaddress/strategy.go`.

use crate::kind::{CellCx, Column, Kind};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "IPAddress",
    plural: "ipaddresses",
    singular: "ipaddress",
    short: &["ip"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    columns: &[Column::NAME, Column::text("ParentRef")],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    let p = o.at("spec.parentRef");
    let place = match p.text("namespace") {
        "" => p.text("name").to_string(),
        ns => format!("{ns}/{}", p.text("name")),
    };
    vec![Value::str(o.name()), format!("{}/{place}", p.text("resource")).into()]
}
