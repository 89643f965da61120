//! HorizontalPodAutoscaler: sizes a workload by what its pods use. Upstream: `kubernetes:pkg/controller/podautoscaler`.
//!
//! Every 15 s each metric makes a proposal ([`metrics`]), the largest counts, and [`behavior`] says how far that may be
//! followed now: quick up, slow down (the largest wish of the last five minutes counts). Use is relative to what the pods
//! *request*: without requests, or without a metrics server (`World::metrics`), nothing can be computed, and the conditions
//! say so. Left out: adapters that would serve object, pods and external metrics: nobody installs one here.

mod behavior;
mod metrics;

use super::{Controller, Requeue, kind_of};
use crate::conditions;
use crate::cx::Cx;
use crate::store::Key;
use kinds::horizontalpodautoscaler::KIND;
use machinery::time::{self, Millis};
use machinery::{Object, Status, Str, Value, labels, value};

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

/// What is remembered of an autoscaler between its looks.
#[derive(Clone, Default)]
pub(super) struct Memory {
    next_look: Millis,
    /// (when, replicas wished for)
    wishes: Vec<(Millis, i64)>,
    /// (when, by how many it grew, or shrank)
    ups: Vec<(Millis, i64)>,
    downs: Vec<(Millis, i64)>,
}

fn memory<'a>(cx: &'a mut Cx, hpa: &Object) -> &'a mut Memory {
    let all = &mut cx.cluster.controllers.autoscalers;
    all.entry(Str::from(hpa.uid())).or_default()
}

/// Conditions as they come to be.
struct Told<'a> {
    list: Vec<Value>,
    now: &'a str,
}

impl Told<'_> {
    fn set(&mut self, kind: &str, status: &str, reason: &str, text: &str) {
        let fresh = value!({
            "type": Value::str(kind), "status": Value::str(status), "reason": Value::str(reason),
            "message": Value::str(text), "lastTransitionTime": Value::str(self.now),
        });
        conditions::put(&mut self.list, fresh);
    }
}

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(hpa) = cx.store().get(RESOURCE, &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    // It keeps its beat: the first look comes a period after it was made, a change is seen at the next.
    let now = cx.now();
    let memory = memory(cx, &hpa);
    if memory.next_look == 0 {
        memory.next_look = now + PERIOD_MS;
    }
    if memory.next_look > now {
        return Ok(Requeue::After(memory.next_look - now));
    }
    memory.next_look = now + PERIOD_MS;
    let text = time::rfc3339(now);
    let mut told = Told {
        list: hpa.at("status.conditions").items().to_vec(),
        now: &text,
    };
    let mut status = hpa.status().clone();
    look(cx, &hpa, &mut status, &mut told);
    let new = hpa.edit(|v| {
        v.set("status", status);
        v.set("status.conditions", told.list);
    });
    if new != hpa {
        cx.update_status(&KIND, &new, "looked at what it scales")?;
    }
    Ok(Requeue::After(PERIOD_MS))
}

fn look(cx: &mut Cx, hpa: &Object, status: &mut Value, told: &mut Told) {
    let o = match target(cx, hpa) {
        Ok(o) => o,
        Err(e) => {
            cx.event(hpa, "Warning", "FailedGetScale", &e);
            let text =
                format!("the HPA controller was unable to get the target's current scale: {e}");
            told.set("AbleToScale", "False", "FailedGetScale", &text);
            return;
        }
    };
    let text = "the HPA controller was able to get the target's current scale";
    told.set("AbleToScale", "True", "SucceededGetScale", text);
    let have = o.int("spec.replicas");
    status.set("currentReplicas", have);
    let min = hpa.at("spec.minReplicas").as_i64().unwrap_or(1);
    let max = hpa.int("spec.maxReplicas");
    let now = cx.now();
    let memory = memory(cx, hpa);
    if memory.wishes.is_empty() {
        // A first look knows of no earlier wishes but the size it finds.
        memory.wishes.push((now, have));
    }
    let (wanted, why) = if have == 0 && min != 0 {
        let text = "scaling is disabled since the replica count of the target is zero";
        told.set("ScalingActive", "False", "ScalingDisabled", text);
        (0, String::new())
    } else if have > max {
        (
            max,
            "Current number of replicas above Spec.MaxReplicas".into(),
        )
    } else if have < min {
        (
            min,
            "Current number of replicas below Spec.MinReplicas".into(),
        )
    } else {
        match propose(cx, hpa, &o, have, status, told) {
            None => return,
            Some((wish, name)) => {
                let why = match wish > have {
                    true => format!("{name} above target"),
                    false => "All metrics below target".to_string(),
                };
                (behavior::follow(cx, hpa, have, wish, told), why)
            }
        }
    };
    if wanted != have {
        match resize(cx, hpa, &o, wanted, &why) {
            Ok(()) => {
                let text =
                    format!("the HPA controller was able to update the target scale to {wanted}");
                told.set("AbleToScale", "True", "SucceededRescale", &text);
                behavior::remember(cx, hpa, have, wanted);
                status.set("lastScaleTime", Value::str(told.now));
            }
            Err(e) => {
                let text = format!("New size: {wanted}; reason: {why}; error: {e}");
                cx.event(hpa, "Warning", "FailedRescale", &text);
                let text = format!("the HPA controller was unable to update the target scale: {e}");
                told.set("AbleToScale", "False", "FailedUpdateScale", &text);
                return;
            }
        }
    }
    status.set("desiredReplicas", wanted);
}

