//! Scenarios that measure what the cluster's computing costs, natively and in Wasm alike. They measure nothing themselves:
//! the caller holds the watch.

use cluster::{Cluster, World};
use machinery::{Method, Object, Request, Value, value};

pub struct Scenario {
    pub name: &'static str,
    pub run: fn(pods: usize, nodes: usize) -> Done,
}

/// What a scenario came to.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub virtual_ms: i64,
    pub events: u64,
    /// Pods Ready at its end.
    pub ready: usize,
}

pub const SCENARIOS: &[Scenario] = &[Scenario {
    name: "deploy",
    run: deploy,
}];

/// Virtual time after which a scenario gives up.
const LIMIT_MS: i64 = 3_600_000;

fn deployment(name: &str, image: &str, replicas: usize) -> Object {
    let name = Value::str(name);
    let mut o = Object::new(
        "apps/v1",
        "Deployment",
        "default",
        name.as_str().unwrap_or("web"),
    )
    .0;
    o.set(
        "spec",
        value!({
            "replicas": replicas,
            "selector": { "matchLabels": { "app": name.clone() } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": [{ "name": "web", "image": Value::str(image) }] },
            },
        }),
    );
    Object(o)
}

/// A Deployment of `pods` replicas until all are Ready.
fn deploy(pods: usize, nodes: usize) -> Done {
    let mut world = World::standard(nodes);
    for node in &mut world.nodes {
        node.max_pods = node.max_pods.max((pods / nodes.max(1) + 10) as i64);
    }
    let mut cluster = Cluster::new(world);
    let start = cluster.now;
    let path = "/apis/apps/v1/namespaces/default/deployments";
    let answer = cluster
        .request(Request::new(Method::Post, path).body(deployment("web", "nginx:1.25", pods).0));
    debug_assert!(answer.value().is_ok());
    let ready = |c: &Cluster| {
        c.store
            .get("deployments.apps", "default", "web")
            .map_or(0, |d| d.int("status.readyReplicas")) as usize
    };
    while ready(&cluster) < pods && cluster.now < start + LIMIT_MS {
        let next = cluster.now + 1000;
        cluster.advance(next, u64::MAX);
    }
    Done {
        virtual_ms: cluster.now - start,
        events: cluster.handled,
        ready: ready(&cluster),
    }
}
