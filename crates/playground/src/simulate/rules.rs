//! Rules that hold after every event. Each looks at one write, and at the cluster as it is now.
//!
//! Only what upstream guarantees is a rule: a controller acts on what statuses say, and statuses may lag behind pods that
//! have just died; so a rule on availability asks what the controller could know.

use cluster::Cluster;
use cluster::store::Change;
use machinery::{Object, WatchType};
use std::collections::BTreeMap;

use super::Found;
use super::truth::{
    Budgets, amount, asks, counts, is_active, is_over, is_ready, milli, ordinal, tolerates,
};

/// What has to be remembered between writes.
#[derive(Default)]
pub(super) struct Memory {
    /// A rule broken outside of a write.
    failed: Option<String>,
    /// Address → uid of the pod that has it.
    addresses: BTreeMap<String, String>,
    /// When a pod of a namespace changed last.
    moved: BTreeMap<String, i64>,
}

type Rule = fn(&mut Memory, &Cluster, &Change) -> Found<()>;

/// (resource, "" for all; rule)
const RULES: &[(&str, Rule)] = &[
    ("", versions_and_identity),
    ("", nothing_appears_in_a_namespace_that_goes),
    ("pods", pods_stay_where_they_are),
    ("pods", addresses_are_unique),
    ("pods", nodes_have_room),
    ("pods", quotas_hold),
    ("pods", stateful_sets_keep_their_order),
    ("pods", owners_do_not_overshoot),
    ("replicasets.apps", rollouts_stay_in_bounds),
    ("jobs.batch", cron_jobs_that_forbid),
    ("services", service_addresses_are_unique),
    ("persistentvolumeclaims", claims_stay_bound),
];

pub(super) fn check(memory: &mut Memory, cluster: &Cluster, change: &Change) -> Found<()> {
    if let Some(why) = memory.failed.take() {
        return Err(why);
    }
    for (resource, rule) in RULES {
        if resource.is_empty() || change.resource == **resource {
            rule(memory, cluster, change)?;
        }
    }
    if change.resource == "pods" {
        memory.moved.insert(change.key.0.to_string(), change.at);
    }
    Ok(())
}

fn versions_and_identity(_: &mut Memory, _: &Cluster, c: &Change) -> Found<()> {
    if c.new.resource_version() != c.version {
        return Err(format!(
            "write {} carries version {}",
            c.version,
            c.new.resource_version()
        ));
    }
    let Some(old) = c.old.as_ref().filter(|_| c.kind == WatchType::Modified) else {
        return Ok(());
    };
    for path in ["metadata.uid", "metadata.creationTimestamp"] {
        if old.at(path) != c.new.at(path) {
            return Err(format!("{path} changed"));
        }
    }
    if old.is_deleting() && !c.new.is_deleting() {
        return Err("a deletion was taken back".into());
    }
    if c.new.generation() < old.generation() {
        return Err("the generation fell".into());
    }
    if c.new.int("status.observedGeneration") > c.new.generation() && c.new.generation() > 0 {
        return Err("observed a generation that is not there yet".into());
    }
    Ok(())
}

fn nothing_appears_in_a_namespace_that_goes(
    _: &mut Memory,
    cluster: &Cluster,
    c: &Change,
) -> Found<()> {
    if c.kind != WatchType::Added || c.key.0.is_empty() {
        return Ok(());
    }
    match cluster.store.get("namespaces", "", &c.key.0) {
        None => Err("appeared in a namespace that is not there".into()),
        Some(ns) if ns.is_deleting() => Err("appeared in a namespace that is being deleted".into()),
        Some(_) => Ok(()),
    }
}

