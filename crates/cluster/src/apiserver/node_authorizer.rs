//! The node authorizer: a kubelet reads what the pods of its node need, and writes its own objects. It answers for users
//! that name themselves nodes; our kubelets are components and are not asked.
//! Upstream: `kubernetes:plugin/pkg/auth/authorizer/node`. Volumes and claims are followed from pods, devices are not.

use super::rbac::{self, Attributes};
use crate::store::Store;
use machinery::{Object, User, Value};

/// The node that a user says to be.
pub(crate) fn node_of(user: &User) -> Option<&str> {
    let name = user.name.strip_prefix("system:node:")?;
    let is_node = user.groups.iter().any(|g| g == "system:nodes");
    (is_node && !name.is_empty()).then_some(name)
}

/// Allowed, or why this authorizer has nothing to say for it.
pub(crate) fn decide(store: &Store, node: &str, a: &Attributes) -> Result<(), String> {
    let (verb, name) = (a.verb.as_str(), a.name.as_str());
    let no = |why: &str| Err(why.to_string());
    let reads = matches!(verb, "get" | "list" | "watch");
    match (a.group.as_str(), a.resource.as_str()) {
        ("", "secrets" | "configmaps") => match reads {
            false => no("can only read resources of this type"),
            true if !a.subresource.is_empty() => no("cannot read subresource"),
            true if a.namespace.is_empty() => no("can only read namespaced object of this type"),
            true => related(store, node, a),
        },
        ("", "persistentvolumeclaims" | "persistentvolumes") => match verb {
            "get" if a.subresource.is_empty() => related(store, node, a),
            "get" => no("cannot get subresource"),
            _ => no("can only get individual resources of this type"),
        },
        ("", "serviceaccounts") => match (verb, a.subresource.as_str()) {
            ("create", "token") => related(store, node, a),
            (_, "token") => no("can only create tokens for individual service accounts"),
            _ => no("can only create tokens for individual service accounts"),
        },
        ("", "nodes") if matches!(a.subresource.as_str(), "" | "status") => match verb {
            // Which node it is, NodeRestriction looks at.
            "create" | "update" | "patch" => Ok(()),
            _ if reads && name == node => Ok(()),
            _ if reads && name.is_empty() && a.fields == format!("metadata.name={node}") => Ok(()),
            _ if reads && name.is_empty() => Err(format!(
                "node '{node}' cannot read all nodes, only its own Node object"
            )),
            _ if reads => Err(format!(
                "node '{node}' cannot read '{name}', only its own Node object"
            )),
            _ => no(""),
        },
        ("", "pods") => match (verb, a.subresource.as_str()) {
            ("get", "") => related(store, node, a),
            ("list" | "watch", "") if a.fields.split(',').any(|f| is_own(f, node)) => Ok(()),
            ("list" | "watch", "") => {
                no("can only list/watch pods with spec.nodeName field selector")
            }
            ("create" | "delete", "") | ("update" | "patch", "status") | ("create", "eviction") => {
                Ok(())
            }
            _ => no(""),
        },
        ("coordination.k8s.io", "leases") => match verb {
            "get" | "create" | "update" | "patch" | "delete"
                if a.namespace != "kube-node-lease" =>
            {
                no("can only access leases in the \"kube-node-lease\" system namespace")
            }
            "get" | "update" | "patch" | "delete" if name != node => {
                no("can only access node lease with the same name as the requesting node")
            }
            "get" | "create" | "update" | "patch" | "delete" => Ok(()),
            _ => no("can only get, create, update, patch, or delete a node lease"),
        },
        ("storage.k8s.io", "csinodes") => match verb {
            "get" | "update" | "patch" | "delete" if name != node => {
                no("can only access CSINode with the same name as the requesting node")
            }
            "get" | "create" | "update" | "patch" | "delete" => Ok(()),
            _ => no("can only get, create, update, patch, or delete a CSINode"),
        },
        _ => {
            let role = store.get("clusterroles.rbac.authorization.k8s.io", "", "system:node");
            let rules = role.map_or(&Value::Null, |r| r.get("rules")).items();
            match rules.iter().any(|r| rbac::covers(r, a)) {
                true => Ok(()),
                false => no(""),
            }
        }
    }
}

fn is_own(selector: &str, node: &str) -> bool {
    let (key, value) = selector.split_once('=').unwrap_or((selector, ""));
    key == "spec.nodeName" && value.trim_start_matches('=') == node
}

/// Whether a pod of the node has to do with the object.
fn related(store: &Store, node: &str, a: &Attributes) -> Result<(), String> {
    if a.name.is_empty() {
        return Err("No Object name found".into());
    }
    let mut pods = store.on_node(node);
    match pods.any(|p| uses(store, p, a)) {
        true => Ok(()),
        false => Err(format!(
            "no relationship found between node '{node}' and this object"
        )),
    }
}

fn uses(store: &Store, pod: &Object, a: &Attributes) -> bool {
    let name = a.name.as_str();
    let volumes = pod.at("spec.volumes").items();
    let claims = || {
        let own = |v: &Value| match v.has("ephemeral") {
            true => format!("{}-{}", pod.name(), v.text("name")),
            false => v.text("persistentVolumeClaim.claimName").to_string(),
        };
        volumes.iter().map(own).filter(|c| !c.is_empty())
    };
    if a.resource == "persistentvolumes" {
        let bound = |c: String| {
            let claim = store.get("persistentvolumeclaims", pod.namespace(), &c);
            claim.is_some_and(|c| c.text("spec.volumeName") == name)
        };
        return claims().any(bound);
    }
    if pod.namespace() != a.namespace {
        return false;
    }
    match a.resource.as_str() {
        "pods" => pod.name() == name,
        "serviceaccounts" => pod.text("spec.serviceAccountName") == name,
        "persistentvolumeclaims" => claims().any(|c| c == name),
        "secrets" => refers(
            pod,
            "secret",
            "secretName",
            "secretKeyRef",
            "secretRef",
            name,
        ),
        _ => refers(
            pod,
            "configMap",
            "name",
            "configMapKeyRef",
            "configMapRef",
            name,
        ),
    }
}

/// Whether a pod mounts a Secret or ConfigMap, or takes its environment or its images by it.
fn refers(pod: &Object, volume: &str, field: &str, key: &str, all: &str, name: &str) -> bool {
    let spec = pod.spec();
    let mounted = |v: &Value| {
        let sources = v.at("projected.sources").items();
        v.get(volume).text(field) == name
            || sources.iter().any(|s| s.get(volume).text("name") == name)
    };
    let pulls = |s: &Value| volume == "secret" && s.text("name") == name;
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let mut containers = lists.iter().flat_map(|l| spec.get(l).items());
    spec.get("volumes").items().iter().any(mounted)
        || spec.get("imagePullSecrets").items().iter().any(pulls)
        || containers.any(|c| {
            let named = |e: &Value, key: &str| e.get(key).text("name") == name;
            c.get("env")
                .items()
                .iter()
                .any(|e| named(e.get("valueFrom"), key))
                || c.get("envFrom").items().iter().any(|e| named(e, all))
        })
}
