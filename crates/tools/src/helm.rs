//! helm: charts and their releases, in the words of helm v3.19.
//!
//! The real one is `helm/helm` (branch `dev-v3`). Charts come from folders or from a small built-in repository; releases are
//! Secrets in the cluster. Left out, and said plainly: archives, plugins, OCI registries, signatures, values.schema.json.
//!
//! Layout: `chart`, `values`, `render` (with `sprig`) make manifests; `release` keeps records; `kube` talks to the API;
//! `action` installs, upgrades, rolls back and uninstalls, by `deploy`; `query` and `local` show; `commands` is the table;
//! `repo` and `starter` hold charts of our own.

mod action;
mod chart;
mod commands;
mod deploy;
mod kube;
mod local;
mod query;
mod release;
mod remove;
mod render;
mod repo;
mod semver;
mod sprig;
mod starter;
mod values;

use std::rc::Rc;

use machinery::{Api, yaml};
use shell::Ctx;

use crate::options::{self, Options};
pub use commands::complete;
use commands::{ALIASES, COMMANDS, Command, GLOBAL, GROUPS, help, help_of, table};
use kube::Kube;
use release::Store;

pub const VERSION: &str = "v3.19.0";
pub const COMMIT: &str = "3d8990f0836691f0229297773f3524598f46bda6";
pub const GO: &str = "go1.24.7";

/// What a running command has at hand.
pub struct Cx {
    pub ctx: Ctx,
    pub api: Rc<dyn Api>,
    pub kube: Kube,
    pub options: Options,
    pub namespace: String,
}

impl Cx {
    pub fn out(&self, text: &str) {
        self.ctx.out(text);
    }
    pub fn has(&self, flag: &str) -> bool {
        self.options.has(flag)
    }
    pub fn store(&self) -> Store<'_> {
        Store {
            kube: &self.kube,
            now_ms: self.ctx.now_ms(),
        }
    }
    /// Fails if the kubeconfig leads to no cluster.
    pub fn reach(&self) -> Result<(), String> {
        match kubeconfig(|path| self.ctx.with_fs(|fs| fs.read_text(path)).ok(), &|n| self.ctx.env(n)) {
            Some(_) => Ok(()),
            None => Err("Kubernetes cluster unreachable: Get \"http://localhost:8080/version\": dial tcp [::1]:8080: connect: connection refused".into()),
        }
    }
    pub fn warn(&self, warnings: Vec<String>) {
        let now = shell::filters::date::format(self.ctx.now_ms(), "%m%d %H:%M:%S");
        let micros = self.ctx.now_ms().rem_euclid(1000) * 1000;
        for text in warnings {
            self.ctx.err(&format!(
                "W{now}.{micros:06}   12345 warnings.go:70] {text}\n"
            ));
        }
    }
}

/// The namespace of the kubeconfig's current context; none if there is no such file or context.
fn kubeconfig(
    read: impl Fn(&str) -> Option<String>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let home = env("HOME").unwrap_or_default();
    let path = env("KUBECONFIG")
        .filter(|p| !p.is_empty())
        .unwrap_or(format!("{home}/.kube/config"));
    let config = yaml::parse(&read(&path)?).ok()?;
    let current = config.text("current-context");
    let contexts = config.get("contexts").items();
    let context = contexts.iter().find(|c| c.text("name") == current)?;
    Some(match context.text("context.namespace") {
        "" => "default".to_string(),
        namespace => namespace.to_string(),
    })
}

pub fn no_network(what: &str) -> String {
    format!(
        "looks like {what:?} is not a valid chart repository or cannot be reached: bottleship has no network beyond its own cluster"
    )
}

pub async fn helm(ctx: Ctx, api: Rc<dyn Api>) -> i32 {
    match run(ctx.clone(), api).await {
        Ok(()) => 0,
        Err(error) => {
            if !error.is_empty() {
                ctx.err(&format!("Error: {error}\n"));
            }
            1
        }
    }
}

