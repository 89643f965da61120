//! Eviction: a deletion that a PodDisruptionBudget may refuse. Upstream:
//! `kubernetes:pkg/registry/core/pod/storage/eviction.go`.

use super::{Call, Done, Verb, commit_as_named, delete, subresource};
use crate::Cluster;
use crate::conditions;
use machinery::{Object, Status, Str, Value, labels, time, value};

const BUDGETS: &str = "poddisruptionbudgets.policy";

pub(crate) fn evict(cluster: &mut Cluster, mut call: Call) -> Result<Done, Status> {
    let pod = call.stored(cluster)?;
    let options = call
        .body
        .take()
        .unwrap_or_default()
        .get("deleteOptions")
        .clone();
    super::route::delete_options(&mut call.options, Some(&options))?;
    let ended = matches!(pod.text("status.phase"), "Succeeded" | "Failed" | "Pending");
    if !ended && !pod.is_deleting() {
        ask_budgets(cluster, &call, &pod)?;
    }
    if !call.options.dry_run && !pod.is_deleting() {
        mark(cluster, &call, &pod);
    }
    call.verb = Verb::Delete;
    call.subresource = Str::lit("");
    delete::delete(cluster, call)?;
    Ok(Done::created(subresource::success(201)))
}

/// The pod says why it goes.
fn mark(cluster: &mut Cluster, call: &Call, pod: &Object) {
    let message = "Eviction API: evicting";
    let marked = conditions::disrupted(pod, "EvictionByEvictionAPI", message, cluster.now);
    commit_as_named(cluster, &kinds::pod::KIND, marked, &call.cause);
}

fn ask_budgets(cluster: &mut Cluster, call: &Call, pod: &Object) -> Result<(), Status> {
    let in_namespace = cluster.store.list(BUDGETS, Some(pod.namespace()));
    let fits = |b: &&Object| labels::matches(b.at("spec.selector"), pod.at("metadata.labels"));
    let budgets: Vec<Object> = in_namespace.filter(fits).cloned().collect();
    if budgets.len() > 1 {
        let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        return Err(Status::internal(why));
    }
    let Some(budget) = budgets.into_iter().next() else {
        return Ok(());
    };
    let ready = pod.condition_is_true("Ready");
    let healthy = budget.int("status.currentHealthy") >= budget.int("status.desiredHealthy")
        && budget.int("status.desiredHealthy") > 0;
    let always = budget.text("spec.unhealthyPodEvictionPolicy") == "AlwaysAllow";
    if !ready && (always || healthy) {
        return Ok(());
    }
    if budget.int("status.observedGeneration") < budget.generation() {
        return Err(refused(format!(
            "The disruption budget {} is still being processed by the server.",
            budget.name()
        )));
    }
    let left = budget.int("status.disruptionsAllowed");
    if left < 1 {
        let text = format!(
            "The disruption budget {} needs {} healthy pods and has {} currently",
            budget.name(),
            budget.int("status.desiredHealthy"),
            budget.int("status.currentHealthy")
        );
        return Err(refused(text));
    }
    if call.options.dry_run {
        return Ok(());
    }
    let now = time::rfc3339(cluster.now);
    let new = budget.edit(|v| {
        v.set("status.disruptionsAllowed", left - 1);
        *v.place("status.disruptedPods").field(pod.name()) = Value::from(now);
    });
    commit_as_named(cluster, &kinds::poddisruptionbudget::KIND, new, &call.cause);
    Ok(())
}

fn refused(why: String) -> Status {
    let mut s = Status::too_many(
        "Cannot evict pod as it would violate the pod's disruption budget.",
        0,
    );
    s.details = value!({ "causes": [{ "reason": "DisruptionBudget", "message": why }] });
    s
}
