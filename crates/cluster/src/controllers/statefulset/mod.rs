//! StatefulSet: pods with names that last. Upstream: `kubernetes:pkg/controller/statefulset`.
//!
//! `web-0`, `web-1`, ... each with its own claims, made in order and removed in reverse; a pod that goes is replaced by
//! one of the same name with the same claims. By default one step is taken at a time: nothing is made, removed or
//! replaced while some pod before it is not ready. That is why a StatefulSet can get stuck, and must be able to.
//!
//! - here: the order of the steps and the status; [`pod`]: a pod's identity, its claims; [`claims`]: what becomes of those.

mod claims;
mod pod;

use super::deployment::int_or_percent;
use super::{Controller, Requeue, history, pods, woken_by_itself, woken_by_orphan, woken_by_owned};
use crate::cx::Cx;
use crate::store::Key;
use kinds::pod::KIND as POD;
use kinds::statefulset::KIND;
use machinery::{Object, Status, Str, labels};
use std::collections::BTreeMap;

pub const CONTROLLER: Controller = Controller {
    name: "statefulset-controller",
    triggers: |cluster, change, keys| {
        woken_by_itself(change, "statefulsets.apps", keys);
        woken_by_owned(change, "pods", "StatefulSet", keys);
        woken_by_orphan(cluster, change, "statefulsets.apps", keys);
    },
    reconcile,
};

/// One look at a StatefulSet.
pub(super) struct View {
    pub set: Object,
    /// The revision that all pods had when the last rollout ended, and the one of the template now.
    pub current: Object,
    pub update: Object,
    pub pods: BTreeMap<i64, Object>,
}

impl View {
    fn start(&self) -> i64 {
        self.set.int("spec.ordinals.start")
    }
    fn replicas(&self) -> i64 {
        self.set.int("spec.replicas").max(0)
    }
    fn in_order(&self) -> bool {
        self.set.text("spec.podManagementPolicy") != "Parallel"
    }
    /// How many pods may be unavailable while they are made, removed or replaced in order.
    fn max_unavailable(&self) -> i64 {
        let v = self
            .set
            .at("spec.updateStrategy.rollingUpdate.maxUnavailable");
        match v.is_null() {
            true => 1,
            false => int_or_percent(v, self.replicas(), false).max(1),
        }
    }
    fn partition(&self) -> i64 {
        self.set.int("spec.updateStrategy.rollingUpdate.partition")
    }
}

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(set) = cx.store().get("statefulsets.apps", &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    if set.is_deleting() {
        return Ok(Requeue::Never);
    }
    let mut revisions = history::list(cx, &set)?;
    let update = history::current(cx, &set, &mut revisions, set.int("status.collisionCount"))?;
    let named = set.text("status.currentRevision");
    let current = revisions
        .iter()
        .find(|r| r.name() == named)
        .unwrap_or(&update)
        .clone();
    let mut by_ordinal = BTreeMap::new();
    // A pod of another name is not adopted, whatever its labels say.
    let selector = set.at("spec.selector").clone();
    let member = |o: &Object| {
        pod::ordinal(&set, o).is_some() && labels::matches(&selector, o.at("metadata.labels"))
    };
    for p in pods::claim(cx, &POD, &set, &member)? {
        if let Some(n) = pod::ordinal(&set, &p) {
            by_ordinal.insert(n, p);
        }
    }
    let mut view = View {
        set,
        current,
        update,
        pods: by_ordinal,
    };
    claims::keep(cx, &view)?;
    let outcome = step(cx, &view);
    let fresh: Vec<Object> = cx.store().owned("pods", view.set.uid()).cloned().collect();
    let numbered = fresh
        .into_iter()
        .filter_map(|p| Some((pod::ordinal(&view.set, &p)?, p)));
    view.pods = machinery::arrange::gather(numbered);
    let wait = update_status(cx, &view)?;
    outcome?;
    let in_use = |r: &Object| {
        let named = [view.current.uid(), view.update.uid()].contains(&r.uid());
        named || view.pods.values().any(|p| pod::revision(p) == r.name())
    };
    history::clean_up(cx, &view.set, &revisions, &in_use)?;
    Ok(wait)
}

/// Takes the next step, or as many as `Parallel` allows.
fn step(cx: &mut Cx, view: &View) -> Result<(), Status> {
    let wanted = view.start()..view.start() + view.replicas();
    for n in wanted.clone() {
        if !settle(cx, view, n)? && view.in_order() {
            return Ok(());
        }
    }
    // Those that are too many, from the highest number down.
    let condemned: Vec<(i64, Object)> = view
        .pods
        .iter()
        .rev()
        .filter(|(n, _)| !wanted.contains(n))
        .map(|(n, p)| (*n, p.clone()))
        .collect();
    for (n, p) in &condemned {
        if !p.is_deleting() {
            let reason = format!("wanted {} replicas, this is number {n}", view.replicas());
            delete(cx, view, p, &reason)?;
        }
        if view.in_order() {
            return Ok(());
        }
    }
    if view.set.text("spec.updateStrategy.type") == "OnDelete" {
        return Ok(());
    }
    replace_outdated(cx, view, wanted)
}

