//! `kubectl label`. Upstream: `kubectl:pkg/cmd/label`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask};
use machinery::{Object, PatchType, Value};

pub const COMMAND: Command = Command {
    name: "label",
    group: SETTINGS,
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
    short: "Update the labels on a resource",
    long: "Sets and takes away labels. A label that has another value already is changed only with --overwrite; KEY- takes the label KEY away.",
    examples: &[
        Example("Set a label", "kubectl label pods web tier=front"),
        Example("Change one", "kubectl label --overwrite pods web tier=back"),
        Example("Take one away", "kubectl label pods web tier-"),
    ],
    flags: &flags(&manager("kubectl-label")),
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx, LABELS)) }),
    ..Command::NONE
};

const OWN: &[Flag] = &[
    Flag::bool("overwrite", "If true, allow values to be overwritten."),
    Flag::bool(
        "list",
        "If true, display the labels or annotations for a given resource.",
    ),
    Flag::bool(
        "local",
        "If true, will NOT contact api-server but run locally.",
    ),
    Flag::text(
        "resource-version",
        "If non-empty, the update will only succeed if this is the current resource-version for the object.",
    ),
];
/// The flags of label and annotate.
pub const fn flags(manager: &'static [Flag]) -> [&'static [Flag]; 10] {
    [
        OWN,
        FILES,
        OUTPUT,
        DRY_RUN,
        SELECTOR,
        FIELDS,
        ALL_FLAG,
        ALL_NAMESPACES,
        RECORD,
        manager,
    ]
}

/// Labels and annotations differ in words only.
#[derive(Clone, Copy)]
pub struct Words {
    field: &'static str,
    one: &'static str,
    added: &'static str,
    removed: &'static str,
    both: &'static str,
    nothing: &'static str,
    manager: &'static str,
}

const LABELS: Words = Words {
    field: "labels",
    one: "label",
    added: "labeled",
    removed: "unlabeled",
    both: "modified",
    nothing: "not labeled",
    manager: "kubectl-label",
};

pub const ANNOTATIONS: Words = Words {
    field: "annotations",
    one: "annotation",
    added: "annotated",
    removed: "annotated",
    both: "annotated",
    nothing: "annotated",
    manager: "kubectl-annotate",
};

