//! The two strategies: what may be scaled now. Upstream: `rolling.go`, `recreate.go`.
//!
//! RollingUpdate has two promises: never more than `replicas + maxSurge` pods, never fewer than `replicas - maxUnavailable`
//! available ones. All that happens follows from them: the new ReplicaSet may grow while the first holds, the old ones
//! may shrink while the second does. Pods that never were available can always go: they help nobody.

use super::{View, again, clean_up, old_pods_running, scale, status, sync_revision};
use crate::controllers::Requeue;
use crate::cx::Cx;
use machinery::{Object, Status, Value};

pub(super) fn rolling(cx: &mut Cx, view: View) -> Result<Requeue, Status> {
    let view = sync_revision(cx, view, true)?;
    // One step a look: up first, down when nothing may go up.
    if !scale_new(cx, &view)? && !scale_old(cx, &view)? && status::is_complete(&view.d) {
        clean_up(cx, &view)?;
    }
    let view = again(cx, view);
    status::sync_rollout(cx, &view)
}

/// All old pods go first, and only when the last is gone does the first new one start.
pub(super) fn recreate(cx: &mut Cx, view: View) -> Result<Requeue, Status> {
    let view = sync_revision(cx, view, false)?;
    let mut scaled = false;
    for rs in view.old.iter().filter(|rs| rs.int("spec.replicas") > 0) {
        scaled |= scale::set_size(cx, rs, 0, &view.d, "Recreate stops the old pods first")?;
    }
    if scaled || old_pods_running(cx, &view) {
        let view = again(cx, view);
        return status::sync_rollout(cx, &view);
    }
    let view = sync_revision(cx, view, true)?;
    if let Some(rs) = &view.new {
        let want = view.d.int("spec.replicas");
        scale::set_size(cx, rs, want, &view.d, "no old pod is left")?;
    }
    if status::is_complete(&view.d) {
        clean_up(cx, &view)?;
    }
    let view = again(cx, view);
    status::sync_rollout(cx, &view)
}

/// How many pods the new ReplicaSet, now of size `now`, may have.
pub(super) fn new_size(view: &View, now: i64) -> i64 {
    let want = view.d.int("spec.replicas");
    if view.d.text("spec.strategy.type") == "Recreate" {
        return want;
    }
    let most = want + bounds(&view.d).0;
    let total: i64 = view.all().map(|rs| rs.int("spec.replicas")).sum();
    if total >= most {
        return now;
    }
    now + (most - total).min(want - now)
}

fn scale_new(cx: &mut Cx, view: &View) -> Result<bool, Status> {
    let Some(rs) = &view.new else {
        return Ok(false);
    };
    let (want, have) = (view.d.int("spec.replicas"), rs.int("spec.replicas"));
    if have == want {
        return Ok(false);
    }
    let size = if have > want {
        want
    } else {
        new_size(view, have)
    };
    let surge = bounds(&view.d).0;
    let reason = format!("wanted {want}, at most {} at once", want + surge);
    scale::set_size(cx, rs, size, &view.d, &reason)
}

fn scale_old(cx: &mut Cx, view: &View) -> Result<bool, Status> {
    let sizes = |sets: &mut dyn Iterator<Item = &Object>| -> i64 {
        sets.map(|rs| rs.int("spec.replicas")).sum()
    };
    let old = sizes(&mut view.old.iter());
    let Some(new) = view.new.as_ref().filter(|_| old > 0) else {
        return Ok(false);
    };
    let all = sizes(&mut view.all());
    let least = view.d.int("spec.replicas") - bounds(&view.d).1;
    let starting = new.int("spec.replicas") - new.int("status.availableReplicas");
    let spare = all - least - starting;
    if spare <= 0 {
        return Ok(false);
    }
    let reason = format!("at least {least} have to stay available");
    // First those that are not available anyway...
    let mut left = Vec::new();
    let mut gone = 0;
    let mut any = false;
    for rs in &view.old {
        let (size, up) = (rs.int("spec.replicas"), rs.int("status.availableReplicas"));
        let cut = (spare - gone).min(size - up).max(0);
        if size == 0 || cut == 0 {
            left.push((rs.clone(), size));
            continue;
        }
        gone += cut;
        any |= scale::set_size(cx, rs, size - cut, &view.d, &reason)?;
        let now = cx.store().by_uid(rs.uid()).cloned();
        left.push((now.unwrap_or_else(|| rs.clone()), size - cut));
    }
    // ... then available ones, as many as are more than the promised least. A ReplicaSet that has just been made smaller may
    // still count pods that go: what is asked for bounds it too.
    let up: i64 = view
        .all()
        .map(|rs| rs.int("status.availableReplicas"))
        .sum();
    let mut may = (up - least).min(spare - gone).max(0);
    for (rs, size) in left {
        let cut = may.min(size);
        if cut > 0 {
            may -= cut;
            any |= scale::set_size(cx, &rs, size - cut, &view.d, &reason)?;
        }
    }
    Ok(any)
}

/// `maxSurge` and `maxUnavailable` as pods: percentages of the wanted size, surge rounded up, unavailable rounded down;
/// when both come to zero one pod may be unavailable, or nothing could ever move.
pub(super) fn bounds(d: &Object) -> (i64, i64) {
    if d.text("spec.strategy.type") == "Recreate" {
        return (0, 0);
    }
    let want = d.int("spec.replicas");
    let rolling = d.at("spec.strategy.rollingUpdate");
    let surge = int_or_percent(rolling.get("maxSurge"), want, true);
    let unavailable = int_or_percent(rolling.get("maxUnavailable"), want, false);
    match (surge, unavailable) {
        (0, 0) => (0, 1.min(want)),
        (s, u) => (s, u.min(want)),
    }
}

/// `3` or `"25%"` of a total.
pub(in crate::controllers) fn int_or_percent(v: &Value, total: i64, round_up: bool) -> i64 {
    if let Some(n) = v.as_i64() {
        return n;
    }
    let percent = v.as_str().and_then(|s| s.strip_suffix('%'));
    let p: i64 = percent.and_then(|p| p.parse().ok()).unwrap_or(0);
    let product = p.saturating_mul(total);
    if round_up {
        (product + 99) / 100
    } else {
        product / 100
    }
}
