//! The description of a HorizontalPodAutoscaler.
//! Upstream: `describeHorizontalPodAutoscalerV2` in `kubectl:pkg/describe/describe.go`.

use crate::describe::{Describe, rfc1123};
use machinery::{NULL, Object, Value};

pub fn hpa(o: &Object, d: &mut Describe) {
    let (spec, status) = (o.spec(), o.status());
    d.head(o);
    d.labels_and_annotations(o);
    d.line(
        0,
        format!(
            "CreationTimestamp:\t{}",
            rfc1123(o.text("metadata.creationTimestamp"))
        ),
    );
    let target = spec.get("scaleTargetRef");
    d.line(
        0,
        format!(
            "Reference:\t{}/{}",
            target.text("kind"),
            target.text("name")
        ),
    );
    d.line(0, "Metrics:\t( current / target )");
    for (i, m) in spec.get("metrics").items().iter().enumerate() {
        let current = status.get("currentMetrics").items().get(i).unwrap_or(NULL);
        d.line(1, metric(m, current));
    }
    let min = match spec.get("minReplicas").as_i64() {
        Some(n) => n.to_string(),
        None => "<unset>".into(),
    };
    d.line(0, format!("Min replicas:\t{min}"));
    d.line(0, format!("Max replicas:\t{}", spec.int("maxReplicas")));
    if !spec.get("behavior").is_null() {
        d.line(0, "Behavior:");
        behavior(d, "Scale Up", spec.at("behavior.scaleUp"));
        behavior(d, "Scale Down", spec.at("behavior.scaleDown"));
    }
    let (now, wanted) = (status.int("currentReplicas"), status.int("desiredReplicas"));
    d.line(
        0,
        format!(
            "{} pods:\t{now} current / {wanted} desired",
            target.text("kind")
        ),
    );
    let conditions = status.get("conditions").items();
    if !conditions.is_empty() {
        d.line(0, "Conditions:");
        d.line(1, "Type\tStatus\tReason\tMessage");
        d.line(1, "----\t------\t------\t-------");
    }
    for c in conditions {
        let (kind, status) = (c.text("type"), c.text("status"));
        d.line(
            1,
            format!(
                "{kind}\t{status}\t{}\t{}",
                c.text("reason"),
                c.text("message")
            ),
        );
    }
    d.events(o);
}

fn metric(m: &Value, current: &Value) -> String {
    let quantity = |v: &Value, there: bool| match v.as_str() {
        Some(s) => s.to_string(),
        None if there => "0".into(),
        None => "<unknown>".into(),
    };
    let field = match m.text("type") {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        other => return format!("<unknown metric type {other:?}>"),
    };
    let (source, have) = (m.get(field), current.get(field));
    let (want, now, there) = (source.get("target"), have.get("current"), !have.is_null());
    let average = (
        quantity(now.get("averageValue"), there),
        want.text("averageValue"),
    );
    let value = (quantity(now.get("value"), there), want.text("value"));
    let name = machinery::json::quote(source.text("metric.name"));
    match field {
        "external" if !want.get("averageValue").is_null() => {
            let now = quantity(now.get("averageValue"), false);
            format!("{name} (target average value):\t{now} / {}", average.1)
        }
        "external" => format!("{name} (target value):\t{} / {}", value.0, value.1),
        "pods" => format!("{name} on pods:\t{} / {}", average.0, average.1),
        "object" => {
            let about = source.get("describedObject");
            let head = format!("{name} on {}/{} ", about.text("kind"), about.text("name"));
            match want.text("type") {
                "AverageValue" => format!(
                    "{head}(target average value):\t{} / {}",
                    average.0, average.1
                ),
                _ => format!("{head}(target value):\t{} / {}", value.0, value.1),
            }
        }
        _ => {
            let of = match field {
                "resource" => String::new(),
                _ => format!(" of container \"{}\"", source.text("container")),
            };
            let head = format!("resource {}{of} on pods", source.text("name"));
            if !want.get("averageValue").is_null() {
                return format!("{head}:\t{} / {}", average.0, average.1);
            }
            let now = match now.get("averageUtilization").as_i64() {
                Some(n) => format!("{n}% ({})", average.0),
                None => "<unknown>".into(),
            };
            let target = match want.get("averageUtilization").as_i64() {
                Some(n) => format!("{n}%"),
                None => "<auto>".into(),
            };
            // Upstream indents the second half of the line once more.
            format!("{head}  (as a percentage of request):\t{now} / {target}")
        }
    }
}

fn behavior(d: &mut Describe, title: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    d.line(1, format!("{title}:"));
    if let Some(seconds) = rules.get("stabilizationWindowSeconds").as_i64() {
        d.line(2, format!("Stabilization Window: {seconds} seconds"));
    }
    let policies = rules.get("policies").items();
    if !policies.is_empty() {
        let select = match rules.text("selectPolicy") {
            "" => "Max",
            policy => policy,
        };
        d.line(2, format!("Select Policy: {select}"));
        d.line(2, "Policies:");
    }
    for p in policies {
        let (kind, value, period) = (p.text("type"), p.int("value"), p.int("periodSeconds"));
        d.line(
            3,
            format!("- Type: {kind}\tValue: {value}\tPeriod: {period} seconds"),
        );
    }
}
