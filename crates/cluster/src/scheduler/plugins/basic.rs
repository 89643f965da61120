//! NodeUnschedulable, NodeName, NodePorts, ImageLocality: the short ones.

use super::super::alike::Rank;
use super::super::ask::Ask;
use super::super::framework::Plugin;
use super::super::rows::{Row, Snapshot};
use super::{hopeless, refused, taints};
use machinery::{Str, Value, value};
use std::collections::BTreeMap;

/// Cordoned nodes take no pod, but those that tolerate the taint that says so (a DaemonSet's).
pub const NODE_UNSCHEDULABLE: Plugin = Plugin {
    name: "NodeUnschedulable",
    filter: Some(|s, row| {
        let taint =
            || value!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
        if row.unschedulable && !taints::tolerates(&s.ask.tolerations, &taint()) {
            return hopeless("node(s) were unschedulable");
        }
        Ok(())
    }),
    alike: Some(|_| Some(Rank::No)),
    ..Plugin::NONE
};

/// `spec.nodeName` set from the start passes the scheduler by; the plugin is here for completeness.
pub const NODE_NAME: Plugin = Plugin {
    name: "NodeName",
    filter: Some(|s, row| {
        let wanted = &s.ask.node_name;
        if wanted.is_empty() || *wanted == row.name {
            return Ok(());
        }
        hopeless("node(s) didn't match the requested node name")
    }),
    alike: Some(|_| Some(Rank::No)),
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
    alike: Some(|_| Some(Rank::No)),
    ..Plugin::NONE
};

pub fn conflict(a: &(Str, Str, i64), b: &(Str, Str, i64)) -> bool {
    let any = |x: &Str| *x == "0.0.0.0";
    a.2 == b.2 && a.1 == b.1 && (a.0 == b.0 || any(&a.0) || any(&b.0))
}

/// Nodes that have the images already are better; images on many nodes count for more.
pub const IMAGE_LOCALITY: Plugin = Plugin {
    name: "ImageLocality",
    score: Some(score_images),
    weight: 1,
    alike: Some(|_| Some(Rank::Images)),
    ..Plugin::NONE
};

const MIB: i64 = 1 << 20;
const SIZE_MIN: i64 = 23 * MIB;
const SIZE_MAX: i64 = 1000 * MIB;

fn score_images(s: &Snapshot, nodes: &[&Row]) -> Option<Vec<i64>> {
    let ask: &Ask = &s.ask;
    let size = |row: &Row, image: &str| row.images.get(image).copied().unwrap_or(0);
    let somewhere = |i: &Str| nodes.iter().filter(|row| size(row, i) > 0).count() as i64;
    let spreads: Vec<i64> = ask.images.iter().map(somewhere).collect();
    if spreads.iter().all(|n| *n == 0) {
        return Some(vec![0; nodes.len()]);
    }
    let score = |row: &&Row| {
        let sizes: Vec<i64> = ask.images.iter().map(|i| size(row, i)).collect();
        image_score(&sizes, &spreads, nodes.len())
    };
    Some(nodes.iter().map(score).collect())
}

/// By the sizes of the images that a node has, and how many of the nodes in question have each.
pub fn image_score(sizes: &[i64], spreads: &[i64], nodes: usize) -> i64 {
    let total = nodes.max(1) as i64;
    let max = SIZE_MAX * sizes.len().max(1) as i64;
    let sum: i64 = sizes.iter().zip(spreads).map(|(s, n)| s * n / total).sum();
    100 * (sum.clamp(SIZE_MIN, max) - SIZE_MIN) / (max - SIZE_MIN)
}

/// A node's images by full name.
pub fn image_sizes(list: &Value) -> BTreeMap<String, i64> {
    let names = |i: &Value| -> Vec<(String, i64)> {
        let all = i.get("names").items().iter().filter_map(Value::as_str);
        all.map(|n| (full_name(n), i.int("sizeBytes"))).collect()
    };
    list.items().iter().flat_map(names).collect()
}

/// `nginx` → `docker.io/library/nginx:latest`.
pub fn full_name(name: &str) -> String {
    let (host, rest) = match name.split_once('/') {
        Some((h, r)) if h.contains(['.', ':']) || h == "localhost" => (h, r.to_string()),
        Some(_) => ("docker.io", name.to_string()),
        None => ("docker.io", format!("library/{name}")),
    };
    let last = rest.rsplit('/').next().unwrap_or("");
    let tag = if last.contains([':', '@']) {
        ""
    } else {
        ":latest"
    };
    format!("{host}/{rest}{tag}")
}
