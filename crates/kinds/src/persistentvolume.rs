//! PersistentVolume: a piece of storage in the cluster.
//! Upstream: `kubernetes:pkg/registry/core/persistentvolume/strategy.go`.

use crate::names;
use crate::meta;
use crate::describe::{Describe, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    singular: "persistentvolume",
    short: &["pv"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create,
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Capacity"), Column::text("Access Modes"), Column::text("Reclaim Policy"), Column::text("Status"), Column::text("Claim"), Column::text("StorageClass"), Column::text("VolumeAttributesClass"), Column::text("Reason"), Column::AGE, Column::wide("VolumeMode")],
    cells: row,
    describe,
    validate,
    validate_update,
    warnings: crate::warnings::storage,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    v.set_default("spec", Value::map());
    within(v, "spec", |spec| {
        spec.set_default("persistentVolumeReclaimPolicy", "Retain");
        spec.set_default("volumeMode", "Filesystem");
        within(spec, "hostPath", |h| h.set_default("type", ""));
        within(spec, "iscsi", |s| s.set_default("iscsiInterface", "default"));
        within(spec, "rbd", |s| {
            s.set_default("pool", "rbd");
            s.set_default("user", "admin");
            s.set_default("keyring", "/etc/ceph/keyring");
        });
    });
    v.set_default("status.phase", "Pending");
}

/// Upstream's admission step StorageObjectInUseProtection adds the finalizer; nothing else happens in between.
fn prepare_create(v: &mut Value) {
    v.set("status", value!({ "phase": "Pending" }));
    let created = v.text("metadata.creationTimestamp").to_string();
    if !created.is_empty() {
        v.set("status.lastPhaseTransitionTime", created);
    }
    let there = v.at("metadata.finalizers").items().iter().any(|f| f.as_str() == Some(PROTECTION));
    if !there {
        v.place("metadata.finalizers").push(PROTECTION);
    }
}

const PROTECTION: &str = "kubernetes.io/pv-protection";

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let claim = match o.text("spec.claimRef.name") {
        "" => String::new(),
        name => format!("{}/{name}", o.text("spec.claimRef.namespace")),
    };
    let status = match o.is_deleting() {
        true => "Terminating",
        false => o.text("status.phase"),
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.capacity.storage")),
        access_modes(o.at("spec.accessModes")).into(),
        Value::str(o.text("spec.persistentVolumeReclaimPolicy")),
        Value::str(status),
        claim.into(),
        storage_class(o).into(),
        unset(o.text("spec.volumeAttributesClassName")),
        Value::str(o.text("status.reason")),
        cells::age(o, cx),
        unset(o.text("spec.volumeMode")),
    ]
}

