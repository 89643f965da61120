//! HorizontalPodAutoscaler as `autoscaling/v1` speaks it: CPU only. The same object as `autoscaling/v2` keeps, converted.
//! Upstream: `kubernetes:pkg/apis/autoscaling/v1/{defaults,conversion}.go`. Metrics other than CPU, which upstream
//! keeps in annotations of the v1 form, are left out of it here, and such annotations are dropped.

use crate::horizontalpodautoscaler as v2;
use crate::kind::{Kind, StoredAs};
use crate::edit::within;
use machinery::{Value, value};

pub const KIND: Kind = Kind {
    version: "v1",
    default,
    prepare_create: |v| v.set("status", value!({ "currentReplicas": 0, "desiredReplicas": 0 })),
    stored_as: Some(StoredAs {
        kind: &v2::KIND,
        to_stored,
        from_stored,
    }),
    ..v2::KIND
};

fn default(v: &mut Value) {
    within(v, "spec", |spec| spec.set_default("minReplicas", 1));
}

fn to_stored(v: &mut Value) {
    v.set("apiVersion", "autoscaling/v2");
    // Older clients wrote here what the v1 form has no fields for; the server reads it into the newer form's fields.
    for key in ["behavior", "conditions", "current-metrics", "metrics"] {
        let key = format!("autoscaling.alpha.kubernetes.io/{key}");
        if v.at("metadata.annotations").has(&key) {
            v.place("metadata.annotations").map_mut().remove(&key);
        }
    }
    if v.at("metadata.annotations").is_empty() {
        v.remove("metadata.annotations");
    }
    let target = v.remove("spec.targetCPUUtilizationPercentage");
    if let Some(percent) = target.as_i64() {
        let cpu = value!({
            "type": "Resource",
            "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": percent } },
        });
        v.set("spec.metrics", Value::from(vec![cpu]));
    }
    let current = v.remove("status.currentCPUUtilizationPercentage");
    if let Some(percent) = current.as_i64() {
        let cpu = value!({
            "type": "Resource",
            "resource": { "name": "cpu", "current": { "averageUtilization": percent, "averageValue": "0" } },
        });
        v.set("status.currentMetrics", Value::from(vec![cpu]));
    }
}

fn from_stored(v: &mut Value) {
    v.set("apiVersion", "autoscaling/v1");
    let metrics = v.remove("spec.metrics");
    let cpu = |m: &&Value| m.text("type") == "Resource" && m.text("resource.name") == "cpu";
    let wanted = metrics.items().iter().find(cpu).map(|m| m.int("resource.target.averageUtilization"));
    if let Some(percent) = wanted.filter(|p| *p != 0) {
        v.set("spec.targetCPUUtilizationPercentage", percent);
    }
    let metrics = v.remove("status.currentMetrics");
    let now = metrics.items().iter().find(cpu).map(|m| m.int("resource.current.averageUtilization"));
    if let Some(percent) = now {
        v.set("status.currentCPUUtilizationPercentage", percent);
    }
    v.remove("spec.behavior");
    v.remove("status.conditions");
    within(v, "status", |s| {
        s.set_default("currentReplicas", 0);
        s.set_default("desiredReplicas", 0);
    });
}
