//! `kubectl run`: one pod from the command line. Upstream: `kubectl:pkg/cmd/run`.

use super::*;
use crate::command::{Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{Fail, text, usage};
use crate::print::Shown;
use crate::resources::Info;
use crate::stream::Talk;
use machinery::{Object, Value, value};

pub const COMMAND: Command = Command {
    name: "run",
    group: BEGINNER,
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]",
    short: "Run a particular image on the cluster",
    long: "Makes one pod that runs an image. Nothing looks after that pod: use a Deployment for what should stay.",
    examples: &[
        Example("A web server", "kubectl run nginx --image=nginx"),
        Example("With a port", "kubectl run web --image=nginx --port=80"),
        Example(
            "Show the manifest without making anything",
            "kubectl run nginx --image=nginx --dry-run=client -o yaml",
        ),
        Example(
            "A shell that is gone when you leave it",
            "kubectl run -it --rm box --image=busybox --restart=Never -- sh",
        ),
    ],
    flags: &[
        &[
            Flag::text("image", "The image for the container to run.").required(),
            Flag::array("annotations", "Annotations to apply to the pod."),
            Flag::bool(
                "attach",
                "If true, wait for the Pod to start running, and then attach to the Pod.",
            ),
            Flag::bool(
                "command",
                "If true and extra arguments are present, use them as the 'command' field in the container, rather than the 'args' field which is the default.",
            ),
            Flag::array("env", "Environment variables to set in the container."),
            Flag::bool(
                "expose",
                "If true, create a ClusterIP service associated with the pod. Requires `--port`.",
            ),
            Flag::text(
                "image-pull-policy",
                "The image pull policy for the container.",
            ),
            Flag::text("labels", "Comma separated labels to apply to the pod.").short('l'),
            Flag::bool(
                "leave-stdin-open",
                "If the pod is started in interactive mode or with stdin, leave stdin open after the first attach completes.",
            ),
            Flag::text(
                "overrides",
                "An inline JSON override for the generated object.",
            ),
            Flag::text(
                "override-type",
                "The method used to override the generated object: json, merge, or strategic.",
            )
            .or("merge"),
            Flag::duration(
                "pod-running-timeout",
                "1m0s",
                "The length of time to wait until at least one pod is running.",
            ),
            Flag::text("port", "The port that this container exposes."),
            Flag::bool(
                "privileged",
                "If true, run the container in privileged mode.",
            ),
            Flag::bool("quiet", "If true, suppress prompt messages.").short('q'),
            Flag::text(
                "restart",
                "The restart policy for this Pod. Legal values [Always, OnFailure, Never].",
            )
            .or("Always"),
            Flag::bool(
                "rm",
                "If true, delete the pod after it exits. Only valid when attaching to the container.",
            ),
            Flag::bool(
                "stdin",
                "Keep stdin open on the container in the pod, even if nothing is attached.",
            )
            .short('i'),
            Flag::bool("tty", "Allocate a TTY for the container in the pod.").short('t'),
        ],
        FILES,
        DELETION,
        DETACH,
        OUTPUT,
        DRY_RUN,
        RECORD,
        &manager("kubectl-run"),
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let dry = cx.dry_run()?;
    let stdin = cx.on("stdin");
    let attach = if cx.given("attach") {
        cx.on("attach")
    } else {
        stdin
    };
    check(&cx, attach, dry)?;
    let name = cx.args().first().cloned().unwrap_or_default();
    let labels = labels(&cx, &name)?;
    let pod = overridden(&cx, pod(&cx, &name, &labels)?)?;
    let shown = Shown::of(&cx)?;
    let pod = made(&cx, pod)?;
    let mut service = None;
    if cx.on("expose") {
        service = Some(made(&cx, exposing(&cx, &name, &labels))?);
    }
    if attach {
        let done = attached(&cx, &pod).await;
        if cx.on("rm") {
            removed(&cx, &pod)?;
            if let Some(s) = &service {
                removed(&cx, s)?;
            }
        }
        return done;
    }
    if let Some(s) = &service {
        shown.print(&cx, &s.object, "created")?;
    }
    shown.print(&cx, &pod.object, "created")
}

fn check(cx: &Cx, attach: bool, dry: DryRun) -> Result<(), Fail> {
    if cx.args().is_empty() || cx.parsed.dash == Some(0) {
        return Err(usage("NAME is required for run"));
    }
    let restart = cx.flag("restart");
    if !["", "Always", "OnFailure", "Never"].contains(&restart) {
        return Err(usage(format!("invalid restart policy: {restart}")));
    }
    let image = cx.flag("image");
    if image.is_empty() {
        return Err(text("--image is required"));
    }
    if image.chars().any(|c| c.is_whitespace() || c.is_control())
        || image.starts_with(['-', '/', ':'])
    {
        return Err(text(format!(
            "invalid image name \"{image}\": invalid reference format"
        )));
    }
    let pull = cx.flag("image-pull-policy");
    if !["", "Always", "IfNotPresent", "Never"].contains(&pull) {
        return Err(usage(format!("invalid image pull policy: {pull}")));
    }
    if cx.on("tty") && !cx.on("stdin") {
        return Err(usage(
            "-i/--stdin is required for containers with -t/--tty=true",
        ));
    }
    if cx.on("expose") && !cx.given("port") {
        return Err(usage("--port must be set when exposing a service"));
    }
    if cx.given("port") && cx.flag("port").parse::<i64>().is_err() {
        return Err(usage("--port must be a number"));
    }
    if !attach && cx.on("rm") {
        return Err(usage("--rm should only be used for attached containers"));
    }
    if attach && dry != DryRun::None {
        return Err(usage(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ));
    }
    Ok(())
}

fn labels(cx: &Cx, name: &str) -> Result<Value, Fail> {
    let mut out = Value::map();
    let given = cx.flag("labels");
    for pair in given.split(',').filter(|p| !p.is_empty()) {
        let (k, v) = pair
            .split_once('=')
            .ok_or_else(|| text(format!("unexpected label spec: {pair}")))?;
        *out.field(k) = Value::str(v);
    }
    if out.is_empty() {
        *out.field("run") = Value::str(name);
    }
    Ok(out)
}

fn pod(cx: &Cx, name: &str, labels: &Value) -> Result<Object, Fail> {
    let mut c = value!({ "name": Value::str(name), "image": cx.flag("image").to_string(), "resources": {} });
    let words = cx.args().get(1..).unwrap_or(&[]).to_vec();
    if !words.is_empty() {
        c.set(if cx.on("command") { "command" } else { "args" }, words);
    }
    let mut env = Vec::new();
    for pair in cx.list("env") {
        let (k, v) = match pair.split_once('=') {
            Some((k, v)) if !k.is_empty() => (k, v),
            _ => return Err(text(format!("invalid env: {pair}"))),
        };
        env.push(value!({ "name": Value::str(k), "value": Value::str(v) }));
    }
    if !env.is_empty() {
        c.set("env", env);
    }
    if cx.given("port") {
        let port: i64 = cx.flag("port").parse().unwrap_or(0);
        c.set("ports", vec![value!({ "containerPort": port })]);
    }
    if cx.given("image-pull-policy") {
        c.set("imagePullPolicy", cx.flag("image-pull-policy").to_string());
    }
    if cx.on("privileged") {
        c.set("securityContext.privileged", true);
    }
    if cx.on("stdin") {
        c.set("stdin", true);
        if !cx.on("leave-stdin-open") {
            c.set("stdinOnce", true);
        }
    }
    if cx.on("tty") {
        c.set("tty", true);
    }
    let restart = match cx.flag("restart") {
        "" => "Always".to_string(),
        r => r.to_string(),
    };
    let mut pod = value!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": Value::str(name), "labels": labels },
        "spec": { "containers": [c], "dnsPolicy": "ClusterFirst", "restartPolicy": restart },
        "status": {},
    });
    for pair in cx.list("annotations") {
        let (k, v) = pair
            .split_once('=')
            .ok_or_else(|| text(format!("invalid annotations: {pair}")))?;
        *pod.place("metadata.annotations").field(k) = Value::str(v);
    }
    Ok(Object(pod))
}

