//! DaemonSet: one pod on every node that fits. Upstream: `kubernetes:pkg/controller/daemon`.
//!
//! For each node two questions: should a pod *run* here (selector, affinity, taints), and may one that is here *stay*
//! (a `NoSchedule` taint that came later does not drive it away). The controller makes the pods, each with an affinity for
//! its node's name; putting them there is still the scheduler's work. Cordoned, full and failing nodes get their pods too:
//! a daemon is part of the node.
//!
//! - here: nodes, pods, status; [`rollout`]: replacing pods of an old template.

mod rollout;

use super::{Controller, Requeue, history, pods, woken_by_itself, woken_by_orphan, woken_by_owned};
use crate::Cluster;
use crate::cx::Cx;
use crate::scheduler::{Fit, node_fit};
use crate::store::{Change, Key};
use kinds::daemonset::KIND;
use machinery::Arrange;
use machinery::{Object, Status, Str, Value, value};
use std::collections::BTreeMap;

pub const CONTROLLER: Controller = Controller {
    name: "daemonset-controller",
    triggers,
    reconcile,
};

const BURST: usize = 250;
const GENERATION: &str = "deprecated.daemonset.template.generation";

fn triggers(cluster: &Cluster, change: &Change, keys: &mut Vec<Key>) {
    woken_by_itself(change, "daemonsets.apps", keys);
    woken_by_owned(change, "pods", "DaemonSet", keys);
    woken_by_orphan(cluster, change, "daemonsets.apps", keys);
    if change.resource == "nodes" {
        let same = |old: &Object| {
            change.kind != machinery::WatchType::Deleted
                && old.at("metadata.labels") == change.new.at("metadata.labels")
                && old.at("spec.taints") == change.new.at("spec.taints")
        };
        if !change.old.as_ref().is_some_and(same) {
            keys.extend(
                cluster
                    .store
                    .list("daemonsets.apps", None)
                    .map(super::key_of),
            );
        }
    }
}

/// The pods of each node, by the node's name: bound there, or meant for it.
pub(super) type ByNode = BTreeMap<Str, Vec<Object>>;

/// A DaemonSet as one look at it sees it.
pub(super) struct View {
    pub ds: Object,
    /// Hash of the current template.
    pub hash: Str,
    /// Nodes that should run a pod.
    pub nodes: Vec<Str>,
    pub pods: ByNode,
}

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(ds) = cx.store().get("daemonsets.apps", &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    if ds.is_deleting() {
        return Ok(Requeue::Never);
    }
    let collisions = ds.int("status.collisionCount");
    let mut revisions = history::list(cx, &ds)?;
    let current = history::current(cx, &ds, &mut revisions, collisions)?;
    let mut view = look(cx, ds, history::hash(&current))?;
    cx.cluster.controllers.took_ms = view.nodes.len() as i64 / 10;
    let mut managed = manage(cx, &view);
    view = look(cx, view.ds, view.hash)?;
    if managed.is_ok()
        && view.ds.text("spec.updateStrategy.type") != "OnDelete"
        && let Err(e) = rollout::roll(cx, &view)
    {
        managed = Err(e);
    }
    let in_use = |r: &Object| {
        let hash = history::hash(r);
        let mut all = view.pods.values().flatten();
        r.uid() == current.uid() || all.any(|p| p.label(history::HASH_LABEL) == Some(&hash))
    };
    history::clean_up(cx, &view.ds, &revisions, &in_use)?;
    // What could not be made (a quota) is no reason not to tell what is there.
    let wait = update_status(cx, &view)?;
    Ok(match managed? {
        Requeue::After(ms) => Requeue::After(ms),
        Requeue::Never | Requeue::Now => wait,
    })
}

