//! `kubectl rollout`: status, history, undo, restart, pause, resume.
//! Upstream: `kubectl:pkg/cmd/rollout`, `pkg/polymorphichelpers`.

mod history;
mod status;
mod undo;

use super::*;
use crate::change;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask, Info};
use machinery::Arrange;
use machinery::{Object, Value};

pub const COMMAND: Command = Command {
    name: "rollout",
    group: DEPLOY,
    usage: "SUBCOMMAND",
    short: "Manage the rollout of a resource",
    long: "Watches, repeats, stops, continues and takes back rollouts of Deployments, DaemonSets and StatefulSets.",
    examples: &[
        Example(
            "Back to the previous revision",
            "kubectl rollout undo deployment/web",
        ),
        Example(
            "Wait until a rollout is through",
            "kubectl rollout status deployment/web",
        ),
    ],
    subs: &[
        &history::COMMAND,
        &PAUSE,
        &RESTART,
        &RESUME,
        &status::COMMAND,
        &undo::COMMAND,
    ],
    ..Command::NONE
};

const PAUSE: Command = Command {
    name: "pause",
    usage: "RESOURCE",
    short: "Mark the provided resource as paused",
    examples: &[Example(
        "Collect changes without rolling out",
        "kubectl rollout pause deployment/web",
    )],
    flags: &[FILES, OUTPUT, SELECTOR, &manager("kubectl-rollout")],
    complete: Complete::Kinds(&["deployment"]),
    run: Some(|cx| -> Run { Box::pin(change_all(cx, paused, "paused", "pausing")) }),
    ..Command::NONE
};

const RESUME: Command = Command {
    name: "resume",
    usage: "RESOURCE",
    short: "Resume a paused resource",
    examples: &[Example(
        "Roll out what was collected",
        "kubectl rollout resume deployment/web",
    )],
    flags: &[FILES, OUTPUT, SELECTOR, &manager("kubectl-rollout")],
    complete: Complete::Kinds(&["deployment"]),
    run: Some(|cx| -> Run { Box::pin(change_all(cx, resumed, "resumed", "resuming")) }),
    ..Command::NONE
};

const RESTART: Command = Command {
    name: "restart",
    usage: "RESOURCE",
    short: "Restart a resource",
    long: "Replaces all pods by the strategy of their controller: the pod template gets a new annotation, which is a change like any other.",
    examples: &[Example(
        "Restart a deployment",
        "kubectl rollout restart deployment/web",
    )],
    flags: &[FILES, OUTPUT, SELECTOR, &manager("kubectl-rollout")],
    complete: Complete::Kinds(&["daemonset", "deployment", "statefulset"]),
    run: Some(|cx| -> Run { Box::pin(change_all(cx, restarted, "restarted", "restarting")) }),
    ..Command::NONE
};

const REQUIRED: &str = "required resource not specified";

/// What one of pause, resume, restart makes of an object; the error is the words behind its name.
type Change = fn(&Cx, &Object) -> Result<Object, String>;

fn paused(_: &Cx, o: &Object) -> Result<Object, String> {
    match (o.kind(), o.flag("spec.paused")) {
        ("Deployment", true) => Err("is already paused".into()),
        ("Deployment", false) => Ok(o.edit(|o| o.set("spec.paused", true))),
        _ => Err("pausing is not supported".into()),
    }
}

fn resumed(_: &Cx, o: &Object) -> Result<Object, String> {
    match (o.kind(), o.flag("spec.paused")) {
        ("Deployment", false) => Err("is not paused".into()),
        ("Deployment", true) => Ok(o.edit(|o| drop(o.remove("spec.paused")))),
        _ => Err("resuming is not supported".into()),
    }
}

fn restarted(cx: &Cx, o: &Object) -> Result<Object, String> {
    if o.kind() == "Deployment" && o.flag("spec.paused") {
        return Err("can't restart paused deployment (run rollout resume first)".into());
    }
    if !["Deployment", "DaemonSet", "StatefulSet"].contains(&o.kind()) {
        return Err("restarting is not supported".into());
    }
    let now = machinery::time::rfc3339(cx.now());
    Ok(o.edit(|o| {
        *o.place("spec.template.metadata.annotations")
            .field("kubectl.kubernetes.io/restartedAt") = Value::from(now);
    }))
}

