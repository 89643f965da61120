//! The scheduler: finds each pod a node. Upstream: `kubernetes:pkg/scheduler`.
//!
//! It takes one pod at a time, the most important and longest waiting first ([`queue`]). For that pod it asks every
//! [`plugins`] filter about nodes until enough are found that could run it, lets the scoring plugins rank those, and
//! *binds* the pod to the best: it writes `spec.nodeName`. That is all a scheduler does; starting the pod is the
//! kubelet's work. When no node will do, it says why in an event, looks whether evicting less important pods would help
//! ([`preemption`]), and lays the pod aside until something changes that could help.
//!
//! - [`framework`]: what a plugin is, and the pure [`framework::schedule`]; [`ask`]: what a pod asks for;
//! - [`rows`]: what nodes have, kept up to date change by change so that a pod costs little even among 5,000 nodes;
//! - [`volumes`]: claims that wait for their first consumer; [`admit`]: what a kubelet asks of pods put on its node.
//!
//! Left out: extenders, several profiles, dynamic resources, pod groups.

mod admit;
mod alike;
pub(crate) mod ask;
mod framework;
mod groups;
mod plugins;
mod preemption;
mod queue;
mod rows;
mod volumes;

use crate::Cluster;
use crate::cx::Cx;
use crate::output::Output;
use crate::store::{Change, Key};
use machinery::time::{self, Millis};
use machinery::{Object, Str, Trigger, Value, WatchType, value};
use std::rc::Rc;

pub(crate) use admit::{admits, resize_fits};
pub use framework::{Plugin, schedule};
pub use plugins::PLUGINS;
pub(crate) use plugins::taints::matches as tolerates;
pub use rows::{Row, Snapshot};

