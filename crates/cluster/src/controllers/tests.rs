//! What controllers and scheduler bring about together, seen through the API; kubelets are played by the test, so that
//! these hold without them.

use crate::cx::Cx;
use crate::{Cluster, World};
use machinery::{Method, Object, Request, Response, Str, Trigger, Value, time, value};

/// A cluster of `n` nodes whose kubelets are this test.
struct Bench {
    c: Cluster,
    /// Images whose pods never become ready.
    bad: &'static str,
}

impl Bench {
    fn new(n: usize) -> Bench {
        let mut world = World::standard(0);
        // Ten thousand pods are to be placed before the silent nodes are given up.
        world.delays.schedule_ms = 1;
        let mut c = Cluster::new(world);
        for i in 1..=n {
            let name = format!("node-{i}");
            let node = value!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": { "name": name.clone(), "labels": { "kubernetes.io/hostname": name } },
                "status": {
                    "allocatable": { "cpu": "4", "memory": "8Gi", "pods": "110" },
                    "conditions": [{ "type": "Ready", "status": "True" }],
                },
            });
            send(&mut c, Method::Post, "/api/v1/nodes", node);
        }
        let mut b = Bench { c, bad: ":bad" };
        b.run(2000);
        b
    }
    /// Lets virtual time pass, the kubelets' part included.
    fn run(&mut self, ms: i64) {
        let end = self.c.now + ms;
        while self.c.now < end {
            self.c.advance(self.c.now + 100, 1_000_000);
            self.kubelets();
        }
    }
    /// Lets virtual time pass while one node says every ten seconds that it lives.
    fn run_beating(&mut self, node: &'static str, ms: i64) {
        const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
        for _ in 0..ms / 10_000 {
            let path = format!("{LEASES}/{node}");
            let spec = value!({ "leaseDurationSeconds": 40, "renewTime": time::rfc3339_micro(self.c.now) });
            if self.get(&path).is_null() {
                let lease = value!({
                    "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                    "metadata": { "name": node }, "spec": spec,
                });
                send(&mut self.c, Method::Post, LEASES, lease);
            } else {
                self.apply(&path, |v| v.set("spec", spec));
            }
            self.run(10_000);
        }
    }
    fn kubelets(&mut self) {
        let all: Vec<Object> = self.c.store.list("pods", None).cloned().collect();
        let all = all
            .into_iter()
            .filter(|p| !p.text("spec.nodeName").is_empty());
        for p in all {
            let now = time::rfc3339(self.c.now);
            let bad = p
                .at("spec.containers")
                .items()
                .iter()
                .any(|x| x.text("image").ends_with(self.bad));
            let mut cx = Cx {
                cluster: &mut self.c,
                actor: "kubelet",
                host: Str::from(p.text("spec.nodeName")),
                trigger: Trigger::None,
            };
            if p.is_deleting() {
                let _ = cx.delete(&kinds::pod::KIND, &p, Some(0), "");
            } else if p.text("status.phase") != "Running" {
                let ready = if bad { "False" } else { "True" };
                let new = p.edit(|v| {
                    v.set("status.phase", "Running");
                    v.set("status.podIP", "10.244.1.7");
                    v.place("status.conditions").push(value!({
                        "type": "Ready", "status": ready, "lastTransitionTime": now,
                    }));
                });
                let _ = cx.update_status(&kinds::pod::KIND, &new, "");
            }
        }
    }
    fn get(&mut self, path: &str) -> Value {
        match self.c.request(Request::get(path)) {
            Response::Ok { body, .. } => body,
            _ => Value::Null,
        }
    }
    fn apply(&mut self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut v = self.get(path);
        change(&mut v);
        send(&mut self.c, Method::Put, path, v);
    }
    fn events(&self, reason: &str) -> Vec<String> {
        let all = self.c.store.list("events", None);
        let mut all: Vec<_> = all.filter(|e| e.text("reason") == reason).collect();
        all.sort_by_key(|e| e.resource_version());
        all.iter().map(|e| e.text("message").to_string()).collect()
    }
    /// Pods per node, as text.
    fn placed(&self) -> String {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for p in self.c.store.list("pods", Some("default")) {
            *counts.entry(p.text("spec.nodeName")).or_default() += 1;
        }
        format!("{counts:?}")
    }
}

fn send(c: &mut Cluster, method: Method, path: &str, v: Value) {
    if let Response::Err { status, .. } = c.request(Request::new(method, path).body(v)) {
        panic!("{path}: {status}");
    }
}

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const WEB: &str = "/apis/apps/v1/namespaces/default/deployments/web";

fn deployment(replicas: i64, image: &str) -> Value {
    value!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": {
            "replicas": replicas, "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": Value::str(image) }] },
            },
        },
    })
}

fn sizes(b: &mut Bench) -> Vec<i64> {
    let mut sets: Vec<(i64, i64)> =
        b.c.store
            .list("replicasets.apps", None)
            .map(|rs| {
                let revision = rs
                    .annotation("deployment.kubernetes.io/revision")
                    .unwrap_or("0");
                (revision.parse().unwrap_or(0), rs.int("spec.replicas"))
            })
            .collect();
    sets.sort();
    sets.into_iter().map(|s| s.1).collect()
}

