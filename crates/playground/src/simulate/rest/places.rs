//! Nodes and pods: who runs, and why who does not.

use super::super::Found;
use super::super::truth::{asks, is_over, is_ready, milli, tolerates};
use super::{all, name};
use cluster::Cluster;
use machinery::Object;

pub(super) fn nodes(c: &Cluster) -> Found<()> {
    for n in all(c, "nodes") {
        if !n.condition_is_true("Ready") {
            return Err(format!("{} is not", n.name()));
        }
        if let Some(t) = n.at("spec.taints").items().first() {
            return Err(format!(
                "{} still has the taint {}",
                n.name(),
                t.text("key")
            ));
        }
    }
    Ok(())
}

pub(super) fn pods(c: &Cluster) -> Found<()> {
    for p in all(c, "pods") {
        if p.is_deleting() {
            return Err(format!(
                "{} is stuck in its deletion (finalizers {:?})",
                name(p),
                p.at("metadata.finalizers").items().len()
            ));
        }
        let node = p.text("spec.nodeName");
        if node.is_empty() {
            if let Some(node) = fits_somewhere(c, p) {
                return Err(format!("{} waits, and fits on {node}", name(p)));
            }
            if p.condition("PodScheduled").text("reason").is_empty() {
                return Err(format!("{} waits, and nobody says why", name(p)));
            }
        } else if c.store.get("nodes", "", node).is_none() {
            return Err(format!("{} is on {node}, which is gone", name(p)));
        } else if !is_over(p)
            && !is_ready(p)
            && !is_hopeless(p)
            && p.text("spec.restartPolicy") == "Always"
        {
            let message = p.condition("Ready").text("message");
            let state = machinery::json::print(p.at("status.containerStatuses"));
            return Err(format!("{} is not ready: {message}; {state}", name(p)));
        }
    }
    Ok(())
}

/// Refused by a quota, or kept from a name that another has: what is not done yet will be tried again, later than we wait.
pub(super) fn tries_again(cluster: &Cluster, o: &Object) -> bool {
    cluster.controllers.is_backing_off(o.namespace(), o.name())
}

/// What keeps a pod from being ready is to be seen: an image that is not there, a container that ends again and again.
fn is_hopeless(p: &Object) -> bool {
    let spec = p.spec();
    let images = spec
        .get("containers")
        .items()
        .iter()
        .chain(spec.get("initContainers").items());
    images.clone().any(|c| c.text("image").contains("no-such"))
}

/// A Pending pod without a node fits nowhere.
fn fits_somewhere(c: &Cluster, p: &Object) -> Option<String> {
    let rules = [
        "affinity",
        "topologySpreadConstraints",
        "nodeSelector",
        "schedulingGates",
    ];
    let claims = p
        .at("spec.volumes")
        .items()
        .iter()
        .any(|v| !v.get("persistentVolumeClaim").is_null());
    if claims || rules.iter().any(|r| !p.spec().get(r).is_empty()) {
        return None;
    }
    let fits = |n: &&Object| {
        let taints = n.at("spec.taints").items();
        let there: Vec<&Object> = c.store.on_node(n.name()).filter(|o| !is_over(o)).collect();
        let room = |what: &str| {
            let used: i64 = there.iter().map(|o| asks(o, what)).sum();
            asks(p, what) == 0
                || used + asks(p, what) <= milli(n.at("status.allocatable").get(what))
        };
        taints
            .iter()
            .all(|t| t.text("effect") == "PreferNoSchedule" || tolerates(p, t))
            && room("cpu")
            && room("memory")
            && (there.len() as i64) < milli(n.at("status.allocatable.pods")) / 1000
    };
    all(c, "nodes").find(fits).map(|n| n.name().to_string())
}
