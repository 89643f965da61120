//! Nodes: how kubelets register their machine, and keep saying that it is alive.
//! Upstream: `pkg/kubelet/kubelet_node_status.go`, `pkg/kubelet/nodestatus`, `component-helpers:apimachinery/lease`.

use super::run::NodeRun;
use super::{Wake, actor};
use crate::Cluster;
use crate::ip;
use crate::network;
use crate::world::NodeSpec;
use machinery::time::{rfc3339, rfc3339_micro};
use machinery::{Map, Object, Str, Trigger, Value, value};
use std::rc::Rc;

/// How often the lease is renewed.
const LEASE_MS: i64 = 10_000;
/// How often the status is written when nothing has changed.
const STATUS_MS: i64 = 300_000;
/// How many images a node's status lists at most.
const IMAGES_MAX: usize = 50;

/// Registers all nodes of the world.
pub fn start(cluster: &mut Cluster) {
    let world = cluster.world.clone();
    // The first worker is node number 1, as with a control plane before it.
    let shift = usize::from(!world.nodes.first().is_some_and(|n| n.control_plane));
    for (i, spec) in world.nodes.iter().enumerate() {
        register(cluster, spec, i + shift);
    }
}

/// Registers the world's last node, which is new.
pub fn join(cluster: &mut Cluster) {
    let world = cluster.world.clone();
    let index = cluster.kubelets.nodes.values().map(|n| n.index + 1).max();
    if let Some(spec) = world.nodes.last() {
        register(cluster, spec, index.unwrap_or(1));
    }
}

fn register(cluster: &mut Cluster, spec: &NodeSpec, index: usize) {
    let name = Str::from(&spec.name);
    let run = NodeRun {
        name: name.clone(),
        index,
        ip: network::node_ip(index),
        cidr: network::node_cidr(index),
        last_ip: 1,
        ..NodeRun::default()
    };
    cluster.network.nodes.insert(run.ip, name.clone());
    let object = object(cluster, spec, &run);
    cluster.kubelets.nodes.insert(name.clone(), Rc::new(run));
    let mut cx = actor(cluster, &name, Trigger::None);
    let status = object.status().clone();
    if let Ok(made) = cx.create(
        &kinds::node::KIND,
        &object,
        "the kubelet registers its node",
    ) {
        let _ = cx.update_status(
            &kinds::node::KIND,
            &made.edit(|v| v.set("status", status)),
            "the node is ready",
        );
    }
    heartbeat(cluster, &name);
}

fn object(cluster: &Cluster, spec: &NodeSpec, run: &NodeRun) -> Object {
    let mut o = Object::new("v1", "Node", "", &spec.name).0;
    let mut labels = Map::default();
    for (key, value) in [
        ("beta.kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", spec.name.as_str()),
        ("kubernetes.io/os", "linux"),
    ] {
        labels.insert(key, Value::str(value));
    }
    if !spec.zone.is_empty() {
        labels.insert("topology.kubernetes.io/zone", &spec.zone);
    }
    if spec.control_plane {
        labels.insert("node-role.kubernetes.io/control-plane", "");
        labels.insert(
            "node.kubernetes.io/exclude-from-external-load-balancers",
            "",
        );
        o.set(
            "spec.taints",
            value!([{ "effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane" }]),
        );
    }
    for (k, v) in &spec.labels {
        labels.insert(k.as_str(), Value::str(v));
    }
    o.set("metadata.labels", Value::from(labels));
    let mut annotations = Map::default();
    annotations.insert("node.alpha.kubernetes.io/ttl", "0");
    annotations.insert(
        "volumes.kubernetes.io/controller-managed-attach-detach",
        "true",
    );
    o.set("metadata.annotations", Value::from(annotations));
    let cidr = format!("{}/24", ip::text(run.cidr));
    o.set("spec.podCIDR", &cidr);
    o.set("spec.podCIDRs", value!([cidr]));
    o.set("spec.providerID", format!("bottleship://{}", spec.name));
    o.set("status", status(cluster, spec, run));
    Object(o)
}

fn status(cluster: &Cluster, spec: &NodeSpec, run: &NodeRun) -> Value {
    let cpu = if spec.cpu_milli % 1000 == 0 {
        (spec.cpu_milli / 1000).to_string()
    } else {
        format!("{}m", spec.cpu_milli)
    };
    let mut capacity = value!({
        "cpu": cpu, "ephemeral-storage": "61202244Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0",
        "memory": format!("{}Ki", spec.memory_bytes / 1024), "pods": spec.max_pods.to_string(),
    });
    let mut allocatable = capacity.clone();
    for (name, amount) in &spec.extended {
        capacity.map_mut().insert(name.as_str(), Value::str(amount));
        allocatable
            .map_mut()
            .insert(name.as_str(), Value::str(amount));
    }
    let now = rfc3339(cluster.now);
    let condition = |kind: &'static str,
                     status: &'static str,
                     reason: &'static str,
                     message: &'static str| {
        value!({
            "lastHeartbeatTime": &now, "lastTransitionTime": &now, "message": message, "reason": reason, "status": status, "type": kind,
        })
    };
    value!({
        "addresses": [
            { "address": ip::text(run.ip), "type": "InternalIP" },
            { "address": Value::str(&spec.name), "type": "Hostname" },
        ],
        "allocatable": allocatable,
        "capacity": capacity,
        "conditions": [
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ],
        "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
        "images": [],
        "nodeInfo": {
            "architecture": "amd64", "bootID": uuid(&format!("boot {}", spec.name)), "containerRuntimeVersion": "containerd://2.2.1",
            "kernelVersion": "6.12.57", "kubeProxyVersion": "", "kubeletVersion": "v1.36.2", "machineID": super::images::hex64(&spec.name)[..32].to_string(),
            "operatingSystem": "linux", "osImage": "Debian GNU/Linux 12 (bookworm)", "systemUUID": uuid(&format!("system {}", spec.name)),
            "swap": { "capacity": 0 },
        },
    })
}

