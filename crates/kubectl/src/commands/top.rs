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
    usage: "[flags]",
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
    Flag::bool("show-swap", "Print resources related to swap memory."),
    Flag::bool(
        "use-protocol-buffers",
        "Asks the Metrics API by protocol buffers.",
    )
    .or("true"),
];

const NODE: Command = Command {
    name: "node",
    aliases: &["nodes", "no"],
    usage: "[NAME | -l label]",
    short: "Display resource (CPU/memory) usage of nodes",
    examples: &[Example("All nodes", "kubectl top node")],
    flags: &[
        COMMON,
        SELECTOR,
        &[Flag::bool(
            "show-capacity",
            "Print node resources based on Capacity instead of Allocatable.",
        )],
    ],
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
fn bytes(v: &str) -> i64 {
    Quantity::parse(v).map_or(0, |q| q.value())
}
fn shown(cpu: i64, memory: i64) -> [String; 2] {
    [format!("{cpu}m"), format!("{}Mi", memory >> 20)]
}

async fn nodes(cx: Cx) -> Result<(), Fail> {
    available(&cx)?;
    let mut all = items(&cx, "/apis/metrics.k8s.io/v1beta1/nodes".into())?;
    if all.is_empty() {
        return Err(text("metrics not available yet"));
    }
    sort(&cx, &mut all, |v| {
        (milli(v.text("usage.cpu")), bytes(v.text("usage.memory")))
    });
    let mut rows = Vec::new();
    if !cx.on("no-headers") {
        rows.push(
            [
                "NAME",
                "CPU(cores)",
                "CPU(%)",
                "MEMORY(bytes)",
                "MEMORY(%)",
                "",
            ]
            .map(str::to_string)
            .to_vec(),
        );
    }
    let of = match cx.on("show-capacity") {
        true => "status.capacity",
        false => "status.allocatable",
    };
    let nodes = match cx.args().first() {
        Some(name) => vec![cx.get(&format!("/api/v1/nodes/{name}"))?],
        None => items(&cx, "/api/v1/nodes".into())?,
    };
    for m in &all {
        let name = m.text("metadata.name");
        let node = nodes.iter().find(|n| n.text("metadata.name") == name);
        let (cpu, memory) = (milli(m.text("usage.cpu")), bytes(m.text("usage.memory")));
        let [cores, mebi] = shown(cpu, memory);
        let mut row = vec![name.to_string(), cores];
        // Without the node there is nothing to compare with.
        let of = node.map(|n| n.at(of));
        let percent = |used: i64, of: i64| format!("{}%", if of > 0 { used * 100 / of } else { 0 });
        row.extend(of.map(|o| percent(cpu, milli(o.text("cpu")))));
        row.push(mebi);
        row.extend(of.map(|o| percent(memory, bytes(o.text("memory")))));
        row.push(String::new());
        rows.push(row);
    }
    for node in &nodes {
        let name = node.text("metadata.name");
        if !all.iter().any(|m| m.text("metadata.name") == name) {
            let mut row = vec!["<unknown>".to_string(); 6];
            row[0] = name.to_string();
            row[5] = String::new();
            rows.push(row);
        }
    }
    cx.out(table::once(&rows));
    Ok(())
}

fn sort(cx: &Cx, all: &mut [Value], key: impl Fn(&Value) -> (i64, i64)) {
    match cx.flag("sort-by") {
        "cpu" => all.arrange_by_key(|v| std::cmp::Reverse(key(v).0)),
        "memory" => all.arrange_by_key(|v| std::cmp::Reverse(key(v).1)),
        _ => all.arrange_by(|a, b| {
            let key = |v: &Value| {
                (
                    v.text("metadata.namespace").to_string(),
                    v.text("metadata.name").to_string(),
                    v.text("name").to_string(),
                )
            };
            key(a).cmp(&key(b))
        }),
    }
}

fn usage_of(pod: &Value) -> (i64, i64) {
    let containers = pod.get("containers").items();
    let cpu = containers.iter().map(|c| milli(c.text("usage.cpu"))).sum();
    let memory = containers
        .iter()
        .map(|c| bytes(c.text("usage.memory")))
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
    head.extend(["CPU(cores)", "MEMORY(bytes)", ""]);
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
            let mut containers = p.get("containers").items().to_vec();
            sort(&cx, &mut containers, |c| {
                (milli(c.text("usage.cpu")), bytes(c.text("usage.memory")))
            });
            for c in &containers {
                let mut row = start.clone();
                row.push(c.text("name").to_string());
                row.extend(shown(
                    milli(c.text("usage.cpu")),
                    bytes(c.text("usage.memory")),
                ));
                row.push(String::new());
                rows.push(row);
            }
        } else {
            let (cpu, memory) = usage_of(p);
            start.extend(shown(cpu, memory));
            start.push(String::new());
            rows.push(start);
        }
    }
    if cx.on("sum") {
        let totals = all
            .iter()
            .map(usage_of)
            .fold((0, 0), |t, u| (t.0 + u.0, t.1 + u.1));
        // Without a header upstream forgets about the columns before the name.
        let before = match cx.on("no-headers") {
            true => 1,
            false => 1 + usize::from(all_namespaces) + usize::from(cx.on("containers")),
        };
        let mut rule = vec![String::new(); before];
        let mut last = rule.clone();
        rule.extend([
            "________".to_string(),
            "________".to_string(),
            String::new(),
        ]);
        last.extend(shown(totals.0, totals.1));
        last.push(String::new());
        rows.extend([rule, last]);
    }
    let content = table::once(&rows);
    cx.out(content);
    Ok(())
}
