//! VolumeAttachment: a volume attached to a node.
//! Upstream: `kubernetes:pkg/registry/storage/volumeattachment/strategy.go`.

use crate::meta;
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "storage.k8s.io",
    version: "v1",
    kind: "VolumeAttachment",
    plural: "volumeattachments",
    singular: "volumeattachment",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[Subresource::STATUS],
    prepare_create: |v| v.set("status", value!({ "attached": false })),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Attacher"), Column::text("PV"), Column::text("Node"), Column::text("Attached"), Column::AGE],
    cells: row,
    validate,
    validate_update,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.attacher")),
        Value::str(o.text("spec.source.persistentVolumeName")),
        Value::str(o.text("spec.nodeName")),
        o.flag("status.attached").into(),
        cells::age(o, cx),
    ]
}

fn validate(o: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    for key in ["attacher", "nodeName"] {
        if o.spec().text(key).is_empty() {
            errors.required(&path.child(key), "");
        }
    }
    if o.at("spec.source.persistentVolumeName").is_null() && o.at("spec.source.inlineVolumeSpec").is_null() {
        let why = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
        errors.required(&path.child("source"), why);
    }
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    meta::immutable(new.spec(), old.spec(), &Path::root("spec"), errors);
}
