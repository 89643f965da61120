//! The life of a pod: volumes, sandbox, init containers and sidecars in order, containers, and its end.
//!
//! `sync` looks at one pod, does all that is due by now, and asks to be woken when the next thing is due: it can be
//! called at any time. Upstream: `pkg/kubelet/kubelet.go` (`SyncPod`), `pkg/kubelet/kuberuntime/kuberuntime_manager.go`.

use super::run::{ContainerRun, Phase, PodRun, Role, Stage};
use super::{
    actor, faults, images, ms, probes, process, start, status, stop, volumes, wake_at, wake_pod_at,
};
use crate::Cluster;
use crate::cx::Cx;
use crate::network;
use machinery::time::{Millis, parse_rfc3339};
use machinery::{Object, Str, Trigger};
use std::rc::Rc;

/// How long the kubelet takes to notice that a container has ended (it relists the runtime's containers).
pub const NOTICE_MS: i64 = 400;

/// Looks at a pod. Stale wake-ups do no harm: nothing is due, nothing happens.
pub fn sync(cluster: &mut Cluster, node: &Str, uid: &Str) {
    let reachable = cluster
        .kubelets
        .node(node)
        .is_some_and(|n| !n.cut && !n.stopped);
    let Some(pod) = cluster.store.by_uid(uid).cloned() else {
        if reachable {
            stop::forget(cluster, uid);
        }
        return;
    };
    if pod.text("spec.nodeName") != node.as_str() {
        return;
    }
    if cluster.kubelets.node(node).is_none_or(|n| n.stopped) {
        return;
    }
    let Some(mut run) = take(cluster, &pod, node) else {
        return;
    };
    if run.wake_at.is_some_and(|t| t <= cluster.now) {
        run.wake_at = None;
    }
    let mut cx = actor(cluster, node, Trigger::Timer);
    advance(&mut cx, &pod, &mut run);
    finish(cluster, pod, run, reachable);
}

/// The pod's run, out of the map; a new one for a pod not seen before.
fn take(cluster: &mut Cluster, pod: &Object, node: &Str) -> Option<PodRun> {
    if let Some(run) = cluster.kubelets.pods.take(pod.uid()) {
        return Some(Rc::try_unwrap(run).unwrap_or_else(|shared| (*shared).clone()));
    }
    if matches!(pod.text("status.phase"), "Succeeded" | "Failed") {
        // Nothing of it is here (any more): all that is left is to let it go.
        if pod.is_deleting() {
            let mut cx = actor(cluster, node, Trigger::Timer);
            let _ = cx.delete(&kinds::pod::KIND, pod, Some(0), "the pod has ended");
        }
        return None;
    }
    if let Err((reason, message)) = crate::scheduler::admits(cluster, pod) {
        reject(cluster, pod, node, reason.as_str(), &message);
        return None;
    }
    if let Some(node) = cluster.kubelets.node_mut(node) {
        node.pods += 1;
    }
    let mut run = PodRun {
        generation: pod.generation(),
        uid: Str::from(pod.uid()),
        node: node.clone(),
        namespace: Str::from(pod.namespace()),
        name: Str::from(pod.name()),
        since: cluster.now,
        ..PodRun::default()
    };
    adopt_containers(pod, &mut run);
    volumes::register(cluster, pod);
    Some(run)
}

/// A pod that was put here past the scheduler, and does not fit: it has failed before it began.
fn reject(cluster: &mut Cluster, pod: &Object, node: &Str, reason: &str, message: &str) {
    let now = machinery::time::rfc3339(cluster.now);
    let mut cx = actor(cluster, node, Trigger::Timer);
    cx.event(pod, "Warning", reason, message);
    let failed = pod.edit(|v| {
        v.set("status.phase", "Failed");
        v.set("status.reason", reason.to_string());
        v.set("status.message", format!("Pod was rejected: {message}"));
        v.set_default("status.startTime", now);
        v.set("status.observedGeneration", pod.generation());
    });
    // Refused only if the pod is gone meanwhile.
    let _ = cx.update_status(&kinds::pod::KIND, &failed, "it does not fit on the node");
}

