//! `kubectl certificate approve|deny`. Upstream: `kubectl:pkg/cmd/certificates`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask};
use machinery::{Method, Object, Request, value};

pub const COMMAND: Command = Command {
    name: "certificate",
    group: CLUSTER,
    usage: "SUBCOMMAND",
    short: "Modify certificate resources",
    subs: &[&APPROVE, &DENY],
    ..Command::NONE
};

const FLAGS: &[&[Flag]] = &[
    FILES,
    OUTPUT,
    &[Flag::bool(
        "force",
        "Update the CSR even if it is already approved or denied.",
    )],
];

const APPROVE: Command = Command {
    name: "approve",
    usage: "(-f FILENAME | NAME)",
    short: "Approve a certificate signing request",
    examples: &[Example(
        "Approve a request",
        "kubectl certificate approve ann",
    )],
    flags: FLAGS,
    complete: Complete::Names("certificatesigningrequests"),
    run: Some(|cx| -> Run { Box::pin(decide(cx, "Approved", "KubectlApprove", "approved")) }),
    ..Command::NONE
};

const DENY: Command = Command {
    name: "deny",
    usage: "(-f FILENAME | NAME)",
    short: "Deny a certificate signing request",
    examples: &[Example("Deny a request", "kubectl certificate deny ann")],
    flags: FLAGS,
    complete: Complete::Names("certificatesigningrequests"),
    run: Some(|cx| -> Run { Box::pin(decide(cx, "Denied", "KubectlDeny", "denied")) }),
    ..Command::NONE
};

async fn decide(
    cx: Cx,
    condition: &'static str,
    reason: &'static str,
    done: &'static str,
) -> Result<(), Fail> {
    let mut ask = Ask::of(&cx, &[])?;
    if cx.args().is_empty() && !ask.has_files() {
        return Err(text(
            "one or more CSRs must be specified as <name> or -f <filename>",
        ));
    }
    if !ask.has_files() {
        ask.words = vec!["certificatesigningrequests".into()];
        ask.words.extend(cx.args().iter().cloned());
    }
    let shown = Shown::of(&cx)?;
    let (infos, mut fails) = resources::read(&cx, &ask).await?;
    for info in infos {
        let other = if condition == "Approved" {
            "Denied"
        } else {
            "Approved"
        };
        if info.object.condition_is_true(other) {
            fails.push(text(format!(
                "certificate signing request \"{}\" is already {}",
                info.name, other
            )));
            continue;
        }
        let mut after = info.object.clone();
        if !info.object.condition_is_true(condition) || cx.on("force") {
            let now = machinery::time::rfc3339(cx.now());
            after = after.edit(|o| {
                o.place("status.conditions").push(value!({
                    "type": condition, "status": "True", "reason": reason,
                    "message": format!("This CSR was {done} by kubectl certificate {}.", if done == "approved" { "approve" } else { "deny" }),
                    "lastUpdateTime": now,
                }));
            });
            let request = Request::new(Method::Put, format!("{}/approval", info.path()))
                .body(after.0.clone());
            match cx.ask(request) {
                Ok(v) => after = Object(v),
                Err(e) => {
                    fails.push(e);
                    continue;
                }
            }
        }
        shown.print(&cx, &after, done)?;
    }
    fail::all(fails)
}
