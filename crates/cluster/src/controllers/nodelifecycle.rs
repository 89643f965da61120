//! Node life cycle: nobody hears from a node for 40 s, so it is called `Unknown`; its state is turned into taints, which
//! keep new pods away and, in the end, drive pods off. Upstream: `kubernetes:pkg/controller/nodelifecycle`.
//!
//! A node that does not answer may be dead, or cut off with its pods still running: nobody can know. So its pods are
//! marked not ready at once (no traffic), but evicted only after five minutes (their toleration of the taints).

use super::{Controller, Requeue, pods};
use crate::Cluster;
use crate::cx::Cx;
use crate::store::Key;
use kinds::node::KIND;
use machinery::{Object, Status, Value, time, value};
use std::collections::BTreeMap;

pub const CONTROLLER: Controller = Controller {
    name: "node-controller",
    triggers: |cluster, change, keys| {
        if change.resource == "nodes" {
            keys.push(change.key.clone());
            let ready = |o: &Object| o.condition_is_true("Ready");
            let flipped = (change.old.as_ref()).is_some_and(|old| ready(old) != ready(&change.new));
            let unready = &cluster.controllers.unready;
            // One more or one less of them may change what becomes of the others.
            if flipped && !unready.is_empty() && changes_zones(cluster, &change.new) {
                let others = unready.iter();
                keys.extend(others.map(|n| (machinery::Str::lit(""), n.clone())));
            }
        }
        // A renewed lease matters only where the node was given up.
        if change.resource == "leases.coordination.k8s.io" && *change.key.0 == *"kube-node-lease" {
            let node = cluster.store.get("nodes", "", &change.key.1);
            if node.is_some_and(|n| n.condition("Ready").text("status") == "Unknown") {
                keys.push((machinery::Str::lit(""), change.key.1.clone()));
            }
        }
    },
    reconcile,
};

/// How long a node may be silent.
const GRACE_MS: i64 = 40_000;
/// One node of a zone is given up to eviction in so long.
const EVICTION_MS: i64 = 10_000;
/// So many of a zone's nodes not ready, and more than two: it is partially disrupted.
const PARTIAL_PERCENT: usize = 55;
/// A partially disrupted zone of more nodes goes on, slowly; a smaller one stops.
const LARGE_ZONE: usize = 50;
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const SILENT: &str = "Kubelet stopped posting node status.";
const CONDITIONS: &[&str] = &["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(node) = cx.store().get("nodes", "", &key.1).cloned() else {
        cx.cluster.controllers.unready.remove(&key.1);
        if cx.trigger != machinery::Trigger::Timer {
            let name = &key.1;
            let gone = Object::new("v1", "Node", "", name);
            let text = format!("Node {name} event: Removing Node {name} from Controller");
            cx.event(&gone, "Normal", "RemovingNode", &text);
        }
        return Ok(Requeue::Never);
    };
    if cx
        .cluster
        .controllers
        .seen
        .insert(machinery::Str::from(node.uid()))
    {
        let text = format!(
            "Node {0} event: Registered Node {0} in Controller",
            node.name()
        );
        cx.event(&node, "Normal", "RegisteredNode", &text);
    }
    let heard = last_heard(cx, &node);
    let silent = cx.now() - heard >= GRACE_MS;
    let node = match silent {
        true => give_up(cx, &node)?,
        false => node,
    };
    let eviction = match node.condition_is_true("Ready") {
        true => Eviction::Now,
        false => eviction(cx, &node),
    };
    set_taints(cx, &node, &eviction)?;
    let name = machinery::Str::from(node.name());
    if node.condition_is_true("Ready") {
        cx.cluster.controllers.unready.remove(&name);
    } else {
        cx.cluster.controllers.unready.insert(name);
        mark_pods(cx, &node)?;
    }
    match eviction {
        Eviction::After(ms) => Ok(Requeue::After(ms)),
        // It wakes us by renewing its lease or posting its status.
        _ if silent => Ok(Requeue::Never),
        _ => Ok(Requeue::After(heard + GRACE_MS - cx.now())),
    }
}

