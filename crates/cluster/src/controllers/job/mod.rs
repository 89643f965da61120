//! Job: runs pods until enough of them have succeeded. Upstream: `kubernetes:pkg/controller/job`.
//!
//! A pod that fails is replaced, with growing pauses (10 s, 20 s, ...), until `backoffLimit` is passed. So that no finished
//! pod is counted twice or missed, each carries a finalizer that only this controller takes off, after counting it. An end
//! is told twice: first that it is decided (`FailureTarget`, `SuccessCriteriaMet`), then, when no pod is left, that it is
//! there (`Failed`, `Complete`).
//!
//! Here is the order of the steps; [`count`]: counting, and what the counts mean; [`policy`]: what failures and successes
//! mean by the Job's own rules; [`pod`]: making pods. Left out: adopting pods that lost their Job.

mod count;
mod pod;
mod policy;

use super::{Controller, Requeue, pods, woken_by_itself, woken_by_owned};
use crate::cx::Cx;
use crate::store::Key;
use count::Count;
use kinds::job::KIND;
use kinds::pod::KIND as POD;
use machinery::{Object, Status, Value, time, value};

pub const CONTROLLER: Controller = Controller {
    name: "job-controller",
    triggers: |_, change, keys| {
        woken_by_itself(change, "jobs.batch", keys);
        woken_by_owned(change, "pods", "Job", keys);
        let pod = &change.new;
        if change.resource == "pods" && pod.controller().is_null() && count::has_finalizer(pod) {
            keys.push((
                pod.namespace().into(),
                pod.label(NAME_LABEL).unwrap_or("").into(),
            ));
        }
    },
    reconcile,
};

/// Names the Job of a pod, also after it lost it.
const NAME_LABEL: &str = "batch.kubernetes.io/job-name";
pub(super) const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
const BACKOFF_FIRST_MS: i64 = 10_000;
const BACKOFF_MAX_MS: i64 = 600_000;
/// So many pods are made or deleted in one look.
const BURST: usize = 500;

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let job = cx.store().get("jobs.batch", &key.0, &key.1).cloned();
    let Some(job) = job.filter(|j| !j.is_deleting()) else {
        return release_pods(cx, key);
    };
    let by = job.text("spec.managedBy");
    if !matches!(by, "" | "kubernetes.io/job-controller") {
        return Ok(Requeue::Never);
    }
    let mine: Vec<Object> = cx.store().owned("pods", job.uid()).cloned().collect();
    if is_finished(&job) {
        cx.cluster.controllers.job_failures.remove(job.uid());
        for p in mine.iter().filter(|p| count::has_finalizer(p)) {
            take_off(cx, p)?;
        }
        return Ok(Requeue::Never);
    }
    let mut count = Count::of(cx, &job, &mine);
    let mut new = job.clone();
    let now = time::rfc3339(cx.now());
    let suspended = job.flag("spec.suspend");
    if new.at("status.startTime").is_null() && !suspended {
        new = new.edit(|v| v.set("status.startTime", now.clone()));
    }
    let mut end = pending_end(&job).or_else(|| policy::end(&new, &mine, &count, cx.now()));
    let mut wait = Requeue::Never;
    if let Some(e) = &end {
        count.close(&job, &mine, e.failed);
        let running: Vec<Object> = active(&mine);
        remove(cx, &job, &running, "the Job is over")?;
    } else {
        match suspended {
            true => remove(cx, &job, &active(&mine), "the Job is suspended")?,
            false => wait = top_up(cx, &job, &mine, &count)?,
        }
        end = count.reached(&job, &active(&mine));
        if end.is_none() {
            new = note_suspension(cx, new, suspended, &now);
        }
    }
    let recounted: Vec<Object> = cx.store().owned("pods", job.uid()).cloned().collect();
    count.recount(&recounted);
    new = new.edit(|v| count.write(v));
    new = conclude(cx, new, &job, &count, end, &now);
    if new != job {
        let reason = format!(
            "{} succeeded, {} failed, {} run",
            count.succeeded, count.failed, count.active
        );
        cx.update_status(&KIND, &new, &reason)?;
    }
    for p in recounted.iter().filter(|p| count.is_counted(p)) {
        take_off(cx, p)?;
    }
    let left = deadline_left(&new, cx.now()).filter(|left| *left > 0 && !suspended);
    if let Some(left) = left {
        wait = match wait {
            Requeue::After(ms) => Requeue::After(ms.min(left)),
            Requeue::Never | Requeue::Now => Requeue::After(left),
        };
    }
    Ok(wait)
}

fn active(mine: &[Object]) -> Vec<Object> {
    let active = mine.iter().filter(|p| pods::is_active(p));
    active.cloned().collect()
}

/// Why a Job ends.
#[derive(Clone)]
pub(super) struct End {
    pub failed: bool,
    pub reason: String,
    pub message: String,
}

fn is_finished(job: &Object) -> bool {
    job.condition_is_true("Complete") || job.condition_is_true("Failed")
}

/// The end was decided earlier, and waits for the last pods to be gone.
fn pending_end(job: &Object) -> Option<End> {
    let kinds = [("FailureTarget", true), ("SuccessCriteriaMet", false)];
    kinds.into_iter().find_map(|(kind, failed)| {
        let c = job.condition(kind);
        (c.text("status") == "True").then(|| End {
            failed,
            reason: c.text("reason").to_string(),
            message: c.text("message").to_string(),
        })
    })
}

