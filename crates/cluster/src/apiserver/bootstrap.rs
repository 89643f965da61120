//! The objects that the API server itself makes when it starts: namespaces, its own Service, the roles that every
//! cluster has, the priorities of system pods. Upstream: `kubernetes:pkg/controlplane`,
//! `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.

use super::{Call, Options, Verb, Who, execute, roles};
use crate::Cluster;
use kinds::Kind;
use machinery::{Cause, Object, Str, Value, value};
use std::rc::Rc;

const NAMESPACES: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];
/// Where the API server listens, as the endpoints of the `kubernetes` Service say.
const ADDRESS: &str = "172.18.0.2";

pub(crate) fn bootstrap(cluster: &mut Cluster) {
    for ns in NAMESPACES {
        create(
            cluster,
            &kinds::namespace::KIND,
            Object::new("v1", "Namespace", "", ns),
        );
    }
    create(cluster, &kinds::service::KIND, kubernetes_service());
    create(cluster, &kinds::endpoints::KIND, kubernetes_endpoints());
    create(cluster, &kinds::endpointslice::KIND, kubernetes_slice());
    create(cluster, &kinds::service::KIND, dns_service());
    for (name, value, description) in PRIORITIES {
        let mut o = Object::new("scheduling.k8s.io/v1", "PriorityClass", "", name);
        o.0.set("value", *value);
        o.0.set("description", *description);
        create(cluster, &kinds::priorityclass::KIND, o);
    }
    for (kind, o) in roles::objects() {
        create(cluster, kind, o);
    }
}

const PRIORITIES: &[(&str, i64, &str)] = &[
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
];

/// Creates as the API server does for itself. What it makes is always acceptable; a refusal would show in tests.
pub(crate) fn create(cluster: &mut Cluster, kind: &'static Kind, o: Object) {
    let call = Call {
        who: Who::Component("apiserver", Str::lit("")),
        verb: Verb::Create,
        kind,
        namespace: Str::from(o.namespace()),
        name: Str::from(o.name()),
        subresource: Str::lit(""),
        options: Options::default(),
        body: Some(o.0),
        cause: Rc::new(Cause {
            actor: Str::lit("apiserver"),
            ..Cause::default()
        }),
    };
    if let Err(status) = execute(cluster, call) {
        let text = format!("the API server could not make an object of its own: {status}");
        let at = cluster.now;
        cluster.emit(crate::Output::Alarm { at, text });
    }
}

fn kubernetes_service() -> Object {
    let mut o = Object::new("v1", "Service", "default", "kubernetes").0;
    o.set(
        "metadata.labels",
        value!({ "component": "apiserver", "provider": "kubernetes" }),
    );
    o.set(
        "spec",
        value!({
            "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "type": "ClusterIP", "sessionAffinity": "None",
            "ports": [{ "name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443 }],
        }),
    );
    Object(o)
}

fn kubernetes_endpoints() -> Object {
    let mut o = Object::new("v1", "Endpoints", "default", "kubernetes").0;
    *o.place("metadata.labels")
        .field("endpointslice.kubernetes.io/skip-mirror") = Value::from("true");
    o.set(
        "subsets",
        value!([{ "addresses": [{ "ip": ADDRESS }], "ports": [{ "name": "https", "port": 6443, "protocol": "TCP" }] }]),
    );
    Object(o)
}

fn kubernetes_slice() -> Object {
    let mut o = Object::new(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "default",
        "kubernetes",
    )
    .0;
    *o.place("metadata.labels")
        .field("kubernetes.io/service-name") = Value::from("kubernetes");
    o.set("addressType", "IPv4");
    o.set(
        "endpoints",
        value!([{ "addresses": [ADDRESS], "conditions": { "ready": true } }]),
    );
    o.set(
        "ports",
        value!([{ "name": "https", "port": 6443, "protocol": "TCP" }]),
    );
    Object(o)
}

fn dns_service() -> Object {
    let mut o = Object::new("v1", "Service", "kube-system", "kube-dns").0;
    o.set(
        "metadata.labels",
        value!({ "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" }),
    );
    o.set(
        "spec",
        value!({
            "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "type": "ClusterIP", "selector": { "k8s-app": "kube-dns" },
            "ports": [
                { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53 },
                { "name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53 },
                { "name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153 },
            ],
        }),
    );
    Object(o)
}
