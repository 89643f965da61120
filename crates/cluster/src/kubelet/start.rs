//! The life of one container: its image, its start, its end, and its restart.
//! Upstream: `pkg/kubelet/kuberuntime/kuberuntime_container.go`.

mod image;

use super::catalogue::Image;
use super::env;
use super::process;
use super::run::{Backoff, ContainerRun, Ended, Log, Phase, PodRun, Role};
use super::sync::NOTICE_MS;
use super::{ahead, probes, stop};
use crate::cx::Cx;
use image::{begin, pulled};
use machinery::time::Millis;
use machinery::{Object, duration};
use std::rc::Rc;

/// How long the kubelet waits before it tries a container with a broken configuration again.
const CONFIG_RETRY_MS: i64 = 10_000;

/// From noticing an end until the container is started again, the first time.
const RESTART_MS: i64 = 100;

/// How long an end is shown before `CrashLoopBackOff` takes its place.
const SHOWN_MS: i64 = 700;

/// Back-off events come about this often while a container is backed off.
const REMIND_MS: i64 = 13_000;

/// Whether a container that has ended is started again.
pub fn restarts(pod: &Object, c: &ContainerRun) -> bool {
    let Some(end) = c.ended() else { return false };
    match (c.role, pod.spec().text("restartPolicy")) {
        (Role::Ephemeral, _) => false,
        (Role::Sidecar, _) => true,
        _ if has_rule(c.spec(pod), end.code) => true,
        (Role::Init, _) if end.code == 0 => false,
        (Role::Init, policy) => policy != "Never",
        (Role::Main, policy) => {
            let own = c.spec(pod).text("restartPolicy");
            match if own.is_empty() { policy } else { own } {
                "Always" | "" => true,
                "OnFailure" => end.code != 0,
                _ => false,
            }
        }
    }
}

/// A rule of the container's own (`restartPolicyRules`) that this exit code is a reason to start again.
fn has_rule(spec: &machinery::Value, code: i32) -> bool {
    spec.get("restartPolicyRules").items().iter().any(|rule| {
        let codes = rule.get("exitCodes");
        let mut values = codes.get("values").items().iter();
        let listed = values.any(|v| v.as_i64() == Some(code.into()));
        !codes.is_null() && listed == (codes.text("operator") == "In")
    })
}

/// Moves one container on as far as time allows.
pub fn advance(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize) {
    let now = cx.now();
    changed(cx, pod, run, i);
    // Each turn changes the phase; the bound is for safety only.
    for _ in 0..8 {
        let c = &mut run.containers[i];
        match &mut c.phase {
            Phase::Waiting {
                retry: Some(at), ..
            } if *at > now => return,
            Phase::Waiting { .. } => {
                if !begin(cx, pod, run, i) {
                    return;
                }
            }
            Phase::Pulling { until, .. } if *until > now => return,
            Phase::Pulling { since, from, until } => {
                let (since, from, until) = (*since, *from, *until);
                pulled(cx, pod, run, i, (since, from, until));
            }
            Phase::Creating { until } if *until > now => return,
            Phase::Creating { .. } => {
                launch(cx, pod, run, i);
                return;
            }
            Phase::Running { .. } => {
                stop::advance_container(cx, run, i);
                if !matches!(run.containers[i].phase, Phase::Ended { .. }) {
                    return;
                }
            }
            Phase::Ended { noticed: false, .. } => {
                notice(pod, run, i, now);
                return;
            }
            Phase::Ended { .. } => {
                if c.again_at.is_some_and(|t| t > now) || !restarts(pod, c) {
                    return;
                }
                c.again_at = None;
                again(cx, pod, run, i);
            }
        }
    }
}

