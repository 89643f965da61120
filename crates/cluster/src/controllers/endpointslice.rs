//! EndpointSlice: the addresses behind each Service. Upstream: `kubernetes:pkg/controller/endpointslice` and
//! `staging/src/k8s.io/endpointslice`.
//!
//! A Service selects pods by labels; this controller writes down where those pods are and whether they can be sent
//! traffic: `ready` (passes its readiness probe and is not going), `serving` (passes it, going or not), `terminating`.
//! Proxies on every node read the slices, not the pods. A slice holds 100 endpoints, so that one pod's change does not
//! send the whole list to every node.

use super::{Controller, Requeue, pods, woken_by_owned};
use crate::Cluster;
use crate::cx::Cx;
use crate::store::{Change, Key};
use kinds::endpointslice::KIND;
use machinery::Arrange;
use machinery::{Object, Status, Value, labels, time, value};

pub const CONTROLLER: Controller = Controller {
    name: "endpointslice-controller",
    triggers: |cluster, change, keys| {
        woken_by_service_or_pod(cluster, change, keys);
        woken_by_owned(change, "endpointslices.discovery.k8s.io", "Service", keys);
    },
    reconcile,
};

pub(super) const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
pub(super) const SERVICE_NAME: &str = "kubernetes.io/service-name";
pub(super) const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const SLICE_MAX: usize = 100;

/// Services themselves, and those that select (or selected) a pod whose address, readiness or labels changed.
pub(super) fn woken_by_service_or_pod(cluster: &Cluster, change: &Change, keys: &mut Vec<Key>) {
    super::woken_by_itself(change, "services", keys);
    if change.resource != "pods" || !matters(change) {
        return;
    }
    for service in cluster.store.list("services", Some(&change.key.0)) {
        let selector = service.at("spec.selector");
        let selects = |p: &Object| labels::matches_map(selector, p.at("metadata.labels"));
        if selects(&change.new) || change.old.as_ref().is_some_and(selects) {
            keys.push(super::key_of(service));
        }
    }
}

fn matters(change: &Change) -> bool {
    if let Some(known) = change.facts.serves.get() {
        return known;
    }
    let found = change.old.as_ref().is_none_or(|old| differs(change, old));
    change.facts.serves.set(Some(found));
    found
}

fn differs(change: &Change, old: &Object) -> bool {
    let new = &change.new;
    change.kind == machinery::WatchType::Deleted
        || old.text("status.podIP") != new.text("status.podIP")
        || pods::is_ready(old) != pods::is_ready(new)
        || pods::is_finished(old) != pods::is_finished(new)
        || old.is_deleting() != new.is_deleting()
        || old.at("metadata.labels") != new.at("metadata.labels")
}

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let resource = "endpointslices.discovery.k8s.io";
    let Some(service) = cx.store().get("services", &key.0, &key.1).cloned() else {
        // Its slices go with it, by the garbage collector.
        return Ok(Requeue::Never);
    };
    if service.is_deleting() || !selects_pods(&service) {
        return Ok(Requeue::Never);
    }
    let mine = |s: &&Object| s.label(MANAGED_BY) == Some(MANAGER);
    let mut slices: Vec<Object> = cx
        .store()
        .owned(resource, service.uid())
        .filter(mine)
        .cloned()
        .collect();
    slices.arrange_by(|a, b| a.created().cmp(&b.created()).then(a.name().cmp(b.name())));
    let wanted = wanted(cx, &service);
    let total: usize = wanted.iter().map(|g| g.endpoints.len()).sum();
    cx.cluster.controllers.took_ms = total as i64 / 10;
    let mut spare = Vec::new();
    let mut groups: Vec<(Group, Vec<Object>)> =
        wanted.into_iter().map(|g| (g, Vec::new())).collect();
    for s in slices {
        match groups.iter_mut().find(|(g, _)| g.ports == *s.get("ports")) {
            Some((_, list)) => list.push(s),
            None => spare.push(s),
        }
    }
    let stamp = time::rfc3339(trigger_time(cx, &service));
    for (group, list) in groups {
        let n = group.endpoints.len();
        let mut have = list.into_iter();
        for (ports, endpoints) in fill(group, have.as_slice()) {
            let reuse = have.next().or_else(|| spare.pop());
            write(cx, &service, reuse, ports, endpoints, &stamp, n)?;
        }
        spare.extend(have);
    }
    for s in spare {
        match cx.delete(&KIND, &s, None, "its endpoints are in other slices") {
            Err(e) if !e.is_not_found() => return Err(e),
            _ => {}
        }
    }
    Ok(Requeue::Never)
}

