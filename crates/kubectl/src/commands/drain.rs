//! `kubectl cordon`, `uncordon`, `drain`. Upstream: `kubectl:pkg/cmd/drain`, `pkg/drain`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text, usage};
use crate::print::Shown;
use crate::resources::{self, Ask, Info};
use machinery::Arrange;
use machinery::{Method, Object, Request, Value, value};

pub const CORDON: Command = Command {
    name: "cordon",
    group: CLUSTER,
    usage: "NODE",
    short: "Mark node as unschedulable",
    examples: &[Example(
        "Let no new pods onto a node",
        "kubectl cordon node-1",
    )],
    flags: &[SELECTOR, DRY_RUN],
    complete: Complete::Names("nodes"),
    run: Some(|cx| -> Run { Box::pin(cordon(cx, true)) }),
    ..Command::NONE
};

pub const UNCORDON: Command = Command {
    name: "uncordon",
    group: CLUSTER,
    usage: "NODE",
    short: "Mark node as schedulable",
    examples: &[Example(
        "Let pods onto the node again",
        "kubectl uncordon node-1",
    )],
    flags: &[SELECTOR, DRY_RUN],
    complete: Complete::Names("nodes"),
    run: Some(|cx| -> Run { Box::pin(cordon(cx, false)) }),
    ..Command::NONE
};

pub const DRAIN: Command = Command {
    name: "drain",
    group: CLUSTER,
    usage: "NODE",
    short: "Drain node in preparation for maintenance",
    long: "Takes a node out of service: lets no new pods onto it, and evicts or deletes those that are there, except what a DaemonSet manages, which needs --ignore-daemonsets. Pods that nothing would replace, and pods with local data, need --force and --delete-emptydir-data.",
    examples: &[
        Example(
            "Drain a node that runs a DaemonSet",
            "kubectl drain node-1 --ignore-daemonsets",
        ),
        Example(
            "Also pods that nothing looks after",
            "kubectl drain node-1 --ignore-daemonsets --force",
        ),
    ],
    flags: &[
        &[
            Flag::bool(
                "force",
                "Continue even if there are pods that do not declare a controller.",
            ),
            Flag::bool("ignore-daemonsets", "Ignore DaemonSet-managed pods."),
            Flag::bool(
                "delete-emptydir-data",
                "Continue even if there are pods using emptyDir (local data that will be deleted when the node is drained).",
            ),
            Flag::int(
                "grace-period",
                "-1",
                "Period of time in seconds given to each pod to terminate gracefully.",
            ),
            Flag::duration(
                "timeout",
                "0s",
                "The length of time to wait before giving up, zero means infinite.",
            ),
            Flag::text("pod-selector", "Label selector to filter pods on the node."),
            Flag::bool(
                "disable-eviction",
                "Force drain to use delete, even if eviction is supported.",
            ),
            Flag::int(
                "skip-wait-for-delete-timeout",
                "0",
                "If pod DeletionTimestamp older than N seconds, skip waiting for the pod.",
            ),
            Flag::int(
                "chunk-size",
                "500",
                "Return large lists in chunks rather than all at once.",
            ),
        ],
        SELECTOR,
        DRY_RUN,
    ],
    complete: Complete::Names("nodes"),
    run: Some(|cx| -> Run { Box::pin(drain(cx)) }),
    ..Command::NONE
};

async fn nodes(cx: &Cx) -> Result<(Vec<Info>, Vec<Fail>), Fail> {
    let selected = !cx.flag("selector").is_empty();
    if cx.args().is_empty() && !selected {
        return Err(usage(
            format!(
                "error: USAGE: {} {} [flags]",
                cx.command().name,
                cx.command().usage
            )
            .replace("error: USAGE", "USAGE"),
        ));
    }
    if !cx.args().is_empty() && selected {
        return Err(usage(
            "error: cannot specify both a node name and a --selector option",
        ));
    }
    let mut words = vec!["nodes".to_string()];
    words.extend(cx.args().iter().map(|a| {
        a.strip_prefix("node/")
            .or(a.strip_prefix("nodes/"))
            .unwrap_or(a)
            .to_string()
    }));
    resources::read(cx, &Ask::of(cx, &words)?).await
}

async fn cordon(cx: Cx, on: bool) -> Result<(), Fail> {
    let (infos, mut fails) = nodes(&cx).await?;
    for info in infos {
        if let Err(e) = mark(&cx, &info, on) {
            fails.push(e);
        }
    }
    fail::all(fails)
}

/// Marks one node, and says so.
fn mark(cx: &Cx, info: &Info, on: bool) -> Result<(), Fail> {
    let shown = Shown::of(cx)?;
    let done = match on {
        true => "cordoned",
        false => "uncordoned",
    };
    if info.object.flag("spec.unschedulable") == on {
        return shown.print(cx, &info.object, &format!("already {done}"));
    }
    let after = info.object.edit(|o| match on {
        true => o.set("spec.unschedulable", true),
        false => drop(o.remove("spec.unschedulable")),
    });
    if cx.dry_run()? != DryRun::Client {
        crate::change::update(cx, info, &after, "kubectl-cordon")?;
    }
    shown.print(cx, &info.object, done)
}

