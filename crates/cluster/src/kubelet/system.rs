//! The control plane's own pods, where the world wants them seen: static pods of the control plane's node, kube-proxy and
//! CoreDNS, as kubeadm lays them out. The components themselves are not processes in these pods, but follow them:
//! a component whose pod was stopped does nothing.
//! Upstream: `kubernetes:cmd/kubeadm/app/phases`, `pkg/kubelet/pod/mirror_client.go`.

use super::{Wake, actor, images};
use crate::Cluster;
use crate::cx::Cx;
use kinds::Kind;
use machinery::time::rfc3339_micro;
use machinery::{Object, Str, Trigger, Value, value};

/// How often somebody who waits for a stopped component looks again.
pub const AWAY_MS: i64 = 1_000;
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Static pods: name, image, command, CPU that is asked for.
const STATIC: &[(&str, &str, &[&str], &str)] = &[
    (
        "etcd",
        "registry.k8s.io/etcd:3.6.6-0",
        &["etcd", "--data-dir=/var/lib/etcd"],
        "100m",
    ),
    (
        "kube-apiserver",
        "registry.k8s.io/kube-apiserver:v1.36.2",
        &["kube-apiserver", "--secure-port=6443"],
        "250m",
    ),
    (
        "kube-controller-manager",
        "registry.k8s.io/kube-controller-manager:v1.36.2",
        &["kube-controller-manager", "--leader-elect=true"],
        "200m",
    ),
    (
        "kube-scheduler",
        "registry.k8s.io/kube-scheduler:v1.36.2",
        &["kube-scheduler", "--leader-elect=true"],
        "100m",
    ),
];

/// Asks for the system's pods once the cluster has started.
pub(super) fn start(cluster: &mut Cluster) {
    if let Some(node) = home(cluster) {
        wake(cluster, &node);
    }
}

/// The node of the control plane, if its pods are to be seen.
pub(super) fn home(cluster: &Cluster) -> Option<String> {
    if !cluster.world.system_pods {
        return None;
    }
    let nodes = &cluster.world.nodes;
    let leads = |n: &&crate::world::NodeSpec| {
        n.control_plane
            || n.labels
                .iter()
                .any(|(k, _)| k == "node-role.kubernetes.io/control-plane")
    };
    nodes
        .iter()
        .find(leads)
        .or(nodes.first())
        .map(|n| n.name.clone())
}

/// Static pods of a node are looked after a moment later.
pub(super) fn wake(cluster: &mut Cluster, node: &str) {
    let (at, node) = (cluster.now + AWAY_MS, Str::from(node));
    cluster
        .queue
        .kubelet(at, node, Str::default(), Wake::Static);
}

pub(crate) fn is_mirror(pod: &Object) -> bool {
    pod.annotation(MIRROR).is_some()
}

/// Whether a component of the control plane runs. Where its pods are not shown, it always does.
pub fn runs(cluster: &Cluster, component: &str) -> bool {
    !cluster.kubelets.stopped.contains(component)
}

/// The components that are static pods.
pub fn names() -> impl Iterator<Item = &'static str> {
    STATIC.iter().map(|s| s.0)
}

/// Whether a component can be stopped on purpose: not those without which nothing answers.
pub fn can_stop(component: &str) -> bool {
    names().any(|n| n == component && n != "kube-apiserver" && n != "etcd")
}

/// Stops a component, as moving its manifest away does, or brings it back.
pub(super) fn stop(cluster: &mut Cluster, component: &str, on: bool) -> bool {
    if !can_stop(component) {
        return false;
    }
    match on {
        true => cluster.kubelets.stopped.insert(Str::from(component)),
        false => cluster.kubelets.stopped.remove(component),
    };
    // Where its pod is not to be seen, it stops all the same.
    let Some(node) = home(cluster) else {
        return true;
    };
    if on {
        let pod = cluster
            .store
            .get("pods", "kube-system", &format!("{component}-{node}"))
            .cloned();
        if let Some(pod) = pod {
            let mut cx = actor(cluster, &Str::from(&node), Trigger::None);
            let _ = cx.delete(&kinds::pod::KIND, &pod, Some(0), "its manifest is gone");
        }
    } else {
        wake(cluster, &node);
    }
    true
}

/// Brings static pods and the add-ons to life; tries again while something is refused.
pub(super) fn sync(cluster: &mut Cluster, node: &Str) {
    let Some(home) = home(cluster) else { return };
    if home != node.as_str()
        || cluster
            .kubelets
            .node(node)
            .is_none_or(|n| n.cut || n.stopped)
    {
        return;
    }
    let mut all = true;
    for (name, image, command, cpu) in STATIC {
        let full = format!("{name}-{node}");
        if cluster.kubelets.stopped.contains(*name)
            || cluster.store.get("pods", "kube-system", &full).is_some()
        {
            continue;
        }
        let pod = mirror(cluster, node, name, image, command, cpu);
        let mut cx = actor(cluster, node, Trigger::None);
        all &= cx
            .create(&kinds::pod::KIND, &pod, "its manifest is on the node")
            .is_ok();
    }
    for (kind, object) in add_ons() {
        if cluster
            .store
            .get(&kind.resource(), "kube-system", object.name())
            .is_none()
        {
            let mut cx = Cx {
                cluster,
                actor: "kubeadm",
                host: Str::default(),
                trigger: Trigger::None,
            };
            all &= cx
                .create(kind, &object, "an add-on of every cluster")
                .is_ok();
        }
    }
    if !all {
        wake(cluster, node);
    }
}

