//! A volume's own life: `Available`, `Bound`, `Released`; and then what its reclaim policy says.

use super::super::{Controller, Requeue, woken_by_itself};
use super::{BY_CONTROLLER, CLAIMS, VOLUME, VOLUMES};
use crate::cx::Cx;
use crate::store::Key;
use machinery::{Object, Status, Value, WatchType, time};

pub const CONTROLLER: Controller = Controller {
    name: "persistentvolume-controller",
    triggers: |_, change, keys| {
        woken_by_itself(change, VOLUMES, keys);
        if change.resource == CLAIMS && change.kind == WatchType::Deleted {
            let name = change.new.text("spec.volumeName");
            if !name.is_empty() {
                keys.push((machinery::Str::lit(""), machinery::Str::from(name)));
            }
        }
    },
    reconcile,
};

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(v) = cx.store().get(VOLUMES, "", &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    if v.is_deleting() {
        return Ok(Requeue::Never);
    }
    let r = v.at("spec.claimRef");
    if r.is_null() || r.text("uid").is_empty() {
        return tell(cx, &v, "Available");
    }
    let claim = cx.store().get(CLAIMS, r.text("namespace"), r.text("name"));
    if claim.is_some_and(|c| c.uid() == r.text("uid")) {
        // The claim's half of the bond is the claim's business.
        return Ok(Requeue::Never);
    }
    if v.text("status.phase") != "Failed" {
        tell(cx, &v, "Released")?;
    }
    match v.text("spec.persistentVolumeReclaimPolicy") {
        "Delete" => reclaim(cx, &v),
        "Recycle" => {
            let current = cx.store().by_uid(v.uid()).cloned().unwrap_or_default();
            let free = current.edit(|x| {
                x.remove("spec.claimRef");
                x.place("metadata.annotations")
                    .map_mut()
                    .remove(BY_CONTROLLER);
            });
            cx.update(&VOLUME, &free, "its reclaim policy is Recycle")?;
            cx.event(&v, "Normal", "VolumeRecycled", "Volume recycled");
            Ok(Requeue::Never)
        }
        _ => Ok(Requeue::Never),
    }
}

fn reclaim(cx: &mut Cx, v: &Object) -> Result<Requeue, Status> {
    let path = v.text("spec.hostPath.path");
    let name = v.name();
    let problem = match v.annotation("pv.kubernetes.io/provisioned-by") {
        Some(by) if super::provision::is_here(by) => None,
        // Its own provisioner is to delete it, whenever that comes.
        Some(_) => return Ok(Requeue::Never),
        None if path.is_empty() => Some(format!(
            "error getting deleter volume plugin for volume \"{name}\": no deletable volume plugin matched"
        )),
        None if !path.contains("/tmp/") || path.ends_with("/tmp/") => Some(format!(
            "host_path deleter only supports /tmp/.+ but received provided {path}"
        )),
        None => None,
    };
    if let Some(text) = problem {
        if v.text("status.phase") != "Failed" {
            cx.event(v, "Warning", "VolumeFailedDelete", &text);
        }
        let current = cx.store().by_uid(v.uid()).cloned().unwrap_or_default();
        let failed = current.edit(|x| x.set("status.message", text));
        return tell(cx, &failed, "Failed");
    }
    match cx.delete(
        &VOLUME,
        v,
        None,
        "its reclaim policy is Delete, and its claim is gone",
    ) {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(Requeue::Never),
    }
}

fn tell(cx: &mut Cx, v: &Object, phase: &'static str) -> Result<Requeue, Status> {
    let now = time::rfc3339(cx.now());
    let new = v.edit(|x| {
        if x.text("status.phase") != phase {
            set_phase(x, phase);
            x.set("status.lastPhaseTransitionTime", now);
        }
    });
    if cx
        .store()
        .by_uid(v.uid())
        .is_some_and(|known| *known != new)
    {
        cx.update_status(&VOLUME, &new, "whether a claim holds it")?;
    }
    Ok(Requeue::Never)
}

pub fn set_phase(v: &mut Value, phase: &'static str) {
    v.set("status.phase", phase);
}