fn pods_stay_where_they_are(_: &mut Memory, _: &Cluster, c: &Change) -> Found<()> {
    let Some(old) = &c.old else { return Ok(()) };
    let (was, is) = (old.text("spec.nodeName"), c.new.text("spec.nodeName"));
    if !was.is_empty() && was != is {
        return Err(format!("moved from {was} to {is}"));
    }
    if was.is_empty() && !is.is_empty() && c.new.is_deleting() {
        return Err("bound while it was being deleted".into());
    }
    if is_over(old) && old.text("status.phase") != c.new.text("status.phase") {
        return Err(format!(
            "{} became {}",
            old.text("status.phase"),
            c.new.text("status.phase")
        ));
    }
    if is.is_empty() && matches!(c.new.text("status.phase"), "Running") {
        return Err("runs on no node".into());
    }
    Ok(())
}

fn addresses_are_unique(memory: &mut Memory, cluster: &Cluster, c: &Change) -> Found<()> {
    let address = |p: &Object| p.text("status.podIP").to_string();
    let uid = c.new.uid();
    if let Some(old) = &c.old
        && memory
            .addresses
            .get(&address(old))
            .is_some_and(|u| u == uid)
    {
        memory.addresses.remove(&address(old));
    }
    let ip = address(&c.new);
    if c.kind == WatchType::Deleted
        || ip.is_empty()
        || is_over(&c.new)
        || c.new.flag("spec.hostNetwork")
    {
        return Ok(());
    }
    if let Some(other) = memory.addresses.insert(ip.clone(), uid.to_string())
        && let Some(other) = cluster
            .store
            .by_uid(&other)
            .filter(|o| o.uid() != uid && !is_over(o))
    {
        return Err(format!(
            "shares {ip} with {}/{}",
            other.namespace(),
            other.name()
        ));
    }
    Ok(())
}

/// A pod is bound only where it is let, and where there is room.
fn nodes_have_room(_: &mut Memory, cluster: &Cluster, c: &Change) -> Found<()> {
    let name = c.new.text("spec.nodeName");
    let bound = !name.is_empty()
        && c.old
            .as_ref()
            .is_some_and(|o| o.text("spec.nodeName").is_empty());
    if !bound || c.kind == WatchType::Deleted {
        return Ok(());
    }
    let Some(node) = cluster.store.get("nodes", "", name) else {
        return Err(format!("bound to {name}, which is not there"));
    };
    let kept = node.at("spec.taints").items().iter();
    let mut kept = kept.filter(|t| t.text("effect") != "PreferNoSchedule" && !tolerates(&c.new, t));
    if let Some(t) = kept.next() {
        return Err(format!(
            "bound to {name} against its taint {}:{}",
            t.text("key"),
            t.text("effect")
        ));
    }
    let there: Vec<&Object> = cluster
        .store
        .on_node(name)
        .filter(|p| !is_over(p))
        .collect();
    for what in ["cpu", "memory"] {
        let sum: i64 = there.iter().map(|p| asks(p, what)).sum();
        let room = milli(node.at("status.allocatable").get(what));
        if sum > room {
            return Err(format!(
                "{name} has {room} milli {what}, its pods ask for {sum}"
            ));
        }
    }
    let room = milli(node.at("status.allocatable.pods")) / 1000;
    if there.len() as i64 > room {
        return Err(format!("{name} takes {room} pods and has {}", there.len()));
    }
    Ok(())
}

fn quotas_hold(_: &mut Memory, cluster: &Cluster, c: &Change) -> Found<()> {
    if c.kind != WatchType::Added {
        return Ok(());
    }
    for q in cluster.store.list("resourcequotas", Some(&c.key.0)) {
        let hard = q.at("spec.hard").get("pods");
        let have = cluster.store.list("pods", Some(&c.key.0));
        let have = have.filter(|p| counts(p, cluster.now)).count() as i64;
        if !hard.is_null() && have * 1000 > milli(hard) {
            return Err(format!("quota {} is exceeded: {have} pods", q.name()));
        }
    }
    Ok(())
}

fn owner<'a>(cluster: &'a Cluster, o: &Object, kind: &str) -> Option<&'a Object> {
    let r = o.controller();
    cluster
        .store
        .by_uid(r.text("uid"))
        .filter(|_| r.text("kind") == kind)
}

