//! Resizing a pod in place: the spec asks, the kubelet gives if the node has it, the status tells what was given.
//! Upstream: `pkg/kubelet/allocation`, `pkg/kubelet/kuberuntime` (`doPodResizeAction`).
//!
//! What can never be (`Infeasible`) and what has to wait for room (`Deferred`) show in the condition `PodResizePending`;
//! `PodResizeInProgress` while it is carried out. A container whose `resizePolicy` says so is started anew.

use super::run::{PodRun, Role};
use super::stop;
use crate::cx::Cx;
use crate::scheduler;
use machinery::{Object, Value, json, value};
use std::rc::Rc;

/// How long carrying it out takes.
const TAKES_MS: i64 = 500;
/// A resize that waits for room is looked at again after this.
const AGAIN_MS: i64 = 30_000;

/// The spec has changed: are other resources asked for than were given?
pub fn look(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    let asked = |run: &PodRun, i: usize| run.containers[i].spec(pod).get("resources").clone();
    let differs = |run: &PodRun, i: usize| {
        let c = &run.containers[i];
        c.image.is_some() && c.given.as_ref().is_some_and(|g| *g != asked(run, i))
    };
    let changed: Vec<usize> = (0..run.containers.len())
        .filter(|i| differs(run, *i))
        .collect();
    if changed.is_empty() {
        run.resize = None;
        return;
    }
    if let Err((reason, text)) = scheduler::resize_fits(cx.cluster, pod) {
        let known = run
            .resize
            .as_ref()
            .is_some_and(|r| r.0 == reason && r.1 == text);
        if !known {
            let event = format!("Resize{reason}");
            let said = format!("Pod resize {reason}: {}", describe(pod, Some(&text)));
            cx.event(pod, "Warning", &event, &said);
            run.resize = Some(Rc::new((reason, text)));
        }
        // What has to wait for room is tried again.
        run.resize_until = (reason == "Deferred").then(|| cx.now() + AGAIN_MS);
        return;
    }
    run.resize = None;
    let text = format!("Pod resize started: {}", describe(pod, None));
    cx.event(pod, "Normal", "ResizeStarted", &text);
    run.resize_until = Some(cx.now() + TAKES_MS);
    for i in changed {
        let new = asked(run, i);
        let restart = needs_restart(
            run.containers[i].spec(pod),
            run.containers[i].given.as_ref(),
            &new,
        );
        run.containers[i].given = Some(new);
        if restart && run.containers[i].is_running() && run.containers[i].role != Role::Ephemeral {
            let name = run.containers[i].name.clone();
            let text = format!("Container {name} resize requires restart");
            stop::container(cx, pod, run, i, &text);
        }
    }
}

/// `{"containers":[{"name":"c","resources":{...}}],"generation":2}`
fn describe(pod: &Object, error: Option<&str>) -> String {
    let containers = pod.spec().get("containers").items().iter();
    let containers: Vec<Value> = containers
        .map(|c| value!({ "name": c.get("name").clone(), "resources": c.get("resources").clone() }))
        .collect();
    let mut v = value!({ "containers": Value::from(containers), "generation": pod.generation() });
    if let Some(text) = error {
        v.set("error", Value::str(text));
    }
    json::print(&v)
}

fn needs_restart(spec: &Value, old: Option<&Value>, new: &Value) -> bool {
    let old = old.unwrap_or(machinery::NULL);
    spec.get("resizePolicy").items().iter().any(|p| {
        let name = p.text("resourceName");
        let of = |v: &Value, list: &str| v.get(list).get(name).clone();
        let moved = ["requests", "limits"]
            .iter()
            .any(|l| of(old, l) != of(new, l));
        p.text("restartPolicy") == "RestartContainer" && moved
    })
}

/// What was given is there.
pub fn advance(cx: &mut Cx, pod: &Object, run: &mut PodRun) {
    if run.resize_until.is_none_or(|t| t > cx.now()) {
        return;
    }
    run.resize_until = None;
    if run.resize.is_some() {
        look(cx, pod, run);
        run.dirty(cx.now(), "there may be room now");
        return;
    }
    let text = format!("Pod resize completed: {}", describe(pod, None));
    cx.event(pod, "Normal", "ResizeCompleted", &text);
    run.dirty(cx.now(), "the resize is done");
}

/// The conditions of a resize, before the kubelet's others.
pub fn conditions(pod: &Object, run: &PodRun, now: &str, out: &mut Vec<Value>) {
    const KINDS: [&str; 2] = ["PodResizePending", "PodResizeInProgress"];
    let old = std::mem::take(out);
    let before = |kind: &str| old.iter().find(|c| c.text("type") == kind);
    let since = |kind: &str| match before(kind) {
        Some(c) => c.get("lastTransitionTime").clone(),
        None => Value::str(now),
    };
    let mut fresh = Vec::new();
    let mut add = |kind: &'static str, reason: &str, message: &str| {
        let mut c = value!({
            "lastProbeTime": null, "lastTransitionTime": since(kind), "status": "True", "type": kind,
            "observedGeneration": pod.generation(),
        });
        for (field, text) in [("reason", reason), ("message", message)] {
            if !text.is_empty() {
                c.set(field, Value::str(text));
            }
        }
        fresh.push(c);
    };
    if let Some(r) = &run.resize {
        add(KINDS[0], r.0, &r.1);
    }
    if run.resize_until.is_some() && run.resize.is_none() {
        add(KINDS[1], "", "");
    }
    out.extend(fresh);
    out.extend(old.into_iter().filter(|c| !KINDS.contains(&c.text("type"))));
}
