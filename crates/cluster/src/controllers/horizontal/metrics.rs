//! What one metric of an autoscaler says. Upstream: `replica_calculator.go`, `metrics/utilization.go`, `metrics/client.go`.
//!
//! Pods that are not ready yet, and pods nothing is known of, are counted so that they can only dampen a change: as using
//! nothing when more is wanted, as using all they asked for when less is.

use crate::controllers::pods;
use crate::cx::Cx;
use crate::kubelet::metrics;
use crate::scheduler::read_resource;
use machinery::{Object, Str, Value, labels, time, value};
use std::collections::BTreeMap;

pub struct Wish {
    pub replicas: i64,
    /// `cpu resource utilization (percentage of request)`
    pub name: String,
    /// For `status.currentMetrics`.
    pub current: Value,
}

pub struct Failure {
    pub reason: &'static str,
    pub text: String,
    /// `failed to get cpu resource metric value`
    pub what: String,
}

/// While a pod starts its use of cpu says little.
const STARTING_MS: i64 = 300_000;
/// A pod that was not ready this soon after its start never was.
const NEVER_READY_MS: i64 = 30_000;
/// What the metrics server averages over.
const WINDOW_MS: i64 = 15_000;

pub fn wish(
    cx: &Cx,
    hpa: &Object,
    metric: &Value,
    all: &[Object],
    have: i64,
) -> Result<Wish, Failure> {
    match metric.text("type") {
        "Resource" => of_resource(cx, hpa, metric.get("resource"), None, all, have),
        "ContainerResource" => {
            let source = metric.get("containerResource");
            let container = source.text("container");
            of_resource(cx, hpa, source, Some(container), all, have)
        }
        kind => Err(without_adapter(hpa, kind, metric)),
    }
}

/// Nobody serves the custom and external metrics APIs: the errors of their clients.
fn without_adapter(hpa: &Object, kind: &str, metric: &Value) -> Failure {
    const CUSTOM: &str = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    let ns = hpa.namespace();
    match kind {
        "Pods" => Failure {
            reason: "FailedGetPodsMetric",
            text: format!(
                "unable to get metric {}: {CUSTOM}",
                metric.text("pods.metric.name")
            ),
            what: "failed to get pods metric value".into(),
        },
        "Object" => {
            let m = metric.get("object");
            let o = m.get("describedObject");
            Failure {
                reason: "FailedGetObjectMetric",
                text: format!(
                    "unable to get metric {}: {} on {ns} {}/{CUSTOM}",
                    m.text("metric.name"),
                    o.text("kind"),
                    o.text("name")
                ),
                what: "failed to get object metric value".into(),
            }
        }
        "External" => {
            let m = metric.at("external.metric");
            let name = m.text("name");
            Failure {
                reason: "FailedGetExternalMetric",
                text: format!(
                    "unable to get external metric {ns}/{name}/{}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)",
                    labels::go_text(m.get("selector"))
                ),
                what: format!("failed to get {name} external metric value"),
            }
        }
        other => Failure {
            reason: "InvalidMetricSourceType",
            text: format!("unknown metric source type \"{other}\""),
            what: String::new(),
        },
    }
}