async fn change_all(
    cx: Cx,
    change: Change,
    done: &'static str,
    _doing: &'static str,
) -> Result<(), Fail> {
    let mut ask = Ask::of(&cx, cx.args())?;
    if cx.args().is_empty() && !ask.has_files() {
        return Err(text(REQUIRED));
    }
    ask = ask.type_alone();
    let shown = Shown::of(&cx)?;
    let (infos, mut fails) = resources::read(&cx, &ask).await?;
    if infos.is_empty() && fails.is_empty() {
        cx.err(format!(
            "No resources found in {} namespace.\n",
            ask.namespace
        ));
    }
    for info in infos {
        let live = if info.source.is_empty() {
            info.object.clone()
        } else {
            info.fetch(&cx)?
        };
        let info = Info {
            object: live,
            ..info
        };
        match change(&cx, &info.object) {
            Err(words) => fails.push(text(format!("{} \"{}\" {words}", info.res.qualified(), info.name))),
            Ok(after) => match crate::change::update(&cx, &info, &after, "kubectl-rollout") {
                Ok(Some(o)) => shown.print(&cx, &o, done)?,
                Ok(None) => fails.push(text(format!(
                    "failed to create patch for {}: if restart has already been triggered within the past second, please wait before attempting to trigger another",
                    info.name
                ))),
                Err(e) => fails.push(e.wrap("failed to patch")),
            },
        }
    }
    fail::all(fails)
}

/// The revisions of a workload: (number, the object that keeps it, its pod template).
fn revisions(cx: &Cx, info: &Info) -> Result<Vec<(i64, Object, Value)>, Fail> {
    let o = &info.object;
    let (kind, number): (&str, fn(&Object) -> i64) = match o.kind() {
        "Deployment" => ("replicasets.apps", |rs| {
            rs.annotation("deployment.kubernetes.io/revision")
                .and_then(|r| r.parse().ok())
                .unwrap_or(0)
        }),
        "DaemonSet" | "StatefulSet" => ("controllerrevisions.apps", |r| r.int("revision")),
        other => {
            return Err(text(format!(
                "no history viewer has been implemented for \"{}\"",
                machinery::status::qualified(&info.res.group, other)
            )));
        }
    };
    let res = cx.mapper()?.resource(kind)?;
    let selector = machinery::labels::text(o.at("spec.selector"));
    let list = cx.ask(resources::list_request(
        &res,
        &info.namespace,
        &selector,
        "",
    ))?;
    let mut out: Vec<(i64, Object, Value)> = resources::items(&res, &list)
        .into_iter()
        .filter(|i| i.object.is_controlled_by(o))
        .map(|i| {
            let template = match i.object.kind() {
                "ReplicaSet" => i.object.at("spec.template").clone(),
                _ => {
                    let mut t = i.object.at("data.spec.template").clone();
                    t.remove("$patch");
                    t
                }
            };
            (number(&i.object), i.object, template)
        })
        .filter(|r| r.0 > 0)
        .collect();
    out.arrange_by_key(|r| r.0);
    Ok(out)
}

/// The objects that words or files name, as they are in the cluster.
async fn workloads(cx: &Cx) -> Result<(Vec<Info>, Vec<Fail>), Fail> {
    let ask = Ask::of(cx, cx.args())?.type_alone();
    if cx.args().is_empty() && !ask.has_files() {
        return Err(text(REQUIRED));
    }
    let (infos, fails) = resources::read(cx, &ask).await?;
    Ok((infos, fails))
}

fn is_dry(cx: &Cx) -> Result<bool, Fail> {
    Ok(cx.dry_run()? != DryRun::None)
}

/// The change cause that a revision carries.
fn cause(o: &Object) -> &str {
    o.annotation("kubernetes.io/change-cause")
        .unwrap_or("<none>")
}

/// Sends what differs, as one strategic patch.
fn send(cx: &Cx, info: &Info, after: &Object) -> Result<Option<Object>, Fail> {
    change::update(cx, info, after, "kubectl-rollout")
}
