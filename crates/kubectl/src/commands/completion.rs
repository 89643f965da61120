//! `kubectl completion SHELL`: the terminal of the page completes kubectl by itself; this says so to a script.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, usage};

pub const COMMAND: Command = Command {
    name: "completion",
    group: SETTINGS,
    usage: "SHELL",
    short: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    examples: &[Example("Completion for bash", "kubectl completion bash")],
    complete: Complete::Words(&["bash", "fish", "powershell", "zsh"]),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    match cx.args() {
        [] => Err(usage("Shell not specified.")),
        [shell] if ["bash", "zsh", "fish", "powershell"].contains(&shell.as_str()) => {
            cx.out(script(shell));
            Ok(())
        }
        [shell] => Err(usage(format!("Unsupported shell type \"{shell}\"."))),
        _ => Err(usage("Too many arguments. Expected only the shell type.")),
    }
}

/// A script that may be sourced and changes nothing: Tab asks kubectl itself here.
fn script(shell: &str) -> String {
    let nothing = match shell {
        "zsh" => "#compdef kubectl\ntrue",
        "powershell" => "$null",
        _ => "true",
    };
    format!("# {shell} completion for kubectl: built into this terminal, press Tab.\n{nothing}\n")
}
