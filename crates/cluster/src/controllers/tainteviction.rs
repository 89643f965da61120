//! Taint eviction: a `NoExecute` taint drives pods off its node, those that tolerate it for a while after that while.
//! Upstream: `kubernetes:pkg/controller/tainteviction`.

use super::{Controller, Requeue};
use crate::Cluster;
use crate::conditions;
use crate::cx::Cx;
use crate::scheduler::tolerates;
use crate::store::{Change, Key};
use kinds::pod::KIND;
use machinery::{Object, Status, Trigger, Value, WatchType, time};

pub const CONTROLLER: Controller = Controller {
    name: "taint-eviction-controller",
    triggers,
    reconcile,
};

fn triggers(cluster: &Cluster, change: &Change, keys: &mut Vec<Key>) {
    if change.kind == WatchType::Deleted {
        return;
    }
    let (old, new) = (change.old.as_ref(), &change.new);
    if change.resource == "nodes" {
        let taints = new.at("spec.taints");
        if old.is_some_and(|o| o.at("spec.taints") != taints) || old.is_none() && !taints.is_empty()
        {
            keys.extend(cluster.store.on_node(new.name()).map(super::key_of));
        }
    }
    if change.resource == "pods" && !old.is_some_and(|o| o.spec().same(new.spec())) {
        let differs = |path: &str| old.is_none_or(|o| o.at(path) != new.at(path));
        let node = new.text("spec.nodeName");
        if !node.is_empty() && (differs("spec.nodeName") || differs("spec.tolerations")) {
            let node = cluster.store.get("nodes", "", node);
            if node.is_some_and(|n| executing(n).next().is_some()) {
                keys.push(change.key.clone());
            }
        }
    }
}

fn executing(node: &Object) -> impl Iterator<Item = &Value> {
    let taints = node.at("spec.taints").items().iter();
    taints.filter(|t| t.text("effect") == "NoExecute")
}

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(pod) = cx.store().get("pods", &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    let Some(node) = cx.store().get("nodes", "", pod.text("spec.nodeName")) else {
        return Ok(Requeue::Never);
    };
    if pod.is_deleting() {
        cx.cluster.controllers.evictions.remove(pod.uid());
        return Ok(Requeue::Never);
    }
    let woken_by_timer = cx.trigger == Trigger::Timer;
    let now = cx.now();
    // The earliest end of all tolerations that are used.
    let mut until: Option<i64> = None;
    for taint in executing(node) {
        let tolerations = pod.at("spec.tolerations").items();
        let mut fitting = tolerations
            .iter()
            .filter(|t| tolerates(t, taint))
            .peekable();
        if fitting.peek().is_none() {
            until = Some(now);
            break;
        }
        let seconds = fitting
            .filter_map(|t| t.get("tolerationSeconds").as_i64())
            .min();
        if let Some(s) = seconds {
            let added = time::parse_rfc3339(taint.text("timeAdded"));
            let start = added.unwrap_or(if woken_by_timer { now - s * 1000 } else { now });
            let end = start + s.max(0) * 1000;
            until = Some(until.map_or(end, |u| u.min(end)));
        }
    }
    let uid = machinery::Str::from(pod.uid());
    let planned = &mut cx.cluster.controllers.evictions;
    match until {
        None => {
            if planned.remove(&uid) {
                let text = format!(
                    "Cancelling deletion of Pod {}/{}",
                    pod.namespace(),
                    pod.name()
                );
                cx.event(&pod, "Normal", "TaintManagerEviction", &text);
            }
            Ok(Requeue::Never)
        }
        Some(t) if t > now => {
            planned.insert(uid);
            Ok(Requeue::After(t - now))
        }
        Some(_) => {
            planned.remove(&uid);
            evict(cx, &pod).map(|()| Requeue::Never)
        }
    }
}

fn evict(cx: &mut Cx, pod: &Object) -> Result<(), Status> {
    let text = format!(
        "Marking for deletion Pod {}/{}",
        pod.namespace(),
        pod.name()
    );
    cx.event(pod, "Normal", "TaintManagerEviction", &text);
    let reason = "its node has a NoExecute taint";
    let message = "Taint manager: deleting due to NoExecute taint";
    let marked = conditions::disrupted(pod, "DeletionByTaintManager", message, cx.now());
    cx.update_status(&KIND, &marked, reason)?;
    match cx.delete(&KIND, pod, None, reason) {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(()),
    }
}
