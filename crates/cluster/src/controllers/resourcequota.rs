//! ResourceQuota status: what of the quota is used. Admission counts up as objects are created; this counts anew when
//! quotas change and when objects go. Upstream: `kubernetes:pkg/controller/resourcequota`.

use super::{Controller, Requeue, pods};
use crate::apiserver::admission::quota::usage as quota_usage;
use crate::cx::Cx;
use crate::store::Key;
use kinds::resourcequota::KIND;
use machinery::{Object, Status, WatchType};

pub const CONTROLLER: Controller = Controller {
    name: "resourcequota-controller",
    triggers: |cluster, change, keys| {
        super::woken_by_itself(change, "resourcequotas", keys);
        if cluster.store.count("resourcequotas") == 0 || change.resource == "events" {
            return;
        }
        // A pod that ends no longer counts, though it is still there.
        let ended = |o: &Object| change.resource == "pods" && pods::is_finished(o);
        let was = change.old.as_ref().is_some_and(ended);
        if change.kind == WatchType::Deleted || ended(&change.new) && !was {
            let quotas = cluster.store.list("resourcequotas", Some(&change.key.0));
            keys.extend(quotas.map(super::key_of));
        }
    },
    reconcile,
};

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(quota) = cx.store().get("resourcequotas", &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    let used = quota_usage(cx.store(), &quota);
    let new = quota.edit(|v| {
        v.set("status.hard", quota.at("spec.hard").clone());
        v.set("status.used", used);
    });
    if new != quota {
        cx.update_status(&KIND, &new, "what is there was counted")?;
    }
    Ok(Requeue::Never)
}
