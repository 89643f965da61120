//! `kubectl get`: tables from the server, or objects in the formats of machines. Upstream: `kubectl:pkg/cmd/get`.

mod raw;
mod sort;
mod watch;

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::discovery::Res;
use crate::fail::{self, Fail, text, usage};
use crate::print::{self, Format, table};
use crate::resources::{self, Ask, Target};
use machinery::{Accept, Object, Request, Value};
use std::rc::Rc;

pub use raw::raw_request;
pub use sort::sort;
use sort::{sortable, unsorted};
pub use watch::watch_request;

pub const COMMAND: Command = Command {
    name: "get",
    group: INTERMEDIATE,
    usage: "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]",
    short: "Display one or many resources",
    long: "Shows one or many objects as a table of the most important facts about them.\n\nBy label (--selector) or field (--field-selector) the list is narrowed; objects of the current namespace are shown unless --all-namespaces is given.",
    examples: &[
        Example("List all pods", "kubectl get pods"),
        Example(
            "List all pods with more columns, such as the node",
            "kubectl get pods -o wide",
        ),
        Example(
            "Show a single deployment as YAML",
            "kubectl get deployment web -o yaml",
        ),
        Example(
            "List deployments and services together",
            "kubectl get deployments,services",
        ),
        Example(
            "Show only the phase of a pod",
            "kubectl get pod web -o jsonpath='{.status.phase}'",
        ),
    ],
    flags: &[
        &[
            Flag::bool(
                "watch",
                "After listing/getting the requested object, watch for changes.",
            )
            .short('w'),
            Flag::bool(
                "watch-only",
                "Watch for changes to the requested object(s), without listing/getting first.",
            ),
            Flag::bool(
                "output-watch-events",
                "Output watch event objects when --watch or --watch-only is used.",
            ),
            Flag::int(
                "chunk-size",
                "500",
                "Return large lists in chunks rather than all at once.",
            ),
            Flag::bool(
                "ignore-not-found",
                "If set to true, suppresses NotFound error for specific objects that do not exist.",
            ),
            Flag::bool(
                "no-headers",
                "When using the default or custom-column output format, don't print headers.",
            ),
            Flag::bool(
                "show-labels",
                "When printing, show all labels as the last column.",
            ),
            Flag::bool(
                "show-kind",
                "If present, list the resource type for the requested object(s).",
            ),
            Flag::list(
                "label-columns",
                "Labels that are going to be presented as columns.",
            )
            .short('L'),
            Flag::text(
                "sort-by",
                "If non-empty, sort list types using this field specification, a JSONPath expression.",
            ),
            Flag::text("raw", "Raw URI to request from the server."),
            Flag::text(
                "subresource",
                "If specified, gets the subresource of the requested object.",
            ),
            Flag::bool(
                "server-print",
                "If true, have the server return the appropriate table output.",
            )
            .or("true"),
        ],
        FILES,
        OUTPUT,
        SELECTOR,
        FIELDS,
        ALL_NAMESPACES,
    ],
    complete: Complete::Resources,
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

const SUGGEST: &str = "Use \"kubectl api-resources\" for a complete list of supported resources.";

async fn run(cx: Cx) -> Result<(), Fail> {
    if cx.given("raw") {
        return raw::raw(&cx);
    }
    let output = cx.flag("output").to_string();
    if cx.on("show-labels") && !["", "wide"].contains(&output.as_str()) {
        return Err(text(format!(
            "--show-labels option cannot be used with {output} printer"
        )));
    }
    if cx.given("label-columns") && output.starts_with("custom-columns") {
        return Err(text(format!(
            "--label-columns option cannot be used with {output} printer"
        )));
    }
    if cx.on("output-watch-events") && !cx.on("watch") && !cx.on("watch-only") {
        return Err(text(
            "--output-watch-events option can only be used with --watch or --watch-only",
        ));
    }
    let ask = Ask::of(&cx, cx.args())?.type_alone();
    if cx.args().is_empty() && !ask.has_files() {
        cx.err(format!(
            "You must specify the type of resource to get. {SUGGEST}\n\n"
        ));
        return Err(usage(
            "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).",
        ));
    }
    let format = print::parse(&cx, &output, print::GET_FORMATS)?;
    if cx.on("watch") || cx.on("watch-only") {
        if !cx.flag("sort-by").is_empty() {
            cx.err(match cx.on("watch-only") {
                true => "warning: --watch-only requested, --sort-by will be ignored\n",
                false => "warning: --watch requested, --sort-by will be ignored for watch events received\n",
            });
        }
        return watch::watch(&cx, &ask, format).await;
    }
    let found = resources::find(&cx, &ask).await?;
    let bulk = |t: &Target| matches!(t, Target::Many { .. });
    if !cx.flag("subresource").is_empty() && found.targets.iter().any(bulk) {
        return Err(text(
            "subresource cannot be used when bulk resources are specified",
        ));
    }
    match format {
        None if !cx.on("server-print") => plain(&cx, &ask, found),
        Some(f) => objects(&cx, found, f),
        None => tables(&cx, &ask, found),
    }
}

/// The request for one target; a single object may be asked for its subresource.
fn request(cx: &Cx, target: &Target) -> Request {
    match target {
        Target::One(info) => {
            let sub = cx.flag("subresource");
            let tail = if sub.is_empty() {
                String::new()
            } else {
                format!("/{sub}")
            };
            Request::get(format!("{}{tail}", info.path()))
        }
        Target::Many {
            res,
            namespace,
            selector,
            fields,
        } => {
            let mut r = resources::list_request(res, namespace, selector, fields);
            let limit = cx.int("chunk-size");
            if limit > 0 && cx.flag("sort-by").is_empty() {
                r = r.with("limit", limit.to_string());
            }
            r
        }
    }
}

fn res(target: &Target) -> &Rc<Res> {
    match target {
        Target::One(info) => &info.res,
        Target::Many { res, .. } => res,
    }
}

/// Asks for a target, following `continue` until the collection is whole. `merge` is `rows` or `items`.
fn whole(cx: &Cx, target: &Target, accept: Accept, merge: &str) -> Result<Value, Fail> {
    let describe = |e: Fail| match target {
        Target::Many {
            res,
            selector,
            fields,
            ..
        } => resources::list_error(e, res, selector, fields),
        Target::One(_) => e,
    };
    let with_objects = accept == Accept::Table && !cx.flag("sort-by").is_empty();
    let base = move |r: Request| {
        let r = r.accept(accept);
        if with_objects {
            r.with("includeObject", "Object")
        } else {
            r
        }
    };
    let mut value = cx.ask(base(request(cx, target))).map_err(describe)?;
    let mut next = value.text("metadata.continue").to_string();
    let mut all: Vec<Value> = Vec::new();
    while !next.is_empty() {
        let more = cx
            .ask(base(request(cx, target)).with("continue", next.clone()))
            .map_err(describe)?;
        all.extend(more.get(merge).items().iter().cloned());
        next = more.text("metadata.continue").to_string();
    }
    if accept == Accept::Table && value.text("kind") != "Table" {
        // A subresource that the server has no columns for.
        value = bare_table(cx, &value);
    }
    if !all.is_empty() {
        value.field(merge).list_mut().extend(all);
        value.remove("metadata.continue");
        value.remove("metadata.remainingItemCount");
    }
    Ok(value)
}

/// A table of names and ages, for what comes without one.
fn bare_table(cx: &Cx, object: &Value) -> Value {
    let made = Object(object.clone()).created();
    let age = machinery::duration::human(cx.now() - made);
    machinery::value!({
        "kind": "Table",
        "columnDefinitions": [
            { "name": "Name", "type": "string", "format": "name", "priority": 0 },
            { "name": "Age", "type": "string", "format": "", "priority": 0 },
        ],
        "rows": [{
            "cells": [Value::str(object.text("metadata.name")), Value::from(age)],
            "object": { "metadata": object.get("metadata") },
        }],
    })
}

fn ignorable(cx: &Cx, e: &Fail) -> bool {
    cx.on("ignore-not-found") && e.is_not_found()
}

/// Objects, in a machine's format.
fn objects(cx: &Cx, found: resources::Found, format: Format) -> Result<(), Fail> {
    let mut fails = found.fails;
    let mut items: Vec<Value> = Vec::new();
    let mut version = String::new();
    for target in &found.targets {
        match whole(cx, target, Accept::Json, "items") {
            Ok(v) => match target {
                Target::One(_) => items.push(v),
                Target::Many { res, .. } => {
                    version = v.text("metadata.resourceVersion").to_string();
                    let of_list = resources::items(res, &v).into_iter().map(|i| i.object.0);
                    items.extend(of_list);
                }
            },
            Err(e) if ignorable(cx, &e) => {}
            Err(e) => fails.push(e),
        }
    }
    let _ = version;
    if !cx.flag("sort-by").is_empty() {
        sort(cx.flag("sort-by"), &mut items, |v| v)?;
    }
    // Only the formats that print whole objects leave them out.
    let managed = cx.on("show-managed-fields") || !format.hides_managed();
    let clean = |v: Value| {
        if managed {
            v
        } else {
            print::without_managed(&v)
        }
    };
    let nothing = found.single && items.is_empty();
    match &format {
        Format::Name => {
            for item in items {
                cx.line(print::shown_name(&Object(item)));
            }
        }
        Format::Columns(spec) if !nothing => {
            cx.out(spec.print(&items, !cx.on("no-headers")));
        }
        _ if nothing => {}
        other => {
            let v = match found.single {
                true => clean(items.remove(0)),
                false => print::list(items.into_iter().map(clean).collect()),
            };
            cx.out(print::render(other, &v)?);
        }
    }
    fail::all(fails)
}

fn options(cx: &Cx) -> table::Options {
    table::Options {
        wide: cx.flag("output") == "wide",
        headers: !cx.on("no-headers"),
        namespace: cx.on("all-namespaces"),
        labels: cx.on("show-labels"),
        label_columns: cx.list("label-columns"),
        kind_prefix: None,
        event: cx.on("output-watch-events"),
    }
}

/// Whether a table shows something.
fn has_rows(t: &Value) -> bool {
    !t.get("rows").items().is_empty()
}

/// Tables, one for each kind.
fn tables(cx: &Cx, ask: &Ask, found: resources::Found) -> Result<(), Fail> {
    let mut fails = found.fails;
    // (resource, columns, table): neighbouring targets of one kind share a table.
    let mut parts: Vec<(Rc<Res>, Value)> = Vec::new();
    for target in &found.targets {
        match whole(cx, target, Accept::Table, "rows") {
            Ok(t) => match parts.last_mut() {
                Some((r, last)) if r == res(target) => {
                    let more = t.get("rows").items().to_vec();
                    last.field("rows").list_mut().extend(more);
                }
                _ => parts.push((res(target).clone(), t)),
            },
            Err(e) if ignorable(cx, &e) => {}
            Err(e) => fails.push(e),
        }
    }
    // Names are prefixed if several kinds were found, even if some of them have no objects.
    let mut kinds: Vec<Rc<Res>> = Vec::new();
    for (r, _) in &parts {
        if !kinds.contains(r) {
            kinds.push(r.clone());
        }
    }
    let prefix = kinds.len() > 1 || cx.on("show-kind");
    parts.retain(|(_, t)| has_rows(t));
    let by = cx.flag("sort-by");
    if !by.is_empty() {
        // Of several answers upstream sorts the tables themselves, which have no such field.
        if parts.len() > 1 || kinds.len() > 1 {
            return Err(unsorted(by));
        }
        // What is wrong with one table nobody hears.
        parts.retain(|(_, t)| sortable(by, t.get("rows").items()));
        for (_, t) in &mut parts {
            let mut rows = t.get("rows").items().to_vec();
            sort(cx.flag("sort-by"), &mut rows, |r| r.get("object"))?;
            t.set("rows", rows);
        }
    }
    let many = parts.len() > 1;
    for (i, (r, t)) in parts.iter().enumerate() {
        let mut o = options(cx);
        o.namespace = o.namespace && r.namespaced;
        o.kind_prefix = prefix.then(|| r.kind_name());
        let mut rows = Vec::new();
        if o.headers {
            rows.push(table::header(t, &o));
        }
        rows.extend(table::rows(t, &o, ""));
        if many && i > 0 && o.headers {
            cx.out("\n");
        }
        cx.out(table::once(&rows));
    }
    if parts.is_empty() && fails.is_empty() && !cx.on("ignore-not-found") {
        nothing(cx, ask, &found.targets);
    }
    fail::all(fails)
}

/// `--server-print=false`: the client knows no columns but name and age.
fn plain(cx: &Cx, ask: &Ask, found: resources::Found) -> Result<(), Fail> {
    let mut fails = found.fails;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for target in &found.targets {
        match whole(cx, target, Accept::Json, "items") {
            Ok(v) => {
                let items = match target {
                    Target::One(_) => vec![v],
                    Target::Many { .. } => v.get("items").items().to_vec(),
                };
                for item in items {
                    let o = Object(item);
                    let age = machinery::duration::human(cx.now() - o.created());
                    let mut row = vec![o.name().to_string(), age];
                    if cx.on("all-namespaces") {
                        row.insert(0, o.namespace().to_string());
                    }
                    rows.push(row);
                }
            }
            Err(e) if ignorable(cx, &e) => {}
            Err(e) => fails.push(e),
        }
    }
    if rows.is_empty() && fails.is_empty() {
        nothing(cx, ask, &found.targets);
    } else if !rows.is_empty() && !cx.on("no-headers") {
        let mut head = vec!["NAME".to_string(), "AGE".to_string()];
        if cx.on("all-namespaces") {
            head.insert(0, "NAMESPACE".into());
        }
        rows.insert(0, head);
    }
    cx.out(table::once(&rows));
    fail::all(fails)
}

fn nothing(cx: &Cx, ask: &Ask, targets: &[Target]) {
    let all = ask.all_namespaces || !targets.iter().all(|t| res(t).namespaced);
    if all {
        cx.err("No resources found\n");
    } else {
        cx.err(format!(
            "No resources found in {} namespace.\n",
            ask.namespace
        ));
    }
}
