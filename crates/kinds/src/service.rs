//! Service: a steady name and address before a changing set of pods.
//! Upstream: `kubernetes:pkg/registry/core/service/strategy.go`, `SetDefaults_Service`.
//! The cluster IP, node ports and IP families are no defaults: the API server's allocator chooses them.

use machinery::Arrange;
use crate::describe::{Describe, or_unset, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::{each, within};
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
    describe,
    names: crate::names::dns_label,
    validate: crate::service_validate::service,
    validate_update: crate::service_validate::update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
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
    out.arrange();
    out.dedup();
    out
}

fn describe(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    d.head(o);
    d.labels_and_annotations(o);
    d.line(0, format!("Selector:\t{}", cells::labels(spec.get("selector"))));
    d.line(0, format!("Type:\t{}", spec.text("type")));
    if !spec.text("ipFamilyPolicy").is_empty() {
        d.line(0, format!("IP Family Policy:\t{}", spec.text("ipFamilyPolicy")));
    }
    let list = |key: &str| {
        let items = spec.get(key).items().iter().filter_map(Value::as_str);
        items.collect::<Vec<_>>().join(",")
    };
    d.line(0, format!("IP Families:\t{}", cells::or_none(list("ipFamilies"))));
    d.line(0, format!("IP:\t{}", spec.text("clusterIP")));
    d.line(0, format!("IPs:\t{}", cells::or_none(list("clusterIPs"))));
    for (title, text) in [
        ("External IPs", list("externalIPs")),
        ("Desired LoadBalancer IP", spec.text("loadBalancerIP").to_string()),
        ("External Name", spec.text("externalName").to_string()),
        ("LoadBalancer Ingress", ingress(o)),
    ] {
        if !text.is_empty() {
            d.line(0, format!("{title}:\t{text}"));
        }
    }
    let name = format!("kubernetes.io/service-name={}", o.name());
    let slices = d.related.list("discovery.k8s.io/v1", "EndpointSlice", o.namespace(), &name);
    for p in spec.get("ports").items() {
        port(d, p, &slices);
    }
    d.line(0, format!("Session Affinity:\t{}", spec.text("sessionAffinity")));
    let node_port = match spec.int("healthCheckNodePort") {
        0 => String::new(),
        n => n.to_string(),
    };
    for (title, text) in [
        ("External Traffic Policy", spec.text("externalTrafficPolicy").to_string()),
        ("Internal Traffic Policy", spec.text("internalTrafficPolicy").to_string()),
        ("HealthCheck NodePort", node_port),
        ("LoadBalancer Source Ranges", list("loadBalancerSourceRanges")),
        ("Traffic Distribution", spec.text("trafficDistribution").to_string()),
    ] {
        if !text.is_empty() {
            d.line(0, format!("{title}:\t{text}"));
        }
    }
    d.events(o);
}

/// The addresses that a load balancer gave.
fn ingress(o: &Object) -> String {
    let one = |i: &Value| match (i.text("ip"), i.text("ipMode")) {
        ("", _) => i.text("hostname").to_string(),
        (ip, "") => ip.to_string(),
        (ip, mode) => format!("{ip} ({mode})"),
    };
    o.at("status.loadBalancer.ingress").items().iter().map(one).collect::<Vec<_>>().join(", ")
}

fn port(d: &mut Describe, p: &Value, slices: &[Object]) {
    let (name, protocol) = (or_unset(p.text("name")), p.text("protocol"));
    d.line(0, format!("Port:\t{name}\t{}/{protocol}", p.int("port")));
    d.line(0, format!("TargetPort:\t{}/{protocol}", plain(p.get("targetPort"))));
    if !p.text("appProtocol").is_empty() {
        d.line(0, format!("AppProtocol:\t{}", p.text("appProtocol")));
    }
    if p.int("nodePort") != 0 {
        d.line(0, format!("NodePort:\t{name}\t{}/{protocol}", p.int("nodePort")));
    }
    d.line(0, format!("Endpoints:\t{}", ready_endpoints(slices, p.text("name"))));
}

/// `10.0.0.1:80,10.0.0.2:80 + 1 more...`: the ready endpoints at a port, three at most.
pub fn ready_endpoints(slices: &[Object], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".into();
    }
    let mut all: Vec<String> = Vec::new();
    for slice in slices {
        let ready = slice.at("endpoints").items().iter().filter(|e| e.at("conditions.ready").as_bool() != Some(false));
        let addresses: Vec<&str> =
            ready.filter_map(|e| e.get("addresses").items().first().and_then(Value::as_str)).collect();
        let ports = slice.at("ports").items();
        if ports.is_empty() {
            all.extend(addresses.iter().map(|a| a.to_string()));
        }
        for p in ports.iter().filter(|p| p.text("name") == port_name) {
            let with_port = |a: &&str| crate::endpoints::join_host_port(a, p.int("port"));
            all.extend(addresses.iter().map(with_port));
        }
    }
    let shown = all.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    if all.len() > 3 { format!("{shown} + {} more...", all.len() - 3) } else { shown }
}
