//! `kubectl edit`: writes the object into a file, opens `$KUBE_EDITOR` (or `$EDITOR`, or vi) on it, and sends what was
//! changed. Upstream: `kubectl:pkg/cmd/edit`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::print::{self, Shown};
use crate::resources::{self, Ask, Info};
use machinery::{Object, Value, value};

pub const COMMAND: Command = Command {
    name: "edit",
    group: INTERMEDIATE,
    usage: "(RESOURCE/NAME | -f FILENAME)",
    short: "Edit a resource on the server",
    long: "Opens an object of the cluster in an editor; what you change and save is sent. The editor is that of KUBE_EDITOR or EDITOR, else vi.",
    examples: &[
        Example("Edit a service", "kubectl edit svc/web"),
        Example(
            "With another editor",
            "KUBE_EDITOR=nano kubectl edit deployment/web",
        ),
    ],
    flags: &[
        FILES,
        OUTPUT,
        VALIDATE,
        &manager("kubectl-edit"),
        SAVE_CONFIG,
        LINE_ENDINGS,
        &[
            Flag::bool(
                "output-patch",
                "Output the patch if the resource is edited.",
            ),
            Flag::text(
                "subresource",
                "If specified, edit will operate on the subresource of the requested object.",
            ),
        ],
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";
const HEAD_LAST: &str = "# Please edit the 'last-applied-configuration' annotations below.\n# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.\n#\n";

/// What becomes of the edited objects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `edit`: the differences are sent.
    Patch,
    /// `create --edit`: the objects are made.
    Create,
    /// `apply edit-last-applied`: they become the annotation.
    LastApplied,
}

async fn run(cx: Cx) -> Result<(), Fail> {
    let (infos, fails) = resources::read(&cx, &Ask::of(&cx, cx.args())?.type_alone()).await?;
    crate::fail::all(fails)?;
    if infos.is_empty() {
        return Err(text("edit cancelled, no objects found"));
    }
    edit(&cx, &infos, Mode::Patch).await
}

/// Several objects are edited as one `List`.
fn document(infos: &[Info]) -> Value {
    match infos {
        [one] => print::without_managed(&one.object.0),
        all => value!({
            "apiVersion": "v1", "kind": "List", "metadata": {},
            "items": all.iter().map(|i| print::without_managed(&i.object.0)).collect::<Vec<_>>(),
        }),
    }
}

fn stored(cx: &Cx, path: &str) {
    cx.err(format!(
        "A copy of your changes has been stored to \"{path}\"\n"
    ));
}

/// Opens the objects in the editor, and does with them what the mode says.
pub async fn edit(cx: &Cx, infos: &[Info], mode: Mode) -> Result<(), Fail> {
    let shown = Shown::of(cx)?;
    let json = cx.flag("output") == "json";
    let ending = if json { "json" } else { "yaml" };
    let path = format!("/tmp/kubectl-edit-{}.{ending}", cx.now() % 1_000_000_000);
    let whole = document(infos);
    let original = match json {
        true => crate::forms::json_pretty(&whole),
        false => crate::forms::yaml(&whole),
    };
    let head = match mode {
        Mode::LastApplied => HEAD_LAST,
        _ => HEAD,
    };
    let (mut notes, mut content) = (String::new(), original.clone());
    // A refused edit is opened again, a bounded number of times.
    for again in 0..20 {
        let mut file = format!("{head}{notes}{content}");
        if cx.on("windows-line-endings") {
            file = file.replace('\n', "\r\n");
        }
        let written = cx.host.write(&path, &file);
        written.map_err(|e| text(format!("open {path}: {e}")))?;
        open(cx, &path).await?;
        let after = strip(&cx.host.read(&path).unwrap_or_default());
        if again > 0 && after == content {
            stored(cx, &path);
            return Err(text("Edit cancelled, no valid changes were saved."));
        }
        let cancelled = if after == original {
            "Edit cancelled, no changes made.\n"
        } else if after.trim().is_empty() {
            "Edit cancelled, saved file was empty.\n"
        } else {
            ""
        };
        if !cancelled.is_empty() {
            cx.host.remove(&path);
            cx.err(cancelled);
            return Ok(());
        }
        match accepted(cx, infos, &after, mode, &shown) {
            Ok(()) => {
                cx.host.remove(&path);
                return Ok(());
            }
            Err(Refused::Again(why)) => notes = why,
            Err(Refused::Over(e)) => {
                stored(cx, &path);
                return Err(e);
            }
            Err(Refused::Retry) => {
                cx.err(format!(
                    "You can run `kubectl replace -f {path}` to try this update again.\n"
                ));
                return Err(Fail::Exit(1));
            }
            Err(Refused::Gone) => {
                cx.err(format!(
                    "The edits you made on deleted resources have been saved to \"{path}\"\n"
                ));
                return Err(Fail::Exit(1));
            }
        }
        content = after;
    }
    Err(Fail::Exit(1))
}

/// Why an edit did not go through.
enum Refused {
    /// The editor is opened again with these notes.
    Again(String),
    Over(Fail),
    Retry,
    Gone,
}

fn noted(head: &str, rest: &[String]) -> String {
    let head = head.replace('\n', "\n# ");
    let colon = if rest.is_empty() { "" } else { ":" };
    let rest: String = rest.iter().map(|r| format!("# * {r}\n")).collect();
    format!("# {head}{colon}\n{rest}#\n")
}

/// Sends what the edited text says; what was sent before a refusal stays.
fn accepted(
    cx: &Cx,
    infos: &[Info],
    after: &str,
    mode: Mode,
    shown: &Shown,
) -> Result<(), Refused> {
    let syntax = |e: String| {
        Refused::Again(noted(
            &format!("The edited file had a syntax error: {e}"),
            &[],
        ))
    };
    let v = crate::forms::parse_one(after)
        .map_err(|e| syntax(format!("error parsing edited-file: {e}")))?;
    let edited: Vec<Object> = match v.text("kind") {
        "List" => v.get("items").items().iter().cloned().map(Object).collect(),
        _ => vec![Object(v)],
    };
    let (mut notes, mut worst) = (String::new(), None);
    for wanted in edited {
        let same = |i: &&Info| {
            i.object.uid() == wanted.uid() && (!wanted.uid().is_empty() || infos.len() == 1)
        };
        let info = infos.iter().find(same);
        let info = info.ok_or_else(|| {
            Refused::Over(text(format!(
                "no original object found for {}",
                wanted.name()
            )))
        })?;
        match one(cx, info, wanted, mode, shown) {
            Ok(()) => {}
            Err(Fail::Status(s)) if mode == Mode::Patch => {
                let what = info.res.qualified();
                let name = &info.name;
                if s.is_invalid() {
                    let causes = s.details.at("causes").items().iter();
                    let causes: Vec<String> = causes
                        .map(|c| format!("{}: {}", c.text("field"), c.text("message")))
                        .collect();
                    notes.push_str(&noted(&format!("{what} \"{name}\" was not valid"), &causes));
                    cx.err(format!("error: {what} \"{name}\" is invalid\n"));
                } else if s.is_not_found() {
                    cx.err(format!(
                        "error: {what} \"{name}\" could not be found on the server\n"
                    ));
                    worst = worst.or(Some(Refused::Gone));
                } else {
                    cx.err(format!(
                        "error: {what} \"{name}\" could not be patched: {}\n",
                        s.message
                    ));
                    worst = Some(Refused::Retry);
                }
            }
            Err(e) => return Err(Refused::Over(e)),
        }
    }
    match worst {
        Some(w) => Err(w),
        None if notes.is_empty() => Ok(()),
        None => Err(Refused::Again(notes)),
    }
}

fn one(cx: &Cx, info: &Info, wanted: Object, mode: Mode, shown: &Shown) -> Result<(), Fail> {
    if mode == Mode::Create {
        let object = match cx.on("save-config") {
            true => super::apply::annotated(&wanted),
            false => wanted,
        };
        let made = super::create::post(cx, info, &object, cx.dry_run()?, "kubectl-create")?;
        return shown.print(cx, &made, "created");
    }
    if mode == Mode::LastApplied {
        if wanted.0 == info.object.0 {
            return shown.print(cx, &info.object, "skipped");
        }
        super::apply::annotate(cx, info, &wanted)?;
        return shown.print(cx, &wanted, "edited");
    }
    let kept = (wanted.api_version(), wanted.kind(), wanted.name());
    if kept
        != (
            info.object.api_version(),
            info.object.kind(),
            info.object.name(),
        )
    {
        return Err(text(
            "At least one of apiVersion, kind and name was changed",
        ));
    }
    let mut wanted = wanted;
    // What was hidden from the editor is not meant to be taken away.
    let managed = info.object.at("metadata.managedFields").clone();
    if !managed.is_null() {
        wanted = wanted.edit(|o| o.set("metadata.managedFields", managed));
    }
    if cx.on("save-config") {
        wanted = super::apply::annotated(&wanted);
    }
    let (patch, kind) = crate::change::between(&info.object, &wanted);
    if patch.is_empty() {
        return shown.print(cx, &info.object, "skipped");
    }
    if cx.on("output-patch") {
        cx.line(format!("Patch: {}", machinery::json::print(&patch)));
    }
    let sub = cx.flag("subresource");
    let path = match sub {
        "" => info.path(),
        sub => format!("{}/{sub}", info.path()),
    };
    let request = crate::cx::Inner::patch_request(&path, kind, patch)
        .with("fieldManager", cx.flag("field-manager"))
        .with("fieldValidation", super::create::validation(cx)?);
    shown.print(cx, &Object(cx.ask(request)?), "edited")
}

fn strip(content: &str) -> String {
    content
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| format!("{l}\n"))
        .collect()
}

async fn open(cx: &Cx, path: &str) -> Result<(), Fail> {
    let editor = ["KUBE_EDITOR", "EDITOR"]
        .iter()
        .find_map(|v| cx.host.env(v).filter(|e| !e.is_empty()))
        .unwrap_or_else(|| "vi".to_string());
    let mut argv: Vec<String> = editor.split_whitespace().map(str::to_string).collect();
    argv.push(path.to_string());
    match cx.host.0.exec(argv).await {
        0 => Ok(()),
        127 => Err(text(format!(
            "unable to launch the editor \"{editor}\": there is none here"
        ))),
        n => Err(text(format!(
            "there was a problem with the editor \"{editor}\": exit status {n}"
        ))),
    }
}
