//! What is true of an object, computed from its parts: the rules ask here, never the controllers that they judge.

use cluster::Cluster;
use machinery::{Object, Quantity, Value, time};

pub(super) fn is_over(p: &Object) -> bool {
    matches!(p.text("status.phase"), "Succeeded" | "Failed")
}

pub(super) fn is_active(p: &Object) -> bool {
    !is_over(p) && !p.is_deleting()
}

pub(super) fn is_ready(p: &Object) -> bool {
    p.condition_is_true("Ready") && !p.is_deleting()
}

/// `matchLabels` or a plain map.
pub(super) fn selects(selector: &Value, o: &Object) -> bool {
    let plain = selector.get("matchLabels");
    let wanted = if plain.is_null() { selector } else { plain };
    !wanted.is_empty()
        && wanted
            .entries()
            .iter()
            .all(|(k, v)| o.label(k) == v.as_str())
}

pub(super) fn milli(v: &Value) -> i64 {
    let text = v
        .as_str()
        .map(str::to_string)
        .or(v.as_i64().map(|n| n.to_string()));
    text.and_then(|t| Quantity::parse(&t).ok())
        .map_or(0, |q| q.milli_value())
}

/// What a pod asks for: containers and sidecars at once, or the largest init container.
pub(super) fn asks(p: &Object, what: &str) -> i64 {
    let of = |c: &Value| milli(c.at("resources.requests").get(what));
    let spec = p.spec();
    let inits = spec.get("initContainers").items().iter();
    let (beside, first): (Vec<_>, Vec<_>) =
        inits.partition(|c| c.text("restartPolicy") == "Always");
    let sum: i64 = spec
        .get("containers")
        .items()
        .iter()
        .chain(beside)
        .map(of)
        .sum();
    sum.max(first.into_iter().map(of).max().unwrap_or(0))
}

pub(super) fn amount(v: &Value, total: i64, up: bool) -> i64 {
    match v.as_i64() {
        Some(n) => n,
        None => {
            let percent: i64 = v
                .as_str()
                .and_then(|t| t.trim_end_matches('%').parse().ok())
                .unwrap_or(0);
            (percent * total + if up { 99 } else { 0 }) / 100
        }
    }
}

pub(super) fn tolerates(p: &Object, taint: &Value) -> bool {
    p.at("spec.tolerations").items().iter().any(|t| {
        let effect = t.text("effect").is_empty() || t.text("effect") == taint.text("effect");
        let key = t.text("key").is_empty() || t.text("key") == taint.text("key");
        let value = t.text("operator") == "Exists" || t.text("value") == taint.text("value");
        effect && key && value
    })
}

/// Whether a pod counts for quotas: not over, and not stuck in its deletion.
pub(super) fn counts(p: &Object, now: i64) -> bool {
    let until = time::parse_rfc3339(p.text("metadata.deletionTimestamp"));
    let stuck =
        until.is_some_and(|t| now > t + p.int("metadata.deletionGracePeriodSeconds") * 1000);
    !is_over(p) && !stuck
}

pub(super) fn ordinal(name: &str) -> i64 {
    name.rsplit_once('-')
        .and_then(|(_, n)| n.parse().ok())
        .unwrap_or(-1)
}

/// A budget over a pod: its name, how many of its pods are healthy, how many have to be.
pub(super) type Budgets = Vec<(String, i64, i64)>;

pub(super) fn budgets_of(cluster: &Cluster, p: &Object) -> Budgets {
    let all = cluster
        .store
        .list("poddisruptionbudgets.policy", Some(p.namespace()));
    let mine = all.filter(|b| {
        selects(b.at("spec.selector"), p) && b.generation() == b.int("status.observedGeneration")
    });
    mine.map(|b| {
        let pods = cluster.store.list("pods", Some(p.namespace()));
        let healthy = pods
            .filter(|o| selects(b.at("spec.selector"), o) && is_ready(o) && !is_over(o))
            .count();
        (
            b.name().to_string(),
            healthy as i64,
            b.int("status.desiredHealthy"),
        )
    })
    .collect()
}
