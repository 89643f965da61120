//! Open connections: exec, attach, following logs. Bytes go through [`machinery::Api::stream`]; between polls the
//! command waits for the world to change, or for something to be typed.

use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::resources::{self, Ask, Info, Target};
use machinery::Arrange;
use machinery::{Object, Request, Response, StreamId, StreamIn};

/// How to talk over a connection.
#[derive(Clone, Copy, Default)]
pub struct Talk {
    pub stdin: bool,
    pub tty: bool,
}

/// Opens a connection.
pub fn open(cx: &Cx, request: Request) -> Result<StreamId, Fail> {
    match cx.send(request)? {
        Response::Stream(id) => Ok(id),
        _ => Err(text("the server did not open a connection")),
    }
}

/// Carries bytes both ways until the other side ends; gives its exit status.
pub async fn talk(cx: &Cx, id: StreamId, talk: Talk) -> Result<i32, Fail> {
    let api = cx.api.clone();
    // Whatever ends this command ends the connection.
    cx.host.0.on_exit(move |_| {
        api.stream(id, StreamIn::Close);
    });
    if talk.tty {
        cx.host.0.catch_interrupt();
        let (columns, rows) = (cx.host.0.columns(), cx.host.0.rows());
        cx.api.stream(
            id,
            StreamIn::Resize {
                columns: columns.min(10_000) as u16,
                rows: rows.min(10_000) as u16,
            },
        );
    }
    let mut open = talk.stdin;
    loop {
        // Each word that is said brings an answer: what has come since the last.
        let mut word = StreamIn::Poll;
        if talk.tty && cx.host.0.take_interrupt() {
            word = StreamIn::Interrupt;
        } else if open && let Some(bytes) = cx.host.0.stdin_ready() {
            open = !bytes.is_empty();
            word = match open {
                true => StreamIn::Stdin(bytes),
                false => StreamIn::CloseStdin,
            };
        }
        let out = cx.api.stream(id, word);
        for (fd, bytes) in &out.chunks {
            cx.host.bytes(*fd, bytes);
        }
        match out.ended {
            Some(Ok(status)) => return Ok(status),
            Some(Err(words)) => return Err(text(words)),
            None if open => cx.host.changed_or_typed().await,
            None => cx.host.changed().await,
        }
    }
}

/// The containers of a pod, in the order in which kubectl lists them: (name, note).
pub fn containers(pod: &Object) -> Vec<(String, &'static str)> {
    let of = |field: &str, note: &'static str| {
        let items = pod.spec().get(field).items().to_vec();
        items
            .into_iter()
            .map(move |c| (c.text("name").to_string(), note))
    };
    of("containers", "")
        .chain(of("ephemeralContainers", " (ephem)"))
        .chain(of("initContainers", " (init)"))
        .collect()
}

/// The container to talk to: the one asked for, the one that the pod names, or the first, which is said.
pub fn container(cx: &Cx, pod: &Object, wanted: &str, quiet: bool) -> Result<String, Fail> {
    let all = containers(pod);
    if !wanted.is_empty() {
        if all.iter().any(|(n, _)| n == wanted) {
            return Ok(wanted.to_string());
        }
        let names: Vec<String> = all.iter().map(|(n, note)| format!("{n}{note}")).collect();
        return Err(text(format!(
            "container {wanted} is not valid for pod {} out of: {}",
            pod.name(),
            names.join(", ")
        )));
    }
    if let Some(name) = pod.annotation("kubectl.kubernetes.io/default-container") {
        if all.iter().any(|(n, _)| n == name) {
            return Ok(name.to_string());
        }
        cx.err(format!(
            "Default container name \"{name}\" not found in pod {}\n",
            pod.name()
        ));
    }
    let Some((first, _)) = all.first() else {
        return Err(text(format!("no containers in pod {}", pod.name())));
    };
    if all.len() > 1 && !quiet {
        let names: Vec<String> = all.iter().map(|(n, note)| format!("{n}{note}")).collect();
        cx.err(format!(
            "Defaulted container \"{first}\" out of: {}\n",
            names.join(", ")
        ));
    }
    Ok(first.clone())
}

/// The object that words name; a bare name is a pod.
pub async fn named(cx: &Cx, words: &[String]) -> Result<Info, Fail> {
    let mut words = words.to_vec();
    if words.len() == 1 && !words[0].contains('/') {
        words.insert(0, "pods".into());
    }
    let ask = Ask {
        files: Vec::new(),
        kustomize: String::new(),
        selector: None,
        all_namespaces: false,
        ..Ask::of(cx, &words)?
    };
    let found = resources::find(cx, &ask).await?;
    match found.targets.first() {
        Some(target @ Target::One(_)) => {
            let mut infos = resources::objects(cx, target)?;
            Ok(infos.remove(0))
        }
        _ => Err(text("expected one object")),
    }
}

/// The pods behind an object: itself, or those that its selector selects, the fittest first. `wanted` is what cannot be
/// done where there is no selector.
pub fn pods_of(cx: &Cx, info: &Info, wanted: &str) -> Result<Vec<Info>, Fail> {
    if info.res.kind == "Pod" {
        return Ok(vec![info.clone()]);
    }
    let selector = match info.res.kind.as_str() {
        "Service" | "ReplicationController" => {
            machinery::labels::pairs(info.object.at("spec.selector"))
        }
        _ => machinery::labels::text(info.object.at("spec.selector")),
    };
    if selector.is_empty() {
        let kind = crate::change::go_type(info);
        let why = match info.res.kind.as_str() {
            "Service" => format!(
                "invalid service '{}': Service is defined without a selector",
                info.name
            ),
            _ => format!("selector for {kind} not implemented"),
        };
        return Err(text(format!("cannot {wanted} {kind}: {why}")));
    }
    let res = cx.mapper()?.resource("pods")?;
    let list = cx.ask(resources::list_request(
        &res,
        &info.namespace,
        &selector,
        "",
    ))?;
    let mut pods = resources::items(&res, &list);
    pods.arrange_by_key(|p| {
        let o = &p.object;
        (
            o.text("spec.nodeName").is_empty(),
            ["Running", "Pending"]
                .iter()
                .position(|s| *s == o.text("status.phase"))
                .unwrap_or(2),
            !o.condition_is_true("Ready"),
            machinery::time::parse_rfc3339(o.condition("Ready").text("lastTransitionTime"))
                .unwrap_or(0),
            o.created(),
        )
    });
    Ok(pods)
}

/// The pod to exec into or attach to.
pub fn attachable(cx: &Cx, info: &Info) -> Result<Info, Fail> {
    pods_of(cx, info, "attach to")?
        .into_iter()
        .next()
        .ok_or_else(|| {
            text(format!(
                "timed out waiting for the condition on pods of {}",
                info.shown()
            ))
        })
}
