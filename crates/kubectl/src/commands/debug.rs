//! `kubectl debug`: a container beside those of a pod, a copy of a pod, or a pod on a node.
//! Upstream: `kubectl:pkg/cmd/debug`.

mod profiles;

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, Inner};
use crate::fail::{Fail, text};
use crate::resources::Info;
use crate::stream::{self, Talk};
use machinery::{Object, PatchType, Value, value};
use profiles::{PROFILES, profile, profiled};

pub const COMMAND: Command = Command {
    name: "debug",
    group: TROUBLE,
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
    short: "Create debugging sessions for troubleshooting workloads and nodes",
    long: "Adds a container with tools to a running pod, or makes a copy of a pod with some things changed, or a pod on a node that sees the node's files.",
    examples: &[
        Example(
            "A shell beside a pod's containers",
            "kubectl debug web -it --image=busybox",
        ),
        Example(
            "A copy with another image",
            "kubectl debug web --copy-to=web-debug --set-image=*=busybox",
        ),
        Example("On a node", "kubectl debug node/node-1 -it --image=busybox"),
    ],
    flags: &[&[
        Flag::bool(
            "arguments-only",
            "If specified, everything after -- will be passed to the new container as Args instead of Command.",
        ),
        Flag::bool(
            "attach",
            "If true, wait for the container to start running, and then attach.",
        ),
        Flag::text("container", "Container name to use for debug container.").short('c'),
        Flag::text("copy-to", "Create a copy of the target Pod with this name."),
        Flag::array("env", "Environment variables to set in the container."),
        Flag::text("image", "Container image to use for debug container."),
        Flag::text(
            "image-pull-policy",
            "The image pull policy for the container.",
        ),
        Flag::bool(
            "keep-annotations",
            "If true, keep the original pod annotations.",
        ),
        Flag::bool(
            "keep-init-containers",
            "Run the init containers for the pod.",
        )
        .or("true"),
        Flag::bool("keep-labels", "If true, keep the original pod labels."),
        Flag::bool(
            "keep-liveness",
            "If true, keep the original pod liveness probes.",
        ),
        Flag::bool(
            "keep-readiness",
            "If true, keep the original pod readiness probes.",
        ),
        Flag::bool("keep-startup", "If true, keep the original startup probes."),
        Flag::text(
            "custom",
            "A JSON or YAML file with a partial container that is merged into the debug container.",
        ),
        FILES[0],
        Flag::text(
            "profile",
            "Options are \"general\", \"baseline\", \"restricted\", \"netadmin\" or \"sysadmin\".",
        )
        .or("general"),
        Flag::bool("quiet", "If true, suppress informational messages.").short('q'),
        Flag::bool(
            "replace",
            "When used with '--copy-to', delete the original Pod.",
        ),
        Flag::bool(
            "same-node",
            "When used with '--copy-to', schedule the copy of target Pod on the same node.",
        ),
        Flag::list(
            "set-image",
            "When used with '--copy-to', a list of name=image pairs for changing container images.",
        ),
        Flag::bool(
            "share-processes",
            "When used with '--copy-to', enable process namespace sharing in the copy.",
        )
        .or("true"),
        Flag::bool(
            "stdin",
            "Keep stdin open on the container(s) in the pod, even if nothing is attached.",
        )
        .short('i'),
        Flag::text(
            "target",
            "When using an ephemeral container, target processes in this container name.",
        ),
        Flag::bool("tty", "Allocate a TTY for the debugging container.").short('t'),
    ]],
    complete: Complete::Names("pods"),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let words = cx.before_dash().to_vec();
    if words.is_empty() {
        return Err(text(
            match cx.flag("image").is_empty() && cx.flag("copy-to").is_empty() {
                true => "you must specify --image when not using --copy-to.",
                false => "NAME or filename is required for debug",
            },
        ));
    }
    check(&cx)?;
    let info = stream::named(&cx, &words).await?;
    match info.res.kind.as_str() {
        "Node" => on_node(&cx, &info).await,
        "Pod" if !cx.flag("copy-to").is_empty() => copied(&cx, &info).await,
        "Pod" => ephemeral(&cx, &info).await,
        other => Err(text(format!("\"{other}\" not supported by debug"))),
    }
}

