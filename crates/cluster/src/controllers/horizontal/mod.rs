//! HorizontalPodAutoscaler: sizes a workload by what its pods use. Upstream: `kubernetes:pkg/controller/podautoscaler`.
//!
//! Every 15 s: wanted = ceil(pods × use / target), nothing within a tolerance of 10 %, quick up, slow down (the largest
//! wish of the last five minutes counts). Use is relative to what the pods *request*: without requests, or without a
//! metrics server (`World::metrics`), nothing can be computed, and the conditions say so.
//! Left out: object and external metrics, container metrics, `behavior` beyond the stabilisation windows.

mod metrics;

use super::{Controller, Requeue, kind_of, labels};
use crate::cx::Cx;
use crate::store::Key;
use kinds::horizontalpodautoscaler::KIND;
use machinery::{Object, Status, Value, time, value};

pub const CONTROLLER: Controller = Controller {
    name: "horizontal-pod-autoscaler",
    triggers: |_, change, keys| {
        // Status and what it scales are looked at on its own beat.
        if change.resource == RESOURCE && change.kind != machinery::WatchType::Deleted {
            let same = |o: &Object| o.spec() == change.new.spec();
            if !change.old.as_ref().is_some_and(same) {
                keys.push(change.key.clone());
            }
        }
    },
    reconcile,
};

const RESOURCE: &str = "horizontalpodautoscalers.autoscaling";
const PERIOD_MS: i64 = 15_000;

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(hpa) = cx.store().get(RESOURCE, &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    let mut conditions = hpa.at("status.conditions").items().to_vec();
    let now = time::rfc3339(cx.now());
    let mut status = hpa.status().clone();
    match target(cx, &hpa) {
        Err(e) => {
            let text =
                format!("the HPA controller was unable to get the target's current scale: {e}");
            set(
                &mut conditions,
                &now,
                "AbleToScale",
                "False",
                "FailedGetScale",
                &text,
            );
            cx.event(&hpa, "Warning", "FailedGetScale", &e.message);
        }
        Ok(o) => {
            let text = "the HPA controller was able to get the target's current scale";
            set(
                &mut conditions,
                &now,
                "AbleToScale",
                "True",
                "SucceededGetScale",
                text,
            );
            let have = o.int("spec.replicas");
            let wanted = decide(cx, &hpa, &o, have, &mut conditions, &mut status, &now);
            status.set("currentReplicas", o.int("status.replicas"));
            match wanted {
                Some((n, why)) => {
                    status.set("desiredReplicas", n);
                    if n != have {
                        resize(cx, &hpa, &o, n, &why)?;
                        status.set("lastScaleTime", now.clone());
                    }
                }
                None => status.set("desiredReplicas", status.int("desiredReplicas")),
            }
        }
    }
    let new = hpa.edit(|v| {
        v.set("status", status);
        v.set("status.conditions", conditions);
        if hpa.generation() > 0 {
            v.set("status.observedGeneration", hpa.generation());
        }
    });
    if new != hpa {
        cx.update_status(&KIND, &new, "looked at what it scales")?;
    }
    Ok(Requeue::After(PERIOD_MS))
}

fn target(cx: &Cx, hpa: &Object) -> Result<Object, Status> {
    let r = hpa.at("spec.scaleTargetRef");
    let kind = kind_of(r.text("apiVersion"), r.text("kind"))?;
    let found = cx
        .store()
        .get(&kind.resource(), hpa.namespace(), r.text("name"));
    found
        .cloned()
        .ok_or_else(|| Status::not_found(kind.group, kind.plural, r.text("name")))
}

