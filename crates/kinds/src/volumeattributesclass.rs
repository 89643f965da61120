//! VolumeAttributesClass: attributes of volumes that can change while in use.
//! Upstream: `kubernetes:pkg/registry/storage/volumeattributesclass/strategy.go`.

use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "storage.k8s.io",
    version: "v1",
    kind: "VolumeAttributesClass",
    plural: "volumeattributesclasses",
    singular: "volumeattributesclass",
    short: &["vac"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    columns: &[Column::NAME, Column::text("DriverName"), Column::AGE],
    cells: row,
    describe,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("driverName")), cells::age(o, cx)]
}

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.line(0, format!("Annotations:\t{}", cells::labels(o.at("metadata.annotations"))));
    d.line(0, format!("DriverName:\t{}", o.text("driverName")));
    d.line(0, format!("Parameters:\t{}", cells::labels(o.at("parameters"))));
    d.events(o);
}
