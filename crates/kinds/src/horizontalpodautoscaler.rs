//! HorizontalPodAutoscaler: changes the number of replicas as metrics rise and fall.
//! Upstream: `kubernetes:pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go`.

use crate::names;
use crate::meta;
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value, value};

pub const KIND: Kind = Kind {
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    singular: "horizontalpodautoscaler",
    short: &["hpa"],
    categories: &["all"],
    namespaced: true,
    generation: false,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", value!({ "currentMetrics": null, "desiredReplicas": 0 })),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Reference"), Column::text("Targets"), Column::text("MinPods"), Column::text("MaxPods"), Column::int("Replicas"), Column::AGE],
    cells: row,
    describe: crate::hpa_describe::hpa,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", |spec| {
        spec.set_default("minReplicas", 1);
        if spec.at("metrics").is_empty() {
            let cpu = value!({
                "type": "Resource",
                "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 } },
            });
            spec.set("metrics", Value::from(vec![cpu]));
        }
        within(spec, "behavior", behavior);
    });
}

fn behavior(b: &mut Value) {
    let policy = |kind: &'static str, value: i64| value!({ "type": kind, "value": value, "periodSeconds": 15 });
    b.set_default("scaleUp", Value::map());
    within(b, "scaleUp", |up| {
        up.set_default("stabilizationWindowSeconds", 0);
        up.set_default("selectPolicy", "Max");
        up.set_default("policies", Value::from(vec![policy("Pods", 4), policy("Percent", 100)]));
    });
    b.set_default("scaleDown", Value::map());
    within(b, "scaleDown", |down| {
        down.set_default("selectPolicy", "Max");
        down.set_default("policies", Value::from(vec![policy("Percent", 100)]));
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let min = match o.at("spec.minReplicas").as_i64() {
        Some(n) => n.to_string(),
        None => "<unset>".into(),
    };
    let reference = o.at("spec.scaleTargetRef");
    vec![
        Value::str(o.name()),
        format!("{}/{}", reference.text("kind"), reference.text("name")).into(),
        targets(o).into(),
        min.into(),
        o.int("spec.maxReplicas").to_string().into(),
        o.int("status.currentReplicas").into(),
        cells::age(o, cx),
    ]
}

/// `cpu: 10%/80% + 2 more...`: two at most.
pub fn targets(o: &Object) -> String {
    let specs = o.at("spec.metrics").items();
    if specs.is_empty() {
        return "<none>".into();
    }
    let current = o.at("status.currentMetrics").items();
    let texts: Vec<String> =
        specs.iter().enumerate().map(|(i, m)| target(m, current.get(i).unwrap_or(machinery::NULL))).collect();
    let shown = texts.iter().take(2).cloned().collect::<Vec<_>>().join(", ");
    if texts.len() > 2 { format!("{shown} + {} more...", texts.len() - 2) } else { shown }
}

fn target(m: &Value, current: &Value) -> String {
    let or_unknown = |v: &Value| match v {
        Value::Str(s) => s.to_string(),
        Value::Int(n) => n.to_string(),
        _ => "<unknown>".to_string(),
    };
    let text = |v: &Value| v.as_str().unwrap_or("").to_string();
    let source = match m.text("type") {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return "<unknown type>".into(),
    };
    let (want, have) = (m.get(source).get("target"), current.get(source).get("current"));
    let named = matches!(source, "resource" | "containerResource");
    let value = match source {
        "pods" => format!("{}/{}", or_unknown(have.get("averageValue")), text(want.get("averageValue"))),
        _ if !want.get("averageValue").is_null() => {
            let avg = if named { "" } else { " (avg)" };
            format!("{}/{}{avg}", or_unknown(have.get("averageValue")), text(want.get("averageValue")))
        }
        "object" | "external" => format!("{}/{}", or_unknown(have.get("value")), text(want.get("value"))),
        _ => {
            let now = match have.get("averageUtilization").as_i64() {
                Some(n) => format!("{n}%"),
                None => "<unknown>".into(),
            };
            let wanted = want.get("averageUtilization").as_i64();
            format!("{now}/{}", wanted.map_or("<auto>".into(), |n| format!("{n}%")))
        }
    };
    if named { format!("{}: {value}", m.get(source).text("name")) } else { value }
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let (min, max) = (spec.get("minReplicas").as_i64(), spec.int("maxReplicas"));
    if let Some(n) = min.filter(|n| *n < 1) {
        errors.invalid(&path.child("minReplicas"), n, "must be greater than or equal to 1");
    }
    if max < 1 {
        errors.invalid(&path.child("maxReplicas"), max, "must be greater than 0");
    }
    if min.is_some_and(|n| max < n) {
        errors.invalid(&path.child("maxReplicas"), max, "must be greater than or equal to `minReplicas`");
    }
    let target = spec.get("scaleTargetRef");
    let at = path.child("scaleTargetRef");
    for key in ["kind", "name"] {
        match target.text(key) {
            "" => errors.required(&at.child(key), ""),
            text => meta::each(errors, &at.child(key), text, names::path_segment(text)),
        }
    }
    let version = target.text("apiVersion");
    let core = target.text("kind") == "ReplicationController" && version == "v1";
    if !version.contains('/') && !core {
        errors.invalid(&at.child("apiVersion"), Value::str(version), "apiVersion must specify API group");
    }
    for (i, m) in spec.get("metrics").items().iter().enumerate() {
        metric(m, &path.child("metrics").index(i), errors);
    }
    for way in ["scaleUp", "scaleDown"] {
        let rules = spec.at("behavior").get(way);
        if !rules.is_null() {
            scaling(rules, &path.child("behavior").child(way), errors);
        }
    }
}

/// How fast a count may change in one direction.
fn scaling(rules: &Value, path: &Path, errors: &mut Errors) {
    const LONGEST: i64 = 3600;
    let window = rules.int("stabilizationWindowSeconds");
    let at = path.child("stabilizationWindowSeconds");
    meta::non_negative(window, &at, errors);
    if window > LONGEST {
        errors.invalid(&at, window, &format!("must be less than or equal to {LONGEST}"));
    }
    let select = rules.text("selectPolicy");
    let known = ["Disabled", "Max", "Min"];
    if !select.is_empty() && !known.contains(&select) {
        errors.not_supported(&path.child("selectPolicy"), Value::str(select), &known);
    }
    let policies = rules.get("policies").items();
    if policies.is_empty() {
        errors.required(&path.child("policies"), "must specify at least one Policy");
    }
    for (i, p) in policies.iter().enumerate() {
        let path = path.child("policies").index(i);
        let known = ["Percent", "Pods"];
        if !known.contains(&p.text("type")) {
            errors.not_supported(&path.child("type"), Value::str(p.text("type")), &known);
        }
        if p.int("value") <= 0 {
            errors.invalid(&path.child("value"), p.int("value"), "must be greater than zero");
        }
        let period = p.int("periodSeconds");
        if period <= 0 {
            errors.invalid(&path.child("periodSeconds"), period, "must be greater than zero");
        }
        if period > 1800 {
            errors.invalid(&path.child("periodSeconds"), period, "must be less than or equal to 1800");
        }
    }
}

fn metric(m: &Value, path: &Path, errors: &mut Errors) {
    let field = match m.text("type") {
        "" => return errors.required(&path.child("type"), "must specify a metric source type"),
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        other => {
            let known = ["ContainerResource", "External", "Object", "Pods", "Resource"];
            return errors.not_supported(&path.child("type"), Value::str(other), &known);
        }
    };
    const SOURCES: [&str; 5] = ["object", "external", "pods", "resource", "containerResource"];
    for other in SOURCES.iter().filter(|s| **s != field && m.has(s)) {
        errors.forbidden(&path.child(other), "must populate the given metric source only");
    }
    let source = m.get(field);
    let path = path.child(field);
    if source.is_null() {
        let why = "must populate information for the given metric source".to_string();
        return errors.required(&path, &why);
    }
    let target = source.get("target");
    let at = path.child("target");
    if field == "object" {
        let at = path.child("describedObject");
        for key in ["kind", "name"] {
            match source.get("describedObject").text(key) {
                "" => errors.required(&at.child(key), ""),
                text => meta::each(errors, &at.child(key), text, names::path_segment(text)),
            }
        }
    }
    if matches!(field, "pods" | "object" | "external") {
        meta::selector(source.at("metric.selector"), &path.child("metric").child("selector"), errors);
        let (name, at) = (source.at("metric.name").as_str().unwrap_or(""), path.child("metric").child("name"));
        match name {
            "" => errors.required(&at, "must specify a metric name"),
            name => meta::each(errors, &at, name, names::path_segment(name)),
        }
    }
    match target.text("type") {
        "" => errors.required(&at.child("type"), "must specify a metric target type"),
        "Utilization" | "Value" | "AverageValue" => {}
        other => {
            let why = "must be either Utilization, Value, or AverageValue";
            errors.invalid(&at.child("type"), Value::str(other), why);
        }
    }
    for key in ["value", "averageValue"] {
        let amount = target.get(key);
        if !amount.is_null() && crate::resource_validate::amount(amount).sign() <= 0 {
            errors.invalid(&at.child(key), amount.clone(), "must be positive");
        }
    }
    match field {
        "resource" | "containerResource" => {
            if source.text("name").is_empty() {
                errors.required(&path.child("name"), "must specify a resource name");
            }
            if field == "containerResource" && source.text("container").is_empty() {
                errors.required(&path.child("container"), "must specify a container");
            }
            if let Some(n) = target.get("averageUtilization").as_i64().filter(|n| *n < 1) {
                errors.invalid(&at.child("averageUtilization"), n, "must be greater than 0");
            }
            let (use_, value) = (target.get("averageUtilization"), target.get("averageValue"));
            if use_.is_null() && value.is_null() {
                let why = "must set either a target raw value or a target utilization";
                errors.required(&at.child("averageUtilization"), why);
            }
            if !use_.is_null() && !value.is_null() {
                let why = "may not set both a target raw value and a target utilization";
                errors.forbidden(&at.child("averageValue"), why);
            }
        }
        "pods" if target.get("averageValue").is_null() => {
            errors.required(&at.child("averageValue"), "must specify a positive target averageValue");
        }
        "object" | "external" if target.get("averageValue").is_null() && target.get("value").is_null() => {
            let why = match field {
                "object" => "must set either a target value or averageValue",
                _ => "must set either a target value for metric or a per-pod target",
            };
            errors.required(&at.child("averageValue"), why);
        }
        _ => {}
    }
}
