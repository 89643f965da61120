//! Rules that hold when everything is mended and nothing moves any more: what was asked for is there, or there is a
//! reason that can be read off the objects.

use super::truth::{
    amount, asks, counts, is_active, is_over, is_ready, milli, ordinal, selects, tolerates,
};
use super::{Found, NAMESPACES, Sim};
use cluster::Cluster;
use machinery::{Object, Request, Response, WatchType};
use std::collections::{BTreeMap, BTreeSet};

type Rule = fn(&Cluster) -> Found<()>;

const RULES: &[(&str, Rule)] = &[
    ("nodes are ready", nodes),
    ("pods", pods),
    ("owners", owners),
    ("ReplicaSets", replica_sets),
    ("Deployments", deployments),
    ("StatefulSets", stateful_sets),
    ("DaemonSets", daemon_sets),
    ("Jobs", jobs),
    ("endpoints", endpoints),
    ("budgets", budgets),
    ("quotas", quotas),
    ("autoscalers", autoscalers),
    ("claims", claims),
    ("namespaces", namespaces),
];

pub(super) fn check(sim: &mut Sim) -> Found<()> {
    for (what, rule) in RULES {
        rule(&sim.cluster).map_err(|why| format!("at rest, {what}: {why}"))?;
    }
    watches(&mut sim.cluster).map_err(|why| format!("at rest, watches: {why}"))
}

fn all<'a>(cluster: &'a Cluster, resource: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
    cluster.store.list(resource, None)
}
fn mine<'a>(cluster: &'a Cluster, owner: &Object) -> Vec<&'a Object> {
    cluster.store.owned("pods", owner.uid()).collect()
}
fn name(o: &Object) -> String {
    format!("{} {}/{}", o.kind(), o.namespace(), o.name())
}
/// Refused by a quota, or kept from a name that another has: what is not done yet will be tried again, later than we wait.
fn tries_again(cluster: &Cluster, o: &Object) -> bool {
    cluster.controllers.is_backing_off(o.namespace(), o.name())
}
fn equal(o: &Object, what: &str, found: i64, truth: i64) -> Found<()> {
    match found == truth {
        true => Ok(()),
        false => Err(format!("{}: {what} is {found}, should be {truth}", name(o))),
    }
}