/// Containers of the spec that have no run yet: all at first, later the ephemeral ones.
fn adopt_containers(pod: &Object, run: &mut PodRun) {
    let have = |run: &PodRun, list: &str| {
        run.containers
            .iter()
            .filter(|c| c.role.list() == list)
            .count()
    };
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let items = pod.spec().get(list).items();
        if run.containers.is_empty() {
            run.containers.reserve_exact(items.len());
        }
        for (at, c) in items.iter().enumerate().skip(have(run, list)) {
            let role = match list {
                "initContainers" if c.text("restartPolicy") == "Always" => Role::Sidecar,
                "initContainers" => Role::Init,
                "containers" => Role::Main,
                _ => Role::Ephemeral,
            };
            let reason = match role {
                Role::Main if !pod.spec().get("initContainers").items().is_empty() => {
                    "PodInitializing"
                }
                Role::Ephemeral => "ContainerCreating",
                Role::Main => "ContainerCreating",
                _ => "PodInitializing",
            };
            run.containers.push(ContainerRun {
                role,
                at,
                name: Str::from(c.text("name")),
                phase: Phase::Waiting {
                    reason,
                    message: None,
                    retry: None,
                },
                ..ContainerRun::default()
            });
        }
    }
}

/// Does all that is due.
fn advance(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    let now = cx.now();
    if run.gone {
        // Once let go, it is for finalizers to go.
        if pod.is_deleting() && pod.int("metadata.deletionGracePeriodSeconds") != 0 {
            run.dirty(now, "the pod is over");
        }
        return;
    }
    adopt_containers(pod, run);
    if run.generation != pod.generation() {
        run.generation = pod.generation();
        super::resize::look(cx, pod, run);
        run.dirty(now, "the spec has changed");
    }
    super::resize::advance(cx, pod, run);
    if let Some(full) = run.overfull.clone().filter(|f| f.0 <= now) {
        run.overfull = None;
        volumes::usage::evict(cx, pod, run, &full.1);
    }
    if run.stage == Stage::New {
        images::note_secrets(cx, pod);
        run.dirty(now, "the pod is accepted");
        run.stage = Stage::Volumes {
            retry: now,
            told: 0,
        };
    }
    deadline(cx, pod, run);
    if pod.is_deleting() || run.failed.is_some() {
        stop::begin(cx, pod, run);
    }
    if run.stopping.is_some() {
        stop::advance(cx, pod, run);
        return;
    }
    if let Stage::Volumes { retry, told } = run.stage
        && retry <= now
    {
        match volumes::prepare(cx, pod, run, told) {
            Ok(()) => {
                run.stage = Stage::Sandbox {
                    until: now
                        + cx.cluster.world.delays.sandbox_ms * start::slowness(cx, &run.node),
                }
            }
            Err(told) => {
                run.stage = Stage::Volumes {
                    retry: now + volumes::RETRY_MS,
                    told,
                }
            }
        }
    }
    if let Stage::Sandbox { until } = run.stage
        && until <= now
    {
        run.stage = Stage::Up;
        run.ip = network::assign(cx.cluster, pod, &run.node, &run.uid);
        run.dirty(now + 300, "the sandbox is up");
    }
    if run.is_up() {
        containers(cx, pod, run);
    }
    if run.refresh_at.is_some_and(|t| t <= now) {
        run.refresh_at = None;
        volumes::refresh(cx, pod, run);
    }
}

/// `activeDeadlineSeconds` of the pod.
fn deadline(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    let Some(limit) = pod.spec().get("activeDeadlineSeconds").as_i64() else {
        return;
    };
    if run.failed.is_none() && cx.now() >= run.since + ms(limit) && !status::is_terminal(pod, run) {
        let message = "Pod was active on the node longer than the specified deadline";
        cx.event(pod, "Normal", "DeadlineExceeded", message);
        run.failed = Some(Rc::new(("DeadlineExceeded".into(), message.into())));
    }
}

/// Init containers one after another, sidecars among them, then all containers at once.
fn containers(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    let count = run.containers.len();
    // When all containers have ended for good, what runs beside them is told to go, and not started again.
    let over = |c: &ContainerRun| c.ended().is_some() && !start::restarts(pod, c);
    let mut mains = run
        .containers
        .iter()
        .filter(|c| c.role == Role::Main)
        .peekable();
    if mains.peek().is_some() && mains.all(over) {
        return stop::sidecars(cx, pod, run);
    }
    let begun = |c: &ContainerRun| c.role == Role::Main && (c.is_running() || c.restarts > 0);
    // Once it has begun, a pod is not held up by a sidecar that starts anew.
    let begun = run.containers.iter().any(begun);
    let mut initialized = true;
    for i in 0..count {
        match run.containers[i].role {
            Role::Init if initialized => {
                start::advance(cx, pod, run, i);
                initialized = run.containers[i].succeeded();
            }
            Role::Sidecar if initialized => {
                start::advance(cx, pod, run, i);
                initialized = run.containers[i].started || begun;
            }
            Role::Main if initialized => start::advance(cx, pod, run, i),
            Role::Ephemeral => start::advance(cx, pod, run, i),
            // Those before it have to start first, but its end is seen.
            _ => {
                start::notice(pod, run, i, cx.now());
                run.containers[i].again_at = None;
            }
        }
    }
}

