//! `kubectl create`: from files, and the generators that make one object from flags.
//! Upstream: `kubectl:pkg/cmd/create`.

mod batch;
mod config;
mod deployment;
mod ingress;
pub mod policy;
mod rbac;
mod service;
mod simple;

use super::*;
use crate::command::{Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text, usage};
use crate::print::Shown;
use crate::resources::{self, Ask, Info, Target};
use machinery::{Method, Object, Request, Value};

pub const COMMAND: Command = Command {
    name: "create",
    group: BEGINNER,
    usage: "-f FILENAME",
    short: "Create a resource from a file or from stdin",
    long: "Creates objects from files or from standard input; its subcommands make common objects from flags.",
    examples: &[
        Example(
            "Create a pod from a manifest",
            "kubectl create -f ./pod.yaml",
        ),
        Example(
            "Create a pod from what comes on standard input",
            "cat pod.yaml | kubectl create -f -",
        ),
    ],
    flags: &[
        FILES,
        OUTPUT,
        DRY_RUN,
        SELECTOR,
        RECORD,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
        &[
            Flag::bool("edit", "Edit the API resource before creating."),
            Flag::text("raw", "Raw URI to POST to the server."),
        ],
        LINE_ENDINGS,
    ],
    subs: &[
        &rbac::CLUSTER_ROLE,
        &rbac::CLUSTER_ROLE_BINDING,
        &config::CONFIG_MAP,
        &batch::CRON_JOB,
        &deployment::COMMAND,
        &ingress::COMMAND,
        &batch::JOB,
        &simple::NAMESPACE,
        &policy::PDB,
        &policy::PRIORITY_CLASS,
        &policy::QUOTA,
        &rbac::ROLE,
        &rbac::ROLE_BINDING,
        &config::SECRET,
        &service::COMMAND,
        &simple::SERVICE_ACCOUNT,
        &simple::TOKEN,
    ],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

/// The flags of every generator.
pub const GENERATOR: &[&[Flag]] = &[
    OUTPUT,
    DRY_RUN,
    &manager("kubectl-create"),
    VALIDATE,
    SAVE_CONFIG,
];

async fn run(cx: Cx) -> Result<(), Fail> {
    if let Some(word) = cx.args().first() {
        return Err(usage(format!("Unexpected args: [{word}]")));
    }
    if cx.given("raw") {
        return raw(&cx).await;
    }
    let ask = Ask::of(&cx, &[])?.strict();
    if !ask.has_files() {
        return Err(text("must specify one of -f and -k"));
    }
    if cx.on("edit") {
        let found = resources::find(&cx, &ask).await?;
        fail::all(found.fails)?;
        for target in &found.targets {
            if let Target::One(info) = target {
                super::edit::edit(&cx, std::slice::from_ref(info), super::edit::Mode::Create)
                    .await?;
            }
        }
        return Ok(());
    }
    let shown = Shown::of(&cx)?;
    let dry = cx.dry_run()?;
    validation(&cx)?;
    let found = resources::find(&cx, &ask).await?;
    let mut fails = found.fails;
    let mut count = 0;
    let known = !fails.is_empty();
    for target in &found.targets {
        let Target::One(info) = target else { continue };
        count += 1;
        let mut object = info.object.clone();
        // An annotation that is there already is brought up to date.
        if cx.on("save-config") || object.annotation(super::apply::LAST).is_some() {
            object = super::apply::annotated(&object);
        }
        if cx.on("record") {
            object = recorded(&cx, &object);
        }
        if dry != DryRun::Client {
            match post(&cx, info, &object, dry, "kubectl-create") {
                Ok(o) => object = o,
                Err(e) => {
                    fails.push(e.about("creating", &info.source));
                    continue;
                }
            }
        }
        shown.print(&cx, &object, "created")?;
    }
    if count == 0 && !known {
        return Err(text("no objects passed to create"));
    }
    fail::all(fails)
}

async fn raw(cx: &Cx) -> Result<(), Fail> {
    let files = cx.list("filename");
    if !Ask::of(cx, &[])?.has_files() {
        return Err(text("must specify one of -f and -k"));
    }
    if cx.on("edit") {
        return Err(text("--raw and --edit are mutually exclusive"));
    }
    let [file] = &files[..] else {
        return Err(text("--raw can only use a single local file or stdin"));
    };
    let content = match file.as_str() {
        "-" => cx.host.read_all().await,
        f => cx
            .host
            .read(f)
            .map_err(|e| text(format!("open {f}: {e}")))?,
    };
    let mut request = super::get::raw_request(Method::Post, cx.flag("raw"));
    request.body = machinery::Body::Text(content);
    let answer = cx.ask(request)?;
    cx.line(machinery::json::print(&answer));
    Ok(())
}

/// The object with the annotation of `--record`.
pub fn recorded(cx: &Cx, object: &Object) -> Object {
    let words = cx.record_text();
    object.edit(|o| {
        *o.place("metadata.annotations")
            .field("kubernetes.io/change-cause") = Value::from(words);
    })
}

/// `Strict`, `Warn` or `Ignore` of `--validate`.
pub fn validation(cx: &Cx) -> Result<&'static str, Fail> {
    match cx.flag("validate") {
        "" | "strict" | "true" => Ok("Strict"),
        "warn" => Ok("Warn"),
        "ignore" | "false" => Ok("Ignore"),
        other => Err(text(format!(
            "invalid - validate option \"{other}\"; must be one of: strict (or true), warn, ignore (or false)"
        ))),
    }
}

