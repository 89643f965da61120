//! `kubectl rollout history`. Upstream: `polymorphichelpers/history.go`.

use super::*;
use crate::commands::describe::Through;
use kinds::describe::Describe;

pub const COMMAND: Command = Command {
    name: "history",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    short: "View rollout history",
    examples: &[
        Example(
            "The revisions of a deployment",
            "kubectl rollout history deployment/web",
        ),
        Example(
            "What one of them was",
            "kubectl rollout history deployment/web --revision=3",
        ),
    ],
    flags: &[
        &[Flag::int(
            "revision",
            "0",
            "See the details, including podTemplate of the revision specified.",
        )],
        FILES,
        OUTPUT,
        SELECTOR,
    ],
    complete: Complete::Kinds(&["daemonset", "deployment", "statefulset"]),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    if cx.int("revision") < 0 {
        return Err(text(format!(
            "revision must be a positive integer: {}",
            cx.int("revision")
        )));
    }
    let (infos, mut fails) = workloads(&cx).await?;
    for info in infos {
        if let Err(e) = one(&cx, &info) {
            fails.push(e);
        }
    }
    fail::all(fails)
}

fn one(cx: &Cx, info: &Info) -> Result<(), Fail> {
    let all = revisions(cx, info)?;
    let wanted = cx.int("revision");
    if !cx.flag("output").is_empty() {
        let hit = all.iter().rev().find(|r| wanted == 0 || r.0 == wanted);
        let (_, keeper, template) =
            hit.ok_or_else(|| text("unable to find the specified revision"))?;
        let object = match keeper.kind() {
            "ReplicaSet" => keeper.clone(),
            _ => info
                .object
                .edit(|o| o.set("spec.template", template.clone())),
        };
        return Shown::of(cx)?.print(cx, &object, "");
    }
    if all.is_empty() {
        cx.line(format!("{} No rollout history found.", info.shown()));
        return Ok(());
    }
    if wanted > 0 {
        let (_, keeper, template) = all
            .iter()
            .find(|r| r.0 == wanted)
            .ok_or_else(|| text("unable to find the specified revision"))?;
        let mut template = template.clone();
        if keeper.kind() == "ReplicaSet" && cause(keeper) != "<none>" {
            *template
                .place("metadata.annotations")
                .field("kubernetes.io/change-cause") = Value::str(cause(keeper));
        }
        let related = Through(cx);
        let mut d = Describe::new(&related, false);
        kinds::pod_describe::template(&mut d, &template);
        cx.line(format!(
            "{} with revision #{wanted}\n{}",
            info.shown(),
            d.raw()
        ));
        return Ok(());
    }
    let mut rows = String::from("REVISION\tCHANGE-CAUSE\n");
    for (n, keeper, _) in &all {
        rows.push_str(&format!("{n}\t{}\n", cause(keeper)));
    }
    cx.line(format!("{} \n{}", info.shown(), kinds::tabs::align(&rows)));
    Ok(())
}
