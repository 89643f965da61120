//! `kubectl apply`: make the cluster be as the files say. Upstream: `kubectl:pkg/cmd/apply`.

mod last;

use super::*;
use crate::command::{Example, Run};
use crate::cx::{Cx, DryRun};
use crate::discovery::Res;
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask, Info, Target};
use machinery::Arrange;
use machinery::{Object, PatchType, Request, Value, json, patch};
use std::rc::Rc;

pub use last::annotate;

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
            Flag::text("subresource", "If specified, apply will operate on the subresource of the requested object. Only with --server-side."),
            Flag::bool("openapi-patch", "If true, use openapi to calculate diff when the openapi presents.").or("true"),
        ],
        DELETION, FILES, OUTPUT, DRY_RUN, SELECTOR, ALL_FLAG, RECORD, &manager("kubectl-client-side-apply"), VALIDATE,
    ],
    subs: &[&last::EDIT, &last::SET, &last::VIEW],
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
    if ask.files.is_empty() == ask.kustomize.is_empty() {
        return Err(text("only one of -f or -k can be specified"));
    }
    let clashes = [
        (
            server_side && cx.on("force"),
            "--force cannot be used with --server-side",
        ),
        (
            dry == DryRun::Server && cx.on("force"),
            "--dry-run=server cannot be used with --force",
        ),
        (
            cx.on("all") && !cx.flag("selector").is_empty(),
            "cannot set --all and --selector at the same time",
        ),
        (
            cx.on("prune") && cx.on("force"),
            "--force cannot be used with --prune",
        ),
        (
            !cx.flag("subresource").is_empty() && !server_side,
            "--subresource can only be specified for --server-side",
        ),
    ];
    if let Some((_, words)) = clashes.iter().find(|(holds, _)| *holds) {
        return Err(text(*words));
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
    format!("{}\n", json::print(&bare(object)))
}

/// The object without the annotation; a map of annotations is there in any case, as upstream leaves one.
pub fn bare(object: &Object) -> Value {
    let mut v = object.0.clone();
    v.place("metadata.annotations").map_mut().remove(LAST);
    v
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
    let manager = match cx.given("field-manager") {
        false => "kubectl",
        true => cx.flag("field-manager"),
    };
    let path = match cx.flag("subresource") {
        "" => info.path(),
        sub => format!("{}/{sub}", info.path()),
    };
    let mut request =
        crate::cx::Inner::patch_request(&path, PatchType::Apply, info.object.0.clone())
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

/// The types that `--prune` looks at: `--prune-allowlist`, or the usual ones.
fn prunable(cx: &Cx) -> Result<Vec<Rc<Res>>, Fail> {
    let mapper = cx.mapper()?;
    let mut out = Vec::new();
    for given in cx.list("prune-allowlist") {
        let parts: Vec<&str> = given.split('/').collect();
        let [group, version, kind] = parts[..] else {
            return Err(text(format!(
                "invalid GroupVersionKind format: {given}, please follow <group/version/kind>"
            )));
        };
        let api = match group {
            "core" | "" => version.to_string(),
            g => format!("{g}/{version}"),
        };
        let found = mapper.of_kind(&api, kind).ok_or_else(|| {
            text(format!(
                "no matches for kind \"{kind}\" in version \"{api}\""
            ))
        })?;
        out.push(found);
    }
    if cx.given("prune-allowlist") {
        return Ok(out);
    }
    Ok(PRUNED
        .iter()
        .filter_map(|(v, k)| mapper.of_kind(v, k))
        .collect())
}

/// What was applied earlier and is in the files no more.
pub fn stale(cx: &Cx, ask: &Ask, applied: &[(Info, Object)]) -> Result<Vec<Info>, Fail> {
    let mut namespaces: Vec<String> = applied
        .iter()
        .map(|(i, _)| i.namespace.clone())
        .filter(|n| !n.is_empty())
        .collect();
    namespaces.arrange();
    namespaces.dedup();
    let selector = ask.selector.clone().unwrap_or_default();
    let mut out = Vec::new();
    for res in prunable(cx)? {
        let places = if res.namespaced {
            namespaces.clone()
        } else {
            vec![String::new()]
        };
        for ns in places {
            let list = cx.ask(resources::list_request(&res, &ns, &selector, ""))?;
            for info in resources::items(&res, &list) {
                let kept = applied.iter().any(|(_, o)| o.uid() == info.object.uid());
                if !kept && info.object.annotation(LAST).is_some() {
                    out.push(info);
                }
            }
        }
    }
    Ok(out)
}

/// Deletes what is stale.
fn prune(cx: &Cx, ask: &Ask, applied: &[(Info, Object)], dry: DryRun) -> Result<(), Fail> {
    let shown = Shown::of(cx)?;
    for info in stale(cx, ask, applied)? {
        if dry != DryRun::Client {
            let policy = super::delete::propagation(cx.flag("cascade"))?;
            let mut options = machinery::value!({ "propagationPolicy": policy });
            if cx.int("grace-period") >= 0 {
                options.set("gracePeriodSeconds", cx.int("grace-period"));
            }
            let mut r = Request::new(machinery::Method::Delete, info.path()).body(options);
            if dry == DryRun::Server {
                r = r.with("dryRun", "All");
            }
            cx.ask(r)?;
        }
        shown.print(cx, &info.object, "pruned")?;
    }
    Ok(())
}
