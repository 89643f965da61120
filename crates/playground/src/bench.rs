//! Scenarios that measure what the cluster's computing costs, natively and in Wasm alike. They measure nothing themselves:
//! the caller holds the watch.

use cluster::{Cluster, World};
use machinery::{Method, Object, Request, Value, value};

pub struct Scenario {
    pub name: &'static str,
    pub run: fn(pods: usize, nodes: usize, watch: &mut Watch) -> Done,
}

/// What a scenario came to.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub virtual_ms: i64,
    pub events: u64,
    /// Pods Ready at its end (those placed, for `schedule`; those left, for `drain`).
    pub ready: usize,
    /// Where a scenario has parts: what each is called, and its seconds.
    pub parts: Vec<(&'static str, f64)>,
}

/// The caller's watch: what is measured lies between `start` and the scenario's end. Seconds, by whatever clock.
pub struct Watch<'a> {
    pub clock: &'a dyn Fn() -> f64,
    /// Whether each event is timed; costs time itself.
    pub each: bool,
    pub started: f64,
    /// When it was over: what is dropped afterwards does not count.
    pub ended: f64,
    /// The longest single event, in seconds.
    pub longest: f64,
}

impl<'a> Watch<'a> {
    pub fn new(clock: &'a dyn Fn() -> f64, each: bool) -> Watch<'a> {
        Watch {
            clock,
            each,
            started: 0.0,
            ended: 0.0,
            longest: 0.0,
        }
    }
    /// How long it took, in seconds.
    pub fn took(&self) -> f64 {
        self.ended - self.started
    }
    /// What came before was preparation.
    pub(crate) fn start(&mut self, cluster: &Cluster) -> (i64, u64) {
        self.started = (self.clock)();
        self.longest = 0.0;
        (cluster.now, cluster.handled)
    }
    pub(crate) fn done(&mut self, cluster: &Cluster, from: (i64, u64), ready: usize) -> Done {
        self.ended = (self.clock)();
        Done {
            virtual_ms: cluster.now - from.0,
            events: cluster.handled - from.1,
            ready,
            parts: Vec::new(),
        }
    }
    fn advance(&mut self, cluster: &mut Cluster, until: i64) {
        if !self.each {
            cluster.advance(until, u64::MAX);
            return;
        }
        let mut at = (self.clock)();
        while !cluster.advance(until, 1) {
            let now = (self.clock)();
            self.longest = self.longest.max(now - at);
            at = now;
        }
    }
}

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "deploy",
        run: deploy,
    },
    Scenario {
        name: "rollout",
        run: rollout,
    },
    Scenario {
        name: "probes",
        run: probes,
    },
    Scenario {
        name: "drain",
        run: drain,
    },
    Scenario {
        name: "schedule",
        run: schedule,
    },
    Scenario {
        name: "api",
        run: crate::bench_api::create,
    },
    Scenario {
        name: "list",
        run: crate::bench_api::list,
    },
    Scenario {
        name: "commands",
        run: crate::bench_commands::commands,
    },
];

/// Virtual time after which a scenario gives up.
const LIMIT_MS: i64 = 3_600_000;
pub(crate) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

pub(crate) fn template(image: &str) -> Value {
    value!({
        "metadata": { "labels": { "app": "web" } },
        "spec": { "containers": [{ "name": "web", "image": Value::str(image) }] },
    })
}

pub(crate) fn deployment(replicas: usize, template: Value) -> Value {
    let mut o = Object::new("apps/v1", "Deployment", "default", "web").0;
    o.set(
        "spec",
        value!({
            "replicas": replicas,
            "selector": { "matchLabels": { "app": "web" } },
            "template": template,
        }),
    );
    o
}

/// A fresh cluster whose nodes have room for all.
fn fresh(pods: usize, nodes: usize) -> Cluster {
    let mut world = World::standard(nodes);
    for node in &mut world.nodes {
        node.max_pods = node.max_pods.max((pods / nodes.max(1) + 10) as i64);
    }
    Cluster::new(world)
}

fn send(cluster: &mut Cluster, method: Method, path: &str, body: Value) {
    let answer = cluster.request(Request::new(method, path).body(body));
    debug_assert!(answer.value().is_ok());
}

/// A field of the Deployment's status.
fn status(c: &Cluster, field: &str) -> usize {
    let d = c.store.get("deployments.apps", "default", "web");
    d.map_or(0, |d| d.status().int(field)) as usize
}

/// Second after second until `over`.
fn until(cluster: &mut Cluster, watch: &mut Watch, over: &dyn Fn(&Cluster) -> bool) {
    let end = cluster.now + LIMIT_MS;
    let next = cluster.now + 1000;
    watch.advance(cluster, next);
    while !over(cluster) && cluster.now < end {
        let next = cluster.now + 1000;
        watch.advance(cluster, next);
    }
}