fn look(cx: &mut Cx, ds: Object, hash: Str) -> Result<View, Status> {
    let mut by_node = ByNode::new();
    for p in pods::claim_pods(cx, &ds)? {
        by_node.entry(node_of(&p)).or_default().push(p);
    }
    let template = with_tolerations(&ds);
    let nodes = cx.store().list("nodes", None);
    let nodes = nodes.filter(|n| node_fit(&template, n) == Fit::Run);
    let nodes = nodes.map(|n| Str::from(n.name())).collect();
    Ok(View {
        ds,
        hash,
        nodes,
        pods: by_node,
    })
}

/// The node a daemon pod is on, or is meant for.
fn node_of(p: &Object) -> Str {
    match p.text("spec.nodeName") {
        "" => {
            let path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
            let term = p.at(path).get("nodeSelectorTerms").items().first();
            let field = term.and_then(|t| t.get("matchFields").items().first());
            let name = field.and_then(|f| f.get("values").items().first());
            Str::from(name.and_then(Value::as_str).unwrap_or(""))
        }
        name => Str::from(name),
    }
}

/// Creates and deletes so that each fitting node has one pod.
fn manage(cx: &mut Cx, view: &View) -> Result<Requeue, Status> {
    let ds = &view.ds;
    let template = with_tolerations(ds);
    let mut missing: Vec<Str> = Vec::new();
    let mut surplus: Vec<Object> = Vec::new();
    let mut wait = Requeue::Never;
    let all: Vec<(Str, Fit)> = cx
        .store()
        .list("nodes", None)
        .map(|n| (Str::from(n.name()), node_fit(&template, n)))
        .collect();
    let none = Vec::new();
    for (node, fit) in all {
        let here = view.pods.get(&node).unwrap_or(&none);
        if fit == Fit::Run && here.is_empty() {
            missing.push(node);
            continue;
        }
        let mut running: Vec<&Object> = Vec::new();
        for p in here.iter().filter(|p| !p.is_deleting()) {
            if fit != Fit::Run && fit != Fit::Stay {
                surplus.push(p.clone());
            } else if p.text("status.phase") == "Failed" {
                // A failed daemon is replaced, but not in a tight loop.
                wait = replace_failed(cx, ds, p, &node, &mut surplus);
            } else {
                running.push(p);
            }
        }
        if running.len() > 1
            && view
                .ds
                .at("spec.updateStrategy.rollingUpdate.maxSurge")
                .is_empty()
        {
            running.arrange_by(|a, b| {
                let bound = |p: &Object| p.text("spec.nodeName").is_empty();
                bound(a)
                    .cmp(&bound(b))
                    .then(a.created().cmp(&b.created()))
                    .then(a.name().cmp(b.name()))
            });
            surplus.extend(running.into_iter().skip(1).cloned());
        }
    }
    // Pods of nodes that are gone are deleted by the pod garbage collector.
    create(cx, view, &missing)?;
    let reason = format!("{} nodes should run it", view.nodes.len());
    surplus.truncate(BURST);
    super::replicaset::delete_pods(cx, ds, &surplus, &reason)?;
    Ok(wait)
}

fn replace_failed(
    cx: &mut Cx,
    ds: &Object,
    p: &Object,
    node: &str,
    surplus: &mut Vec<Object>,
) -> Requeue {
    const WAIT_MS: i64 = 1000;
    let age = cx.now() - p.created();
    if age < WAIT_MS {
        return Requeue::After(WAIT_MS - age);
    }
    let (ns, name) = (p.namespace(), p.name());
    let text = format!("Found failed daemon pod {ns}/{name} on node {node}, will try to kill it");
    cx.event(ds, "Warning", "FailedDaemonPod", &text);
    surplus.push(p.clone());
    Requeue::Never
}

pub(super) fn create(cx: &mut Cx, view: &View, nodes: &[Str]) -> Result<(), Status> {
    let ds = &view.ds;
    let reason = format!("{} of {} nodes have no pod", nodes.len(), view.nodes.len());
    for node in nodes.iter().take(BURST) {
        let template = for_node(ds, &view.hash, node);
        super::replicaset::create_pods(cx, ds, &template, 1, &reason)?;
    }
    Ok(())
}

