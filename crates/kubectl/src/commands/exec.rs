//! `kubectl exec` and `kubectl attach`. Upstream: `kubectl:pkg/cmd/{exec,attach}`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::resources::Info;
use crate::stream::{self, Talk};
use machinery::{Method, Request};

const TALK: &[Flag] = &[
    Flag::text(
        "container",
        "Container name. If omitted, the first container in the pod will be chosen.",
    )
    .short('c'),
    Flag::bool("stdin", "Pass stdin to the container.").short('i'),
    Flag::bool("tty", "Stdin is a TTY.").short('t'),
    Flag::bool("quiet", "Only print output from the remote session.").short('q'),
    Flag::duration(
        "pod-running-timeout",
        "1m0s",
        "The length of time to wait until at least one pod is running.",
    ),
];

pub const EXEC: Command = Command {
    name: "exec",
    group: TROUBLE,
    usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    short: "Execute a command in a container",
    long: "Runs a command in a container of a pod.",
    examples: &[
        Example("Run a command", "kubectl exec web -- date"),
        Example("A shell to type into", "kubectl exec -it web -- sh"),
        Example(
            "In the first pod of a deployment",
            "kubectl exec deploy/web -- date",
        ),
    ],
    flags: &[TALK, FILE],
    complete: Complete::Names("pods"),
    run: Some(|cx| -> Run { Box::pin(exec(cx)) }),
    ..Command::NONE
};

async fn exec(cx: Cx) -> Result<(), Fail> {
    let words = cx.before_dash().to_vec();
    let command = cx.after_dash().to_vec();
    if words.is_empty() {
        return Err(text("pod, type/name or --filename must be specified"));
    }
    if cx.parsed.dash.is_none() && words.len() > 1 {
        return Err(text(
            "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples",
        ));
    }
    if command.is_empty() {
        return Err(text(
            "you must specify at least one command for the container",
        ));
    }
    let info = stream::named(&cx, &words).await?;
    let pod = stream::attachable(&cx, &info)?;
    let phase = pod.object.text("status.phase");
    if ["Succeeded", "Failed"].contains(&phase) {
        return Err(text(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let container = stream::container(&cx, &pod.object, cx.flag("container"), cx.on("quiet"))?;
    let talk = talk(&cx);
    let mut request = channel(&pod, "exec", &container, talk);
    for word in command {
        request = request.with("command", word);
    }
    let id = stream::open(&cx, request)?;
    match stream::talk(&cx, id, talk).await? {
        0 => Ok(()),
        n => Err(Fail::Code(
            n,
            format!("command terminated with exit code {n}"),
        )),
    }
}

/// The wish for input and a terminal, toned down where there is none.
fn talk(cx: &Cx) -> Talk {
    let tty = cx.on("tty") && cx.on("stdin");
    if cx.on("tty") && !cx.on("stdin") && !cx.on("quiet") {
        cx.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    } else if tty && !cx.host.0.is_tty_in() && !cx.on("quiet") {
        cx.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
        return Talk {
            stdin: true,
            tty: false,
        };
    }
    Talk {
        stdin: cx.on("stdin"),
        tty,
    }
}

pub fn channel(pod: &Info, what: &str, container: &str, talk: Talk) -> Request {
    let mut r = Request::new(Method::Post, format!("{}/{what}", pod.path()))
        .with("container", container)
        .with("stdout", "true");
    if talk.stdin {
        r = r.with("stdin", "true");
    }
    if talk.tty {
        r.with("tty", "true")
    } else {
        r.with("stderr", "true")
    }
}

pub const ATTACH: Command = Command {
    name: "attach",
    group: TROUBLE,
    usage: "(POD | TYPE/NAME) -c CONTAINER",
    short: "Attach to a running container",
    long: "Attaches to what is already running in a container: shows its output, and with -i gives it input.",
    examples: &[Example(
        "See the output of a pod from now on",
        "kubectl attach web",
    )],
    flags: &[TALK, DETACH],
    complete: Complete::Names("pods"),
    run: Some(|cx| -> Run { Box::pin(attach(cx)) }),
    ..Command::NONE
};

async fn attach(cx: Cx) -> Result<(), Fail> {
    if cx.args().is_empty() {
        return Err(text("at least 1 argument is required for attach"));
    }
    if cx.args().len() > 2 {
        return Err(text(format!(
            "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
            cx.args().len(),
            cx.args().join(" ")
        )));
    }
    let info = stream::named(&cx, cx.args()).await?;
    let pod = stream::attachable(&cx, &info)?;
    let phase = pod.object.text("status.phase");
    if ["Succeeded", "Failed"].contains(&phase) {
        return Err(text(format!(
            "cannot attach a container in a completed pod; current phase is {phase}"
        )));
    }
    let wanted = cx.flag("container");
    if !wanted.is_empty()
        && !stream::containers(&pod.object)
            .iter()
            .any(|c| c.0 == wanted)
    {
        return Err(text(format!(
            "cannot attach to the container: container {wanted} not found in pod {}",
            pod.name
        )));
    }
    let container = stream::container(&cx, &pod.object, wanted, cx.on("quiet"))?;
    to(&cx, &pod, &container, talk(&cx)).await.map(drop)
}

/// Attaches; where the container has ended before that could be done, shows what it wrote instead.
pub async fn or_logs(cx: &Cx, pod: &Info, container: &str, talk: Talk) -> Result<(), Fail> {
    let Err(e) = to(cx, pod, container, talk).await else {
        return Ok(());
    };
    cx.err(format!(
        "warning: couldn't attach to pod/{}, falling back to streaming logs: {}\n",
        pod.name,
        e.message()
    ));
    logs(cx, pod, container)
}

/// What the container wrote.
pub fn logs(cx: &Cx, pod: &Info, container: &str) -> Result<(), Fail> {
    let request = Request::get(format!("{}/log", pod.path())).with("container", container);
    if let machinery::Response::Text(t) = cx.send(request)? {
        cx.out(t);
    }
    Ok(())
}

/// Attaches, and carries bytes until the container ends.
pub async fn to(cx: &Cx, pod: &Info, container: &str, talk: Talk) -> Result<i32, Fail> {
    if talk.tty && !cx.on("quiet") {
        cx.err("If you don't see a command prompt, try pressing enter.\n");
    }
    let id = stream::open(cx, channel(pod, "attach", container, talk))?;
    stream::talk(cx, id, talk).await
}
