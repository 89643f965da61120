//! What becomes of a StatefulSet's claims: kept, or owned so that they go with the set or with their pod.
//! Upstream: `stateful_set_utils.go` (`updateClaimOwnerRefForSetAndPod`).
//!
//! `whenDeleted: Delete` makes the set an owner of every claim; `whenScaled: Delete` makes a pod that is to go the owner of
//! its claims first. Neither is a controlling owner. The garbage collector does the rest.

use super::{View, pod};
use crate::cx::Cx;
use kinds::persistentvolumeclaim::KIND as CLAIM;
use machinery::{Object, Status, Value, value};

pub fn keep(cx: &mut Cx, view: &View) -> Result<(), Status> {
    let set = &view.set;
    let policy = set.at("spec.persistentVolumeClaimRetentionPolicy");
    let templates = set.at("spec.volumeClaimTemplates").items();
    if templates.is_empty() || policy.is_null() {
        return Ok(());
    }
    let wanted = view.start()..view.start() + view.replicas();
    for (n, p) in &view.pods {
        let with_set = policy.text("whenDeleted") == "Delete";
        let scaled = policy.text("whenScaled") == "Delete";
        let condemned = !wanted.contains(n);
        for t in templates {
            let name = pod::claim_name(t, set, *n);
            let there = cx
                .store()
                .get("persistentvolumeclaims", set.namespace(), &name)
                .cloned();
            let Some(claim) = there else { continue };
            // A pod that goes takes its claims along; one that is only replaced does not.
            let by_set = with_set && !(scaled && condemned);
            let by_pod = scaled && condemned;
            let owned = claim.edit(|v| {
                own(v, set, "apps/v1", "StatefulSet", by_set);
                own(v, p, "v1", "Pod", by_pod);
            });
            if owned != claim {
                cx.update(&CLAIM, &owned, "its retention policy")?;
            }
        }
    }
    Ok(())
}

/// Adds or removes an owner that does not control.
fn own(claim: &mut Value, owner: &Object, version: &str, kind: &str, wanted: bool) {
    let refs = claim.at("metadata.ownerReferences").items();
    let there = refs.iter().any(|r| r.text("uid") == owner.uid());
    if there == wanted {
        return;
    }
    let list = claim.place("metadata.ownerReferences").list_mut();
    list.retain(|r| r.text("uid") != owner.uid());
    if wanted {
        list.push(value!({
            "apiVersion": Value::str(version), "kind": Value::str(kind), "name": Value::str(owner.name()),
            "uid": Value::str(owner.uid()),
        }));
    }
    if list.is_empty() {
        claim.remove("metadata.ownerReferences");
    }
}
