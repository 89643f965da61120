//! What the learner made, as YAML that can be applied elsewhere: no status, nothing that the cluster set by itself, nothing
//! that controllers made.

use crate::Playground;
use machinery::{Object, yaml};

/// Kinds that only components write.
const MADE: &[&str] = &[
    "events",
    "leases.coordination.k8s.io",
    "endpoints",
    "endpointslices.discovery.k8s.io",
    "nodes",
    "csinodes.storage.k8s.io",
    "controllerrevisions.apps",
    "componentstatuses",
    "apiservices.apiregistration.k8s.io",
    "flowschemas.flowcontrol.apiserver.k8s.io",
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
    "ipaddresses.networking.k8s.io",
    "servicecidrs.networking.k8s.io",
];

impl Playground {
    /// All objects of the learner's making, as one YAML stream.
    pub fn export_yaml(&self) -> String {
        let cluster = self.session.shared.cluster.borrow();
        let mut out = String::new();
        for resource in cluster.store.resources() {
            if MADE.contains(&resource.as_str()) {
                continue;
            }
            for o in cluster.store.list(resource, None).filter(|o| is_own(o)) {
                out.push_str("---\n");
                out.push_str(&yaml::print(&bare(o).0));
            }
        }
        out
    }
}

/// Neither the system's nor a controller's.
fn is_own(o: &Object) -> bool {
    let place = match o.kind() {
        "Namespace" => o.name(),
        _ => o.namespace(),
    };
    let given = match o.kind() {
        "Namespace" => o.name() == "default",
        "ServiceAccount" => o.name() == "default",
        "ConfigMap" => o.name() == "kube-root-ca.crt",
        "Service" => o.name() == "kubernetes" && place == "default",
        _ => o.namespace().is_empty() && o.get("metadata").get("managedFields").is_null(),
    };
    let system = |name: &str| name.starts_with("system:") || name.starts_with("kubeadm:");
    !given && !place.starts_with("kube-") && !system(o.name()) && o.controller().is_null()
}

fn bare(o: &Object) -> Object {
    const OURS: &[&str] = &[
        "metadata.managedFields",
        "metadata.uid",
        "metadata.resourceVersion",
        "metadata.creationTimestamp",
        "metadata.generation",
        "status",
        "spec.clusterIP",
        "spec.clusterIPs",
        "spec.nodeName",
    ];
    o.edit(|v| {
        for path in OURS {
            v.remove(path);
        }
    })
}
