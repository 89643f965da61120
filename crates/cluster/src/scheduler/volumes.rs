//! Claims of a pod. A claim of a class with `WaitForFirstConsumer` is bound only when its pod has been given a node: the
//! scheduler names the node on the claim, the volume controllers bind or provision, and only then is the pod bound.

use crate::cx::Cx;
use crate::store::Store;
use kinds::persistentvolume::KIND as VOLUME;
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
    /// Zones and regions that bound volumes are in: label and values.
    pub zones: Vec<(Str, Str)>,
    /// Another pod has a claim that only one may have.
    pub taken: bool,
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
        let own = !v.get("ephemeral").is_null();
        let Some(claim) = store.get("persistentvolumeclaims", pod.namespace(), &name) else {
            out.problem = Some(match own {
                true => format!(
                    "waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\""
                ),
                false => format!("persistentvolumeclaim \"{name}\" not found"),
            });
            return out;
        };
        if own && !claim.is_controlled_by(pod) {
            let (ns, p) = (pod.namespace(), pod.name());
            out.problem = Some(format!(
                "PVC \"{name}\" was not created for pod {ns}/{p} (pod is not owner)"
            ));
            return out;
        }
        if claim.text("status.phase") == "Lost" {
            let volume = claim.text("spec.volumeName");
            out.problem = Some(format!(
                "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
            ));
            return out;
        }
        let once = claim.at("spec.accessModes").items().iter();
        if once
            .filter_map(Value::as_str)
            .any(|m| m == "ReadWriteOncePod")
        {
            out.taken |= has_other_user(store, pod, &name);
        }
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
            for key in ZONE_LABELS {
                if let Some(v) = pv.and_then(|pv| pv.label(key)) {
                    out.zones.push((Str::lit(key), Str::from(v)));
                }
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

/// Labels by which a volume says where it is.
const ZONE_LABELS: [&str; 4] = [
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
];

/// Whether another pod that has a node uses the claim.
fn has_other_user(store: &Store, pod: &Object, claim: &str) -> bool {
    let uses = |v: &Value| v.text("persistentVolumeClaim.claimName") == claim;
    store.list("pods", Some(pod.namespace())).any(|p| {
        p.uid() != pod.uid()
            && super::rows::counts(p)
            && p.at("spec.volumes").items().iter().any(uses)
    })
}

fn waits_for_consumer(store: &Store, claim: &Object) -> bool {
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

/// Reserves volumes that are there, and names the node to the claims that want one made.
pub fn select_node(cx: &mut Cx, claims: &[Delayed], node: &str) -> Result<(), Status> {
    for d in claims.iter().filter(|d| d.node.is_none()) {
        if let Some(volume) = smallest(cx, &d.claim, node) {
            let taken = crate::controllers::reserved_for(&volume, &d.claim);
            cx.update(&VOLUME, &taken, &format!("a pod goes to {node}"))?;
            continue;
        }
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

/// The smallest free volume within the node's reach that would do.
fn smallest(cx: &Cx, claim: &Object, node: &str) -> Option<Object> {
    let node = cx.store().get("nodes", "", node)?;
    let fits =
        |v: &&Object| crate::controllers::volume_fits(v, claim) && super::volume_reaches(v, node);
    let size = |v: &&Object| super::read_amount(v.at("spec.capacity.storage"));
    let all = cx.store().list("persistentvolumes", None).filter(fits);
    all.min_by_key(size).cloned()
}
