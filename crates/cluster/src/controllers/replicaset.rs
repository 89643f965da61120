//! ReplicaSet: keeps as many pods as it is told. The smallest whole controller: read this one first.
//! Upstream: `kubernetes:pkg/controller/replicaset/replica_set.go`.
//!
//! Too few pods: it creates the missing ones from the template, first one, then two, then four at a time, so that a template
//! that the API server refuses fails once and not five hundred times. Too many: it deletes those whose loss costs least.
//! It does not care *which* pods those are, nor whether they are healthy: a crashing pod is the kubelet's matter.

use super::queue::{self, Tally};
use super::{Controller, Requeue, pods, woken_by_itself, woken_by_orphan, woken_by_owned};
use crate::cx::Cx;
use crate::store::Key;
use kinds::Kind;
use kinds::replicaset::KIND;
use machinery::{Object, Status, Str, Value, labels, time, value};

pub const CONTROLLER: Controller = Controller {
    name: "replicaset-controller",
    triggers: |cluster, change, keys| {
        woken_by_itself(change, "replicasets.apps", keys);
        woken_by_owned(change, "pods", "ReplicaSet", keys);
        woken_by_orphan(cluster, change, "replicasets.apps", keys);
    },
    reconcile,
};

/// At most this many pods are created or deleted in one go.
const BURST: usize = 500;

/// What differs between a ReplicaSet and a ReplicationController.
pub(super) struct Flavor {
    pub kind: &'static Kind,
    pub resource: &'static str,
    /// `(selector, labels)`
    pub selects: fn(&Value, &Value) -> bool,
}

static FLAVOR: Flavor = Flavor {
    kind: &KIND,
    resource: "replicasets.apps",
    selects: labels::matches,
};

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    reconcile_as(cx, key, &FLAVOR)
}

