//! `kubectl kustomize`: prints what a kustomization makes.

use super::*;
use crate::command::{Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};

pub const COMMAND: Command = Command {
    name: "kustomize",
    group: ADVANCED,
    usage: "DIR [flags]",
    short: "Build a kustomization target from a directory or URL",
    examples: &[Example(
        "The current folder's kustomization",
        "kubectl kustomize .",
    )],
    flags: &[&[
        Flag::text("output", "If specified, write output to this path.").short('o'),
        Flag::text(
            "load-restrictor",
            "LoadRestrictionsNone lets files above the kustomization's root be read.",
        )
        .or("LoadRestrictionsRootOnly"),
        Flag::bool(
            "as-current-user",
            "Use the uid and gid of the command executor.",
        ),
        Flag::bool("enable-alpha-plugins", "Enable kustomize plugins."),
        Flag::bool(
            "enable-helm",
            "Enable use of the Helm chart inflator generator.",
        ),
        Flag::array("env", "Environment variables to be used by functions.").short('e'),
        Flag::array("helm-api-versions", "Kubernetes api versions used by Helm."),
        Flag::text("helm-command", "The helm command.").or("helm"),
        Flag::bool(
            "helm-debug",
            "Enable debug output from the Helm chart inflator.",
        ),
        Flag::text("helm-kube-version", "Kubernetes version used by Helm."),
        Flag::array("mount", "Storage options read from the file system."),
        Flag::bool(
            "network",
            "Enable network access for functions that declare it.",
        ),
        Flag::text(
            "network-name",
            "The docker network to run the container in.",
        )
        .or("bridge"),
    ]],
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