/// Flags that do not go together, in upstream's order.
fn check(cx: &Cx) -> Result<(), Fail> {
    let (image, args) = (!cx.flag("image").is_empty(), !cx.after_dash().is_empty());
    let set = cx.given("set-image");
    let copy = !cx.flag("copy-to").is_empty();
    let contained = !cx.flag("container").is_empty();
    let words = if cx.on("attach") && !image && !contained {
        "you must specify --container or create a new container using --image in order to attach."
    } else if copy && !image && !set && !args {
        "you must specify --image, --set-image or command arguments."
    } else if copy && args && !contained && !image {
        "you must specify an existing container or a new image when specifying args."
    } else if !copy && cx.on("replace") {
        "--replace may only be used with --copy-to."
    } else if !copy && cx.on("same-node") {
        "--same-node may only be used with --copy-to."
    } else if !copy && set {
        "--set-image may only be used with --copy-to."
    } else if !copy && !image {
        "you must specify --image when not using --copy-to."
    } else if cx.given("target") && copy {
        "--target is incompatible with --copy-to. Use --share-processes instead."
    } else if cx.on("tty") && !cx.on("stdin") {
        "-i/--stdin is required for containers with -t/--tty=true"
    } else {
        ""
    };
    let policy = cx.flag("image-pull-policy");
    if words.is_empty() && !["", "Always", "IfNotPresent", "Never"].contains(&policy) {
        return Err(text(format!("invalid image pull policy: {policy}")));
    }
    let profile = cx.flag("profile");
    if words.is_empty() && !PROFILES.iter().any(|p| p.name == profile) {
        return Err(text(format!("unknown profile: {profile}")));
    }
    if profile == "legacy" {
        cx.err("--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \"--profile=general\".\n");
    }
    if words.is_empty() {
        Ok(())
    } else {
        Err(text(words))
    }
}

/// Five letters that no name of this kind has yet; they follow from the virtual time.
fn suffix(cx: &Cx) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut n = (cx.now() as u64)
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
        >> 11;
    let mut out = String::new();
    for _ in 0..5 {
        out.push(LETTERS[(n % LETTERS.len() as u64) as usize] as char);
        n /= LETTERS.len() as u64;
    }
    out
}

/// The container that the flags describe.
fn container(cx: &Cx, name: &str) -> Value {
    let mut c = value!({
        "name": Value::str(name), "image": cx.flag("image").to_string(),
        "resources": {}, "terminationMessagePolicy": "File",
    });
    let command = cx.after_dash().to_vec();
    if !command.is_empty() {
        c.set(
            if cx.on("arguments-only") {
                "args"
            } else {
                "command"
            },
            command,
        );
    }
    if cx.given("image-pull-policy") {
        c.set("imagePullPolicy", cx.flag("image-pull-policy").to_string());
    }
    let env: Vec<Value> = cx
        .list("env")
        .iter()
        .filter_map(|p| p.split_once('='))
        .map(|(k, v)| value!({ "name": Value::str(k), "value": Value::str(v) }))
        .collect();
    if !env.is_empty() {
        c.set("env", env);
    }
    if cx.on("stdin") {
        c.set("stdin", true);
    }
    if cx.on("tty") {
        c.set("tty", true);
    }
    c
}

fn debugger_name(cx: &Cx) -> String {
    match cx.flag("container") {
        "" => {
            let name = format!("debugger-{}", suffix(cx));
            if !cx.on("quiet") {
                cx.line(format!("Defaulting debug container name to {name}."));
            }
            name
        }
        c => c.to_string(),
    }
}