fn nodes(c: &Cluster) -> Found<()> {
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

fn pods(c: &Cluster) -> Found<()> {
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

/// Every owner that is named is there.
fn owners(c: &Cluster) -> Found<()> {
    for resource in c.store.resources() {
        for o in all(c, resource).filter(|o| resource != "events" && !o.owners().is_empty()) {
            let there = |r: &machinery::Value| c.store.by_uid(r.text("uid")).is_some();
            if !o.owners().iter().any(there) {
                return Err(format!(
                    "{} is an orphan: none of its owners is there",
                    name(o)
                ));
            }
            if o.is_deleting() {
                return Err(format!("{} is stuck in its deletion", name(o)));
            }
        }
    }
    Ok(())
}

fn replica_sets(c: &Cluster) -> Found<()> {
    for rs in all(c, "replicasets.apps") {
        let pods: Vec<&Object> = mine(c, rs).into_iter().filter(|p| is_active(p)).collect();
        let refused = rs.condition_is_true("ReplicaFailure");
        let have = pods.len() as i64;
        if !refused {
            equal(rs, "its number of pods", have, rs.int("spec.replicas"))?;
        }
        equal(rs, "status.replicas", rs.int("status.replicas"), have)?;
        let ready = pods.iter().filter(|p| is_ready(p)).count() as i64;
        equal(
            rs,
            "status.readyReplicas",
            rs.int("status.readyReplicas"),
            ready,
        )?;
        if !tries_again(c, rs) {
            let said = rs.int("status.availableReplicas");
            equal(rs, "status.availableReplicas", said, ready)?;
        }
        equal(
            rs,
            "status.observedGeneration",
            rs.int("status.observedGeneration"),
            rs.generation(),
        )?;
        let selector = rs.at("spec.selector");
        let loose = c.store.list("pods", Some(rs.namespace()));
        if let Some(p) = loose
            .filter(|p| p.controller().is_null() && is_active(p))
            .find(|p| selects(selector, p))
        {
            return Err(format!("{} does not adopt {}", name(rs), p.name()));
        }
    }
    Ok(())
}

fn deployments(c: &Cluster) -> Found<()> {
    for d in all(c, "deployments.apps") {
        let sets: Vec<&Object> = c.store.owned("replicasets.apps", d.uid()).collect();
        let sum = |path: &str| sets.iter().map(|s| s.int(path)).sum::<i64>();
        equal(
            d,
            "status.observedGeneration",
            d.int("status.observedGeneration"),
            d.generation(),
        )?;
        for path in [
            "status.replicas",
            "status.readyReplicas",
            "status.availableReplicas",
        ] {
            equal(d, path, d.int(path), sum(path))?;
        }
        let wanted = d.int("spec.replicas");
        let surge = amount(d.at("spec.strategy.rollingUpdate.maxSurge"), wanted, true);
        if sum("spec.replicas") > wanted + surge {
            return Err(format!(
                "{} has {} replicas, {wanted} + {surge} at most",
                name(d),
                sum("spec.replicas")
            ));
        }
        if d.flag("spec.paused") {
            continue;
        }
        let pods: Vec<&Object> = sets
            .iter()
            .flat_map(|s| mine(c, s))
            .filter(|p| is_active(p))
            .collect();
        let refused = sets.iter().any(|s| s.condition_is_true("ReplicaFailure"));
        if !refused && pods.iter().all(|p| is_ready(p)) {
            equal(
                d,
                "status.updatedReplicas",
                d.int("status.updatedReplicas"),
                wanted,
            )?;
            equal(
                d,
                "status.availableReplicas",
                d.int("status.availableReplicas"),
                wanted,
            )?;
            equal(d, "its number of pods", pods.len() as i64, wanted)?;
            if !d.condition_is_true("Available")
                || d.condition("Progressing").text("reason") != "NewReplicaSetAvailable"
            {
                return Err(format!("{} is complete and does not say so", name(d)));
            }
        }
    }
    Ok(())
}

fn stateful_sets(c: &Cluster) -> Found<()> {
    for s in all(c, "statefulsets.apps") {
        let pods = mine(c, s);
        let mut at: Vec<i64> = pods.iter().map(|p| ordinal(p.name())).collect();
        at.sort_unstable();
        let wanted = s.int("spec.replicas");
        equal(
            s,
            "status.observedGeneration",
            s.int("status.observedGeneration"),
            s.generation(),
        )?;
        equal(
            s,
            "status.replicas",
            s.int("status.replicas"),
            pods.iter().filter(|p| is_active(p)).count() as i64,
        )?;
        let ready = pods.iter().filter(|p| is_ready(p)).count() as i64;
        equal(
            s,
            "status.readyReplicas",
            s.int("status.readyReplicas"),
            ready,
        )?;
        // A pod of that name may be another's: relabelled, or left behind by an owner that was orphaned away.
        let taken = (0..wanted).any(|n| {
            let there = c
                .store
                .get("pods", s.namespace(), &format!("{}-{n}", s.name()));
            there.is_some_and(|p| !p.is_controlled_by(s))
        });
        let quota = c
            .store
            .list("resourcequotas", Some(s.namespace()))
            .next()
            .is_some();
        if taken || quota || tries_again(c, s) || pods.iter().any(|p| !is_ready(p)) {
            continue;
        }
        if at != (0..wanted).collect::<Vec<_>>() {
            return Err(format!(
                "{} wants {wanted} pods and has {at:?}, all of them ready",
                name(s)
            ));
        }
        let partition = s.int("spec.updateStrategy.rollingUpdate.partition");
        if s.text("spec.updateStrategy.type") == "RollingUpdate" && partition == 0 {
            let old = |p: &&&Object| {
                p.label("controller-revision-hash") != Some(s.text("status.updateRevision"))
            };
            if let Some(p) = pods.iter().find(old) {
                return Err(format!("{} is of an old revision", name(p)));
            }
            if s.text("status.currentRevision") != s.text("status.updateRevision") {
                return Err(format!("{} is updated and does not say so", name(s)));
            }
        }
    }
    Ok(())
}

fn daemon_sets(c: &Cluster) -> Found<()> {
    let nodes = all(c, "nodes").count() as i64;
    for d in all(c, "daemonsets.apps") {
        let pods: Vec<&Object> = mine(c, d).into_iter().filter(|p| is_active(p)).collect();
        let ready = pods.iter().filter(|p| is_ready(p)).count() as i64;
        equal(
            d,
            "status.desiredNumberScheduled",
            d.int("status.desiredNumberScheduled"),
            nodes,
        )?;
        equal(d, "status.numberReady", d.int("status.numberReady"), ready)?;
        equal(
            d,
            "status.observedGeneration",
            d.int("status.observedGeneration"),
            d.generation(),
        )?;
        let quota = c
            .store
            .list("resourcequotas", Some(d.namespace()))
            .next()
            .is_some();
        if !quota && pods.iter().all(|p| is_ready(p)) {
            equal(d, "its number of pods", pods.len() as i64, nodes)?;
            equal(
                d,
                "status.updatedNumberScheduled",
                d.int("status.updatedNumberScheduled"),
                nodes,
            )?;
        }
    }
    Ok(())
}

fn jobs(c: &Cluster) -> Found<()> {
    for j in all(c, "jobs.batch") {
        let pods = mine(c, j);
        let (done, failed) = (
            j.condition_is_true("Complete"),
            j.condition_is_true("Failed"),
        );
        let active = pods.iter().filter(|p| is_active(p)).count() as i64;
        equal(j, "status.active", j.int("status.active"), active)?;
        if done && failed {
            return Err(format!("{} is complete and failed", name(j)));
        }
        if (done || failed) && active > 0 {
            return Err(format!("{} is over, and has {active} pods", name(j)));
        }
        if done && j.text("spec.completionMode") == "Indexed" {
            equal(
                j,
                "status.succeeded",
                j.int("status.succeeded"),
                j.int("spec.completions"),
            )?;
        }
        let waits = j.flag("spec.suspend")
            || pods
                .iter()
                .any(|p| p.text("spec.nodeName").is_empty() && is_active(p));
        let quota = c
            .store
            .list("resourcequotas", Some(j.namespace()))
            .next()
            .is_some();
        if !done && !failed && !waits && !quota {
            return Err(format!(
                "{} is neither complete nor failed: {}",
                name(j),
                machinery::json::print(j.status())
            ));
        }
        let uncounted = |p: &&&Object| is_over(p) && !p.at("metadata.finalizers").is_empty();
        if let Some(p) = pods.iter().find(uncounted)
            && !tries_again(c, j)
        {
            return Err(format!("{} is over and was never counted", name(p)));
        }
    }
    Ok(())
}

/// Endpoints are the ready pods, no more, no less.
fn endpoints(c: &Cluster) -> Found<()> {
    for s in all(c, "services").filter(|s| !s.at("spec.selector").is_empty()) {
        let unready = s.flag("spec.publishNotReadyAddresses");
        let pods = c
            .store
            .list("pods", Some(s.namespace()))
            .filter(|p| selects(s.at("spec.selector"), p));
        let usable = pods.filter(|p| {
            !is_over(p) && !p.text("status.podIP").is_empty() && (unready || is_ready(p))
        });
        let truth: BTreeSet<String> = usable.map(|p| p.text("status.podIP").to_string()).collect();
        let slices = c
            .store
            .list("endpointslices.discovery.k8s.io", Some(s.namespace()));
        let slices = slices.filter(|e| e.label("kubernetes.io/service-name") == Some(s.name()));
        let ends = slices.flat_map(|e| e.get("endpoints").items());
        let ready = ends.filter(|e| e.at("conditions.ready").as_bool() != Some(false));
        let found: Vec<String> = ready
            .flat_map(|e| e.get("addresses").items())
            .filter_map(|a| a.as_str())
            .map(str::to_string)
            .collect();
        let distinct: BTreeSet<String> = found.iter().cloned().collect();
        if distinct != truth || distinct.len() != found.len() {
            return Err(format!(
                "{} leads to {found:?}, ready are {truth:?}",
                name(s)
            ));
        }
    }
    Ok(())
}

fn budgets(c: &Cluster) -> Found<()> {
    for b in all(c, "poddisruptionbudgets.policy") {
        let pods = c
            .store
            .list("pods", Some(b.namespace()))
            .filter(|p| selects(b.at("spec.selector"), p));
        let healthy = pods.filter(|p| is_ready(p) && !is_over(p)).count() as i64;
        equal(
            b,
            "status.currentHealthy",
            b.int("status.currentHealthy"),
            healthy,
        )?;
        equal(
            b,
            "status.observedGeneration",
            b.int("status.observedGeneration"),
            b.generation(),
        )?;
        let left = (healthy - b.int("status.desiredHealthy")).max(0);
        if b.int("status.expectedPods") > 0 {
            equal(
                b,
                "status.disruptionsAllowed",
                b.int("status.disruptionsAllowed"),
                left,
            )?;
        }
    }
    Ok(())
}

fn quotas(c: &Cluster) -> Found<()> {
    for q in all(c, "resourcequotas") {
        let count = |resource: &str| c.store.list(resource, Some(q.namespace())).count() as i64;
        for (what, _) in q.at("spec.hard").entries() {
            let truth = match what.as_str() {
                "pods" => c
                    .store
                    .list("pods", Some(q.namespace()))
                    .filter(|p| counts(p, c.now))
                    .count() as i64,
                "services" => count("services"),
                "count/deployments.apps" => count("deployments.apps"),
                _ => continue,
            };
            let used = milli(q.at("status.used").get(what)) / 1000;
            equal(q, &format!("status.used.{what}"), used, truth)?;
        }
    }
    Ok(())
}

fn autoscalers(c: &Cluster) -> Found<()> {
    for h in all(c, "horizontalpodautoscalers.autoscaling") {
        let Some(d) = c.store.get(
            "deployments.apps",
            h.namespace(),
            h.text("spec.scaleTargetRef.name"),
        ) else {
            continue;
        };
        let n = d.int("spec.replicas");
        // Zero switches an autoscaler off.
        if n > 0 && (n < h.int("spec.minReplicas") || n > h.int("spec.maxReplicas")) {
            return Err(format!("{} leaves {n} replicas", name(h)));
        }
    }
    Ok(())
}

fn claims(c: &Cluster) -> Found<()> {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for claim in all(c, "persistentvolumeclaims").filter(|p| p.text("status.phase") == "Bound") {
        let volume = claim.text("spec.volumeName");
        let there = c.store.get("persistentvolumes", "", volume);
        if there.is_none_or(|v| v.text("spec.claimRef.uid") != claim.uid()) {
            return Err(format!(
                "{} is bound to {volume}, which does not know it",
                name(claim)
            ));
        }
        if let Some(other) = taken.insert(volume.to_string(), name(claim)) {
            return Err(format!("{} and {other} share {volume}", name(claim)));
        }
    }
    Ok(())
}

fn namespaces(c: &Cluster) -> Found<()> {
    match all(c, "namespaces").find(|n| n.is_deleting()) {
        Some(n) => Err(format!(
            "{} is stuck in its deletion: {}",
            n.name(),
            machinery::json::print(n.status())
        )),
        None => Ok(()),
    }
}

/// A watch from the beginning, folded, is the list; and it is in order.
fn watches(c: &mut Cluster) -> Found<()> {
    let first = c.store.history().next().map_or(0, |h| h.version);
    for path in [
        "/api/v1/pods",
        "/apis/apps/v1/replicasets",
        "/api/v1/services",
    ] {
        let since = first.saturating_sub(1).max(1);
        let request = Request::get(path)
            .with("watch", "true")
            .with("resourceVersion", since.to_string());
        let Response::Watch { events, .. } = c.request(request) else {
            return Err(format!("{path} cannot be watched from {since}"));
        };
        let (mut last, mut there) = (0, BTreeMap::new());
        for e in events {
            let o = Object(e.object);
            if o.resource_version() <= last {
                return Err(format!(
                    "{path} delivers {} after {last}",
                    o.resource_version()
                ));
            }
            last = o.resource_version();
            match e.kind {
                WatchType::Deleted => there.remove(o.uid()),
                _ => there.insert(o.uid().to_string(), last),
            };
        }
        let list = c
            .request(Request::get(path))
            .value()
            .map_err(|s| s.message)?;
        for item in list.get("items").items() {
            let o = Object(item.clone());
            if since <= 1 && there.remove(o.uid()) != Some(o.resource_version()) {
                return Err(format!("{path}: the watch does not end at {}", o.name()));
            }
        }
        if since <= 1 && !there.is_empty() {
            return Err(format!(
                "{path}: the watch ends with {} too many",
                there.len()
            ));
        }
    }
    Ok(())
}

/// After everything was deleted nothing is left.
pub(super) fn empty(sim: &mut Sim) -> Found<()> {
    let c = &sim.cluster;
    for resource in c.store.resources() {
        let kept = ["events", "serviceaccounts", "configmaps", "secrets"];
        let left = all(c, resource)
            .find(|o| NAMESPACES.contains(&o.namespace()) && o.name() != "kubernetes");
        if let Some(o) = left.filter(|_| !kept.contains(&resource.as_str())) {
            return Err(format!("everything was deleted, and {} is left", name(o)));
        }
    }
    match all(c, "persistentvolumes").next() {
        Some(v) => Err(format!(
            "everything was deleted, and volume {} is left ({})",
            v.name(),
            v.text("status.phase")
        )),
        None => Ok(()),
    }
}