fn of_resource(
    cx: &Cx,
    hpa: &Object,
    source: &Value,
    container: Option<&str>,
    all: &[Object],
    have: i64,
) -> Result<Wish, Failure> {
    let name = source.text("name");
    let target = source.get("target");
    let by_value = !target.get("averageValue").is_null();
    let (reason, kind) = match container {
        None => ("FailedGetResourceMetric", "resource"),
        Some(_) => ("FailedGetContainerResourceMetric", "container"),
    };
    let fail = |why: String| {
        let what = if by_value { "usage" } else { "utilization" };
        Failure {
            reason,
            text: format!("failed to get {name} {what}: {why}"),
            what: format!("failed to get {name} {kind} metric value"),
        }
    };
    let groups = Groups::of(cx, all, name, container).map_err(&fail)?;
    let aim = match by_value {
        true => milli(name, target.get("averageValue")).max(1),
        false => target.int("averageUtilization").max(1),
    };
    let asked = match by_value {
        true => BTreeMap::new(),
        false => requests(all, name, container).map_err(&fail)?,
    };
    // One number for all pods: their average, or per cent of what they ask for.
    let level = |used: &BTreeMap<Str, i64>| match by_value {
        true => used.values().sum::<i64>() / (used.len() as i64).max(1),
        false => {
            let total: i64 = used.keys().filter_map(|k| asked.get(k)).sum();
            percent(used.values().sum(), total)
        }
    };
    let now = level(&groups.used);
    let full = |pod: &Str| match by_value {
        true => aim,
        false => asked.get(pod).copied().unwrap_or(0) * aim.max(100) / 100,
    };
    let replicas = sized(hpa, &groups, (now, aim), have, &level, &full);
    let each = groups.used.values().sum::<i64>() / (groups.used.len() as i64).max(1);
    let mut current = value!({ "averageValue": from_milli(each) });
    if !by_value {
        current.set("averageUtilization", now);
    }
    let mut source_status = value!({ "name": Value::str(name), "current": current });
    let (field, label) = match container {
        None => ("resource", "resource"),
        Some(c) => {
            source_status.set("container", Value::str(c));
            ("containerResource", "container resource")
        }
    };
    let mut shown =
        value!({ "type": if container.is_some() { "ContainerResource" } else { "Resource" } });
    *shown.field(field) = source_status;
    let name = match by_value {
        true => format!("{name} {label}"),
        false => format!("{name} {label} utilization (percentage of request)"),
    };
    Ok(Wish {
        replicas,
        name,
        current: shown,
    })
}

fn percent(used: i64, asked: i64) -> i64 {
    (i128::from(used) * 100 / i128::from(asked.max(1))) as i64
}

/// The proposal: ceil(pods × use / target), what there is where that is hardly different.
fn sized(
    hpa: &Object,
    g: &Groups,
    (level, aim): (i64, i64),
    have: i64,
    measure: &dyn Fn(&BTreeMap<Str, i64>) -> i64,
    full: &dyn Fn(&Str) -> i64,
) -> i64 {
    let ceil = |n: i64, level: i64| {
        ((i128::from(n) * i128::from(level) + i128::from(aim) - 1) / i128::from(aim)) as i64
    };
    let starting = !g.unready.is_empty() && level > aim;
    if !starting && g.missing.is_empty() {
        return match is_close(hpa, level, aim) {
            true => have,
            false => ceil(g.ready, level),
        };
    }
    let mut used = g.used.clone();
    for pod in &g.missing {
        match level.cmp(&aim) {
            std::cmp::Ordering::Less => drop(used.insert(pod.clone(), full(pod))),
            std::cmp::Ordering::Greater => drop(used.insert(pod.clone(), 0)),
            std::cmp::Ordering::Equal => {}
        }
    }
    if starting {
        used.extend(g.unready.iter().map(|p| (p.clone(), 0)));
    }
    let again = measure(&used);
    let turned = level < aim && again > aim || level > aim && again < aim;
    if turned || is_close(hpa, again, aim) {
        return have;
    }
    let n = ceil(used.len() as i64, again);
    match again < aim && n > have || again > aim && n < have {
        true => have,
        false => n,
    }
}

/// Differences of less than a tenth (or what `behavior` says) change nothing.
fn is_close(hpa: &Object, level: i64, aim: i64) -> bool {
    const BILLION: i128 = 1_000_000_000;
    let tolerance = |way: &str| {
        let v = hpa.at("spec.behavior").get(way).get("tolerance");
        let text = match v {
            Value::Null => return BILLION / 10,
            Value::Str(s) => s.to_string(),
            other => machinery::json::print(other),
        };
        kinds::quantity::parse(&text).map_or(BILLION / 10, |q| q.0)
    };
    let (level, aim) = (i128::from(level) * BILLION, i128::from(aim));
    level >= aim * (BILLION - tolerance("scaleDown"))
        && level <= aim * (BILLION + tolerance("scaleUp"))
}

