//! EndpointSlice mirroring: Endpoints that a person wrote, for a Service without a selector, are copied into slices, which
//! is all that proxies read. Upstream: `kubernetes:pkg/controller/endpointslicemirroring`.

use super::endpointslice::{MANAGED_BY, SERVICE_NAME};
use super::{Controller, Requeue, woken_by_itself};
use crate::cx::Cx;
use crate::store::Key;
use kinds::endpointslice::KIND;
use machinery::{Object, Status, Value, value};

pub const CONTROLLER: Controller = Controller {
    name: "endpointslicemirroring-controller",
    triggers: |_, change, keys| {
        woken_by_itself(change, "endpoints", keys);
        woken_by_itself(change, "services", keys);
    },
    reconcile,
};

const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let resource = "endpointslices.discovery.k8s.io";
    let endpoints = cx.store().get("endpoints", &key.0, &key.1).cloned();
    let service = cx.store().get("services", &key.0, &key.1);
    let selector = service.map(|s| s.at("spec.selector").is_empty());
    let hand_made = |e: &Object| {
        e.label(super::endpoints::MANAGED_BY).is_none()
            && e.label("endpointslice.kubernetes.io/skip-mirror") != Some("true")
    };
    let Some(e) = endpoints.filter(|e| selector == Some(true) && hand_made(e)) else {
        return Ok(Requeue::Never);
    };
    if *key.1 == *"kubernetes" && *key.0 == *"default" {
        // The API server writes its own.
        return Ok(Requeue::Never);
    }
    let mut old: Vec<Object> = cx.store().owned(resource, e.uid()).cloned().collect();
    for subset in e.get("subsets").items() {
        let wanted = slice(&e, subset);
        let known = old
            .iter()
            .position(|s| s.get("ports") == wanted.get("ports"));
        match known.map(|i| old.remove(i)) {
            None => drop(cx.create(&KIND, &wanted, "mirrors Endpoints")?),
            Some(s) => {
                let new = s.edit(|v| v.set("endpoints", wanted.get("endpoints").clone()));
                cx.update(&KIND, &new, "mirrors Endpoints")?;
            }
        }
    }
    for s in old {
        cx.delete(&KIND, &s, None, "its subset is gone")?;
    }
    Ok(Requeue::Never)
}

fn slice(e: &Object, subset: &Value) -> Object {
    let mut list = Value::list();
    for (name, ready) in [("addresses", true), ("notReadyAddresses", false)] {
        for a in subset.get(name).items() {
            let mut one =
                value!({ "addresses": [a.get("ip").clone()], "conditions": { "ready": ready } });
            for field in ["hostname", "nodeName", "targetRef"] {
                if !a.get(field).is_null() {
                    one.set(field, a.get(field).clone());
                }
            }
            list.push(one);
        }
    }
    let mut ports = Value::list();
    for p in subset.get("ports").items() {
        let mut p = p.clone();
        p.set_default("name", "");
        p.set_default("protocol", "TCP");
        ports.push(p);
    }
    let mut labels = match e.at("metadata.labels") {
        Value::Null => Value::map(),
        v => v.clone(),
    };
    labels.map_mut().insert(SERVICE_NAME, Value::str(e.name()));
    labels.map_mut().insert(MANAGED_BY, MANAGER);
    Object(value!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{}-", e.name()), "namespace": Value::str(e.namespace()),
            "labels": labels, "ownerReferences": [e.owner_reference()],
        },
        "addressType": "IPv4", "endpoints": list, "ports": ports,
    }))
}
