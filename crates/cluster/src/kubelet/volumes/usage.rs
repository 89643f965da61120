//! How much is written to a pod's volumes, and what the kubelet does when it is too much.
//! Upstream: `pkg/kubelet/eviction`.

use super::super::run::PodRun;
use super::super::wake_pod_at;
use crate::Cluster;
use crate::cx::Cx;
use machinery::{Object, Value};
use std::rc::Rc;

/// The kubelet looks this often at how much is written.
const STORAGE_LOOK_MS: i64 = 10_000;

/// After something was written: is it more than the limits allow? Noted, to be acted on at the kubelet's next look.
pub(super) fn weigh(cluster: &mut Cluster, pod: &Object, uid: &str) {
    let Some(run) = cluster.kubelets.pod(uid).filter(|r| r.overfull.is_none()) else {
        return;
    };
    let read = |v: &Value| crate::scheduler::read_amount(v);
    let mut why = None;
    let mut scratch = 0;
    for v in pod.spec().get("volumes").items() {
        let Some(tree) = run.volumes.get(v.text("name")) else {
            continue;
        };
        let limit = v.at("emptyDir.sizeLimit");
        let bytes = tree.bytes() as i64;
        scratch += bytes;
        if !limit.is_null() && bytes > read(limit) {
            let name = v.text("name");
            let limit = limit.as_str().unwrap_or("");
            why = Some(format!(
                "Usage of EmptyDir volume \"{name}\" exceeds the limit \"{limit}\". "
            ));
        }
    }
    let limits = |c: &Value| c.at("resources.limits").get("ephemeral-storage").clone();
    let containers = pod.spec().get("containers").items();
    let total: i64 = containers.iter().map(|c| read(&limits(c))).sum();
    if why.is_none()
        && total > 0
        && scratch > total
        && containers.iter().all(|c| !limits(c).is_null())
    {
        let texts: Vec<Value> = containers.iter().map(limits).collect();
        let shown = match texts.as_slice() {
            [one] => one.as_str().unwrap_or("").to_string(),
            _ => total.to_string(),
        };
        why = Some(format!(
            "Pod ephemeral local storage usage exceeds the total limit of containers {shown}. "
        ));
    }
    let Some(why) = why else { return };
    let at = (cluster.now / STORAGE_LOOK_MS + 1) * STORAGE_LOOK_MS;
    if let Some(run) = cluster.kubelets.pod_mut(uid) {
        run.overfull = Some(Rc::new((at, why)));
    }
    wake_pod_at(cluster, uid, at);
}

/// The kubelet ends a pod that uses more than it may.
pub fn evict(cx: &mut Cx, pod: &Object, run: &mut PodRun, why: &str) {
    if run.failed.is_some() {
        return;
    }
    cx.event(pod, "Warning", "Evicted", why);
    run.failed = Some(Rc::new(("Evicted".into(), why.to_string())));
    run.dirty(cx.now(), "it uses more storage than it may");
}
