//! The image of a container: which one is asked for, whether it is there, and its pull.
//! Upstream: `pkg/kubelet/images/image_manager.go`.

use super::super::images;
use super::super::run::{Backoff, Phase, PodRun};
use super::{CONFIG_RETRY_MS, REMIND_MS, back_off, create, slowness, wait};
use crate::cx::Cx;
use machinery::time::Millis;
use machinery::{Object, Str, duration};
use std::rc::Rc;

/// Decides about the image. True: go on at once.
pub(super) fn begin(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize) -> bool {
    if backed_off(cx, pod, run, i) {
        return false;
    }
    let c = &mut run.containers[i];
    let spec = c.spec(pod).clone();
    if let machinery::Value::Str(image) = spec.get("image") {
        c.tried = image.clone();
    }
    let image = spec.text("image");
    let path = c.field_path();
    let Some(reference) = images::parse(image) else {
        let name = image.split([':', '@']).next().unwrap_or("");
        let place = if name.contains('/') { "" } else { "library/" };
        let more = match name.bytes().any(|b| b.is_ascii_uppercase()) {
            true => format!(": repository name ({place}{name}) must be lowercase"),
            false => String::new(),
        };
        let message = format!(
            "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": invalid reference format{more}"
        );
        let reasons = ("InvalidImageName", "InspectFailed");
        refuse(cx, pod, run, i, reasons, &message);
        return false;
    };
    let full = reference.full();
    let present = cx
        .cluster
        .kubelets
        .node(&run.node)
        .and_then(|n| n.images.get(full.as_str()).copied());
    match (spec.text("imagePullPolicy"), present) {
        ("Never", None) => {
            let message =
                format!("Container image \"{image}\" is not present with pull policy of Never");
            let reasons = ("ErrImageNeverPull", "ErrImageNeverPull");
            refuse(cx, pod, run, i, reasons, &message);
            false
        }
        ("Always", _) | (_, None) => {
            pull(cx, pod, run, i, image, present.is_some());
            true
        }
        (_, Some(found)) => {
            let message = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            cx.event_at(pod, &path, "Normal", "Pulled", &message);
            create(cx, pod, run, i, found);
            true
        }
    }
}

/// Nothing is pulled: two events say so, and the container waits.
fn refuse(
    cx: &mut Cx,
    pod: &Object,
    run: &mut PodRun,
    i: usize,
    (reason, event): (&'static str, &str),
    message: &str,
) {
    let now = cx.now();
    let path = run.containers[i].field_path();
    cx.event_at(pod, &path, "Warning", event, message);
    cx.event_at(pod, &path, "Warning", "Failed", &format!("Error: {reason}"));
    wait(run, i, now, reason, message, now + CONFIG_RETRY_MS);
}

/// Whether a container that keeps failing has to wait still; if not, this start counts as its next.
fn backed_off(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize) -> bool {
    let now = cx.now();
    let c = &mut run.containers[i];
    let Phase::Waiting {
        reason: "CrashLoopBackOff",
        ..
    } = c.phase
    else {
        return false;
    };
    let end = c.last.as_ref().map_or(0, |e| e.at);
    if c.crash.holds(end, now) {
        back_off(cx, pod, run, i);
        return true;
    }
    c.crash.next(end, now);
    c.restarts += 1;
    false
}

/// Starts pulling, or says that it is backed off.
fn pull(cx: &mut Cx, pod: &Object, run: &mut PodRun, i: usize, image: &str, present: bool) {
    let now = cx.now();
    let path = run.containers[i].field_path();
    let c = &mut run.containers[i];
    if c.pull.holds(c.pull.updated, now) {
        let message = format!("Back-off pulling image \"{image}\"");
        cx.event_at(pod, &path, "Normal", "BackOff", &message);
        cx.event_at(pod, &path, "Warning", "Failed", "Error: ImagePullBackOff");
        let c = &mut run.containers[i];
        let told = match &c.pull_error {
            Some(error) => format!("{message}: ErrImagePull: {error}"),
            None => message,
        };
        let retry = (c.pull.updated + c.pull.delay)
            .min(now + REMIND_MS)
            .max(now + 1);
        wait(run, i, now, "ImagePullBackOff", &told, retry);
        return;
    }
    cx.event_at(
        pod,
        &path,
        "Normal",
        "Pulling",
        &format!("Pulling image \"{image}\""),
    );
    let delays = cx.cluster.world.delays.clone();
    let size = match images::parse(image).map(|r| images::find(&r)) {
        Some(Ok(found)) if !present => found.size,
        _ => 0,
    };
    let node = run.node.clone();
    let takes = delays.pull_latency_ms + size * 1000 / delays.pull_bytes_per_s.max(1);
    let takes = takes * slowness(cx, &node);
    let from = match cx.cluster.kubelets.node_mut(&node) {
        Some(node) => {
            let from = node.pull_free_at.max(now);
            node.pull_free_at = from + takes;
            from
        }
        None => now,
    };
    let c = &mut run.containers[i];
    // While it is pulled, the reason that was told before stays.
    c.phase = Phase::Pulling {
        since: now,
        from,
        until: from + takes,
    };
}

/// The end of a pull.
pub(super) fn pulled(
    cx: &mut Cx,
    pod: &Object,
    run: &mut PodRun,
    i: usize,
    (since, from, until): (Millis, Millis, Millis),
) {
    let now = cx.now();
    let spec = run.containers[i].spec(pod).clone();
    let image = spec.text("image");
    let path = run.containers[i].field_path();
    let found = images::parse(image)
        .map_or_else(|| Err(String::new()), |r| images::find(&r).map(|i| (r, i)));
    match found {
        Ok((reference, found)) => {
            let message = format!(
                "Successfully pulled image \"{image}\" in {} ({} including waiting). Image size: {} bytes.",
                duration::print(until - from),
                duration::print(until - since),
                found.size,
            );
            cx.event_at(pod, &path, "Normal", "Pulled", &message);
            let full = Str::from(reference.full());
            if let Some(node) = cx.cluster.kubelets.node_mut(&run.node.clone())
                && !node.images.contains_key(&full)
            {
                Rc::make_mut(&mut node.images).insert(full, found);
            }
            let c = &mut run.containers[i];
            c.pull = Backoff::default();
            c.pull_error = None;
            create(cx, pod, run, i, found);
        }
        Err(error) => {
            cx.event_at(
                pod,
                &path,
                "Warning",
                "Failed",
                &format!("Failed to pull image \"{image}\": {error}"),
            );
            cx.event_at(pod, &path, "Warning", "Failed", "Error: ErrImagePull");
            let c = &mut run.containers[i];
            c.pull.next(now, now);
            c.pull_error = Some(error.as_str().into());
            wait(run, i, now, "ErrImagePull", &error, now + 1_500);
        }
    }
}
