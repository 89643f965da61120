//! NodeRestriction: a kubelet writes its own Node, its own pods' status, its own Lease and CSINode, and no more. It looks at
//! users that name themselves nodes (`--as system:node:node-1 --as-group system:nodes`); our kubelets are components.
//! Upstream: `kubernetes:plugin/pkg/admission/noderestriction/admission.go`. Evictions and tokens are not looked at.

use super::{Ctx, Plugin};
use crate::apiserver::{Call, Who, node_authorizer};
use machinery::{Arrange, Object, Status, Value};

pub(super) const NODE_RESTRICTION: Plugin = Plugin {
    name: "NodeRestriction",
    resources: &["pods", "nodes", "leases", "csinodes"],
    validate: |ctx, o| match node_of(ctx.call) {
        None => Ok(()),
        Some(node) => match refused(ctx, &node, o) {
            None => Ok(()),
            Some(why) => Err(ctx.forbidden(o, &why)),
        },
    },
    ..Plugin::NONE
};

fn node_of(call: &Call) -> Option<String> {
    match &call.who {
        Who::User(user) => node_authorizer::node_of(user).map(str::to_string),
        Who::Component(..) => None,
    }
}

/// A kubelet deletes its own pods only.
pub(super) fn may_delete(call: &Call, old: &Object) -> Result<(), Status> {
    let Some(node) = node_of(call) else {
        return Ok(());
    };
    let why = match call.kind.plural {
        "pods" if old.text("spec.nodeName") != node => {
            format!("node {node:?} can only delete pods with spec.nodeName set to itself")
        }
        "nodes" if old.name() != node => {
            format!(
                "node {node:?} is not allowed to modify node {:?}",
                old.name()
            )
        }
        _ => return Ok(()),
    };
    Err(call.forbidden(old.name(), &why))
}

fn refused(ctx: &Ctx, node: &str, o: &Object) -> Option<String> {
    match ctx.call.kind.plural {
        "nodes" => own_node(ctx, node, o),
        "pods" => own_pod(ctx, node, o),
        "leases" if o.namespace() != "kube-node-lease" => {
            Some("can only access leases in the \"kube-node-lease\" system namespace".into())
        }
        "leases" if o.name() != node => {
            Some("can only access node lease with the same name as the requesting node".into())
        }
        "csinodes" if o.name() != node => {
            Some("can only access CSINode with the same name as the requesting node".into())
        }
        _ => None,
    }
}

fn own_node(ctx: &Ctx, node: &str, o: &Object) -> Option<String> {
    if o.name() != node {
        return Some(format!(
            "node {node:?} is not allowed to modify node {:?}",
            o.name()
        ));
    }
    let none = Value::Null;
    let before = ctx.old.map_or(&none, |old| old.at("metadata.labels"));
    let now = o.at("metadata.labels");
    let all = now.entries().iter().chain(before.entries());
    let mut bad: Vec<&str> = all
        .map(|(k, _)| k.as_str())
        .filter(|k| now.get(k) != before.get(k) && is_forbidden(k))
        .collect();
    bad.arrange();
    bad.dedup();
    let bad = bad.join(", ");
    let Some(old) = ctx.old else {
        let why = format!("node {node:?} is not allowed to set the following labels: {bad}");
        return (!bad.is_empty()).then_some(why);
    };
    if o.at("spec.taints") != old.at("spec.taints") {
        return Some(format!("node {node:?} is not allowed to modify taints"));
    }
    (!bad.is_empty()).then(|| format!("is not allowed to modify labels: {bad}"))
}

/// Labels by which pods are kept to nodes that others trust.
fn is_forbidden(label: &str) -> bool {
    const KUBELET: &[&str] = &[
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "node.kubernetes.io/instance-type",
        "beta.kubernetes.io/instance-type",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
    ];
    let Some((domain, _)) = label.split_once('/') else {
        return false;
    };
    let under = |d: &str| domain == d || domain.strip_suffix(d).is_some_and(|h| h.ends_with('.'));
    let own = under("kubelet.kubernetes.io") || under("node.kubernetes.io");
    under("node-restriction.kubernetes.io")
        || ((under("kubernetes.io") || under("k8s.io")) && !KUBELET.contains(&label) && !own)
}

fn own_pod(ctx: &Ctx, node: &str, o: &Object) -> Option<String> {
    const MIRROR: &str = "kubernetes.io/config.mirror";
    if let Some(old) = ctx.old {
        if ctx.call.subresource != "status" {
            return Some(format!(
                "unexpected operation \"UPDATE\", node {node:?} can only create and delete mirror pods"
            ));
        }
        if old.text("spec.nodeName") != node {
            return Some(format!(
                "node {node:?} can only update pod status for pods with spec.nodeName set to itself"
            ));
        }
        return (o.at("metadata.labels") != old.at("metadata.labels"))
            .then(|| format!("node {node:?} cannot update labels through pod status"));
    }
    if o.annotation(MIRROR).is_none() {
        return Some(format!(
            "pod does not have {MIRROR:?} annotation, node {node:?} can only create mirror pods"
        ));
    }
    if o.text("spec.nodeName") != node {
        return Some(format!(
            "node {node:?} can only create pods with spec.nodeName set to itself"
        ));
    }
    let owns = |r: &Value| r.text("kind") == "Node" && r.text("name") == node;
    match o.owners() {
        [one] if owns(one) => {}
        [_, _, ..] => {
            return Some(format!(
                "node {node:?} can only create pods with a single owner reference set to itself"
            ));
        }
        _ => {
            return Some(format!(
                "node {node:?} can only create pods with an owner reference set to itself"
            ));
        }
    }
    let volumes = o.at("spec.volumes").items();
    let uses = |key: &str| volumes.iter().any(|v| v.has(key));
    let what = [
        (
            !o.text("spec.serviceAccountName").is_empty(),
            "a service account",
        ),
        (uses("secret"), "secrets"),
        (uses("configMap"), "configmaps"),
        (uses("persistentVolumeClaim"), "persistentvolumeclaims"),
    ];
    let found = what.iter().find(|(there, _)| *there);
    found.map(|(_, what)| format!("node {node:?} can not create pods that reference {what}"))
}
