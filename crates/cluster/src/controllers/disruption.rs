//! PodDisruptionBudget: how many pods may be evicted now. The API server's eviction asks this number and lowers it.
//! Upstream: `kubernetes:pkg/controller/disruption`.

use super::deployment::int_or_percent;
use super::{Controller, Requeue, pods, woken_by_itself};
use crate::conditions;
use crate::cx::Cx;
use crate::store::Key;
use kinds::poddisruptionbudget::KIND;
use machinery::Arrange;
use machinery::{Object, Status, Value, labels, time, value};

pub const CONTROLLER: Controller = Controller {
    name: "disruption-controller",
    triggers: |cluster, change, keys| {
        woken_by_itself(change, RESOURCE, keys);
        if change.resource == "pods" {
            let selects = |b: &&Object| {
                let selector = b.at("spec.selector");
                labels::matches(selector, change.new.at("metadata.labels"))
            };
            let budgets = cluster.store.list(RESOURCE, Some(&change.key.0));
            keys.extend(budgets.filter(selects).map(super::key_of));
        }
    },
    reconcile,
};

const RESOURCE: &str = "poddisruptionbudgets.policy";

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(budget) = cx.store().get(RESOURCE, &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    let selector = budget.at("spec.selector");
    let selected =
        |p: &&Object| labels::matches(selector, p.at("metadata.labels")) && !pods::is_finished(p);
    let mine: Vec<Object> = cx
        .store()
        .list("pods", Some(&key.0))
        .filter(selected)
        .cloned()
        .collect();
    cx.cluster.controllers.took_ms = mine.len() as i64 / 10;
    let (disrupted, look_again) = disrupted(&budget, &mine, cx.now());
    let healthy = mine
        .iter()
        .filter(|p| pods::is_ready(p) && !p.is_deleting() && !disrupted.has(p.name()))
        .count() as i64;
    tell_what_is_odd(cx, &budget, &mine);
    let (expected, desired) = wanted(cx, &budget, &mine);
    let allowed = if expected <= 0 {
        0
    } else {
        (healthy - desired).max(0)
    };
    let now = cx.now();
    let new = budget.edit(|v| {
        v.set("status.currentHealthy", healthy);
        v.set("status.desiredHealthy", desired);
        v.set("status.disruptionsAllowed", allowed);
        v.set("status.expectedPods", expected);
        v.set("status.observedGeneration", budget.generation());
        match disrupted.is_empty() {
            true => drop(v.remove("status.disruptedPods")),
            false => v.set("status.disruptedPods", disrupted),
        }
        set_condition(v, allowed > 0, budget.generation(), now);
    });
    if new != budget {
        let reason = format!("{healthy} healthy, {desired} needed");
        cx.update_status(&KIND, &new, &reason)?;
    }
    Ok(look_again)
}

/// An eviction was granted, but its pod is not seen to go yet: it counts as lost for so long.
const DISRUPTION_MS: i64 = 120_000;

/// The evictions that still count, and when to look whether they do.
fn disrupted(budget: &Object, mine: &[Object], now: i64) -> (Value, Requeue) {
    let mut out = Value::map();
    let mut next: Option<i64> = None;
    for (name, at) in budget.at("status.disruptedPods").entries() {
        let until = at.as_str().and_then(time::parse_rfc3339).unwrap_or(0) + DISRUPTION_MS;
        let there = mine
            .iter()
            .any(|p| p.name() == name.as_str() && !p.is_deleting());
        if there && until > now {
            out.map_mut().insert(name.clone(), at.clone());
            next = Some(next.map_or(until, |n| n.min(until)));
        }
    }
    (
        out,
        next.map_or(Requeue::Never, |t| Requeue::After(t - now)),
    )
}

/// Budgets that select nothing, or pods that nobody would replace.
fn tell_what_is_odd(cx: &mut Cx, budget: &Object, mine: &[Object]) {
    if mine.is_empty() {
        cx.event(budget, "Normal", "NoPods", "No matching pods found");
        return;
    }
    let by_number = budget.at("spec.minAvailable").as_i64().is_some();
    if !by_number && mine.iter().any(|p| p.controller().is_null()) {
        let selector = labels::go_text(budget.at("spec.selector"));
        let text = format!(
            "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
        );
        cx.event(budget, "Warning", "UnmanagedPods", &text);
    }
}

/// How many pods there should be, and how many of them have to be healthy.
fn wanted(cx: &Cx, budget: &Object, mine: &[Object]) -> (i64, i64) {
    let (min, max) = (
        budget.at("spec.minAvailable"),
        budget.at("spec.maxUnavailable"),
    );
    if let Some(n) = min.as_i64() {
        return (mine.len() as i64, n);
    }
    // Percentages are of what the pods' controllers want, not of what happens to be there.
    let mut owners: Vec<&str> = mine.iter().map(|p| p.controller().text("uid")).collect();
    owners.arrange();
    owners.dedup();
    let expected = owners.iter().map(|uid| scale_of(cx, uid)).sum::<i64>();
    let desired = match max.is_null() {
        true => int_or_percent(min, expected, true),
        false => (expected - int_or_percent(max, expected, true)).max(0),
    };
    (expected, desired)
}

fn scale_of(cx: &Cx, uid: &str) -> i64 {
    let Some(o) = cx.store().by_uid(uid) else {
        return 0;
    };
    let above = o.controller().text("uid");
    match cx.store().by_uid(above) {
        Some(_) if !above.is_empty() => scale_of(cx, above),
        _ => o.int("spec.replicas"),
    }
}

fn set_condition(v: &mut Value, sufficient: bool, generation: i64, now: i64) {
    let (status, reason) = match sufficient {
        true => ("True", "SufficientPods"),
        false => ("False", "InsufficientPods"),
    };
    let fresh = value!({
        "type": "DisruptionAllowed", "status": status, "reason": reason, "message": "",
        "lastTransitionTime": time::rfc3339(now), "observedGeneration": generation,
    });
    conditions::put(v.place("status.conditions").list_mut(), fresh);
}
