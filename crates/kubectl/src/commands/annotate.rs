//! `kubectl annotate`. Upstream: `kubectl:pkg/cmd/annotate`.

use super::*;
use crate::command::{Complete, Example, Run};

pub const COMMAND: Command = Command {
    name: "annotate",
    group: SETTINGS,
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
    short: "Update the annotations on a resource",
    long: "Sets and takes away annotations: notes on an object that, other than labels, select nothing. KEY- takes the annotation KEY away.",
    examples: &[
        Example(
            "Say why a rollout was made",
            "kubectl annotate deployment/web kubernetes.io/change-cause='new image'",
        ),
        Example("Take an annotation away", "kubectl annotate pods web note-"),
    ],
    flags: &super::label::flags(&manager("kubectl-annotate")),
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(super::label::run(cx, super::label::ANNOTATIONS)) }),
    ..Command::NONE
};