pub(super) fn selects_pods(service: &Object) -> bool {
    !service.at("spec.selector").is_null() && service.text("spec.type") != "ExternalName"
}

/// Endpoints with the same ports.
struct Group {
    ports: Value,
    endpoints: Vec<Value>,
}

fn wanted(cx: &Cx, service: &Object) -> Vec<Group> {
    let selector = service.at("spec.selector");
    let publish = service.flag("spec.publishNotReadyAddresses");
    let mut groups: Vec<Group> = Vec::new();
    for pod in cx.store().list("pods", Some(service.namespace())) {
        let address = pod.text("status.podIP");
        if address.is_empty()
            || pods::is_finished(pod)
            || !labels::matches_map(selector, pod.at("metadata.labels"))
        {
            continue;
        }
        let ports = ports_for(service, pod);
        let endpoint = endpoint(cx, service, pod, address, publish);
        match groups.iter_mut().find(|g| g.ports == ports) {
            Some(g) => g.endpoints.push(endpoint),
            None => groups.push(Group {
                ports,
                endpoints: vec![endpoint],
            }),
        }
    }
    if groups.is_empty() {
        // A Service without endpoints keeps one empty slice.
        groups.push(Group {
            ports: Value::list(),
            endpoints: Vec::new(),
        });
    }
    groups
}

/// The Service's ports as this pod has them; a named target port may be another number in each pod.
pub(super) fn ports_for(service: &Object, pod: &Object) -> Value {
    let mut out = Value::list();
    for p in service.at("spec.ports").items() {
        let Some(number) = target_port(p, pod) else {
            continue;
        };
        let mut port =
            value!({ "name": Value::str(p.text("name")), "port": number, "protocol": "TCP" });
        if !p.text("protocol").is_empty() {
            port.set("protocol", p.get("protocol").clone());
        }
        if !p.get("appProtocol").is_null() {
            port.set("appProtocol", p.get("appProtocol").clone());
        }
        out.push(port);
    }
    out
}

fn target_port(service_port: &Value, pod: &Object) -> Option<i64> {
    let target = service_port.get("targetPort");
    let name = match target {
        Value::Str(s) if !s.is_empty() => s,
        Value::Int(n) if *n > 0 => return Some(*n),
        _ => return Some(service_port.int("port")),
    };
    let sidecars = pod.at("spec.initContainers").items().iter();
    let sidecars = sidecars.filter(|c| c.text("restartPolicy") == "Always");
    let containers = pod.at("spec.containers").items().iter().chain(sidecars);
    let mut ports = containers.flat_map(|c| c.get("ports").items());
    let protocol = service_port.text("protocol");
    let fits = |p: &&Value| {
        let own = p.text("protocol");
        p.text("name") == name.as_str()
            && (own == protocol || own.is_empty() || protocol.is_empty())
    };
    ports.find(fits).map(|p| p.int("containerPort"))
}

fn endpoint(cx: &Cx, service: &Object, pod: &Object, address: &str, publish: bool) -> Value {
    let (ready, going) = (pods::is_ready(pod), pod.is_deleting());
    let mut e = value!({
        "addresses": [Value::str(address)],
        "conditions": { "ready": publish || ready && !going, "serving": ready, "terminating": going },
        "targetRef": target_ref(pod),
    });
    let node = pod.at("spec.nodeName");
    if !node.is_empty() {
        e.set("nodeName", node.clone());
        let zone = cx.store().get("nodes", "", node.as_str().unwrap_or(""));
        let zone = zone.and_then(|n| n.label("topology.kubernetes.io/zone"));
        if let Some(zone) = zone.filter(|z| !z.is_empty()) {
            e.set("zone", Value::str(zone));
        }
    }
    if pod.text("spec.subdomain") == service.name() && !pod.text("spec.hostname").is_empty() {
        e.set("hostname", pod.at("spec.hostname").clone());
    }
    e
}

pub(super) fn target_ref(pod: &Object) -> Value {
    value!({
        "kind": "Pod", "namespace": Value::str(pod.namespace()),
        "name": Value::str(pod.name()), "uid": Value::str(pod.uid()),
    })
}

