//! CronJob: makes a Job at the times that a schedule names. Upstream: `kubernetes:pkg/controller/cronjob`.
//!
//! What was missed while nobody looked (suspended, the controller away) is made up for once, not once for each time missed.
//! Timetables are read by [`kinds::cron`], the clocks of time zones by [`kinds::zone`].

use super::{Controller, Requeue, woken_by_itself, woken_by_owned};
use crate::cx::Cx;
use crate::store::Key;
use kinds::cron::Schedule;
use kinds::cronjob::KIND;
use kinds::job::KIND as JOB;
use kinds::zone::{self, Zone};
use machinery::Arrange;
use machinery::{Object, Status, Value, time, value};

pub const CONTROLLER: Controller = Controller {
    name: "cronjob-controller",
    triggers: |_, change, keys| {
        woken_by_itself(change, "cronjobs.batch", keys);
        woken_by_owned(change, "jobs.batch", "CronJob", keys);
    },
    reconcile,
};

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(cron) = cx.store().get("cronjobs.batch", &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    if cron.is_deleting() {
        return Ok(Requeue::Never);
    }
    let jobs: Vec<Object> = cx
        .store()
        .owned("jobs.batch", cron.uid())
        .cloned()
        .collect();
    let mut new = note_jobs(cx, &cron, &jobs);
    trim_history(cx, &cron, &jobs)?;
    let wait = on_schedule(cx, &mut new, &jobs)?;
    if new != cron {
        cx.update_status(&KIND, &new, "its Jobs and its schedule")?;
    }
    Ok(wait)
}

/// Starts what is due, unless it is suspended; says when the next is.
fn on_schedule(cx: &mut Cx, cron: &mut Object, jobs: &[Object]) -> Result<Requeue, Status> {
    if cron.flag("spec.suspend") {
        return Ok(Requeue::Never);
    }
    let text = cron.text("spec.schedule");
    let name = cron.text("spec.timeZone").to_string();
    let schedule = match Schedule::parse(text) {
        Ok(schedule) => schedule,
        Err(e) => {
            let text = format!("unparseable schedule: {text:?} : {e}");
            cx.event(cron, "Warning", "UnparseableSchedule", &text);
            return Ok(Requeue::Never);
        }
    };
    let zone = zone::find(&name);
    if !name.is_empty() && zone.is_none() {
        let text = format!("invalid timeZone: {name:?}: unknown time zone {name}");
        cx.event(cron, "Warning", "UnknownTimeZone", &text);
        return Ok(Requeue::Never);
    }
    *cron = start_due(cx, cron.clone(), jobs, &schedule, zone.as_ref())?;
    let now = cx.now();
    // Upstream looks 100 ms after the full minute.
    let next = schedule.next_in(now, zone.as_ref());
    Ok(next.map_or(Requeue::Never, |t| Requeue::After(t - now + 100)))
}

fn finished(job: &Object) -> Option<&'static str> {
    ["Complete", "Failed"]
        .into_iter()
        .find(|c| job.condition_is_true(c))
}

/// `status.active`, and an event for each Job seen to have ended.
fn note_jobs(cx: &mut Cx, cron: &Object, jobs: &[Object]) -> Object {
    let listed = cron.at("status.active").items().to_vec();
    let is_listed = |j: &Object| listed.iter().any(|r| r.text("uid") == j.uid());
    let mut active: Vec<Value> = Vec::new();
    let mut last = cron.text("status.lastSuccessfulTime").to_string();
    for j in jobs {
        match finished(j) {
            None if is_listed(j) => active.push(reference(j)),
            None => {
                let name = j.name();
                let text =
                    format!("Saw a job that the controller did not create or forgot: {name}");
                cx.event(cron, "Warning", "UnexpectedJob", &text);
            }
            Some(how) => {
                if is_listed(j) {
                    let text = format!("Saw completed job: {}, condition: {how}", j.name());
                    cx.event(cron, "Normal", "SawCompletedJob", &text);
                }
                let end = j.text("status.completionTime");
                if how == "Complete" && end > last.as_str() {
                    last = end.to_string();
                }
            }
        }
    }
    for r in &listed {
        if !jobs.iter().any(|j| j.uid() == r.text("uid")) {
            let text = format!("Active job went missing: {}", r.text("name"));
            cx.event(cron, "Normal", "MissingJob", &text);
        }
    }
    cron.edit(|v| {
        match active.is_empty() {
            true => drop(v.remove("status.active")),
            false => v.set("status.active", active),
        }
        if !last.is_empty() {
            v.set("status.lastSuccessfulTime", last);
        }
    })
}

fn reference(job: &Object) -> Value {
    value!({
        "apiVersion": "batch/v1", "kind": "Job", "name": Value::str(job.name()), "namespace": Value::str(job.namespace()),
        "uid": Value::str(job.uid()), "resourceVersion": Value::str(job.text("metadata.resourceVersion")),
    })
}

