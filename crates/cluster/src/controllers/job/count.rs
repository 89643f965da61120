//! Counting a Job's pods, and what the counts mean.

use super::policy::{self, failed};
use super::{BACKOFF_FIRST_MS, BACKOFF_MAX_MS, End, FINALIZER};
use crate::controllers::pods;
use crate::controllers::replicaset::set_count;
use crate::cx::Cx;
use machinery::{Object, Str, Value, time};
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Indexes = BTreeSet<i64>;

#[derive(Clone, Default)]
pub(super) struct Count {
    pub active: usize,
    ready: usize,
    pub terminating: usize,
    pub succeeded: usize,
    /// What the status tells.
    pub failed: usize,
    /// With failures that are known but not yet told (their pods wait for a successor).
    pub failed_ever: usize,
    indexed: bool,
    /// For indexed Jobs.
    pub done: Indexes,
    /// Indexes given up; only with a limit for each index.
    pub lost: Option<Indexes>,
    /// The last failed pod of an index that has no successor yet: it is kept, its annotations count the failures.
    pub kept: BTreeMap<i64, Object>,
    /// The Job is over: all pods are let go.
    closed: bool,
    /// Only a pod that has failed, not one that is only going, is a failure.
    patient: bool,
    failures_in_row: u32,
    last_failure: i64,
}

pub fn has_finalizer(p: &Object) -> bool {
    let list = p.at("metadata.finalizers").items().iter();
    list.map(|f| f.as_str()).any(|f| f == Some(FINALIZER))
}

/// The completion index that a pod works on.
pub fn index(p: &Object) -> Option<i64> {
    let text = p.annotation("batch.kubernetes.io/job-completion-index");
    text.and_then(|t| t.parse().ok())
}

/// When a pod came to its end: by its containers, or since it was told to go.
pub fn ended_at(p: &Object) -> i64 {
    let all = p.at("status.containerStatuses").items().iter();
    let ends = all.filter_map(|c| time::parse_rfc3339(c.text("state.terminated.finishedAt")));
    let told = || {
        let at = time::parse_rfc3339(p.text("metadata.deletionTimestamp"))?;
        Some(at - p.int("metadata.deletionGracePeriodSeconds") * 1000)
    };
    ends.max().or_else(told).unwrap_or_else(|| p.created())
}

impl Count {
    /// What was counted before, plus the finished pods that still carry the finalizer.
    pub fn of(cx: &mut Cx, job: &Object, mine: &[Object]) -> Count {
        let known = |path: &str| job.int(path).max(0) as usize;
        let mut c = Count {
            succeeded: known("status.succeeded"),
            failed: known("status.failed"),
            indexed: job.text("spec.completionMode") == "Indexed",
            patient: policy::replaces_failed_only(job),
            ..Count::default()
        };
        let held: Vec<&Object> = mine.iter().filter(|p| has_finalizer(p)).collect();
        let in_range =
            |p: &Object| index(p).filter(|i| (0..job.int("spec.completions")).contains(i));
        if c.indexed {
            let limit = job.int("spec.completions");
            c.done = parse_indexes(job.text("status.completedIndexes"));
            c.done.retain(|i| *i < limit);
            let good = held
                .iter()
                .filter(|p| p.text("status.phase") == "Succeeded");
            c.done.extend(good.filter_map(|p| in_range(p)));
            c.succeeded = c.done.len();
        } else {
            let good = held
                .iter()
                .filter(|p| p.text("status.phase") == "Succeeded");
            c.succeeded += good.count();
        }
        let bad: Vec<&&Object> = held
            .iter()
            .filter(|p| failed(p, c.patient) && (!c.indexed || in_range(p).is_some()))
            .collect();
        if policy::is_per_index(job) {
            let mut lost = parse_indexes(job.text("status.failedIndexes"));
            let given_up = bad.iter().filter(|p| policy::index_is_lost(job, p));
            lost.extend(given_up.filter_map(|p| index(p)));
            lost.retain(|i| !c.done.contains(i));
            c.keep_last(&bad, mine, &lost);
            c.lost = Some(lost);
        }
        let counts = |p: &&&&Object| policy::judge(job, p).counts;
        c.failed_ever = c.failed + bad.iter().filter(counts).count();
        let told = bad.iter().filter(|p| !c.is_kept(p));
        c.failed += told.filter(counts).count();
        c.note_failures(cx, job, &held, &bad);
        c.recount(mine);
        c
    }

    /// Of each index without a successor the pod with most failures behind it.
    fn keep_last(&mut self, bad: &[&&Object], mine: &[Object], lost: &Indexes) {
        let busy: Indexes = mine
            .iter()
            .filter(|p| pods::is_active(p))
            .filter_map(index)
            .collect();
        for p in bad {
            let Some(i) = index(p) else { continue };
            if self.done.contains(&i) || lost.contains(&i) || busy.contains(&i) {
                continue;
            }
            let before = self.kept.get(&i).map_or(-1, policy::failures_behind);
            if policy::failures_behind(p) >= before {
                self.kept.insert(i, (***p).clone());
            }
        }
    }

