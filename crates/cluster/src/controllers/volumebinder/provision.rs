//! Dynamic provisioning: a StorageClass names who makes volumes. Those that clusters for learning ship with are played
//! here (their volumes are folders on a node); of any other the claim says that it is being waited for.

use super::{CLASSES, VOLUME};
use crate::apiserver::admission::storage::default_storage_class;
use crate::cx::Cx;
use kinds::persistentvolumeclaim::KIND as CLAIM;
use machinery::{Object, Status, Value, value};

/// minikube's, kind's and k3s', Docker Desktop's.
const SIMULATED: &[&str] = &[
    "k8s.io/minikube-hostpath",
    "rancher.io/local-path",
    "docker.io/hostpath",
    EXPANDING,
];
/// minikube's addon `csi-hostpath-driver`: the one that can expand.
const EXPANDING: &str = "hostpath.csi.k8s.io";
const NONE: &str = "kubernetes.io/no-provisioner";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// Whether a provisioner of this name runs here.
pub fn is_here(name: &str) -> bool {
    SIMULATED.contains(&name)
}

/// Has a volume made for the claim, or tells what it waits for.
pub fn or_say_why(cx: &mut Cx, claim: &Object) -> Result<(), Status> {
    // A claim that was made when there was no default class gets the one that came later.
    let unset = claim.at("spec.storageClassName").is_null()
        && claim
            .annotation("volume.beta.kubernetes.io/storage-class")
            .is_none();
    let class = default_storage_class(cx.store()).filter(|_| unset);
    let given = class.map(|class| {
        claim.edit(|v| {
            v.set("spec.storageClassName", Value::str(class.name()));
        })
    });
    let given = match given {
        Some(claim) => Some(cx.update(&CLAIM, &claim, "a default class came")?),
        None => None,
    };
    let claim = given.as_ref().unwrap_or(claim);
    let name = claim.text("spec.storageClassName");
    if name.is_empty() {
        let text = "no persistent volumes available for this claim and no storage class is set";
        cx.event(claim, "Normal", "FailedBinding", text);
        return Ok(());
    }
    let Some(class) = cx.store().get(CLASSES, "", name).cloned() else {
        let text = format!("storageclass.storage.k8s.io \"{name}\" not found");
        cx.event(claim, "Warning", "ProvisioningFailed", &text);
        return Ok(());
    };
    let waits = class.text("volumeBindingMode") == "WaitForFirstConsumer";
    if waits && claim.annotation(SELECTED_NODE).is_none() {
        let text = "waiting for first consumer to be created before binding";
        cx.event(claim, "Normal", "WaitForFirstConsumer", text);
        return Ok(());
    }
    let by = class.text("provisioner");
    if by == NONE {
        let text = format!("no volume plugin matched name: {NONE}");
        cx.event(claim, "Warning", "ProvisioningFailed", &text);
        return Ok(());
    }
    let claim = name_provisioner(cx, claim, by)?;
    let simulated = SIMULATED.iter().find(|s| **s == by).copied();
    {
        let text = format!(
            "Waiting for a volume to be created either by the external provisioner '{by}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        );
        cx.event(&claim, "Normal", "ExternalProvisioning", &text);
    }
    let Some(provisioner) = simulated else {
        return Ok(());
    };
    // The provisioner is a program of its own, and speaks in its own name.
    let binder = std::mem::replace(&mut cx.actor, provisioner);
    let made = make(cx, &claim, &class);
    cx.actor = binder;
    made
}

fn name_provisioner(cx: &mut Cx, claim: &Object, by: &str) -> Result<Object, Status> {
    let noted = claim.edit(|v| {
        let notes = v.place("metadata.annotations").map_mut();
        notes.insert(
            "volume.beta.kubernetes.io/storage-provisioner",
            Value::str(by),
        );
        notes.insert("volume.kubernetes.io/storage-provisioner", Value::str(by));
    });
    match noted == *claim {
        true => Ok(noted),
        false => cx.update(&CLAIM, &noted, "its class names a provisioner"),
    }
}

fn make(cx: &mut Cx, claim: &Object, class: &Object) -> Result<(), Status> {
    let (ns, name) = (claim.namespace(), claim.name());
    let by = class.text("provisioner");
    let text = format!("External provisioner is provisioning volume for claim \"{ns}/{name}\"");
    cx.event(claim, "Normal", "Provisioning", &text);
    let volume = format!("pvc-{}", claim.uid());
    let policy = match class.text("reclaimPolicy") {
        "" => "Delete",
        p => p,
    };
    let mut spec = value!({
        "capacity": { "storage": claim.at("spec.resources.requests.storage").clone() },
        "accessModes": claim.at("spec.accessModes").clone(),
        "persistentVolumeReclaimPolicy": Value::str(policy),
        "storageClassName": Value::str(class.name()),
        "volumeMode": "Filesystem",
        "hostPath": { "path": format!("/tmp/hostpath-provisioner/{ns}/{name}"), "type": "" },
        "claimRef": {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": Value::str(ns), "name": Value::str(name),
            "uid": Value::str(claim.uid()), "resourceVersion": Value::str(claim.text("metadata.resourceVersion")),
        },
    });
    // A folder on a node is only on that node.
    if let Some(node) = claim.annotation(SELECTED_NODE) {
        let host = value!({ "key": "kubernetes.io/hostname", "operator": "In", "values": [Value::str(node)] });
        spec.set(
            "nodeAffinity.required",
            value!({ "nodeSelectorTerms": [{ "matchExpressions": [host] }] }),
        );
    }
    let v = value!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": { "name": volume.clone(), "annotations": { "pv.kubernetes.io/provisioned-by": Value::str(by) } },
        "spec": spec,
    });
    match cx.create(&VOLUME, &Object(v), "its class makes volumes on demand") {
        Err(e) if !e.is_already_exists() => return Err(e),
        _ => {}
    }
    let text = format!("Successfully provisioned volume {volume}");
    cx.event(claim, "Normal", "ProvisioningSucceeded", &text);
    Ok(())
}

