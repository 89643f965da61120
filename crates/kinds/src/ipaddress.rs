//! IPAddress: an address that a Service holds.
//! Upstream: `kubernetes:pkg/registry/networking/ipaddress/strategy.go`.

use crate::describe::Describe;
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
    describe,
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

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels_and_annotations(o);
    let p = o.at("spec.parentRef");
    if !p.is_null() {
        d.line(0, "Parent Reference:");
        for (title, key) in
            [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")]
        {
            d.line(1, format!("{title}:\t{}", p.text(key)));
        }
    }
    d.events(o);
}
