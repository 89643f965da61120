//! Protection of storage in use: a claim that a pod uses, and a volume that is bound, are not deleted under them.
//! Upstream: `kubernetes:pkg/controller/volume/{pvcprotection,pvprotection}`. The finalizers are put on by admission.

use super::{Controller, Requeue, kind_of, pods, woken_by_itself};
use crate::cx::Cx;
use crate::kubelet::volumes::claim_of;
use crate::store::{Change, Key};
use machinery::{Object, Status, Str, WatchType};

pub const CLAIMS: Controller = Controller {
    name: "pvc-protection-controller",
    triggers: |_, change, keys| {
        woken_by_itself(change, "persistentvolumeclaims", keys);
        if change.resource == "pods" && ended(change) {
            for v in change.new.at("spec.volumes").items() {
                let name = claim_of(&change.new, v);
                if !name.is_empty() {
                    keys.push((change.key.0.clone(), Str::from(name)));
                }
            }
        }
    },
    reconcile: |cx, key| {
        let claim = cx
            .store()
            .get("persistentvolumeclaims", &key.0, &key.1)
            .cloned();
        let Some(claim) = claim.filter(Object::is_deleting) else {
            return Ok(Requeue::Never);
        };
        let uses = |p: &Object| {
            let volumes = p.at("spec.volumes").items();
            !pods::is_finished(p) && volumes.iter().any(|v| claim_of(p, v) == claim.name())
        };
        if cx.store().list("pods", Some(&key.0)).any(uses) {
            return Ok(Requeue::Never);
        }
        release(cx, &claim, "kubernetes.io/pvc-protection", "no pod uses it")
    },
};

pub const VOLUMES: Controller = Controller {
    name: "pv-protection-controller",
    triggers: |_, change, keys| woken_by_itself(change, "persistentvolumes", keys),
    reconcile: |cx, key: &Key| {
        let v = cx.store().get("persistentvolumes", "", &key.1).cloned();
        match v.filter(|v| v.is_deleting() && v.text("status.phase") != "Bound") {
            Some(v) => release(cx, &v, "kubernetes.io/pv-protection", "no claim holds it"),
            None => Ok(Requeue::Never),
        }
    },
};

fn ended(change: &Change) -> bool {
    change.kind == WatchType::Deleted || pods::is_finished(&change.new)
}

fn release(cx: &mut Cx, o: &Object, finalizer: &str, reason: &str) -> Result<Requeue, Status> {
    let kind = kind_of(o.api_version(), o.kind())?;
    let freed = o.edit(|v| {
        let list = v.place("metadata.finalizers").list_mut();
        list.retain(|f| f.as_str() != Some(finalizer));
        if list.is_empty() {
            v.remove("metadata.finalizers");
        }
    });
    if freed != *o {
        match cx.update(kind, &freed, reason) {
            Err(e) if !e.is_not_found() => return Err(e),
            _ => {}
        }
    }
    Ok(Requeue::Never)
}
