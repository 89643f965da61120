//! Ephemeral volumes: a pod's volume with a claim of its own, made from the template in the pod, gone with the pod.
//! Upstream: `kubernetes:pkg/controller/volume/ephemeral`.

use super::{Controller, Requeue};
use crate::cx::Cx;
use crate::store::Key;
use kinds::persistentvolumeclaim::KIND as CLAIM;
use machinery::{Object, Status, Value, WatchType, value};

pub const CONTROLLER: Controller = Controller {
    name: "ephemeral_volume",
    triggers: |_, change, keys| {
        let fresh = change.resource == "pods" && change.kind == WatchType::Added;
        if fresh
            && change
                .new
                .at("spec.volumes")
                .items()
                .iter()
                .any(|v| v.has("ephemeral"))
        {
            keys.push(change.key.clone());
        }
    },
    reconcile,
};

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let pod = cx.store().get("pods", &key.0, &key.1).cloned();
    let Some(pod) = pod.filter(|p| !p.is_deleting()) else {
        return Ok(Requeue::Never);
    };
    for v in pod
        .at("spec.volumes")
        .items()
        .iter()
        .filter(|v| v.has("ephemeral"))
    {
        let name = format!("{}-{}", pod.name(), v.text("name"));
        if let Some(there) = cx.store().get("persistentvolumeclaims", &key.0, &name) {
            if there.is_controlled_by(&pod) {
                continue;
            }
            let text = format!(
                "ephemeral volume {}: PVC \"{name}\" was not created for pod {}/{} (pod is not owner)",
                v.text("name"),
                key.0,
                key.1
            );
            return Err(Status::internal(text));
        }
        let template = v.at("ephemeral.volumeClaimTemplate");
        let mut owner = pod.owner_reference();
        owner.set("blockOwnerDeletion", true);
        let mut meta = match template.get("metadata") {
            Value::Null => Value::map(),
            m => m.clone(),
        };
        meta.set("name", name);
        meta.set("namespace", Value::str(pod.namespace()));
        meta.set("ownerReferences", vec![owner]);
        let claim = Object(value!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": template.get("spec").clone(),
        }));
        if let Err(e) = cx.create(&CLAIM, &claim, "the pod brings its own volume") {
            let text = format!(
                "ephemeral volume {}: create PVC {}: {e}",
                v.text("name"),
                claim.name()
            );
            cx.event(&pod, "Warning", "FailedCreate", &text);
            return Err(e);
        }
    }
    Ok(Requeue::Never)
}
