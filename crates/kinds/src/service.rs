//! Service: a steady name and address before a changing set of pods.
//! Upstream: `kubernetes:pkg/registry/core/service/strategy.go`, `SetDefaults_Service`.
//! The cluster IP, node ports and IP families are no defaults: the API server's allocator chooses them.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::normal::{each, normalize, within};
use machinery::{Object, Value, value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Service",
    plural: "services",
    singular: "service",
    short: &["svc"],
    categories: &["all"],
    namespaced: true,
    generation: false,
    subresources: &[
        Subresource {
            name: "proxy",
            group_version: "",
            kind: "ServiceProxyOptions",
            verbs: &["create", "delete", "get", "patch", "update"],
        },
        Subresource::STATUS,
    ],
    default,
    prepare_create: |v| v.set("status", value!({ "loadBalancer": {} })),
    prepare_update,
    columns: &[
        Column::NAME,
        Column::text("Type"),
        Column::text("Cluster-IP"),
        Column::text("External-IP"),
        Column::text("Port(s)"),
        Column::AGE,
        Column::wide("Selector"),
    ],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("spec", Value::map());
    within(v, "spec", |spec| {
        spec.set_default("sessionAffinity", "None");
        match spec.text("sessionAffinity") {
            "None" => drop(spec.remove("sessionAffinityConfig")),
            "ClientIP" => spec.set_default("sessionAffinityConfig.clientIP.timeoutSeconds", 10800),
            _ => {}
        }
        spec.set_default("type", "ClusterIP");
        each(spec, "ports", |p| {
            p.set_default("protocol", "TCP");
            if p.at("targetPort").is_empty() {
                let port = p.get("port").clone();
                p.set("targetPort", port);
            }
        });
        let kind = spec.text("type").to_string();
        let external = matches!(kind.as_str(), "NodePort" | "LoadBalancer")
            || (kind == "ClusterIP" && !spec.at("externalIPs").is_empty());
        if external {
            spec.set_default("externalTrafficPolicy", "Cluster");
        }
        if kind != "ExternalName" {
            spec.set_default("internalTrafficPolicy", "Cluster");
        }
        if kind == "LoadBalancer" {
            spec.set_default("allocateLoadBalancerNodePorts", true);
        }
    });
}

fn prepare_update(new: &mut Value, old: &Value) {
    new.set("status", old.get("status").clone());
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let cluster_ip = match o.at("spec.clusterIPs").items().first().and_then(Value::as_str) {
        Some(ip) => ip,
        None => o.text("spec.clusterIP"),
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.type")),
        cells::or_none(cluster_ip.to_string()).into(),
        external_ip(o).into(),
        cells::or_none(ports(o)).into(),
        cells::age(o, cx),
        cells::labels(o.at("spec.selector")).into(),
    ]
}

/// `80/TCP,443:30443/TCP`.
fn ports(o: &Object) -> String {
    let one = |p: &Value| match p.int("nodePort") {
        0 => format!("{}/{}", p.int("port"), p.text("protocol")),
        node => format!("{}:{node}/{}", p.int("port"), p.text("protocol")),
    };
    o.at("spec.ports").items().iter().map(one).collect::<Vec<_>>().join(",")
}

fn external_ip(o: &Object) -> String {
    let given: Vec<&str> = o.at("spec.externalIPs").items().iter().filter_map(Value::as_str).collect();
    match o.text("spec.type") {
        "ExternalName" => o.text("spec.externalName").to_string(),
        "LoadBalancer" => {
            let mut all = load_balancer(o.at("status.loadBalancer"));
            all.extend(given.iter().map(|s| s.to_string()));
            if all.is_empty() { "<pending>".into() } else { all.join(",") }
        }
        _ => cells::or_none(given.join(",")),
    }
}

/// The addresses in a load balancer's status: sorted, each once.
pub fn load_balancer(status: &Value) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for i in status.get("ingress").items() {
        let address = if i.text("ip").is_empty() { i.text("hostname") } else { i.text("ip") };
        if !address.is_empty() {
            out.push(address.to_string());
        }
    }
    out.sort();
    out.dedup();
    out
}
