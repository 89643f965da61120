//! The objects that the API server itself makes when it starts. Upstream: `kubernetes:pkg/controlplane`.

use super::{Call, Options, Verb, Who, execute};
use crate::Cluster;
use kinds::Kind;
use machinery::{Cause, Object, Str, Value, value};
use std::rc::Rc;

const NAMESPACES: &[&str] = &["default", "kube-node-lease", "kube-public", "kube-system"];

pub(crate) fn bootstrap(cluster: &mut Cluster) {
    for ns in NAMESPACES {
        let o = Object::new("v1", "Namespace", "", ns);
        create(cluster, &kinds::namespace::KIND, o);
    }
    create(cluster, &kinds::service::KIND, kubernetes_service());
}

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
        cause: Rc::new(Cause { actor: Str::lit("apiserver"), ..Cause::default() }),
    };
    if let Err(status) = execute(cluster, call) {
        let text = format!("the API server could not make an object of its own: {status}");
        let at = cluster.now;
        cluster.emit(crate::Output::Alarm { at, text });
    }
}

fn kubernetes_service() -> Object {
    let mut o = Object::new("v1", "Service", "default", "kubernetes").0;
    o.set("metadata.labels", value!({ "component": "apiserver", "provider": "kubernetes" }));
    o.set(
        "spec",
        value!({
            "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "type": "ClusterIP", "sessionAffinity": "None",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
            "ports": [{ "name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443 }],
        }),
    );
    Object(o)
}

#[allow(dead_code)]
fn nothing() -> Value {
    Value::Null
}
