//! StatefulSet: pods with steady names and storage, started one after another.
//! Upstream: `kubernetes:pkg/registry/apps/statefulset/strategy.go`.

use crate::workload;
use crate::meta;
use crate::describe::{Describe, rfc1123, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, ScalePaths, Subresource};
use crate::edit::{each, within};
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short: &["sts"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::SCALE, Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", value!({ "availableReplicas": 0, "replicas": 0 })),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Ready"), Column::AGE, Column::wide("Containers"), Column::wide("Images")],
    cells: row,
    scale: Some(ScalePaths { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" }),
    describe,
    validate,
    validate_update,
    warnings: crate::warnings::template,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", |spec| {
        spec.set_default("podManagementPolicy", "OrderedReady");
        spec.set_default("updateStrategy", Value::map());
        within(spec, "updateStrategy", |s| {
            if s.text("type").is_empty() {
                s.set("type", "RollingUpdate");
                s.set_default("rollingUpdate", Value::map());
            }
            if s.text("type") == "RollingUpdate" && s.has("rollingUpdate") {
                s.set_default("rollingUpdate.partition", 0);
            }
        });
        spec.set_default("persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain");
        spec.set_default("persistentVolumeClaimRetentionPolicy.whenScaled", "Retain");
        spec.set_default("replicas", 1);
        spec.set_default("revisionHistoryLimit", 10);
        each(spec, "volumeClaimTemplates", |c| {
            c.set_default("apiVersion", "v1");
            c.set_default("kind", "PersistentVolumeClaim");
            c.set_default("metadata", Value::map());
            c.set_default("spec", Value::map());
            within(c, "spec", crate::pod_defaults::claim_spec);
            c.set_default("status.phase", "Pending");
        });
        crate::pod_defaults::template(spec, "template");
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let (names, images) = cells::containers(o.at("spec.template.spec"));
    vec![
        Value::str(o.name()),
        format!("{}/{}", o.int("status.readyReplicas"), o.int("spec.replicas")).into(),
        cells::age(o, cx),
        names.into(),
        images.into(),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    d.head(o);
    d.line(0, format!("CreationTimestamp:\t{}", rfc1123(o.text("metadata.creationTimestamp"))));
    let selector = cells::selector(spec.get("selector"));
    d.line(0, format!("Selector:\t{selector}"));
    d.labels_and_annotations(o);
    let (wanted, now) = (spec.int("replicas"), o.int("status.replicas"));
    d.line(0, format!("Replicas:\t{wanted} desired | {now} total"));
    d.line(0, format!("Update Strategy:\t{}", spec.text("updateStrategy.type")));
    let rolling = spec.at("updateStrategy.rollingUpdate");
    if let Some(partition) = rolling.get("partition").as_i64() {
        d.line(1, format!("Partition:\t{partition}"));
        if !rolling.get("maxUnavailable").is_null() {
            d.line(1, format!("MaxUnavailable:\t{}", plain(rolling.get("maxUnavailable"))));
        }
    }
    let pods = d.pods_status(o, &selector);
    d.line(0, format!("Pods Status:\t{pods}"));
    crate::pod_describe::template(d, spec.get("template"));
    claims(d, spec.get("volumeClaimTemplates"));
    d.events(o);
}

fn claims(d: &mut Describe, templates: &Value) {
    if templates.items().is_empty() {
        d.line(0, "Volume Claims:\t<none>");
        return;
    }
    d.line(0, "Volume Claims:");
    for c in templates.items() {
        d.line(1, format!("Name:\t{}", c.text("metadata.name")));
        let class = crate::persistentvolume::storage_class(&Object(c.clone()));
        d.line(1, format!("StorageClass:\t{class}"));
        for (title, map) in [("Labels", "metadata.labels"), ("Annotations", "metadata.annotations")] {
            let pair = |(k, v): &(machinery::Str, Value)| format!("{k}={}", v.as_str().unwrap_or(""));
            d.multiline("  ", title, c.at(map).entries().iter().map(pair).collect());
        }
        let capacity = match c.text("spec.resources.requests.storage") {
            "" => "<default>",
            amount => amount,
        };
        d.line(1, format!("Capacity:\t{capacity}"));
        d.line(1, format!("Access Modes:\t{}", plain(c.at("spec.accessModes"))));
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    match spec.text("podManagementPolicy") {
        "OrderedReady" | "Parallel" => {}
        "" => errors.required(&path.child("podManagementPolicy"), ""),
        other => {
            let why = "must be 'OrderedReady' or 'Parallel'";
            errors.invalid(&path.child("podManagementPolicy"), Value::str(other), why);
        }
    }
    let (strategy, at) = (spec.get("updateStrategy"), path.child("updateStrategy"));
    let rolling = strategy.get("rollingUpdate");
    match strategy.text("type") {
        "OnDelete" if !rolling.is_null() => {
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            errors.invalid(&at.child("rollingUpdate"), rolling.clone(), why);
        }
        "OnDelete" => {}
        "RollingUpdate" => {
            let at = at.child("rollingUpdate");
            meta::non_negative(rolling.int("partition"), &at.child("partition"), errors);
            if !rolling.get("maxUnavailable").is_null() {
                workload::amount(rolling.get("maxUnavailable"), &at.child("maxUnavailable"), errors);
            }
        }
        "" => errors.required(&at, ""),
        _ => errors.invalid(&at, strategy.clone(), "must be 'RollingUpdate' or 'OnDelete'"),
    }
    for key in ["whenDeleted", "whenScaled"] {
        let text = spec.get("persistentVolumeClaimRetentionPolicy").text(key);
        if !["Retain", "Delete"].contains(&text) {
            let at = path.child("persistentVolumeClaimRetentionPolicy").child(key);
            errors.not_supported(&at, Value::str(text), &["Retain", "Delete"]);
        }
    }
    meta::non_negative(spec.int("replicas"), &path.child("replicas"), errors);
    meta::non_negative(spec.int("minReadySeconds"), &path.child("minReadySeconds"), errors);
    meta::non_negative(spec.at("ordinals.start").as_i64().unwrap_or(0), &path.child("ordinals.start"), errors);
    let service = spec.text("serviceName");
    if !service.is_empty() && o.resource_version() == 0 {
        meta::each(errors, &path.child("serviceName"), service, crate::names::dns_label(service));
    }
    // A pod of the set gets a volume for each claim, before one of its own by that name.
    let mut spec = spec.clone();
    for c in o.at("spec.volumeClaimTemplates").items() {
        let name = c.at("metadata.name");
        spec.place("template.spec.volumes").list_mut().retain(|v| v.get("name") != name);
        let volume = value!({ "name": name, "persistentVolumeClaim": { "claimName": name } });
        spec.place("template.spec.volumes").push(volume);
    }
    workload::selected_as(&spec, "statefulset", "StatefulSet", &path, errors);
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    const CHANGEABLE: [&str; 7] = [
        "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
    ];
    let rest = |o: &Object| {
        let mut spec = o.spec().clone();
        for key in CHANGEABLE {
            spec.remove(key);
        }
        spec
    };
    if rest(new) != rest(old) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        errors.forbidden(&Path::root("spec"), why);
    }
}
