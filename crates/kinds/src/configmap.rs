//! ConfigMap: settings as keys and texts.
//! Upstream: `kubernetes:pkg/registry/core/configmap/strategy.go`.

use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::normalize;
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short: &["cm"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default: normalize,
    columns: &[Column::NAME, Column::int("Data"), Column::AGE],
    cells: row,
    describe,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let keys = o.at("data").entries().len() + o.at("binaryData").entries().len();
    vec![Value::str(o.name()), keys.into(), cells::age(o, cx)]
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    d.labels_and_annotations(o);
    d.line(0, "");
    d.line(0, "Data");
    d.line(0, "====");
    for (key, text) in o.at("data").entries() {
        d.line(0, format!("{key}:"));
        d.line(0, "----");
        d.line(0, text.as_str().unwrap_or(""));
        d.line(0, "");
    }
    d.line(0, "");
    d.line(0, "BinaryData");
    d.line(0, "====");
    for (key, text) in o.at("binaryData").entries() {
        let bytes = crate::secret::unbase64(text.as_str().unwrap_or("")).map_or(0, |b| b.len());
        d.line(0, format!("{key}: {bytes} bytes"));
    }
    d.line(0, "");
    d.events(o);
}
