//! `kubectl apply`: make the cluster be as the files say. Upstream: `kubectl:pkg/cmd/apply`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask, Info, Target};
use machinery::Arrange;
use machinery::{Object, PatchType, Request, Value, json, patch};

/// Where `apply` remembers what a file said.
pub const LAST: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub const COMMAND: Command = Command {
    name: "apply",
    group: ADVANCED,
    usage: "(-f FILENAME | -k DIRECTORY)",
    short: "Apply a configuration to a resource by file name or stdin",
    long: "Makes objects be as files say: creates those that are not there, and changes of the others what differs.\n\nWhat a file said last time is remembered in an annotation of the object, so that a field that was taken out of the file is taken out of the object too.",
    examples: &[
        Example("Apply a manifest", "kubectl apply -f ./pod.yaml"),
        Example("Apply the manifests of a folder", "kubectl apply -f manifests/"),
        Example("Apply a kustomization", "kubectl apply -k dir/"),
    ],
    flags: &[
        &[
            Flag::bool("server-side", "If true, apply runs in the server instead of the client."),
            Flag::bool("force-conflicts", "If true, server-side apply will force the changes against conflicts."),
            Flag::bool("overwrite", "Automatically resolve conflicts between the modified and live configuration by using values from the modified configuration.").or("true"),
            Flag::bool("prune", "Automatically delete resource objects that do not appear in the configs."),
            Flag::array("prune-allowlist", "Overwrite the default allowlist with <group/version/kind> for --prune."),
            Flag::bool("force", "If true, immediately remove resources from API and bypass graceful deletion, then create them anew, where a change is refused."),
            Flag::int("grace-period", "-1", "Period of time in seconds given to the resource to terminate gracefully."),
            Flag::text("cascade", "Must be \"background\", \"orphan\", or \"foreground\".").or("background").bare("background"),
            Flag::duration("timeout", "0s", "The length of time to wait before giving up on a delete."),
            Flag::bool("wait", "If true, wait for resources to be gone before returning."),
            Flag::bool("openapi-patch", "If true, use openapi to calculate diff when the openapi presents.").or("true"),
        ],
        FILES, OUTPUT, DRY_RUN, SELECTOR, ALL_FLAG, RECORD, MANAGER, VALIDATE,
    ],
    subs: &[&EDIT_LAST, &SET_LAST, &VIEW_LAST],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    if let Some(word) = cx.args().first() {
        return Err(fail::usage(format!("Unexpected args: [{word}]")));
    }
    let ask = Ask::of(&cx, &[])?.strict();
    let dry = cx.dry_run()?;
    let server_side = cx.on("server-side");
    if cx.on("force-conflicts") && !server_side {
        return Err(text("--force-conflicts only works with --server-side"));
    }
    if dry == DryRun::Client && server_side {
        return Err(text(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        ));
    }
    if !ask.has_files() {
        return Err(text("must specify one of -f and -k"));
    }
    if cx.on("prune") && ask.selector.is_none() {
        return Err(text(
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
        ));
    }
    super::create::validation(&cx)?;
    let shown = Shown::of(&cx)?;
    let found = resources::find(&cx, &ask).await?;
    let mut fails = found.fails;
    if found.targets.is_empty() && fails.is_empty() {
        return Err(text("no objects passed to apply"));
    }
    let mut applied = Vec::new();
    for target in &found.targets {
        let Target::One(info) = target else { continue };
        let done = if server_side {
            server(&cx, info, dry, &shown)
        } else {
            client(&cx, info, dry, &shown).await
        };
        match done {
            Ok(o) => applied.push((info.clone(), o)),
            Err(e) => fails.push(e),
        }
    }
    if cx.on("prune") && fails.is_empty() {
        prune(&cx, &ask, &applied, dry)?;
    }
    fail::all(fails)
}

/// The object as JSON, as the annotation remembers it.
pub fn remembered(object: &Object) -> String {
    let mut v = object.0.clone();
    *v.place("metadata.annotations").field(LAST) = Value::Null;
    v.field("metadata")
        .field("annotations")
        .map_mut()
        .remove(LAST);
    format!("{}\n", json::print(&v))
}

/// The object with its own text in the annotation.
pub fn annotated(object: &Object) -> Object {
    let words = remembered(object);
    object.edit(|o| *o.field("metadata").field("annotations").field(LAST) = Value::from(words))
}

/// `Resource: "apps/v1, Resource=deployments", GroupVersionKind: …`: an object in messages.
fn spelled(info: &Info) -> String {
    let version = match info.res.group.as_str() {
        "" => format!("/{}", info.res.version),
        _ => info.res.api_version(),
    };
    format!(
        "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: \"{}\", Namespace: \"{}\"",
        info.res.plural, info.res.kind, info.name, info.namespace
    )
}