async fn ephemeral(cx: &Cx, info: &Info) -> Result<(), Fail> {
    let name = debugger_name(cx);
    let mut c = container(cx, &name);
    if cx.given("target") {
        c.set("targetContainerName", cx.flag("target").to_string());
        if !cx.on("quiet") {
            cx.out("Targeting container \"".to_string() + cx.flag("target") + "\". If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n");
        }
    }
    let c = profiled(cx, c, false)?;
    let after = info
        .object
        .edit(|o| o.place("spec.ephemeralContainers").push(c));
    let (patch, _) = crate::change::between(&info.object, &after);
    let path = format!("{}/ephemeralcontainers", info.path());
    cx.ask(Inner::patch_request(&path, PatchType::Strategic, patch))?;
    attached(cx, info, &name).await
}

/// The copy without what it is not meant to keep.
fn bare_copy(cx: &Cx, info: &Info) -> Object {
    let legacy = cx.flag("profile") == "legacy";
    info.object.edit(|o| {
        let mut meta =
            value!({ "name": cx.flag("copy-to").to_string(), "namespace": info.namespace.clone() });
        let kept = [
            ("labels", cx.on("keep-labels") && !legacy),
            ("annotations", cx.on("keep-annotations") || legacy),
        ];
        for (field, keep) in kept {
            if keep && !o.at("metadata").get(field).is_empty() {
                meta.set(field, o.at("metadata").get(field).clone());
            }
        }
        o.set("metadata", meta);
        o.remove("status");
        o.remove("spec.ephemeralContainers");
        if !cx.on("same-node") {
            o.remove("spec.nodeName");
        }
        if cx.given("share-processes") {
            o.set("spec.shareProcessNamespace", cx.on("share-processes"));
        } else if !legacy {
            o.set_default("spec.shareProcessNamespace", true);
        }
        if legacy {
            return;
        }
        if !cx.on("keep-init-containers") {
            o.remove("spec.initContainers");
        }
        for c in o.place("spec.containers").list_mut() {
            for (flag, probe) in [
                ("keep-liveness", "livenessProbe"),
                ("keep-readiness", "readinessProbe"),
                ("keep-startup", "startupProbe"),
            ] {
                if !cx.on(flag) {
                    c.remove(probe);
                }
            }
        }
    })
}

async fn copied(cx: &Cx, info: &Info) -> Result<(), Fail> {
    let mut pod = bare_copy(cx, info);
    let mut images = Vec::new();
    for pair in cx.list("set-image") {
        let (name, image) = pair
            .split_once('=')
            .ok_or_else(|| text(format!("invalid --set-image: {pair}")))?;
        images.push((name.to_string(), image.to_string()));
    }
    let mut name = cx.flag("container").to_string();
    let find = |o: &Object, name: &str| {
        o.at("spec.containers")
            .items()
            .iter()
            .position(|c| c.text("name") == name)
    };
    let mut at = find(&pod, &name);
    let image = cx.flag("image").to_string();
    if at.is_none() && image.is_empty() && images.is_empty() {
        return Err(text("you must specify image when creating new container"));
    }
    if at.is_none() && !image.is_empty() {
        name = debugger_name(cx);
        let c = value!({ "name": name.clone(), "terminationMessagePolicy": "File" });
        pod = pod.edit(|o| o.place("spec.containers").push(c));
        at = find(&pod, &name);
    }
    let changed = match at.and_then(|i| pod.at("spec.containers").items().get(i)) {
        Some(c) => Some(profiled(cx, mutated(cx, c), false)?),
        None => None,
    };
    pod = pod.edit(|o| {
        let containers = o.place("spec.containers").list_mut();
        for c in containers.iter_mut() {
            let own = c.text("name").to_string();
            let hit = images.iter().rev().find(|(n, _)| *n == own);
            if let Some((_, image)) = hit.or_else(|| images.iter().find(|(n, _)| n == "*")) {
                c.set("image", image.clone());
            }
        }
        if let (Some(i), Some(c)) = (at, changed)
            && let Some(place) = containers.get_mut(i)
        {
            let set = place.get("image").clone();
            *place = c;
            if image.is_empty() {
                place.set("image", set);
            }
        }
    });
    let made = Object(cx.post(&info.res.path(&info.namespace), pod.0)?);
    if cx.on("replace") {
        let body = value!({ "gracePeriodSeconds": 0 });
        let r = machinery::Request::new(machinery::Method::Delete, info.path());
        cx.ask(r.body(body))?;
    }
    if at.is_none() {
        return Ok(());
    }
    let made = Info {
        name: made.name().to_string(),
        object: made,
        ..info.clone()
    };
    attached(cx, &made, &name).await
}

