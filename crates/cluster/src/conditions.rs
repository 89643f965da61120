//! Conditions in a status, as those who act keep them.
//! Upstream: `apimachinery:pkg/api/meta/conditions.go`, `kubernetes:pkg/api/v1/pod`.

use machinery::time::{self, Millis};
use machinery::{Object, Value, value};

/// Puts a condition in its place; the time of its last change stays where its status does.
pub(crate) fn put(list: &mut Vec<Value>, mut fresh: Value) {
    let same = |c: &&mut Value| c.get("type") == fresh.get("type");
    match list.iter_mut().find(same) {
        None => list.push(fresh),
        Some(c) => {
            if c.get("status") == fresh.get("status") {
                fresh.set("lastTransitionTime", c.get("lastTransitionTime").clone());
            }
            *c = fresh;
        }
    }
}

/// The pod with the condition that says why it has to go.
pub(crate) fn disrupted(pod: &Object, reason: &'static str, message: &str, now: Millis) -> Object {
    pod.edit(|v| {
        let list = v.place("status.conditions").list_mut();
        list.retain(|c| c.text("type") != "DisruptionTarget");
        list.push(value!({
            "type": "DisruptionTarget", "status": "True", "reason": reason,
            "message": Value::str(message), "lastProbeTime": null,
            "lastTransitionTime": time::rfc3339(now), "observedGeneration": pod.generation(),
        }));
    })
}
