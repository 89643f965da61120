//! `kubectl events`. Upstream: `kubectl:pkg/cmd/events`.

use super::*;
use crate::command::{Example, Run};
use crate::commands::describe::last_seen;
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::print::{self, table};
use machinery::Arrange;
use machinery::{Object, Request, Response, Value, WatchEvent, WatchType};

pub const COMMAND: Command = Command {
    name: "events",
    group: TROUBLE,
    usage: "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
    short: "List events",
    long: "Lists events, the latest last, of a namespace or of one object.",
    examples: &[
        Example("Recent events", "kubectl events"),
        Example(
            "Of one pod, and those that come",
            "kubectl events --for pod/web --watch",
        ),
        Example("Warnings only", "kubectl events --types=Warning"),
    ],
    flags: &[
        &[
            Flag::text(
                "for",
                "Filter events to only those pertaining to the specified resource.",
            ),
            Flag::list("types", "Output only events of given types."),
            Flag::bool(
                "watch",
                "After listing the requested events, watch for more events.",
            )
            .short('w'),
            Flag::bool(
                "no-headers",
                "When using the default output format, don't print headers.",
            ),
            Flag::int(
                "chunk-size",
                "500",
                "Return large lists in chunks rather than all at once.",
            ),
        ],
        OUTPUT,
        ALL_NAMESPACES,
    ],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let types = cx.list("types");
    let known = |t: &String| ["normal", "warning"].contains(&t.to_lowercase().as_str());
    if !types.iter().all(known) {
        return Err(text("valid --types are Normal or Warning"));
    }
    let all = cx.on("all-namespaces");
    let namespace = if all { String::new() } else { cx.namespace()? };
    let asked = question(&cx, &namespace)?;
    let wanted = |e: &Object| {
        types.is_empty() || types.iter().any(|t| t.eq_ignore_ascii_case(e.text("type")))
    };
    let list = cx.ask(asked.clone())?;
    let named = |e: &Value| {
        Object(e.clone()).edit(|o| {
            o.set("apiVersion", "v1");
            o.set("kind", "Event");
        })
    };
    let events = list.get("items").items().iter().map(named);
    let mut events: Vec<Object> = events.filter(wanted).collect();
    events.arrange_by_key(last_seen);
    let format = print::parse(&cx, cx.flag("output"), print::GET_FORMATS)?;
    let watch = cx.on("watch");
    if events.is_empty() && !watch {
        match all {
            true => cx.err("No events found.\n"),
            false => cx.err(format!("No events found in {namespace} namespace.\n")),
        }
        return Ok(());
    }
    let mut widths = Vec::new();
    if let Some(f) = &format {
        let items = events.iter().map(|e| print::without_managed(&e.0));
        cx.out(print::render(f, &print::list(items.collect()))?);
    } else {
        let mut rows = Vec::new();
        if !cx.on("no-headers") {
            rows.push(header(all));
        }
        rows.extend(events.iter().map(|e| row(&cx, e, all)));
        cx.out(table::align(&rows, &mut widths));
    }
    let mut version = list.text("metadata.resourceVersion").to_string();
    if !watch {
        return Ok(());
    }
    loop {
        let asked = asked.clone().with("watch", "true");
        let Response::Watch {
            events,
            version: next,
        } = cx.send(asked.with("resourceVersion", version))?
        else {
            return Err(text("the server did not answer with a watch"));
        };
        version = next.to_string();
        let news = |e: &WatchEvent| matches!(e.kind, WatchType::Added | WatchType::Modified);
        let events = events.into_iter().filter(news).map(|e| Object(e.object));
        for e in events.filter(wanted) {
            match &format {
                Some(f) => cx.out(print::render(f, &e.0)?),
                None => cx.out(table::align(&[row(&cx, &e, all)], &mut widths)),
            }
        }
        cx.host.changed().await;
    }
}

/// The request for events: of a namespace or of all, and about one object with `--for`.
fn question(cx: &Cx, namespace: &str) -> Result<Request, Fail> {
    let asked = match namespace {
        "" => Request::get("/api/v1/events"),
        ns => Request::get(format!("/api/v1/namespaces/{ns}/events")),
    };
    if cx.flag("for").is_empty() {
        return Ok(asked);
    }
    let (kind, name) = cx
        .flag("for")
        .split_once('/')
        .ok_or_else(|| text("--for must be in resource/name form"))?;
    let kind = cx.mapper()?.resource(kind)?.kind.clone();
    let selector = format!("involvedObject.kind={kind},involvedObject.name={name}");
    Ok(asked.with("fieldSelector", selector))
}

fn header(all: bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    if all {
        out.push("NAMESPACE".into());
    }
    out.extend(["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].map(str::to_string));
    out
}

fn row(cx: &Cx, e: &Object, all: bool) -> Vec<String> {
    let age = |field: &str| match machinery::time::parse_rfc3339(e.text(field)) {
        Some(t) => machinery::duration::human(cx.now() - t),
        None => "<unknown>".to_string(),
    };
    let first = if e.text("firstTimestamp").is_empty() {
        age("eventTime")
    } else {
        age("firstTimestamp")
    };
    let interval = if !e.get("series").is_null() {
        format!(
            "{} (x{} over {first})",
            age("series.lastObservedTime"),
            e.int("series.count")
        )
    } else if e.int("count") > 1 {
        format!(
            "{} (x{} over {first})",
            age("lastTimestamp"),
            e.int("count")
        )
    } else {
        first
    };
    let mut out = Vec::new();
    if all {
        out.push(e.namespace().to_string());
    }
    out.extend([
        interval,
        e.text("type").to_string(),
        e.text("reason").to_string(),
        format!(
            "{}/{}",
            e.text("involvedObject.kind"),
            e.text("involvedObject.name")
        ),
        e.text("message").trim().to_string(),
    ]);
    out
}
