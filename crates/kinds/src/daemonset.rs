//! DaemonSet: one pod on every node that fits.
//! Upstream: `kubernetes:pkg/registry/apps/daemonset/strategy.go`.

use crate::workload;
use crate::meta;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "DaemonSet",
    plural: "daemonsets",
    singular: "daemonset",
    short: &["ds"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create,
    prepare_update,
    columns: &[
        Column::NAME,
        Column::int("Desired"),
        Column::int("Current"),
        Column::int("Ready"),
        Column::int("Up-to-date"),
        Column::int("Available"),
        Column::text("Node Selector"),
        Column::AGE,
        Column::wide("Containers"),
        Column::wide("Images"),
        Column::wide("Selector"),
    ],
    cells: row,
    describe,
    validate,
    validate_update: workload::same_selector,
    warnings: crate::warnings::template,
    ..Kind::NONE
};

/// The older count of template changes, still written beside `metadata.generation`.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

fn default(v: &mut Value) {
    within(v, "spec", |spec| {
        spec.set_default("revisionHistoryLimit", 10);
        spec.set_default("updateStrategy", Value::map());
        within(spec, "updateStrategy", |s| {
            s.set_default("type", "RollingUpdate");
            if s.text("type") == "RollingUpdate" {
                s.set_default("rollingUpdate.maxUnavailable", 1);
                s.set_default("rollingUpdate.maxSurge", 0);
            }
        });
        crate::pod_defaults::template(spec, "template");
    });
}

fn prepare_create(v: &mut Value) {
    v.set(
        "status",
        value!({ "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0 }),
    );
    set_template_generation(v, 1);
}

fn prepare_update(new: &mut Value, old: &Value) {
    new.set("status", old.get("status").clone());
    let was: i64 = old.at("metadata.annotations").get(TEMPLATE_GENERATION).as_str().and_then(|s| s.parse().ok()).unwrap_or(0);
    let changed = new.at("spec.template") != old.at("spec.template");
    set_template_generation(new, was + i64::from(changed));
}

fn set_template_generation(v: &mut Value, n: i64) {
    if n > 0 && v.at("metadata.annotations").get(TEMPLATE_GENERATION).as_str() != Some(&n.to_string()) {
        *v.place("metadata.annotations").field(TEMPLATE_GENERATION) = Value::from(n.to_string());
    }
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let [containers, images, selector] = cells::wide_template(o);
    vec![
        Value::str(o.name()),
        o.int("status.desiredNumberScheduled").into(),
        o.int("status.currentNumberScheduled").into(),
        o.int("status.numberReady").into(),
        o.int("status.updatedNumberScheduled").into(),
        o.int("status.numberAvailable").into(),
        cells::labels(o.at("spec.template.spec.nodeSelector")).into(),
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
    let nodes = cells::labels(o.at("spec.template.spec.nodeSelector"));
    d.line(0, format!("Node-Selector:\t{nodes}"));
    d.labels_and_annotations(o);
    for (title, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        d.line(0, format!("{title}: {}", o.status().int(field)));
    }
    let pods = d.pods_status(o, &selector);
    d.line(0, format!("Pods Status:\t{pods}"));
    crate::pod_describe::template(d, o.at("spec.template"));
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    meta::selector(spec.get("selector"), &path.child("selector"), errors);
    workload::matching(spec, &path, errors);
    if spec.get("selector").as_map().is_some_and(|_| workload::is_empty(spec.get("selector"))) {
        let value = spec.get("selector").clone();
        errors.invalid(&path.child("selector"), value, "empty selector is invalid for daemonset");
    }
    workload::template(spec, "DaemonSet", &path, errors);
    meta::non_negative(spec.int("minReadySeconds"), &path.child("minReadySeconds"), errors);
    update_strategy(spec.get("updateStrategy"), &path.child("updateStrategy"), errors);
    meta::non_negative(spec.int("revisionHistoryLimit"), &path.child("revisionHistoryLimit"), errors);
}

fn update_strategy(s: &Value, path: &Path, errors: &mut Errors) {
    let rolling = s.get("rollingUpdate");
    let at = path.child("rollingUpdate");
    match s.text("type") {
        "OnDelete" => {}
        "RollingUpdate" if rolling.is_null() => errors.required(&at, ""),
        "RollingUpdate" => {
            let (down, up) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
            for (key, v) in [("maxUnavailable", down), ("maxSurge", up)] {
                workload::amount(v, &at.child(key), errors);
                workload::at_most_all(v, &at.child(key), errors);
            }
            match (workload::amount_of(down) != 0, workload::amount_of(up) != 0) {
                (true, true) => {
                    let why = "may not be set when maxUnavailable is non-zero";
                    errors.invalid(&at.child("maxSurge"), up.clone(), why);
                }
                (false, false) => errors.required(&at.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
                _ => {}
            }
        }
        other => errors.not_supported(&path.child("type"), Value::str(other), &["RollingUpdate", "OnDelete"]),
    }
}