async fn client(cx: &Cx, info: &Info, dry: DryRun, shown: &Shown) -> Result<Object, Fail> {
    if info.name.is_empty() && !info.object.text("metadata.generateName").is_empty() {
        return Err(text(format!(
            "from {}: cannot use generate name with apply",
            info.object.text("metadata.generateName")
        )));
    }
    let object = match cx.on("record") {
        true => super::create::recorded(cx, &info.object),
        false => info.object.clone(),
    };
    let modified = annotated(&object);
    let live = match info.fetch(cx) {
        Ok(live) => live,
        Err(e) if e.is_not_found() => {
            let made = match dry {
                DryRun::Client => modified,
                _ => super::create::post(cx, info, &modified, dry, "kubectl-client-side-apply")
                    .map_err(|e| e.about("creating", &info.source))?,
            };
            shown.print(cx, &made, "created")?;
            return Ok(made);
        }
        Err(e) => {
            let verb = format!(
                "retrieving current configuration of:\n{}\nfrom server for:",
                spelled(info)
            );
            return Err(e.about(&verb, &info.source));
        }
    };
    if dry == DryRun::Client {
        shown.print(cx, &modified, "configured")?;
        return Ok(modified);
    }
    if live.annotation(LAST).is_none() {
        cx.warn(format!(
            "resource {}/{} is missing the {LAST} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
            info.res.plural, info.name
        ));
    }
    patched(cx, info, &modified, live, dry, shown).await
}

/// What the file said when it was last applied.
fn last(live: &Object) -> Value {
    live.annotation(LAST)
        .and_then(|t| crate::forms::parse_one(t).ok())
        .unwrap_or_else(Value::map)
}

/// The patch from live to modified, and its kind.
pub fn difference(modified: &Object, live: &Object) -> (Value, PatchType) {
    let original = last(live);
    // A kind that the client knows has merge keys; custom resources have none.
    match kinds::of(live.api_version(), live.kind()) {
        Some(_) => (
            patch::three_way(&original, &modified.0, &live.0),
            PatchType::Strategic,
        ),
        None => (
            patch::three_way_merge(&original, &modified.0, &live.0),
            PatchType::Merge,
        ),
    }
}

async fn patched(
    cx: &Cx,
    info: &Info,
    modified: &Object,
    live: Object,
    dry: DryRun,
    shown: &Shown,
) -> Result<Object, Fail> {
    let manager = match cx.flag("field-manager") {
        "" => "kubectl-client-side-apply",
        m => m,
    };
    let mut live = live;
    let mut tries = 0;
    loop {
        let (patch, kind) = difference(modified, &live);
        if patch.is_empty() {
            shown.print(cx, &live, "unchanged")?;
            return Ok(live);
        }
        let mut request = crate::cx::Inner::patch_request(&info.path(), kind, patch.clone())
            .with("fieldManager", manager)
            .with("fieldValidation", super::create::validation(cx)?);
        if dry == DryRun::Server {
            request = request.with("dryRun", "All");
        }
        match cx.ask(request) {
            Ok(v) => {
                let after = Object(v);
                shown.print(cx, &after, "configured")?;
                return Ok(after);
            }
            Err(Fail::Status(s)) if s.is_conflict() && tries < 5 => {
                tries += 1;
                live = info.fetch(cx)?;
            }
            Err(Fail::Status(s)) if cx.on("force") && (s.is_invalid() || s.is_conflict()) => {
                return replaced(cx, info, modified, shown).await;
            }
            Err(e) => {
                let verb = format!(
                    "applying patch:\n{}\nto:\n{}\nfor:",
                    json::print(&patch),
                    spelled(info)
                );
                return Err(e.about("patching", &info.source).about(&verb, &info.source));
            }
        }
    }
}

/// `--force`: away with it, and anew.
async fn replaced(cx: &Cx, info: &Info, modified: &Object, shown: &Shown) -> Result<Object, Fail> {
    let grace = cx.int("grace-period").max(0);
    let options =
        machinery::value!({ "gracePeriodSeconds": grace, "propagationPolicy": "Background" });
    cx.ask(Request::new(machinery::Method::Delete, info.path()).body(options))?;
    super::delete::wait_gone(cx, std::slice::from_ref(info), cx.millis("timeout")).await?;
    let made = super::create::post(
        cx,
        info,
        modified,
        DryRun::None,
        "kubectl-client-side-apply",
    )?;
    shown.print(cx, &made, "configured")?;
    Ok(made)
}

const CONFLICT_HELP: &str =
    "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

fn server(cx: &Cx, info: &Info, dry: DryRun, shown: &Shown) -> Result<Object, Fail> {
    let manager = match cx.flag("field-manager") {
        "" => "kubectl",
        m => m,
    };
    let mut request =
        crate::cx::Inner::patch_request(&info.path(), PatchType::Apply, info.object.0.clone())
            .with("fieldManager", manager)
            .with("fieldValidation", super::create::validation(cx)?)
            .with("force", cx.on("force-conflicts").to_string());
    if dry == DryRun::Server {
        request = request.with("dryRun", "All");
    }
    match cx.ask(request) {
        Ok(v) => {
            let after = Object(v);
            shown.print(cx, &after, "serverside-applied")?;
            Ok(after)
        }
        Err(Fail::Status(s)) if s.is_conflict() => {
            Err(text(format!("{}\n{CONFLICT_HELP}", s.message)))
        }
        Err(e) => Err(e),
    }
}