/// Whether the pods of a node that is not ready may be driven off.
#[derive(PartialEq)]
enum Eviction {
    Now,
    After(i64),
    /// Not as long as its zone is so disrupted.
    Held,
    /// No node at all is ready: it is more likely that the control plane is cut off. Nobody is driven off.
    Stopped,
}

/// The state of the node's zone decides how fast its nodes are given up.
fn eviction(cx: &mut Cx, node: &Object) -> Eviction {
    let zones = zones(cx.cluster);
    if zones.values().all(is_full) {
        return Eviction::Stopped;
    }
    let taints = node.at("spec.taints").items();
    if taints.iter().any(|t| {
        t.text("effect") == "NoExecute" && [NOT_READY, UNREACHABLE].contains(&t.text("key"))
    }) {
        return Eviction::Now;
    }
    let zone = zone(node);
    let count = zones.get(&zone).copied().unwrap_or_default();
    let interval = match is_partial(&count) {
        true if count.0 <= LARGE_ZONE => return Eviction::Held,
        true => 10 * EVICTION_MS,
        false => EVICTION_MS,
    };
    let now = cx.now();
    let last = &mut cx.cluster.controllers.evicted_at;
    match last.get(&zone) {
        Some(t) if now < t + interval => Eviction::After(t + interval - now),
        _ => {
            last.insert(zone, now);
            Eviction::Now
        }
    }
}

/// How many nodes a zone has, and how many of them are not ready.
type Count = (usize, usize);

fn zones(cluster: &Cluster) -> BTreeMap<String, Count> {
    let mut zones: BTreeMap<String, Count> = BTreeMap::new();
    for n in cluster.store.list("nodes", None) {
        let of = zones.entry(zone(n)).or_default();
        of.0 += 1;
        of.1 += usize::from(!n.condition_is_true("Ready"));
    }
    zones
}

fn is_full((all, unready): &Count) -> bool {
    all == unready
}

fn is_partial((all, unready): &Count) -> bool {
    *unready > 2 && unready < all && unready * 100 >= all * PARTIAL_PERCENT
}

/// Whether a node that has just become ready, or not ready, has brought its zone (or all of them) into another state.
fn changes_zones(cluster: &Cluster, node: &Object) -> bool {
    let now = zones(cluster);
    let zone = zone(node);
    let Some(count) = now.get(&zone).copied() else {
        return false;
    };
    let was = match node.condition_is_true("Ready") {
        true => (count.0, count.1 + 1),
        false => (count.0, count.1.saturating_sub(1)),
    };
    let others = now.iter().filter(|(z, _)| **z != zone);
    let others_full = others.map(|(_, c)| c).all(is_full);
    is_partial(&was) != is_partial(&count) || others_full && is_full(&was) != is_full(&count)
}

/// Region and zone of a node.
fn zone(node: &Object) -> String {
    let label = |name: &str| node.label(name).unwrap_or("");
    format!(
        "{}:{}",
        label("topology.kubernetes.io/region"),
        label("topology.kubernetes.io/zone")
    )
}

/// The newest sign of life: the lease, the status, or that it was made.
fn last_heard(cx: &Cx, node: &Object) -> i64 {
    let lease = cx
        .store()
        .get("leases.coordination.k8s.io", "kube-node-lease", node.name());
    let lease = lease.and_then(|l| time::parse_rfc3339(l.text("spec.renewTime")));
    let status = time::parse_rfc3339(node.condition("Ready").text("lastHeartbeatTime"));
    lease
        .into_iter()
        .chain(status)
        .chain([node.created()])
        .max()
        .unwrap_or(0)
}

