//! Whether somebody watches changes nothing: shortcuts that are taken only while nobody does come to the same.

use cluster::{Cluster, World};
use machinery::{Method, Request, json, value};

/// Everything that is there after a Deployment was made and renewed on nodes of several sizes.
fn world(listening: bool) -> Vec<String> {
    let mut world = World::standard(7);
    for (i, node) in world.nodes.iter_mut().enumerate() {
        node.cpu_milli += 1000 * (i as i64 % 3);
        node.max_pods = 12 + i as i64;
    }
    let mut c = Cluster::new(world);
    c.listening = listening;
    let path = "/apis/apps/v1/namespaces/default/deployments";
    let deployment = |image: &'static str| {
        value!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
            "spec": {
                "replicas": 70, "selector": { "matchLabels": { "app": "web" } },
                "template": {
                    "metadata": { "labels": { "app": "web" } },
                    "spec": { "containers": [
                        { "name": "a", "image": image, "resources": { "requests": { "cpu": "150m", "memory": "64Mi" } } },
                    ] },
                },
            },
        })
    };
    let sent = [
        (Method::Post, path.to_string(), "nginx:1.25"),
        (Method::Put, format!("{path}/web"), "nginx:1.27"),
    ];
    for (method, path, image) in sent {
        let answer = c.request(Request::new(method, &path).body(deployment(image)));
        assert!(answer.value().is_ok());
        let until = c.now + 60_000;
        c.advance(until, u64::MAX);
        c.drain();
    }
    let mut out = Vec::new();
    for resource in c.store.resources() {
        out.extend(c.store.list(resource, None).map(|o| json::print(&o.0)));
    }
    out
}

#[test]
fn watching_changes_nothing() {
    let (watched, alone) = (world(true), world(false));
    assert!(watched.len() > 400, "{}", watched.len());
    for (a, b) in watched.iter().zip(&alone) {
        assert_eq!(a, b);
    }
    assert_eq!(watched.len(), alone.len());
}