async fn drain(cx: Cx) -> Result<(), Fail> {
    if machinery::selector::Selector::parse(cx.flag("pod-selector")).is_err() {
        return Err(text(
            "--pod-selector=<pod_selector> must be a valid label selector",
        ));
    }
    let (infos, fails) = nodes(&cx).await?;
    fail::all(fails)?;
    for info in &infos {
        mark(&cx, info, true)?;
    }
    let shown = Shown::of(&cx)?;
    let mut errors: Vec<String> = Vec::new();
    let mut pending: Vec<&str> = Vec::new();
    for info in &infos {
        match empty(&cx, info).await {
            Ok(()) => shown.print(&cx, &info.object, "drained")?,
            Err(problems) => {
                let words = match &problems[..] {
                    [one] => one.clone(),
                    many => format!("[{}]", many.join(", ")),
                };
                cx.err(format!(
                    "error: unable to drain node \"{}\" due to error: {words}, continuing command...\n",
                    info.name
                ));
                errors.extend(problems);
                pending.push(&info.name);
            }
        }
    }
    if pending.is_empty() {
        return Ok(());
    }
    cx.err("There are pending nodes to be drained:\n");
    for name in pending {
        cx.err(format!(" {name}\n"));
    }
    // The reasons, one a line; a single one with the usual prefix is left as it is.
    Err(Fail::Code(1, errors.join("\n")))
}