#[test]
fn a_deployment_rolls_out_gets_stuck_and_is_rolled_back() {
    let b = &mut Bench::new(3);
    send(
        &mut b.c,
        Method::Post,
        DEPLOYMENTS,
        deployment(3, "nginx:1"),
    );
    b.run(3000);
    let d = b.get(WEB);
    assert_eq!(d.text("metadata.annotations").len(), 0);
    let s = d.get("status");
    assert_eq!(
        (
            s.int("replicas"),
            s.int("readyReplicas"),
            s.int("availableReplicas"),
            s.int("observedGeneration")
        ),
        (3, 3, 3, 1)
    );
    assert_eq!(b.placed(), r#"{"node-1": 1, "node-2": 1, "node-3": 1}"#);
    let conditions: Vec<String> = s
        .get("conditions")
        .items()
        .iter()
        .map(|c| {
            format!(
                "{} {} {}",
                c.text("type"),
                c.text("status"),
                c.text("reason")
            )
        })
        .collect();
    assert_eq!(
        conditions,
        [
            "Available True MinimumReplicasAvailable",
            "Progressing True NewReplicaSetAvailable"
        ]
    );
    b.apply(WEB, |v| v.set("spec.replicas", 5));
    b.run(3000);
    b.apply(WEB, |v| {
        v.set(
            "spec.strategy.rollingUpdate",
            value!({ "maxSurge": 2, "maxUnavailable": 1 }),
        );
        let c = v.place("spec.template.spec.containers").list_mut();
        c[0].set("image", "nginx:bad");
    });
    b.run(5000);
    assert_eq!(
        sizes(b),
        [4, 3],
        "as the recorded rollout with these bounds"
    );
    b.apply(WEB, |v| {
        v.place("spec.template.spec.containers").list_mut()[0].set("image", "nginx:1")
    });
    b.run(5000);
    assert_eq!(sizes(b), [0, 5]);
    let scaled = b.events("ScalingReplicaSet");
    assert!(
        scaled[0].ends_with("from 0 to 3") && scaled[1].ends_with("from 3 to 5"),
        "{scaled:?}"
    );
    send(&mut b.c, Method::Delete, WEB, Value::Null);
    b.run(3000);
    assert_eq!(
        (b.placed(), sizes(b).len()),
        ("{}".into(), 0),
        "everything owned goes too"
    );
}

#[test]
fn pods_that_fit_nowhere_say_why() {
    let b = &mut Bench::new(3);
    let pod = |name: &str, spec: Value| {
        let mut spec = spec;
        spec.set_default("containers", value!([{ "name": "c", "image": "x" }]));
        value!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": Value::str(name) }, "spec": spec })
    };
    let cpu = |n: &str| value!([{ "name": "c", "image": "x", "resources": { "requests": { "cpu": Value::str(n) } } }]);
    let table = [
        (
            value!({ "containers": cpu("5") }),
            "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
        ),
        (
            value!({ "nodeSelector": { "disk": "ssd" } }),
            "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
        ),
    ];
    for (i, (spec, expected)) in table.into_iter().enumerate() {
        let p = pod(&format!("p{i}"), spec);
        send(&mut b.c, Method::Post, "/api/v1/namespaces/default/pods", p);
        b.run(500);
        assert_eq!(
            b.events("FailedScheduling").last().map(String::as_str),
            Some(expected)
        );
    }
    // A label that helps brings the waiting pod back.
    b.apply("/api/v1/nodes/node-2", |v| {
        v.set("metadata.labels.disk", "ssd")
    });
    b.run(3000);
    assert_eq!(b.placed(), r#"{"": 1, "node-2": 1}"#);
    // More important pods push less important ones off a full node.
    for name in ["a", "b", "c"] {
        send(
            &mut b.c,
            Method::Post,
            "/api/v1/namespaces/default/pods",
            pod(name, value!({ "containers": cpu("3") })),
        );
    }
    b.run(1000);
    let class = value!({ "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": { "name": "urgent" }, "value": 1000 });
    send(
        &mut b.c,
        Method::Post,
        "/apis/scheduling.k8s.io/v1/priorityclasses",
        class,
    );
    let urgent = value!({ "priorityClassName": "urgent", "containers": cpu("3") });
    send(
        &mut b.c,
        Method::Post,
        "/api/v1/namespaces/default/pods",
        pod("urgent", urgent),
    );
    b.run(5000);
    let p = b.get("/api/v1/namespaces/default/pods/urgent");
    assert_ne!(p.text("spec.nodeName"), "");
    assert_eq!(b.events("Preempted").len(), 1);
}

#[test]
fn a_silent_node_loses_its_pods_after_five_minutes() {
    let b = &mut Bench::new(2);
    send(
        &mut b.c,
        Method::Post,
        DEPLOYMENTS,
        deployment(2, "nginx:1"),
    );
    // The other node lives: where all are silent, nothing is evicted.
    b.run_beating("node-2", 60_000);
    let node = b.get("/api/v1/nodes/node-1");
    let taints: Vec<&str> = node
        .at("spec.taints")
        .items()
        .iter()
        .map(|t| t.text("effect"))
        .collect();
    assert_eq!(taints, ["NoSchedule", "NoExecute"]);
    assert_eq!(b.events("TaintManagerEviction").len(), 0);
    b.run_beating("node-2", 300_000);
    assert!(!b.events("TaintManagerEviction").is_empty());
}

#[test]
fn ten_thousand_pods_are_placed_evenly() {
    let b = &mut Bench::new(100);
    send(
        &mut b.c,
        Method::Post,
        DEPLOYMENTS,
        deployment(10_000, "nginx:1"),
    );
    b.c.advance(b.c.now + 20_000, 10_000_000);
    let mut per_node = std::collections::BTreeMap::<&str, usize>::new();
    for p in b.c.store.list("pods", Some("default")) {
        *per_node.entry(p.text("spec.nodeName")).or_default() += 1;
    }
    assert_eq!(
        (
            per_node.len(),
            per_node.values().min(),
            per_node.values().max()
        ),
        (100, Some(&100), Some(&100))
    );
}