fn exposing(cx: &Cx, name: &str, labels: &Value) -> Object {
    let port: i64 = cx.flag("port").parse().unwrap_or(0);
    Object(value!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": Value::str(name) },
        "spec": { "ports": [{ "port": port, "protocol": "TCP", "targetPort": port }], "selector": labels },
        "status": { "loadBalancer": {} },
    }))
}

/// The object with what `--overrides` changes of it.
pub fn overridden(cx: &Cx, object: Object) -> Result<Object, Fail> {
    if cx.flag("overrides").is_empty() {
        return Ok(object);
    }
    let patch = crate::forms::parse_one(cx.flag("overrides"))
        .map_err(|e| text(format!("invalid overrides: {e}")))?;
    match cx.flag("override-type") {
        "json" => return Err(text("bottleship does not simulate --override-type=json")),
        "merge" | "strategic" | "" => {}
        other => return Err(text(format!("invalid override type: {other}"))),
    }
    if patch.as_map().is_none() {
        return Err(text("Invalid JSON Patch"));
    }
    let mut v = object.0;
    merge(&mut v, &patch);
    Ok(Object(v))
}

fn merge(into: &mut Value, patch: &Value) {
    for (k, v) in patch.entries() {
        if v.is_null() {
            into.map_mut().remove(k);
        } else if v.as_map().is_some() {
            merge(into.field(k), v);
        } else {
            *into.field(k) = v.clone();
        }
    }
}

