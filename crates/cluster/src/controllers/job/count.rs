//! Counting a Job's pods, and what the counts mean.

use super::{BACKOFF_FIRST_MS, BACKOFF_MAX_MS, End, FINALIZER, deadline_left};
use crate::controllers::pods;
use crate::controllers::replicaset::set_count;
use machinery::{Object, Value, time};
use std::collections::BTreeSet;

#[derive(Clone, Debug, Default)]
pub struct Count {
    pub active: usize,
    ready: usize,
    pub terminating: usize,
    pub succeeded: usize,
    pub failed: usize,
    pub deleted: usize,
    /// For indexed Jobs.
    done: BTreeSet<i64>,
    indexed: bool,
    /// Consecutive failures, and when the last one was.
    failures_in_row: u32,
    last_failure: i64,
}

pub fn has_finalizer(p: &Object) -> bool {
    p.at("metadata.finalizers")
        .items()
        .iter()
        .any(|f| f.as_str() == Some(FINALIZER))
}

/// The completion index that a pod works on.
pub fn index(p: &Object) -> Option<i64> {
    let text = p.annotation("batch.kubernetes.io/job-completion-index");
    text.and_then(|t| t.parse().ok())
}

fn ended_at(p: &Object) -> i64 {
    let all = p.at("status.containerStatuses").items().iter();
    let ends = all.filter_map(|c| time::parse_rfc3339(c.text("state.terminated.finishedAt")));
    ends.max().unwrap_or_else(|| p.created())
}

impl Count {
    /// What was counted before, plus the finished pods that still carry the finalizer.
    pub fn of(job: &Object, mine: &[Object], _now: i64) -> Count {
        let mut c = Count {
            succeeded: job.int("status.succeeded").max(0) as usize,
            failed: job.int("status.failed").max(0) as usize,
            indexed: job.text("spec.completionMode") == "Indexed",
            ..Count::default()
        };
        if c.indexed {
            c.done = parse_indexes(job.text("status.completedIndexes"));
        }
        for p in mine.iter().filter(|p| has_finalizer(p)) {
            match p.text("status.phase") {
                "Succeeded" if c.indexed => {
                    if let Some(i) = index(p).filter(|i| *i < job.int("spec.completions")) {
                        c.done.insert(i);
                    }
                }
                "Succeeded" => c.succeeded += 1,
                "Failed" => c.failed += 1,
                // Deleted before it ended: counts as a failure.
                _ if p.is_deleting() => c.failed += 1,
                _ => {}
            }
        }
        if c.indexed {
            c.succeeded = c.done.len();
        }
        let last_success = mine
            .iter()
            .filter(|p| p.text("status.phase") == "Succeeded")
            .map(ended_at)
            .max();
        for p in mine.iter().filter(|p| p.text("status.phase") == "Failed") {
            let at = ended_at(p);
            if last_success.is_none_or(|s| at > s) {
                c.failures_in_row += 1;
                c.last_failure = c.last_failure.max(at);
            }
        }
        c.recount(mine);
        c
    }

    /// What runs now.
    pub fn recount(&mut self, mine: &[Object]) {
        let active = || mine.iter().filter(|p| pods::is_active(p));
        self.active = active().count();
        self.ready = active().filter(|p| pods::is_ready(p)).count();
        self.terminating = mine
            .iter()
            .filter(|p| p.is_deleting() && !pods::is_finished(p))
            .count();
    }

    /// How many should run at once.
    pub fn wanted_active(&self, job: &Object) -> usize {
        let parallelism = job.at("spec.parallelism").as_i64().unwrap_or(1).max(0) as usize;
        match job.at("spec.completions").as_i64() {
            Some(n) => parallelism.min((n.max(0) as usize).saturating_sub(self.succeeded)),
            // A work queue: once one has succeeded no more are started.
            None if self.succeeded > 0 => self.active.min(parallelism),
            None => parallelism,
        }
    }

    /// Not before this may a failed pod be replaced: ten seconds, doubling.
    pub fn not_before(&self) -> Option<i64> {
        let n = self.failures_in_row.checked_sub(1)?;
        Some(self.last_failure + (BACKOFF_FIRST_MS << n.min(10)).min(BACKOFF_MAX_MS))
    }

    pub fn end(&self, job: &Object, now: i64) -> Option<End> {
        let failed = |reason, message: &str| {
            Some(End {
                failed: true,
                reason,
                message: message.to_string(),
            })
        };
        let limit = job.at("spec.backoffLimit").as_i64().unwrap_or(6);
        if self.failed as i64 > limit {
            return failed(
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            );
        }
        if deadline_left(job, now).is_some_and(|left| left <= 0) {
            return failed(
                "DeadlineExceeded",
                "Job was active longer than specified deadline",
            );
        }
        let reached = match job.at("spec.completions").as_i64() {
            Some(n) => self.succeeded as i64 >= n,
            None => self.succeeded > 0 && self.active == 0,
        };
        reached.then(|| End {
            failed: false,
            reason: "CompletionsReached",
            message: "Reached expected number of succeeded pods".to_string(),
        })
    }

    pub fn write(&self, v: &mut Value) {
        set_count(v, "status.active", self.active);
        v.set("status.ready", self.ready);
        v.set("status.terminating", self.terminating);
        set_count(v, "status.succeeded", self.succeeded);
        set_count(v, "status.failed", self.failed);
        v.set("status.uncountedTerminatedPods", Value::map());
        if self.indexed {
            let text = print_indexes(&self.done);
            match text.is_empty() {
                true => drop(v.remove("status.completedIndexes")),
                false => v.set("status.completedIndexes", text),
            }
        }
    }
}

/// `0-2,5`
pub fn parse_indexes(text: &str) -> BTreeSet<i64> {
    let mut out = BTreeSet::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (a, b) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(a), Ok(b)) = (a.parse::<i64>(), b.parse::<i64>()) {
            out.extend(a..=b.min(a + 100_000));
        }
    }
    out
}

fn print_indexes(set: &BTreeSet<i64>) -> String {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for i in set {
        match runs.last_mut() {
            Some(r) if r.1 + 1 == *i => r.1 = *i,
            _ => runs.push((*i, *i)),
        }
    }
    let texts: Vec<String> = runs
        .into_iter()
        .map(|(a, b)| match b - a {
            0 => a.to_string(),
            1 => format!("{a},{b}"),
            _ => format!("{a}-{b}"),
        })
        .collect();
    texts.join(",")
}
