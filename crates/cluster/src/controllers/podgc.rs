//! Pod garbage collection: pods of nodes that are gone, for which no kubelet will ever answer.
//! Upstream: `kubernetes:pkg/controller/podgc`. Left out: the bound on finished pods (12,500).

use super::{Controller, Requeue, pods};
use crate::conditions;
use crate::cx::Cx;
use crate::store::Key;
use kinds::pod::KIND;
use machinery::{Object, Status, Trigger, WatchType};

pub const CONTROLLER: Controller = Controller {
    name: "pod-garbage-collector",
    triggers: |cluster, change, keys| {
        if change.resource == "nodes" && change.kind == WatchType::Deleted {
            keys.push(change.key.clone());
        }
        // A pod bound by hand to a node that does not exist.
        if change.resource == "pods" && change.old.is_none() {
            let node = change.new.at("spec.nodeName");
            let name = node.as_str().unwrap_or("");
            if !name.is_empty() && cluster.store.get("nodes", "", name).is_none() {
                keys.push((machinery::Str::lit(""), machinery::Str::from(name)));
            }
        }
    },
    reconcile,
};

/// A node that vanishes may only be restarting: upstream looks every 20 s and waits another 40.
const QUARANTINE_MS: i64 = 60_000;

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    if cx.store().get("nodes", "", &key.1).is_some() {
        return Ok(Requeue::Never);
    }
    if cx.trigger != Trigger::Timer {
        return Ok(Requeue::After(QUARANTINE_MS));
    }
    let orphans: Vec<Object> = cx.store().on_node(&key.1).cloned().collect();
    for p in orphans {
        if !pods::is_finished(&p) {
            let message = "PodGC: node no longer exists";
            let marked = conditions::disrupted(&p, "DeletionByPodGC", message, cx.now());
            let failed = marked.edit(|v| v.set("status.phase", "Failed"));
            cx.update_status(&KIND, &failed, "its node no longer exists")?;
        }
        match cx.delete(&KIND, &p, Some(0), "its node no longer exists") {
            Err(e) if !e.is_not_found() => return Err(e),
            _ => {}
        }
    }
    Ok(Requeue::Never)
}