/// Sends a generated object, or only shows it.
fn made(cx: &Cx, object: Object) -> Result<Info, Fail> {
    let mut object = crate::change::recorded(cx, &object);
    if cx.on("save-config") {
        object = super::apply::annotated(&object);
    }
    let word = if object.kind() == "Pod" {
        "pods"
    } else {
        "services"
    };
    let dry = cx.dry_run()?;
    let namespace = cx.namespace()?;
    if dry != DryRun::Client || cx.namespace_is_explicit() {
        let ns = namespace.clone();
        object = object.edit(|o| o.set("metadata.namespace", ns));
    }
    let res = cx.mapper()?.resource(word)?;
    let name = object.name().to_string();
    let mut info = Info {
        res,
        namespace,
        name,
        source: String::new(),
        object,
    };
    if dry != DryRun::Client {
        info.object = super::create::post(cx, &info, &info.object, dry, "kubectl-run")?;
    }
    Ok(info)
}

/// Waits until the pod runs, attaches to it, and takes over its exit status.
async fn attached(cx: &Cx, pod: &Info) -> Result<(), Fail> {
    let deadline = cx.now() + cx.millis("pod-running-timeout");
    let running = loop {
        let now = pod.fetch(cx)?;
        let phase = now.text("status.phase");
        if phase == "Succeeded"
            || phase == "Failed"
            || (phase == "Running" && now.condition_is_true("Ready"))
        {
            break now;
        }
        if cx.now() >= deadline {
            return Err(text("timed out waiting for the condition"));
        }
        cx.host.changed_until(Some(deadline)).await;
    };
    let container = pod.name.clone();
    if running.text("status.phase") == "Running" {
        let tty = cx.on("tty") && cx.host.0.is_tty_in();
        if cx.on("tty") && !tty && !cx.on("quiet") {
            cx.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
        }
        let talk = Talk {
            stdin: cx.on("stdin"),
            tty,
        };
        super::exec::or_logs(cx, pod, &container, talk).await?;
    } else {
        super::exec::logs(cx, pod, &container)?;
    }
    if cx.flag("restart") == "Always" || cx.on("leave-stdin-open") {
        return Ok(());
    }
    let deadline = cx.now() + cx.millis("pod-running-timeout");
    loop {
        let now = pod.fetch(cx)?;
        match now.text("status.phase") {
            "Succeeded" => return Ok(()),
            "Failed" => {
                let state = now
                    .at("status.containerStatuses")
                    .items()
                    .first()
                    .cloned()
                    .unwrap_or_default();
                let code = state.int("state.terminated.exitCode");
                return Err(Fail::Code(
                    if code == 0 {
                        1
                    } else {
                        code.clamp(1, 255) as i32
                    },
                    format!(
                        "pod {}/{} terminated ({})\n{}",
                        pod.namespace,
                        pod.name,
                        state.text("state.terminated.reason"),
                        state.text("state.terminated.message")
                    ),
                ));
            }
            _ => {}
        }
        if cx.now() >= deadline {
            return Err(text("timed out waiting for the condition"));
        }
        cx.host.changed_until(Some(deadline)).await;
    }
}

fn removed(cx: &Cx, info: &Info) -> Result<(), Fail> {
    let options = value!({ "propagationPolicy": "Background" });
    let request = machinery::Request::new(machinery::Method::Delete, info.path()).body(options);
    match cx.ask(request) {
        Err(e) if e.is_not_found() => return Ok(()),
        other => other?,
    };
    if !cx.on("quiet") {
        cx.line(format!(
            "{} \"{}\" deleted from {} namespace",
            info.res.kind_name(),
            info.name,
            info.namespace
        ));
    }
    Ok(())
}