/// The kinds that `--prune` looks at, as upstream's list has them.
const PRUNED: &[(&str, &str)] = &[
    ("v1", "ConfigMap"),
    ("v1", "Endpoints"),
    ("v1", "Namespace"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "PersistentVolume"),
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("networking.k8s.io/v1", "Ingress"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
];

/// Deletes what was applied earlier and is in the files no more.
fn prune(cx: &Cx, ask: &Ask, applied: &[(Info, Object)], dry: DryRun) -> Result<(), Fail> {
    let mapper = cx.mapper()?;
    let mut namespaces: Vec<String> = applied
        .iter()
        .map(|(i, _)| i.namespace.clone())
        .filter(|n| !n.is_empty())
        .collect();
    namespaces.arrange();
    namespaces.dedup();
    let selector = ask.selector.clone().unwrap_or_default();
    for (version, kind) in PRUNED {
        let Some(res) = mapper.of_kind(version, kind) else {
            continue;
        };
        let places = if res.namespaced {
            namespaces.clone()
        } else {
            vec![String::new()]
        };
        for ns in places {
            let list = cx.ask(resources::list_request(&res, &ns, &selector, ""))?;
            for info in resources::items(&res, &list) {
                let kept = applied.iter().any(|(_, o)| o.uid() == info.object.uid());
                if kept || info.object.annotation(LAST).is_none() {
                    continue;
                }
                if dry != DryRun::Client {
                    let options = machinery::value!({ "propagationPolicy": "Background" });
                    let mut r = Request::new(machinery::Method::Delete, info.path()).body(options);
                    if dry == DryRun::Server {
                        r = r.with("dryRun", "All");
                    }
                    cx.ask(r)?;
                }
                cx.line(format!("{} pruned{}", info.shown(), dry.suffix()));
            }
        }
    }
    Ok(())
}

const VIEW_LAST: Command = Command {
    name: "view-last-applied",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    short: "View the latest last-applied-configuration annotations of a resource/object",
    examples: &[Example(
        "See what was applied last",
        "kubectl apply view-last-applied deployment/web",
    )],
    flags: &[
        FILES,
        SELECTOR,
        ALL_FLAG,
        &[
            Flag::text("output", "Output format. Must be one of (yaml, json).")
                .or("yaml")
                .short('o'),
        ],
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(view(cx)) }),
    ..Command::NONE
};

async fn view(cx: Cx) -> Result<(), Fail> {
    let ask = Ask::of(&cx, cx.args())?;
    let (infos, fails) = resources::read(&cx, &ask).await?;
    for info in infos {
        let Some(words) = info.object.annotation(LAST) else {
            return Err(text(format!(
                "no last-applied-configuration annotation found on resource: {}",
                info.name
            )));
        };
        let v = crate::forms::parse_one(words).unwrap_or_default();
        match cx.flag("output") {
            "json" => cx.out(crate::forms::json_pretty(&v)),
            _ => cx.out(crate::forms::yaml(&v)),
        }
    }
    fail::all(fails)
}

const SET_LAST: Command = Command {
    name: "set-last-applied",
    usage: "-f FILENAME",
    short: "Set the last-applied-configuration annotation on a live object to match the contents of a file",
    flags: &[
        FILES,
        OUTPUT,
        DRY_RUN,
        &[Flag::bool(
            "create-annotation",
            "Will create 'last-applied-configuration' annotations if current objects doesn't have one.",
        )],
    ],
    run: Some(|cx| -> Run { Box::pin(set(cx)) }),
    ..Command::NONE
};

async fn set(cx: Cx) -> Result<(), Fail> {
    let ask = Ask::of(&cx, &[])?;
    let shown = Shown::of(&cx)?;
    let dry = cx.dry_run()?;
    let found = resources::find(&cx, &ask).await?;
    for target in &found.targets {
        let Target::One(info) = target else { continue };
        let live = info.fetch(&cx)?;
        if live.annotation(LAST).is_none() && !cx.on("create-annotation") {
            return Err(text(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                info.name
            )));
        }
        let mut body = Value::map();
        *body.place("metadata.annotations").field(LAST) = Value::from(remembered(&info.object));
        let after = match dry {
            DryRun::None => Object(cx.ask(crate::cx::Inner::patch_request(
                &info.path(),
                PatchType::Merge,
                body,
            ))?),
            _ => live,
        };
        shown.print(&cx, &after, "configured")?;
    }
    fail::all(found.fails)
}

const EDIT_LAST: Command = Command {
    name: "edit-last-applied",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    short: "Edit latest last-applied-configuration annotations of a resource/object",
    flags: &[FILES, OUTPUT],
    complete: Complete::Resources,
    run: Some(|_| -> Run {
        Box::pin(async {
            Err(text(
                "bottleship does not simulate edit-last-applied: use set-last-applied with a file",
            ))
        })
    }),
    ..Command::NONE
};
