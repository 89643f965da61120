//! `kubectl logs`. Upstream: `kubectl:pkg/cmd/logs`, `polymorphichelpers/logsforobject.go`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text, usage};
use crate::resources::{self, Info};
use crate::stream;
use machinery::{Request, Response, StreamId, StreamIn};

pub const COMMAND: Command = Command {
    name: "logs",
    group: TROUBLE,
    usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
    short: "Print the logs for a container in a pod",
    long: "Prints what a container of a pod has written. The container may be left out where there is only one.",
    examples: &[
        Example("The log of a pod", "kubectl logs web"),
        Example("Of all pods with a label", "kubectl logs -l app=web --all-containers=true"),
        Example("Of the container's last life", "kubectl logs -p -c nginx web"),
        Example("As it is written", "kubectl logs -f web"),
    ],
    flags: &[
        &[
            Flag::bool("all-containers", "Get all containers' logs in the pod(s)."),
            Flag::bool("all-pods", "Get logs from all pod(s). Sets prefix to true."),
            Flag::text("container", "Print the logs of this container.").short('c'),
            Flag::bool("follow", "Specify if the logs should be streamed.").short('f'),
            Flag::bool("ignore-errors", "If watching / following pod logs, allow for any errors that occur to be non-fatal."),
            Flag::bool("insecure-skip-tls-verify-backend", "Skip verifying the identity of the kubelet that logs are requested from."),
            Flag::int("limit-bytes", "0", "Maximum bytes of logs to return. Defaults to no limit."),
            Flag::int("max-log-requests", "5", "Specify maximum number of concurrent logs to follow when using by a selector."),
            Flag::duration("pod-running-timeout", "20s", "The length of time to wait until at least one pod is running."),
            Flag::bool("prefix", "Prefix each log line with the log source (pod name and container name)."),
            Flag::bool("previous", "If true, print the logs for the previous instance of the container in a pod if it exists.").short('p'),
            Flag::duration("since", "0s", "Only return logs newer than a relative duration like 5s, 2m, or 3h."),
            Flag::text("since-time", "Only return logs after a specific date (RFC3339)."),
            Flag::int("tail", "-1", "Lines of recent log file to display. Defaults to -1 with no selector, showing all log lines otherwise 10, if a selector is provided."),
            Flag::bool("timestamps", "Include timestamps on each line in the log output."),
        ],
        SELECTOR,
    ],
    complete: Complete::Names("pods"),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

async fn run(cx: Cx) -> Result<(), Fail> {
    let selector = cx.flag("selector").to_string();
    let words = cx.args().to_vec();
    if words.is_empty() && selector.is_empty() {
        return Err(usage(USAGE));
    }
    if !words.is_empty() && !selector.is_empty() {
        return Err(usage("only a selector (-l) or a POD name is allowed"));
    }
    if words.len() > 2 {
        return Err(usage(USAGE));
    }
    let mut container = cx.flag("container").to_string();
    let mut words = words;
    if words.len() == 2 && !words[0].contains('/') {
        // `logs POD CONTAINER` is the old form.
        if !container.is_empty() {
            return Err(usage(
                "only one of -c or an inline [CONTAINER] arg is allowed",
            ));
        }
        container = words.remove(1);
    }
    if !container.is_empty() && cx.on("all-containers") {
        return Err(text(format!(
            "--all-containers=true should not be specified with container name {container}"
        )));
    }
    let at = cx.flag("since-time");
    if cx.given("since-time") && machinery::time::parse_rfc3339(at).is_none() {
        let at = machinery::json::quote(at);
        return Err(text(format!(
            "parsing time {at} as \"2006-01-02T15:04:05Z07:00\": cannot parse {at} as \"2006\""
        )));
    }
    if cx.given("limit-bytes") && cx.int("limit-bytes") < 1 {
        return Err(text("--limit-bytes must be greater than 0"));
    }
    if cx.millis("since") < 0 {
        return Err(text("--since must be greater than 0"));
    }
    if cx.int("tail") < -1 {
        return Err(text("--tail must be greater than or equal to -1"));
    }
    if cx.given("since") && cx.given("since-time") {
        return Err(text(
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ));
    }
    let sources = sources(&cx, &words, &selector, &container).await?;
    if sources.is_empty() {
        cx.err(format!(
            "No resources found in {} namespace.\n",
            cx.namespace()?
        ));
        return Ok(());
    }
    let most = cx.int("max-log-requests").max(1) as usize;
    if cx.on("follow") && sources.len() > 1 {
        if sources.len() > most {
            return Err(text(format!(
                "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
                sources.len()
            )));
        }
        return follow(&cx, &sources).await;
    }
    for source in &sources {
        one(&cx, source).await?;
    }
    Ok(())
}

/// A container's log.
struct Source {
    pod: Info,
    container: String,
}

impl Source {
    fn prefix(&self, cx: &Cx) -> String {
        if cx.on("prefix") || cx.on("all-pods") {
            format!("[pod/{}/{}] ", self.pod.name, self.container)
        } else {
            String::new()
        }
    }
}

async fn sources(
    cx: &Cx,
    words: &[String],
    selector: &str,
    container: &str,
) -> Result<Vec<Source>, Fail> {
    let pods = if selector.is_empty() {
        let missing = |e: Fail| match e {
            Fail::Status(s) if s.is_not_found() && s.code == 404 => {
                let ns = cx.namespace().unwrap_or_default();
                text(format!(
                    "error from server (NotFound): {} in namespace \"{ns}\"",
                    s.message
                ))
            }
            other => other,
        };
        let info = stream::named(cx, words).await.map_err(missing)?;
        let mut pods = stream::pods_of(cx, &info, "get the logs from")?;
        if info.res.kind != "Pod" && !cx.on("all-pods") {
            if pods.is_empty() {
                return Err(text("timed out waiting for the condition"));
            }
            if pods.len() > 1 {
                cx.err(format!(
                    "Found {} pods, using pod/{}\n",
                    pods.len(),
                    pods[0].name
                ));
            }
            pods.truncate(1);
        }
        pods
    } else {
        let res = cx.mapper()?.resource("pods")?;
        let list = cx.ask(resources::list_request(
            &res,
            &cx.namespace()?,
            selector,
            "",
        ))?;
        resources::items(&res, &list)
    };
    let mut out = Vec::new();
    for pod in pods {
        if cx.on("all-containers") {
            for field in ["initContainers", "containers", "ephemeralContainers"] {
                for c in pod.object.spec().get(field).items() {
                    out.push(Source {
                        pod: pod.clone(),
                        container: c.text("name").to_string(),
                    });
                }
            }
        } else {
            let container = stream::container(cx, &pod.object, container, false)?;
            out.push(Source { pod, container });
        }
    }
    Ok(out)
}

fn request(cx: &Cx, source: &Source) -> Request {
    let mut r = Request::get(format!("{}/log", source.pod.path()))
        .with("container", source.container.clone());
    for (flag, key) in [
        ("follow", "follow"),
        ("previous", "previous"),
        ("timestamps", "timestamps"),
    ] {
        if cx.on(flag) {
            r = r.with(key, "true");
        }
    }
    let tail = match cx.int("tail") {
        -1 if !cx.flag("selector").is_empty() && !cx.given("tail") => 10,
        n => n,
    };
    if tail >= 0 {
        r = r.with("tailLines", tail.to_string());
    }
    if cx.millis("since") > 0 {
        r = r.with(
            "sinceSeconds",
            (cx.millis("since") + 999).div_euclid(1000).to_string(),
        );
    }
    if !cx.flag("since-time").is_empty() {
        r = r.with("sinceTime", cx.flag("since-time"));
    }
    if cx.int("limit-bytes") > 0 {
        r = r.with("limitBytes", cx.flag("limit-bytes"));
    }
    r
}

async fn one(cx: &Cx, source: &Source) -> Result<(), Fail> {
    let answer = match cx.send(request(cx, source)) {
        Err(e) if cx.on("ignore-errors") => {
            cx.err(format!("error: {}\n", e.message()));
            return Ok(());
        }
        other => other?,
    };
    match answer {
        Response::Text(t) => {
            let prefix = source.prefix(cx);
            if prefix.is_empty() {
                cx.out(t);
            } else {
                for line in t.split_inclusive('\n') {
                    cx.out(format!("{prefix}{line}"));
                }
            }
            Ok(())
        }
        Response::Stream(id) => {
            close_at_exit(cx, id);
            let mut lines = Lines::new(source.prefix(cx));
            loop {
                if lines.poll(cx, id)? {
                    return Ok(());
                }
                cx.host.changed().await;
            }
        }
        _ => Err(text("the server did not answer with a log")),
    }
}

fn close_at_exit(cx: &Cx, id: StreamId) {
    let api = cx.api.clone();
    cx.host.0.on_exit(move |_| {
        api.stream(id, StreamIn::Close);
    });
}

/// Follows several logs at once.
async fn follow(cx: &Cx, sources: &[Source]) -> Result<(), Fail> {
    let mut open: Vec<(StreamId, Lines)> = Vec::new();
    for source in sources {
        match cx.send(request(cx, source))? {
            Response::Stream(id) => {
                close_at_exit(cx, id);
                open.push((id, Lines::new(source.prefix(cx))));
            }
            Response::Text(t) => cx.out(t),
            _ => {}
        }
    }
    while !open.is_empty() {
        let mut left = Vec::new();
        for (id, mut lines) in open {
            if !lines.poll(cx, id)? {
                left.push((id, lines));
            }
        }
        open = left;
        if !open.is_empty() {
            cx.host.changed().await;
        }
    }
    Ok(())
}

/// Bytes of a connection as whole, prefixed lines.
struct Lines {
    prefix: String,
    rest: Vec<u8>,
}

impl Lines {
    fn new(prefix: String) -> Lines {
        Lines {
            prefix,
            rest: Vec::new(),
        }
    }
    /// Prints what has come; true when the connection has ended.
    fn poll(&mut self, cx: &Cx, id: StreamId) -> Result<bool, Fail> {
        let out = cx.api.stream(id, StreamIn::Poll);
        for (_, bytes) in out.chunks {
            if self.prefix.is_empty() {
                cx.host.bytes(1, &bytes);
                continue;
            }
            for b in bytes {
                self.rest.push(b);
                if b == b'\n' {
                    cx.out(&self.prefix);
                    cx.host.bytes(1, &std::mem::take(&mut self.rest));
                }
            }
        }
        match out.ended {
            None => Ok(false),
            Some(ended) => {
                if !self.rest.is_empty() {
                    cx.out(&self.prefix);
                    cx.host.bytes(1, &std::mem::take(&mut self.rest));
                }
                ended.map_err(text)?;
                Ok(true)
            }
        }
    }
}
