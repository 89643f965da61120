//! kubectl: commands and printers. It knows the cluster only as [`machinery::Api`], through Kubernetes' own paths.
//!
//! Layout, in reading order:
//! - [`command`], [`commands`]: what a command is, and the list of them; [`flags`]: reading a command line.
//! - [`cx`]: what a running command has at hand; [`host`]: terminal and files; [`config`]: the kubeconfig.
//! - [`discovery`], [`manifest`], [`resources`]: from words and files to objects.
//! - [`print`], [`forms`]: output; [`fail`]: how commands fail, in upstream's words.
//! - [`help`], [`complete`]: derived from the list of commands.

pub mod change;
pub mod command;
pub mod commands;
pub mod complete;
pub mod config;
pub mod cx;
pub mod diff_text;
pub mod discovery;
pub mod fail;
pub mod flags;
pub mod forms;
pub mod hash;
pub mod help;
pub mod host;
pub mod kustomize;
pub mod manifest;
pub mod parts;
pub mod print;
pub mod refused;
pub mod resources;
pub mod stream;
pub mod verbose;

pub use refused::refused;

use command::Command;
use cx::Cx;
use fail::Fail;
use machinery::Api;
use shell::{Ctx, Program};
use std::rc::Rc;

/// The root of the command line.
pub static ROOT: Command = Command {
    name: "kubectl",
    subs: commands::ALL,
    ..Command::NONE
};

/// kubectl as a program of the learner's machine.
pub fn program(api: Rc<dyn Api>) -> Program {
    let completing = api.clone();
    Program::new(
        "kubectl",
        "controls the Kubernetes cluster manager",
        move |ctx| run(ctx, api.clone()),
    )
    .with_complete(move |request| complete::complete(request, &completing))
}

/// Runs one command line; gives its exit status.
async fn run(ctx: Ctx, api: Rc<dyn Api>) -> i32 {
    let words: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
    let typed = ctx.args.join(" ");
    let (way, rest) = flags::find(&ROOT, &words);
    let command = way.last().copied().unwrap_or(&ROOT);
    let host = host::Ctx(ctx);
    if way.len() == 1 {
        return root(&host, &rest);
    }
    let path = cx::path(&way);
    let parsed = match flags::parse(command, &rest) {
        Ok(p) => p,
        Err(e) => {
            host.err(&format!("error: {e}\nSee '{path} --help' for usage.\n"));
            return 1;
        }
    };
    if parsed.help {
        host.out(&help::command(&way));
        return 0;
    }
    for note in &parsed.notes {
        host.err(&format!("{note}\n"));
    }
    let missing: Vec<String> = command
        .own_flags()
        .filter(|f| f.required && !parsed.given.iter().any(|(k, _)| *k == f.long))
        .map(|f| format!("\"{}\"", f.long))
        .collect();
    if !missing.is_empty() {
        host.err(&format!(
            "error: required flag(s) {} not set\n",
            missing.join(", ")
        ));
        return 1;
    }
    let asked = parsed.given.iter().map(|(k, _)| *k);
    let words = std::iter::once("").chain(asked);
    if let Some(refusal) = words.into_iter().find_map(|flag| refused(&way, flag)) {
        host.err(&format!("error: {refusal}\n"));
        return 1;
    }
    let cx = Cx::new(host.clone(), api, way, parsed, typed);
    let done = match command.run {
        Some(run) => run(cx.clone()).await,
        None => group(&cx),
    };
    match done.and_then(|()| cx.warnings_are_errors()) {
        Ok(()) => 0,
        Err(fail) => {
            let (text, status) = fail.print(&path);
            if text.contains("the server doesn't have a resource type")
                || text.contains("no matches for kind")
            {
                discovery::Mapper::forget(&cx);
            }
            if !text.is_empty() {
                let end = if text.ends_with('\n') { "" } else { "\n" };
                host.err(&format!("{text}{end}"));
            }
            status
        }
    }
}

/// `kubectl` without a command, or with one that does not exist.
fn root(host: &host::Ctx, rest: &[String]) -> i32 {
    let parsed = match flags::parse(&ROOT, rest) {
        Ok(p) => p,
        Err(_) if rest.iter().any(|w| !w.starts_with('-')) => flags::Parsed {
            args: rest
                .iter()
                .filter(|w| !w.starts_with('-'))
                .cloned()
                .collect(),
            ..flags::Parsed::default()
        },
        Err(e) => {
            host.err(&format!("error: {e}\nSee 'kubectl --help' for usage.\n"));
            return 1;
        }
    };
    let Some(word) = parsed.args.first() else {
        host.out(&help::root());
        return 0;
    };
    if word == "help" {
        let (way, rest) = flags::find(&ROOT, parsed.args.get(1..).unwrap_or(&[]));
        if let Some(word) = rest.first() {
            host.err(&format!("Unknown help topic {word:?}\n"));
        }
        host.out(&if way.len() == 1 {
            help::root()
        } else {
            help::command(&way)
        });
        return 0;
    }
    let mut text = format!("error: unknown command \"{word}\" for \"kubectl\"");
    let near = help::suggestions(word);
    if !near.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        for name in near {
            text.push_str(&format!("\t{name}\n"));
        }
    }
    host.err(&format!("{}\n", text.trim_end_matches('\n')));
    1
}

/// A group of commands called by itself: its help, or a refusal of the unknown word.
fn group(cx: &Cx) -> Result<(), Fail> {
    if cx.args().is_empty() {
        // Only rollout's help goes to standard output; all leave an error behind.
        let help = help::command(&cx.way);
        match cx.command().name {
            "rollout" => cx.out(help),
            _ => cx.err(help),
        }
        return Err(Fail::Exit(1));
    }
    Err(fail::usage(format!(
        "unknown command \"{}\"",
        cx.args().join(" ")
    )))
}