/// What the scheduler thought of one pod: for events, for the inspector, for drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub at: Millis,
    pub namespace: String,
    pub pod: String,
    pub nodes: Vec<NodeVerdict>,
    /// The winner, None if unschedulable.
    pub chosen: Option<String>,
    /// The text of the FailedScheduling event, "" if chosen.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeVerdict {
    pub node: String,
    /// The plugin that refused and its reasons; None if feasible.
    pub refused: Option<(&'static str, Vec<String>)>,
    /// (plugin, weighted score), for feasible nodes.
    pub scores: Vec<(&'static str, i64)>,
    pub total: i64,
}

/// Queues, the nodes' rows, counted groups of pods, promised nodes.
#[derive(Clone, Default)]
pub struct State {
    queue: queue::Queue,
    rows: rows::Rows,
    groups: groups::Groups,
    alike: alike::Kinds,
    /// Pods for which others were evicted: (uid, node, the pod).
    nominated: Vec<(Str, Str, Object)>,
    /// Busy with a pod until then.
    free_at: Millis,
    /// When the next `Event::Schedule` is due.
    armed: Option<Millis>,
}

const NAME: &str = "default-scheduler";

pub(crate) fn on_change(cluster: &mut Cluster, change: &Change) {
    match change.resource.as_str() {
        "pods" => pod_changed(cluster, change),
        "nodes" => {
            let hints = cluster.scheduler.rows.node_changed(change);
            wake(cluster, &hints);
        }
        "persistentvolumeclaims" | "persistentvolumes" | "storageclasses.storage.k8s.io" => {
            wake(cluster, &["VolumeBinding"]);
        }
        _ => {}
    }
}

/// Something happened that could help pods which these plugins refused.
fn wake(cluster: &mut Cluster, plugins: &[&'static str]) {
    if plugins.is_empty() {
        return;
    }
    let now = cluster.now;
    if cluster.scheduler.queue.wake(plugins, now) {
        arm(cluster);
    }
}

fn pod_changed(cluster: &mut Cluster, change: &Change) {
    let gone = change.kind == WatchType::Deleted;
    let new = (!gone).then_some(&change.new);
    let old = change.old.as_ref();
    // Most changes of pods are of their status: nothing for us.
    if let (Some(o), Some(n)) = (old, new)
        && o.spec().same(n.spec())
        && rows::counts(o) == rows::counts(n)
        && o.is_deleting() == n.is_deleting()
        && o.at("metadata.labels").same(n.at("metadata.labels"))
    {
        return;
    }
    let now = cluster.now;
    let s = &mut cluster.scheduler;
    let hints = s.rows.pod_changed(old, new);
    s.groups.pod_changed(&s.rows, old, new);
    let uid = change.new.uid();
    match new.filter(|p| waits(p)) {
        Some(p) => {
            s.queue.add(p, now);
            arm(cluster);
        }
        None => {
            s.queue.remove(uid);
            s.nominated.retain(|n| n.0 != *uid);
        }
    }
    wake(cluster, hints);
}

/// A pod that is ours to place.
fn waits(p: &Object) -> bool {
    p.text("spec.nodeName").is_empty()
        && !p.is_deleting()
        && matches!(p.text("spec.schedulerName"), "" | NAME)
        && p.at("spec.schedulingGates").items().is_empty()
        && !matches!(p.text("status.phase"), "Succeeded" | "Failed")
}

/// Something was put into the queue: it is heard of after the watch's delay.
fn arm(cluster: &mut Cluster) {
    let heard = cluster.now + cluster.world.delays.watch_ms;
    arm_from(cluster, heard);
}

/// Sees to it that we are woken when the next pod is due.
fn arm_from(cluster: &mut Cluster, soonest: Millis) {
    let s = &mut cluster.scheduler;
    let Some(due) = s.queue.next_at() else {
        return;
    };
    let at = due.max(soonest).max(s.free_at);
    if s.armed.is_none_or(|t| at < t) {
        s.armed = Some(at);
        cluster.queue.push(at, crate::Event::Schedule);
    }
}

/// Takes the next pod of the queue.
pub(crate) fn run(cluster: &mut Cluster) {
    let now = cluster.now;
    if cluster.scheduler.armed.is_none_or(|t| t > now) {
        return;
    }
    cluster.scheduler.armed = None;
    if let Some(next) = cluster.scheduler.queue.pop(now) {
        cluster.scheduler.free_at = now + cluster.world.delays.schedule_ms;
        attempt(cluster, next);
    }
    arm_from(cluster, now);
}

/// One scheduling cycle for one pod.
fn attempt(cluster: &mut Cluster, mut waiting: queue::Waiting) {
    let (ns, name) = &waiting.key;
    let Some(pod) = cluster.store.get("pods", ns, name).cloned() else {
        return;
    };
    if pod.uid() != &*waiting.uid || !waits(&pod) {
        return;
    }
    waiting.attempts += 1;
    if !cluster.listening
        && let Some(chosen) = alike::choose(cluster, &pod)
    {
        cluster.scheduler.rows.next_start = chosen.next_start;
        let mut cx = Cx {
            cluster,
            actor: NAME,
            host: Str::lit(""),
            trigger: trigger(&waiting.key, pod.resource_version()),
        };
        let counts = (chosen.feasible, chosen.total);
        if bind(&mut cx, &pod, &chosen.node, counts).is_err() {
            waiting.refused_by = vec![queue::ANYTHING];
            lay_aside(cluster, waiting);
        }
        return;
    }
    let mut snapshot = rows::snapshot(cluster, &pod);
    let verdict = schedule(&snapshot, PLUGINS);
    let display = match cluster.listening {
        true => verdict.for_display(&snapshot),
        false => Vec::new(),
    };
    if verdict.chosen.is_some() {
        // Let go of the rows, or binding would have to copy them before it changes one.
        snapshot.slots = Rc::default();
    }
    let version = pod.resource_version();
    let mut cx = Cx {
        cluster,
        actor: NAME,
        host: Str::lit(""),
        trigger: trigger(&waiting.key, version),
    };
    let mut message = String::new();
    let chosen = match &verdict.chosen {
        Some(best) => match place(&mut cx, &pod, &snapshot, &verdict, best) {
            Ok(true) => Some(best.to_string()),
            Ok(false) => {
                // Its volumes are being bound first; their being bound brings it back.
                waiting.refused_by = vec!["VolumeBinding"];
                lay_aside(cx.cluster, waiting);
                Some(best.to_string())
            }
            Err(status) => {
                message = status.message.clone();
                waiting.refused_by = vec![queue::ANYTHING];
                lay_aside(cx.cluster, waiting);
                None
            }
        },
        None => {
            waiting.refused_by = verdict.refused_by.clone();
            message = fail(&mut cx, &pod, &snapshot, &verdict);
            lay_aside(cx.cluster, waiting);
            None
        }
    };
    let next_start = verdict.next_start;
    cluster.scheduler.rows.next_start = next_start;
    if cluster.listening {
        let at = cluster.now;
        let decision = Decision {
            at,
            namespace: pod.namespace().to_string(),
            pod: pod.name().to_string(),
            nodes: display,
            chosen,
            message,
        };
        cluster.emit(Output::Decision(Rc::new(decision)));
    }
}

fn trigger(key: &Key, version: u64) -> Trigger {
    Trigger::Object {
        resource: Str::lit("pods"),
        namespace: key.0.clone(),
        name: key.1.clone(),
        version,
    }
}

/// An amount of storage (or of anything in plain units).
pub(crate) fn read_amount(v: &Value) -> i64 {
    ask::read("storage", v)
}

pub(crate) use ask::read as read_resource;

/// Whether a volume can be used on a node.
pub(crate) fn volume_reaches(volume: &Object, node: &Object) -> bool {
    let rule = volume.at("spec.nodeAffinity.required");
    let row = Row::named(node);
    rule.is_null() || plugins::node_affinity::selects(rule, &row)
}

/// Whether a daemon pod belongs on a node: the rules of the scheduler that do not depend on what else runs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// One should run here.
    Run,
    /// None would be put here, but one that is here may stay.
    Stay,
    /// Not here.
    No,
}

pub(crate) fn node_fit(pod: &Object, node: &Object) -> Fit {
    let ask = ask::Ask::of(pod);
    let row = Row::named(node);
    let wanted = pod.text("spec.nodeName");
    if !wanted.is_empty() && wanted != node.name() || !plugins::node_affinity::fits(&ask, &row) {
        return Fit::No;
    }
    let kept_away = |effect: &str| {
        let taints = node.at("spec.taints").items().iter();
        let mut taints = taints.filter(|t| t.text("effect") == effect);
        taints.any(|t| !plugins::taints::tolerates(&ask.tolerations, t))
    };
    if kept_away("NoExecute") {
        Fit::No
    } else if kept_away("NoSchedule") {
        Fit::Stay
    } else {
        Fit::Run
    }
}

/// The pod could change while we wrote: it is laid aside only if it still waits.
fn lay_aside(cluster: &mut Cluster, waiting: queue::Waiting) {
    let now = cluster.now;
    let still = cluster.store.by_uid(&waiting.uid).is_some_and(waits);
    if still {
        cluster.scheduler.queue.lay_aside(waiting, now);
    }
}

/// Binds; or, where a claim of the pod waits for its first consumer, names the node to the claim and says false.
fn place(
    cx: &mut Cx,
    pod: &Object,
    snapshot: &Snapshot,
    verdict: &framework::Verdict,
    node: &str,
) -> Result<bool, machinery::Status> {
    if !snapshot.ask.volumes.delayed.is_empty() {
        volumes::select_node(cx, &snapshot.ask.volumes.delayed, node)?;
        return Ok(false);
    }
    bind(cx, pod, node, (verdict.feasible, snapshot.total))?;
    Ok(true)
}

/// Writes the verdict: of `total` nodes `feasible` can run it.
fn bind(
    cx: &mut Cx,
    pod: &Object,
    node: &str,
    (feasible, total): (usize, usize),
) -> Result<(), machinery::Status> {
    let binding = value!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": { "name": Value::str(pod.name()), "namespace": Value::str(pod.namespace()), "uid": Value::str(pod.uid()) },
        "target": { "kind": "Node", "name": Value::str(node) },
    });
    let reason = format!("{feasible} of {total} nodes can run it");
    cx.create_sub(&kinds::pod::KIND, "binding", pod, binding, &reason)?;
    let (ns, name) = (pod.namespace(), pod.name());
    let text = format!("Successfully assigned {ns}/{name} to {node}");
    cx.event(pod, "Normal", "Scheduled", &text);
    Ok(())
}