/// The pods by what is known of them.
struct Groups {
    /// In thousandths, of ready pods.
    used: BTreeMap<Str, i64>,
    ready: i64,
    unready: Vec<Str>,
    missing: Vec<Str>,
}

impl Groups {
    fn of(cx: &Cx, all: &[Object], name: &str, container: Option<&str>) -> Result<Groups, String> {
        let unable = |why: &str| Err(format!("unable to get metrics for resource {name}: {why}"));
        if !metrics::available(cx.cluster) {
            return unable(
                "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)",
            );
        }
        let mut g = Groups {
            used: BTreeMap::new(),
            ready: 0,
            unready: Vec::new(),
            missing: Vec::new(),
        };
        let mut seen = false;
        for p in all {
            let usage = metrics::pod(cx.cluster, p);
            seen |= !usage.is_empty();
            if p.is_deleting() || p.text("status.phase") == "Failed" {
                continue;
            }
            let key = Str::from(p.name());
            if p.text("status.phase") == "Pending" {
                g.unready.push(key);
                continue;
            }
            let mine = usage
                .iter()
                .filter(|(c, _)| container.is_none_or(|only| only == c));
            let amounts: Vec<i64> = mine
                .map(|(_, u)| match name {
                    "cpu" => u.cpu_milli,
                    "memory" => u.memory_bytes.saturating_mul(1000),
                    _ => 0,
                })
                .collect();
            if amounts.is_empty() {
                if let Some(only) = container.filter(|_| !usage.is_empty()) {
                    let (ns, pod) = (p.namespace(), p.name());
                    return unable(&format!(
                        "failed to get container metrics: container {only} not present in metrics for pod {ns}/{pod}"
                    ));
                }
                g.missing.push(key);
                continue;
            }
            if name == "cpu" && is_starting(p, cx.now()) {
                g.unready.push(key);
                continue;
            }
            g.ready += 1;
            g.used.insert(key, amounts.iter().sum());
        }
        if !seen {
            return unable("no metrics returned from resource metrics API");
        }
        if g.used.is_empty() {
            return Err("did not receive metrics for targeted pods (pods might be unready)".into());
        }
        Ok(g)
    }
}

/// Its use of cpu is that of its start, or it has never been ready.
fn is_starting(p: &Object, now: i64) -> bool {
    let parse = time::parse_rfc3339;
    let ready = p.condition("Ready");
    let Some(start) = parse(p.text("status.startTime")).filter(|_| !ready.is_null()) else {
        return true;
    };
    let since = parse(ready.text("lastTransitionTime")).unwrap_or(start);
    let down = !pods::is_ready(p);
    match start + STARTING_MS > now {
        true => down || now < since + WINDOW_MS,
        false => down && start + NEVER_READY_MS > since,
    }
}

/// What each pod (or its container) asks for, in thousandths.
fn requests(
    all: &[Object],
    name: &str,
    container: Option<&str>,
) -> Result<BTreeMap<Str, i64>, String> {
    let mut out = BTreeMap::new();
    for p in all {
        let mut sum = 0;
        let sidecars = p.at("spec.initContainers").items().iter();
        let sidecars = sidecars.filter(|c| c.text("restartPolicy") == "Always");
        for c in p.at("spec.containers").items().iter().chain(sidecars) {
            if container.is_some_and(|only| only != c.text("name")) {
                continue;
            }
            let r = c.at("resources.requests").get(name);
            if r.is_null() {
                let (c, p) = (c.text("name"), p.name());
                return Err(format!(
                    "missing request for {name} in container {c} of Pod {p}"
                ));
            }
            sum += milli(name, r);
        }
        out.insert(Str::from(p.name()), sum);
    }
    Ok(out)
}

/// An amount in thousandths.
fn milli(name: &str, v: &Value) -> i64 {
    let n = read_resource(name, v);
    if name == "cpu" {
        n
    } else {
        n.saturating_mul(1000)
    }
}

/// Thousandths as a quantity: `250m`, `2`, `1048576`.
fn from_milli(n: i64) -> String {
    match n % 1000 {
        0 => (n / 1000).to_string(),
        _ => format!("{n}m"),
    }
}
