//! `kubectl delete`: asks for removal, then waits until the objects are gone. Upstream: `kubectl:pkg/cmd/delete`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text};
use crate::resources::{self, Ask, Info, Target};
use machinery::{Method, Object, Request, Value, value};

pub const COMMAND: Command = Command {
    name: "delete",
    group: INTERMEDIATE,
    usage: "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [flags]",
    short: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    long: "Deletes objects, named by file, by type and name, or by label.\n\nMost objects get time to end by themselves: a grace period, which --grace-period changes. Deleting without grace (--force) takes the object away before its containers are known to have stopped. Then the command waits until the objects are gone, unless --wait=false.",
    examples: &[
        Example("Delete what a manifest describes", "kubectl delete -f ./pod.yaml"),
        Example("Delete a pod and a service of the same name", "kubectl delete pod,service web"),
        Example("Delete pods and services by label", "kubectl delete pods,services -l app=web"),
        Example("Delete all pods", "kubectl delete pods --all"),
    ],
    flags: &[
        &[
            Flag::text("cascade", "Must be \"background\", \"orphan\", or \"foreground\". What becomes of dependents.").or("background").bare("background"),
            Flag::bool("now", "If true, resources are signaled for immediate shutdown (same as --grace-period=1)."),
            Flag::bool("force", "If true, immediately remove resources from API and bypass graceful deletion."),
            Flag::int("grace-period", "-1", "Period of time in seconds given to the resource to terminate gracefully."),
            Flag::duration("timeout", "0s", "The length of time to wait before giving up on a delete."),
            Flag::bool("wait", "If true, wait for resources to be gone before returning.").or("true"),
            Flag::bool("ignore-not-found", "Treat \"resource not found\" as a successful delete."),
            Flag::bool("interactive", "If true, delete resource only when user confirms.").short('i'),
            Flag::text("output", "Output mode. Use \"-o name\" for shorter output (resource/name).").short('o'),
            Flag::text("raw", "Raw URI to DELETE to the server."),
        ],
        FILES,
        SELECTOR,
        FIELDS,
        ALL_FLAG,
        ALL_NAMESPACES,
        DRY_RUN,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    if cx.given("raw") {
        let request = super::get::raw_request(Method::Delete, cx.flag("raw"));
        let answer = cx.ask(request)?;
        cx.line(machinery::json::print(&answer));
        return Ok(());
    }
    let dry = cx.dry_run()?;
    let mut grace = cx.int("grace-period");
    let mut waits = cx.on("wait");
    if cx.on("now") {
        if grace != -1 {
            return Err(text(
                "--now and --grace-period cannot be specified together",
            ));
        }
        grace = 1;
    }
    if grace == 0 && !cx.on("force") {
        // Zero without --force would leave the client waiting for nothing: one second, and a wait.
        waits = true;
        grace = 1;
    }
    if cx.on("force") {
        if grace < 0 {
            grace = 0;
        }
        if !cx.given("wait") {
            waits = false;
        }
    }
    if cx.on("force") && grace == 0 {
        cx.warn("Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.");
    }
    if cx.on("force") && grace > 0 {
        return Err(text(
            "--force and --grace-period greater than 0 cannot be specified together",
        ));
    }
    if !["", "name"].contains(&cx.flag("output")) {
        return Err(text(format!(
            "unexpected -o output mode: {}. We only support '-o name'",
            cx.flag("output")
        )));
    }
    let ask = Ask::of(&cx, cx.args())?;
    if cx.on("all") && !cx.flag("selector").is_empty() {
        return Err(text(
            "setting 'all' parameter but found a non empty selector. ",
        ));
    }
    let found = resources::find(&cx, &ask).await?;
    let wish = Wish {
        dry,
        grace,
        propagation: propagation(cx.flag("cascade"))?,
        ignore_missing: cx.on("ignore-not-found") || cx.on("all"),
    };
    let found = match cx.on("interactive") {
        true => match confirmed(&cx, found, &wish).await? {
            Some(found) => found,
            None => return Ok(()),
        },
        false => found,
    };
    let (gone, fails) = all(&cx, found, &wish)?;
    if waits && dry == DryRun::None {
        let timeout = cx.millis("timeout");
        wait_gone(&cx, &gone, timeout).await?;
    }
    fail::all(fails)
}

/// Lists what would go and asks; None unless the answer is yes.
async fn confirmed(
    cx: &Cx,
    found: resources::Found,
    wish: &Wish,
) -> Result<Option<resources::Found>, Fail> {
    fail::all(found.fails)?;
    let mut targets = Vec::new();
    for target in &found.targets {
        match resources::objects(cx, target) {
            Ok(infos) => targets.extend(infos.into_iter().map(Target::One)),
            Err(e) if e.is_not_found() && wish.ignore_missing => {}
            Err(e) => return Err(e),
        }
    }
    if targets.is_empty() {
        cx.line("No resources found");
        return Ok(None);
    }
    cx.line(format!(
        "You are about to delete the following {} resource(s):",
        targets.len()
    ));
    for target in &targets {
        if let Target::One(info) = target {
            cx.line(info.shown());
        }
    }
    cx.out("Do you want to continue? (y/N): ");
    let answer = cx.host.0.read_line().await.unwrap_or_default();
    if !answer.trim().eq_ignore_ascii_case("y") {
        cx.line("deletion is cancelled");
        return Ok(None);
    }
    Ok(Some(resources::Found {
        targets,
        ..resources::Found::default()
    }))
}

/// How to delete.
pub struct Wish {
    pub dry: DryRun,
    /// Seconds; -1 for the object's own.
    pub grace: i64,
    pub propagation: &'static str,
    pub ignore_missing: bool,
}

pub fn propagation(cascade: &str) -> Result<&'static str, Fail> {
    match cascade {
        "background" | "true" => Ok("Background"),
        "foreground" => Ok("Foreground"),
        "orphan" | "false" => Ok("Orphan"),
        other => Err(text(format!(
            "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
        ))),
    }
}