/// Writes the pair of conditions: first that the end is decided, then, when no pod is left running, that it is there.
fn conclude(
    cx: &mut Cx,
    new: Object,
    job: &Object,
    count: &Count,
    end: Option<End>,
    now: &str,
) -> Object {
    let Some(end) = end else {
        return new;
    };
    let (target, last) = match end.failed {
        true => ("FailureTarget", "Failed"),
        false => ("SuccessCriteriaMet", "Complete"),
    };
    let condition = |kind: &str| condition(kind, "True", &end.reason, &end.message, now);
    let mut new = new;
    if job.condition(target).is_null() {
        new = new.edit(|v| v.place("status.conditions").push(condition(target)));
    }
    if count.active > 0 || count.terminating > 0 {
        return new;
    }
    new = new.edit(|v| {
        v.place("status.conditions").push(condition(last));
        if !end.failed {
            v.set("status.completionTime", Value::str(now));
        }
    });
    if end.failed {
        cx.event(job, "Warning", &end.reason, &end.message);
        return new;
    }
    let wanted = job.at("spec.completions").as_i64();
    if let Some(n) = wanted.filter(|n| count.succeeded as i64 > *n) {
        let text = format!(
            "Too many succeeded pods: {}, greater than completions count {n}",
            count.succeeded
        );
        cx.event(job, "Warning", "TooManySucceededPods", &text);
    }
    cx.event(job, "Normal", "Completed", "Job completed");
    new
}

fn condition(kind: &str, status: &str, reason: &str, message: &str, now: &str) -> Value {
    value!({
        "type": Value::str(kind), "status": Value::str(status), "reason": Value::str(reason),
        "message": Value::str(message), "lastProbeTime": Value::str(now), "lastTransitionTime": Value::str(now),
    })
}

/// Makes missing pods (or removes those too many). After failures it waits first.
fn top_up(cx: &mut Cx, job: &Object, mine: &[Object], count: &Count) -> Result<Requeue, Status> {
    let wanted = count.wanted_active(job);
    // Where only failed pods are replaced, one that is still going keeps its place.
    let going = match policy::replaces_failed_only(job) {
        true => count.terminating,
        false => 0,
    };
    let surplus = (count.active + going).saturating_sub(wanted);
    let victims = pod::surplus(job, active(mine), surplus, cx.now());
    if !victims.is_empty() {
        remove(cx, job, &victims, "fewer are wanted at once")?;
        return Ok(Requeue::Never);
    }
    let missing = wanted.saturating_sub(count.active + going).min(BURST);
    if missing == 0 {
        return Ok(Requeue::Never);
    }
    let per_index = policy::is_per_index(job);
    if let Some(at) = count.not_before().filter(|_| !per_index)
        && at > cx.now()
    {
        return Ok(Requeue::After(at - cx.now()));
    }
    let reason = format!("wanted {wanted} at once, {missing} are missing");
    pod::create(cx, job, mine, count, missing, &reason)
}

fn remove(cx: &mut Cx, job: &Object, victims: &[Object], reason: &str) -> Result<(), Status> {
    for p in victims.iter().take(BURST) {
        take_off(cx, p)?;
        let p = cx.store().by_uid(p.uid()).cloned();
        let Some(p) = p else { continue };
        match cx.delete(&POD, &p, None, reason) {
            Err(e) if !e.is_not_found() => return Err(e),
            Err(_) => {}
            Ok(_) => {
                let text = format!("Deleted pod: {}", p.name());
                cx.event(job, "Normal", "SuccessfulDelete", &text);
            }
        }
    }
    Ok(())
}

/// The Job is gone, or going: its pods must not be held by our finalizer.
fn release_pods(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let held = |p: &&Object| {
        let owner = p.controller();
        let its = match owner.is_null() {
            true => p.label(NAME_LABEL) == Some(&*key.1),
            false => owner.text("kind") == "Job" && owner.text("name") == &*key.1,
        };
        count::has_finalizer(p) && its
    };
    let all: Vec<Object> = cx
        .store()
        .list("pods", Some(&key.0))
        .filter(held)
        .cloned()
        .collect();
    for p in &all {
        let uid = p.controller().text("uid");
        cx.cluster.controllers.job_failures.remove(uid);
        take_off(cx, p)?;
    }
    Ok(Requeue::Never)
}

fn take_off(cx: &mut Cx, p: &Object) -> Result<(), Status> {
    if !count::has_finalizer(p) {
        return Ok(());
    }
    let freed = p.edit(|v| {
        let list = v.place("metadata.finalizers").list_mut();
        list.retain(|f| f.as_str() != Some(FINALIZER));
        if list.is_empty() {
            v.remove("metadata.finalizers");
        }
    });
    match cx.update(&POD, &freed, "the Job has counted it") {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(()),
    }
}

/// Suspending and resuming show in a condition and an event; the deadline counts from the resumption.
fn note_suspension(cx: &mut Cx, new: Object, suspended: bool, now: &str) -> Object {
    let there = new.condition("Suspended");
    let (status, reason, event, message) = match suspended {
        true => ("True", "JobSuspended", "Suspended", "Job suspended"),
        false => ("False", "JobResumed", "Resumed", "Job resumed"),
    };
    if there.is_null() && !suspended || there.text("status") == status {
        return new;
    }
    cx.event(&new, "Normal", event, message);
    new.edit(|v| {
        let list = v.place("status.conditions").list_mut();
        list.retain(|c| c.text("type") != "Suspended");
        list.push(condition("Suspended", status, reason, message, now));
        match suspended {
            true => drop(v.remove("status.startTime")),
            false => v.set("status.startTime", Value::str(now)),
        }
    })
}

/// Milliseconds until `activeDeadlineSeconds` have passed since the start.
pub(super) fn deadline_left(job: &Object, now: i64) -> Option<i64> {
    let seconds = job.at("spec.activeDeadlineSeconds").as_i64()?;
    let start = time::parse_rfc3339(job.text("status.startTime"))?;
    Some(start + seconds.saturating_mul(1000) - now)
}
