//! The status of a Deployment: counts, and the conditions that tell how a rollout goes. Upstream: `progress.go`, `sync.go`.
//!
//! `Available`: enough pods are up. `Progressing`: the rollout moves, is done, or has not moved for
//! `progressDeadlineSeconds`. Nothing is rolled back by itself: the condition is all that a failed rollout leaves.

use super::{View, rollout};
use crate::controllers::Requeue;
use crate::controllers::replicaset::set_count;
use crate::cx::Cx;
use kinds::deployment::KIND;
use machinery::{NULL, Object, Status, Value, time, value};

const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const DONE: &str = "NewReplicaSetAvailable";

/// kubectl and upstream treat the largest number as "no deadline".
pub(super) fn has_deadline(d: &Object) -> bool {
    let s = d.at("spec.progressDeadlineSeconds").as_i64();
    s.is_some_and(|s| s != i64::from(i32::MAX))
}

/// All pods are of the current template and available, and this status speaks of the current spec.
pub(super) fn is_complete(d: &Object) -> bool {
    let (want, s) = (d.int("spec.replicas"), d.status());
    s.int("updatedReplicas") == want
        && s.int("replicas") == want
        && s.int("availableReplicas") == want
        && s.int("observedGeneration") >= d.generation()
}

/// Counts and the `Available` condition as they are now.
fn counted(view: &View, now: i64) -> Object {
    let sum = |path: &str| view.all().map(|rs| rs.int(path)).sum::<i64>().max(0);
    let available = sum("status.availableReplicas");
    let unavailable = (sum("spec.replicas") - available).max(0);
    let updated = view.new.as_ref().map_or(0, |rs| rs.int("status.replicas"));
    view.d.edit(|v| {
        let set = |v: &mut Value, path: &str, n: i64| set_count(v, path, n.max(0) as usize);
        v.set("status.observedGeneration", view.d.generation());
        set(v, "status.replicas", sum("status.replicas"));
        set(v, "status.updatedReplicas", updated);
        set(v, "status.readyReplicas", sum("status.readyReplicas"));
        set(v, "status.availableReplicas", available);
        set(v, "status.unavailableReplicas", unavailable);
        v.set(
            "status.terminatingReplicas",
            sum("status.terminatingReplicas"),
        );
        let enough = available >= view.d.int("spec.replicas") - rollout::bounds(&view.d).1;
        let (status, reason, text) = if enough {
            (
                "True",
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
            )
        } else {
            (
                "False",
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        };
        set_condition(v, "Available", status, reason, text, now);
    })
}

/// The status where no rollout moves: scaled, paused, being deleted.
pub(super) fn write(cx: &mut Cx, view: &View) -> Result<Requeue, Status> {
    let new = counted(view, cx.now());
    if new != view.d {
        cx.update_status(&KIND, &new, "counted its ReplicaSets")?;
    }
    Ok(Requeue::Never)
}

/// The status in a rollout, with the `Progressing` condition. Says when the deadline wants another look.
pub(super) fn sync_rollout(cx: &mut Cx, view: &View) -> Result<Requeue, Status> {
    let now = cx.now();
    let old = &view.d;
    let mut new = counted(view, now);
    let current = old.condition("Progressing").clone();
    let s = new.status();
    let was_done = s.int("replicas") == s.int("updatedReplicas") && current.text("reason") == DONE;
    if !has_deadline(old) {
        new = new.edit(|v| drop_condition(v, "Progressing"));
    } else if !was_done {
        let what = match &view.new {
            Some(rs) => format!("ReplicaSet \"{}\"", rs.name()),
            None => format!("Deployment \"{}\"", old.name()),
        };
        let name = "Progressing";
        if is_complete(&new) {
            let text = format!("{what} has successfully progressed.");
            new = new.edit(|v| set_condition(v, name, "True", DONE, &text, now));
        } else if has_progressed(old, &new) {
            let text = format!("{what} is progressing.");
            new = new.edit(|v| {
                drop_condition(v, name);
                set_condition(v, name, "True", "ReplicaSetUpdated", &text, now);
                if current.text("status") == "True"
                    && let Some(c) = v.place("status.conditions").list_mut().last_mut()
                {
                    c.set("lastTransitionTime", current.get("lastTransitionTime"));
                }
            });
        } else if is_late(old, &current, now) {
            let text = format!("{what} has timed out progressing.");
            new = new.edit(|v| set_condition(v, name, "False", TIMED_OUT, &text, now));
        }
    }
    let failure = failure_of(view);
    new = new.edit(|v| {
        drop_condition(v, "ReplicaFailure");
        if !failure.is_null() {
            v.place("status.conditions").push(failure);
        }
    });
    if new != *old {
        cx.update_status(&KIND, &new, "counted its ReplicaSets")?;
        return Ok(Requeue::Never);
    }
    Ok(look_again(old, now))
}

fn has_progressed(old: &Object, new: &Object) -> bool {
    let (o, n) = (old.status(), new.status());
    let rest = |s: &Value| s.int("replicas") - s.int("updatedReplicas");
    n.int("updatedReplicas") > o.int("updatedReplicas")
        || rest(n) < rest(o)
        || n.int("readyReplicas") > o.int("readyReplicas")
        || n.int("availableReplicas") > o.int("availableReplicas")
}

fn is_late(d: &Object, current: &Value, now: i64) -> bool {
    match current.text("reason") {
        "" | DONE => false,
        TIMED_OUT => true,
        _ => deadline(d, current).is_some_and(|t| t < now),
    }
}

fn deadline(d: &Object, current: &Value) -> Option<i64> {
    let from = time::parse_rfc3339(current.text("lastUpdateTime"))?;
    Some(from + d.int("spec.progressDeadlineSeconds") * 1000)
}

/// While a rollout has not moved nothing wakes us: look again when the deadline has passed.
fn look_again(d: &Object, now: i64) -> Requeue {
    let current = d.condition("Progressing");
    if !has_deadline(d) || matches!(current.text("reason"), "" | DONE | TIMED_OUT) {
        return Requeue::Never;
    }
    let at = deadline(d, current).unwrap_or(now);
    Requeue::After((at - now).max(0) + 1000)
}

/// A ReplicaSet that cannot make pods makes the Deployment say so too.
fn failure_of(view: &View) -> Value {
    let sets = view.new.iter().chain(view.old.iter());
    let mut failures = sets.map(|rs| rs.condition("ReplicaFailure"));
    let c = failures.find(|c| !c.is_null()).unwrap_or(NULL);
    let mut c = c.clone();
    if !c.is_null() {
        c.set("lastUpdateTime", c.get("lastTransitionTime").clone());
    }
    c
}

/// Pausing and resuming show in the `Progressing` condition, so that a pause does not count against the deadline.
pub(super) fn note_pause(cx: &mut Cx, d: &Object) -> Result<Object, Status> {
    let reason = d.condition("Progressing").text("reason");
    if !has_deadline(d) || reason == TIMED_OUT {
        return Ok(d.clone());
    }
    let (paused, noted) = (d.flag("spec.paused"), reason == "DeploymentPaused");
    if paused && !noted {
        progress(cx, d, "Unknown", "DeploymentPaused", "Deployment is paused")
    } else if !paused && noted {
        progress(
            cx,
            d,
            "Unknown",
            "DeploymentResumed",
            "Deployment is resumed",
        )
    } else {
        Ok(d.clone())
    }
}

/// Writes the `Progressing` condition alone.
pub(super) fn progress(
    cx: &mut Cx,
    d: &Object,
    status: &str,
    reason: &str,
    text: &str,
) -> Result<Object, Status> {
    let now = cx.now();
    let new = d.edit(|v| set_condition(v, "Progressing", status, reason, text, now));
    if new == *d {
        return Ok(new);
    }
    cx.update_status(&KIND, &new, text)
}

/// A condition moves to the end of the list when status or reason changes; otherwise it stays as it is.
fn set_condition(v: &mut Value, kind: &str, status: &str, reason: &str, text: &str, now: i64) {
    let there = v.at("status.conditions").items();
    let old = there.iter().find(|c| c.text("type") == kind).cloned();
    let old = old.unwrap_or_default();
    if old.text("status") == status && old.text("reason") == reason {
        return;
    }
    let stamp = Value::from(time::rfc3339(now));
    let since = match old.text("status") == status {
        true => old.get("lastTransitionTime").clone(),
        false => stamp.clone(),
    };
    drop_condition(v, kind);
    v.place("status.conditions").push(value!({
        "type": Value::str(kind), "status": Value::str(status), "reason": Value::str(reason),
        "message": Value::str(text), "lastUpdateTime": stamp, "lastTransitionTime": since,
    }));
}

fn drop_condition(v: &mut Value, kind: &str) {
    let there = v.at("status.conditions").items();
    if there.iter().any(|c| c.text("type") == kind) {
        let list = v.place("status.conditions").list_mut();
        list.retain(|c| c.text("type") != kind);
    }
}