/// A bound claim that asks for more than its volume has.
pub fn expand(cx: &mut Cx, claim: &Object, volume: &Object) -> Result<(), Status> {
    let read = crate::scheduler::read_amount;
    let wanted = claim.at("spec.resources.requests.storage").clone();
    let used = || {
        let uses = |v: &Value| v.text("persistentVolumeClaim.claimName") == claim.name();
        let all = cx.store().list("pods", Some(claim.namespace()));
        let mut running = all.filter(|p| p.text("status.phase") == "Running");
        running.any(|p| p.at("spec.volumes").items().iter().any(uses))
    };
    if read(&wanted) <= read(claim.at("status.capacity.storage")) {
        return Ok(());
    }
    let class = cx
        .store()
        .get(CLASSES, "", claim.text("spec.storageClassName"));
    if !class.is_some_and(|c| c.flag("allowVolumeExpansion")) {
        return Ok(());
    }
    if volume.annotation("pv.kubernetes.io/provisioned-by") != Some(EXPANDING) {
        if read(volume.at("spec.capacity.storage")) < read(&wanted) {
            let binder = std::mem::replace(&mut cx.actor, "volume_expand");
            let text = "waiting for an external controller to expand this PVC";
            cx.event(claim, "Normal", "ExternalExpanding", text);
            cx.actor = binder;
        }
        return Ok(());
    }
    let in_use = used();
    let binder = std::mem::replace(&mut cx.actor, "external-resizer hostpath.csi.k8s.io");
    let grown = volume.edit(|v| v.set("spec.capacity.storage", wanted.clone()));
    let outcome = match grown == *volume {
        true => Ok(grown),
        false => {
            let text = format!("External resizer is resizing volume {}", volume.name());
            cx.event(claim, "Normal", "Resizing", &text);
            let done = cx.update(&VOLUME, &grown, "its claim asks for more");
            let text = "Require file system resize of volume on node";
            cx.event(claim, "Normal", "FileSystemResizeRequired", text);
            done
        }
    };
    cx.actor = binder;
    outcome?;
    let now = machinery::time::rfc3339(cx.now());
    let told = claim.edit(|v| {
        if in_use {
            v.set("status.capacity.storage", wanted.clone());
            v.remove("status.conditions");
            v.remove("status.allocatedResources");
            v.remove("status.allocatedResourceStatuses");
            return;
        }
        v.set("status.allocatedResources.storage", wanted.clone());
        v.set("status.allocatedResourceStatuses.storage", "NodeResizePending");
        if v.at("status.conditions").is_empty() {
            v.set("status.conditions", vec![value!({
                "type": "FileSystemResizePending", "status": "True", "lastProbeTime": null, "lastTransitionTime": now,
                "message": "Waiting for user to (re-)start a pod to finish file system resize of volume on node.",
            })]);
        }
    });
    if told != *claim {
        cx.update_status(&CLAIM, &told, "its volume has grown")?;
        if in_use {
            let text = format!(
                "MountVolume.NodeExpandVolume succeeded for volume \"{}\"",
                volume.name()
            );
            cx.event(&told, "Normal", "FileSystemResizeSuccessful", &text);
        }
    }
    Ok(())
}
