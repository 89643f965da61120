//! PodDisruptionBudget: how many pods may be evicted now. The API server's eviction asks this number and lowers it.
//! Upstream: `kubernetes:pkg/controller/disruption`.

use super::deployment::int_or_percent;
use super::{Controller, Requeue, labels, pods, woken_by_itself};
use crate::cx::Cx;
use crate::store::Key;
use kinds::poddisruptionbudget::KIND;
use machinery::Arrange;
use machinery::{Object, Status, Value, time, value};

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
    let healthy = mine
        .iter()
        .filter(|p| pods::is_ready(p) && !p.is_deleting())
        .count() as i64;
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
        set_condition(v, allowed > 0, budget.generation(), now);
    });
    if new != budget {
        let reason = format!("{healthy} healthy, {desired} needed");
        cx.update_status(&KIND, &new, &reason)?;
    }
    Ok(Requeue::Never)
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
    let list = v.place("status.conditions").list_mut();
    let old = list.iter().find(|c| c.text("type") == "DisruptionAllowed");
    let since = match old {
        Some(c) if c.text("status") == status => c.get("lastTransitionTime").clone(),
        _ => Value::from(time::rfc3339(now)),
    };
    let fresh = value!({
        "type": "DisruptionAllowed", "status": status, "reason": reason, "message": "",
        "lastTransitionTime": since, "observedGeneration": generation,
    });
    *list = vec![fresh];
}