/// The kubelet sees that a container has ended, a moment after it has.
pub(super) fn notice(pod: &Object, run: &mut PodRun, i: usize, now: Millis) {
    let c = &mut run.containers[i];
    let Phase::Ended {
        end,
        noticed: seen @ false,
    } = &mut c.phase
    else {
        return;
    };
    if now < end.at + NOTICE_MS {
        return;
    }
    *seen = true;
    let at = end.at;
    super::endings::note_message(pod, c);
    (c.ready, c.started, c.probes) = (false, false, None);
    // The end itself is to be seen before what follows from it.
    let pause = if c.crash.holds(at, now) {
        SHOWN_MS
    } else {
        RESTART_MS
    };
    c.again_at = restarts(pod, c).then_some(now + pause);
    run.dirty(now, "a container has ended");
}

/// The spec has another image by now: what runs is stopped, what waits starts over.
fn changed(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize) {
    let c = &mut run.containers[i];
    if c.tried.is_empty() || c.spec(pod).text("image") == c.tried.as_str() {
        return;
    }
    match &c.phase {
        Phase::Running { .. } => {
            let message = format!("Container {} definition changed, will be restarted", c.name);
            stop::container(cx, pod, run, i, &message);
        }
        Phase::Waiting { .. } | Phase::Pulling { .. } | Phase::Creating { .. } => {
            c.pull = Backoff::default();
            c.pull_error = None;
            let reason = if c.role == Role::Main {
                "ContainerCreating"
            } else {
                "PodInitializing"
            };
            c.phase = Phase::Waiting {
                reason,
                message: None,
                retry: None,
            };
            run.dirty(cx.now() + 100, "the container's image was changed");
        }
        Phase::Ended { .. } => {}
    }
}

/// A container that has ended and shall run again: at once the first time, then after a growing delay.
fn again(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize) {
    let now = cx.now();
    let c = &mut run.containers[i];
    let Some(end) = c.ended().cloned() else {
        return;
    };
    c.last = Some(end.clone());
    if c.crash.holds(end.at, now) {
        back_off(cx, pod, run, i);
        return;
    }
    c.crash.next(end.at, now);
    c.restarts += 1;
    c.phase = Phase::Waiting {
        reason: "",
        message: None,
        retry: Some(now),
    };
}

/// `CrashLoopBackOff`: says so, and waits.
fn back_off(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize) {
    let now = cx.now();
    let (namespace, name, uid) = (run.namespace.clone(), run.name.clone(), run.uid.clone());
    let c = &mut run.containers[i];
    let delay = duration::print(c.crash.delay);
    let told = format!(
        "back-off {delay} restarting failed container={} pod={name}_{namespace}({uid})",
        c.name
    );
    let event = format!(
        "Back-off restarting failed container {} in pod {name}_{namespace}({uid})",
        c.name
    );
    let until = c.last.as_ref().map_or(now, |e| e.at) + c.crash.delay;
    let retry = until.min(now + REMIND_MS).max(now + 1);
    c.phase = Phase::Waiting {
        reason: "CrashLoopBackOff",
        message: Some(told.into()),
        retry: Some(retry),
    };
    cx.event_at(pod, &c.field_path(), "Warning", "BackOff", &event);
    run.dirty(now, "the container keeps failing");
}

fn wait(
    run: &mut PodRun,
    i: usize,
    now: Millis,
    reason: &'static str,
    message: &str,
    retry: Millis,
) {
    run.containers[i].phase = Phase::Waiting {
        reason,
        message: Some(message.into()),
        retry: Some(retry),
    };
    run.dirty(now, reason);
}

/// The image is there: the configuration is made, and the runtime is asked for the container.
fn create(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize, image: &'static Image) {
    let now = cx.now();
    let resolved = super::identity::check(pod, run, i)
        .and_then(|()| env::resolve(cx.cluster, pod, run, i, image));
    let path = run.containers[i].field_path();
    match resolved {
        Err(message) => {
            cx.event_at(
                pod,
                &path,
                "Warning",
                "Failed",
                &format!("Error: {message}"),
            );
            wait(
                run,
                i,
                now,
                "CreateContainerConfigError",
                &message,
                now + CONFIG_RETRY_MS,
            );
        }
        Ok(own) => {
            let takes = cx.cluster.world.delays.container_ms * slowness(cx, &run.node);
            let c = &mut run.containers[i];
            c.env = own;
            c.image = Some(image);
            c.phase = Phase::Creating { until: now + takes };
        }
    }
}

