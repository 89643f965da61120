//! `kubectl events`. Upstream: `kubectl:pkg/cmd/events`.

use super::*;
use crate::command::{Example, Run};
use crate::commands::describe::last_seen;
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::print::{self, table};
use machinery::Arrange;
use machinery::{Object, Request, Response, Value, WatchType};

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
    if let Some(t) = types
        .iter()
        .find(|t| !t.eq_ignore_ascii_case("normal") && !t.eq_ignore_ascii_case("warning"))
    {
        let _ = t;
        return Err(text("valid --types are Normal or Warning"));
    }
    let all = cx.on("all-namespaces");
    let namespace = if all { String::new() } else { cx.namespace()? };
    let mut path = match namespace.as_str() {
        "" => Request::get("/api/v1/events"),
        ns => Request::get(format!("/api/v1/namespaces/{ns}/events")),
    };
    let mut about = None;
    if !cx.flag("for").is_empty() {
        let (kind, name) = cx
            .flag("for")
            .split_once('/')
            .ok_or_else(|| text("--for must be in resource/name form"))?;
        let res = cx.mapper()?.resource(kind)?;
        path = path.with(
            "fieldSelector",
            format!(
                "involvedObject.kind={},involvedObject.name={name}",
                res.kind
            ),
        );
        about = Some(());
    }
    let wanted = |e: &Object| {
        types.is_empty() || types.iter().any(|t| t.eq_ignore_ascii_case(e.text("type")))
    };
    let list = cx.ask(path.clone())?;
    let mut events: Vec<Object> = list
        .get("items")
        .items()
        .iter()
        .map(|e| {
            Object(e.clone()).edit(|o| {
                o.set("apiVersion", "v1");
                o.set("kind", "Event");
            })
        })
        .filter(wanted)
        .collect();
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
        let items: Vec<Value> = events
            .into_iter()
            .map(|e| print::without_managed(&e.0))
            .collect();
        cx.out(print::render(f, &print::list(items))?);
    } else {
        let mut rows = Vec::new();
        if !cx.on("no-headers") {
            rows.push(header(all));
        }
        rows.extend(events.iter().map(|e| row(&cx, e, all)));
        cx.out(table::align(&rows, &mut widths));
    }
    let _ = about;
    if !watch {
        return Ok(());
    }
    let mut version = list.text("metadata.resourceVersion").to_string();
    loop {
        let asked = path
            .clone()
            .with("watch", "true")
            .with("resourceVersion", version);
        let Response::Watch {
            events,
            version: next,
        } = cx.send(asked)?
        else {
            return Err(text("the server did not answer with a watch"));
        };
        version = next.to_string();
        for e in events
            .into_iter()
            .filter(|e| matches!(e.kind, WatchType::Added | WatchType::Modified))
        {
            let e = Object(e.object);
            if wanted(&e) {
                match &format {
                    Some(f) => cx.out(print::render(f, &e.0)?),
                    None => cx.out(table::align(&[row(&cx, &e, all)], &mut widths)),
                }
            }
        }
        cx.host.changed().await;
    }
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
