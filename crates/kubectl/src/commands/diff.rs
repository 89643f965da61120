//! `kubectl diff`: what `apply` would change, asked of the server by a dry run. Upstream: `kubectl:pkg/cmd/diff`.

use super::*;
use crate::command::{Example, Run};
use crate::cx::{Cx, Inner};
use crate::diff_text;
use crate::fail::Fail;
use crate::resources::{self, Ask, Info, Target};
use machinery::{Method, Object, PatchType, Request, Value};

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
            Flag::array(
                "prune-allowlist",
                "Overwrite the default allowlist with <group/version/kind> for --prune.",
            ),
            Flag::bool(
                "show-secrets",
                "If true, do not mask secret values in the diff.",
            ),
            Flag::int(
                "concurrency",
                "1",
                "Number of objects to process in parallel when diffing against the live version.",
            ),
        ],
        FILES,
        SELECTOR,
        &manager("kubectl-client-side-apply"),
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
    let mut seen = Vec::new();
    for target in &found.targets {
        let Target::One(info) = target else { continue };
        let (live, merged) = versions(&cx, info).map_err(trouble)?;
        seen.push((info.clone(), merged.clone()));
        differs |= print(&cx, info, live.as_ref(), Some(&merged));
    }
    if cx.on("prune") {
        for info in super::apply::stale(&cx, &ask, &seen).map_err(trouble)? {
            differs |= print(&cx, &info, Some(&info.object), None);
        }
    }
    if differs { Err(Fail::Exit(1)) } else { Ok(()) }
}

/// Prints how two versions of an object differ; true if they do.
fn print(cx: &Cx, info: &Info, live: Option<&Object>, merged: Option<&Object>) -> bool {
    let secret = !cx.on("show-secrets");
    let shown = |o: Option<&Object>, other: Option<&Object>| match o {
        None => String::new(),
        Some(o) => {
            let mut v = o.0.clone();
            if !cx.on("show-managed-fields") {
                v.remove("metadata.managedFields");
            }
            let other = other.map_or(machinery::NULL, |o| &o.0);
            crate::forms::yaml(&if secret { mask(&v, other) } else { v })
        }
    };
    let after = shown(merged, live)
        .replace("'*** (before)'", "'*** (after)'")
        .replace("*** (before)", "*** (after)");
    let hunks = diff_text::unified(&shown(live, merged), &after);
    if hunks.is_empty() {
        return false;
    }
    let version = info.res.api_version().replace('/', ".");
    let name = format!(
        "{version}.{}.{}.{}",
        info.res.kind, info.namespace, info.name
    );
    let stamp = machinery::time::rfc3339(cx.now())
        .replace('T', " ")
        .replace('Z', ".000000000 +0000");
    cx.line(format!("diff -u -N /tmp/LIVE/{name} /tmp/MERGED/{name}"));
    cx.line(format!("--- /tmp/LIVE/{name}\t{stamp}"));
    cx.line(format!("+++ /tmp/MERGED/{name}\t{stamp}"));
    cx.out(hunks);
    true
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
            .with(
                "fieldManager",
                match cx.given("field-manager") {
                    true => cx.flag("field-manager"),
                    false => "kubectl",
                },
            )
            .with("force", cx.on("force-conflicts").to_string())
            .with("dryRun", "All");
        return Ok((live, Object(cx.ask(r)?)));
    }
    // Other than apply, diff leaves the annotation as it is.
    let modified = Object(super::apply::bare(&info.object));
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

/// The values of a secret are not shown, only whether they differ from those of the `other` version.
fn mask(v: &Value, other: &Value) -> Value {
    let mut v = v.clone();
    if v.text("kind") != "Secret" {
        return v;
    }
    // Of the two versions the live one is seen first: it has no dry run behind it.
    for (k, own) in v.get("data").clone().entries() {
        let theirs = other.get("data").get(k);
        let changed = !theirs.is_null() && theirs != own;
        *v.field("data").field(k) = Value::from(if changed { "*** (before)" } else { "***" });
    }
    v
}