/// Spreads a group's endpoints over slices of at most 100. What is in a slice stays there, so that few slices change.
fn fill(group: Group, have: &[Object]) -> Vec<(Value, Vec<Value>)> {
    let mut fresh = group.endpoints;
    if fresh.is_empty() {
        return vec![(group.ports, fresh)];
    }
    let id = |e: &Value| e.text("targetRef.uid").to_string();
    let mut out: Vec<Vec<Value>> = Vec::new();
    if fresh.len() <= SLICE_MAX && have.len() <= 1 {
        // The usual case, without an index: old ones keep their order.
        let old = have.first().map_or(&[][..], |s| s.get("endpoints").items());
        let place = |e: &Value| {
            old.iter()
                .position(|o| id(o) == id(e))
                .unwrap_or(usize::MAX)
        };
        fresh.arrange_by_key(place);
        return vec![(group.ports, fresh)];
    }
    let mut by_uid: std::collections::BTreeMap<String, Value> =
        machinery::arrange::gather(fresh.iter().map(|e| (id(e), e.clone())));
    for s in have {
        let kept = s.get("endpoints").items().iter();
        out.push(kept.filter_map(|e| by_uid.remove(&id(e))).collect());
    }
    let mut rest = fresh.into_iter().filter(|e| by_uid.contains_key(&id(e)));
    for list in &mut out {
        let room = SLICE_MAX.saturating_sub(list.len());
        list.extend(rest.by_ref().take(room));
    }
    loop {
        let list: Vec<Value> = rest.by_ref().take(SLICE_MAX).collect();
        if list.is_empty() {
            break;
        }
        out.push(list);
    }
    out.retain(|list| !list.is_empty());
    out.into_iter()
        .map(|list| (group.ports.clone(), list))
        .collect()
}

/// When what is told here happened: the Service was made, or a pod became (un)ready.
pub(super) fn trigger_time(cx: &Cx, service: &Object) -> i64 {
    let selector = service.at("spec.selector");
    let pods = cx.store().list("pods", Some(service.namespace()));
    let of = |p: &Object| {
        time::parse_rfc3339(p.condition("Ready").text("lastTransitionTime"))
            .filter(|_| labels::matches_map(selector, p.at("metadata.labels")))
    };
    pods.filter_map(of)
        .chain([service.created()])
        .max()
        .unwrap_or(0)
}

/// The labels of a Service that its slices (and its Endpoints) carry too.
pub(super) fn labels_of(service: &Object) -> Value {
    let mut labels = match service.at("metadata.labels") {
        Value::Null => Value::map(),
        v => v.clone(),
    };
    if matches!(service.text("spec.clusterIP"), "None" | "") {
        labels
            .map_mut()
            .insert("service.kubernetes.io/headless", "");
    }
    labels
}

fn write(
    cx: &mut Cx,
    service: &Object,
    reuse: Option<Object>,
    ports: Value,
    endpoints: Vec<Value>,
    stamp: &str,
    total: usize,
) -> Result<(), Status> {
    let mut labels = labels_of(service);
    let map = labels.map_mut();
    map.insert(SERVICE_NAME, Value::str(service.name()));
    map.insert(MANAGED_BY, MANAGER);
    let reason = format!("the Service has {total} endpoints");
    let endpoints = match endpoints.is_empty() {
        true => Value::Null,
        false => Value::from(endpoints),
    };
    let Some(old) = reuse else {
        let slice = value!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "generateName": format!("{}-", service.name()), "namespace": Value::str(service.namespace()),
                "labels": labels, "ownerReferences": [service.owner_reference()],
                "annotations": { "endpoints.kubernetes.io/last-change-trigger-time": Value::str(stamp) },
            },
            "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
        });
        return cx.create(&KIND, &Object(slice), &reason).map(|_| ());
    };
    let new = old.edit(|v| {
        v.set("endpoints", endpoints);
        v.set("ports", ports);
        v.set("metadata.labels", labels);
    });
    if new == old {
        return Ok(());
    }
    let new = new.edit(|v| {
        let notes = v.place("metadata.annotations").map_mut();
        notes.insert(TRIGGER_TIME, Value::str(stamp));
    });
    cx.update(&KIND, &new, &reason).map(|_| ())
}
