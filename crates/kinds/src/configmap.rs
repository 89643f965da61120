//! ConfigMap: settings as keys and texts.
//! Upstream: `kubernetes:pkg/registry/core/configmap/strategy.go`.

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
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let keys = o.at("data").entries().len() + o.at("binaryData").entries().len();
    vec![Value::str(o.name()), keys.into(), cells::age(o, cx)]
}