/// Deletes all targets; gives those to wait for, and what failed.
fn all(cx: &Cx, found: resources::Found, wish: &Wish) -> Result<(Vec<Info>, Vec<Fail>), Fail> {
    let mut fails = found.fails;
    let mut gone = Vec::new();
    let mut seen = 0;
    for target in &found.targets {
        let infos = match target {
            Target::One(info) => Ok(vec![info.clone()]),
            many => resources::objects(cx, many),
        };
        match infos {
            Ok(infos) => {
                for info in infos {
                    seen += 1;
                    match one(cx, &info, wish) {
                        Ok(Some(info)) => gone.push(info),
                        Ok(None) => {}
                        Err(e) => fails.push(e.about("deleting", &info.source)),
                    }
                }
            }
            Err(e) => fails.push(e),
        }
    }
    if seen == 0 && fails.is_empty() {
        cx.line("No resources found");
    }
    Ok((gone, fails))
}

/// Deletes one object and says so. None where there was nothing and that is fine.
pub fn one(cx: &Cx, info: &Info, wish: &Wish) -> Result<Option<Info>, Fail> {
    let mut uid = String::new();
    if wish.dry != DryRun::Client {
        let mut options = value!({ "propagationPolicy": wish.propagation });
        if wish.grace >= 0 {
            options.set("gracePeriodSeconds", wish.grace);
        }
        let mut request = Request::new(Method::Delete, info.path()).body(options);
        if wish.dry == DryRun::Server {
            request = request.with("dryRun", "All");
        }
        match cx.ask(request) {
            Ok(answer) => {
                // The answer is the object while it is being deleted, or a Status that names its uid.
                uid = match answer.text("kind") {
                    "Status" => answer.text("details.uid").to_string(),
                    _ => answer.text("metadata.uid").to_string(),
                };
            }
            Err(e) if e.is_not_found() && wish.ignore_missing => return Ok(None),
            Err(e) => return Err(e),
        }
    }
    announce(cx, info, wish);
    let object = info.object.edit(|o| {
        if !uid.is_empty() {
            o.set("metadata.uid", uid);
        }
    });
    Ok(Some(Info {
        object,
        ..info.clone()
    }))
}

fn announce(cx: &Cx, info: &Info, wish: &Wish) {
    if cx.flag("output") == "name" {
        return cx.line(info.shown());
    }
    let how = if wish.grace == 0 {
        "force deleted"
    } else {
        "deleted"
    };
    let place = match info.namespace.as_str() {
        "" => String::new(),
        ns => format!(" from {ns} namespace"),
    };
    cx.line(format!(
        "{} \"{}\" {how}{place}{}",
        info.res.kind_name(),
        info.name,
        wish.dry.suffix()
    ));
}

/// Waits until none of the objects is there any more (or another of its name has come).
pub async fn wait_gone(cx: &Cx, infos: &[Info], timeout_ms: i64) -> Result<(), Fail> {
    let deadline = (timeout_ms > 0).then(|| cx.now() + timeout_ms);
    for info in infos {
        loop {
            match info.fetch(cx) {
                Ok(now) if same(&now, &info.object.0) => {}
                Ok(_) => break,
                Err(e) if e.is_not_found() => break,
                // Without the right to look there is nothing to wait for.
                Err(Fail::Status(s)) if s.reason == "Forbidden" => break,
                Err(e) => return Err(e),
            }
            if deadline.is_some_and(|d| cx.now() >= d) {
                return Err(text(format!(
                    "timed out waiting for the condition on {}/{}",
                    info.res.plural, info.name
                )));
            }
            cx.host.changed_until(deadline).await;
        }
    }
    Ok(())
}

fn same(now: &Object, before: &Value) -> bool {
    let uid = before.text("metadata.uid");
    uid.is_empty() || uid == now.uid()
}
