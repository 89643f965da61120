//! What a kubelet asks before it takes a pod that is on its node already: the scheduler may have been passed by
//! (`spec.nodeName`), and a resize asks it nothing. Upstream: `pkg/kubelet/lifecycle/predicate.go`, `pkg/kubelet/allocation`.

use super::ask::{Amounts, Ask, amounts, host_ports};
use super::plugins::{basic, node_affinity};
use super::rows::Row;
use crate::Cluster;
use machinery::{Object, Str};

/// Reason and message of a rejection.
pub type Rejection = (Str, String);

/// (name, asked for, used, there)
fn amounts_of(ask: &Amounts, used: &Amounts, has: &Amounts) -> Vec<(Str, i64, i64, i64)> {
    let mut all = vec![
        (Str::lit("cpu"), ask.cpu, used.cpu, has.cpu),
        (Str::lit("memory"), ask.memory, used.memory, has.memory),
        (Str::lit("ephemeral-storage"), ask.disk, used.disk, has.disk),
    ];
    let of = |a: &Amounts, name: &Str| a.other.get(name).copied().unwrap_or(0);
    all.extend(
        ask.other
            .iter()
            .map(|(name, n)| (name.clone(), *n, of(used, name), of(has, name))),
    );
    all
}

fn is_over(row: &Row) -> bool {
    let (used, has) = (&row.used, &row.allocatable);
    let more = |name: &Str, n: i64| n > has.other.get(name).copied().unwrap_or(0);
    row.pods > row.pods_max
        || used.cpu > has.cpu
        || used.memory > has.memory
        || used.disk > has.disk
        || used.other.iter().any(|(name, n)| more(name, *n))
}

/// Whether the node of a pod takes it.
pub(crate) fn admits(cluster: &Cluster, pod: &Object) -> Result<(), Rejection> {
    let row = cluster.scheduler.rows.row(pod.text("spec.nodeName"));
    let Some(row) = row.filter(|r| r.pods_max > 0 && !crate::kubelet::system::is_mirror(pod))
    else {
        return Ok(());
    };
    if is_over(row) {
        too_full(cluster, pod, row)?;
    }
    let spec = pod.spec();
    let required = spec.at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    let ask = Ask {
        selector: spec.get("nodeSelector").clone(),
        node_affinity: required.clone(),
        ..Ask::default()
    };
    let fails = |name: &'static str, why: &str| {
        Err((Str::lit(name), format!("Predicate {name} failed: {why}")))
    };
    if !node_affinity::fits(&ask, row) {
        return fails(
            "NodeAffinity",
            "node(s) didn't match Pod's node affinity/selector",
        );
    }
    // Its own ports are among the node's.
    let taken =
        |p: &(Str, Str, i64)| row.ports.iter().filter(|q| basic::conflict(p, q)).count() > 1;
    if host_ports(spec).iter().any(taken) {
        return fails(
            "NodePorts",
            "node(s) didn't have free ports for the requested pod ports",
        );
    }
    Ok(())
}

/// The node has more than it can take: is it this pod that is too much for those that were taken before?
fn too_full(cluster: &Cluster, pod: &Object, row: &Row) -> Result<(), Rejection> {
    let (mine, _) = amounts(pod.spec());
    let mut taken = Row::default();
    for p in cluster.store.on_node(&row.name) {
        if p.uid() != pod.uid() && super::rows::counts(p) && cluster.kubelets.pod(p.uid()).is_some()
        {
            taken.take(p, 1);
        }
    }
    let short = |name: &str, want: i64, used: i64, has: i64| {
        let text = format!(
            "Node didn't have enough resource: {name}, requested: {want}, used: {used}, capacity: {has}"
        );
        Err((Str::from(format!("OutOf{name}")), text))
    };
    if taken.pods + 1 > row.pods_max {
        return short("pods", 1, taken.pods, row.pods_max);
    }
    for (name, want, used, has) in amounts_of(&mine, &taken.used, &row.allocatable) {
        if want > 0 && want > has - used {
            return short(&name, want, used, has);
        }
    }
    Ok(())
}

/// Whether a pod that asks for other resources can have them: reason and message if not.
pub(crate) fn resize_fits(cluster: &Cluster, pod: &Object) -> Result<(), (&'static str, String)> {
    let Some(row) = cluster.scheduler.rows.row(pod.text("spec.nodeName")) else {
        return Ok(());
    };
    let (mine, _) = amounts(pod.spec());
    let all = amounts_of(&mine, &row.used, &row.allocatable);
    for (name, want, _, has) in &all {
        if want > has {
            let text = format!(
                "Node didn't have enough capacity: {name}, requested: {want}, capacity: {has}"
            );
            return Err(("Infeasible", text));
        }
    }
    // What is used has this pod's wish in it.
    for (name, want, used, has) in &all {
        if *want > 0 && used > has {
            let used = used - want;
            let text = format!(
                "Node didn't have enough resource: {name}, requested: {want}, used: {used}, capacity: {has}"
            );
            return Err(("Deferred", text));
        }
    }
    Ok(())
}