/// How many times as long as usual its node takes for everything.
pub(super) fn slowness(cx: &Cx, node: &str) -> i64 {
    cx.cluster.kubelets.node(node).map_or(1, |n| n.slow.max(1))
}

/// The container is created and started.
fn launch(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize) {
    let now = cx.now();
    let path = run.containers[i].field_path();
    cx.event_at(pod, &path, "Normal", "Created", "Container created");
    let c = &mut run.containers[i];
    if c.restarts > 0 {
        c.previous_log = Some(std::mem::take(&mut c.log));
        c.fs = None;
    }
    c.log = Rc::new(Log::default());
    match process::spawn::spawn(cx.cluster, pod, run, i) {
        Err(error) => {
            let why = format!(
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: \
                 runc create failed: unable to start container process: error during container init: {error}: unknown"
            );
            cx.event_at(pod, &path, "Warning", "Failed", &format!("Error: {why}"));
            let c = &mut run.containers[i];
            let end = Ended {
                code: 128,
                reason: "StartError",
                message: why,
                since: 0,
                at: now,
                attempt: c.restarts,
            };
            c.phase = Phase::Ended {
                end: Rc::new(end),
                noticed: false,
            };
        }
        Ok(proc) => {
            let stress = run.containers[i]
                .image
                .is_some_and(|i| i.app == super::catalogue::App::Stress);
            if let Some(node) = cx
                .cluster
                .kubelets
                .node_mut(&run.node)
                .filter(|n| stress && !n.heavy)
            {
                node.heavy = true;
            }
            cx.event_at(pod, &path, "Normal", "Started", "Container started");
            let slow = slowness(cx, &run.node);
            let given = run.containers[i].spec(pod).get("resources").clone();
            let c = &mut run.containers[i];
            if c.given.is_none() || run.resize.is_none() {
                c.given = Some(given);
            }
            let mounts = c.spec(pod).get("volumeMounts").items().iter();
            let by_sub = |m: &machinery::Value| {
                !m.text("subPath").is_empty() || !m.text("subPathExpr").is_empty()
            };
            c.frozen = mounts
                .clone()
                .any(by_sub)
                .then(|| Rc::new(run.sources.clone()));
            c.proc = Some(Rc::new(proc));
            c.phase = Phase::Running { since: now };
            c.stop = None;
            c.started = false;
            c.ready = false;
            probes::begin(pod, c, now);
            super::faults::started(pod, c, now, slow);
            run.dirty(now + 20, "a container has started");
            post_start(cx, pod, run, i);
        }
    }
}

/// The `postStart` hook: the container counts as started only after it, and is killed if it fails.
fn post_start(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize) {
    let hook = run.containers[i]
        .spec(pod)
        .at("lifecycle.postStart")
        .clone();
    if hook.is_null() {
        return;
    }
    let done = ahead::hook(cx.cluster, pod, run, i, &hook);
    let path = run.containers[i].field_path();
    if done.result.is_err() {
        cx.event_at(
            pod,
            &path,
            "Warning",
            "FailedPostStartHook",
            // Not what it said: that could be a secret.
            "PostStartHook failed",
        );
        stop::container(cx, pod, run, i, "FailedPostStartHook");
    } else if let Some(p) = &mut run.containers[i].probes {
        p.delay(done.took_ms);
    }
}

/// A process has ended: the container is over; the kubelet notices a little later.
pub fn ended(c: &mut ContainerRun, now: Millis, code: i32, reason: Option<&'static str>) {
    let Phase::Running { since } = c.phase else {
        return;
    };
    let reason = reason.unwrap_or(if code == 0 { "Completed" } else { "Error" });
    let end = Ended {
        code,
        reason,
        message: String::new(),
        since,
        at: now,
        attempt: c.restarts,
    };
    c.phase = Phase::Ended {
        end: Rc::new(end),
        noticed: false,
    };
    c.proc = None;
    c.servers = Vec::new();
    c.stop = None;
}
