//! `kubectl rollout undo`. Upstream: `polymorphichelpers/rollback.go`.

use super::*;
use crate::commands::apply::LAST;
use crate::commands::describe::Through;
use kinds::describe::Describe;

pub const COMMAND: Command = Command {
    name: "undo",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    short: "Undo a previous rollout",
    long: "Makes the pod template be as it was in an earlier revision, by default the one before the current.",
    examples: &[
        Example(
            "To the revision before",
            "kubectl rollout undo deployment/web",
        ),
        Example(
            "To a certain one",
            "kubectl rollout undo deployment/web --to-revision=3",
        ),
    ],
    flags: &[
        &[Flag::int(
            "to-revision",
            "0",
            "The revision to rollback to. Default to 0 (last revision).",
        )],
        FILES,
        OUTPUT,
        DRY_RUN,
        SELECTOR,
    ],
    complete: Complete::Kinds(&["daemonset", "deployment", "statefulset"]),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let shown = Shown::of(&cx)?;
    let (infos, mut fails) = workloads(&cx).await?;
    for info in infos {
        if let Err(e) = one(&cx, &info, &shown) {
            fails.push(e);
        }
    }
    fail::all(fails)
}

fn one(cx: &Cx, info: &Info, shown: &Shown) -> Result<(), Fail> {
    let all = revisions(cx, info).map_err(|_| {
        text(format!(
            "no rollbacker has been implemented for \"{}\"",
            machinery::status::qualified(&info.res.group, &info.res.kind)
        ))
    })?;
    if info.object.annotation(LAST).is_some() {
        cx.warn(format!(
            "resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.",
            info.res.plural, info.name
        ));
    }
    let target = target(cx, info, &all)?;
    if is_dry(cx)? {
        let related = Through(cx);
        let mut d = Describe::new(&related, false);
        kinds::pod_describe::template(&mut d, &target.template);
        return shown.print(cx, &info.object, &format!("will roll back to {}", d.raw()));
    }
    if info.object.kind() == "Deployment" && info.object.flag("spec.paused") {
        return Err(text(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    let after = restored(info, &target);
    let same = after.at("spec.template") == info.object.at("spec.template");
    if same {
        let words = format!(
            "skipped rollback (current template already matches revision {})",
            cx.int("to-revision")
        );
        return shown.print(cx, &info.object, &words);
    }
    let changed = send(cx, info, &after).map_err(|e| {
        e.wrap(&format!(
            "failed restoring revision {}",
            cx.int("to-revision")
        ))
    })?;
    shown.print(cx, &changed.unwrap_or(after), "rolled back")
}

struct Revision {
    keeper: Object,
    template: Value,
}

fn target(cx: &Cx, info: &Info, all: &[(i64, Object, Value)]) -> Result<Revision, Fail> {
    let wanted = cx.int("to-revision");
    let hit = match wanted {
        0 => all.len().checked_sub(2).and_then(|i| all.get(i)),
        n => all.iter().find(|r| r.0 == n),
    };
    match hit {
        Some((_, keeper, template)) => Ok(Revision {
            keeper: keeper.clone(),
            template: template.clone(),
        }),
        None if wanted > 0 => Err(text(format!(
            "unable to find specified revision {wanted} in history"
        ))),
        None if info.object.kind() == "Deployment" => Err(text(format!(
            "no rollout history found for deployment \"{}\"",
            info.name
        ))),
        None => Err(text("no last revision to roll back to")),
    }
}

/// Annotations that belong to a revision or to its bookkeeping are not restored.
const KEPT: &[&str] = &[
    LAST,
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

fn restored(info: &Info, target: &Revision) -> Object {
    let mut template = target.template.clone();
    template.remove("metadata.creationTimestamp");
    if info.object.kind() != "Deployment" {
        return info.object.edit(|o| o.set("spec.template", template));
    }
    if let Some(labels) = template.get("metadata").get("labels").as_map() {
        let mut labels = labels.clone();
        labels.remove("pod-template-hash");
        template.set("metadata.labels", labels);
    }
    // The deployment's own bookkeeping stays, all else is as the revision has it.
    let mut annotations = Value::map();
    for (k, v) in info.object.at("metadata.annotations").entries() {
        if KEPT.contains(&k.as_str()) {
            *annotations.field(k) = v.clone();
        }
    }
    for (k, v) in target.keeper.at("metadata.annotations").entries() {
        if !KEPT.contains(&k.as_str()) {
            *annotations.field(k) = v.clone();
        }
    }
    info.object.edit(|o| {
        o.set("spec.template", template);
        o.set("metadata.annotations", annotations);
    })
}
