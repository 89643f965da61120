//! How containers and pods end: preStop hook, TERM, the grace period, KILL; then the sandbox, then the object.
//! Upstream: `pkg/kubelet/kuberuntime/kuberuntime_container.go` (`killContainer`), `pkg/kubelet/pod_workers.go`.

use super::run::{ContainerRun, Phase, PodRun, Role, Stop, Stopping};
use super::{actor, ahead, ms, process, start, status, volumes};
use crate::Cluster;
use crate::cx::Cx;
use crate::network;
use machinery::time::Millis;
use machinery::{Object, Trigger};
use std::rc::Rc;

/// A process that reacts to TERM needs this long to be gone.
const TERM_MS: i64 = 60;
/// After preStop a container has at least this long.
const MINIMUM_GRACE_MS: i64 = 2_000;
/// From the end of the last container (the phase tells it) until volumes and cgroups are gone and the pod is let go.
const TEARDOWN_MS: i64 = 800;
/// Whoever stops a container waits for its end.
pub const NOTICE_MS: i64 = 50;

/// The pod is told to go, or ended by the kubelet: everything that runs is stopped.
pub fn begin(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    let now = cx.now();
    let grace = match &run.failed {
        // Whoever is evicted goes at once.
        Some(f) if f.0 == *"Evicted" => grace_ms(pod).min(1000),
        _ => grace_ms(pod),
    };
    if let Some(s) = &mut run.stopping {
        // A shorter grace period may have come later.
        let kill_at = s.kill_at.min(now + grace);
        if kill_at < s.kill_at {
            s.kill_at = kill_at;
            for c in &mut run.containers {
                if let Some(stop) = &mut c.stop {
                    stop.kill_at = stop.kill_at.min(kill_at);
                }
            }
        }
        return;
    }
    run.stopping = Some(Stopping {
        kill_at: now + grace,
        done_at: None,
    });
    for i in 0..run.containers.len() {
        let c = &run.containers[i];
        if c.is_running() && c.role != Role::Sidecar {
            container_with(
                cx,
                pod,
                run,
                i,
                grace,
                &format!("Stopping container {}", run.containers[i].name.clone()),
            );
        }
    }
}

fn grace_ms(pod: &Object) -> i64 {
    let spec = pod
        .spec()
        .get("terminationGracePeriodSeconds")
        .as_i64()
        .unwrap_or(30);
    match pod.at("metadata.deletionGracePeriodSeconds").as_i64() {
        Some(s) if pod.is_deleting() => ms(s),
        _ => ms(spec),
    }
}

/// Goes on with the end of a pod; when all is over, the status is written and the object let go.
pub fn advance(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    let now = cx.now();
    for i in 0..run.containers.len() {
        match run.containers[i].phase {
            Phase::Running { .. } => advance_container(cx, run, i),
            Phase::Pulling { .. } | Phase::Creating { .. } => {
                run.containers[i].phase = Phase::Waiting {
                    reason: "ContainerCreating",
                    message: None,
                    retry: None,
                };
            }
            _ => {}
        }
        notice(pod, &mut run.containers[i], now);
    }
    let mains_over = run
        .containers
        .iter()
        .all(|c| c.role == Role::Sidecar || !alive(c));
    if mains_over {
        let left = run.stopping.map_or(0, |s| (s.kill_at - now).max(0));
        // Sidecars go last, in the reverse order of their start.
        if let Some(i) = run
            .containers
            .iter()
            .rposition(|c| c.role == Role::Sidecar && alive(c))
            && run.containers[i].stop.is_none()
            && run.containers[i].is_running()
        {
            container_with(
                cx,
                pod,
                run,
                i,
                left,
                &format!("Stopping container {}", run.containers[i].name.clone()),
            );
        }
    }
    if run.containers.iter().any(alive) {
        return;
    }
    let Some(stopping) = &mut run.stopping else {
        return;
    };
    match stopping.done_at {
        None => {
            let started = run.containers.iter().any(|c| c.ended().is_some());
            let at = now + if started { TEARDOWN_MS } else { 0 };
            stopping.done_at = Some(at);
            run.dirty(now, "all containers have ended");
            if started {
                return;
            }
        }
        Some(at) if at > now => return,
        Some(_) => {}
    }
    if !run.gone {
        run.gone = true;
        if run.ip != 0 {
            network::release(cx.cluster, &run.uid, run.ip);
        }
        run.dirty(now, "the pod is over");
    }
}

/// Takes notice of an end. True: it was news.
fn notice(pod: &Object, c: &mut ContainerRun, now: Millis) -> bool {
    let Phase::Ended { end, noticed } = &mut c.phase else {
        return false;
    };
    if *noticed || now < end.at + NOTICE_MS {
        return false;
    }
    *noticed = true;
    super::endings::note_message(pod, c);
    (c.ready, c.started, c.probes, c.again_at) = (false, false, None, None);
    true
}

