//! `create service clusterip|nodeport|loadbalancer|externalname`.

use super::*;
use machinery::value;

pub const COMMAND: Command = Command {
    name: "service",
    aliases: &["svc"],
    usage: "[flags] [options]",
    short: "Create a service using a specified subcommand",
    subs: &[&CLUSTER_IP, &EXTERNAL_NAME, &LOAD_BALANCER, &NODE_PORT],
    ..Command::NONE
};

const TCP: Flag = Flag::list(
    "tcp",
    "Port pairs can be specified as '<port>:<targetPort>'.",
);

const CLUSTER_IP: Command = Command {
    name: "clusterip",
    usage: "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]",
    short: "Create a ClusterIP service",
    examples: &[Example(
        "Port 80, sent on to 8080",
        "kubectl create service clusterip web --tcp=80:8080",
    )],
    flags: &[
        &[
            TCP,
            Flag::text(
                "clusterip",
                "Assign your own ClusterIP or set to 'None' for a 'headless' service (no loadbalancing).",
            ),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(make(cx, "ClusterIP")) }),
    ..Command::NONE
};

const NODE_PORT: Command = Command {
    name: "nodeport",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    short: "Create a NodePort service",
    examples: &[Example(
        "On a port of every node",
        "kubectl create service nodeport web --tcp=80:8080",
    )],
    flags: &[
        &[
            TCP,
            Flag::int(
                "node-port",
                "0",
                "Port used to expose the service on each node in a cluster.",
            ),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(make(cx, "NodePort")) }),
    ..Command::NONE
};

const LOAD_BALANCER: Command = Command {
    name: "loadbalancer",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    short: "Create a LoadBalancer service",
    examples: &[Example(
        "With an address of its own",
        "kubectl create service loadbalancer web --tcp=80:8080",
    )],
    flags: &[
        &[TCP],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(make(cx, "LoadBalancer")) }),
    ..Command::NONE
};

const EXTERNAL_NAME: Command = Command {
    name: "externalname",
    usage: "NAME --external-name external.name [--dry-run=server|client|none]",
    short: "Create an ExternalName service",
    examples: &[Example(
        "Another name for a host",
        "kubectl create service externalname db --external-name=db.example.com",
    )],
    flags: &[
        &[
            TCP,
            Flag::text("external-name", "External name of service.").required(),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(make(cx, "ExternalName")) }),
    ..Command::NONE
};

async fn make(cx: Cx, kind: &'static str) -> Result<(), Fail> {
    let name = name(&cx)?;
    let headless = cx.flag("clusterip") == "None";
    if !cx.given("tcp") && kind != "ExternalName" && !headless {
        return Err(text("at least one tcp port specifier must be provided"));
    }
    let mut ports = Vec::new();
    for spec in cx.list("tcp") {
        let (port, target) = spec.split_once(':').unwrap_or((&spec, &spec));
        let number = port.parse::<u16>().map_err(|_| {
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            text(format!(
                "strconv.ParseUint: parsing {}: {}",
                machinery::json::quote(port),
                if digits {
                    "value out of range"
                } else {
                    "invalid syntax"
                }
            ))
        })?;
        let target_value = crate::parts::int_or_text(target);
        let mut p = value!({
            "name": format!("{port}-{target}"), "port": i64::from(number), "protocol": "TCP", "targetPort": target_value,
        });
        if cx.int("node-port") != 0 {
            p.set("nodePort", cx.int("node-port"));
        }
        ports.push(p);
    }
    let mut object = value!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": name.clone(), "labels": { "app": name.clone() } },
        "spec": { "selector": { "app": name }, "type": kind },
        "status": { "loadBalancer": {} },
    });
    if !ports.is_empty() {
        object.set("spec.ports", ports);
    }
    if kind == "ExternalName" {
        object.set("spec.externalName", cx.flag("external-name").to_string());
    }
    if cx.given("clusterip") {
        object.set("spec.clusterIP", cx.flag("clusterip").to_string());
    }
    finish(
        &cx,
        Object(object),
        &format!("failed to create {kind} service"),
    )
}
