//! StatefulSet: pods with steady names and storage, started one after another.
//! Upstream: `kubernetes:pkg/registry/apps/statefulset/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, ScalePaths, Subresource};
use crate::normal::{each, normalize, within};
use machinery::{Object, Value, value};

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
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
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
