//! Subresources that speak a kind of their own: scale, binding, eviction, token, finalize; and those that the kubelet
//! serves: log, exec, attach, portforward.

use super::route::Target;
use super::{Call, Done, Verb, commit, delete};
use crate::Cluster;
use crate::kubelet;
use crate::store;
use machinery::{Object, Request, Response, Status, value};

/// Subresources of a pod that its node's kubelet serves.
const CONNECT: &[&str] = &["log", "exec", "attach", "portforward"];

/// Proxies to the kubelet where the subresource is one of its own.
pub(crate) fn connect(
    cluster: &mut Cluster,
    route: &Target,
    request: &Request,
) -> Result<Option<Response>, Status> {
    if !CONNECT.contains(&route.subresource.as_str()) || route.kind.plural != "pods" {
        return Ok(None);
    }
    let pod = cluster.store.get("pods", &route.namespace, &route.name).cloned();
    let pod = pod.ok_or_else(|| Status::not_found("", "pods", &route.name))?;
    Ok(Some(kubelet::connect(cluster, &pod, &route.subresource, request)))
}

/// What a read of the subresource shows of the object.
pub(crate) fn read(_cluster: &Cluster, route: &Target, o: Object) -> Result<Object, Status> {
    match route.subresource.as_str() {
        "" | "status" => Ok(o),
        _ => Err(Status::no_resource()),
    }
}

/// Writes through a subresource.
pub(crate) fn write(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    match (call.kind.plural, call.subresource.as_str(), call.verb) {
        ("pods", "binding", Verb::Create) => bind(cluster, call),
        ("pods", "eviction", Verb::Create) => {
            let mut call = call;
            call.verb = Verb::Delete;
            call.subresource = machinery::Str::lit("");
            call.body = None;
            delete::delete(cluster, call)
        }
        ("namespaces", "finalize", Verb::Update) => finalize(cluster, call),
        _ => Err(Status::no_resource()),
    }
}

/// The scheduler's verdict becomes the pod's node. Upstream: `kubernetes:pkg/registry/core/pod/storage`.
fn bind(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let old = call.stored(cluster)?;
    let node = call.body.as_ref().map_or("", |b| b.text("target.name")).to_string();
    let conflict = |why: String| Err(Status::conflict("", "pods/binding", &call.name, &why));
    if old.is_deleting() {
        return conflict(format!("pod {} is being deleted, cannot be assigned to a host", call.name));
    }
    let has = old.text("spec.nodeName");
    if !has.is_empty() {
        return conflict(format!("pod {} is already assigned to node {has:?}", call.name));
    }
    let now = machinery::time::rfc3339(cluster.now);
    let new = old.edit(|v| {
        *v.field("spec").field("nodeName") = machinery::Value::from(node);
        let conditions = v.field("status").field("conditions");
        let list = conditions.list_mut();
        list.retain(|c| c.text("type") != "PodScheduled");
        list.push(value!({ "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now, "observedGeneration": old.generation() }));
        if v.field("status").has("nominatedNodeName") {
            v.field("status").map_mut().remove("nominatedNodeName");
        }
    });
    if !call.options.dry_run {
        let _ = commit(cluster, call.kind, call.key(), Some(new), call.cause);
    }
    let ok = value!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
    Ok(Done::created(Object(ok)))
}

/// The namespace controller takes the finalizer out of the spec; without finalizers the namespace is gone.
fn finalize(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let old = call.stored(cluster)?;
    let wanted = call.body.as_ref().map_or(machinery::Value::Null, |b| b.at("spec.finalizers").clone());
    let new = old.edit(|v| {
        if wanted.is_empty() {
            v.remove("spec.finalizers");
        } else {
            v.set("spec.finalizers", wanted);
        }
    });
    let next = if delete::is_due(call.kind, &new) { None } else { Some(new) };
    let _ = store::resource_of(call.kind);
    let object = commit(cluster, call.kind, call.key(), next, call.cause);
    Ok(Done::ok(object))
}
