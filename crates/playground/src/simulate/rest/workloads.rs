//! What controllers of pods have come to: as many as asked for, of the right template, counted rightly.

use super::super::Found;
use super::super::truth::{amount, is_active, is_over, is_ready, ordinal, selects};
use super::places::tries_again;
use super::{all, equal, mine, name};
use cluster::Cluster;
use machinery::Object;

/// Every owner that is named is there.
pub(super) fn owners(c: &Cluster) -> Found<()> {
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

pub(super) fn replica_sets(c: &Cluster) -> Found<()> {
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

pub(super) fn deployments(c: &Cluster) -> Found<()> {
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

pub(super) fn stateful_sets(c: &Cluster) -> Found<()> {
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

pub(super) fn daemon_sets(c: &Cluster) -> Found<()> {
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

pub(super) fn jobs(c: &Cluster) -> Found<()> {
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