async fn run(ctx: Ctx, api: Rc<dyn Api>) -> Result<(), String> {
    let words: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
    let Some((command, words)) = choose(&ctx, words)? else {
        return Ok(());
    };
    let path = format!("helm {}", command.way);
    let options = options::parse(&words, &table(command), false)?;
    if options.has("help") {
        ctx.out(&help_of(command));
        return Ok(());
    }
    let usage = format!("\n\nUsage:  helm {} [flags]", command.usage);
    let (least, most) = command.args;
    let count = options.args.len();
    if count < least || count > most {
        let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
        let message = match (least, most) {
            (_, 0) => format!("{path:?} accepts no arguments"),
            (l, m) if l == m => format!("{path:?} requires {l} {}", plural(l)),
            (l, _) if count < l => format!("{path:?} requires at least {l} {}", plural(l)),
            (_, m) => format!("{path:?} accepts at most {m} {}", plural(m)),
        };
        return Err(message + &usage);
    }
    let read = |path: &str| ctx.with_fs(|fs| fs.read_text(path)).ok();
    let namespace = options
        .get("namespace")
        .map(String::from)
        .or_else(|| ctx.env("HELM_NAMESPACE").filter(|n| !n.is_empty()))
        .or_else(|| kubeconfig(read, &|n| ctx.env(n)))
        .unwrap_or_else(|| "default".to_string());
    let cx = Cx {
        kube: Kube::new(api.clone()),
        ctx,
        api,
        options,
        namespace,
    };
    match command.way {
        "install" => action::install(&cx).await,
        "upgrade" => action::upgrade(&cx).await,
        "rollback" => action::rollback(&cx).await,
        "uninstall" => remove::uninstall(&cx).await,
        "test" => remove::test(&cx).await,
        way => query::run(&cx, way),
    }
}

/// The command that the words begin with, and the words after it; none if help was all that was asked for.
fn choose(
    ctx: &Ctx,
    mut words: Vec<String>,
) -> Result<Option<(&'static Command, Vec<String>)>, String> {
    // Global flags may stand before the command.
    let mut before = Vec::new();
    while words.first().is_some_and(|w| w.starts_with('-')) {
        let flag = words.remove(0);
        let takes = options::names(GLOBAL).iter().any(|(long, short, takes)| {
            *takes
                && (flag == format!("--{long}") || short.is_some_and(|s| flag == format!("-{s}")))
        });
        before.push(flag);
        if takes && !words.is_empty() {
            before.push(words.remove(0));
        }
    }
    let asks_help = before.iter().any(|w| w == "-h" || w == "--help");
    let mut first = words.first().cloned().unwrap_or_default();
    if first == "help" {
        words.remove(0);
        first = words.first().cloned().unwrap_or_default();
        words.push("--help".into());
    }
    if first.is_empty() || first == "--help" || asks_help {
        ctx.out(&help());
        return Ok(None);
    }
    if let Some((_, name)) = ALIASES.iter().find(|(alias, _)| *alias == first) {
        first = (*name).to_string();
    }
    let rest: Vec<String> = words.drain(1..).chain(before).collect();
    if let Some((group, summary)) = GROUPS.iter().find(|(group, _)| *group == first) {
        let sub = rest
            .iter()
            .find(|w| !w.starts_with('-'))
            .cloned()
            .unwrap_or_default();
        let sub = match sub.as_str() {
            "ls" => "list",
            "rm" => "remove",
            "up" => "update",
            sub => sub,
        };
        let way = format!("{group} {sub}");
        if let Some(found) = COMMANDS.iter().find(|c| c.way == way) {
            let mut rest = rest;
            if let Some(at) = rest.iter().position(|w| !w.starts_with('-')) {
                rest.remove(at);
            }
            return Ok(Some((found, rest)));
        }
        if !sub.is_empty() {
            return Err(format!(
                "unknown command {sub:?} for \"helm {group}\"\nRun 'helm {group} --help' for usage."
            ));
        }
        let prefix = format!("{group} ");
        let subs = COMMANDS.iter().filter(|c| c.way.starts_with(&prefix));
        let lines: String = subs
            .map(|c| format!("  {:<11} {}\n", &c.way[prefix.len()..], c.summary))
            .collect();
        ctx.out(&format!("\nThis command consists of multiple subcommands: {summary}.\n\nUsage:\n  helm {group} [command]\n\nAvailable Commands:\n{lines}\nFlags:\n  -h, --help   help for {group}\n\nUse \"helm {group} [command] --help\" for more information about a command.\n"));
        return Ok(None);
    }
    match COMMANDS.iter().find(|c| c.way == first) {
        Some(found) => Ok(Some((found, rest))),
        None => {
            let near: Vec<&str> = COMMANDS
                .iter()
                .map(|c| c.way)
                .filter(|way| !way.contains(' ') && near(way, &first))
                .collect();
            let did = match near.is_empty() {
                true => String::new(),
                false => format!("\n\nDid you mean this?\n\t{}\n", near.join("\n\t")),
            };
            Err(format!(
                "unknown command {first:?} for \"helm\"{did}\nRun 'helm --help' for usage."
            ))
        }
    }
}

/// Whether two words differ by at most two letters, or one begins the other.
pub fn near(a: &str, b: &str) -> bool {
    if a.starts_with(b) {
        return true;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().take(40).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut last = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let kept = row[j + 1];
            row[j + 1] = (last + usize::from(x != y)).min(kept + 1).min(row[j] + 1);
            last = kept;
        }
    }
    row.last().is_some_and(|d| *d <= 2)
}
