//! How far a wish is followed: bounds, stabilisation windows, policies for the speed of change.
//! Upstream: `horizontal.go` (`normalizeDesiredReplicas`, `...WithBehaviors`).

use super::{Memory, Told, memory};
use crate::cx::Cx;
use machinery::{Object, Value};

/// Longest period that a policy can have.
const REMEMBERED_MS: i64 = 3_600_000;
const DOWN_WINDOW_S: i64 = 300;

/// The size to go to now, between the bounds, told in the conditions.
pub fn follow(cx: &mut Cx, hpa: &Object, have: i64, wish: i64, told: &mut Told) -> i64 {
    let now = cx.now();
    let memory = memory(cx, hpa);
    let rules = hpa.at("spec.behavior");
    let calm = stabilized(memory, rules, have, wish, now);
    let (reason, text) = match wish {
        w if w == calm => ("ReadyForNewScale", "recommended size matches current size"),
        w if w >= have && !rules.is_null() => (
            "ScaleUpStabilized",
            "recent recommendations were lower than current one, applying the lowest recent recommendation",
        ),
        _ => (
            "ScaleDownStabilized",
            "recent recommendations were higher than current one, applying the highest recent recommendation",
        ),
    };
    told.set("AbleToScale", "True", reason, text);
    let (size, reason, text) = limited(memory, hpa, have, calm, now);
    let status = if size == calm { "False" } else { "True" };
    told.set("ScalingLimited", status, reason, text);
    size
}

/// Within the windows the lowest wish counts going up, the highest going down.
fn stabilized(memory: &mut Memory, rules: &Value, have: i64, wish: i64, now: i64) -> i64 {
    let window = |way: &str, default: i64| {
        let s = rules.get(way).get("stabilizationWindowSeconds").as_i64();
        s.unwrap_or(default).clamp(0, 3600) * 1000
    };
    let (up, down) = (window("scaleUp", 0), window("scaleDown", DOWN_WINDOW_S));
    let (mut lowest, mut highest) = (wish, wish);
    for (at, n) in &memory.wishes {
        if *at > now - up {
            lowest = lowest.min(*n);
        }
        if *at > now - down {
            highest = highest.max(*n);
        }
    }
    memory.wishes.retain(|w| w.0 > now - up.max(down));
    memory.wishes.push((now, wish));
    match rules.is_null() {
        true => highest,
        false => have.max(lowest).min(highest),
    }
}

/// The wish between the bounds and within what the policies allow, with the condition's reason and words.
fn limited(
    memory: &Memory,
    hpa: &Object,
    have: i64,
    wish: i64,
    now: i64,
) -> (i64, &'static str, &'static str) {
    let rules = hpa.at("spec.behavior");
    let min = hpa.at("spec.minReplicas").as_i64().unwrap_or(1);
    let max = hpa.int("spec.maxReplicas");
    let fastest = match rules.is_null() {
        // At most double, and four in any case.
        true => (have * 2).max(4),
        false if wish > have => rate(
            rules.get("scaleUp"),
            have,
            &memory.ups,
            &memory.downs,
            now,
            true,
        )
        .max(have),
        false => max,
    };
    let slowest = match rules.is_null() || wish >= have {
        true => min,
        false => rate(
            rules.get("scaleDown"),
            have,
            &memory.ups,
            &memory.downs,
            now,
            false,
        )
        .min(have),
    };
    if wish > max.min(fastest) {
        return match max > fastest {
            true => (
                fastest,
                "ScaleUpLimit",
                "the desired replica count is increasing faster than the maximum scale rate",
            ),
            false => (
                max,
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count",
            ),
        };
    }
    if wish < min.max(slowest) {
        return match min < slowest {
            true => (
                slowest,
                "ScaleDownLimit",
                "the desired replica count is decreasing faster than the maximum scale rate",
            ),
            false => (
                min,
                "TooFewReplicas",
                "the desired replica count is less than the minimum replica count",
            ),
        };
    }
    (
        wish,
        "DesiredWithinRange",
        "the desired count is within the acceptable range",
    )
}

/// How far the policies of one direction let the size go.
fn rate(
    rules: &Value,
    have: i64,
    ups: &[(i64, i64)],
    downs: &[(i64, i64)],
    now: i64,
    up: bool,
) -> i64 {
    let select = rules.text("selectPolicy");
    if select == "Disabled" {
        return have;
    }
    let allowed = |p: &Value| {
        let since = now - p.int("periodSeconds") * 1000;
        let sum =
            |list: &[(i64, i64)]| -> i64 { list.iter().filter(|e| e.0 > since).map(|e| e.1).sum() };
        let start = have - sum(ups) + sum(downs);
        let value = p.int("value");
        match (p.text("type"), up) {
            ("Pods", true) => start.saturating_add(value),
            ("Pods", false) => start - value,
            // Rounded so that a small size can grow at all.
            (_, true) => (start.saturating_mul(100 + value) + 99) / 100,
            (_, false) => start.saturating_mul(100 - value) / 100,
        }
    };
    let all = rules.get("policies").items().iter().map(allowed);
    let largest = (select == "Min") != up;
    let chosen = if largest { all.max() } else { all.min() };
    chosen.unwrap_or(have)
}

/// A change is remembered as long as some policy may count it.
pub fn remember(cx: &mut Cx, hpa: &Object, have: i64, now_has: i64) {
    let now = cx.now();
    let memory = memory(cx, hpa);
    let (list, by) = match now_has > have {
        true => (&mut memory.ups, now_has - have),
        false => (&mut memory.downs, have - now_has),
    };
    list.retain(|e| e.0 > now - REMEMBERED_MS);
    list.push((now, by));
}
