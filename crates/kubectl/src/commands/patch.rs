//! `kubectl patch`. Upstream: `kubectl:pkg/cmd/patch`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun, Inner};
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask};
use machinery::{Object, PatchType, Status};

pub const COMMAND: Command = Command {
    name: "patch",
    group: ADVANCED,
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    short: "Update fields of a resource",
    long: "Changes fields of an object by a strategic merge patch, a JSON merge patch, or a JSON patch, written as JSON or YAML.",
    examples: &[
        Example(
            "Change one field",
            "kubectl patch node node-1 -p '{\"spec\":{\"unschedulable\":true}}'",
        ),
        Example(
            "Change one container's image; containers are told apart by name",
            "kubectl patch deployment web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"nginx\",\"image\":\"nginx:1.27\"}]}}}}'",
        ),
        Example(
            "The same by position",
            "kubectl patch deployment web --type=json -p='[{\"op\":\"replace\",\"path\":\"/spec/template/spec/containers/0/image\",\"value\":\"nginx:1.27\"}]'",
        ),
    ],
    flags: &[
        &[
            Flag::text(
                "patch",
                "The patch to be applied to the resource JSON file.",
            )
            .short('p'),
            Flag::text(
                "patch-file",
                "A file containing a patch to be applied to the resource.",
            ),
            Flag::text(
                "type",
                "The type of patch being provided; one of [json merge strategic].",
            )
            .or("strategic"),
            Flag::bool(
                "local",
                "If true, patch will operate on the content of the file, not the server-side resource.",
            ),
            Flag::text(
                "subresource",
                "If specified, patch will operate on the subresource of the requested object.",
            ),
        ],
        FILES,
        OUTPUT,
        DRY_RUN,
        RECORD,
        &manager("kubectl-patch"),
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let given = match (cx.flag("patch"), cx.flag("patch-file")) {
        ("", "") => {
            return Err(text(
                "must specify --patch or --patch-file containing the contents of the patch",
            ));
        }
        ("", file) => cx.host.read(file).map_err(|_| {
            text(format!(
                "unable to read patch file: open {file}: no such file or directory"
            ))
        })?,
        (patch, "") => patch.to_string(),
        _ => return Err(text("cannot specify --patch and --patch-file together")),
    };
    let kind = match cx.flag("type").to_lowercase().as_str() {
        "json" => PatchType::Json,
        "merge" => PatchType::Merge,
        "strategic" => PatchType::Strategic,
        other => {
            return Err(text(format!(
                "--type must be one of [json merge strategic], not \"{other}\""
            )));
        }
    };
    // What cannot be read is sent as it is: the server finds the words for it.
    let body = crate::forms::parse_one(&given);
    let shown = Shown::of(&cx)?;
    let dry = cx.dry_run()?;
    let local = cx.on("local");
    let (infos, mut fails) = resources::read(&cx, &Ask::of(&cx, cx.args())?).await?;
    if infos.is_empty() && fails.is_empty() {
        return Err(text("no objects passed to patch"));
    }
    for info in infos {
        if local || dry == DryRun::Client {
            let (after, words) = here(&info, &body, kind)?;
            shown.print(&cx, &after, words)?;
            continue;
        }
        let sub = cx.flag("subresource");
        let path = if sub.is_empty() {
            info.path()
        } else {
            format!("{}/{sub}", info.path())
        };
        let mut request = match &body {
            Ok(v) => Inner::patch_request(&path, kind, v.clone()),
            Err(_) => Inner::text_request(&path, kind, given.clone()),
        };
        request = request.with(
            "fieldManager",
            match cx.flag("field-manager") {
                "" => "kubectl-patch",
                m => m,
            },
        );
        if dry != DryRun::None {
            request = request.with("dryRun", "All");
        }
        let done = cx.ask(request).map_err(|e| unsupported(e, &info, kind));
        match done {
            Ok(v) => {
                let after = Object(v);
                let same = after.text("metadata.resourceVersion")
                    == info.object.text("metadata.resourceVersion")
                    && sub.is_empty();
                let words = if same && dry == DryRun::None {
                    "patched (no change)"
                } else {
                    "patched"
                };
                shown.print(&cx, &after, words)?;
                if cx.on("record") && dry == DryRun::None {
                    let now = resources::Info {
                        object: after.clone(),
                        ..info
                    };
                    crate::change::update(&cx, &now, &after.edit(|_| {}), "kubectl-patch")?;
                }
            }
            Err(e) => fails.push(e),
        }
    }
    fail::all(fails)
}

/// The object as the patch makes it, without the server.
fn here(
    info: &resources::Info,
    body: &Result<machinery::Value, String>,
    kind: PatchType,
) -> Result<(Object, &'static str), Fail> {
    let before = &info.object.0;
    let body = body
        .as_ref()
        .map_err(|e| text(format!("unable to parse patch: {e}")))?;
    let after = match kind {
        PatchType::Json => machinery::patch::apply_json(before, body).map_err(text)?,
        PatchType::Strategic => {
            machinery::patch::apply_strategic(before, body).map_err(Fail::Status)?
        }
        _ => machinery::patch::apply_merge(before, body),
    };
    let words = if after == *before {
        "patched (no change)"
    } else {
        "patched"
    };
    Ok((Object(after), words))
}

/// A custom resource has no strategic merge.
fn unsupported(e: Fail, info: &resources::Info, kind: PatchType) -> Fail {
    match &e {
        Fail::Status(Status {
            code: 415, message, ..
        }) => text(format!(
            "{} is not supported by {}, Kind={}: {message}",
            kind.content_type(),
            info.res.api_version(),
            info.res.kind
        )),
        _ => e,
    }
}