/// A container of the copy, as the flags change it.
fn mutated(cx: &Cx, c: &Value) -> Value {
    let mut c = c.clone();
    let given = container(cx, c.text("name"));
    for field in ["image", "imagePullPolicy", "env"] {
        if !given.get(field).is_empty() {
            c.set(field, given.get(field).clone());
        }
    }
    if given.has("args") {
        c.set("args", given.get("args").clone());
    } else if given.has("command") {
        c.set("command", given.get("command").clone());
        c.remove("args");
    }
    for flag in ["stdin", "tty"] {
        match cx.on(flag) {
            true => c.set(flag, true),
            false => drop(c.remove(flag)),
        }
    }
    c
}

async fn on_node(cx: &Cx, node: &Info) -> Result<(), Fail> {
    let name = match cx.flag("container") {
        "" => "debugger".to_string(),
        c => c.to_string(),
    };
    let mut c = profiled(cx, container(cx, &name), true)?;
    let profile = profile(cx);
    if profile.host_files {
        c.place("volumeMounts")
            .push(value!({ "mountPath": "/host", "name": "host-root" }));
    }
    let pod_name = format!("node-debugger-{}-{}", node.name, suffix(cx));
    let res = cx.mapper()?.resource("pods")?;
    let namespace = cx.namespace()?;
    let mut pod = value!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": pod_name.clone(), "namespace": namespace.clone(), "labels": { "app.kubernetes.io/managed-by": "kubectl-debug" } },
        "spec": {
            "containers": [c], "nodeName": node.name.clone(), "restartPolicy": "Never",
            "tolerations": [{ "operator": "Exists" }],
        },
    });
    if profile.host_namespaces {
        for field in ["hostIPC", "hostNetwork", "hostPID"] {
            pod.field("spec").set(field, true);
        }
    }
    if profile.host_files {
        let files = value!({ "name": "host-root", "hostPath": { "path": "/" } });
        pod.place("spec.volumes").push(files);
    }
    if !cx.on("quiet") {
        cx.line(format!(
            "Creating debugging pod {pod_name} with container {name} on node {}.",
            node.name
        ));
    }
    let made = Object(cx.post(&res.path(&namespace), pod)?);
    let made = Info {
        res,
        namespace,
        name: pod_name,
        source: String::new(),
        object: made,
    };
    attached(cx, &made, &name).await
}

/// Waits for the container and attaches to it, if that is wanted.
async fn attached(cx: &Cx, pod: &Info, container: &str) -> Result<(), Fail> {
    let attach = if cx.given("attach") {
        cx.on("attach")
    } else {
        cx.on("stdin")
    };
    if !attach {
        return Ok(());
    }
    loop {
        let now = pod.fetch(cx)?;
        let all = [
            "ephemeralContainerStatuses",
            "containerStatuses",
            "initContainerStatuses",
        ];
        let status = all
            .iter()
            .flat_map(|f| now.status().get(f).items())
            .find(|s| s.text("name") == container);
        if let Some(s) = status {
            if s.at("state.running").as_map().is_some() {
                break;
            }
            if s.at("state.terminated").as_map().is_some() {
                return super::exec::logs(cx, pod, container);
            }
        }
        cx.host.changed().await;
    }
    let tty = cx.on("tty") && cx.host.0.is_tty_in();
    super::exec::or_logs(
        cx,
        pod,
        container,
        Talk {
            stdin: cx.on("stdin"),
            tty,
        },
    )
    .await
}
