//! What 10,000 pods cost the door: created from one template as the ReplicaSet controller does, bound, made ready.
//! `cargo run --release -p cluster --example pods`

use cluster::{Cluster, Cx, World};
use machinery::{Object, Trigger, value};

fn main() {
    let n: usize = std::env::args()
        .nth(1)
        .and_then(|a| a.parse().ok())
        .unwrap_or(10_000);
    let mut c = Cluster::new(World::standard(3));
    c.advance(c.now + 5_000, 1_000_000);
    let template = value!({
        "metadata": { "labels": { "app": "web" } },
        "spec": { "containers": [{ "name": "web", "image": "nginx:1.27", "ports": [{ "containerPort": 80 }] }] },
    });
    let mut cx = Cx {
        cluster: &mut c,
        actor: "replicaset-controller",
        host: Default::default(),
        trigger: Trigger::None,
    };
    let mut made = Vec::new();
    let mut lap = Lap::start();
    for _ in 0..n {
        let mut o = Object::new("v1", "Pod", "default", "").0;
        o.remove("metadata.name");
        o.set("metadata.generateName", "web-7b46c4b544-");
        o.set("metadata.labels", template.at("metadata.labels").clone());
        let owner = value!([{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7b46c4b544", "uid": "u", "controller": true }]);
        o.set("metadata.ownerReferences", owner);
        o.set("spec", template.get("spec").clone());
        made.push(cx.create(&kinds::pod::KIND, &Object(o), "wanted more"));
    }
    lap.tell("create", n);
    cx.actor = "default-scheduler";
    for p in made.iter().flatten() {
        let body = value!({ "target": { "kind": "Node", "name": "node-1" } });
        let _ = cx.create_sub(&kinds::pod::KIND, "binding", p, body, "");
    }
    lap.tell("bind", n);
    cx.actor = "kubelet";
    for p in made.iter().flatten() {
        let Some(p) = cx.store().get("pods", "default", p.name()).cloned() else {
            continue;
        };
        let new = p.edit(|v| v.set("status.phase", "Running"));
        let _ = cx.update_status(&kinds::pod::KIND, &new, "");
    }
    lap.tell("status", n);
}

struct Lap(f64);

impl Lap {
    fn start() -> Lap {
        Lap(cpu())
    }
    fn tell(&mut self, what: &str, n: usize) {
        let now = cpu();
        println!("{what:8} {:8.2} us each", (now - self.0) * 1e6 / n as f64);
        self.0 = now;
    }
}

/// CPU seconds of this process, read from the system: the lint forbids clocks.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|n| n.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1e9
}
