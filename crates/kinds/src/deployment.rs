//! Deployment: keeps a number of equal pods running and replaces them gradually, through ReplicaSets.
//! Upstream: `kubernetes:pkg/registry/apps/deployment/strategy.go`, `pkg/apis/apps/v1/defaults.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, ScalePaths, Subresource};
use crate::normal::{normalize, within};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short: &["deploy"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::SCALE, Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[
        Column::NAME,
        Column::text("Ready"),
        Column::int("Up-to-date"),
        Column::int("Available"),
        Column::AGE,
        Column::wide("Containers"),
        Column::wide("Images"),
        Column::wide("Selector"),
    ],
    cells: row,
    scale: Some(ScalePaths { spec: "spec.replicas", status: "status.replicas", selector: "spec.selector" }),
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("spec.replicas", 1);
    v.set_default("spec.revisionHistoryLimit", 10);
    v.set_default("spec.progressDeadlineSeconds", 600);
    within(v, "spec", |spec| {
        spec.set_default("strategy", Value::map());
        within(spec, "strategy", |s| {
            s.set_default("type", "RollingUpdate");
            if s.text("type") == "RollingUpdate" {
                s.set_default("rollingUpdate.maxUnavailable", "25%");
                s.set_default("rollingUpdate.maxSurge", "25%");
            }
        });
        crate::pod_defaults::template(spec, "template");
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let [containers, images, selector] = cells::wide_template(o);
    vec![
        Value::str(o.name()),
        Value::from(format!("{}/{}", o.int("status.readyReplicas"), o.int("spec.replicas"))),
        o.int("status.updatedReplicas").into(),
        o.int("status.availableReplicas").into(),
        cells::age(o, cx),
        containers,
        images,
        selector,
    ]
}