fn alive(c: &ContainerRun) -> bool {
    c.is_running() || matches!(c.phase, Phase::Ended { noticed: false, .. })
}

/// Stops one container, with the pod's grace period; `message` is the event's.
pub fn container(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize, message: &str) {
    let grace = ms(pod
        .spec()
        .get("terminationGracePeriodSeconds")
        .as_i64()
        .unwrap_or(30));
    container_with(cx, pod, run, i, grace, message);
}

pub fn container_with(
    cx: &mut Cx,
    pod: &Object,
    run: &mut PodRun,
    i: usize,
    grace_ms: i64,
    message: &str,
) {
    let now = cx.now();
    if !run.containers[i].is_running() || run.containers[i].stop.is_some() {
        return;
    }
    cx.event_at(
        pod,
        &run.containers[i].field_path(),
        "Normal",
        "Killing",
        message,
    );
    let hook = run.containers[i].spec(pod).at("lifecycle.preStop").clone();
    let mut kill_at = now + grace_ms;
    let mut term_at = now;
    if !hook.is_null() && grace_ms > 0 {
        let done = ahead::hook(cx.cluster, pod, run, i, &hook);
        if done.result.is_err() {
            let path = run.containers[i].field_path();
            cx.event_at(
                pod,
                &path,
                "Warning",
                "FailedPreStopHook",
                "PreStopHook failed",
            );
        }
        term_at = (now + done.took_ms).min(kill_at);
        kill_at = kill_at.max(term_at + MINIMUM_GRACE_MS);
    }
    run.containers[i].stop = Some(Stop {
        term_at,
        told: false,
        kill_at,
    });
    advance_container(cx, run, i);
}

/// A running container that is being stopped: TERM when preStop is over, KILL when the grace is.
pub fn advance_container(cx: &mut Cx, run: &mut PodRun, i: usize) {
    let now = cx.now();
    let Some(stop) = run.containers[i].stop else {
        return;
    };
    if !stop.told && stop.term_at <= now {
        if let Some(s) = &mut run.containers[i].stop {
            s.told = true;
        }
        process::terminate(cx.cluster, run, i, now + TERM_MS);
    }
    if stop.kill_at <= now && run.containers[i].is_running() {
        start::ended(&mut run.containers[i], now, 137, None);
    }
}

/// All containers have ended for good: sidecars are told to go, the last one first.
pub fn sidecars(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    for i in 0..run.containers.len() {
        advance_container(cx, run, i);
        let now = cx.now();
        let c = &mut run.containers[i];
        if c.role == Role::Sidecar && notice(pod, c, now) {
            run.dirty(now, "a container has ended");
        }
    }
    let Some(i) = run
        .containers
        .iter()
        .rposition(|c| c.role == Role::Sidecar && alive(c))
    else {
        return;
    };
    let message = format!("Stopping container {}", run.containers[i].name);
    container(cx, pod, run, i, &message);
}

/// The object is gone (or was never here): whatever is left of the pod is dropped.
pub fn forget(cluster: &mut Cluster, uid: &str) {
    let Some(run) = cluster.kubelets.pods.remove(uid) else {
        return;
    };
    if run.ip != 0 && !run.gone {
        network::release(cluster, &run.uid, run.ip);
    }
    if let Some(node) = cluster.kubelets.node_mut(&run.node) {
        node.pods = node.pods.saturating_sub(1);
    }
    volumes::unregister(cluster, uid);
    super::exec::pod_gone(cluster, uid);
}

/// After the last status: the object is let go, if it is to be deleted.
pub fn release_object(cluster: &mut Cluster, uid: &str) {
    let Some(pod) = cluster.store.by_uid(uid).cloned() else {
        return;
    };
    if !pod.is_deleting() {
        return;
    }
    let Some(node) = cluster.kubelets.pod(uid).map(|r| r.node.clone()) else {
        return;
    };
    let mut cx = actor(cluster, &node, Trigger::Timer);
    let _ = cx.delete(
        &kinds::pod::KIND,
        &pod,
        Some(0),
        "all its containers have ended",
    );
}

/// Ends a pod from the node's side: eviction, a deadline.
pub fn fail(cluster: &mut Cluster, uid: &str, reason: &str, message: &str) {
    if let Some(run) = cluster.kubelets.pod_mut(uid) {
        run.failed = Some(Rc::new((reason.into(), message.into())));
        run.dirty(0, "the kubelet ends the pod");
    }
    let _ = status::is_terminal;
}
