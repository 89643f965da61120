//! StorageClass: how volumes are made on demand.
//! Upstream: `kubernetes:pkg/registry/storage/storageclass/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "storage.k8s.io",
    version: "v1",
    kind: "StorageClass",
    plural: "storageclasses",
    singular: "storageclass",
    short: &["sc"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Provisioner"), Column::text("ReclaimPolicy"), Column::text("VolumeBindingMode"), Column::text("AllowVolumeExpansion"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("reclaimPolicy", "Delete");
    v.set_default("volumeBindingMode", "Immediate");
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let or = |key: &str, otherwise: &'static str| match o.text(key) {
        "" => Value::from(otherwise),
        text => Value::str(text),
    };
    let yes = |key: &str| o.annotation(key) == Some("true");
    let default = yes("storageclass.kubernetes.io/is-default-class")
        || yes("storageclass.beta.kubernetes.io/is-default-class");
    vec![
        format!("{}{}", o.name(), if default { " (default)" } else { "" }).into(),
        Value::str(o.text("provisioner")),
        or("reclaimPolicy", "Delete"),
        or("volumeBindingMode", "Immediate"),
        o.flag("allowVolumeExpansion").into(),
        cells::age(o, cx),
    ]
}
