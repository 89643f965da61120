//! TTL after finished: a Job with `ttlSecondsAfterFinished` is deleted that long after its end.
//! Upstream: `kubernetes:pkg/controller/ttlafterfinished`.

use super::{Controller, Requeue, woken_by_itself};
use crate::cx::Cx;
use crate::store::Key;
use kinds::job::KIND;
use machinery::{Status, time};

pub const CONTROLLER: Controller = Controller {
    name: "ttl-after-finished-controller",
    triggers: |_, change, keys| woken_by_itself(change, "jobs.batch", keys),
    reconcile,
};

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(job) = cx.store().get("jobs.batch", &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    let Some(ttl) = job.at("spec.ttlSecondsAfterFinished").as_i64() else {
        return Ok(Requeue::Never);
    };
    let ends = ["Complete", "Failed"].map(|c| job.condition(c));
    let end = ends.iter().find(|c| c.text("status") == "True");
    let end = end.and_then(|c| time::parse_rfc3339(c.text("lastTransitionTime")));
    let Some(end) = end.filter(|_| !job.is_deleting()) else {
        return Ok(Requeue::Never);
    };
    let left = end + ttl * 1000 - cx.now();
    if left > 0 {
        return Ok(Requeue::After(left));
    }
    let reason = format!("it ended {ttl} s ago");
    // Upstream deletes in the foreground: the Job goes after its pods.
    match cx.delete_with(&KIND, &job, None, "Foreground", &reason) {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(Requeue::Never),
    }
}
