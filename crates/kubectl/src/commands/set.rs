//! `kubectl set`: image, env, resources, serviceaccount, selector, subject. Upstream: `kubectl:pkg/cmd/set`.

mod env;

use super::*;
use crate::change;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask, Info};
use machinery::{Object, Value, value};

pub const COMMAND: Command = Command {
    name: "set",
    group: BEGINNER,
    usage: "SUBCOMMAND",
    short: "Set specific features on objects",
    long: "Changes one feature of objects that are there.",
    subs: &[
        &env::COMMAND,
        &IMAGE,
        &RESOURCES,
        &SELECT,
        &SERVICE_ACCOUNT,
        &SUBJECT,
    ],
    ..Command::NONE
};

const LOCAL: &[Flag] = &[Flag::bool(
    "local",
    "If true, will NOT contact api-server but run locally.",
)];

/// Changes the pod specs of all named objects; `change` gives an error in words.
async fn pod_specs(
    cx: &Cx,
    resources: &[String],
    done: &str,
    what: &str,
    mut change: impl FnMut(&Info, &mut Value) -> Result<(), Fail>,
) -> Result<(), Fail> {
    let ask = Ask::of(cx, resources)?;
    let shown = Shown::of(cx)?;
    let (infos, mut fails) = resources::read(cx, &ask).await?;
    for info in infos {
        let Some(path) = change::pod_spec_path(&info.object) else {
            fails.push(text(format!(
                "{}/{} the object is not a pod or does not have a pod template: {}",
                info.res.plural,
                info.name,
                change::go_type(&info)
            )));
            continue;
        };
        let mut spec = info.object.at(&path).clone();
        if let Err(e) = change(&info, &mut spec) {
            fails.push(e);
            continue;
        }
        let after = info.object.edit(|o| o.set(&path, spec));
        if cx.on("local") {
            shown.print(cx, &after, done)?;
            continue;
        }
        match change::update(cx, &info, &after, "kubectl-set") {
            Ok(Some(o)) => shown.print(cx, &o, done)?,
            Ok(None) => {}
            Err(e) => fails.push(e.wrap(&format!("failed to patch {what} update to pod template"))),
        }
    }
    fail::all(fails)
}

/// Upstream finds the objects before it looks at what is to be changed.
async fn there(cx: &Cx) -> Result<(), Fail> {
    let ask = Ask::of(cx, cx.args())?;
    if cx.args().is_empty() && !ask.has_files() {
        return Err(text(NO_OBJECT));
    }
    fail::all(resources::read(cx, &ask).await?.1)
}

/// Splits arguments into resources and `KEY=VALUE` pairs.
fn split(cx: &Cx, what: &str) -> Result<(Vec<String>, Vec<String>), Fail> {
    let args = cx.args();
    let is_pair =
        |w: &String| (w.contains('=') && !w.starts_with('=')) || (w.ends_with('-') && w.len() > 1);
    let at = args.iter().position(is_pair).unwrap_or(args.len());
    let (resources, pairs) = args.split_at(at);
    if let Some(late) = pairs.iter().find(|w| !is_pair(w)) {
        return Err(text(format!(
            "all resources must be specified before {what} changes: {late}"
        )));
    }
    Ok((resources.to_vec(), pairs.to_vec()))
}

const NO_OBJECT: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";
const NO_RESOURCE: &str =
    "one or more resources must be specified as <resource> <name> or <resource>/<name>";

const IMAGE: Command = Command {
    name: "image",
    usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N",
    short: "Update the image of a pod template",
    examples: &[
        Example(
            "A new image for one container",
            "kubectl set image deployment/web nginx=nginx:1.27",
        ),
        Example(
            "For all containers",
            "kubectl set image daemonset agent *=nginx:1.27",
        ),
    ],
    flags: &[
        FILES,
        OUTPUT,
        DRY_RUN,
        SELECTOR,
        ALL_FLAG,
        RECORD,
        &manager("kubectl-set"),
        LOCAL,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(image(cx)) }),
    ..Command::NONE
};