/// Sends a new object.
pub fn post(
    cx: &Cx,
    info: &Info,
    object: &Object,
    dry: DryRun,
    manager: &str,
) -> Result<Object, Fail> {
    let manager = match cx.flag("field-manager") {
        "" => manager,
        given => given,
    };
    // An object that was read from a cluster may be made anew.
    let mut object = object.0.clone();
    object.remove("metadata.resourceVersion");
    let mut request = Request::new(Method::Post, info.res.path(&info.namespace))
        .body(object)
        .with("fieldManager", manager)
        .with("fieldValidation", validation(cx)?);
    if dry == DryRun::Server {
        request = request.with("dryRun", "All");
    }
    cx.ask(request).map(Object)
}

/// The one NAME of a generator.
pub fn name(cx: &Cx) -> Result<String, Fail> {
    match cx.before_dash() {
        [name] => Ok(name.clone()),
        other => Err(usage(format!(
            "exactly one NAME is required, got {}",
            other.len()
        ))),
    }
}

/// Finishes a generator: sends the object (or not), and prints it. `wrap` stands before the server's refusal.
pub fn finish(cx: &Cx, object: Object, wrap: &str) -> Result<(), Fail> {
    let shown = Shown::of(cx)?;
    let dry = cx.dry_run()?;
    let mut object = object;
    if cx.on("save-config") {
        object = super::apply::annotated(&object);
    }
    if dry == DryRun::Client {
        // Upstream prints the namespace only if it was given.
        if cx.namespace_is_explicit()
            && cx
                .mapper()?
                .of_kind(object.api_version(), object.kind())
                .is_some_and(|r| r.namespaced)
        {
            let ns = cx.namespace()?;
            object = object.edit(|o| o.set("metadata.namespace", ns));
        }
        return shown.print(cx, &object, "created");
    }
    let mapper = cx.mapper()?;
    let res = mapper
        .of_kind(object.api_version(), object.kind())
        .ok_or_else(|| {
            text(format!(
                "bottleship does not simulate {} objects",
                object.kind()
            ))
        })?;
    let namespace = if res.namespaced {
        cx.namespace()?
    } else {
        String::new()
    };
    if res.namespaced {
        let ns = namespace.clone();
        object = object.edit(|o| o.set("metadata.namespace", ns));
    }
    let name = object.name().to_string();
    let info = Info {
        res,
        namespace,
        name,
        source: String::new(),
        object: object.clone(),
    };
    let made = post(cx, &info, &object, dry, "kubectl-create").map_err(|e| match &e {
        Fail::Status(s) if !wrap.is_empty() && s.code != 0 => {
            // Of secrets alone upstream says it without a colon.
            let colon = if wrap.ends_with("secret") { "" } else { ":" };
            text(format!("{wrap}{colon} {}", s.message))
        }
        _ => e,
    })?;
    shown.print(cx, &made, "created")
}
