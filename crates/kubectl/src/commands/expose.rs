//! `kubectl expose`: makes a Service for what is there. Upstream: `kubectl:pkg/cmd/expose`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::{Cx, DryRun};
use crate::fail::{self, Fail, text};
use crate::print::Shown;
use crate::resources::{self, Ask, Info};
use crate::{change, parts};
use machinery::{Object, Value, value};

pub const COMMAND: Command = Command {
    name: "expose",
    group: BEGINNER,
    usage: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]",
    short: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    long: "Makes a Service whose selector is that of the given Deployment, Service, ReplicaSet or ReplicationController, or the labels of the given pod. Without --port the ports of its containers are taken.",
    examples: &[
        Example(
            "A service for a deployment",
            "kubectl expose deployment web --port=80 --target-port=8000",
        ),
        Example(
            "On a port of every node",
            "kubectl expose deployment web --port=80 --type=NodePort",
        ),
    ],
    flags: &[
        &[
            Flag::text("port", "The port that the service should serve on."),
            Flag::text(
                "protocol",
                "The network protocol for the service to be created. Default is 'TCP'.",
            ),
            Flag::text(
                "target-port",
                "Name or number for the port on the container that the service should direct traffic to.",
            ),
            Flag::text("name", "The name for the newly created object."),
            Flag::text(
                "type",
                "Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName. Default is 'ClusterIP'.",
            ),
            Flag::text(
                "cluster-ip",
                "ClusterIP to be assigned to the service. Set to 'None' to create a headless service.",
            ),
            Flag::text(
                "external-ip",
                "Additional external IP address (not managed by Kubernetes) to accept for the service.",
            ),
            Flag::text("load-balancer-ip", "IP to assign to the LoadBalancer."),
            Flag::text(
                "session-affinity",
                "If non-empty, set the session affinity for the service to this; legal values: 'None', 'ClientIP'.",
            ),
            Flag::text(
                "selector",
                "A label selector to use for this service. Only equality-based selector requirements are supported.",
            ),
            Flag::text(
                "labels",
                "Labels to apply to the service created by this call.",
            )
            .short('l'),
            Flag::text(
                "overrides",
                "An inline JSON override for the generated object.",
            ),
            Flag::text(
                "override-type",
                "The method used to override the generated object: json, merge, or strategic.",
            )
            .or("merge"),
        ],
        FILES,
        OUTPUT,
        DRY_RUN,
        RECORD,
        &manager("kubectl-expose"),
        SAVE_CONFIG,
    ],
    complete: Complete::Kinds(&[
        "deployment",
        "pod",
        "replicaset",
        "replicationcontroller",
        "service",
    ]),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    // --selector means the service's, not which objects to expose.
    let ask = Ask {
        selector: None,
        ..Ask::of(&cx, cx.args())?
    };
    let (infos, mut fails) = resources::read(&cx, &ask).await?;
    for info in infos {
        if let Err(e) = one(&cx, &info) {
            fails.push(e);
        }
    }
    fail::all(fails)
}

fn one(cx: &Cx, info: &Info) -> Result<(), Fail> {
    let o = &info.object;
    if ![
        "Pod",
        "Service",
        "Deployment",
        "ReplicaSet",
        "ReplicationController",
    ]
    .contains(&o.kind())
    {
        return Err(text(format!("cannot expose a {}", info.res.kind)));
    }
    let selector = match cx.flag("selector") {
        "" => selector(o)?,
        given => pairs(given)?,
    };
    let labels = match cx.flag("labels") {
        "" => o.at("metadata.labels").clone(),
        given => pairs(given)?,
    };
    let affinity = cx.flag("session-affinity");
    if !["", "None", "ClientIP"].contains(&affinity) {
        return Err(text(format!("unknown session affinity: {affinity}")));
    }
    let ports = ports(cx, o)?;
    let name = match cx.flag("name") {
        "" => info.name.clone(),
        n => n.to_string(),
    };
    let mut service = value!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
        "spec": { "ports": ports, "selector": selector },
        "status": { "loadBalancer": {} },
    });
    if !labels.is_empty() {
        service.set("metadata.labels", labels);
    }
    for (flag, field) in [
        ("type", "type"),
        ("session-affinity", "sessionAffinity"),
        ("load-balancer-ip", "loadBalancerIP"),
    ] {
        if !cx.flag(flag).is_empty() {
            service.set(&format!("spec.{field}"), cx.flag(flag).to_string());
        }
    }
    if !cx.flag("external-ip").is_empty() {
        service.set("spec.externalIPs", vec![cx.flag("external-ip").to_string()]);
    }
    if !cx.flag("cluster-ip").is_empty() {
        service.set("spec.clusterIP", cx.flag("cluster-ip").to_string());
    }
    let mut service = super::run::overridden(cx, Object(service))?;
    let ns = info.namespace.clone();
    let shown = Shown::of(cx)?;
    service = change::recorded(cx, &service);
    if cx.dry_run()? != DryRun::Client {
        let res = cx.mapper()?.resource("services")?;
        let own = ns.clone();
        service = service.edit(|s| s.set("metadata.namespace", own));
        let name = service.name().to_string();
        let target = Info {
            res,
            namespace: ns,
            name,
            source: String::new(),
            object: service.clone(),
        };
        service = super::create::post(cx, &target, &service, cx.dry_run()?, "kubectl-expose")?;
    }
    shown.print(cx, &service, "exposed")
}