async fn image(cx: Cx) -> Result<(), Fail> {
    let (resources, pairs) = split(&cx, "image")?;
    let mut images = Vec::new();
    for pair in &pairs {
        let (name, image) = pair
            .split_once('=')
            .ok_or_else(|| text(format!("invalid image format: {pair}")))?;
        images.push((name.to_string(), image.to_string()));
    }
    let mut problems = Vec::new();
    if resources.is_empty() && cx.list("filename").is_empty() && cx.flag("kustomize").is_empty() {
        return Err(text(NO_OBJECT));
    }
    if images.is_empty() {
        problems.push(text("at least one image update is required"));
    } else if images.len() > 1 && images.iter().any(|i| i.0 == "*") {
        problems.push(text("all containers are already specified by *, but saw more than one container_name=container_image pairs"));
    }
    // Upstream reads the objects before it checks the images.
    if !resources.is_empty() && !problems.is_empty() {
        resources::read(&cx, &Ask::of(&cx, &resources)?)
            .await?
            .1
            .into_iter()
            .try_for_each(Err)?;
    }
    fail::all(problems)?;
    pod_specs(&cx, &resources, "image updated", "image", |_, spec| {
        for (name, image) in &images {
            let mut found = false;
            for field in ["initContainers", "containers"] {
                each_container(spec, field, |c| {
                    if name == "*" || c.text("name") == name {
                        found = true;
                        c.set("image", image.clone());
                    }
                });
            }
            if !found {
                return Err(text(format!(
                    "error: unable to find container named \"{name}\""
                )));
            }
        }
        Ok(())
    })
    .await
}

/// Edits the containers of a list that is there.
fn each_container(spec: &mut Value, field: &str, mut edit: impl FnMut(&mut Value)) {
    if spec.get(field).items().is_empty() {
        return;
    }
    for c in spec.field(field).list_mut() {
        edit(c);
    }
}

/// Whether a container's name is meant by `--containers`: a name, or a pattern with `*`.
fn is_selected(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        }
    }
}

const RESOURCES: Command = Command {
    name: "resources",
    usage: "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]",
    short: "Update resource requests/limits on objects with pod templates",
    examples: &[Example("Limits for all containers", "kubectl set resources deployment web --limits=cpu=200m,memory=512Mi")],
    flags: &[
        &[
            Flag::text("containers", "The names of containers in the selected pod templates to change, all containers are selected by default.").or("*").short('c'),
            Flag::text("limits", "The resource requirement requests for this container."),
            Flag::text("requests", "The resource requirement requests for this container."),
        ],
        FILES, OUTPUT, DRY_RUN, SELECTOR, ALL_FLAG, RECORD, &manager("kubectl-set"), LOCAL,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(requirements(cx)) }),
    ..Command::NONE
};

async fn requirements(cx: Cx) -> Result<(), Fail> {
    there(&cx).await?;
    let (limits, requests) = (cx.flag("limits"), cx.flag("requests"));
    if limits.is_empty() && requests.is_empty() {
        return Err(text(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let parse = |s: &str| {
        if s.is_empty() {
            Ok(Value::Null)
        } else {
            super::create::policy::quantities(s)
        }
    };
    let (limits, requests) = (parse(limits)?, parse(requests)?);
    let resources = cx.args().to_vec();
    let wanted = cx.flag("containers").to_string();
    pod_specs(
        &cx,
        &resources,
        "resource requirements updated",
        "limit",
        |_, spec| {
            for field in ["initContainers", "containers"] {
                each_container(spec, field, |c| {
                    if !is_selected(&wanted, c.text("name")) {
                        return;
                    }
                    for (kind, map) in [("limits", &limits), ("requests", &requests)] {
                        for (k, v) in map.entries() {
                            let zero =
                                machinery::quantity::Quantity::parse(v.as_str().unwrap_or(""))
                                    .is_ok_and(|q| q.is_zero());
                            let place = c.field("resources").field(kind);
                            if zero {
                                place.map_mut().remove(k);
                            } else {
                                *place.field(k) = v.clone();
                            }
                        }
                    }
                });
            }
            Ok(())
        },
    )
    .await
}

const SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
    short: "Update the service account of a resource",
    examples: &[Example(
        "Run a deployment's pods as another account",
        "kubectl set serviceaccount deployment web robot",
    )],
    flags: &[
        FILES,
        OUTPUT,
        DRY_RUN,
        ALL_FLAG,
        RECORD,
        &manager("kubectl-set"),
        LOCAL,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(service_account(cx)) }),
    ..Command::NONE
};

async fn service_account(cx: Cx) -> Result<(), Fail> {
    let Some((account, resources)) = cx.args().split_last() else {
        return Err(text("serviceaccount is required"));
    };
    let resources = resources.to_vec();
    pod_specs(
        &cx,
        &resources,
        "serviceaccount updated",
        "service account",
        |_, spec| {
            spec.set("serviceAccountName", account.clone());
            if spec.has("serviceAccount") {
                spec.set("serviceAccount", account.clone());
            }
            Ok(())
        },
    )
    .await
}

const SELECT: Command = Command {
    name: "selector",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    short: "Set the selector on a resource",
    examples: &[Example(
        "Point a service at other pods",
        "kubectl set selector service web app=shop",
    )],
    flags: &[
        FILES_DEEP,
        OUTPUT,
        DRY_RUN,
        RECORD,
        &manager("kubectl-set"),
        LOCAL,
        ALL_FLAG,
        &[Flag::text(
            "resource-version",
            "If non-empty, the selectors update will only succeed if this is the current resource-version for the object.",
        )],
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(selector(cx)) }),
    ..Command::NONE
};

