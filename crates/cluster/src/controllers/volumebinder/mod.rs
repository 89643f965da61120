//! PersistentVolumes and claims: finds each claim a volume, and decides what becomes of a volume whose claim is gone.
//! Upstream: `kubernetes:pkg/controller/volume/persistentvolume`.
//!
//! A claim gets the smallest volume that is large enough, of its class, with its access modes. If there is none, its
//! StorageClass may have one made ([`provision`]). Binding is a pair of references: the volume's `claimRef`, the claim's
//! `volumeName`; the volume's is written first, so that two claims can never hold one volume.
//!
//! - here: claims; [`volume`]: volumes; [`provision`]: making them.

mod provision;
mod volume;

use super::{Controller, Requeue, woken_by_itself};
use crate::cx::Cx;
use crate::scheduler::read_amount;
use crate::store::Key;
use kinds::persistentvolume::KIND as VOLUME;
use kinds::persistentvolumeclaim::KIND as CLAIM;
use machinery::{Object, Status, Value, value};

pub const CONTROLLER: Controller = Controller {
    name: "persistentvolume-controller",
    triggers: |cluster, change, keys| {
        woken_by_itself(change, CLAIMS, keys);
        // The file system of a volume that has grown grows when a pod uses it.
        if change.resource == "pods"
            && change.new.text("status.phase") == "Running"
            && change
                .old
                .as_ref()
                .is_some_and(|o| o.text("status.phase") != "Running")
        {
            let volumes = change.new.at("spec.volumes").items().iter();
            let names = volumes.map(|v| v.text("persistentVolumeClaim.claimName"));
            keys.extend(
                names
                    .filter(|n| !n.is_empty())
                    .map(|n| (change.key.0.clone(), n.into())),
            );
        }
        // A volume, or a class, may be what some claim waits for.
        if change.resource == VOLUMES || change.resource == CLASSES {
            let all = cluster.store.list(CLAIMS, None);
            let waiting = all.filter(|c| c.text("status.phase") != "Bound");
            keys.extend(waiting.map(super::key_of));
            let bound = change.new.at("spec.claimRef");
            if !bound.is_null() {
                keys.push((bound.text("namespace").into(), bound.text("name").into()));
            }
        }
    },
    reconcile,
};

pub use volume::CONTROLLER as VOLUME_CONTROLLER;

pub(super) const CLAIMS: &str = "persistentvolumeclaims";
pub(super) const VOLUMES: &str = "persistentvolumes";
pub(super) const CLASSES: &str = "storageclasses.storage.k8s.io";
const BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// Pending claims are looked at again this often, and say again what they wait for.
const AGAIN_MS: i64 = 15_000;

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(claim) = cx.store().get(CLAIMS, &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    if claim.is_deleting() && claim.text("status.phase") != "Bound" {
        return Ok(Requeue::Never);
    }
    let named = claim.text("spec.volumeName").to_string();
    if !named.is_empty() {
        return bound_to(cx, &claim, &named);
    }
    match best(cx, &claim) {
        Some(v) => {
            bind(cx, &claim, &v, true)?;
            Ok(Requeue::Never)
        }
        None => {
            provision::or_say_why(cx, &claim)?;
            set_phase(cx, &claim, "Pending")?;
            Ok(Requeue::After(AGAIN_MS))
        }
    }
}

/// The claim names its volume: by the user's hand, or since it was bound.
fn bound_to(cx: &mut Cx, claim: &Object, name: &str) -> Result<Requeue, Status> {
    let done = claim.annotation(COMPLETED).is_some();
    let Some(v) = cx.store().get(VOLUMES, "", name).cloned() else {
        if done && claim.text("status.phase") != "Lost" {
            set_phase(cx, claim, "Lost")?;
            let text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            cx.event(claim, "Warning", "ClaimLost", text);
        } else if !done {
            set_phase(cx, claim, "Pending")?;
        }
        return Ok(Requeue::Never);
    };
    if is_free_for(&v, claim) {
        bind(cx, claim, &v, false)?;
        if done {
            provision::expand(cx, claim, &v)?;
        }
    } else if !done {
        let text = format!("volume \"{name}\" already bound to a different claim.");
        cx.event(claim, "Warning", "FailedBinding", &text);
        set_phase(cx, claim, "Pending")?;
    }
    Ok(Requeue::Never)
}

/// Nobody's, or this claim's already (perhaps by a claimRef that an administrator wrote, without a uid).
fn is_free_for(v: &Object, claim: &Object) -> bool {
    let r = v.at("spec.claimRef");
    if r.is_null() {
        return true;
    }
    let same = r.text("namespace") == claim.namespace() && r.text("name") == claim.name();
    same && (r.text("uid").is_empty() || r.text("uid") == claim.uid())
}