/// No node will do: tries preemption, tells why in event and condition. Returns the text.
fn fail(cx: &mut Cx, pod: &Object, snapshot: &Snapshot, verdict: &framework::Verdict) -> String {
    let outcome = preemption::try_for(cx, pod, snapshot, verdict);
    let mut text = format!("0/{} nodes are available:", snapshot.total);
    text.push_str(&verdict.reasons());
    if !outcome.tail.is_empty() {
        text.push(' ');
        text.push_str(&outcome.tail);
    }
    if verdict.no_nodes() {
        text = "no nodes available to schedule pods".into();
    }
    cx.event(pod, "Warning", "FailedScheduling", &text);
    let now = time::rfc3339(cx.now());
    let current = cx.store().by_uid(pod.uid()).cloned();
    let Some(current) = current else {
        return text;
    };
    let new = current.edit(|v| {
        if let Some(node) = &outcome.nominated {
            v.set("status.nominatedNodeName", node.clone());
        }
        set_unschedulable(v, &text, &now);
    });
    if new != current {
        // Lost if the pod is gone meanwhile; then it does not matter.
        let _ = cx.update_status(&kinds::pod::KIND, &new, "no node can run it");
    }
    text
}

/// Condition PodScheduled=False.
fn set_unschedulable(v: &mut Value, text: &str, now: &str) {
    let conditions = v.at("status.conditions").items();
    let there = conditions
        .iter()
        .position(|c| c.text("type") == "PodScheduled");
    let generation = v.at("metadata.generation").clone();
    let fresh = value!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": Value::str(text),
        "lastProbeTime": null, "lastTransitionTime": Value::str(now), "observedGeneration": generation,
    });
    match there {
        None => v.place("status.conditions").push(fresh),
        Some(i) => {
            let old = &conditions[i];
            if old.text("message") == text && old.text("status") == "False" {
                return;
            }
            let since = match old.text("status") {
                "False" => old.get("lastTransitionTime").clone(),
                _ => Value::str(now),
            };
            if let Some(c) = v.place("status.conditions").list_mut().get_mut(i) {
                *c = fresh;
                c.set("lastTransitionTime", since);
            }
        }
    }
}
