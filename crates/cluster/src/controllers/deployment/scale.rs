//! Scaling of ReplicaSets. Upstream: `sync.go`, `util/deployment_util.go`.

use super::{DESIRED, MAX, View, rollout};
use crate::cx::Cx;
use kinds::replicaset::KIND as REPLICASET;
use machinery::Arrange;
use machinery::{Object, Status, Value};

/// Writes the size (and the sizes to remember) and tells of it. True if the size changed.
pub(super) fn set_size(
    cx: &mut Cx,
    rs: &Object,
    size: i64,
    d: &Object,
    reason: &str,
) -> Result<bool, Status> {
    let old = rs.int("spec.replicas");
    let new = rs.edit(|v| {
        v.set("spec.replicas", size);
        let mut notes = v.at("metadata.annotations").clone();
        remember_sizes(&mut notes, d);
        v.set("metadata.annotations", notes);
    });
    if new == *rs {
        return Ok(false);
    }
    cx.update(
        &REPLICASET,
        &new,
        &format!("{reason}; had {old}, now {size}"),
    )?;
    if size == old {
        return Ok(false);
    }
    let way = if size > old { "up" } else { "down" };
    let text = format!(
        "Scaled {way} replica set {} from {old} to {size}",
        rs.name()
    );
    cx.event(d, "Normal", "ScalingReplicaSet", &text);
    Ok(true)
}

/// The ReplicaSet remembers for which wanted size it was scaled: a difference later tells of a `kubectl scale`.
pub(super) fn remember_sizes(notes: &mut Value, d: &Object) {
    let want = d.int("spec.replicas");
    let most = want + rollout::bounds(d).0;
    let notes = notes.map_mut();
    notes.insert(DESIRED, want.to_string());
    notes.insert(MAX, most.to_string());
}

/// The Deployment was scaled (or is paused): bring the ReplicaSets to size without moving the rollout.
pub(super) fn to_wanted_size(cx: &mut Cx, view: &View) -> Result<(), Status> {
    let want = view.d.int("spec.replicas");
    let reason = format!("the Deployment wants {want}");
    let active: Vec<&Object> = view
        .all()
        .filter(|rs| rs.int("spec.replicas") > 0)
        .collect();
    // Only one has pods (or none has): it takes the whole size.
    let only = match active.as_slice() {
        [] => view.new.as_ref().or(view.old.last()),
        [one] => Some(*one),
        _ => None,
    };
    if let Some(rs) = only {
        if rs.int("spec.replicas") != want {
            set_size(cx, rs, want, &view.d, &reason)?;
        }
        return Ok(());
    }
    if active.is_empty() {
        return Ok(());
    }
    // The new one is as large as wanted and all there: the others are not needed.
    if view
        .new
        .as_ref()
        .is_some_and(|rs| is_saturated(&view.d, rs))
    {
        for rs in view.old.iter().filter(|rs| rs.int("spec.replicas") > 0) {
            set_size(cx, rs, 0, &view.d, &reason)?;
        }
        return Ok(());
    }
    if view.d.text("spec.strategy.type") != "Recreate" {
        in_proportion(cx, &view.d, active, &reason)?;
    }
    Ok(())
}

fn is_saturated(d: &Object, rs: &Object) -> bool {
    let want = d.int("spec.replicas");
    let remembered = rs.annotation(DESIRED).and_then(|a| a.parse().ok());
    remembered == Some(want)
        && rs.int("spec.replicas") == want
        && rs.int("status.availableReplicas") == want
}

/// Scaled in the middle of a rollout: each ReplicaSet gets its share of the difference, the largest what rounding leaves.
fn in_proportion(
    cx: &mut Cx,
    d: &Object,
    mut sets: Vec<&Object>,
    reason: &str,
) -> Result<(), Status> {
    let want = d.int("spec.replicas");
    let allowed = if want > 0 {
        want + rollout::bounds(d).0
    } else {
        0
    };
    let total: i64 = sets.iter().map(|rs| rs.int("spec.replicas")).sum();
    let to_add = allowed - total;
    // Largest first; of equals the newer grows first, the older shrinks first.
    sets.arrange_by(|a, b| {
        let size = b.int("spec.replicas").cmp(&a.int("spec.replicas"));
        let age = a.created().cmp(&b.created());
        size.then(if to_add > 0 { age.reverse() } else { age })
    });
    let mut added = 0;
    let mut sizes = Vec::new();
    for rs in &sets {
        let have = rs.int("spec.replicas");
        let share = share(d, rs, allowed);
        let room = to_add - added;
        let step = match to_add {
            0 => 0,
            n if n > 0 => share.min(room),
            _ => share.max(room),
        };
        added += step;
        sizes.push(have + step);
    }
    if let (Some(first), true) = (sizes.first_mut(), to_add != 0) {
        *first = (*first + to_add - added).max(0);
    }
    for (rs, size) in sets.into_iter().zip(sizes) {
        set_size(cx, rs, size.max(0), d, reason)?;
    }
    Ok(())
}

/// By how much a ReplicaSet grows if it keeps its share of the whole, rounded to the nearest.
fn share(d: &Object, rs: &Object, allowed: i64) -> i64 {
    let have = rs.int("spec.replicas");
    if d.int("spec.replicas") == 0 {
        return -have;
    }
    let remembered = rs.annotation(MAX).and_then(|a| a.parse::<i64>().ok());
    let before = match remembered.filter(|n| *n != 0) {
        Some(n) => n,
        None => d.int("status.replicas"),
    };
    if before <= 0 {
        return 0;
    }
    (2 * have * allowed + before) / (2 * before) - have
}