fn best(cx: &Cx, claim: &Object) -> Option<Object> {
    let all = || cx.store().list(VOLUMES, None).filter(|v| !v.is_deleting());
    // A volume that was reserved for this claim comes first.
    let reserved = all().find(|v| !v.at("spec.claimRef").is_null() && is_free_for(v, claim));
    if let Some(v) = reserved {
        return Some(v.clone());
    }
    let class = claim.text("spec.storageClassName");
    let class = cx.store().get(CLASSES, "", class);
    let waits = class.is_some_and(|c| c.text("volumeBindingMode") == "WaitForFirstConsumer");
    let node = claim.annotation("volume.kubernetes.io/selected-node");
    if waits && node.is_none() {
        return None;
    }
    let node = node.and_then(|n| cx.store().get("nodes", "", n));
    let reachable = |v: &&Object| node.is_none_or(|n| crate::scheduler::volume_reaches(v, n));
    all()
        .filter(|v| volume_fits(v, claim))
        .filter(reachable)
        .min_by_key(|v| (capacity(v), v.name().to_string()))
        .cloned()
}

fn capacity(v: &Object) -> i64 {
    read_amount(v.at("spec.capacity.storage"))
}

/// Whether a free volume would do for a claim: class, mode, access modes, labels, size.
pub(crate) fn volume_fits(v: &Object, claim: &Object) -> bool {
    let mode = |o: &Object| match o.text("spec.volumeMode") {
        "" => "Filesystem".to_string(),
        m => m.to_string(),
    };
    let offered = v.at("spec.accessModes").items();
    let modes = claim.at("spec.accessModes").items();
    let selector = claim.at("spec.selector");
    v.at("spec.claimRef").is_null()
        && !v.is_deleting()
        && v.text("spec.storageClassName") == claim.text("spec.storageClassName")
        && mode(v) == mode(claim)
        && modes.iter().all(|m| offered.contains(m))
        && (selector.is_null() || machinery::labels::matches(selector, v.at("metadata.labels")))
        && capacity(v) >= read_amount(claim.at("spec.resources.requests.storage"))
}

/// A volume that is the claim's from now on.
pub(crate) fn reserved_for(v: &Object, claim: &Object) -> Object {
    v.edit(|x| {
        if x.text("spec.claimRef.uid") == claim.uid() {
            return;
        }
        let by_user = !x.at("spec.claimRef").is_null();
        x.set(
            "spec.claimRef",
            value!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": Value::str(claim.namespace()),
                "name": Value::str(claim.name()), "uid": Value::str(claim.uid()),
                "resourceVersion": Value::str(claim.text("metadata.resourceVersion")),
            }),
        );
        if !by_user {
            x.place("metadata.annotations").map_mut().insert(BY_CONTROLLER, "yes");
        }
    })
}

/// Writes both halves of the bond.
fn bind(cx: &mut Cx, claim: &Object, v: &Object, ours: bool) -> Result<(), Status> {
    let reason = format!(
        "claim {}/{} and volume {}",
        claim.namespace(),
        claim.name(),
        v.name()
    );
    let mut taken = reserved_for(v, claim);
    if taken != *v {
        taken = cx.update(&VOLUME, &taken, &reason)?;
    }
    let told = taken.edit(|x| volume::set_phase(x, "Bound"));
    if told != taken {
        cx.update_status(&VOLUME, &told, &reason)?;
    }
    let mut held = claim.edit(|x| {
        x.set("spec.volumeName", Value::str(v.name()));
        let notes = x.place("metadata.annotations").map_mut();
        notes.insert(COMPLETED, "yes");
        if ours {
            notes.insert(BY_CONTROLLER, "yes");
        }
    });
    if held != *claim {
        held = cx.update(&CLAIM, &held, &reason)?;
    }
    let told = held.edit(|x| {
        x.set("status.phase", "Bound");
        x.set("status.accessModes", v.at("spec.accessModes").clone());
        x.set_default(
            "status.capacity.storage",
            v.at("spec.capacity.storage").clone(),
        );
    });
    if told != held {
        cx.update_status(&CLAIM, &told, &reason)?;
    }
    Ok(())
}

fn set_phase(cx: &mut Cx, claim: &Object, phase: &'static str) -> Result<(), Status> {
    let current = cx.store().by_uid(claim.uid()).cloned();
    let Some(current) = current else {
        return Ok(());
    };
    let new = current.edit(|v| v.set("status.phase", phase));
    if new != current {
        cx.update_status(&CLAIM, &new, "no volume fits")?;
    }
    Ok(())
}
