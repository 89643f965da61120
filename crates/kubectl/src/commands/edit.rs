//! `kubectl edit`: writes the object into a file, opens `$KUBE_EDITOR` (or `$EDITOR`, or vi) on it, and sends what was
//! changed. Upstream: `kubectl:pkg/cmd/edit`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::print::{self, Shown};
use crate::resources::{self, Ask, Info};
use machinery::Object;

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
        MANAGER,
        SAVE_CONFIG,
        &[Flag::text(
            "subresource",
            "If specified, edit will operate on the subresource of the requested object.",
        )],
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

async fn run(cx: Cx) -> Result<(), Fail> {
    let (infos, fails) = resources::read(&cx, &Ask::of(&cx, cx.args())?.type_alone()).await?;
    crate::fail::all(fails)?;
    let shown = Shown::of(&cx)?;
    for info in infos {
        one(&cx, &info, &shown).await?;
    }
    Ok(())
}

async fn one(cx: &Cx, info: &Info, shown: &Shown) -> Result<(), Fail> {
    let path = format!("/tmp/kubectl-edit-{}.yaml", cx.now() % 1_000_000_000);
    let before = format!(
        "{HEAD}{}",
        crate::forms::yaml(&print::without_managed(&info.object.0))
    );
    let mut content = before.clone();
    // A refused edit is opened again, a bounded number of times.
    for _ in 0..20 {
        cx.host
            .write(&path, &content)
            .map_err(|e| text(format!("open {path}: {e}")))?;
        open(cx, &path).await?;
        let after = cx.host.read(&path).unwrap_or_default();
        if after == content || strip(&after) == strip(&before) {
            cx.host.remove(&path);
            cx.err("Edit cancelled, no changes made.\n");
            return Ok(());
        }
        if strip(&after).trim().is_empty() {
            cx.host.remove(&path);
            cx.err("Edit cancelled, saved file was empty.\n");
            return Ok(());
        }
        let sent = crate::forms::parse_one(&after)
            .map_err(|e| text(format!("The edited file had a syntax error: {e}")))
            .and_then(|v| {
                let mut wanted = Object(v);
                // What was hidden from the editor is not meant to be taken away.
                let managed = info.object.at("metadata.managedFields").clone();
                if !managed.is_null() {
                    wanted = wanted.edit(|o| o.set("metadata.managedFields", managed));
                }
                crate::change::update(cx, info, &wanted, "kubectl-edit")
            });
        match sent {
            Ok(Some(o)) => {
                cx.host.remove(&path);
                return shown.print(cx, &o, "edited");
            }
            Ok(None) => {
                cx.host.remove(&path);
                return shown.print(cx, &info.object, "skipped");
            }
            Err(e) => {
                let (words, _) = e.print(&cx.path());
                let notes: Vec<String> = words.lines().map(|l| format!("# {l}")).collect();
                content = format!("{HEAD}{}\n#\n{}", notes.join("\n"), strip(&after));
                cx.err(format!("{words}\n"));
            }
        }
    }
    Err(Fail::Exit(1))
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
