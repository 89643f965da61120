//! `kubectl cluster-info`. Upstream: `kubectl:pkg/cmd/clusterinfo`.

use super::*;
use crate::command::{Example, Run};
use crate::cx::Cx;
use crate::fail::Fail;
use crate::resources;
use machinery::{Request, Response};

pub const COMMAND: Command = Command {
    name: "cluster-info",
    group: CLUSTER,
    usage: "[flags]",
    short: "Display cluster information",
    long: "Shows where the control plane and the services of the cluster itself are reached.",
    examples: &[Example("Addresses of the cluster", "kubectl cluster-info")],
    subs: &[&DUMP],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let server = cx.config()?.server(&cx);
    let res = cx.mapper()?.resource("services")?;
    let request = resources::list_request(
        &res,
        "kube-system",
        "kubernetes.io/cluster-service=true",
        "",
    );
    let list = cx.ask(request)?;
    cx.line(format!("Kubernetes control plane is running at {server}"));
    for s in resources::items(&res, &list) {
        let port = s
            .object
            .at("spec.ports")
            .items()
            .first()
            .cloned()
            .unwrap_or_default();
        let name = s
            .object
            .label("kubernetes.io/name")
            .unwrap_or(&s.name)
            .to_string();
        let tail = match port.text("name") {
            "" => String::new(),
            p => format!(":{p}"),
        };
        cx.line(format!(
            "{name} is running at {server}/api/v1/namespaces/{}/services/{}{tail}/proxy",
            s.namespace, s.name
        ));
    }
    cx.line("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(())
}

const DUMP: Command = Command {
    name: "dump",
    usage: "[flags]",
    short: "Dump relevant information for debugging and diagnosis",
    examples: &[Example(
        "Everything of the current namespace and of kube-system",
        "kubectl cluster-info dump",
    )],
    flags: &[
        &[
            Flag::list(
                "namespaces",
                "A comma separated list of namespaces to dump.",
            ),
            Flag::duration(
                "pod-running-timeout",
                "20s",
                "The length of time to wait until at least one pod is running.",
            ),
            Flag::text(
                "output-directory",
                "Where to output the files. If empty or '-' uses stdout.",
            ),
        ],
        ALL_NAMESPACES,
        &[OUTPUT[0].or("json"), OUTPUT[1], OUTPUT[2], OUTPUT[3]],
    ],
    run: Some(|cx| -> Run { Box::pin(dump(cx)) }),
    ..Command::NONE
};

const DUMPED: &[&str] = &[
    "events",
    "replicationcontrollers",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "pods",
];

async fn dump(cx: Cx) -> Result<(), Fail> {
    let mapper = cx.mapper()?;
    let folder = match cx.flag("output-directory") {
        "-" => "",
        f => f,
    };
    let print = |v: &machinery::Value| match cx.flag("output") {
        "yaml" => crate::forms::yaml(v),
        _ => crate::forms::json_pretty(v),
    };
    let put = |name: String, content: String| match folder {
        "" => cx.out(content),
        f => drop(cx.host.write(&format!("{f}/{name}"), content)),
    };
    let nodes = mapper.resource("nodes")?;
    put("nodes.json".into(), print(&cx.get(&nodes.path(""))?));
    let namespaces = if cx.on("all-namespaces") {
        let list = cx.get("/api/v1/namespaces")?;
        list.get("items")
            .items()
            .iter()
            .map(|n| n.text("metadata.name").to_string())
            .collect()
    } else if cx.given("namespaces") {
        cx.list("namespaces")
    } else {
        vec!["kube-system".to_string(), cx.namespace()?]
    };
    for ns in namespaces {
        for kind in DUMPED {
            let Some(res) = mapper.find(kind) else {
                continue;
            };
            let list = cx.get(&res.path(&ns))?;
            put(format!("{ns}/{kind}.json"), print(&list));
            if *kind != "pods" {
                continue;
            }
            for pod in resources::items(&res, &list) {
                for c in pod.object.at("spec.containers").items() {
                    let name = c.text("name").to_string();
                    let request =
                        Request::get(format!("{}/log", pod.path())).with("container", name.clone());
                    let log = match cx.send(request) {
                        Ok(Response::Text(t)) => t,
                        _ => String::new(),
                    };
                    put(
                        format!("{ns}/{}/logs.txt", pod.name),
                        format!(
                            "==== START logs for container {name} of pod {ns}/{} ====\n{log}==== END logs for container {name} of pod {ns}/{} ====\n",
                            pod.name, pod.name
                        ),
                    );
                }
            }
        }
    }
    if !folder.is_empty() {
        cx.line(format!("Cluster info dumped to {folder}"));
    }
    Ok(())
}
