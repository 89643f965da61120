//! Endpoints: the older form of what EndpointSlices tell, one object for each Service, deprecated since v1.33 but still
//! written. Upstream: `kubernetes:pkg/controller/endpoint/endpoints_controller.go`.

use super::endpointslice::{
    TRIGGER_TIME, labels_of, ports_for, selects_pods, target_ref, trigger_time,
    woken_by_service_or_pod,
};
use super::{Controller, Requeue, pods};
use crate::cx::Cx;
use crate::store::Key;
use kinds::endpoints::KIND;
use machinery::Arrange;
use machinery::{Object, Status, Value, labels, time, value};

pub const CONTROLLER: Controller = Controller {
    name: "endpoint-controller",
    triggers: |cluster, change, keys| {
        woken_by_service_or_pod(cluster, change, keys);
        if change.resource == "endpoints" && change.kind == machinery::WatchType::Deleted {
            keys.push(change.key.clone());
        }
    },
    reconcile,
};

pub(super) const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const ADDRESSES_MAX: usize = 1000;

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let there = cx.store().get("endpoints", &key.0, &key.1).cloned();
    let Some(service) = cx.store().get("services", &key.0, &key.1).cloned() else {
        if let Some(e) = there
            && let Err(s) = cx.delete(&KIND, &e, None, "its Service is gone")
            && !s.is_not_found()
        {
            return Err(s);
        }
        return Ok(Requeue::Never);
    };
    if !selects_pods(&service) {
        return Ok(Requeue::Never);
    }
    let (subsets, n) = subsets(cx, &service);
    cx.cluster.controllers.took_ms = n as i64 / 10;
    let mut labels = labels_of(&service);
    labels.map_mut().insert(MANAGED_BY, "endpoint-controller");
    let stamp = Value::from(time::rfc3339(trigger_time(cx, &service)));
    let reason = format!("the Service has {n} endpoints");
    let set = |v: &mut Value| {
        match subsets.is_empty() {
            true => drop(v.remove("subsets")),
            false => v.set("subsets", subsets.clone()),
        }
        v.set("metadata.labels", labels.clone());
    };
    let stamped = |o: Object| {
        o.edit(|v| {
            drop(
                v.place("metadata.annotations")
                    .map_mut()
                    .insert(TRIGGER_TIME, stamp.clone()),
            )
        })
    };
    match there {
        None => {
            let new = Object::new("v1", "Endpoints", &key.0, &key.1).edit(set);
            cx.create(&KIND, &stamped(new), &reason)?;
        }
        Some(old) => {
            let new = old.edit(set);
            if new != old {
                cx.update(&KIND, &stamped(new), &reason)?;
            }
        }
    }
    Ok(Requeue::Never)
}

/// Addresses with the same ports stand together: ready ones and others.
fn subsets(cx: &Cx, service: &Object) -> (Value, usize) {
    let selector = service.at("spec.selector");
    let publish = service.flag("spec.publishNotReadyAddresses");
    let mut groups: Vec<(Value, Vec<Value>, Vec<Value>)> = Vec::new();
    let mut n = 0;
    for pod in cx.store().list("pods", Some(service.namespace())) {
        let ip = pod.text("status.podIP");
        let going = pod.is_deleting() && !publish;
        if ip.is_empty()
            || going
            || pods::is_finished(pod)
            || n >= ADDRESSES_MAX
            || !labels::matches_map(selector, pod.at("metadata.labels"))
        {
            continue;
        }
        n += 1;
        let mut address = value!({ "ip": Value::str(ip), "targetRef": target_ref(pod) });
        if !pod.text("spec.nodeName").is_empty() {
            address.set("nodeName", pod.at("spec.nodeName").clone());
        }
        if pod.text("spec.subdomain") == service.name() && !pod.text("spec.hostname").is_empty() {
            address.set("hostname", pod.at("spec.hostname").clone());
        }
        let mut ports = ports_for(service, pod);
        for p in ports.list_mut() {
            if p.text("name").is_empty() {
                p.remove("name");
            }
        }
        let place = groups.iter().position(|g| g.0 == ports);
        let i = place.unwrap_or_else(|| {
            groups.push((ports, Vec::new(), Vec::new()));
            groups.len() - 1
        });
        let ready = publish || pods::is_ready(pod);
        let group = &mut groups[i];
        let list = if ready { &mut group.1 } else { &mut group.2 };
        list.push(address);
    }
    let mut out = Value::list();
    for (ports, mut ready, mut not_ready) in groups {
        let mut subset = Value::map();
        for (name, list) in [
            ("addresses", &mut ready),
            ("notReadyAddresses", &mut not_ready),
        ] {
            list.arrange_by_key(|a| a.text("ip").to_string());
            if !list.is_empty() {
                subset.set(name, list.clone());
            }
        }
        if !ports.is_empty() {
            subset.set("ports", ports);
        }
        out.push(subset);
    }
    (out, n)
}
