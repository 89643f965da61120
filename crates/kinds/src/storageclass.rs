//! StorageClass: how volumes are made on demand.
//! Upstream: `kubernetes:pkg/registry/storage/storageclass/strategy.go`.

use crate::names;
use crate::meta;
use crate::describe::{Describe, flag};
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

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
    describe,
    validate,
    validate_update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
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

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    let default = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"]
        .iter()
        .any(|key| o.annotation(key) == Some("true"));
    d.line(0, format!("IsDefaultClass:\t{}", if default { "Yes" } else { "No" }));
    d.line(0, format!("Annotations:\t{}", cells::labels(o.at("metadata.annotations"))));
    d.line(0, format!("Provisioner:\t{}", o.text("provisioner")));
    d.line(0, format!("Parameters:\t{}", cells::labels(o.at("parameters"))));
    d.line(0, format!("AllowVolumeExpansion:\t{}", flag(o.at("allowVolumeExpansion"))));
    let options = o.at("mountOptions").items();
    d.line(0, if options.is_empty() { "MountOptions:\t<none>" } else { "MountOptions:" });
    for option in options {
        d.line(1, option.as_str().unwrap_or(""));
    }
    for (title, key) in [("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")] {
        if !o.text(key).is_empty() {
            d.line(0, format!("{title}:\t{}", o.text(key)));
        }
    }
    let topologies = o.at("allowedTopologies").items();
    if !topologies.is_empty() {
        d.line(0, "AllowedTopologies:\t");
    }
    for (i, term) in topologies.iter().enumerate() {
        for (j, r) in term.get("matchLabelExpressions").items().iter().enumerate() {
            let head = if j == 0 { format!("Term {i}:") } else { String::new() };
            let values: Vec<&str> = r.get("values").items().iter().filter_map(Value::as_str).collect();
            d.line(1, format!("{head}\t{} in [{}]", r.text("key"), values.join(", ")));
        }
    }
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    let provisioner = o.text("provisioner");
    match provisioner {
        "" => errors.required(&Path::root("provisioner"), ""),
        name => meta::each(errors, &Path::root("provisioner"), name, names::qualified(&name.to_lowercase())),
    }
    let policy = o.text("reclaimPolicy");
    let known = ["Delete", "Retain"];
    if !known.contains(&policy) {
        errors.not_supported(&Path::root("reclaimPolicy"), Value::str(policy), &known);
    }
    let known = ["Immediate", "WaitForFirstConsumer"];
    meta::one_of(o.text("volumeBindingMode"), &Path::root("volumeBindingMode"), &known, errors);
    let terms = o.at("allowedTopologies").items();
    for (i, t) in terms.iter().enumerate() {
        let path = Path::root("allowedTopologies").index(i);
        for (j, r) in t.get("matchLabelExpressions").items().iter().enumerate() {
            let path = path.child("matchLabelExpressions").index(j);
            let values = r.get("values").items();
            if values.is_empty() {
                errors.required(&path.child("values"), "");
            }
            for (k, v) in values.iter().enumerate() {
                if values.iter().take(k).any(|o| o == v) {
                    errors.duplicate(&path.child("values").index(k), v.clone());
                }
            }
            meta::each(errors, &path.child("key"), r.text("key"), names::qualified(r.text("key")));
        }
        if terms.iter().take(i).any(|o| o == t) {
            errors.duplicate(&path.child("matchLabelExpressions"), "");
        }
    }
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    if new.get("parameters") != old.get("parameters") {
        errors.forbidden(&Path::root("parameters"), "updates to parameters are forbidden.");
    }
    for key in ["provisioner", "reclaimPolicy", "volumeBindingMode"] {
        meta::immutable(new.get(key), old.get(key), &Path::root(key), errors);
    }
}
