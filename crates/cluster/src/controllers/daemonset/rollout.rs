//! A DaemonSet's rolling update: on each node the old pod makes room for the new, a few nodes at a time.
//! Upstream: `pkg/controller/daemon/update.go`.
//!
//! With `maxUnavailable` an old pod is deleted first and its successor made once it is gone. With `maxSurge` the successor
//! comes first, and the old pod goes when the new one is available.

use super::{View, create};
use crate::controllers::deployment::int_or_percent;
use crate::controllers::{history, pods, replicaset};
use crate::cx::Cx;
use machinery::{Object, Status, Str};

pub(super) fn roll(cx: &mut Cx, view: &View) -> Result<(), Status> {
    let desired = view.nodes.len() as i64;
    let rules = view.ds.at("spec.updateStrategy.rollingUpdate");
    let surge = int_or_percent(rules.get("maxSurge"), desired, true);
    let unavailable = match rules.get("maxUnavailable") {
        v if v.is_null() => 1,
        v => int_or_percent(v, desired, true),
    };
    if surge > 0 {
        return with_surge(cx, view, surge);
    }
    let unavailable = unavailable.max(1);
    let (now, min_ready_s) = (cx.now(), view.ds.int("spec.minReadySeconds"));
    let mut down = 0;
    // Old pods that are no use anyway go in any case; available ones only while few nodes are without.
    let (mut useless, mut good): (Vec<Object>, Vec<Object>) = Default::default();
    for node in &view.nodes {
        let (new, old) = of_node(view, node);
        let up = |p: &Object| pods::is_available(p, min_ready_s, now) && !p.is_deleting();
        match (new, old) {
            (None, None) => down += 1,
            (Some(p), _) => down += i64::from(!up(p)),
            (None, Some(p)) if p.is_deleting() => down += 1,
            (None, Some(p)) if !up(p) => {
                down += 1;
                useless.push(p.clone());
            }
            (None, Some(p)) => good.push(p.clone()),
        }
    }
    let room = (unavailable - down).max(0) as usize;
    useless.extend(good.into_iter().take(room));
    let reason = format!("an old template; at most {unavailable} nodes may be without");
    replicaset::delete_pods(cx, &view.ds, &useless, &reason)
}

/// The pod of the current template, and one of an older, on a node.
fn of_node<'a>(view: &'a View, node: &Str) -> (Option<&'a Object>, Option<&'a Object>) {
    let list = view.pods.get(node).map_or(&[][..], Vec::as_slice);
    let is_new = |p: &&Object| p.label(history::HASH_LABEL) == Some(&view.hash);
    let new = list.iter().filter(|p| !p.is_deleting()).find(is_new);
    (new, list.iter().find(|p| !is_new(p)))
}

fn with_surge(cx: &mut Cx, view: &View, surge: i64) -> Result<(), Status> {
    let (now, min_ready_s) = (cx.now(), view.ds.int("spec.minReadySeconds"));
    let up = |p: &Object| pods::is_available(p, min_ready_s, now);
    let mut surging = 0;
    let (mut done, mut waiting, mut useless) = (Vec::new(), Vec::new(), Vec::new());
    for node in &view.nodes {
        match of_node(view, node) {
            (Some(new), Some(old)) => {
                if up(new) && !old.is_deleting() {
                    done.push(old.clone());
                } else {
                    surging += 1;
                }
            }
            (None, Some(old)) if !old.is_deleting() => match up(old) {
                true => waiting.push(node.clone()),
                false => useless.push(node.clone()),
            },
            _ => {}
        }
    }
    let reason = "its successor on the node is available";
    replicaset::delete_pods(cx, &view.ds, &done, reason)?;
    useless.extend(waiting.into_iter().take((surge - surging).max(0) as usize));
    create(cx, view, &useless)
}