/// What is done with the run back in its place: processes, probes, the status, the next wake-up.
fn finish(cluster: &mut Cluster, pod: Object, mut run: PodRun, reachable: bool) {
    let (uid, now) = (run.uid.clone(), cluster.now);
    let acts = |c: &ContainerRun| {
        c.fault.is_some() || c.probes.is_some() || process::due(c).is_some_and(|t| t <= now)
    };
    let busy = run.containers.iter().any(acts);
    if !busy && run.flush_at.is_none_or(|t| t > now) && reachable {
        // Nothing needs it in its place: the usual case.
        if let Some(at) = due(&run, &pod) {
            wake_at(cluster, &mut run, at);
        }
        cluster.kubelets.pods.insert(uid, Rc::new(run));
        return;
    }
    cluster.kubelets.pods.insert(uid.clone(), Rc::new(run));
    if busy {
        faults::strike(cluster, &uid);
        process::advance(cluster, &uid);
        probes::advance(cluster, &pod, &uid);
    }
    if reachable {
        status::flush(cluster, &uid);
    }
    let Some(run) = cluster.kubelets.pods.get(&uid) else {
        return;
    };
    if let Some(at) = due(run, &pod) {
        let at = if reachable {
            at
        } else {
            at.max(cluster.now + 1000)
        };
        wake_pod_at(cluster, &uid, at);
    }
}

/// When something is due next.
fn due(run: &PodRun, pod: &Object) -> Option<Millis> {
    // Of a pod that is over only the last word is left to say.
    if run.gone {
        return run.flush_at;
    }
    let stage = match run.stage {
        Stage::Volumes { retry, .. } if run.stopping.is_none() => Some(retry),
        Stage::Sandbox { until } if run.stopping.is_none() => Some(until),
        _ => None,
    };
    let deadline = match (
        pod.spec().get("activeDeadlineSeconds").as_i64(),
        &run.failed,
    ) {
        (Some(s), None) if run.containers.iter().any(|c| c.ended().is_none()) => {
            Some(run.since + ms(s))
        }
        _ => None,
    };
    let stopping = (run.stopping.filter(|_| !run.gone)).and_then(|s| s.done_at);
    let full = run
        .overfull
        .as_ref()
        .filter(|_| run.failed.is_none())
        .map(|f| f.0);
    let resize = run.resize_until;
    let here = [
        stage,
        deadline,
        stopping,
        run.flush_at,
        run.refresh_at,
        full,
        resize,
    ];
    let inside = run.containers.iter().filter_map(|c| container_due(run, c));
    here.into_iter().flatten().chain(inside).min()
}

fn container_due(run: &PodRun, c: &ContainerRun) -> Option<Millis> {
    let phase = match &c.phase {
        Phase::Waiting { retry, .. } => retry.filter(|_| run.stopping.is_none()),
        Phase::Pulling { until, .. } | Phase::Creating { until } => Some(*until),
        Phase::Running { .. } => process::due(c),
        Phase::Ended {
            end,
            noticed: false,
        } => Some(
            end.at
                + if run.stopping.is_some() {
                    stop::NOTICE_MS
                } else {
                    NOTICE_MS
                },
        ),
        Phase::Ended { .. } => c.again_at.filter(|_| run.stopping.is_none()),
    };
    let stop = c
        .stop
        .filter(|_| c.is_running())
        .map(|s| if s.told { s.kill_at } else { s.term_at });
    let probe = c
        .probes
        .as_ref()
        .filter(|_| c.is_running())
        .and_then(|p| p.due());
    let fault = (c.fault.as_ref().filter(|_| c.is_running())).and_then(|f| f.due());
    [phase, stop, probe, fault].into_iter().flatten().min()
}

/// When the pod was told to go, and by when.
pub fn deletion(pod: &Object) -> Option<(Millis, i64)> {
    let at = parse_rfc3339(pod.text("metadata.deletionTimestamp"))?;
    Some((at, pod.int("metadata.deletionGracePeriodSeconds")))
}
