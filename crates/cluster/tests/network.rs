//! Requests through the simulated network: names, Services, policies, ingress, ports of nodes.

use cluster::network::{self, Origin};
use cluster::{Cluster, World};
use machinery::http::{Fetch, HttpRequest};
use machinery::{Method, Request, Response, Value, value};

fn make(c: &mut Cluster, path: &str, body: Value) {
    let r = c.request(Request::new(Method::Post, path).body(body));
    assert!(matches!(r, Response::Ok { .. }), "{r:?}");
}

fn after(c: &mut Cluster, ms: i64) {
    assert!(c.advance(c.now + ms, 1_000_000));
}

fn ask(c: &mut Cluster, from: &Origin, url: &str) -> String {
    match network::fetch(
        c,
        from,
        &HttpRequest {
            url: url.into(),
            ..HttpRequest::default()
        },
    ) {
        Fetch::Answer(a) => format!("{} {}", a.status, a.body.lines().next().unwrap_or("")),
        other => format!("{other:?}"),
    }
}

fn pod(name: &str, image: &str, args: Value) -> Value {
    let mut container = value!({ "name": "c", "image": image.to_string() });
    if !args.is_null() {
        container.set("args", args);
    }
    value!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name.to_string(), "labels": { "app": name.to_string() } }, "spec": { "containers": [container] } })
}

fn service(name: &str, kind: &str, port: i64, target: i64) -> Value {
    value!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name.to_string() },
        "spec": { "type": kind.to_string(), "selector": { "app": name.to_string() }, "ports": [{ "port": port, "targetPort": target, "protocol": "TCP" }] },
    })
}

const NS: &str = "/api/v1/namespaces/default";

/// A client `box`, a server `web` behind a NodePort Service.
fn scene() -> (Cluster, Origin) {
    let mut c = Cluster::new(World::standard(2));
    after(&mut c, 2_000);
    make(
        &mut c,
        &format!("{NS}/pods"),
        pod("box", "busybox", value!(["sleep", "3600"])),
    );
    make(
        &mut c,
        &format!("{NS}/pods"),
        pod(
            "web",
            "hashicorp/http-echo:1.0",
            value!(["-text=hi", "-listen=:5678"]),
        ),
    );
    make(
        &mut c,
        &format!("{NS}/services"),
        service("web", "NodePort", 80, 5678),
    );
    after(&mut c, 5_000);
    (
        c,
        Origin::Pod {
            namespace: "default".into(),
            name: "box".into(),
        },
    )
}

#[test]
fn names_services_and_ports_of_nodes_lead_to_pods() {
    let (mut c, inside) = scene();
    let port = c
        .store
        .get("services", "default", "web")
        .map_or(0, |s| s.at("spec.ports").items()[0].int("nodePort"));
    for (from, url, expected) in [
        (&inside, "web".to_string(), "200 hi"),
        (
            &inside,
            "http://web.default.svc.cluster.local:80/".to_string(),
            "200 hi",
        ),
        (&inside, "web:81".to_string(), "Timeout"),
        (&inside, "nobody".to_string(), "UnknownHost"),
        (
            &Origin::Host,
            format!("http://172.18.0.3:{port}/"),
            "200 hi",
        ),
        (
            &Origin::Host,
            "http://172.18.0.3:31999/".to_string(),
            "Refused",
        ),
        (&Origin::Host, "localhost:8080".to_string(), "Refused"),
    ] {
        assert_eq!(ask(&mut c, from, &url), expected, "{url}");
    }
}

#[test]
fn a_service_without_ready_endpoints_refuses() {
    let (mut c, inside) = scene();
    c.request(Request::new(Method::Delete, format!("{NS}/pods/web")));
    after(&mut c, 5_000);
    assert_eq!(ask(&mut c, &inside, "web"), "Refused");
}

#[test]
fn a_policy_closes_what_it_does_not_allow() {
    let (mut c, inside) = scene();
    let policy = |from: Value| {
        value!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": "only" },
            "spec": { "podSelector": { "matchLabels": { "app": "web" } }, "policyTypes": ["Ingress"], "ingress": from },
        })
    };
    let path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
    make(&mut c, path, policy(value!([])));
    assert_eq!(ask(&mut c, &inside, "web"), "Timeout");
    c.request(Request::new(Method::Delete, format!("{path}/only")));
    make(
        &mut c,
        path,
        policy(value!([{ "from": [{ "podSelector": { "matchLabels": { "app": "box" } } }] }])),
    );
    assert_eq!(ask(&mut c, &inside, "web"), "200 hi");
}

#[test]
fn an_ingress_controller_leads_by_host_and_path() {
    let (mut c, _) = scene();
    let mut controller = pod(
        "ingress",
        "registry.k8s.io/ingress-nginx/controller:v1.14.0",
        Value::Null,
    );
    controller.set("spec.hostNetwork", true);
    make(&mut c, &format!("{NS}/pods"), controller);
    let ingress = value!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "i" },
        "spec": { "rules": [{ "host": "shop.example", "http": { "paths": [
            { "path": "/a", "pathType": "Prefix", "backend": { "service": { "name": "web", "port": { "number": 80 } } } },
            { "path": "/b", "pathType": "Prefix", "backend": { "service": { "name": "gone", "port": { "number": 80 } } } },
        ] } }] },
    });
    make(
        &mut c,
        "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
        ingress,
    );
    after(&mut c, 10_000);
    let node = c
        .store
        .get("pods", "default", "ingress")
        .map(|p| p.text("status.podIP").to_string())
        .unwrap_or_default();
    let mut at = |host: &str, path: &str| {
        let request = HttpRequest {
            url: format!("http://{node}{path}"),
            headers: vec![("Host".into(), host.into())],
            ..HttpRequest::default()
        };
        match network::fetch(&mut c, &Origin::Host, &request) {
            Fetch::Answer(a) => a.status,
            _ => 0,
        }
    };
    for (host, path, expected) in [
        ("shop.example", "/a/x", 200),
        ("shop.example", "/ab", 404),
        ("shop.example", "/b", 503),
        ("other.example", "/a", 404),
    ] {
        assert_eq!(at(host, path), expected, "{host}{path}");
    }
    let i = c
        .store
        .get("ingresses.networking.k8s.io", "default", "i")
        .cloned()
        .unwrap_or_default();
    assert_eq!(
        i.at("status.loadBalancer.ingress")
            .items()
            .first()
            .map(|i| i.text("ip").to_string()),
        Some(node)
    );
}
