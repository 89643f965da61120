//! PersistentVolumeClaim: a user's wish for storage.
//! Upstream: `kubernetes:pkg/registry/core/persistentvolumeclaim/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::normal::{normalize, within};
use machinery::{Object, Value, value};
use crate::persistentvolume::{access_modes, storage_class, unset};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    short: &["pvc"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create,
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Status"), Column::text("Volume"), Column::text("Capacity"), Column::text("Access Modes"), Column::text("StorageClass"), Column::text("VolumeAttributesClass"), Column::AGE, Column::wide("VolumeMode")],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("spec", Value::map());
    within(v, "spec", crate::pod_defaults::claim_spec);
    v.set_default("status.phase", "Pending");
}

/// Upstream's admission step StorageObjectInUseProtection adds the finalizer; nothing else happens in between.
fn prepare_create(v: &mut Value) {
    v.set("status", value!({ "phase": "Pending" }));
    let there = v.at("metadata.finalizers").items().iter().any(|f| f.as_str() == Some(PROTECTION));
    if !there {
        v.place("metadata.finalizers").push(PROTECTION);
    }
}

const PROTECTION: &str = "kubernetes.io/pvc-protection";

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let bound = !o.text("spec.volumeName").is_empty();
    let status = match o.is_deleting() {
        true => "Terminating",
        false => o.text("status.phase"),
    };
    let (capacity, modes) = match bound {
        true => (o.text("status.capacity.storage"), access_modes(o.at("status.accessModes"))),
        false => ("", String::new()),
    };
    vec![
        Value::str(o.name()),
        Value::str(status),
        Value::str(o.text("spec.volumeName")),
        Value::str(capacity),
        modes.into(),
        storage_class(o).into(),
        unset(o.text("spec.volumeAttributesClassName")),
        cells::age(o, cx),
        unset(o.text("spec.volumeMode")),
    ]
}
