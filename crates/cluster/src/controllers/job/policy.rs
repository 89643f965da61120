//! What failures and successes mean by the Job's own rules: `podFailurePolicy`, `successPolicy`, the limits.
//! Upstream: `pod_failure_policy.go`, `success_policy.go`, `indexed_job_utils.go`.

use super::count::{Count, Indexes, has_finalizer, parse_indexes};
use super::{End, deadline_left};
use machinery::{Object, Value};

/// Failures of an index before this pod, and those that the policy ignored, stand in its annotations.
pub const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
pub const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

pub fn is_per_index(job: &Object) -> bool {
    job.spec().has("backoffLimitPerIndex")
}

/// Successors are made only for pods that have failed, not already for those that are going.
pub fn replaces_failed_only(job: &Object) -> bool {
    job.text("spec.podReplacementPolicy") == "Failed" || job.spec().has("podFailurePolicy")
}

/// A pod that counts as failed; who is not patient takes one that was deleted for one, too.
pub fn failed(p: &Object, patient: bool) -> bool {
    match p.text("status.phase") {
        "Failed" => true,
        "Succeeded" => false,
        _ => p.is_deleting() && !patient,
    }
}

/// What the Job's failure policy says of a pod.
pub struct Judgement {
    /// The first rule that fits: its action.
    pub action: &'static str,
    pub counts: bool,
    /// For `FailJob`.
    message: String,
}

pub fn judge(job: &Object, p: &Object) -> Judgement {
    let verdict = |action, counts, message| Judgement {
        action,
        counts,
        message,
    };
    let (ns, name) = (p.namespace(), p.name());
    for (i, rule) in job
        .at("spec.podFailurePolicy.rules")
        .items()
        .iter()
        .enumerate()
    {
        let action = rule.text("action");
        let why = match rule.get("onExitCodes") {
            Value::Null => on_conditions(rule, p)
                .map(|kind| format!("Pod {ns}/{name} has condition {kind} matching {action} rule at index {i}")),
            codes => on_exit_codes(codes, p).map(|(container, code)| {
                format!("Container {container} for pod {ns}/{name} failed with exit code {code} matching {action} rule at index {i}")
            }),
        };
        let Some(message) = why else { continue };
        match action {
            "FailJob" => return verdict("FailJob", true, message),
            "FailIndex" => return verdict("FailIndex", true, String::new()),
            "Ignore" => return verdict("Ignore", false, String::new()),
            "Count" => return verdict("Count", true, String::new()),
            _ => {}
        }
    }
    verdict("", true, String::new())
}

/// The first container whose exit code fits; success never does.
fn on_exit_codes<'a>(codes: &Value, p: &'a Object) -> Option<(&'a str, i64)> {
    let only = codes.text("containerName");
    let listed = |code: i64| {
        codes
            .get("values")
            .items()
            .iter()
            .any(|v| v.as_i64() == Some(code))
    };
    let ended = |c: &'a Value| {
        let code = c.at("state.terminated.exitCode").as_i64()?;
        let fits = listed(code) == (codes.text("operator") == "In");
        let named = only.is_empty() || only == c.text("name");
        (code != 0 && named && fits).then(|| (c.text("name"), code))
    };
    let lists = ["status.containerStatuses", "status.initContainerStatuses"];
    lists
        .into_iter()
        .flat_map(|l| p.at(l).items())
        .find_map(ended)
}

fn on_conditions<'a>(rule: &'a Value, p: &Object) -> Option<&'a str> {
    let patterns = rule.get("onPodConditions").items().iter();
    let holds = |c: &&Value| {
        let there = p.condition(c.text("type"));
        !there.is_null() && there.text("status") == c.text("status")
    };
    let mut patterns = patterns.filter(holds);
    patterns.next().map(|c| c.text("type"))
}

fn noted(p: &Object, key: &str) -> i64 {
    p.annotation(key).and_then(|t| t.parse().ok()).unwrap_or(0)
}