fn pairs(given: &str) -> Result<Value, Fail> {
    let mut out = Value::map();
    for pair in given.split(',') {
        let (k, v) = pair
            .split_once('=')
            .ok_or_else(|| text(format!("unexpected label spec: {pair}")))?;
        *out.field(k) = Value::str(v);
    }
    Ok(out)
}

fn selector(o: &Object) -> Result<Value, Fail> {
    let found = match o.kind() {
        "Pod" => o.at("metadata.labels"),
        "Service" | "ReplicationController" => o.at("spec.selector"),
        _ => {
            if !o.at("spec.selector.matchExpressions").is_empty() {
                return Err(text(format!(
                    "couldn't convert expressions - \"{}\" to map-based selector format",
                    crate::forms::go(o.at("spec.selector.matchExpressions"))
                )));
            }
            o.at("spec.selector.matchLabels")
        }
    };
    match found.is_empty() {
        true if o.kind() == "Pod" => Err(text(
            "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
        )),
        true => Err(text(
            "couldn't retrieve selectors via --selector flag or introspection: invalid service has no selectors: no selectors specified",
        )),
        false => Ok(found.clone()),
    }
}

/// The ports of the object: (number, protocol).
fn own_ports(o: &Object) -> Vec<(i64, String)> {
    let read = |list: &Value, field: &str| -> Vec<(i64, String)> {
        let items = list.items().iter();
        items
            .map(|p| (p.int(field), p.text("protocol").to_string()))
            .collect()
    };
    if o.kind() == "Service" {
        return read(o.at("spec.ports"), "port");
    }
    let Some(path) = change::pod_spec_path(o) else {
        return Vec::new();
    };
    let containers = o.at(&path).get("containers").items();
    containers
        .iter()
        .flat_map(|c| read(c.get("ports"), "containerPort"))
        .collect()
}

fn ports(cx: &Cx, o: &Object) -> Result<Vec<Value>, Fail> {
    let own = own_ports(o);
    let wanted: Vec<i64> = match cx.flag("port") {
        "" => own.iter().map(|p| p.0).collect(),
        given => {
            let parsed: Result<Vec<i64>, _> = given.split(',').map(str::parse).collect();
            parsed
                .map_err(|_| text(format!("strconv.Atoi: parsing \"{given}\": invalid syntax")))?
        }
    };
    if wanted.is_empty() {
        return Err(text("couldn't find port via --port flag or introspection"));
    }
    let several = wanted.len() > 1;
    Ok(wanted
        .iter()
        .enumerate()
        .map(|(i, port)| {
            let protocol = match cx.flag("protocol") {
                "" => own
                    .iter()
                    .find(|p| p.0 == *port)
                    .map(|p| p.1.clone())
                    .filter(|p| !p.is_empty())
                    .unwrap_or("TCP".into()),
                given => given.to_string(),
            };
            let target = match cx.flag("target-port") {
                "" => Value::Int(*port),
                given => parts::int_or_text(given),
            };
            let mut p = value!({ "port": *port, "protocol": protocol, "targetPort": target });
            if several {
                p.set("name", format!("port-{}", i + 1));
            }
            p
        })
        .collect())
}