fn mirror(
    cluster: &Cluster,
    node: &Str,
    name: &'static str,
    image: &'static str,
    command: &[&'static str],
    cpu: &'static str,
) -> Object {
    let hash = images::hex64(name)[..32].to_string();
    let mut o = Object::new("v1", "Pod", "kube-system", &format!("{name}-{node}")).0;
    let annotations = o.place("metadata.annotations");
    *annotations.field(MIRROR) = Value::from(&hash);
    *annotations.field("kubernetes.io/config.hash") = Value::from(&hash);
    *annotations.field("kubernetes.io/config.seen") = Value::from(rfc3339_micro(cluster.now));
    *annotations.field("kubernetes.io/config.source") = Value::from("file");
    o.set(
        "metadata.labels",
        value!({ "component": name, "tier": "control-plane" }),
    );
    if let Some(n) = cluster.store.get("nodes", "", node) {
        o.set(
            "metadata.ownerReferences",
            value!([{ "apiVersion": "v1", "controller": true, "kind": "Node", "name": Value::str(node), "uid": Value::str(n.uid()) }]),
        );
    }
    let words: Vec<Value> = command.iter().map(|w| Value::from(*w)).collect();
    o.set(
        "spec",
        value!({
            "containers": [{
                "command": Value::from(words), "image": image, "imagePullPolicy": "IfNotPresent", "name": name,
                "resources": { "requests": { "cpu": cpu } },
            }],
            "hostNetwork": true, "nodeName": Value::str(node), "priorityClassName": "system-node-critical",
            "tolerations": [{ "effect": "NoExecute", "operator": "Exists" }],
        }),
    );
    Object(o)
}

/// kube-proxy on every node, and two replicas of CoreDNS.
fn add_ons() -> Vec<(&'static Kind, Object)> {
    let account = |name: &str| {
        (
            &kinds::serviceaccount::KIND,
            Object::new("v1", "ServiceAccount", "kube-system", name),
        )
    };
    let mut corefile = Object::new("v1", "ConfigMap", "kube-system", "coredns").0;
    corefile.set(
        "data",
        value!({ "Corefile": ".:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n       pods insecure\n       fallthrough in-addr.arpa ip6.arpa\n       ttl 30\n    }\n    prometheus :9153\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    cache 30\n    loop\n    reload\n    loadbalance\n}\n" }),
    );
    let mut proxy = Object::new("apps/v1", "DaemonSet", "kube-system", "kube-proxy").0;
    proxy.set("metadata.labels", value!({ "k8s-app": "kube-proxy" }));
    proxy.set(
        "spec",
        value!({
            "selector": { "matchLabels": { "k8s-app": "kube-proxy" } },
            "template": {
                "metadata": { "labels": { "k8s-app": "kube-proxy" } },
                "spec": {
                    "containers": [{
                        "command": ["/usr/local/bin/kube-proxy", "--hostname-override=$(NODE_NAME)"],
                        "env": [{ "name": "NODE_NAME", "valueFrom": { "fieldRef": { "fieldPath": "spec.nodeName" } } }],
                        "image": "registry.k8s.io/kube-proxy:v1.36.2", "imagePullPolicy": "IfNotPresent", "name": "kube-proxy",
                    }],
                    "hostNetwork": true, "nodeSelector": { "kubernetes.io/os": "linux" }, "priorityClassName": "system-node-critical",
                    "serviceAccountName": "kube-proxy", "tolerations": [{ "operator": "Exists" }],
                },
            },
        }),
    );
    let mut dns = Object::new("apps/v1", "Deployment", "kube-system", "coredns").0;
    dns.set("metadata.labels", value!({ "k8s-app": "kube-dns" }));
    dns.set(
        "spec",
        value!({
            "replicas": 2,
            "selector": { "matchLabels": { "k8s-app": "kube-dns" } },
            "strategy": { "rollingUpdate": { "maxUnavailable": 1 } },
            "template": {
                "metadata": { "labels": { "k8s-app": "kube-dns" } },
                "spec": {
                    "containers": [{
                        "args": ["-conf", "/etc/coredns/Corefile"], "image": "registry.k8s.io/coredns/coredns:v1.13.1", "name": "coredns",
                        "ports": [
                            { "containerPort": 53, "name": "dns", "protocol": "UDP" }, { "containerPort": 53, "name": "dns-tcp" },
                            { "containerPort": 9153, "name": "metrics" },
                        ],
                        "resources": { "limits": { "memory": "170Mi" }, "requests": { "cpu": "100m", "memory": "70Mi" } },
                        "volumeMounts": [{ "mountPath": "/etc/coredns", "name": "config-volume", "readOnly": true }],
                    }],
                    "priorityClassName": "system-cluster-critical", "serviceAccountName": "coredns",
                    "tolerations": [
                        { "key": "CriticalAddonsOnly", "operator": "Exists" },
                        { "effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane" },
                    ],
                    "volumes": [{ "configMap": { "items": [{ "key": "Corefile", "path": "Corefile" }], "name": "coredns" }, "name": "config-volume" }],
                },
            },
        }),
    );
    vec![
        account("coredns"),
        account("kube-proxy"),
        (&kinds::configmap::KIND, Object(corefile)),
        (&kinds::daemonset::KIND, Object(proxy)),
        (&kinds::deployment::KIND, Object(dns)),
    ]
}