/// All failures of the pod's index before it.
pub fn failures_behind(p: &Object) -> i64 {
    noted(p, FAILURES) + noted(p, IGNORED)
}

/// The counts for the successor of a failed pod: (failures, ignored ones).
pub fn next_counts(job: &Object, before: Option<&Object>) -> (i64, i64) {
    let Some(p) = before else { return (0, 0) };
    let counts = judge(job, p).counts;
    (
        noted(p, FAILURES) + i64::from(counts),
        noted(p, IGNORED) + i64::from(!counts),
    )
}

/// The index of this failed pod is not tried again.
pub fn index_is_lost(job: &Object, p: &Object) -> bool {
    let j = judge(job, p);
    let limit = job.int("spec.backoffLimitPerIndex");
    j.action == "FailIndex" || j.counts && noted(p, FAILURES) >= limit
}

/// Why the Job ends, if it does, but for its completions.
pub fn end(job: &Object, mine: &[Object], c: &Count, now: i64) -> Option<End> {
    let over = |failed: bool, reason: &str, message: &str| {
        Some(End {
            failed,
            reason: reason.into(),
            message: message.into(),
        })
    };
    let patient = replaces_failed_only(job);
    let mut judged = mine
        .iter()
        .filter(|p| failed(p, patient))
        .map(|p| judge(job, p));
    if let Some(j) = judged.find(|j| j.action == "FailJob") {
        return over(true, "PodFailurePolicy", &j.message);
    }
    let limit = job.at("spec.backoffLimit").as_i64().unwrap_or(6);
    if c.failed_ever as i64 > limit || restarted_too_often(job, mine, limit) {
        let text = "Job has reached the specified backoff limit";
        return over(true, "BackoffLimitExceeded", text);
    }
    if !job.flag("spec.suspend") && deadline_left(job, now).is_some_and(|left| left <= 0) {
        let text = "Job was active longer than specified deadline";
        return over(true, "DeadlineExceeded", text);
    }
    if let Some(lost) = c.lost.as_ref().filter(|l| !l.is_empty()) {
        let max = job.at("spec.maxFailedIndexes").as_i64();
        if max.is_some_and(|max| lost.len() as i64 > max) {
            let text = "Job has exceeded the specified maximal number of failed indexes";
            return over(true, "MaxFailedIndexesExceeded", text);
        }
        if (lost.len() + c.done.len()) as i64 >= job.int("spec.completions") {
            return over(true, "FailedIndexes", "Job has failed indexes");
        }
    }
    let rules = job.at("spec.successPolicy.rules").items();
    let met = rules.iter().position(|r| is_met(r, &c.done))?;
    let text = format!("Matched rules at index {met}");
    over(false, "SuccessPolicy", &text)
}

/// With `OnFailure` it is the containers that are started again, in the same pod.
fn restarted_too_often(job: &Object, mine: &[Object], limit: i64) -> bool {
    if job.text("spec.template.spec.restartPolicy") != "OnFailure" {
        return false;
    }
    let live = mine
        .iter()
        .filter(|p| has_finalizer(p) && matches!(p.text("status.phase"), "Running" | "Pending"));
    let lists = ["status.initContainerStatuses", "status.containerStatuses"];
    let all = live.flat_map(|p| lists.map(|l| p.at(l).items())).flatten();
    let restarts: i64 = all.map(|c| c.int("restartCount")).sum();
    match limit {
        0 => restarts > 0,
        n => restarts >= n,
    }
}

/// A rule of the success policy: these indexes (or so many of them, or so many of any).
fn is_met(rule: &Value, done: &Indexes) -> bool {
    if done.is_empty() {
        return false;
    }
    let enough = rule.get("succeededCount").as_i64();
    match rule.get("succeededIndexes").as_str() {
        None => enough.is_some_and(|n| done.len() as i64 >= n),
        Some(text) => {
            let named = parse_indexes(text);
            let have = named.intersection(done).count() as i64;
            have >= enough.unwrap_or(named.len() as i64)
        }
    }
}
