//! `kubectl replace`. Upstream: `kubectl:pkg/cmd/replace`.

use super::*;
use crate::command::{Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask, Info, Target};
use machinery::{Method, Object, Request};

pub const COMMAND: Command = Command {
    name: "replace",
    group: ADVANCED,
    usage: "-f FILENAME",
    short: "Replace a resource by file name or stdin",
    long: "Puts an object in the place of the one of its name. With --force the old one is deleted first, so that fields that cannot change may change.",
    examples: &[
        Example(
            "Replace what a manifest describes",
            "kubectl replace -f ./pod.yaml",
        ),
        Example(
            "Delete it and create it anew",
            "kubectl replace --force -f ./pod.yaml",
        ),
    ],
    flags: &[
        &[
            Flag::text("raw", "Raw URI to PUT to the server."),
            Flag::text(
                "subresource",
                "If specified, replace will operate on the subresource of the requested object.",
            ),
        ],
        DELETION,
        FILES,
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-replace"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let ask = Ask::of(&cx, &[])?.strict();
    if !ask.has_files() {
        return Err(text("must specify one of -f and -k"));
    }
    if cx.on("force") && cx.dry_run()? != crate::cx::DryRun::None {
        return Err(text("--dry-run can not be used when --force is set"));
    }
    if cx.int("grace-period") >= 0 && !cx.on("force") {
        return Err(text("--grace-period must have --force specified"));
    }
    if cx.millis("timeout") != 0 && !cx.on("force") {
        return Err(text("--timeout must have --force specified"));
    }
    let shown = Shown::of(&cx)?;
    let found = resources::find(&cx, &ask).await?;
    let mut fails = found.fails;
    let infos: Vec<&Info> = found
        .targets
        .iter()
        .filter_map(|t| match t {
            Target::One(i) => Some(i),
            Target::Many { .. } => None,
        })
        .collect();
    if infos.is_empty() && fails.is_empty() {
        return Err(text("no objects passed to replace"));
    }
    if cx.on("force") {
        fail::all(fails)?;
        return forced(&cx, &infos, &shown).await;
    }
    for info in infos {
        if let Err(e) = one(&cx, info, &shown) {
            fails.push(e.about("replacing", &info.source));
        }
    }
    fail::all(fails)
}

fn one(cx: &Cx, info: &Info, shown: &Shown) -> Result<(), Fail> {
    let dry = cx.dry_run()?;
    let mut object = info.object.clone();
    if cx.on("save-config") || object.annotation(super::apply::LAST).is_some() {
        object = super::apply::annotated(&object);
    }
    if dry == DryRun::Client {
        return shown.print(cx, &object, "replaced");
    }
    let sub = cx.flag("subresource");
    let path = if sub.is_empty() {
        info.path()
    } else {
        format!("{}/{sub}", info.path())
    };
    let mut request = Request::new(Method::Put, path).body(object.0).with(
        "fieldManager",
        match cx.flag("field-manager") {
            "" => "kubectl-replace",
            m => m,
        },
    );
    request = request.with("fieldValidation", super::create::validation(cx)?);
    if dry == DryRun::Server {
        request = request.with("dryRun", "All");
    }
    let after = Object(cx.ask(request)?);
    shown.print(cx, &after, "replaced")
}

async fn forced(cx: &Cx, infos: &[&Info], shown: &Shown) -> Result<(), Fail> {
    let wish = super::delete::Wish {
        dry: cx.dry_run()?,
        grace: cx.int("grace-period"),
        propagation: "Background",
        ignore_missing: true,
    };
    let mut gone = Vec::new();
    for info in infos {
        if let Some(i) = super::delete::one(cx, info, &wish)? {
            gone.push(i);
        }
    }
    if wish.dry != DryRun::None {
        return Ok(());
    }
    super::delete::wait_gone(cx, &gone, cx.millis("timeout")).await?;
    let mut fails = Vec::new();
    for info in infos {
        match super::create::post(cx, info, &info.object, wish.dry, "kubectl-replace") {
            Ok(o) => shown.print(cx, &o, "replaced")?,
            Err(e) => fails.push(e),
        }
    }
    fail::all(fails)
}
