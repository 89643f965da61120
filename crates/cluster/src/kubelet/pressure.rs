//! Node-pressure eviction: when a machine runs out of memory its kubelet ends pods, those first that use more than they
//! asked for. Upstream: `kubernetes:pkg/kubelet/eviction`.
//!
//! Only machines that run something heavy (a load generator, a leak made on purpose) are looked at, at every heartbeat.
//! Left out: pressure on disks and process ids, soft thresholds.

use super::run::NodeRun;
use super::{actor, metrics, system, wake_pod_at};
use crate::Cluster;
use crate::scheduler::{read_amount, read_resource};
use machinery::time::rfc3339;
use machinery::{Arrange, Object, Str, Trigger};
use std::rc::Rc;

/// Less than this is too little.
const THRESHOLD: i64 = 100 << 20;
/// A machine counts as pressed for so long after it last was.
const CALM_MS: i64 = 300_000;
/// Pods of at least this priority are the system's own.
const CRITICAL: i64 = 2_000_000_000;

/// Whether the node is under pressure, as its status has it.
pub fn is_pressed(node: &NodeRun) -> bool {
    node.pressed_at.is_some()
}

/// Looks at how much memory is left.
pub fn look(cluster: &mut Cluster, name: &Str) {
    let was = match cluster.kubelets.node(name) {
        Some(n) if n.heavy || n.pressed_at.is_some() => n.pressed_at,
        _ => return,
    };
    let Some(node) = cluster.store.get("nodes", "", name).cloned() else {
        return;
    };
    let now = cluster.now;
    let capacity = read_amount(node.at("status.capacity.memory"));
    let available = (capacity - metrics::node(cluster, name).memory_bytes).max(0);
    let low = available < THRESHOLD;
    let pressed = match low {
        true => Some(now),
        false => was.filter(|t| now - t < CALM_MS),
    };
    if let Some(n) = cluster.kubelets.node_mut(name) {
        n.pressed_at = pressed;
    }
    if pressed.is_some() != was.is_some() {
        tell(cluster, name, &node, pressed.is_some());
    }
    if low {
        evict(cluster, name, &node, available);
    }
}

fn tell(cluster: &mut Cluster, name: &Str, node: &Object, pressed: bool) {
    let now = rfc3339(cluster.now);
    let (status, reason, message, event) = match pressed {
        true => (
            "True",
            "KubeletHasInsufficientMemory",
            "kubelet has insufficient memory available",
            "NodeHasInsufficientMemory",
        ),
        false => (
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
            "NodeHasSufficientMemory",
        ),
    };
    let new = node.edit(|v| {
        for c in v.place("status.conditions").list_mut() {
            if c.text("type") == "MemoryPressure" {
                c.set("status", status);
                c.set("reason", reason);
                c.set("message", message);
                c.set("lastTransitionTime", &now);
                c.set("lastHeartbeatTime", &now);
            }
        }
    });
    let mut cx = actor(cluster, name, Trigger::Timer);
    let text = format!("Node {name} status is now: {event}");
    cx.event(node, "Normal", event, &text);
    // Refused only if the node is gone meanwhile.
    let _ = cx.update_status(&kinds::node::KIND, &new, "its memory");
}

/// Ends one pod: of those that use more than they asked for, then of the rest, the least important, the largest.
fn evict(cluster: &mut Cluster, name: &Str, node: &Object, available: i64) {
    let mut all: Vec<(Object, i64, i64)> = Vec::new();
    for p in cluster.store.on_node(name) {
        let used: i64 = metrics::pod(cluster, p)
            .iter()
            .map(|(_, u)| u.memory_bytes)
            .sum();
        let spared = system::is_mirror(p) || p.int("spec.priority") >= CRITICAL;
        let going = cluster
            .kubelets
            .pod(p.uid())
            .is_none_or(|r| r.failed.is_some());
        if used > 0 && !spared && !going && !p.is_deleting() {
            let containers = p.spec().get("containers").items().iter();
            let asked = containers
                .map(|c| read_resource("memory", c.at("resources.requests.memory")))
                .sum();
            all.push((p.clone(), used, asked));
        }
    }
    all.arrange_by_key(|(p, used, asked)| (used <= asked, p.int("spec.priority"), asked - used));
    let mut cx = actor(cluster, name, Trigger::Timer);
    cx.event(
        node,
        "Warning",
        "EvictionThresholdMet",
        "Attempting to reclaim memory",
    );
    let Some((pod, _, _)) = all.into_iter().next() else {
        return;
    };
    let mut why = format!(
        "The node was low on resource: memory. Threshold quantity: {}, available: {}. ",
        amount(THRESHOLD),
        amount(available)
    );
    for (c, u) in metrics::pod(cx.cluster, &pod) {
        let containers = pod.spec().get("containers").items();
        let spec = containers.iter().find(|s| s.text("name") == c);
        let asked = spec.map_or(machinery::NULL, |s| s.at("resources.requests.memory"));
        if u.memory_bytes > read_resource("memory", asked) {
            why.push_str(&format!(
                "Container {c} was using {}, request is {}, has larger consumption of memory. ",
                amount(u.memory_bytes),
                asked.as_str().unwrap_or("0")
            ));
        }
    }
    cx.event(&pod, "Warning", "Evicted", &why);
    if let Some(run) = cluster.kubelets.pod_mut(pod.uid()) {
        run.failed = Some(Rc::new(("Evicted".into(), why)));
        run.dirty(0, "the node is low on memory");
    }
    let now = cluster.now;
    wake_pod_at(cluster, pod.uid(), now);
}

/// Bytes in the largest unit that leaves no rest.
fn amount(bytes: i64) -> String {
    match bytes {
        0 => "0".into(),
        b if b % (1 << 30) == 0 => format!("{}Gi", b >> 30),
        b if b % (1 << 20) == 0 => format!("{}Mi", b >> 20),
        b => format!("{}Ki", b >> 10),
    }
}