pub async fn run(cx: Cx, words: Words) -> Result<(), Fail> {
    let is_change =
        |w: &String| (w.contains('=') && !w.starts_with('=')) || (w.ends_with('-') && w.len() > 1);
    let at = cx
        .args()
        .iter()
        .position(is_change)
        .unwrap_or(cx.args().len());
    let (resources, changes) = cx.args().split_at(at);
    if let Some(late) = changes.iter().find(|w| !is_change(w)) {
        return Err(text(format!(
            "all resources must be specified before {} changes: {late}",
            words.one
        )));
    }
    let (mut set, mut remove): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
    for change in changes {
        match change.split_once('=') {
            Some((k, v)) => set.push((k.to_string(), v.to_string())),
            None => remove.push(change.trim_end_matches('-').to_string()),
        }
    }
    if let Some((k, _)) = set.iter().find(|(k, _)| remove.contains(k)) {
        return Err(text(
            format!(
                "can not both modify and remove {} {} in the same command",
                if words.one == "label" {
                    "a label"
                } else {
                    "the following annotation(s)"
                },
                if words.one == "label" {
                    String::new()
                } else {
                    k.clone()
                },
            )
            .replace(" a label  in", " a label in"),
        ));
    }
    let ask = Ask::of(&cx, resources)?;
    let whose = ["field-selector", "selector"];
    if cx.on("list") && !cx.flag("output").is_empty() {
        return Err(text("--list and --output may not be specified together"));
    }
    if let Some(flag) = whose
        .iter()
        .rev()
        .find(|f| cx.on("all") && !cx.flag(f).is_empty())
    {
        return Err(text(format!(
            "cannot set --all and --{flag} at the same time"
        )));
    }
    if cx.on("local") && !resources.is_empty() {
        let file = if words.one == "label" { "pod" } else { "rsrc" };
        return Err(text(format!(
            "can only use local files by -f {file}.yaml or --filename={file}.json when --local=true is set"
        )));
    }
    if resources.is_empty() && !ask.has_files() {
        return Err(text(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if changes.is_empty() && !cx.on("list") {
        return Err(text(format!(
            "at least one {} update is required",
            words.one
        )));
    }
    valid(words, &set)?;
    let shown = Shown::of(&cx)?;
    let (infos, mut fails) = resources::read(&cx, &ask).await?;
    let many = resources.len() == 1 && !resources.iter().any(|w| w.contains('/'));
    if (infos.len() > 1 || many) && cx.given("resource-version") {
        return Err(text(
            "--resource-version may only be used with a single resource",
        ));
    }
    for info in infos {
        if let Err(e) = one(&cx, words, &info, &set, &remove, &shown) {
            fails.push(e);
        }
    }
    fail::all(fails)
}

/// Label values that the server would refuse are refused here.
fn valid(words: Words, set: &[(String, String)]) -> Result<(), Fail> {
    if words.one != "label" {
        return Ok(());
    }
    for (k, v) in set {
        if v.contains('=') {
            return Err(text(format!("invalid label spec: {k}={v}")));
        }
        let fine = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
        let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
        if !(v.chars().all(fine) && edge(v.chars().next()) && edge(v.chars().last())) {
            return Err(text(format!(
                "invalid label value: \"{k}={v}\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            )));
        }
    }
    Ok(())
}

fn one(
    cx: &Cx,
    words: Words,
    info: &resources::Info,
    set: &[(String, String)],
    remove: &[String],
    shown: &Shown,
) -> Result<(), Fail> {
    let now = info.object.0.get("metadata").get(words.field);
    if !cx.on("overwrite") {
        nothing_taken(words, now, set)?;
    }
    let mut patch = Value::map();
    let (mut added, mut removed) = (0, 0);
    for (k, v) in set {
        if now.get(k).as_str() != Some(v) {
            added += 1;
            *patch.place("metadata").field(words.field).field(k) = Value::str(v);
        }
    }
    for k in remove {
        if now.has(k) {
            removed += 1;
            *patch.place("metadata").field(words.field).field(k) = Value::Null;
        } else if words.one == "label" {
            cx.line(format!("label \"{k}\" not found."));
        }
    }
    let done = match (added > 0, removed > 0) {
        (true, true) => words.both,
        (true, false) => words.added,
        (false, true) => words.removed,
        (false, false) => words.nothing,
    };
    let after = info.object.edit(|o| {
        for (k, v) in patch.get("metadata").get(words.field).entries() {
            let place = o.field("metadata").field(words.field);
            if v.is_null() {
                place.map_mut().remove(k);
            } else {
                *place.field(k) = v.clone();
            }
        }
    });
    if cx.on("list") {
        for (k, v) in after.0.get("metadata").get(words.field).entries() {
            cx.line(format!("{k}={}", v.as_str().unwrap_or("")));
        }
        return Ok(());
    }
    let mut result = after;
    if !patch.is_empty() && cx.dry_run()? != DryRun::Client && !cx.on("local") {
        if cx.given("resource-version") {
            patch.set(
                "metadata.resourceVersion",
                cx.flag("resource-version").to_string(),
            );
        }
        if cx.on("record") {
            *patch
                .place("metadata.annotations")
                .field("kubernetes.io/change-cause") = Value::from(cx.record_text());
        }
        result = crate::change::send(cx, info, patch, PatchType::Merge, words.manager)?;
    }
    shown.print(cx, &Object(result.0), done)
}

/// What has another value already is changed only with `--overwrite`.
fn nothing_taken(words: Words, now: &Value, set: &[(String, String)]) -> Result<(), Fail> {
    let is_label = words.one == "label";
    let taken = set.iter().filter_map(|(k, v)| {
        let was = now.get(k).as_str().filter(|was| was != v)?;
        let end = if is_label {
            ", and --overwrite is false"
        } else {
            ""
        };
        Some(format!("'{k}' already has a value ({was}){end}"))
    });
    let taken: Vec<String> = taken.collect();
    Err(text(match (taken.as_slice(), is_label) {
        ([], _) => return Ok(()),
        ([one], true) => one.clone(),
        (_, true) => format!("[{}]", taken.join(", ")),
        (_, false) => format!(
            "--overwrite is false but found the following declared annotation(s): {}",
            taken.join("; ")
        ),
    }))
}
