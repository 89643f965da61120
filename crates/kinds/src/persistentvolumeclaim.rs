//! PersistentVolumeClaim: a user's wish for storage.
//! Upstream: `kubernetes:pkg/registry/core/persistentvolumeclaim/strategy.go`.

use machinery::Arrange;
use crate::meta;
use crate::describe::{Describe, rfc1123};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value, value};
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
    describe,
    validate,
    validate_update,
    warnings: crate::warnings::storage,
    ..Kind::NONE
};

fn default(v: &mut Value) {
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

fn describe(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    d.head(o);
    d.line(0, format!("StorageClass:\t{}", storage_class(o)));
    match o.is_deleting() {
        true => {
            let lasts = d.since(o.text("metadata.deletionTimestamp"));
            d.line(0, format!("Status:\tTerminating (lasts {lasts})"));
        }
        false => d.line(0, format!("Status:\t{}", o.text("status.phase"))),
    }
    d.line(0, format!("Volume:\t{}", spec.text("volumeName")));
    d.labels_and_annotations(o);
    d.line(0, format!("Finalizers:\t{}", crate::persistentvolume::finalizers(o)));
    let bound = !spec.text("volumeName").is_empty();
    let capacity = match o.text("status.capacity.storage") {
        _ if !bound => "",
        "" => "0",
        amount => amount,
    };
    d.line(0, format!("Capacity:\t{capacity}"));
    let modes = if bound { access_modes(o.at("status.accessModes")) } else { String::new() };
    d.line(0, format!("Access Modes:\t{modes}"));
    if !spec.text("volumeMode").is_empty() {
        d.line(0, format!("VolumeMode:\t{}", spec.text("volumeMode")));
    }
    let source = spec.get("dataSource");
    if !source.is_null() {
        d.line(0, "DataSource:");
        if !source.get("apiGroup").is_null() {
            d.line(1, format!("APIGroup:\t{}", source.text("apiGroup")));
        }
        d.line(1, format!("Kind:\t{}", source.text("kind")));
        d.line(1, format!("Name:\t{}", source.text("name")));
    }
    let pods = d.related.list("v1", "Pod", o.namespace(), "");
    let uses = |p: &&Object| {
        let mut volumes = p.at("spec.volumes").items().iter();
        volumes.any(|v| v.text("persistentVolumeClaim.claimName") == o.name())
            || o.owners().iter().any(|r| r.text("kind") == "Pod" && r.text("uid") == p.uid())
    };
    let mut users: Vec<String> = pods.iter().filter(uses).map(|p| p.name().to_string()).collect();
    users.arrange();
    d.multiline("", "Used By", users);
    conditions(o, d);
    d.events(o);
}

fn conditions(o: &Object, d: &mut Describe) {
    let conditions = o.at("status.conditions").items();
    if conditions.is_empty() {
        return;
    }
    d.line(0, "Conditions:");
    d.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
    d.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for c in conditions {
        let (kind, status) = (c.text("type"), c.text("status"));
        let (probe, changed) = (rfc1123(c.text("lastProbeTime")), rfc1123(c.text("lastTransitionTime")));
        let (reason, message) = (c.text("reason"), c.text("message"));
        d.line(1, format!("{kind} \t{status} \t{probe} \t{changed} \t{reason} \t{message}"));
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    claim(o.spec(), &Path::root("spec"), errors);
}

/// A claim, or the template of one.
pub fn claim(spec: &Value, path: &Path, errors: &mut Errors) {
    crate::persistentvolume::modes(spec, "at least 1 access mode is required", path, errors);
    meta::selector(spec.get("selector"), &path.child("selector"), errors);
    let at = path.child("resources").key("storage");
    match spec.at("resources.requests").get("storage") {
        Value::Null => errors.required(&at, ""),
        amount => crate::persistentvolume::positive(amount, &at, errors),
    }
    crate::persistentvolume::class_and_mode(spec, path, errors);
    let source = spec.get("dataSource");
    if !source.is_null() {
        for key in ["name", "kind"] {
            if source.text(key).is_empty() {
                errors.required(&path.child("dataSource").child(key), "");
            }
        }
    }
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    // A claim may be bound once, and grow once it is bound.
    let rest = |o: &Object| {
        let mut spec = o.spec().clone();
        if old.text("spec.volumeName").is_empty() {
            spec.remove("volumeName");
        }
        if old.at("spec.storageClassName").is_null() {
            spec.remove("storageClassName");
        }
        spec.remove("volumeAttributesClassName");
        if old.text("status.phase") == "Bound" {
            spec.remove("resources.requests");
        }
        spec
    };
    if rest(new) != rest(old) {
        let diff = crate::diff::unified(old.spec(), new.spec());
        let why = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{diff}"
        );
        errors.forbidden(&path, &why);
    }
    let amount = |o: &Object, path: &str| crate::resource_validate::amount(o.at(path));
    let size = "spec.resources.requests.storage";
    if amount(new, size) < amount(old, size) && amount(new, size) < amount(old, "status.capacity.storage") {
        let at = path.child("resources").child("requests").child("storage");
        errors.forbidden(&at, "field can not be less than status.capacity");
    }
}