fn uuid(text: &str) -> String {
    let h = super::images::hex64(text);
    format!(
        "{}-{}-4{}-a{}-{}",
        &h[..8],
        &h[8..12],
        &h[13..16],
        &h[17..20],
        &h[20..32]
    )
}

/// Renews the lease; now and then writes the status; comes again.
pub fn heartbeat(cluster: &mut Cluster, name: &Str) {
    let now = cluster.now;
    let Some(node) = cluster.kubelets.node(name) else {
        return;
    };
    let reachable = !node.cut && !node.stopped;
    if !cluster.kubelets.nodes.contains_key(name) {
        return;
    }
    if reachable {
        lease(cluster, name);
        super::pressure::look(cluster, name);
        let due = cluster
            .kubelets
            .node(name)
            .is_some_and(|n| now - n.heartbeat_at >= STATUS_MS || n.heartbeat_at == 0);
        if due {
            post(cluster, name);
        }
    }
    // Leases are spread over the interval, so that 5,000 nodes do not all speak at once.
    let spread = if cluster.handled == 0 {
        name.bytes().map(i64::from).sum::<i64>() * 97 % LEASE_MS
    } else {
        0
    };
    let (at, node) = (now + LEASE_MS - spread, name.clone());
    cluster
        .queue
        .kubelet(at, node, Str::default(), Wake::Heartbeat);
}

fn lease(cluster: &mut Cluster, name: &Str) {
    let now = rfc3339_micro(cluster.now);
    let old = cluster
        .store
        .get("leases.coordination.k8s.io", "kube-node-lease", name)
        .cloned();
    let owner = cluster
        .store
        .get("nodes", "", name)
        .map(|n| n.uid().to_string());
    let mut cx = actor(cluster, name, Trigger::Timer);
    match old {
        Some(lease) => {
            let renewed = lease.edit(|v| v.set("spec.renewTime", now));
            let _ = cx.update(&kinds::lease::KIND, &renewed, "the kubelet is alive");
        }
        None => {
            let mut o = Object::new("coordination.k8s.io/v1", "Lease", "kube-node-lease", name).0;
            if let Some(uid) = owner {
                o.set("metadata.ownerReferences", value!([{ "apiVersion": "v1", "kind": "Node", "name": Value::str(name), "uid": uid }]));
            }
            o.set("spec", value!({ "holderIdentity": Value::str(name), "leaseDurationSeconds": 40, "renewTime": now }));
            let _ = cx.create(&kinds::lease::KIND, &Object(o), "the kubelet is alive");
        }
    }
}

/// What a node's conditions say while all is well.
const FINE: &[(&str, &str, &str, &str)] = &[
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    (
        "DiskPressure",
        "False",
        "KubeletHasNoDiskPressure",
        "kubelet has no disk pressure",
    ),
    (
        "PIDPressure",
        "False",
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
    ),
    (
        "Ready",
        "True",
        "KubeletReady",
        "kubelet is posting ready status",
    ),
];

/// Writes the node's status: heartbeat times, images, and that it is ready (again).
pub fn post(cluster: &mut Cluster, name: &Str) {
    let now = cluster.now;
    let Some(node) = cluster.store.get("nodes", "", name).cloned() else {
        return;
    };
    let Some(run) = cluster.kubelets.node_mut(name) else {
        return;
    };
    let first = run.heartbeat_at == 0;
    run.heartbeat_at = now;
    let run = run.clone();
    if first {
        return;
    }
    let text = rfc3339(now);
    let new = node.edit(|v| {
        for c in v.place("status.conditions").list_mut() {
            let Some((_, status, reason, message)) = FINE.iter().find(|f| f.0 == c.text("type"))
            else {
                continue;
            };
            if c.text("type") == "MemoryPressure" && super::pressure::is_pressed(&run) {
                c.set("lastHeartbeatTime", &text);
                continue;
            }
            if c.text("status") != *status {
                c.set("lastTransitionTime", &text);
            }
            c.set("status", *status);
            c.set("reason", *reason);
            c.set("message", *message);
            c.set("lastHeartbeatTime", &text);
        }
        let images: Vec<Value> = run
            .images
            .iter()
            .take(IMAGES_MAX)
            .map(|(full, image)| {
                let id = super::images::parse(full).map_or_else(String::new, |r| r.id());
                value!({ "names": [id, full.clone()], "sizeBytes": image.size })
            })
            .collect();
        v.set("status.images", Value::from(images));
    });
    let mut cx = actor(cluster, name, Trigger::Timer);
    let _ = cx.update_status(&kinds::node::KIND, &new, "the kubelet reports its node");
}

/// The node is reachable again: says so at once, and looks at all of its pods.
pub fn sync(cluster: &mut Cluster, name: &Str) {
    let Some(node) = cluster.kubelets.node(name) else {
        return;
    };
    if node.cut || node.stopped {
        return;
    }
    lease(cluster, name);
    post(cluster, name);
    let mut uids: Vec<Str> = cluster
        .store
        .on_node(name)
        .map(|p| Str::from(p.uid()))
        .collect();
    uids.extend(
        cluster
            .kubelets
            .pods
            .iter()
            .filter(|(_, r)| r.node == *name)
            .map(|(uid, _)| uid.clone()),
    );
    for uid in uids {
        if let Some(run) = cluster.kubelets.pod_mut(&uid) {
            run.dirty(0, "the node is reachable again");
        }
        let now = cluster.now;
        cluster.queue.kubelet(now, name.clone(), uid, Wake::Sync);
    }
}
