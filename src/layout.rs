//! Where things stand in the nodes view: pure geometry of the read model and a width. Elements move between two layouts
//! by themselves (a transition on `transform`), so a pod that is bound glides from the tray to its node.

use crate::model::cluster::Cluster;
use crate::model::pod::Pod;
use machinery::Arrange;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

/// How a pod is drawn, by how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Name, word, pips.
    Capsule,
    /// A small square with its state's mark.
    Square,
    /// A few pixels on a canvas.
    Dot,
}

/// Pods up to which they are capsules, and squares.
pub const CAPSULES_MAX: usize = 150;
pub const SQUARES_MAX: usize = 1500;

#[derive(Clone, Debug)]
pub struct NodeBox {
    pub name: String,
    pub rect: Rect,
    /// Requested CPU (milli) and memory (bytes), and the number of pods it holds.
    pub cpu: i64,
    pub memory: i64,
    pub pods: usize,
}

#[derive(Clone, Debug)]
pub struct Layout {
    pub grain: Grain,
    pub height: f64,
    pub tray: Rect,
    pub nodes: Vec<NodeBox>,
    pub pods: Vec<(Rc<Pod>, Rect)>,
}

const PAD: f64 = 12.0;
const GAP: f64 = 10.0;
/// Name, roles and bars of a node.
const NODE_HEAD: f64 = 70.0;
const INSET: f64 = 8.0;
/// How narrow a node may be: three stand side by side on a small laptop.
const NODE_LEAST: f64 = 146.0;

/// Lays out the pods that `shown` lets through in `width` × at least `height`; of one node only, if one is looked at
/// closely.
pub fn nodes(
    cluster: &Cluster,
    shown: &dyn Fn(&Pod) -> bool,
    close: Option<&str>,
    width: f64,
    height: f64,
) -> Layout {
    let mut groups: BTreeMap<&str, Vec<&Rc<Pod>>> = BTreeMap::new();
    let mut held: BTreeMap<&str, (i64, i64, usize)> = BTreeMap::new();
    let mut count = 0;
    for pod in cluster.pods.values() {
        if pod.holds && !pod.node.is_empty() {
            let sum = held.entry(&pod.node).or_default();
            *sum = (sum.0 + pod.cpu_milli, sum.1 + pod.memory, sum.2 + 1);
        }
        if shown(pod) && close.is_none_or(|node| node == pod.node) {
            count += 1;
            // A pod whose node is gone is drawn with those that have none.
            let node = if cluster.nodes.contains_key(&pod.node) {
                pod.node.as_str()
            } else {
                ""
            };
            groups.entry(node).or_default().push(pod);
        }
    }
    for group in groups.values_mut() {
        group.arrange_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    }
    let grain = match count {
        n if n <= CAPSULES_MAX => Grain::Capsule,
        n if n <= SQUARES_MAX => Grain::Square,
        _ => Grain::Dot,
    };
    let mut out = Layout {
        grain,
        height: 0.0,
        tray: Rect::default(),
        nodes: Vec::new(),
        pods: Vec::with_capacity(count),
    };
    let inner = (width - 2.0 * PAD).max(120.0);
    out.tray = tray(&mut out, groups.get("").map_or(&[], Vec::as_slice), inner);
    let top = out.tray.y + out.tray.h + GAP;
    let names = cluster.nodes.keys().map(String::as_str);
    let names: Vec<&str> = names
        .filter(|n| close.is_none_or(|node| node == *n))
        .collect();
    place_nodes(&names, &groups, &held, inner, top, height, &mut out);
    out
}

/// The unscheduled pods, side by side above the nodes.
fn tray(out: &mut Layout, waiting: &[&Rc<Pod>], inner: f64) -> Rect {
    let (w, h, gap, head) = match out.grain {
        Grain::Capsule => (fit(inner - 2.0 * INSET, 214.0, 8.0), 54.0, 8.0, 26.0),
        Grain::Square => (14.0, 14.0, 4.0, 26.0),
        Grain::Dot => (5.0, 5.0, 1.0, 26.0),
    };
    if waiting.is_empty() {
        return Rect {
            x: PAD,
            y: PAD,
            w: inner,
            h: 32.0,
        };
    }
    let per_row = (((inner - 2.0 * INSET + gap) / (w + gap)).floor() as usize).max(1);
    // A flood of pods that fit nowhere must not push the nodes off the page.
    let rows_max = match out.grain {
        Grain::Capsule => 3,
        Grain::Square => 8,
        Grain::Dot => 24,
    };
    let rows = waiting.len().div_ceil(per_row).min(rows_max);
    for (i, pod) in waiting.iter().take(rows * per_row).enumerate() {
        out.pods.push((
            Rc::clone(pod),
            Rect {
                x: PAD + INSET + (i % per_row) as f64 * (w + gap),
                y: PAD + head + (i / per_row) as f64 * (h + gap),
                w,
                h,
            },
        ));
    }
    Rect {
        x: PAD,
        y: PAD,
        w: inner,
        h: head + rows as f64 * (h + gap) + INSET - gap,
    }
}

/// Width of equal items that fill a row, each at least `min` wide.
fn fit(inner: f64, min: f64, gap: f64) -> f64 {
    let n = ((inner + gap) / (min + gap)).floor().max(1.0);
    (inner - (n - 1.0) * gap) / n
}