/// What a filter says of a pod.
enum Verdict {
    Evict,
    /// Evict, and warn.
    Warn(&'static str),
    /// Leave it, and say so.
    Skip(&'static str),
    Leave,
    Refuse(&'static str),
}

fn verdict(cx: &Cx, pod: &Object) -> Vec<Verdict> {
    let mut out = Vec::new();
    let finished = ["Succeeded", "Failed"].contains(&pod.text("status.phase"));
    let controller = pod.controller();
    if controller.text("kind") == "DaemonSet"
        && controller.text("apiVersion").starts_with("apps/")
        && !finished
    {
        let path = format!(
            "/apis/apps/v1/namespaces/{}/daemonsets/{}",
            pod.namespace(),
            controller.text("name")
        );
        let there = cx.get(&path).is_ok();
        return match (there, cx.on("ignore-daemonsets")) {
            (true, true) => vec![Verdict::Skip("ignoring DaemonSet-managed Pods")],
            (true, false) => vec![Verdict::Refuse(
                "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)",
            )],
            (false, _) if cx.on("force") => {
                vec![Verdict::Warn("deleting Pods that declare no controller")]
            }
            (false, _) => vec![Verdict::Refuse(
                "Pods that declare no controller (use --force to override)",
            )],
        };
    }
    if pod.annotation("kubernetes.io/config.mirror").is_some() {
        return vec![Verdict::Leave];
    }
    let local = pod
        .at("spec.volumes")
        .items()
        .iter()
        .any(|v| v.has("emptyDir"));
    if local && !finished {
        out.push(match cx.on("delete-emptydir-data") {
            true => Verdict::Warn("deleting Pods with local storage"),
            false => {
                Verdict::Refuse("Pods with local storage (use --delete-emptydir-data to override)")
            }
        });
    }
    if !finished && controller.is_null() {
        out.push(match cx.on("force") {
            true => Verdict::Warn("deleting Pods that declare no controller"),
            false => Verdict::Refuse("Pods that declare no controller (use --force to override)"),
        });
    }
    out.push(Verdict::Evict);
    out
}

/// Evicts the node's pods and waits until they are gone.
async fn empty(cx: &Cx, node: &Info) -> Result<(), Vec<String>> {
    let one = |e: Fail| vec![e.message()];
    let res = cx.mapper().and_then(|m| m.resource("pods")).map_err(one)?;
    let fields = format!("spec.nodeName={}", node.name);
    let list = cx
        .ask(resources::list_request(
            &res,
            "",
            cx.flag("pod-selector"),
            &fields,
        ))
        .map_err(one)?;
    let mut refused: Vec<(&str, Vec<String>)> = Vec::new();
    let mut warned: Vec<(&str, Vec<String>)> = Vec::new();
    let mut evict: Vec<Info> = Vec::new();
    let add = |to: &mut Vec<(&'static str, Vec<String>)>, words: &'static str, pod: String| match to
        .iter_mut()
        .find(|(w, _)| *w == words)
    {
        Some((_, pods)) => pods.push(pod),
        None => to.push((words, vec![pod])),
    };
    for info in resources::items(&res, &list) {
        let name = format!("{}/{}", info.namespace, info.name);
        // The first refusal stands; of warnings the last does.
        let (mut keep, mut warning, mut refusal) = (false, None, None);
        for v in verdict(cx, &info.object) {
            match v {
                Verdict::Evict => keep = true,
                Verdict::Warn(w) => {
                    keep = true;
                    warning = Some(w);
                }
                Verdict::Skip(w) => add(&mut warned, w, name.clone()),
                Verdict::Leave => {}
                Verdict::Refuse(w) => {
                    refusal = refusal.or(Some(w));
                }
            }
        }
        if let Some(w) = refusal {
            add(&mut refused, w, name);
        } else if keep {
            if let Some(w) = warning {
                add(&mut warned, w, name);
            }
            evict.push(info);
        }
    }
    if !refused.is_empty() {
        refused.arrange();
        return Err(refused
            .into_iter()
            .map(|(w, pods)| format!("cannot delete {w}: {}", pods.join(", ")))
            .collect());
    }
    if !warned.is_empty() {
        warned.arrange_by_key(|(w, _)| std::cmp::Reverse(*w));
        let parts: Vec<String> = warned
            .iter()
            .map(|(w, pods)| format!("{w}: {}", pods.join(", ")))
            .collect();
        cx.warn(parts.join("; "));
    }
    evicted(cx, evict).await.map_err(|e| vec![e])
}

async fn evicted(cx: &Cx, pods: Vec<Info>) -> Result<(), String> {
    let dry = cx.dry_run().map_err(|e| e.message())?;
    let timeout = cx.millis("timeout");
    let deadline = (timeout > 0).then(|| cx.now() + timeout);
    let mut waiting: Vec<Info> = pods;
    let mut accepted: Vec<Info> = Vec::new();
    for pod in &waiting {
        cx.err(format!(
            "evicting pod {}/{}{}\n",
            pod.namespace,
            pod.name,
            dry.suffix()
        ));
    }
    if dry == DryRun::Client {
        return Ok(());
    }
    // A disruption budget may refuse for now: asked again after five seconds, as upstream does.
    while !waiting.is_empty() {
        let mut later = Vec::new();
        for pod in waiting {
            match evict(cx, &pod, dry) {
                Ok(()) => accepted.push(pod),
                Err(e) if e.is_not_found() => {}
                Err(Fail::Status(s)) if s.code == 429 => {
                    cx.err(format!(
                        "error when evicting pods/\"{}\" -n \"{}\" (will retry after 5s): {}\n",
                        pod.name, pod.namespace, s.message
                    ));
                    later.push(pod);
                }
                Err(e) => {
                    return Err(format!(
                        "error when evicting pods/\"{}\" -n \"{}\": {}",
                        pod.name,
                        pod.namespace,
                        e.message()
                    ));
                }
            }
        }
        waiting = later;
        if !waiting.is_empty() {
            if deadline.is_some_and(|d| cx.now() + 5000 > d) {
                return Err(format!(
                    "drain did not complete within {}",
                    go_duration(timeout)
                ));
            }
            cx.host.sleep(5000).await;
            for pod in &waiting {
                cx.err(format!("evicting pod {}/{}\n", pod.namespace, pod.name));
            }
        }
    }
    if dry != DryRun::None {
        return Ok(());
    }
    while !accepted.is_empty() {
        let mut left = Vec::new();
        for pod in accepted {
            match pod.fetch(cx) {
                Ok(now) if now.uid() == pod.object.uid() => {
                    let since =
                        machinery::time::parse_rfc3339(now.text("metadata.deletionTimestamp"));
                    let limit = cx.int("skip-wait-for-delete-timeout");
                    if limit > 0 && since.is_some_and(|t| cx.now() - t > limit * 1000) {
                        cx.line(format!(
                            "pod \"{}\" has DeletionTimestamp older than {limit} seconds, skipping",
                            pod.name
                        ));
                    } else {
                        left.push(pod);
                    }
                }
                Err(e) if !e.is_not_found() => return Err(e.message()),
                _ => cx.line(format!("pod/{} evicted", pod.name)),
            }
        }
        accepted = left;
        if !accepted.is_empty() {
            if deadline.is_some_and(|d| cx.now() >= d) {
                return Err(format!(
                    "drain did not complete within {}",
                    go_duration(timeout)
                ));
            }
            cx.host.changed_until(deadline).await;
        }
    }
    Ok(())
}

fn go_duration(ms: i64) -> String {
    machinery::duration::print(ms)
}

fn evict(cx: &Cx, pod: &Info, dry: DryRun) -> Result<(), Fail> {
    let mut options = Value::map();
    if cx.int("grace-period") >= 0 {
        options.set("gracePeriodSeconds", cx.int("grace-period"));
    }
    let mut request = if cx.on("disable-eviction") {
        Request::new(Method::Delete, pod.path()).body(options)
    } else {
        let mut body = value!({
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": { "name": pod.name.clone(), "namespace": pod.namespace.clone() },
        });
        if !options.is_empty() {
            body.set("deleteOptions", options);
        }
        Request::new(Method::Post, format!("{}/eviction", pod.path())).body(body)
    };
    if dry == DryRun::Server {
        request = request.with("dryRun", "All");
    }
    cx.ask(request).map(drop).map_err(|e| match e {
        Fail::Exit(_) => text("interrupted"),
        other => other,
    })
}
