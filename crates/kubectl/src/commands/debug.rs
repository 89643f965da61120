//! `kubectl debug`: a container beside those of a pod, a copy of a pod, or a pod on a node.
//! Upstream: `kubectl:pkg/cmd/debug`. Left out: profiles other than what the plain form does.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, Inner};
use crate::fail::{Fail, text, usage};
use crate::resources::Info;
use crate::stream::{self, Talk};
use machinery::{Object, PatchType, Value, value};

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
        Flag::bool("keep-labels", "If true, keep the original pod labels."),
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
        return Err(usage("NAME or TYPE/NAME is required for debug"));
    }
    let copy = !cx.flag("copy-to").is_empty();
    if cx.flag("image").is_empty()
        && !(copy
            && (cx.given("set-image") || cx.given("container") || !cx.after_dash().is_empty()))
    {
        return Err(text(
            "you must specify --image, --set-image or command arguments.",
        ));
    }
    if cx.given("set-image") && !copy {
        return Err(text("--set-image may only be used with --copy-to."));
    }
    if cx.on("tty") && !cx.on("stdin") {
        return Err(text(
            "-i/--stdin is required for containers with -t/--tty=true",
        ));
    }
    if cx.given("target") && copy {
        return Err(text(
            "--target is incompatible with --copy-to. Use --share-processes instead.",
        ));
    }
    let info = stream::named(&cx, &words).await?;
    match info.res.kind.as_str() {
        "Node" => on_node(&cx, &info).await,
        "Pod" if copy => copied(&cx, &info).await,
        "Pod" => ephemeral(&cx, &info).await,
        other => Err(text(format!("\"{other}\" not supported by debug"))),
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
                cx.err(format!("Defaulting debug container name to {name}.\n"));
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
            cx.err("Targeting container \"".to_string() + cx.flag("target") + "\". If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n");
        }
    }
    let after = info
        .object
        .edit(|o| o.place("spec.ephemeralContainers").push(c));
    let (patch, _) = crate::change::between(&info.object, &after);
    let path = format!("{}/ephemeralcontainers", info.path());
    cx.ask(Inner::patch_request(&path, PatchType::Strategic, patch))?;
    attached(cx, info, &name).await
}

async fn copied(cx: &Cx, info: &Info) -> Result<(), Fail> {
    let mut pod = info.object.clone();
    pod = pod.edit(|o| {
        let mut meta =
            value!({ "name": cx.flag("copy-to").to_string(), "namespace": info.namespace.clone() });
        if cx.on("keep-labels") {
            meta.set("labels", o.at("metadata.labels").clone());
        }
        if cx.on("keep-annotations") {
            meta.set("annotations", o.at("metadata.annotations").clone());
        }
        o.set("metadata", meta);
        o.remove("status");
        o.remove("spec.ephemeralContainers");
        if !cx.on("same-node") {
            o.remove("spec.nodeName");
        }
        if cx.on("share-processes") {
            o.set("spec.shareProcessNamespace", true);
        }
    });
    for pair in cx.list("set-image") {
        let (name, image) = pair
            .split_once('=')
            .ok_or_else(|| text(format!("invalid --set-image: {pair}")))?;
        pod = pod.edit(|o| {
            for c in o.place("spec.containers").list_mut() {
                if name == "*" || c.text("name") == name {
                    c.set("image", Value::str(image));
                }
            }
        });
    }
    let mut name = cx.flag("container").to_string();
    let existing = pod
        .at("spec.containers")
        .items()
        .iter()
        .any(|c| c.text("name") == name);
    if existing {
        let command = cx.after_dash().to_vec();
        let wanted = name.clone();
        pod = pod.edit(|o| {
            for c in o
                .place("spec.containers")
                .list_mut()
                .iter_mut()
                .filter(|c| c.text("name") == wanted)
            {
                if !cx.flag("image").is_empty() {
                    c.set("image", cx.flag("image").to_string());
                }
                if !command.is_empty() {
                    c.set("command", command.clone());
                    c.remove("args");
                }
                c.set("stdin", cx.on("stdin"));
                c.set("tty", cx.on("tty"));
            }
        });
    } else if !cx.flag("image").is_empty() {
        name = debugger_name(cx);
        let c = container(cx, &name);
        pod = pod.edit(|o| o.place("spec.containers").push(c));
    }
    if cx.on("replace") {
        cx.ask(machinery::Request::new(
            machinery::Method::Delete,
            info.path(),
        ))?;
    }
    let made = Object(cx.post(&info.res.path(&info.namespace), pod.0)?);
    let made = Info {
        name: made.name().to_string(),
        object: made,
        ..info.clone()
    };
    attached(cx, &made, &name).await
}

async fn on_node(cx: &Cx, node: &Info) -> Result<(), Fail> {
    let name = match cx.flag("container") {
        "" => "debugger".to_string(),
        c => c.to_string(),
    };
    let mut c = container(cx, &name);
    c.set(
        "volumeMounts",
        vec![value!({ "mountPath": "/host", "name": "host-root" })],
    );
    let pod_name = format!("node-debugger-{}-{}", node.name, suffix(cx));
    let res = cx.mapper()?.resource("pods")?;
    let namespace = cx.namespace()?;
    let pod = value!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": pod_name.clone(), "namespace": namespace.clone(), "labels": { "app.kubernetes.io/managed-by": "kubectl-debug" } },
        "spec": {
            "containers": [c], "hostIPC": true, "hostNetwork": true, "hostPID": true,
            "nodeName": node.name.clone(), "restartPolicy": "Never",
            "tolerations": [{ "operator": "Exists" }],
            "volumes": [{ "name": "host-root", "hostPath": { "path": "/" } }],
        },
    });
    let made = Object(cx.post(&res.path(&namespace), pod)?);
    if !cx.on("quiet") {
        cx.line(format!(
            "Creating debugging pod {pod_name} with container {name} on node {}.",
            node.name
        ));
    }
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
