//! Job: runs pods until enough of them have succeeded. Upstream: `kubernetes:pkg/controller/job`.
//!
//! A pod that fails is replaced, with growing pauses (10 s, 20 s, ...), until `backoffLimit` is passed. So that no finished
//! pod is counted twice or missed, each carries a finalizer that only this controller takes off, after counting it.
//!
//! Here is the order of the steps; [`count`]: counting, and what the counts mean; [`pod`]: making pods.
//! Left out: pod failure policies, success policies, `managedBy`.

mod count;
mod pod;

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
    },
    reconcile,
};

pub(super) const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
const BACKOFF_FIRST_MS: i64 = 10_000;
const BACKOFF_MAX_MS: i64 = 600_000;

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let job = cx.store().get("jobs.batch", &key.0, &key.1).cloned();
    let Some(job) = job.filter(|j| !j.is_deleting()) else {
        return release_pods(cx, key);
    };
    if is_finished(&job) {
        let mine: Vec<Object> = cx.store().owned("pods", job.uid()).cloned().collect();
        return free(cx, &mine).map(|()| Requeue::Never);
    }
    let mine: Vec<Object> = cx.store().owned("pods", job.uid()).cloned().collect();
    let mut count = Count::of(&job, &mine, cx.now());
    let mut new = job.clone();
    let now = time::rfc3339(cx.now());
    let suspended = job.flag("spec.suspend");
    if new.at("status.startTime").is_null() && !suspended {
        new = new.edit(|v| v.set("status.startTime", now.clone()));
    }
    // What it comes to: the reason for an end, if there is one.
    let mut end = pending_end(&job);
    if end.is_none() {
        end = count.end(&new, cx.now());
    }
    let mut wait = Requeue::Never;
    if let Some(e) = &end {
        if e.reason == "DeadlineExceeded" || e.failed || count.active > 0 {
            count.deleted += delete_active(cx, &job, &mine, "the Job is over")?;
        }
    } else if suspended {
        count.deleted += delete_active(cx, &job, &mine, "the Job is suspended")?;
    } else {
        wait = top_up(cx, &job, &mine, &mut count)?;
    }
    let recounted: Vec<Object> = cx.store().owned("pods", job.uid()).cloned().collect();
    count.recount(&recounted);
    new = new.edit(|v| count.write(v));
    new = new.edit(|v| note_suspension(v, suspended, &now));
    new = conclude(cx, new, &job, &count, end, &now);
    if new != job {
        let reason = format!(
            "{} succeeded, {} failed, {} run",
            count.succeeded, count.failed, count.active
        );
        cx.update_status(&KIND, &new, &reason)?;
    }
    free(cx, &recounted)?;
    if let Some(left) = deadline_left(&new, cx.now())
        && wait == Requeue::Never
    {
        wait = Requeue::After(left.max(1));
    }
    Ok(wait)
}

/// Why a Job ends.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub failed: bool,
    pub reason: &'static str,
    pub message: String,
}

fn is_finished(job: &Object) -> bool {
    job.condition_is_true("Complete") || job.condition_is_true("Failed")
}

/// The end was decided earlier, and waits for the last pods to be gone.
fn pending_end(job: &Object) -> Option<End> {
    let known = |r: &str| match r {
        "BackoffLimitExceeded" => "BackoffLimitExceeded",
        "DeadlineExceeded" => "DeadlineExceeded",
        _ => "CompletionsReached",
    };
    for (kind, failed) in [("FailureTarget", true), ("SuccessCriteriaMet", false)] {
        let c = job.condition(kind);
        if c.text("status") == "True" {
            return Some(End {
                failed,
                reason: known(c.text("reason")),
                message: c.text("message").to_string(),
            });
        }
    }
    None
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
    let condition = |kind: &'static str| {
        value!({
            "type": kind, "status": "True", "reason": end.reason, "message": &end.message,
            "lastProbeTime": Value::str(now), "lastTransitionTime": Value::str(now),
        })
    };
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
    match end.failed {
        true => cx.event(job, "Warning", end.reason, &end.message),
        false => cx.event(job, "Normal", "Completed", "Job completed"),
    }
    new
}

/// Makes missing pods (or removes those too many). After failures it waits first.
fn top_up(
    cx: &mut Cx,
    job: &Object,
    mine: &[Object],
    count: &mut Count,
) -> Result<Requeue, Status> {
    let wanted = count.wanted_active(job);
    if count.active > wanted {
        let mut victims: Vec<Object> = mine
            .iter()
            .filter(|p| pods::is_active(p))
            .cloned()
            .collect();
        pods::rank_for_deletion(&mut victims, &[], cx.now());
        victims.truncate(count.active - wanted);
        remove(cx, job, &victims, "fewer are wanted at once")?;
        return Ok(Requeue::Never);
    }
    if count.active >= wanted {
        return Ok(Requeue::Never);
    }
    if let Some(at) = count.not_before()
        && at > cx.now()
    {
        return Ok(Requeue::After(at - cx.now()));
    }
    pod::create(cx, job, mine, wanted - count.active, wanted)?;
    Ok(Requeue::Never)
}

fn delete_active(
    cx: &mut Cx,
    job: &Object,
    mine: &[Object],
    reason: &str,
) -> Result<usize, Status> {
    let victims: Vec<Object> = mine
        .iter()
        .filter(|p| pods::is_active(p))
        .cloned()
        .collect();
    remove(cx, job, &victims, reason)?;
    Ok(victims.len())
}

fn remove(cx: &mut Cx, job: &Object, victims: &[Object], reason: &str) -> Result<(), Status> {
    for p in victims {
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

/// Counted pods no longer need the finalizer.
fn free(cx: &mut Cx, mine: &[Object]) -> Result<(), Status> {
    for p in mine
        .iter()
        .filter(|p| pods::is_finished(p) || p.is_deleting())
    {
        take_off(cx, p)?;
    }
    Ok(())
}

/// The Job is gone, or going: its pods must not be held by our finalizer.
fn release_pods(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let held = |p: &&Object| {
        let owner = p.controller();
        count::has_finalizer(p) && owner.text("kind") == "Job" && owner.text("name") == &*key.1
    };
    let all: Vec<Object> = cx
        .store()
        .list("pods", Some(&key.0))
        .filter(held)
        .cloned()
        .collect();
    for p in &all {
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

fn note_suspension(v: &mut Value, suspended: bool, now: &str) {
    let has = v
        .at("status.conditions")
        .items()
        .iter()
        .any(|c| c.text("type") == "Suspended");
    if !suspended && !has {
        return;
    }
    let (status, reason, message) = match suspended {
        true => ("True", "JobSuspended", "Job suspended"),
        false => ("False", "JobResumed", "Job resumed"),
    };
    let list = v.place("status.conditions").list_mut();
    if list
        .iter()
        .any(|c| c.text("type") == "Suspended" && c.text("status") == status)
    {
        return;
    }
    list.retain(|c| c.text("type") != "Suspended");
    list.push(value!({
        "type": "Suspended", "status": status, "reason": reason, "message": message,
        "lastProbeTime": Value::str(now), "lastTransitionTime": Value::str(now),
    }));
    if suspended {
        v.remove("status.startTime");
    } else {
        v.set("status.startTime", Value::str(now));
    }
}

/// Milliseconds until `activeDeadlineSeconds` have passed since the start.
pub(super) fn deadline_left(job: &Object, now: i64) -> Option<i64> {
    let seconds = job.at("spec.activeDeadlineSeconds").as_i64()?;
    let start = time::parse_rfc3339(job.text("status.startTime"))?;
    Some(start + seconds * 1000 - now)
}
