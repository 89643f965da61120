//! A Job's pods. Those of an indexed Job each get a number to work on.

use super::FINALIZER;
use super::count::{index, parse_indexes};
use crate::controllers::{pods, replicaset};
use crate::cx::Cx;
use machinery::{Object, Status, Value, value};
use std::collections::BTreeSet;

pub fn create(
    cx: &mut Cx,
    job: &Object,
    mine: &[Object],
    n: usize,
    wanted: usize,
) -> Result<(), Status> {
    let reason = format!("wanted {wanted} at once, {} are missing", n);
    let mut template = job.at("spec.template").clone();
    template.place("metadata.finalizers").push(FINALIZER);
    if job.text("spec.completionMode") != "Indexed" {
        return replicaset::create_pods(cx, job, &template, n.min(500), &reason);
    }
    let mut taken: BTreeSet<i64> = parse_indexes(job.text("status.completedIndexes"));
    let busy = mine
        .iter()
        .filter(|p| pods::is_active(p) || p.text("status.phase") == "Succeeded");
    taken.extend(busy.filter_map(index));
    let free = (0..job.int("spec.completions")).filter(|i| !taken.contains(i));
    for i in free.take(n.min(500)) {
        let t = of_index(job, &template, i);
        replicaset::create_pods(cx, job, &t, 1, &reason)?;
    }
    Ok(())
}

/// The index as annotation, label, host name and environment variable.
fn of_index(job: &Object, template: &Value, i: i64) -> Value {
    const KEY: &str = "batch.kubernetes.io/job-completion-index";
    let mut t = template.clone();
    t.place("metadata.annotations")
        .map_mut()
        .insert(KEY, i.to_string());
    t.place("metadata.labels")
        .map_mut()
        .insert(KEY, i.to_string());
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
