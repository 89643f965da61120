//! `kubectl kustomize`: prints what a kustomization makes.

use super::*;
use crate::command::{Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};

pub const COMMAND: Command = Command {
    name: "kustomize",
    group: ADVANCED,
    usage: "DIR",
    short: "Build a kustomization target from a directory or URL",
    examples: &[Example(
        "The current folder's kustomization",
        "kubectl kustomize .",
    )],
    flags: &[&[Flag::text("output", "If specified, write output to this path.").short('o')]],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let folder = match cx.args() {
        [] => ".",
        [one] => one,
        _ => return Err(text("specify one path to kustomization.yaml")),
    };
    let objects = crate::kustomize::build(&cx, folder)?;
    let parts: Vec<String> = objects.iter().map(|o| crate::forms::yaml(&o.0)).collect();
    let content = parts.join("---\n");
    match cx.flag("output") {
        "" => cx.out(content),
        path => cx
            .host
            .write(path, content)
            .map_err(|e| text(format!("open {path}: {e}")))?,
    }
    Ok(())
}
