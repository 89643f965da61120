//! Faults of containers: the process is killed, leaks, hangs or starts late.

use super::super::catalogue::App;
use super::super::{env, metrics, process, run, sync};
use super::{ContainerFault, Fault};
use crate::Cluster;
use machinery::time::Millis;
use machinery::{Object, Str};

/// Breaks or mends a container; false if it is not there.
pub(super) fn container_fault(cluster: &mut Cluster, fault: &Fault) -> bool {
    let Some((namespace, pod, container)) = fault.container() else {
        return false;
    };
    let Some(uid) = cluster
        .store
        .get("pods", namespace, pod)
        .map(|p| Str::from(p.uid()))
    else {
        return false;
    };
    let Some(run) = cluster.kubelets.pod(&uid) else {
        return false;
    };
    let found = match container {
        "" => (run.containers.iter()).position(|c| c.role == run::Role::Main),
        name => run.container(name),
    };
    let (Some(i), node) = (found, run.node.clone()) else {
        return false;
    };
    match fault {
        Fault::KillProcess { .. } => process::kill_now(cluster, &uid, i, 137, None),
        Fault::Crash { on, .. } => {
            mark(cluster, &uid, i, |f| {
                f.crash = *on;
                f.end_at = f.end_at.filter(|_| *on || f.leak.is_some());
            });
            if *on {
                process::kill_now(cluster, &uid, i, 1, None);
            }
        }
        Fault::Hang { on, .. } => mark(cluster, &uid, i, |f| f.hang = *on),
        Fault::SlowStart { extra_ms, .. } => {
            mark(cluster, &uid, i, |f| f.extra_start_ms = *extra_ms)
        }
        Fault::LeakMemory { mib_per_s, .. } => leak(cluster, &uid, i, *mib_per_s),
        _ => return false,
    }
    sync::sync(cluster, &node, &uid);
    true
}

fn mark(cluster: &mut Cluster, uid: &str, i: usize, change: impl FnOnce(&mut ContainerFault)) {
    if let Some(c) = cluster.kubelets.container_mut(uid, i) {
        change(c.fault.get_or_insert_default());
    }
}

fn leak(cluster: &mut Cluster, uid: &str, i: usize, mib_per_s: i64) {
    let mib_per_s = mib_per_s.clamp(0, 1 << 20);
    let now = cluster.now;
    let Some(pod) = cluster.store.by_uid(uid).cloned() else {
        return;
    };
    let Some(c) = cluster.kubelets.container_mut(uid, i) else {
        return;
    };
    let limit = c
        .spec(&pod)
        .at("resources.limits")
        .get("memory")
        .as_str()
        .and_then(env::nano);
    let base = c.image.map_or(16, |image| image.memory_mi);
    let left = limit.map(|n| (n / 1_000_000_000) as i64 / (1 << 20) - base);
    let f = c.fault.get_or_insert_default();
    f.leak = (mib_per_s > 0).then_some((mib_per_s, now));
    f.lasts_ms = match (left, mib_per_s) {
        (Some(left), rate) if rate > 0 => Some(left.max(0) * 1000 / rate),
        _ => None,
    };
    f.end_at = f.lasts_ms.map(|ms| now + ms);
    let node = cluster.kubelets.pod(uid).map(|r| r.node.clone());
    if let Some(node) = node.and_then(|n| cluster.kubelets.node_mut(&n)) {
        node.heavy = true;
    }
}

/// Containers whose fault ends them by now.
pub fn strike(cluster: &mut Cluster, uid: &Str) {
    let now = cluster.now;
    let Some(run) = cluster.kubelets.pod(uid) else {
        return;
    };
    let due: Vec<usize> = (0..run.containers.len())
        .filter(|i| {
            let c = &run.containers[*i];
            c.is_running()
                && c.fault
                    .as_ref()
                    .is_some_and(|f| f.end_at.is_some_and(|t| t <= now))
        })
        .collect();
    for i in due {
        let mut oom = false;
        mark(cluster, uid, i, |f| {
            f.end_at = None;
            oom = f.leak.is_some() || f.greedy;
        });
        let (code, reason) = if oom {
            (137, Some("OOMKilled"))
        } else {
            (1, None)
        };
        process::kill_now(cluster, uid, i, code, reason);
    }
}

/// A container has started: with faults, or with a program that eats more memory than its limit.
pub fn started(pod: &Object, c: &mut run::ContainerRun, now: Millis, slow: i64) {
    if c.image.is_some_and(|i| i.app == App::Stress) {
        let limit = c.spec(pod).at("resources.limits.memory");
        let limit = limit.as_str().and_then(env::nano);
        let limit = limit.map(|n| (n / 1_000_000_000) as i64 >> 20);
        if limit.is_some_and(|limit| metrics::stress(pod, c).1 > limit) {
            let f = c.fault.get_or_insert_default();
            f.greedy = true;
            f.end_at = Some(now + 900);
        }
    }
    for s in &mut c.servers {
        s.from = now + (s.from - now) * slow;
    }
    let Some(f) = &mut c.fault else { return };
    if let Some((_, since)) = &mut f.leak {
        *since = now;
        f.end_at = f.lasts_ms.map(|ms| now + ms);
    }
    if f.crash {
        f.end_at = Some(now + 700);
    }
    for s in &mut c.servers {
        s.from += f.extra_start_ms;
    }
}