fn place_nodes(
    names: &[&str],
    groups: &BTreeMap<&str, Vec<&Rc<Pod>>>,
    held: &BTreeMap<&str, (i64, i64, usize)>,
    inner: f64,
    top: f64,
    height: f64,
    out: &mut Layout,
) {
    let n = names.len();
    if n == 0 {
        out.height = top;
        return;
    }
    let min = if n > 12 { 132.0 } else { NODE_LEAST };
    let columns = (((inner + GAP) / (min + GAP)).floor() as usize).clamp(1, n);
    // On a phone a few nodes are read better one below the other.
    let columns = if inner < 420.0 && n <= 3 { 1 } else { columns };
    // Few nodes share the rows evenly: 4 in 3 columns become 2 and 2.
    let rows = n.div_ceil(columns);
    let columns = n.div_ceil(rows);
    let w = (inner - (columns - 1) as f64 * GAP) / columns as f64;
    let (pw, ph, gap) = match out.grain {
        Grain::Capsule => (fit(w - 2.0 * INSET, 150.0, 6.0), 42.0, 6.0),
        Grain::Square => (14.0, 14.0, 4.0),
        Grain::Dot => (5.0, 5.0, 1.0),
    };
    let per_row = (((w - 2.0 * INSET + gap) / (pw + gap)).floor() as usize).max(1);
    let empty = Vec::new();
    let mut y = top;
    for (r, row) in names.chunks(columns).enumerate() {
        let most = row
            .iter()
            .map(|name| groups.get(name).map_or(0, Vec::len))
            .max()
            .unwrap_or(0);
        let needed = NODE_HEAD + most.div_ceil(per_row) as f64 * (ph + gap) + INSET;
        let floor = if n > 12 {
            NODE_HEAD + 28.0
        } else {
            NODE_HEAD + 64.0
        };
        // The rows fill the pane when there is room.
        let share = ((height - PAD - y) / (rows - r) as f64 - GAP * (rows - r - 1) as f64).max(0.0);
        let h = needed.max(floor).max(share);
        for (c, name) in row.iter().enumerate() {
            let x = PAD + c as f64 * (w + GAP);
            let (cpu, memory, pods) = held.get(name).copied().unwrap_or_default();
            for (i, pod) in groups.get(name).unwrap_or(&empty).iter().enumerate() {
                let rect = Rect {
                    x: x + INSET + (i % per_row) as f64 * (pw + gap),
                    y: y + NODE_HEAD + (i / per_row) as f64 * (ph + gap),
                    w: pw,
                    h: ph,
                };
                out.pods.push((Rc::clone(pod), rect));
            }
            out.nodes.push(NodeBox {
                name: name.to_string(),
                rect: Rect { x, y, w, h },
                cpu,
                memory,
                pods,
            });
        }
        y += h + GAP;
    }
    out.height = y - GAP + PAD;
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::cluster::store::Change;
    use machinery::{Object, Value, WatchType};

    /// A cluster of `n` nodes with `pods` pods, spread over them; every tenth is not bound.
    fn world(n: usize, pods: usize) -> Cluster {
        let mut c = Cluster::default();
        let mut put = |resource: &'static str, o: Object| {
            c.fold(&Change {
                version: 1,
                at: 0,
                kind: WatchType::Added,
                resource: resource.into(),
                key: (o.namespace().into(), o.name().into()),
                old: None,
                new: o,
                cause: Rc::default(),
                facts: Default::default(),
            });
        };
        for i in 0..n {
            put("nodes", Object::new("v1", "Node", "", &format!("node-{i}")));
        }
        for i in 0..pods {
            let name = format!("pod-{i}");
            let mut o = Object::new("v1", "Pod", "default", &name);
            o.0.set("metadata.uid", Value::str(&name));
            if i % 10 != 9 {
                o.0.set("spec.nodeName", Value::str(&format!("node-{}", i % n)));
            }
            put("pods", o);
        }
        c
    }

    fn inside(a: &Rect, b: &Rect) -> bool {
        a.x >= b.x && a.y >= b.y && a.x + a.w <= b.x + b.w + 0.01 && a.y + a.h <= b.y + b.h + 0.01
    }

    #[test]
    fn every_pod_stands_in_its_node_or_in_the_tray_and_none_over_another() {
        for (nodes, pods, width) in [
            (3, 12, 640.0),
            (3, 149, 320.0),
            (12, 400, 900.0),
            (100, 3000, 640.0),
        ] {
            let c = world(nodes, pods);
            let l = super::nodes(&c, &|_| true, None, width, 400.0);
            for (pod, rect) in &l.pods {
                let home = l
                    .nodes
                    .iter()
                    .find(|b| b.name == pod.node)
                    .map_or(&l.tray, |b| &b.rect);
                assert!(
                    inside(rect, home),
                    "{nodes}/{pods}: {} {rect:?} not in {home:?}",
                    pod.name
                );
                assert!(rect.y + rect.h <= l.height);
            }
            let mut cells: Vec<(i64, i64)> = l
                .pods
                .iter()
                .map(|(_, r)| (r.x as i64, r.y as i64))
                .collect();
            cells.sort_unstable();
            let all = cells.len();
            cells.dedup();
            assert_eq!(cells.len(), all, "two pods in one place");
        }
    }

    #[test]
    fn the_grain_follows_the_number() {
        for (pods, grain) in [
            (150, Grain::Capsule),
            (151, Grain::Square),
            (1501, Grain::Dot),
        ] {
            assert_eq!(
                super::nodes(&world(3, pods), &|_| true, None, 640.0, 400.0).grain,
                grain
            );
        }
    }

    #[test]
    fn the_system_s_pods_are_not_drawn_unless_asked_for_but_their_requests_count() {
        let c = world(3, 9); // all of them bound
        let l = super::nodes(&c, &|_| false, None, 640.0, 400.0);
        assert!(l.pods.is_empty());
        assert_eq!(l.nodes.iter().map(|n| n.pods).sum::<usize>(), 9);
    }
}
