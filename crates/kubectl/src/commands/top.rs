//! `kubectl top`: from the metrics API, which a cluster has only if something serves it. Upstream: `kubectl:pkg/cmd/top`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text};
use crate::print::table;
use machinery::Arrange;
use machinery::quantity::Quantity;
use machinery::{Request, Value};

pub const COMMAND: Command = Command {
    name: "top",
    group: CLUSTER,
    usage: "SUBCOMMAND",
    short: "Display resource (CPU/memory) usage",
    long: "Shows how much CPU and memory nodes or pods use. It needs the metrics server.",
    subs: &[&NODE, &POD],
    ..Command::NONE
};

const COMMON: &[Flag] = &[
    Flag::bool("no-headers", "If present, print output without headers."),
    Flag::text(
        "sort-by",
        "If non-empty, sort list using specified field: 'cpu' or 'memory'.",
    ),
];

const NODE: Command = Command {
    name: "node",
    aliases: &["nodes", "no"],
    usage: "[NAME | -l label]",
    short: "Display resource (CPU/memory) usage of nodes",
    examples: &[Example("All nodes", "kubectl top node")],
    flags: &[COMMON, SELECTOR],
    complete: Complete::Names("nodes"),
    run: Some(|cx| -> Run { Box::pin(nodes(cx)) }),
    ..Command::NONE
};

const POD: Command = Command {
    name: "pod",
    aliases: &["pods", "po"],
    usage: "[NAME | -l label]",
    short: "Display resource (CPU/memory) usage of pods",
    examples: &[Example("All pods of the namespace", "kubectl top pod")],
    flags: &[
        COMMON,
        SELECTOR,
        FIELDS,
        ALL_NAMESPACES,
        &[
            Flag::bool(
                "containers",
                "If present, print usage of containers within a pod.",
            ),
            Flag::bool("sum", "Print the sum of the resource usage."),
        ],
    ],
    complete: Complete::Names("pods"),
    run: Some(|cx| -> Run { Box::pin(pods(cx)) }),
    ..Command::NONE
};

fn available(cx: &Cx) -> Result<(), Fail> {
    let there = cx
        .mapper()?
        .versions
        .iter()
        .any(|v| v.starts_with("metrics.k8s.io/"));
    if there {
        Ok(())
    } else {
        Err(text("Metrics API not available"))
    }
}

fn items(cx: &Cx, path: String) -> Result<Vec<Value>, Fail> {
    let request = match (cx.args().first(), cx.flag("selector")) {
        (Some(name), _) => return cx.get(&format!("{path}/{name}")).map(|v| vec![v]),
        (None, "") => Request::get(path),
        (None, l) => Request::get(path).with("labelSelector", l),
    };
    Ok(cx.ask(request)?.get("items").items().to_vec())
}

fn milli(v: &str) -> i64 {
    Quantity::parse(v).map_or(0, |q| q.milli_value())
}
fn mebi(v: &str) -> i64 {
    Quantity::parse(v).map_or(0, |q| q.value()) / (1024 * 1024)
}

async fn nodes(cx: Cx) -> Result<(), Fail> {
    available(&cx)?;
    let mut all = items(&cx, "/apis/metrics.k8s.io/v1beta1/nodes".into())?;
    sort(&cx, &mut all, |v| {
        (milli(v.text("usage.cpu")), mebi(v.text("usage.memory")))
    });
    let mut rows = Vec::new();
    if !cx.on("no-headers") {
        rows.push(
            ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"]
                .map(str::to_string)
                .to_vec(),
        );
    }
    for m in &all {
        let name = m.text("metadata.name");
        let node = cx.get(&format!("/api/v1/nodes/{name}"))?;
        let (cpu, memory) = (milli(m.text("usage.cpu")), mebi(m.text("usage.memory")));
        let percent = |used: i64, of: i64| {
            if of > 0 {
                format!("{}%", used * 100 / of)
            } else {
                "<unknown>".into()
            }
        };
        rows.push(vec![
            name.to_string(),
            format!("{cpu}m"),
            percent(cpu, milli(node.text("status.allocatable.cpu"))),
            format!("{memory}Mi"),
            percent(memory, mebi(node.text("status.allocatable.memory"))),
        ]);
    }
    cx.out(table::once(&rows));
    Ok(())
}

fn sort(cx: &Cx, all: &mut [Value], key: impl Fn(&Value) -> (i64, i64)) {
    match cx.flag("sort-by") {
        "cpu" => all.arrange_by_key(|v| std::cmp::Reverse(key(v).0)),
        "memory" => all.arrange_by_key(|v| std::cmp::Reverse(key(v).1)),
        _ => all.arrange_by(|a, b| a.text("metadata.name").cmp(b.text("metadata.name"))),
    }
}

fn usage_of(pod: &Value) -> (i64, i64) {
    let containers = pod.get("containers").items();
    let cpu = containers.iter().map(|c| milli(c.text("usage.cpu"))).sum();
    let memory = containers
        .iter()
        .map(|c| mebi(c.text("usage.memory")))
        .sum();
    (cpu, memory)
}

async fn pods(cx: Cx) -> Result<(), Fail> {
    available(&cx)?;
    let all_namespaces = cx.on("all-namespaces");
    let path = if all_namespaces {
        "/apis/metrics.k8s.io/v1beta1/pods".to_string()
    } else {
        format!(
            "/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods",
            cx.namespace()?
        )
    };
    let mut all = items(&cx, path)?;
    if all.is_empty() {
        cx.err(match all_namespaces {
            true => "No resources found\n".to_string(),
            false => format!("No resources found in {} namespace.\n", cx.namespace()?),
        });
        return Ok(());
    }
    sort(&cx, &mut all, usage_of);
    let mut rows = Vec::new();
    let mut head: Vec<&str> = Vec::new();
    if all_namespaces {
        head.push("NAMESPACE");
    }
    if cx.on("containers") {
        head.extend(["POD", "NAME"]);
    } else {
        head.push("NAME");
    }
    head.extend(["CPU(cores)", "MEMORY(bytes)"]);
    if !cx.on("no-headers") {
        rows.push(head.into_iter().map(str::to_string).collect::<Vec<_>>());
    }
    for p in &all {
        let mut start = Vec::new();
        if all_namespaces {
            start.push(p.text("metadata.namespace").to_string());
        }
        start.push(p.text("metadata.name").to_string());
        if cx.on("containers") {
            for c in p.get("containers").items() {
                let mut row = start.clone();
                row.extend([
                    c.text("name").to_string(),
                    format!("{}m", milli(c.text("usage.cpu"))),
                    format!("{}Mi", mebi(c.text("usage.memory"))),
                ]);
                rows.push(row);
            }
        } else {
            let (cpu, memory) = usage_of(p);
            start.extend([format!("{cpu}m"), format!("{memory}Mi")]);
            rows.push(start);
        }
    }
    cx.out(table::once(&rows));
    Ok(())
}