fn stateful_sets_keep_their_order(_: &mut Memory, cluster: &Cluster, c: &Change) -> Found<()> {
    if c.cause.actor != *"statefulset-controller" {
        return Ok(());
    }
    let Some(set) = owner(cluster, &c.new, "StatefulSet") else {
        return Ok(());
    };
    if set.text("spec.podManagementPolicy") == "Parallel" {
        return Ok(());
    }
    let n = ordinal(&c.key.1);
    let mut others = cluster
        .store
        .owned("pods", set.uid())
        .filter(|p| ordinal(p.name()) != n);
    if c.kind == WatchType::Added {
        let ready = others
            .filter(|p| ordinal(p.name()) < n && is_ready(p))
            .count() as i64;
        let below = n - set.int("spec.ordinals.start");
        if ready < below {
            return Err(format!(
                "made while only {ready} of the {below} before it are ready"
            ));
        }
    } else if c.new.is_deleting()
        && c.old.as_ref().is_some_and(is_active)
        && let Some(other) = others.find(|p| p.is_deleting() && ordinal(p.name()) > n)
    {
        return Err(format!("ends while {} has not gone", other.name()));
    }
    Ok(())
}

/// Controllers make no pod more than is wanted.
fn owners_do_not_overshoot(_: &mut Memory, cluster: &Cluster, c: &Change) -> Found<()> {
    if c.kind != WatchType::Added {
        return Ok(());
    }
    let r = c.new.controller();
    let Some(o) = cluster.store.by_uid(r.text("uid")) else {
        return Ok(());
    };
    let mine = || {
        cluster
            .store
            .owned("pods", o.uid())
            .filter(|p| is_active(p))
    };
    let (have, most) = match r.text("kind") {
        "ReplicaSet" => (mine().count() as i64, o.int("spec.replicas")),
        "StatefulSet" => {
            let most = o.int("spec.replicas") + o.int("spec.ordinals.start");
            (ordinal(c.new.name()) + 1, most)
        }
        "Job" => {
            let index = |p: &Object| {
                p.annotation("batch.kubernetes.io/job-completion-index")
                    .map(str::to_string)
            };
            let same = mine().filter(|p| index(p).is_some() && index(p) == index(&c.new));
            if same.count() > 1 {
                return Err(format!("two pods of index {:?}", index(&c.new)));
            }
            (mine().count() as i64, o.int("spec.parallelism"))
        }
        "DaemonSet" => {
            let terms = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
            let node = |p: &Object| {
                p.at(terms)
                    .items()
                    .first()
                    .map(|t| t.get("matchFields").clone())
            };
            let same = mine().filter(|p| node(p) == node(&c.new)).count() as i64;
            let surge = amount(o.at("spec.updateStrategy.rollingUpdate.maxSurge"), 1, true);
            (same, 1 + surge.min(1))
        }
        _ => return Ok(()),
    };
    if have > most {
        return Err(format!(
            "{} {} has {have} pods, {most} are wanted",
            r.text("kind"),
            o.name()
        ));
    }
    Ok(())
}