/// Starts the Job of the newest time that is due and was not yet served.
fn start_due(
    cx: &mut Cx,
    cron: Object,
    jobs: &[Object],
    schedule: &Schedule,
    zone: Option<&Zone>,
) -> Result<Object, Status> {
    let now = cx.now();
    let mut from =
        time::parse_rfc3339(cron.text("status.lastScheduleTime")).unwrap_or_else(|| cron.created());
    let deadline = cron.at("spec.startingDeadlineSeconds").as_i64();
    if let Some(s) = deadline {
        from = from.max(now - s.saturating_mul(1000));
    }
    let Some((due, many)) = schedule.last_between(from, now, zone) else {
        return Ok(cron);
    };
    if many {
        let text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
        cx.event(&cron, "Warning", "TooManyMissedTimes", text);
    }
    let name = job_name(&cron, due);
    let listed = cron.at("status.active").items().iter();
    if listed.map(|r| r.text("name")).any(|n| n == name) {
        return Ok(cron);
    }
    let forbidden = cron.text("spec.concurrencyPolicy") == "Forbid";
    if forbidden && !cron.at("status.active").is_empty() {
        let text =
            "Not starting job because prior execution is running and concurrency policy is Forbid";
        cx.event(&cron, "Normal", "JobAlreadyActive", text);
        return Ok(cron);
    }
    let mut cron = cron;
    if cron.text("spec.concurrencyPolicy") == "Replace" {
        let listed = |j: &&Object| {
            let mut all = cron.at("status.active").items().iter();
            all.any(|r| r.text("uid") == j.uid())
        };
        for j in jobs.iter().filter(listed) {
            cx.delete_with(&JOB, j, None, "Background", "the next run replaces it")?;
            let text = format!("Deleted job {}", j.name());
            cx.event(&cron, "Normal", "SuccessfulDelete", &text);
        }
        cron = cron.edit(|v| drop(v.remove("status.active")));
    }
    let job = job_of(&cron, due);
    let reason = format!("its schedule was due at {}", time::rfc3339(due));
    match cx.create(&JOB, &job, &reason) {
        Ok(made) => {
            let text = format!("Created job {}", made.name());
            cx.event(&cron, "Normal", "SuccessfulCreate", &text);
            Ok(cron.edit(|v| {
                v.place("status.active").push(reference(&made));
                v.set("status.lastScheduleTime", time::rfc3339(due));
            }))
        }
        Err(e) if e.is_already_exists() => {
            Ok(cron.edit(|v| v.set("status.lastScheduleTime", time::rfc3339(due))))
        }
        Err(e) => {
            let text = format!("Error creating job: {e}");
            cx.event(&cron, "Warning", "FailedCreate", &text);
            Err(e)
        }
    }
}

/// By the time it stands for, in minutes: so that the same run is never made twice.
fn job_name(cron: &Object, due: i64) -> String {
    format!("{}-{}", cron.name(), due / 60_000)
}

fn job_of(cron: &Object, due: i64) -> Object {
    let template = cron.at("spec.jobTemplate");
    let mut meta = value!({
        "name": job_name(cron, due), "namespace": Value::str(cron.namespace()),
        "ownerReferences": [cron.owner_reference()],
    });
    let labels = template.at("metadata.labels");
    if !labels.is_empty() {
        meta.set("labels", labels.clone());
    }
    let mut notes = match template.at("metadata.annotations") {
        Value::Null => Value::map(),
        v => v.clone(),
    };
    notes.map_mut().insert(
        "batch.kubernetes.io/cronjob-scheduled-timestamp",
        time::rfc3339(due),
    );
    meta.set("annotations", notes);
    Object(value!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template.get("spec").clone(),
    }))
}

/// Keeps the newest finished Jobs, as many as the limits say.
fn trim_history(cx: &mut Cx, cron: &Object, jobs: &[Object]) -> Result<(), Status> {
    let limits = [
        ("Complete", "spec.successfulJobsHistoryLimit", 3),
        ("Failed", "spec.failedJobsHistoryLimit", 1),
    ];
    for (how, path, default) in limits {
        let limit = cron.at(path).as_i64().unwrap_or(default).max(0) as usize;
        let mut done: Vec<&Object> = jobs.iter().filter(|j| finished(j) == Some(how)).collect();
        done.arrange_by_key(|j| (j.text("status.startTime").to_string(), j.name().to_string()));
        let surplus = done.len().saturating_sub(limit);
        for j in done.into_iter().take(surplus) {
            let reason = format!("more than {limit} old Jobs");
            match cx.delete_with(&JOB, j, None, "Background", &reason) {
                Err(e) if !e.is_not_found() => return Err(e),
                Err(_) => {}
                Ok(_) => {
                    let text = format!("Deleted job {}", j.name());
                    cx.event(cron, "Normal", "SuccessfulDelete", &text);
                }
            }
        }
    }
    Ok(())
}