pub(super) fn reconcile_as(cx: &mut Cx, key: &Key, flavor: &Flavor) -> Result<Requeue, Status> {
    let Some(rs) = cx.store().get(flavor.resource, &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    if let Some(count) = known_count(cx, &rs, flavor) {
        // Nothing is to be chosen: the count alone is enough.
        let mut part = Part::of(cx, &rs, count.active);
        let outcome = grow(cx, &rs, count.active, part.now);
        if outcome.is_ok() && part.go_on(cx, &rs) {
            return Ok(Requeue::Now);
        }
        let count = known_count(cx, &rs, flavor).unwrap_or(count);
        let counts = Counts {
            active: count.active,
            fully: count.active,
            ready: count.ready,
            available: count.ready,
            terminating: count.terminating,
        };
        write_status(cx, &rs, &counts, &outcome, flavor)?;
        return outcome.map(|()| Requeue::Never).map_err(|(_, e)| e);
    }
    let selector = rs.at("spec.selector").clone();
    let selects = pods::once(|l| (flavor.selects)(&selector, l));
    let all = pods::claim(cx, &kinds::pod::KIND, &rs, &|o| {
        selects(o.at("metadata.labels"))
    })?;
    // To look at thousands takes its time, in which many of their changes gather.
    cx.cluster.controllers.took_ms = all.len() as i64 / 10;
    let (active, others): (Vec<Object>, Vec<Object>) = all.into_iter().partition(pods::is_active);
    let terminating = others.iter().filter(|p| p.is_deleting()).count();
    let outcome = if rs.is_deleting() {
        Ok(())
    } else {
        manage(cx, &rs, &active)
    };
    let wait = update_status(cx, &rs, &active, terminating, &outcome, flavor)?;
    // A Forbidden or Invalid pod is tried again with back-off.
    outcome.map_err(|(_, e)| e)?;
    Ok(wait)
}

/// The count of pods, where it can be had without looking at each: none is too many, all have the labels that they were
/// made with, none could be adopted, and being ready is being available.
fn known_count(cx: &Cx, rs: &Object, flavor: &Flavor) -> Option<Tally> {
    let t = queue::tally(cx.cluster, rs.uid());
    let plain = rs.int("spec.minReadySeconds") == 0 && !t.relabelled && !rs.is_deleting();
    // A change of the ReplicaSet itself may be of its selector or its template's labels.
    let settled = rs.generation() == rs.int("status.observedGeneration")
        || rs.at("status.replicas").as_i64() == Some(0);
    let selector = rs.at("spec.selector");
    let fits = |p: &Object| (flavor.selects)(selector, p.at("metadata.labels"));
    let adoptable = || queue::orphans(cx.cluster, "pods", rs.namespace()).any(fits);
    let few = t.active <= rs.int("spec.replicas").max(0) as usize;
    (plain && settled && few && !adoptable()).then_some(t)
}

/// So many pods are made in one piece of work; a page that draws frames in between cannot wait for five hundred.
const PART: usize = 40;

/// How many of the pods of one look are made now, and how many after.
struct Part {
    now: usize,
    after: usize,
}

impl Part {
    fn of(cx: &mut Cx, rs: &Object, have: usize) -> Part {
        let want = rs.int("spec.replicas").max(0) as usize;
        let left = cx.cluster.controllers.left.remove(rs.uid());
        let all = want.saturating_sub(have).min(left.unwrap_or(BURST));
        let now = all.min(PART);
        Part {
            now,
            after: all - now,
        }
    }
    /// Notes what is left to do; false if nothing is.
    fn go_on(&mut self, cx: &mut Cx, rs: &Object) -> bool {
        if self.after > 0 {
            let left = &mut cx.cluster.controllers.left;
            left.insert(Str::from(rs.uid()), self.after);
        }
        self.after > 0
    }
}

fn grow(cx: &mut Cx, rs: &Object, have: usize, most: usize) -> Outcome {
    let want = rs.int("spec.replicas").max(0) as usize;
    if have >= want {
        return Ok(());
    }
    let reason = format!("wanted {want}, had {have}");
    let n = (want - have).min(most);
    create_pods(cx, rs, rs.at("spec.template"), n, &reason).map_err(|e| ("FailedCreate", e))
}

/// Which half failed, for the condition's reason.
type Outcome = Result<(), (&'static str, Status)>;

/// Creates what is missing, deletes what is too much.
fn manage(cx: &mut Cx, rs: &Object, active: &[Object]) -> Outcome {
    let (want, have) = (rs.int("spec.replicas").max(0) as usize, active.len());
    let reason = format!("wanted {want}, had {have}");
    if have < want {
        grow(cx, rs, have, BURST)
    } else if have > want {
        let n = (have - want).min(BURST);
        let mut victims = active.to_vec();
        // Upstream skips the ranking when all of them go.
        if want > 0 {
            let related = related_pods(cx, rs);
            pods::rank_for_deletion(&mut victims, &related, cx.now());
        }
        delete_pods(cx, rs, &victims[..n], &reason).map_err(|e| ("FailedDelete", e))
    } else {
        Ok(())
    }
}

/// Slow start: batches of 1, 2, 4, ... until one fails.
pub(super) fn create_pods(
    cx: &mut Cx,
    owner: &Object,
    template: &Value,
    n: usize,
    reason: &str,
) -> Result<(), Status> {
    create_pods_named(cx, owner, owner.name(), template, n, reason)
}

/// As [`create_pods`], with another beginning of their names than the owner's.
pub(super) fn create_pods_named(
    cx: &mut Cx,
    owner: &Object,
    prefix: &str,
    template: &Value,
    n: usize,
    reason: &str,
) -> Result<(), Status> {
    let pod = pods::from_template(owner, prefix, template);
    let (mut left, mut batch) = (n, 1);
    while left > 0 {
        let mut failed = None;
        for _ in 0..batch.min(left) {
            match cx.create(&kinds::pod::KIND, &pod, reason) {
                Ok(p) => {
                    let text = format!("Created pod: {}", p.name());
                    cx.event(owner, "Normal", "SuccessfulCreate", &text);
                }
                Err(e) if namespace_is_going(cx, owner, &e) => return Ok(()),
                Err(e) => {
                    let text = format!("Error creating: {e}");
                    cx.event(owner, "Warning", "FailedCreate", &text);
                    failed = Some(e);
                }
            }
        }
        if let Some(e) = failed {
            return Err(e);
        }
        left -= batch.min(left);
        batch *= 2;
    }
    Ok(())
}

/// In a namespace that is being deleted nothing can be created; that is no failure worth an event.
pub(super) fn namespace_is_going(cx: &Cx, owner: &Object, e: &Status) -> bool {
    let ns = cx.store().get("namespaces", "", owner.namespace());
    e.code == 403 && ns.is_none_or(Object::is_deleting)
}

pub(super) fn delete_pods(
    cx: &mut Cx,
    owner: &Object,
    victims: &[Object],
    reason: &str,
) -> Result<(), Status> {
    for p in victims {
        match cx.delete(&kinds::pod::KIND, p, None, reason) {
            Ok(_) => {
                let text = format!("Deleted pod: {}", p.name());
                cx.event(owner, "Normal", "SuccessfulDelete", &text);
            }
            Err(e) if e.is_not_found() => {}
            Err(e) => {
                let text = format!("Error deleting: {e}");
                cx.event(owner, "Warning", "FailedDelete", &text);
                return Err(e);
            }
        }
    }
    Ok(())
}

/// The pods of all ReplicaSets with the same Deployment.
fn related_pods(cx: &Cx, rs: &Object) -> Vec<Object> {
    let owner = rs.controller().text("uid");
    if owner.is_empty() {
        return cx.store().owned("pods", rs.uid()).cloned().collect();
    }
    let siblings = cx.store().owned("replicasets.apps", owner);
    siblings
        .flat_map(|s| cx.store().owned("pods", s.uid()))
        .cloned()
        .collect()
}

/// Writes what was counted, if it differs. Says when to look again for pods that are ready but not yet available.
fn update_status(
    cx: &mut Cx,
    rs: &Object,
    active: &[Object],
    terminating: usize,
    outcome: &Outcome,
    flavor: &Flavor,
) -> Result<Requeue, Status> {
    let now = cx.now();
    let min_ready_s = rs.int("spec.minReadySeconds");
    let wanted_labels = rs.at("spec.template.metadata.labels");
    let matches = pods::once(|l| labels::matches_map(wanted_labels, l));
    let fully = |p: &&Object| matches(p.at("metadata.labels"));
    let count = |f: &dyn Fn(&&Object) -> bool| active.iter().filter(f).count();
    let counts = Counts {
        active: active.len(),
        fully: count(&fully),
        ready: count(&|p| pods::is_ready(p)),
        available: count(&|p| pods::is_available(p, min_ready_s, now)),
        terminating,
    };
    write_status(cx, rs, &counts, outcome, flavor)?;
    if min_ready_s == 0 || counts.available >= counts.ready {
        return Ok(Requeue::Never);
    }
    // The next pod to become available is the one that has been ready longest.
    let next = active
        .iter()
        .filter_map(pods::ready_since)
        .map(|t| t + min_ready_s * 1000 - now)
        .filter(|ms| *ms > 0)
        .min();
    Ok(next.map_or(Requeue::Never, Requeue::After))
}

struct Counts {
    active: usize,
    fully: usize,
    ready: usize,
    available: usize,
    terminating: usize,
}

fn write_status(
    cx: &mut Cx,
    rs: &Object,
    c: &Counts,
    outcome: &Outcome,
    flavor: &Flavor,
) -> Result<(), Status> {
    let now = cx.now();
    let new = rs.edit(|v| {
        v.set("status.replicas", c.active);
        set_count(v, "status.fullyLabeledReplicas", c.fully);
        set_count(v, "status.readyReplicas", c.ready);
        set_count(v, "status.availableReplicas", c.available);
        // ReplicationControllers were never given this count.
        if flavor.resource == FLAVOR.resource {
            v.set("status.terminatingReplicas", c.terminating);
        }
        v.set("status.observedGeneration", rs.generation());
        set_failure(v, outcome, now);
    });
    if new != *rs {
        let reason = format!(
            "{} pods, {} ready, {} available",
            c.active, c.ready, c.available
        );
        cx.update_status(flavor.kind, &new, &reason)?;
    }
    Ok(())
}

/// A count whose zero is left out, as `omitempty` does.
pub(super) fn set_count(v: &mut Value, path: &str, n: usize) {
    if n == 0 {
        v.remove(path);
    } else {
        v.set(path, n);
    }
}

/// Condition `ReplicaFailure`: there while pods cannot be made (or deleted), gone as soon as they can.
fn set_failure(v: &mut Value, outcome: &Outcome, now: i64) {
    let there = v
        .at("status.conditions")
        .items()
        .iter()
        .any(|c| c.text("type") == "ReplicaFailure");
    match outcome {
        Err((reason, e)) if !there => v.place("status.conditions").push(value!({
            "type": "ReplicaFailure", "status": "True", "reason": *reason, "message": &e.message,
            "lastTransitionTime": time::rfc3339(now),
        })),
        Ok(()) if there => {
            let list = v.place("status.conditions").list_mut();
            list.retain(|c| c.text("type") != "ReplicaFailure");
            if list.is_empty() {
                v.remove("status.conditions");
            }
        }
        _ => {}
    }
}