async fn selector(cx: Cx) -> Result<(), Fail> {
    let Some((expression, resources)) = cx.args().split_last() else {
        return Err(text("one selector is required"));
    };
    let parsed = crate::parts::label_selector(expression)?;
    let more: Vec<String> = parsed
        .get("matchExpressions")
        .items()
        .iter()
        .map(go)
        .collect();
    if !more.is_empty() {
        return Err(text(format!(
            "match expression [{}] not supported on this object",
            more.join(" ")
        )));
    }
    let selector = parsed.get("matchLabels").clone();
    let shown = Shown::of(&cx)?;
    let (infos, mut fails) = resources::read(&cx, &Ask::of(&cx, resources)?).await?;
    for info in infos {
        if info.res.kind != "Service" {
            fails.push(text("setting a selector is only supported for Services"));
            continue;
        }
        let after = info
            .object
            .edit(|o| o.set("spec.selector", selector.clone()));
        match change::update(&cx, &info, &after, "kubectl-set") {
            Ok(o) => shown.print(&cx, &o.unwrap_or(after), "selector updated")?,
            Err(e) => fails.push(e),
        }
    }
    fail::all(fails)
}

/// A requirement as Go prints the struct.
fn go(r: &Value) -> String {
    let values: Vec<&str> = r
        .get("values")
        .items()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    format!(
        "{{{} {} [{}]}}",
        r.text("key"),
        r.text("operator"),
        values.join(" ")
    )
}

const SUBJECT: Command = Command {
    name: "subject",
    usage: "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    short: "Update the user, group, or service account in a role binding or cluster role binding",
    examples: &[Example(
        "One more user for a binding",
        "kubectl set subject rolebinding readers --user=anna",
    )],
    flags: &[
        &[
            Flag::array("user", "Usernames to bind to the role."),
            Flag::array("group", "Groups to bind to the role."),
            Flag::array("serviceaccount", "Service accounts to bind to the role."),
        ],
        FILES,
        OUTPUT,
        DRY_RUN,
        SELECTOR,
        ALL_FLAG,
        &manager("kubectl-set"),
        LOCAL,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(subject(cx)) }),
    ..Command::NONE
};

async fn subject(cx: Cx) -> Result<(), Fail> {
    there(&cx).await?;
    let mut add: Vec<Value> = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in cx.list(flag) {
            add.push(
                value!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name }),
            );
        }
    }
    for account in cx.list("serviceaccount") {
        let (ns, name) = account
            .split_once(':')
            .ok_or_else(|| text("serviceaccount must be <namespace>:<name>"))?;
        add.push(value!({ "kind": "ServiceAccount", "name": Value::str(name), "namespace": Value::str(ns) }));
    }
    if add.is_empty() {
        return Err(text(
            "you must specify at least one value of user, group or serviceaccount",
        ));
    }
    let shown = Shown::of(&cx)?;
    let (infos, mut fails) = resources::read(&cx, &Ask::of(&cx, cx.args())?).await?;
    for info in infos {
        let mut subjects = info.object.at("subjects").items().to_vec();
        subjects.extend(
            add.iter()
                .filter(|a| !info.object.at("subjects").items().contains(a))
                .cloned(),
        );
        let after: Object = info.object.edit(|o| o.set("subjects", subjects));
        match change::update(&cx, &info, &after, "kubectl-set") {
            Ok(o) => shown.print(&cx, &o.unwrap_or(after), "subjects updated")?,
            Err(e) => fails.push(e),
        }
    }
    fail::all(fails)
}
