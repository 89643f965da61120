//! `apply view-last-applied`, `set-last-applied`, `edit-last-applied`: the annotation in which apply remembers a file.

use super::{LAST, remembered};
use crate::command::{Complete, Example, Run};
use crate::commands::*;
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask, Info, Target};
use machinery::{Object, PatchType, Value};

pub const VIEW: Command = Command {
    name: "view-last-applied",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    short: "View the latest last-applied-configuration annotations of a resource/object",
    examples: &[Example(
        "See what was applied last",
        "kubectl apply view-last-applied deployment/web",
    )],
    flags: &[
        FILES,
        SELECTOR,
        ALL_FLAG,
        &[
            Flag::text("output", "Output format. Must be one of (yaml, json).")
                .or("yaml")
                .short('o'),
        ],
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(view(cx)) }),
    ..Command::NONE
};

async fn view(cx: Cx) -> Result<(), Fail> {
    let ask = Ask::of(&cx, cx.args())?;
    let (infos, fails) = resources::read(&cx, &ask).await?;
    for info in infos {
        // Upstream says nothing of an object that was never applied.
        let Some(words) = info.object.annotation(LAST) else {
            return Ok(());
        };
        let v = crate::forms::parse_one(words).unwrap_or_default();
        match cx.flag("output") {
            "json" => cx.out(crate::forms::json_pretty(&v)),
            _ => cx.out(crate::forms::yaml(&v)),
        }
    }
    fail::all(fails)
}

pub const SET: Command = Command {
    name: "set-last-applied",
    usage: "-f FILENAME",
    short: "Set the last-applied-configuration annotation on a live object to match the contents of a file",
    examples: &[Example(
        "Remember what a file says",
        "kubectl apply set-last-applied -f web.yaml --create-annotation",
    )],
    flags: &[
        FILE,
        OUTPUT,
        DRY_RUN,
        &[Flag::bool(
            "create-annotation",
            "Will create 'last-applied-configuration' annotations if current objects doesn't have one.",
        )],
    ],
    run: Some(|cx| -> Run { Box::pin(set(cx)) }),
    ..Command::NONE
};

async fn set(cx: Cx) -> Result<(), Fail> {
    let ask = Ask::of(&cx, &[])?;
    let shown = Shown::of(&cx)?;
    let dry = cx.dry_run()?;
    let found = resources::find(&cx, &ask).await?;
    for target in &found.targets {
        let Target::One(info) = target else { continue };
        let live = info.fetch(&cx)?;
        if live.annotation(LAST).is_none() && !cx.on("create-annotation") {
            return Err(text(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                info.name
            )));
        }
        let after = match dry {
            DryRun::None => annotate(&cx, info, &info.object)?,
            _ => live,
        };
        shown.print(&cx, &after, "configured")?;
    }
    fail::all(found.fails)
}

pub const EDIT: Command = Command {
    name: "edit-last-applied",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    short: "Edit latest last-applied-configuration annotations of a resource/object",
    examples: &[Example(
        "Edit what was applied last",
        "kubectl apply edit-last-applied deployment/web",
    )],
    flags: &[
        FILES,
        OUTPUT,
        &manager("kubectl-client-side-apply"),
        VALIDATE,
        LINE_ENDINGS,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(edit_last(cx)) }),
    ..Command::NONE
};

async fn edit_last(cx: Cx) -> Result<(), Fail> {
    let (infos, fails) = resources::read(&cx, &Ask::of(&cx, cx.args())?).await?;
    fail::all(fails)?;
    let remembered = infos.into_iter().filter_map(|info| {
        let words = info.object.annotation(LAST)?;
        let object = Object(crate::forms::parse_one(words).ok()?);
        Some(Info { object, ..info })
    });
    let remembered: Vec<Info> = remembered.collect();
    if remembered.is_empty() {
        return Err(text(
            "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
        ));
    }
    crate::commands::edit::edit(&cx, &remembered, crate::commands::edit::Mode::LastApplied).await
}

/// Makes `wanted` what was applied last, as far as the annotation says.
pub fn annotate(cx: &Cx, info: &Info, wanted: &Object) -> Result<Object, Fail> {
    let mut body = Value::map();
    *body.place("metadata.annotations").field(LAST) = Value::from(remembered(wanted));
    let request = crate::cx::Inner::patch_request(&info.path(), PatchType::Merge, body);
    cx.ask(request).map(Object)
}
