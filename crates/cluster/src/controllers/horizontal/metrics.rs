//! What pods use, against what is asked of them. Upstream: `pkg/controller/podautoscaler/replica_calculator.go`.

use crate::controllers::pods;
use crate::cx::Cx;
use crate::kubelet::metrics;
use crate::scheduler::read_resource;
use machinery::{Object, Value, value};

pub struct Wish {
    pub replicas: i64,
    /// `cpu resource utilization (percentage of request)`
    pub name: String,
    /// For `status.currentMetrics`.
    pub current: Value,
}

/// Reason and words of a failure.
type Failure = (&'static str, String);

/// Differences of less than a tenth change nothing.
const TOLERANCE_PERCENT: i64 = 10;

pub fn wish(
    cx: &Cx,
    hpa: &Object,
    metric: &Value,
    all: &[Object],
    have: i64,
) -> Result<Wish, Failure> {
    if metric.text("type") != "Resource" {
        let kind = metric.text("type");
        let text = format!("bottleship does not simulate metrics of type {kind}");
        return Err(("InvalidMetricSourceType", text));
    }
    let name = metric.text("resource.name");
    let target = metric.at("resource.target");
    let fail = |why: String| -> Failure {
        let what = match target.text("type") {
            "Utilization" => format!("failed to get {name} utilization: {why}"),
            _ => format!("failed to get {name} usage: {why}"),
        };
        ("FailedGetResourceMetric", what)
    };
    if !metrics::available(cx.cluster) {
        return Err(fail(format!(
            "unable to get metrics for resource {name}: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
        )));
    }
    let (mut used, mut requested, mut counted) = (0, 0, 0);
    for p in all
        .iter()
        .filter(|p| pods::is_active(p) && pods::is_ready(p))
    {
        let usage = metrics::pod(cx.cluster, p);
        if usage.is_empty() {
            continue;
        }
        counted += 1;
        used += usage
            .iter()
            .map(|(_, u)| {
                if name == "cpu" {
                    u.cpu_milli
                } else {
                    u.memory_bytes
                }
            })
            .sum::<i64>();
        for c in p.at("spec.containers").items() {
            let r = c.at("resources.requests").get(name);
            if r.is_null() && target.text("type") == "Utilization" {
                let container = c.text("name");
                return Err(fail(format!(
                    "missing request for {name} in container {container} of Pod {}",
                    p.name()
                )));
            }
            requested += read_resource(name, r);
        }
    }
    if counted == 0 {
        let text = format!(
            "unable to get metrics for resource {name}: no metrics returned from resource metrics API"
        );
        return Err(fail(text));
    }
    let (replicas, shown, label) = match target.text("type") {
        "Utilization" => {
            let percent = used * 100 / requested.max(1);
            let aim = target.int("averageUtilization").max(1);
            let shown = value!({ "averageUtilization": percent, "averageValue": amount(name, used / counted) });
            (
                sized(percent, aim, counted, have),
                shown,
                "utilization (percentage of request)",
            )
        }
        _ => {
            let each = used / counted;
            let aim = read_resource(name, target.get("averageValue")).max(1);
            let shown = value!({ "averageValue": amount(name, each) });
            (sized(each, aim, counted, have), shown, "")
        }
    };
    let _ = hpa;
    Ok(Wish {
        replicas,
        name: format!("{name} resource {label}").trim_end().to_string(),
        current: value!({ "type": "Resource", "resource": { "name": Value::str(name), "current": shown } }),
    })
}

/// ceil(pods × use / target), or what there is if the difference is small.
fn sized(current: i64, aim: i64, counted: i64, have: i64) -> i64 {
    if (current - aim).abs() * 100 <= aim * TOLERANCE_PERCENT {
        return have;
    }
    (counted * current + aim - 1) / aim
}

fn amount(name: &str, n: i64) -> String {
    match name {
        "cpu" => format!("{n}m"),
        _ => n.to_string(),
    }
}
