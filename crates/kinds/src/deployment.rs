//! Deployment: keeps a number of equal pods running and replaces them gradually, through ReplicaSets.
//! Upstream: `kubernetes:pkg/registry/apps/deployment/strategy.go`, `pkg/apis/apps/v1/defaults.go`.

use crate::workload;
use crate::meta;
use crate::describe::{Describe, rfc1123, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, ScalePaths, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value};

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
    describe,
    validate,
    validate_update: workload::same_selector,
    warnings: crate::warnings::named_template,
    ..Kind::NONE
};

fn default(v: &mut Value) {
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

fn describe(o: &Object, d: &mut Describe) {
    let (spec, status) = (o.spec(), o.status());
    d.head(o);
    d.line(0, format!("CreationTimestamp:\t{}", rfc1123(o.text("metadata.creationTimestamp"))));
    d.labels_and_annotations(o);
    let selector = cells::selector(spec.get("selector"));
    d.line(0, format!("Selector:\t{selector}"));
    d.line(
        0,
        format!(
            "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable",
            spec.int("replicas"),
            status.int("updatedReplicas"),
            status.int("replicas"),
            status.int("availableReplicas"),
            status.int("unavailableReplicas")
        ),
    );
    d.line(0, format!("StrategyType:\t{}", spec.text("strategy.type")));
    d.line(0, format!("MinReadySeconds:\t{}", spec.int("minReadySeconds")));
    let rolling = spec.at("strategy.rollingUpdate");
    if !rolling.is_null() {
        let (down, up) = (plain(rolling.get("maxUnavailable")), plain(rolling.get("maxSurge")));
        d.line(0, format!("RollingUpdateStrategy:\t{down} max unavailable, {up} max surge"));
    }
    crate::pod_describe::template(d, spec.get("template"));
    d.conditions(o);
    let (old, new) = replica_sets(o, d.related.list("apps/v1", "ReplicaSet", o.namespace(), &selector));
    if !old.is_empty() || new.is_some() {
        d.line(0, format!("OldReplicaSets:\t{}", counts(&old)));
        d.line(0, format!("NewReplicaSet:\t{}", counts(new.as_slice())));
    }
    d.events(o);
}

/// Of the ReplicaSets that match the selector, those of older templates and the one of the present template.
pub fn replica_sets(o: &Object, all: Vec<Object>) -> (Vec<Object>, Option<Object>) {
    let mut mine: Vec<Object> = all.into_iter().filter(|rs| rs.is_controlled_by(o)).collect();
    let same = |rs: &Object| same_template(rs.at("spec.template"), o.at("spec.template"));
    let oldest = mine.iter().enumerate().filter(|(_, rs)| same(rs));
    let new = oldest.min_by_key(|(_, rs)| (rs.created(), rs.name().to_string())).map(|(i, _)| i);
    let new = new.map(|i| mine.remove(i));
    (mine, new)
}

/// Equal but for the `pod-template-hash` label.
pub fn same_template(a: &Value, b: &Value) -> bool {
    let without = |t: &Value| {
        let mut t = t.clone();
        if t.at("metadata.labels").has("pod-template-hash") {
            t.place("metadata.labels").map_mut().remove("pod-template-hash");
        }
        if t.at("metadata.labels").is_empty() {
            t.remove("metadata.labels");
        }
        t
    };
    a.get("spec") == b.get("spec") && without(a) == without(b)
}

fn counts(sets: &[Object]) -> String {
    let one = |rs: &Object| {
        let (now, wanted) = (rs.int("status.replicas"), rs.int("spec.replicas"));
        format!("{} ({now}/{wanted} replicas created)", rs.name())
    };
    cells::or_none(sets.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    meta::non_negative(spec.int("replicas"), &path.child("replicas"), errors);
    workload::selected(spec, "deployment", &path, errors);
    strategy(spec.get("strategy"), &path.child("strategy"), errors);
    meta::non_negative(spec.int("minReadySeconds"), &path.child("minReadySeconds"), errors);
    meta::non_negative(spec.int("revisionHistoryLimit"), &path.child("revisionHistoryLimit"), errors);
    if let Some(n) = spec.get("progressDeadlineSeconds").as_i64() {
        let path = path.child("progressDeadlineSeconds");
        meta::non_negative(n, &path, errors);
        if n <= spec.int("minReadySeconds") {
            errors.invalid(&path, n, "must be greater than minReadySeconds");
        }
    }
}

fn strategy(s: &Value, path: &Path, errors: &mut Errors) {
    let rolling = s.get("rollingUpdate");
    let at = path.child("rollingUpdate");
    match s.text("type") {
        "Recreate" if !rolling.is_null() => {
            errors.forbidden(&at, "may not be specified when strategy `type` is 'Recreate'");
        }
        "Recreate" => {}
        "RollingUpdate" => {
            let (down, up) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
            workload::amount(down, &at.child("maxUnavailable"), errors);
            workload::amount(up, &at.child("maxSurge"), errors);
            if workload::amount_of(down) == 0 && workload::amount_of(up) == 0 {
                let why = "may not be 0 when `maxSurge` is 0";
                errors.invalid(&at.child("maxUnavailable"), down.clone(), why);
            }
            workload::at_most_all(down, &at.child("maxUnavailable"), errors);
        }
        other => errors.not_supported(&path.child("type"), Value::str(other), &["Recreate", "RollingUpdate"]),
    }
}