/// The wanted size with its reason; None where it cannot be computed.
fn decide(
    cx: &mut Cx,
    hpa: &Object,
    o: &Object,
    have: i64,
    conditions: &mut Vec<Value>,
    status: &mut Value,
    now: &str,
) -> Option<(i64, String)> {
    if have == 0 {
        let text = "scaling is disabled since the replica count of the target is zero";
        set(
            conditions,
            now,
            "ScalingActive",
            "False",
            "ScalingDisabled",
            text,
        );
        return Some((0, String::new()));
    }
    let min = hpa.at("spec.minReplicas").as_i64().unwrap_or(1);
    let max = hpa.int("spec.maxReplicas");
    if have > max {
        return Some((
            max,
            "Current number of replicas above Spec.MaxReplicas".into(),
        ));
    }
    if have < min {
        return Some((
            min,
            "Current number of replicas below Spec.MinReplicas".into(),
        ));
    }
    let selector = o.at("spec.selector");
    let mine = |p: &&Object| labels::matches(selector, p.at("metadata.labels"));
    let pods: Vec<Object> = cx
        .store()
        .list("pods", Some(hpa.namespace()))
        .filter(mine)
        .cloned()
        .collect();
    let mut wish: Option<(i64, String)> = None;
    let mut current = Vec::new();
    for m in hpa.at("spec.metrics").items() {
        match metrics::wish(cx, hpa, m, &pods, have) {
            Ok(w) => {
                current.push(w.current);
                if wish.as_ref().is_none_or(|x| w.replicas > x.0) {
                    wish = Some((w.replicas, w.name));
                }
            }
            Err((reason, text)) => {
                let said = format!("the HPA was unable to compute the replica count: {text}");
                set(conditions, now, "ScalingActive", "False", reason, &said);
                cx.event(hpa, "Warning", reason, &text);
                let said = format!("invalid metrics (1 invalid out of 1), first error is: {text}");
                cx.event(hpa, "Warning", "FailedComputeMetricsReplicas", &said);
                return None;
            }
        }
    }
    let (wish, name) = wish?;
    status.set("currentMetrics", current);
    let text = format!("the HPA was able to successfully calculate a replica count from {name}");
    set(
        conditions,
        now,
        "ScalingActive",
        "True",
        "ValidMetricFound",
        &text,
    );
    let calm = stabilized(cx, hpa, wish, have);
    let text = match calm == wish {
        true => ("ReadyForNewScale", "recommended size matches current size"),
        false => (
            "ScaleDownStabilized",
            "recent recommendations were higher than current one, applying the highest recent recommendation",
        ),
    };
    set(conditions, now, "AbleToScale", "True", text.0, text.1);
    let bounded = calm.clamp(min, max);
    let (limited, reason, text) = match calm {
        n if n > max => (
            "True",
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        ),
        n if n < min => (
            "True",
            "TooFewReplicas",
            "the desired replica count is less than the minimum replica count",
        ),
        _ => (
            "False",
            "DesiredWithinRange",
            "the desired count is within the acceptable range",
        ),
    };
    set(conditions, now, "ScalingLimited", limited, reason, text);
    let why = match bounded > have {
        true => format!("{name} above target"),
        false => "All metrics below target".to_string(),
    };
    // At most double (or four more) at once, as upstream's default policy.
    Some((bounded.min((have * 2).max(have + 4)), why))
}

/// Going down waits until nothing higher was wished for during the window.
fn stabilized(cx: &mut Cx, hpa: &Object, wish: i64, have: i64) -> i64 {
    let window = hpa
        .at("spec.behavior.scaleDown.stabilizationWindowSeconds")
        .as_i64();
    let since = cx.now() - window.unwrap_or(300) * 1000;
    let list = cx
        .cluster
        .controllers
        .wishes
        .entry(hpa.uid().into())
        .or_default();
    // A first look knows of no earlier wishes but the size it finds.
    if list.is_empty() {
        list.push((cx.cluster.now, have));
    }
    list.retain(|w| w.0 >= since);
    list.push((cx.cluster.now, wish));
    if wish >= have {
        return wish;
    }
    list.iter().map(|w| w.1).max().unwrap_or(wish).min(have)
}

fn resize(cx: &mut Cx, hpa: &Object, o: &Object, n: i64, why: &str) -> Result<(), Status> {
    let kind = kind_of(o.api_version(), o.kind())?;
    let new = o.edit(|v| v.set("spec.replicas", n));
    cx.update(kind, &new, &format!("autoscaler: {why}"))?;
    let text = format!("New size: {n}; reason: {why}");
    cx.event(hpa, "Normal", "SuccessfulRescale", &text);
    Ok(())
}

fn set(list: &mut Vec<Value>, now: &str, kind: &str, status: &str, reason: &str, text: &str) {
    let fresh = |since: Value| {
        value!({
            "type": Value::str(kind), "status": Value::str(status), "reason": Value::str(reason),
            "message": Value::str(text), "lastTransitionTime": since,
        })
    };
    match list.iter_mut().find(|c| c.text("type") == kind) {
        Some(c) if c.text("status") == status => *c = fresh(c.get("lastTransitionTime").clone()),
        Some(c) => *c = fresh(Value::str(now)),
        None => list.push(fresh(Value::str(now))),
    }
}
