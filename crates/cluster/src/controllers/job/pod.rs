//! A Job's pods. Those of an indexed Job each get a number to work on.

use super::count::{Count, Indexes, backoff, ended_at, index};
use super::{FINALIZER, policy};
use crate::controllers::{Requeue, pods, replicaset};
use crate::cx::Cx;
use machinery::{Object, Status, Value, value};

/// Makes `n` pods; of an index that failed lately only after its pause.
pub fn create(
    cx: &mut Cx,
    job: &Object,
    mine: &[Object],
    count: &Count,
    n: usize,
    reason: &str,
) -> Result<Requeue, Status> {
    let mut template = job.at("spec.template").clone();
    template.place("metadata.finalizers").push(FINALIZER);
    if job.text("spec.completionMode") != "Indexed" {
        replicaset::create_pods(cx, job, &template, n, reason)?;
        return Ok(Requeue::Never);
    }
    let patient = policy::replaces_failed_only(job);
    let holds =
        |p: &&Object| pods::is_active(p) || patient && p.is_deleting() && !pods::is_finished(p);
    let mut taken: Indexes = mine.iter().filter(holds).filter_map(index).collect();
    taken.extend(&count.done);
    taken.extend(count.lost.iter().flatten());
    let free: Vec<i64> = (0..job.int("spec.completions"))
        .filter(|i| !taken.contains(i))
        .take(n)
        .collect();
    let due = |i: &i64| {
        let last = count.kept.get(i)?;
        Some(ended_at(last) + backoff(policy::failures_behind(last) + 1))
    };
    let now = cx.now();
    let ready = |i: &&i64| due(i).is_none_or(|at| at <= now);
    for i in free.iter().filter(ready) {
        let mut t = of_index(job, &template, *i);
        if count.lost.is_some() {
            let (failures, ignored) = policy::next_counts(job, count.kept.get(i));
            let notes = t.place("metadata.annotations").map_mut();
            notes.insert(policy::FAILURES, failures.to_string());
            if ignored > 0 {
                notes.insert(policy::IGNORED, ignored.to_string());
            }
        }
        let prefix = format!("{}-{i}", job.name());
        replicaset::create_pods_named(cx, job, &prefix, &t, 1, reason)?;
    }
    let next = free.iter().filter_map(due).filter(|at| *at > now).min();
    Ok(next.map_or(Requeue::Never, |at| Requeue::After(at - now)))
}

/// Which of the active pods have to go: those whose index is taken twice or no longer wanted, and `n` at least.
pub fn surplus(job: &Object, mut active: Vec<Object>, n: usize, now: i64) -> Vec<Object> {
    let mut out = Vec::new();
    if job.text("spec.completionMode") == "Indexed" {
        let limit = job.int("spec.completions");
        let mut seen = Indexes::new();
        let (kept, twice): (Vec<Object>, Vec<Object>) = active
            .into_iter()
            .partition(|p| index(p).is_some_and(|i| i < limit && seen.insert(i)));
        out = twice;
        active = kept;
        // The highest indexes go first.
        active.reverse();
    } else if n > 0 {
        pods::rank_for_deletion(&mut active, &[], now);
    }
    let more = n.saturating_sub(out.len());
    out.extend(active.into_iter().take(more));
    out
}

/// The index as annotation, label, host name and environment variable.
fn of_index(job: &Object, template: &Value, i: i64) -> Value {
    const KEY: &str = "batch.kubernetes.io/job-completion-index";
    let mut t = template.clone();
    for path in ["metadata.annotations", "metadata.labels"] {
        t.place(path).map_mut().insert(KEY, i.to_string());
    }
    t.set("spec.hostname", format!("{}-{i}", job.name()));
    let variable = value!({
        "name": "JOB_COMPLETION_INDEX",
        "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
    });
    for list in ["spec.initContainers", "spec.containers"] {
        if t.at(list).items().is_empty() {
            continue;
        }
        for c in t.place(list).list_mut() {
            let env = c.place("env").list_mut();
            if !env.iter().any(|e| e.text("name") == "JOB_COMPLETION_INDEX") {
                env.push(variable.clone());
            }
        }
    }
    t
}
