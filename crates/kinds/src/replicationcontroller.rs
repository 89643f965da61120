//! ReplicationController: what ReplicaSets were before Deployments.
//! Upstream: `kubernetes:pkg/registry/core/replicationcontroller/strategy.go`.

use crate::workload;
use crate::meta;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Kind, ScalePaths, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ReplicationController",
    plural: "replicationcontrollers",
    singular: "replicationcontroller",
    short: &["rc"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::SCALE, Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", value!({ "replicas": 0 })),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: crate::replicaset::COLUMNS,
    cells: row,
    scale: Some(ScalePaths { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" }),
    describe,
    validate,
    warnings: crate::warnings::named_template,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    let labels = v.at("spec.template.metadata.labels").clone();
    if !labels.is_empty() {
        v.set_default("spec.selector", labels.clone());
        v.set_default("metadata.labels", labels);
    }
    v.set_default("spec.replicas", 1);
    within(v, "spec", |spec| crate::pod_defaults::template(spec, "template"));
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let (names, images) = cells::containers(o.at("spec.template.spec"));
    vec![
        Value::str(o.name()),
        o.int("spec.replicas").into(),
        o.int("status.replicas").into(),
        o.int("status.readyReplicas").into(),
        cells::age(o, cx),
        names.into(),
        images.into(),
        cells::labels(o.at("spec.selector")).into(),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    let selector = cells::labels(o.at("spec.selector"));
    d.line(0, format!("Selector:\t{selector}"));
    d.labels_and_annotations(o);
    let (now, wanted) = (o.int("status.replicas"), o.int("spec.replicas"));
    d.line(0, format!("Replicas:\t{now} current / {wanted} desired"));
    let pods = d.pods_status(o, &selector);
    d.line(0, format!("Pods Status:\t{pods}"));
    crate::pod_describe::template(d, o.at("spec.template"));
    d.conditions(o);
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    meta::non_negative(spec.int("minReadySeconds"), &path.child("minReadySeconds"), errors);
    let selector = spec.get("selector");
    if selector.is_empty() {
        errors.required(&path.child("selector"), "");
    }
    meta::non_negative(spec.int("replicas"), &path.child("replicas"), errors);
    if spec.get("template").is_null() {
        errors.required(&path.child("template"), "");
        return;
    }
    let labels = spec.at("template.metadata.labels");
    let equal = |(k, v): &(machinery::Str, Value)| labels.get(k) == v;
    if !selector.entries().iter().all(equal) {
        let at = path.child("template").child("metadata").child("labels");
        errors.invalid(&at, labels.clone(), "`selector` does not match template `labels`");
    }
    workload::template(spec, "ReplicationController", &path, errors);
}
