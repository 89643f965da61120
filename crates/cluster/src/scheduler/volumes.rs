//! Claims of a pod. A claim of a class with `WaitForFirstConsumer` is bound only when its pod has been given a node: the
//! scheduler names the node on the claim, the volume controllers bind or provision, and only then is the pod bound.

use crate::cx::Cx;
use crate::store::Store;
use kinds::persistentvolumeclaim::KIND as CLAIM;
use machinery::{Object, Status, Str, Value};

pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// What is known of a pod's claims.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    /// Why no node at all will do.
    pub problem: Option<String>,
    /// Node selectors of the bound volumes.
    pub node_rules: Vec<Value>,
    /// Claims that wait for a node.
    pub delayed: Vec<Delayed>,
}

#[derive(Clone, Debug)]
pub struct Delayed {
    pub claim: Object,
    /// The node named before.
    pub node: Option<Str>,
    /// The class can make a volume anywhere.
    pub provisioned: bool,
    /// Node selectors (or null) of free volumes that would do.
    pub candidates: Vec<Value>,
}

pub fn of_pod(store: &Store, pod: &Object) -> Volumes {
    let mut out = Volumes::default();
    let mut immediate = false;
    for v in pod.at("spec.volumes").items() {
        let name = match (
            v.text("persistentVolumeClaim.claimName"),
            v.get("ephemeral"),
        ) {
            ("", Value::Null) => continue,
            ("", _) => format!("{}-{}", pod.name(), v.text("name")),
            (name, _) => name.to_string(),
        };
        let Some(claim) = store.get("persistentvolumeclaims", pod.namespace(), &name) else {
            out.problem = Some(format!("persistentvolumeclaim \"{name}\" not found"));
            return out;
        };
        if claim.is_deleting() {
            out.problem = Some(format!("persistentvolumeclaim \"{name}\" is being deleted"));
            return out;
        }
        let volume = claim.text("spec.volumeName");
        if claim.text("status.phase") == "Bound" {
            let pv = store.get("persistentvolumes", "", volume);
            let rule = pv.map_or(&Value::Null, |pv| pv.at("spec.nodeAffinity.required"));
            if !rule.is_null() {
                out.node_rules.push(rule.clone());
            }
        } else if volume.is_empty() && waits_for_consumer(store, claim) {
            out.delayed.push(delayed(store, claim));
        } else {
            immediate = true;
        }
    }
    if immediate {
        out.problem = Some("pod has unbound immediate PersistentVolumeClaims".into());
    }
    out
}

pub fn waits_for_consumer(store: &Store, claim: &Object) -> bool {
    let class = claim.text("spec.storageClassName");
    let class = store.get("storageclasses.storage.k8s.io", "", class);
    class.is_some_and(|c| c.text("volumeBindingMode") == "WaitForFirstConsumer")
}

fn delayed(store: &Store, claim: &Object) -> Delayed {
    let class_name = claim.text("spec.storageClassName");
    let class = store.get("storageclasses.storage.k8s.io", "", class_name);
    let provisioner = class.map_or("", |c| c.text("provisioner"));
    let free = store.list("persistentvolumes", None);
    let free = free.filter(|pv| crate::controllers::volume_fits(pv, claim));
    Delayed {
        claim: claim.clone(),
        node: claim.annotation(SELECTED_NODE).map(Str::from),
        provisioned: !matches!(provisioner, "" | "kubernetes.io/no-provisioner"),
        candidates: free
            .map(|pv| pv.at("spec.nodeAffinity.required").clone())
            .collect(),
    }
}

/// Names the node to the claims that wait for one.
pub fn select_node(cx: &mut Cx, claims: &[Delayed], node: &str) -> Result<(), Status> {
    for d in claims.iter().filter(|d| d.node.is_none()) {
        let named = d.claim.edit(|v| {
            let notes = v.place("metadata.annotations").map_mut();
            notes.insert(SELECTED_NODE, Value::str(node));
        });
        cx.update(
            &CLAIM,
            &named,
            &format!("its first consumer goes to {node}"),
        )?;
    }
    Ok(())
}