/// `RWO,ROX`: each mode once, in the order of their strength upstream.
pub fn access_modes(modes: &Value) -> String {
    const SHORT: &[(&str, &str)] = &[
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let has = |mode: &str| modes.items().iter().any(|m| m.as_str() == Some(mode));
    let found: Vec<&str> = SHORT.iter().filter(|(m, _)| has(m)).map(|(_, s)| *s).collect();
    found.join(",")
}

/// The class by field, or by the older annotation.
pub fn storage_class(o: &Object) -> String {
    match o.annotation("volume.beta.kubernetes.io/storage-class") {
        Some(class) => class.to_string(),
        None => o.text("spec.storageClassName").to_string(),
    }
}

pub fn unset(text: &str) -> Value {
    if text.is_empty() { Value::from("<unset>") } else { Value::str(text) }
}

fn describe(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels_and_annotations(o);
    d.line(0, format!("Finalizers:\t{}", finalizers(o)));
    d.line(0, format!("StorageClass:\t{}", storage_class(o)));
    match o.is_deleting() {
        true => {
            let lasts = d.since(o.text("metadata.deletionTimestamp"));
            d.line(0, format!("Status:\tTerminating (lasts {lasts})"));
        }
        false => d.line(0, format!("Status:\t{}", o.text("status.phase"))),
    }
    match spec.get("claimRef") {
        Value::Null => d.line(0, "Claim:\t"),
        c => d.line(0, format!("Claim:\t{}/{}", c.text("namespace"), c.text("name"))),
    }
    d.line(0, format!("Reclaim Policy:\t{}", spec.text("persistentVolumeReclaimPolicy")));
    d.line(0, format!("Access Modes:\t{}", access_modes(spec.get("accessModes"))));
    if !spec.text("volumeMode").is_empty() {
        d.line(0, format!("VolumeMode:\t{}", spec.text("volumeMode")));
    }
    let capacity = match spec.text("capacity.storage") {
        "" => "0",
        amount => amount,
    };
    d.line(0, format!("Capacity:\t{capacity}"));
    node_affinity(d, spec.at("nodeAffinity.required"));
    d.line(0, format!("Message:\t{}", o.text("status.message")));
    d.line(0, "Source:");
    crate::pod_volumes::source(d, spec);
    d.events(o);
}

/// `[kubernetes.io/pv-protection]`.
pub fn finalizers(o: &Object) -> String {
    match o.at("metadata.finalizers") {
        Value::Null => "[]".into(),
        list => plain(list),
    }
}

fn node_affinity(d: &mut Describe, required: &Value) {
    if required.is_null() {
        d.line(0, "Node Affinity:\t<none>");
        return;
    }
    d.line(0, "Node Affinity:\t");
    let terms = required.get("nodeSelectorTerms").items();
    d.line(1, if terms.is_empty() { "Required Terms:\t<none>" } else { "Required Terms:\t" });
    for (i, term) in terms.iter().enumerate() {
        let requirements = term.get("matchExpressions").items();
        if requirements.is_empty() {
            d.line(2, format!("Term {i}:\t<none>"));
        }
        for (j, r) in requirements.iter().enumerate() {
            let head = if j == 0 { format!("Term {i}:") } else { String::new() };
            let values: Vec<&str> = r.get("values").items().iter().filter_map(Value::as_str).collect();
            let mut text = format!("{} {}", r.text("key"), r.text("operator").to_lowercase());
            if !values.is_empty() {
                text.push_str(&format!(" [{}]", values.join(", ")));
            }
            d.line(2, format!("{head}\t{text}"));
        }
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    modes(spec, "", &path, errors);
    let capacity = spec.get("capacity");
    let at = path.child("capacity");
    if capacity.is_empty() {
        errors.required(&at, "");
    }
    if !capacity.has("storage") || capacity.entries().len() > 1 {
        errors.not_supported(&at, capacity.clone(), &["storage"]);
    }
    for (name, amount) in capacity.entries() {
        positive(amount, &at.key(name), errors);
    }
    let policy = spec.text("persistentVolumeReclaimPolicy");
    let known = ["Delete", "Recycle", "Retain"];
    if !policy.is_empty() && !known.contains(&policy) {
        errors.not_supported(&path.child("persistentVolumeReclaimPolicy"), Value::str(policy), &known);
    }
    let required = spec.at("nodeAffinity.required");
    if !required.is_null() {
        let at = path.child("nodeAffinity").child("required");
        crate::affinity_validate::node_selector(required, &at, errors);
    } else if spec.has("nodeAffinity") {
        errors.required(&path.child("nodeAffinity").child("required"), "must specify required node constraints");
    }
    if spec.has("iscsi") {
        let (iscsi, at) = (spec.get("iscsi"), path.child("iscsi").child("targetportal"));
        crate::volume_validate::portal(iscsi, o.name(), iscsi.text("targetPortal"), &at, errors);
    }
    crate::volume_validate::sources(spec, SOURCES, &path, errors);
    if spec.has("local") && !spec.has("nodeAffinity") {
        errors.required(&path.child("nodeAffinity"), "Local volume requires node affinity");
    }
    secrets(spec.get("csi"), &path.child("csi"), errors);
    if spec.text("hostPath.path") == "/" && policy == "Recycle" {
        let why = "may not be 'recycle' for a hostPath mount of '/'";
        errors.forbidden(&path.child("persistentVolumeReclaimPolicy"), why);
    }
    class_and_mode(spec, &path, errors);
}

use crate::volume_validate::PERSISTENT as SOURCES;

/// What a CSI volume is called, and the secrets that its driver needs.
fn secrets(csi: &Value, at: &Path, errors: &mut Errors) {
    if csi.is_null() {
        return;
    }
    if csi.text("volumeHandle").is_empty() {
        errors.required(&at.child("volumeHandle"), "");
    }
    for key in ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"] {
        if !csi.has(key) {
            continue;
        }
        for (part, check) in [("name", names::dns_subdomain as fn(&str) -> _), ("namespace", names::dns_label)] {
            let at = at.child(key).child(part);
            match csi.get(key).text(part) {
                "" => errors.required(&at, ""),
                text => meta::each(errors, &at, text, check(text)),
            }
        }
    }
}

/// Access modes of volumes and claims.
pub fn modes(spec: &Value, why_required: &str, path: &Path, errors: &mut Errors) {
    let modes = spec.get("accessModes").items();
    let path = path.child("accessModes");
    if modes.is_empty() {
        errors.required(&path, why_required);
    }
    let known = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    for m in modes {
        if !known.contains(&m.as_str().unwrap_or("")) {
            errors.not_supported(&path, m.clone(), &known);
        }
    }
    if modes.len() > 1 && modes.iter().any(|m| m.as_str() == Some("ReadWriteOncePod")) {
        errors.forbidden(&path, "may not use ReadWriteOncePod with other access modes");
    }
}

pub fn positive(amount: &Value, path: &Path, errors: &mut Errors) {
    let n = crate::resource_validate::amount(amount).sign();
    if n < 0 {
        errors.invalid(path, amount.clone(), "must be greater than or equal to 0");
    }
    if n <= 0 {
        errors.invalid(path, amount.clone(), "must be greater than zero");
    }
}

pub fn class_and_mode(spec: &Value, path: &Path, errors: &mut Errors) {
    let class = spec.text("storageClassName");
    if !class.is_empty() {
        meta::each(errors, &path.child("storageClassName"), class, names::dns_subdomain(class));
    }
    let class = spec.text("volumeAttributesClassName");
    if !class.is_empty() {
        meta::each(errors, &path.child("volumeAttributesClassName"), class, names::dns_subdomain(class));
    }
    let mode = spec.text("volumeMode");
    let known = ["Block", "Filesystem"];
    if !mode.is_empty() && !known.contains(&mode) {
        errors.not_supported(&path.child("volumeMode"), Value::str(mode), &known);
    }
}


fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    let sources = |o: &Object| {
        let spec = o.spec().entries().iter().filter(|(k, _)| SOURCES.contains(&k.as_str()));
        spec.cloned().collect::<Vec<_>>()
    };
    if sources(new) != sources(old) {
        let diff = crate::diff::unified(old.spec(), new.spec());
        let why = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.forbidden(&path.child("persistentvolumesource"), &why);
    }
    meta::immutable(new.spec().get("volumeMode"), old.spec().get("volumeMode"), &path.child("volumeMode"), errors);
}