fn rollouts_stay_in_bounds(_: &mut Memory, cluster: &Cluster, c: &Change) -> Found<()> {
    if c.cause.actor != *"deployment-controller" || c.kind == WatchType::Deleted {
        return Ok(());
    }
    let Some(d) = owner(cluster, &c.new, "Deployment") else {
        return Ok(());
    };
    let was = c.old.as_ref().map_or(0, |o| o.int("spec.replicas"));
    let (is, wanted) = (c.new.int("spec.replicas"), d.int("spec.replicas"));
    let sets: Vec<&Object> = cluster.store.owned("replicasets.apps", d.uid()).collect();
    if d.text("spec.strategy.type") == "Recreate" {
        let others = sets.iter().filter(|s| s.uid() != c.new.uid());
        let alive = others
            .flat_map(|s| cluster.store.owned("pods", s.uid()))
            .filter(|p| !is_over(p))
            .count();
        if was == 0 && is > 0 && alive > 0 && !d.flag("spec.paused") {
            return Err(format!(
                "begins while {alive} pods of another revision are there"
            ));
        }
        return Ok(());
    }
    let rule = d.at("spec.strategy.rollingUpdate");
    let surge = amount(rule.get("maxSurge"), wanted, true);
    let mut fewer = amount(rule.get("maxUnavailable"), wanted, false);
    if surge == 0 && fewer == 0 {
        fewer = 1;
    }
    let sum: i64 = sets.iter().map(|s| s.int("spec.replicas")).sum();
    if is > was && sum > wanted + surge {
        return Err(format!(
            "{sum} replicas asked for, at most {wanted} + {surge} may be"
        ));
    }
    // What the controller could know: a scale-down of the whole is another matter.
    let desired = c
        .old
        .as_ref()
        .and_then(|o| o.annotation("deployment.kubernetes.io/desired-replicas"));
    if is < was && desired.and_then(|n| n.parse::<i64>().ok()) == Some(wanted) {
        // What a ReplicaSet says of itself, or what its pods say, where it has not looked yet.
        let available = |s: &Object, replicas: i64| {
            let ready = cluster.store.owned("pods", s.uid()).filter(|p| is_ready(p));
            let ready = ready.count() as i64;
            s.int("status.availableReplicas").max(ready).min(replicas)
        };
        let others = sets.iter().filter(|s| s.uid() != c.new.uid());
        let others: i64 = others.map(|s| available(s, s.int("spec.replicas"))).sum();
        let (before, after) = (
            others + available(&c.new, was),
            others + available(&c.new, is),
        );
        if after < before && after < wanted - fewer {
            return Err(format!(
                "leaves {after} available, at least {wanted} - {fewer} have to be"
            ));
        }
    }
    Ok(())
}

fn cron_jobs_that_forbid(_: &mut Memory, cluster: &Cluster, c: &Change) -> Found<()> {
    if c.kind != WatchType::Added {
        return Ok(());
    }
    let Some(cron) = owner(cluster, &c.new, "CronJob") else {
        return Ok(());
    };
    let going = |j: &&Object| !j.condition_is_true("Complete") && !j.condition_is_true("Failed");
    let going = cluster
        .store
        .owned("jobs.batch", cron.uid())
        .filter(going)
        .count();
    if cron.text("spec.concurrencyPolicy") == "Forbid" && going > 1 {
        return Err(format!("{going} jobs of a CronJob that forbids it"));
    }
    Ok(())
}

fn service_addresses_are_unique(_: &mut Memory, cluster: &Cluster, c: &Change) -> Found<()> {
    let ip = c.new.text("spec.clusterIP");
    if c.kind != WatchType::Added || ip.is_empty() || ip == "None" {
        return Ok(());
    }
    let same = cluster
        .store
        .list("services", None)
        .filter(|s| s.text("spec.clusterIP") == ip);
    match same.count() {
        0 | 1 => Ok(()),
        n => Err(format!("{n} Services have {ip}")),
    }
}

fn claims_stay_bound(_: &mut Memory, _: &Cluster, c: &Change) -> Found<()> {
    let was = c.old.as_ref().map_or("", |o| o.text("spec.volumeName"));
    if !was.is_empty() && was != c.new.text("spec.volumeName") {
        return Err(format!("was bound to {was}"));
    }
    Ok(())
}

impl Memory {
    pub fn fail(&mut self, why: String) {
        self.failed.get_or_insert(why);
    }
    /// A pod was evicted: was it allowed? Only where the budget could know of everything.
    pub fn evicted(&mut self, cluster: &Cluster, p: &Object, before: &Budgets) {
        let still = self
            .moved
            .get(p.namespace())
            .is_none_or(|t| cluster.now - t > 100);
        let blind = cluster
            .faults()
            .any(|b| b.fault.text().starts_with("kube-controller"));
        let ours = is_ready(p) && p.text("status.phase") == "Running";
        for (name, healthy, needed) in before {
            if still && !blind && ours && *healthy > 0 && healthy - 1 < *needed {
                self.fail(format!(
                    "{} was evicted: budget {name} needs {needed} and had {healthy}",
                    p.name()
                ));
            }
        }
    }
}
