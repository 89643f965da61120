//! Rules that hold when everything is mended and nothing moves any more: what was asked for is there, or there is a
//! reason that can be read off the objects.

mod places;
mod workloads;

use super::truth::{counts, is_over, is_ready, milli, selects};
use super::{Found, NAMESPACES, Sim};
use cluster::Cluster;
use machinery::{Object, Request, Response, WatchType};
use places::{nodes, pods};
use std::collections::{BTreeMap, BTreeSet};
use workloads::{daemon_sets, deployments, jobs, owners, replica_sets, stateful_sets};

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

fn equal(o: &Object, what: &str, found: i64, truth: i64) -> Found<()> {
    match found == truth {
        true => Ok(()),
        false => Err(format!("{}: {what} is {found}, should be {truth}", name(o))),
    }
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
