//! ReplicaSet: keeps a number of equal pods running.
//! Upstream: `kubernetes:pkg/registry/apps/replicaset/strategy.go`.

use crate::workload;
use crate::meta;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind, ScalePaths, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short: &["rs"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::SCALE, Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", value!({ "replicas": 0 })),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: COLUMNS,
    cells: row,
    scale: Some(ScalePaths { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" }),
    describe,
    validate,
    validate_update: workload::same_selector,
    warnings: crate::warnings::named_template,
    ..Kind::NONE
};

/// A ReplicationController's too.
pub const COLUMNS: &[Column] = &[
    Column::NAME,
    Column::int("Desired"),
    Column::int("Current"),
    Column::int("Ready"),
    Column::AGE,
    Column::wide("Containers"),
    Column::wide("Images"),
    Column::wide("Selector"),
];

fn default(v: &mut Value) {
    v.set_default("spec.replicas", 1);
    within(v, "spec", |spec| crate::pod_defaults::template(spec, "template"));
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let [containers, images, selector] = cells::wide_template(o);
    vec![
        Value::str(o.name()),
        o.int("spec.replicas").into(),
        o.int("status.replicas").into(),
        o.int("status.readyReplicas").into(),
        cells::age(o, cx),
        containers,
        images,
        selector,
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    let selector = cells::selector(o.at("spec.selector"));
    d.line(0, format!("Selector:\t{selector}"));
    d.labels_and_annotations(o);
    d.controlled_by(o);
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
    meta::non_negative(spec.int("replicas"), &path.child("replicas"), errors);
    meta::non_negative(spec.int("minReadySeconds"), &path.child("minReadySeconds"), errors);
    workload::selected(spec, "deployment", &path, errors);
}
