//! NodeUnschedulable, NodeName, NodePorts, ImageLocality: the short ones.

use super::super::ask::Ask;
use super::super::framework::Plugin;
use super::super::rows::{Row, Snapshot};
use super::{hopeless, refused, taints};
use machinery::{Str, Value, value};

/// Cordoned nodes take no pod, but those that tolerate the taint that says so (a DaemonSet's).
pub const NODE_UNSCHEDULABLE: Plugin = Plugin {
    name: "NodeUnschedulable",
    filter: Some(|s, row| {
        let taint = || value!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
        if row.unschedulable && !taints::tolerates(&s.ask.tolerations, &taint()) {
            return hopeless("node(s) were unschedulable");
        }
        Ok(())
    }),
    ..Plugin::NONE
};

/// `spec.nodeName` set from the start passes the scheduler by; the plugin is here for completeness.
pub const NODE_NAME: Plugin = Plugin {
    name: "NodeName",
    filter: Some(|s, row| {
        let wanted = s.ask.pod.text("spec.nodeName");
        if wanted.is_empty() || *wanted == *row.name {
            return Ok(());
        }
        hopeless("node(s) didn't match the requested node name")
    }),
    ..Plugin::NONE
};

/// A host port is free once a node (and address and protocol).
pub const NODE_PORTS: Plugin = Plugin {
    name: "NodePorts",
    filter: Some(|s, row| {
        let taken = |p: &(Str, Str, i64)| row.ports.iter().any(|q| conflict(p, q));
        if s.ask.ports.iter().any(taken) {
            return refused("node(s) didn't have free ports for the requested pod ports");
        }
        Ok(())
    }),
    ..Plugin::NONE
};

fn conflict(a: &(Str, Str, i64), b: &(Str, Str, i64)) -> bool {
    let any = |x: &Str| *x == "0.0.0.0";
    a.2 == b.2 && a.1 == b.1 && (a.0 == b.0 || any(&a.0) || any(&b.0))
}

/// Nodes that have the images already are better; images on many nodes count for more.
pub const IMAGE_LOCALITY: Plugin = Plugin {
    name: "ImageLocality",
    score: Some(score_images),
    weight: 1,
    ..Plugin::NONE
};

const MIB: i64 = 1 << 20;
const SIZE_MIN: i64 = 23 * MIB;
const SIZE_MAX: i64 = 1000 * MIB;

fn score_images(s: &Snapshot, nodes: &[&Row]) -> Option<Vec<i64>> {
    let ask: &Ask = &s.ask;
    let sizes: Vec<Vec<i64>> = nodes
        .iter()
        .map(|row| ask.images.iter().map(|i| size_of(&row.images, i)).collect())
        .collect();
    if sizes.iter().flatten().all(|n| *n == 0) {
        return Some(vec![0; nodes.len()]);
    }
    let count = ask.images.len();
    let spread = |i: usize| sizes.iter().filter(|of| of.get(i) > Some(&0)).count() as i64;
    let spreads: Vec<i64> = (0..count).map(spread).collect();
    let total = nodes.len().max(1) as i64;
    let max = SIZE_MAX * count.max(1) as i64;
    let score = |of: &Vec<i64>| {
        let sum: i64 = of.iter().zip(&spreads).map(|(size, n)| size * n / total).sum();
        100 * (sum.clamp(SIZE_MIN, max) - SIZE_MIN) / (max - SIZE_MIN)
    };
    Some(sizes.iter().map(score).collect())
}

fn size_of(images: &Value, name: &str) -> i64 {
    let wanted = normal_name(name);
    let has = |i: &&Value| {
        let names = i.get("names").items().iter();
        names.filter_map(Value::as_str).any(|n| n == name || normal_name(n) == wanted)
    };
    images.items().iter().find(has).map_or(0, |i| i.int("sizeBytes"))
}

/// `nginx` → `docker.io/library/nginx:latest`.
fn normal_name(name: &str) -> String {
    let (host, rest) = match name.split_once('/') {
        Some((h, r)) if h.contains(['.', ':']) || h == "localhost" => (h, r.to_string()),
        Some(_) => ("docker.io", name.to_string()),
        None => ("docker.io", format!("library/{name}")),
    };
    let last = rest.rsplit('/').next().unwrap_or("");
    let tag = if last.contains([':', '@']) { "" } else { ":latest" };
    format!("{host}/{rest}{tag}")
}