fn give_up(cx: &mut Cx, node: &Object) -> Result<Object, Status> {
    let was_ready = node.condition_is_true("Ready");
    let now = Value::from(time::rfc3339(cx.now()));
    let new = node.edit(|v| {
        let list = v.place("status.conditions").list_mut();
        for kind in CONDITIONS {
            match list.iter_mut().find(|c| c.text("type") == *kind) {
                Some(c) if c.text("status") == "Unknown" => {}
                Some(c) => {
                    c.set("status", "Unknown");
                    c.set("reason", "NodeStatusUnknown");
                    c.set("message", SILENT);
                    c.set("lastTransitionTime", now.clone());
                }
                None => list.push(value!({
                    "type": *kind, "status": "Unknown", "reason": "NodeStatusNeverUpdated",
                    "message": "Kubelet never posted node status.",
                    "lastHeartbeatTime": Value::str(node.text("metadata.creationTimestamp")),
                    "lastTransitionTime": now.clone(),
                })),
            }
        }
    });
    if new == *node {
        return Ok(new);
    }
    let new = cx.update_status(&KIND, &new, "not heard of for 40 s")?;
    if was_ready {
        let text = format!("Node {} status is now: NodeNotReady", node.name());
        cx.event(node, "Normal", "NodeNotReady", &text);
    }
    Ok(new)
}

/// Condition → taint. Only the kubelet's own words count; a taint of another's making is left alone.
fn set_taints(cx: &mut Cx, node: &Object, eviction: &Eviction) -> Result<(), Status> {
    let status = |kind: &str| node.condition(kind).text("status");
    let ready = status("Ready");
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    let mut ours: Vec<(&str, &str)> = Vec::new();
    let mut rule = |key: &'static str, effect: &'static str, holds: bool| {
        ours.push((key, effect));
        if holds {
            wanted.push((key, effect));
        }
    };
    for effect in ["NoSchedule", "NoExecute"] {
        let holds = effect == "NoSchedule" || *eviction == Eviction::Now;
        rule(NOT_READY, effect, holds && ready == "False");
        rule(UNREACHABLE, effect, holds && ready == "Unknown");
    }
    let pressure = [
        ("node.kubernetes.io/memory-pressure", "MemoryPressure"),
        ("node.kubernetes.io/disk-pressure", "DiskPressure"),
        ("node.kubernetes.io/pid-pressure", "PIDPressure"),
        (
            "node.kubernetes.io/network-unavailable",
            "NetworkUnavailable",
        ),
    ];
    for (key, condition) in pressure {
        rule(key, "NoSchedule", status(condition) == "True");
    }
    let cordoned = node.flag("spec.unschedulable");
    rule("node.kubernetes.io/unschedulable", "NoSchedule", cordoned);
    let has = |t: &Value, k: &str, e: &str| t.text("key") == k && t.text("effect") == e;
    let now = Value::from(time::rfc3339(cx.now()));
    let mut taints = node.at("spec.taints").items().to_vec();
    taints.retain(|t| {
        let is_ours = ours.iter().any(|(k, e)| has(t, k, e));
        !is_ours || wanted.iter().any(|(k, e)| has(t, k, e))
    });
    for (k, e) in wanted {
        if !taints.iter().any(|t| has(t, k, e)) {
            taints.push(value!({
                "key": Value::str(k), "effect": Value::str(e), "timeAdded": now.clone(),
            }));
        }
    }
    if taints == node.at("spec.taints").items() {
        return Ok(());
    }
    let new = node.edit(|v| match taints.is_empty() {
        true => drop(v.remove("spec.taints")),
        false => v.set("spec.taints", taints),
    });
    cx.update(&KIND, &new, "its conditions as taints")
        .map(|_| ())
}

/// Pods of a node that is not ready get no traffic.
fn mark_pods(cx: &mut Cx, node: &Object) -> Result<(), Status> {
    let now = Value::from(time::rfc3339(cx.now()));
    let found: Vec<Object> = cx
        .store()
        .on_node(node.name())
        .filter(|p| pods::is_ready(p))
        .cloned()
        .collect();
    for p in found {
        let marked = p.edit(|v| {
            for c in v.place("status.conditions").list_mut() {
                if c.text("type") == "Ready" {
                    c.set("status", "False");
                    c.set("lastTransitionTime", now.clone());
                }
            }
        });
        match cx.update_status(&kinds::pod::KIND, &marked, "its node is not ready") {
            Err(e) if !e.is_not_found() => return Err(e),
            Err(_) => {}
            Ok(_) => cx.event(&p, "Warning", "NodeNotReady", "Node is not ready"),
        }
    }
    Ok(())
}