    /// Failures since the last success, remembered between looks: their pods may be gone by the next.
    fn note_failures(&mut self, cx: &mut Cx, job: &Object, held: &[&Object], bad: &[&&Object]) {
        let fresh: Vec<i64> = bad
            .iter()
            .filter(|p| !self.is_kept(p))
            .map(|p| ended_at(p))
            .collect();
        let good = held
            .iter()
            .filter(|p| p.text("status.phase") == "Succeeded");
        let success = good.map(|p| ended_at(p)).max();
        let memory = &mut cx.cluster.controllers.job_failures;
        let (before, last) = memory.get(job.uid()).copied().unwrap_or_default();
        let after = |t: &&i64| success.is_none_or(|s| **t > s);
        let n = fresh.iter().filter(after).count() as u32;
        self.failures_in_row = if success.is_some() {
            n
        } else {
            before.saturating_add(n)
        };
        self.last_failure = fresh.iter().copied().max().unwrap_or(last).max(last);
        let now = (self.failures_in_row, self.last_failure);
        if now != (before, last) {
            memory.insert(Str::from(job.uid()), now);
        }
    }

    fn is_kept(&self, p: &Object) -> bool {
        self.kept.values().any(|k| k.uid() == p.uid())
    }

    /// Whether the status tells of the pod, so that its finalizer can go.
    pub fn is_counted(&self, p: &Object) -> bool {
        let over = p.text("status.phase") == "Succeeded" || failed(p, self.patient);
        self.closed || over && !self.is_kept(p)
    }

    /// The Job is over: what still runs is stopped, and after a failure counts as failed.
    pub fn close(&mut self, job: &Object, mine: &[Object], by_failure: bool) {
        self.closed = true;
        self.failed = self.failed_ever;
        if by_failure {
            let left = |p: &&Object| {
                let over = pods::is_finished(p) || failed(p, self.patient);
                has_finalizer(p) && !over && policy::judge(job, p).counts
            };
            self.failed += mine.iter().filter(left).count();
        }
    }

    /// What runs now.
    pub fn recount(&mut self, mine: &[Object]) {
        let active = || mine.iter().filter(|p| pods::is_active(p));
        self.active = active().count();
        self.ready = active().filter(|p| pods::is_ready(p)).count();
        let going = |p: &&Object| p.is_deleting() && !pods::is_finished(p);
        self.terminating = mine.iter().filter(going).count();
    }

    /// How many should run at once.
    pub fn wanted_active(&self, job: &Object) -> usize {
        let parallelism = job.at("spec.parallelism").as_i64().unwrap_or(1).max(0) as usize;
        match job.at("spec.completions").as_i64() {
            Some(n) => {
                let lost = self.lost.as_ref().map_or(0, Indexes::len);
                let left = (n.max(0) as usize).saturating_sub(self.succeeded + lost);
                parallelism.min(left)
            }
            // A work queue: once one has succeeded no more are started.
            None if self.succeeded > 0 => self.active,
            None => parallelism,
        }
    }

    /// Not before this may a failed pod be replaced: ten seconds, doubling.
    pub fn not_before(&self) -> Option<i64> {
        (self.failures_in_row > 0).then(|| self.last_failure + backoff(self.failures_in_row.into()))
    }

    /// Enough have succeeded, and nothing runs any more.
    pub fn reached(&self, job: &Object, active: &[Object]) -> Option<End> {
        let reached = active.is_empty()
            && match job.at("spec.completions").as_i64() {
                Some(n) => self.succeeded as i64 >= n,
                None => self.succeeded > 0,
            };
        reached.then(|| End {
            failed: false,
            reason: "CompletionsReached".into(),
            message: "Reached expected number of succeeded pods".into(),
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
            if let Some(lost) = &self.lost {
                v.set("status.failedIndexes", print_indexes(lost));
            }
        }
    }
}

/// The pause after so many failures in a row.
pub(super) fn backoff(failures: i64) -> i64 {
    let doublings = (failures - 1).clamp(0, 10);
    (BACKOFF_FIRST_MS << doublings).min(BACKOFF_MAX_MS)
}

/// `0-2,5`
pub fn parse_indexes(text: &str) -> Indexes {
    let mut out = BTreeSet::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (a, b) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(a), Ok(b)) = (a.parse::<i64>(), b.parse::<i64>()) {
            out.extend(a..=b.min(a.saturating_add(100_000)));
        }
    }
    out
}

fn print_indexes(set: &Indexes) -> String {
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
