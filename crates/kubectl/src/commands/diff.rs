//! `kubectl diff`: what `apply` would change, asked of the server by a dry run. Upstream: `kubectl:pkg/cmd/diff`.

use super::*;
use crate::command::{Example, Run};
use crate::cx::{Cx, Inner};
use crate::diff_text;
use crate::fail::{Fail, text};
use crate::resources::{self, Ask, Info, Target};
use machinery::{Method, Object, PatchType, Request};

pub const COMMAND: Command = Command {
    name: "diff",
    group: ADVANCED,
    usage: "-f FILENAME",
    short: "Diff the live version against a would-be applied version",
    long: "Shows the difference between the objects in the cluster and what they would be after apply. Exit status: 0 no difference, 1 differences, more than 1 an error.",
    examples: &[Example("What would change?", "kubectl diff -f web.yaml")],
    flags: &[
        &[
            Flag::bool(
                "server-side",
                "If true, apply runs in the server instead of the client.",
            ),
            Flag::bool(
                "force-conflicts",
                "If true, server-side apply will force the changes against conflicts.",
            ),
            Flag::bool(
                "show-managed-fields",
                "If true, include managed fields in the diff.",
            ),
            Flag::bool(
                "prune",
                "Include resources that would be deleted by pruning.",
            ),
            Flag::int(
                "concurrency",
                "1",
                "Number of objects to process in parallel when diffing against the live version.",
            ),
        ],
        FILES,
        SELECTOR,
        MANAGER,
    ],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let ask = Ask::of(&cx, &[])?;
    if !ask.has_files() {
        return Err(Fail::Code(2, "error: must specify one of -f and -k".into()));
    }
    let found = resources::find(&cx, &ask).await.map_err(trouble)?;
    crate::fail::all(found.fails).map_err(trouble)?;
    let mut differs = false;
    for target in &found.targets {
        let Target::One(info) = target else { continue };
        let (live, merged) = versions(&cx, info).map_err(trouble)?;
        let shown = |o: &Option<Object>| match o {
            None => String::new(),
            Some(o) => {
                let mut v = o.0.clone();
                if !cx.on("show-managed-fields") {
                    v.remove("metadata.managedFields");
                }
                crate::forms::yaml(&mask(&v))
            }
        };
        let version = info.res.api_version().replace('/', ".");
        let name = format!(
            "{version}.{}.{}.{}",
            info.res.kind, info.namespace, info.name
        );
        let hunks = diff_text::unified(&shown(&live), &shown(&Some(merged)));
        if !hunks.is_empty() {
            differs = true;
            let stamp = machinery::time::rfc3339(cx.now())
                .replace('T', " ")
                .replace('Z', ".000000000 +0000");
            cx.line(format!("diff -u -N /tmp/LIVE/{name} /tmp/MERGED/{name}"));
            cx.line(format!("--- /tmp/LIVE/{name}\t{stamp}"));
            cx.line(format!("+++ /tmp/MERGED/{name}\t{stamp}"));
            cx.out(hunks);
        }
    }
    if differs { Err(Fail::Exit(1)) } else { Ok(()) }
}

/// An error is told apart from a difference by its status.
fn trouble(e: Fail) -> Fail {
    let (words, _) = e.print("kubectl diff");
    Fail::Code(2, words)
}

/// The object as it is, and as it would be.
fn versions(cx: &Cx, info: &Info) -> Result<(Option<Object>, Object), Fail> {
    let live = match info.fetch(cx) {
        Ok(o) => Some(o),
        Err(e) if e.is_not_found() => None,
        Err(e) => return Err(e),
    };
    if cx.on("server-side") {
        let r = Inner::patch_request(&info.path(), PatchType::Apply, info.object.0.clone())
            .with("fieldManager", "kubectl")
            .with("force", cx.on("force-conflicts").to_string())
            .with("dryRun", "All");
        return Ok((live, Object(cx.ask(r)?)));
    }
    let modified = super::apply::annotated(&info.object);
    let Some(now) = live else {
        let r = Request::new(Method::Post, info.res.path(&info.namespace))
            .body(modified.0)
            .with("dryRun", "All")
            .with("fieldManager", "kubectl-client-side-apply");
        return Ok((None, Object(cx.ask(r)?)));
    };
    let (patch, kind) = super::apply::difference(&modified, &now);
    if patch.is_empty() {
        return Ok((Some(now.clone()), now));
    }
    let r = Inner::patch_request(&info.path(), kind, patch)
        .with("dryRun", "All")
        .with("fieldManager", "kubectl-client-side-apply");
    let merged = Object(cx.ask(r)?);
    Ok((Some(now), merged))
}

/// The values of secrets are not shown.
fn mask(v: &machinery::Value) -> machinery::Value {
    let mut v = v.clone();
    if v.text("kind") == "Secret" && !v.get("data").is_empty() {
        for (k, _) in v.get("data").clone().entries() {
            *v.field("data").field(k) = machinery::Value::from("***");
        }
    }
    // The annotation repeats what the diff shows.
    if let Some(map) = v.at("metadata.annotations").as_map()
        && map.get(super::apply::LAST).is_some()
    {
        let mut map = map.clone();
        map.remove(super::apply::LAST);
        v.set("metadata.annotations", map);
    }
    let _ = text("");
    v
}