/// The template for one node: labelled with its revision, bound to the node by affinity.
fn for_node(ds: &Object, hash: &str, node: &str) -> Value {
    let mut t = ds.at("spec.template").clone();
    let labels = t.place("metadata.labels").map_mut();
    labels.insert(history::HASH_LABEL, Value::str(hash));
    if let Some(g) = ds.annotation(GENERATION) {
        labels.insert("pod-template-generation", Value::str(g));
    }
    t.set(
        "spec.tolerations",
        with_tolerations(ds).at("spec.tolerations").clone(),
    );
    let field = value!({ "key": "metadata.name", "operator": "In", "values": [Value::str(node)] });
    let path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
    // By name and by whatever else the template requires: fields are added to every term.
    let terms = t.place(path).place("nodeSelectorTerms").list_mut();
    if terms.is_empty() {
        terms.push(Value::map());
    }
    for term in terms {
        term.set("matchFields", vec![field.clone()]);
    }
    t
}

/// A pod as the template makes it, with the tolerations that every daemon has.
fn with_tolerations(ds: &Object) -> Object {
    const DAEMON: &[(&str, &str)] = &[
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
        ("node.kubernetes.io/network-unavailable", "NoSchedule"),
    ];
    let mut t = ds.at("spec.template").clone();
    let host = t.flag("spec.hostNetwork");
    let list = t.place("spec.tolerations").list_mut();
    for (key, effect) in DAEMON.iter().take(if host { 7 } else { 6 }) {
        let there = list
            .iter()
            .any(|x| x.text("key") == *key && x.text("effect") == *effect);
        if !there {
            list.push(value!({ "key": *key, "operator": "Exists", "effect": *effect }));
        }
    }
    Object(t)
}

fn update_status(cx: &mut Cx, view: &View) -> Result<Requeue, Status> {
    let now = cx.now();
    let min_ready_s = view.ds.int("spec.minReadySeconds");
    let (mut current, mut ready, mut available, mut updated) = (0, 0, 0, 0);
    let mut wait = None;
    let by_age =
        |a: &&Object, b: &&Object| a.created().cmp(&b.created()).then(a.name().cmp(b.name()));
    for node in &view.nodes {
        let Some(p) = view.pods.get(node).and_then(|l| l.iter().min_by(by_age)) else {
            continue;
        };
        current += 1;
        if pods::is_ready(p) {
            ready += 1;
            if pods::is_available(p, min_ready_s, now) {
                available += 1;
            } else if let Some(t) = pods::ready_since(p) {
                let left = t + min_ready_s * 1000 - now;
                wait = Some(wait.map_or(left, |w: i64| w.min(left)));
            }
        }
        if p.label(history::HASH_LABEL) == Some(&view.hash) {
            updated += 1;
        }
    }
    let wanted = |n: &Str| view.nodes.contains(n);
    let misscheduled = view.pods.iter().filter(|(n, list)| {
        !wanted(n)
            && list
                .iter()
                .any(|p| !p.is_deleting() && !p.text("spec.nodeName").is_empty())
    });
    let misscheduled = misscheduled.count();
    let desired = view.nodes.len();
    let ds = cx
        .store()
        .by_uid(view.ds.uid())
        .cloned()
        .unwrap_or_default();
    let new = ds.edit(|v| {
        let set = super::replicaset::set_count;
        v.set("status.currentNumberScheduled", current);
        v.set("status.desiredNumberScheduled", desired);
        v.set("status.numberMisscheduled", misscheduled);
        v.set("status.numberReady", ready);
        set(v, "status.updatedNumberScheduled", updated);
        set(v, "status.numberAvailable", available);
        set(
            v,
            "status.numberUnavailable",
            desired.saturating_sub(available),
        );
        v.set("status.observedGeneration", view.ds.generation());
    });
    if new != ds {
        cx.update_status(
            &KIND,
            &new,
            &format!("{current} of {desired} nodes have a pod"),
        )?;
    }
    Ok(wait
        .filter(|w| *w > 0)
        .map_or(Requeue::Never, Requeue::After))
}