/// A Deployment of `pods` replicas with all of them Ready.
fn deployed(cluster: &mut Cluster, pods: usize, template: Value, watch: &mut Watch) {
    send(
        cluster,
        Method::Post,
        DEPLOYMENTS,
        deployment(pods, template),
    );
    until(cluster, watch, &|c| status(c, "readyReplicas") >= pods);
}

/// A Deployment of `pods` replicas until all are Ready.
fn deploy(pods: usize, nodes: usize, watch: &mut Watch) -> Done {
    let mut cluster = fresh(pods, nodes);
    let from = watch.start(&cluster);
    deployed(&mut cluster, pods, template("nginx:1.25"), watch);
    watch.done(&cluster, from, status(&cluster, "readyReplicas"))
}

/// A rolling update of all of them to another image.
fn rollout(pods: usize, nodes: usize, watch: &mut Watch) -> Done {
    let mut cluster = fresh(pods * 3 / 2, nodes);
    deployed(&mut cluster, pods, template("nginx:1.25"), watch);
    let from = watch.start(&cluster);
    let path = format!("{DEPLOYMENTS}/web");
    let renewed = deployment(pods, template("nginx:1.27"));
    send(&mut cluster, Method::Put, &path, renewed);
    until(&mut cluster, watch, &|c| {
        status(c, "updatedReplicas") >= pods
            && status(c, "readyReplicas") >= pods
            && c.store.count("pods") <= pods
    });
    watch.done(&cluster, from, status(&cluster, "updatedReplicas"))
}

/// All of them with a readiness and a liveness probe, for one virtual hour.
fn probes(pods: usize, nodes: usize, watch: &mut Watch) -> Done {
    let mut cluster = fresh(pods, nodes);
    let mut probed = template("nginx:1.25");
    let probe = value!({ "httpGet": { "path": "/", "port": 80 }, "periodSeconds": 10 });
    let containers = probed.place("spec.containers").list_mut();
    for c in containers {
        c.set("livenessProbe", probe.clone());
        c.set("readinessProbe", probe.clone());
    }
    deployed(&mut cluster, pods, probed, watch);
    let from = watch.start(&cluster);
    let hour = cluster.now + 3_600_000;
    watch.advance(&mut cluster, hour);
    watch.done(&cluster, from, status(&cluster, "readyReplicas"))
}

/// The fullest node is cordoned and its pods are evicted, until they run elsewhere.
fn drain(pods: usize, nodes: usize, watch: &mut Watch) -> Done {
    let mut cluster = fresh(pods * 3 / 2, nodes);
    deployed(&mut cluster, pods, template("nginx:1.25"), watch);
    let from = watch.start(&cluster);
    let full = "/api/v1/nodes/node-1";
    if let Some(node) = cluster.store.get("nodes", "", "node-1").cloned() {
        let node = node.edit(|v| v.set("spec.unschedulable", true));
        send(&mut cluster, Method::Put, full, node.0);
    }
    let there = |c: &Cluster| -> Vec<String> {
        let mine = c.store.on_node("node-1");
        mine.map(|p| p.name().to_string()).collect()
    };
    for name in there(&cluster) {
        let path = format!("/api/v1/namespaces/default/pods/{name}/eviction");
        let body = value!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": { "name": Value::str(&name), "namespace": "default" },
        });
        send(&mut cluster, Method::Post, &path, body);
    }
    until(&mut cluster, watch, &|c| {
        there(c).is_empty() && status(c, "readyReplicas") >= pods
    });
    let left = there(&cluster).len();
    watch.done(&cluster, from, left)
}

/// Pods without owners, made beforehand, until each has its node: the scheduler takes no time for a pod here, so that it
/// is done with all before a kubelet hears of one.
fn schedule(pods: usize, nodes: usize, watch: &mut Watch) -> Done {
    let mut world = World::standard(nodes);
    world.delays.schedule_ms = 0;
    for node in &mut world.nodes {
        node.max_pods = node.max_pods.max((pods / nodes.max(1) + 10) as i64);
    }
    let mut cluster = Cluster::new(world);
    let next = cluster.now + 2000;
    cluster.advance(next, u64::MAX);
    let spec = template("nginx:1.25").get("spec").clone();
    let path = "/api/v1/namespaces/default/pods";
    for i in 0..pods {
        let mut o = Object::new("v1", "Pod", "default", &format!("pod-{i}")).0;
        o.set("spec", spec.clone());
        send(&mut cluster, Method::Post, path, o);
    }
    let from = watch.start(&cluster);
    let heard = cluster.now + cluster.world.delays.watch_ms;
    watch.advance(&mut cluster, heard);
    let all = cluster.store.list("pods", Some("default"));
    let bound = all.filter(|p| !p.text("spec.nodeName").is_empty()).count();
    watch.done(&cluster, from, bound)
}