/// Makes the pod of this number, if it is missing or has ended. True if it is there, healthy and lasting.
fn settle(cx: &mut Cx, view: &View, n: i64) -> Result<bool, Status> {
    let Some(p) = view.pods.get(&n) else {
        pod::create(cx, view, n)?;
        return Ok(false);
    };
    if pods::is_finished(p) && !p.is_deleting() {
        let text = format!(
            "StatefulSet {}/{} is recreating failed Pod {}",
            view.set.namespace(),
            view.set.name(),
            p.name()
        );
        cx.event(&view.set, "Warning", "RecreatingFailedPod", &text);
        delete(cx, view, p, "it has ended; one of its name takes its place")?;
        return Ok(false);
    }
    let missing_claims = pod::missing_claims(cx, view, n);
    if !missing_claims.is_empty() {
        pod::create_claims(cx, view, n)?;
    }
    Ok(is_up(cx, view, p))
}

fn is_up(cx: &Cx, view: &View, p: &Object) -> bool {
    let min_ready_s = view.set.int("spec.minReadySeconds");
    let running = p.text("status.phase") == "Running" && !p.is_deleting();
    running && pods::is_available(p, min_ready_s, cx.now())
}

/// A rolling update goes from the highest number down, `maxUnavailable` pods at a time, and waits for them to be ready again.
/// One that never gets ready stops it, also for a template that would: that is upstream's known trap.
fn replace_outdated(cx: &mut Cx, view: &View, wanted: std::ops::Range<i64>) -> Result<(), Status> {
    let first = wanted.start.max(view.partition());
    let down = |n: &i64| view.pods.get(n).is_none_or(|p| !is_up(cx, view, p));
    let mut room = view.max_unavailable();
    if room > 1 {
        room -= wanted.clone().filter(down).count() as i64;
    }
    for n in (first..wanted.end).rev() {
        let Some(p) = view.pods.get(&n) else {
            return Ok(());
        };
        let updated = pod::revision(p) == view.update.name();
        if !updated && !p.is_deleting() {
            // One that is down already costs nothing more.
            let costs = view.max_unavailable() == 1 || is_up(cx, view, p);
            if costs && room <= 0 {
                return Ok(());
            }
            delete(cx, view, p, "it has an old template")?;
            room -= i64::from(costs);
            if view.max_unavailable() == 1 {
                return Ok(());
            }
        } else if view.max_unavailable() == 1 && !is_up(cx, view, p) {
            return Ok(());
        }
    }
    Ok(())
}

fn delete(cx: &mut Cx, view: &View, p: &Object, reason: &str) -> Result<(), Status> {
    let what = format!("Pod {} in StatefulSet {}", p.name(), view.set.name());
    match cx.delete(&POD, p, None, reason) {
        Err(e) if !e.is_not_found() => {
            let text = format!("Delete {what} failed error: {e}");
            cx.event(&view.set, "Warning", "FailedDelete", &text);
            Err(e)
        }
        _ => {
            let text = format!("Delete {what} successful");
            cx.event(&view.set, "Normal", "SuccessfulDelete", &text);
            Ok(())
        }
    }
}

fn update_status(cx: &mut Cx, view: &View) -> Result<Requeue, Status> {
    let now = cx.now();
    let min_ready_s = view.set.int("spec.minReadySeconds");
    let (mut ready, mut available, mut current, mut updated) = (0usize, 0usize, 0usize, 0usize);
    let is = |p: &Object, r: &Object| pod::revision(p) == r.name();
    let mut wait: Option<i64> = None;
    for p in view.pods.values() {
        if p.text("status.phase") == "Running" && pods::is_ready(p) {
            ready += 1;
            if pods::is_available(p, min_ready_s, now) {
                available += 1;
            } else if let Some(t) = pods::ready_since(p) {
                let left = t + min_ready_s * 1000 - now;
                wait = Some(wait.map_or(left, |w| w.min(left)));
            }
        }
        if !p.is_deleting() {
            current += usize::from(is(p, &view.current));
            updated += usize::from(is(p, &view.update));
        }
    }
    let set = cx
        .store()
        .by_uid(view.set.uid())
        .cloned()
        .unwrap_or_default();
    let replicas = view.pods.len();
    let mut current_name = Str::from(view.current.name());
    // The rollout is over: what was new is current.
    let rolling = view.set.text("spec.updateStrategy.type") != "OnDelete";
    let all = view.replicas() as usize;
    if rolling
        && view.partition() <= view.start()
        && updated == replicas
        && ready == replicas
        && updated == all
    {
        current_name = Str::from(view.update.name());
        current = updated;
    }
    let new = set.edit(|v| {
        let count = super::replicaset::set_count;
        v.set("status.replicas", replicas);
        count(v, "status.readyReplicas", ready);
        v.set("status.availableReplicas", available);
        count(v, "status.currentReplicas", current);
        count(v, "status.updatedReplicas", updated);
        v.set("status.currentRevision", current_name);
        v.set("status.updateRevision", view.update.name().to_string());
        v.set_default("status.collisionCount", 0);
        v.set("status.observedGeneration", view.set.generation());
    });
    if new != set {
        cx.update_status(&KIND, &new, &format!("{replicas} pods, {ready} ready"))?;
    }
    Ok(wait
        .filter(|w| *w > 0)
        .map_or(Requeue::Never, Requeue::After))
}