/// What it scales; the error in the scale client's words.
fn target(cx: &Cx, hpa: &Object) -> Result<Object, String> {
    let r = hpa.at("spec.scaleTargetRef");
    let (version, name) = (r.text("kind"), r.text("name"));
    let kind = kinds::of(r.text("apiVersion"), version);
    let Some(kind) = kind else {
        let group = r.text("apiVersion").rsplit_once('/').map_or("", |g| g.0);
        return Err(format!(
            "no matches for kind \"{version}\" in group \"{group}\""
        ));
    };
    if !kind.subresources.iter().any(|s| s.name == "scale") {
        return Err("the server could not find the requested resource".into());
    }
    let found = cx.store().get(&kind.resource(), hpa.namespace(), name);
    let missing = || Status::not_found(kind.group, kind.plural, name).message;
    found.cloned().ok_or_else(missing)
}

/// The largest proposal with its metric's name; None where too little is known.
fn propose(
    cx: &mut Cx,
    hpa: &Object,
    o: &Object,
    have: i64,
    status: &mut Value,
    told: &mut Told,
) -> Option<(i64, String)> {
    let selector = o.at("spec.selector");
    let plain = o.kind() == "ReplicationController";
    let mine = |p: &&Object| match plain {
        true => labels::matches_map(selector, p.at("metadata.labels")),
        false => labels::matches(selector, p.at("metadata.labels")),
    };
    let all = cx.store().list("pods", Some(hpa.namespace()));
    let pods: Vec<Object> = all.filter(mine).cloned().collect();
    let mut wish: Option<(i64, String)> = None;
    let mut current = Vec::new();
    let mut bad: Option<metrics::Failure> = None;
    let specs = hpa.at("spec.metrics").items();
    let mut failed = 0;
    for m in specs {
        match metrics::wish(cx, hpa, m, &pods, have) {
            Ok(w) => {
                current.push(w.current);
                if wish.as_ref().is_none_or(|x| w.replicas > x.0) {
                    wish = Some((w.replicas, w.name));
                }
            }
            Err(f) => {
                current.push(value!({ "type": "" }));
                cx.event(hpa, "Warning", f.reason, &f.text);
                failed += 1;
                bad.get_or_insert(f);
            }
        }
    }
    status.set("currentMetrics", current);
    if let Some(f) = bad
        && wish.as_ref().is_none_or(|w| w.0 < have)
    {
        // What cannot be seen might need the room: nothing is taken away.
        let said = format!(
            "the HPA was unable to compute the replica count: {}",
            f.text
        );
        told.set("ScalingActive", "False", f.reason, &said);
        let said = format!(
            "invalid metrics ({failed} invalid out of {}), first error is: {}: {}",
            specs.len(),
            f.what,
            f.text
        );
        cx.event(hpa, "Warning", "FailedComputeMetricsReplicas", &said);
        return None;
    }
    let (_, name) = wish.as_ref()?;
    let text = format!("the HPA was able to successfully calculate a replica count from {name}");
    told.set("ScalingActive", "True", "ValidMetricFound", &text);
    wish
}

fn resize(cx: &mut Cx, hpa: &Object, o: &Object, n: i64, why: &str) -> Result<(), Status> {
    let kind = kind_of(o.api_version(), o.kind())?;
    let new = o.edit(|v| v.set("spec.replicas", n));
    cx.update(kind, &new, &format!("autoscaler: {why}"))?;
    let text = format!("New size: {n}; reason: {why}");
    cx.event(hpa, "Normal", "SuccessfulRescale", &text);
    Ok(())
}
