//! The life of pods as a client sees it: created through the door, then looked at after a while.

use cluster::{Cluster, World};
use machinery::{Method, Request, Response, Value, value};

fn post(c: &mut Cluster, path: &str, body: Value) -> Value {
    let r = c.request(Request::new(Method::Post, path).body(body));
    match r {
        Response::Ok { body, .. } => body,
        other => panic!("{other:?}"),
    }
}

fn get(c: &mut Cluster, path: &str) -> Value {
    c.request(Request::get(path)).value().unwrap_or_default()
}

fn after(c: &mut Cluster, ms: i64) {
    assert!(c.advance(c.now + ms, 1_000_000));
}

fn pod(name: &str, container: Value) -> Value {
    value!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name.to_string() },
        "spec": { "containers": [container] },
    })
}

fn fresh() -> Cluster {
    let mut c = Cluster::new(World::standard(3));
    after(&mut c, 2_000);
    c
}

const PODS: &str = "/api/v1/namespaces/default/pods";

fn events(c: &mut Cluster, about: &str) -> Vec<String> {
    let all = get(c, "/api/v1/namespaces/default/events");
    let mine = all
        .get("items")
        .items()
        .iter()
        .filter(|e| e.at("involvedObject").text("name") == about);
    mine.map(|e| {
        format!(
            "{} {} {}",
            e.text("type"),
            e.text("reason"),
            e.text("message")
        )
    })
    .collect()
}

#[test]
fn nodes_register_and_are_ready() {
    let mut c = fresh();
    let nodes = get(&mut c, "/api/v1/nodes");
    let names: Vec<&str> = nodes
        .get("items")
        .items()
        .iter()
        .map(|n| n.at("metadata").text("name"))
        .collect();
    assert_eq!(names, ["node-1", "node-2", "node-3"]);
    let first = &nodes.get("items").items()[0];
    assert_eq!(first.text("spec.podCIDR"), "10.244.1.0/24");
    let ready = first
        .at("status.conditions")
        .items()
        .iter()
        .find(|c| c.text("type") == "Ready")
        .cloned()
        .unwrap_or_default();
    assert_eq!(
        (ready.text("status"), ready.text("message")),
        ("True", "kubelet is posting ready status")
    );
}

#[test]
fn a_web_server_becomes_ready_and_goes_with_its_object() {
    let mut c = fresh();
    post(
        &mut c,
        PODS,
        pod("web", value!({ "name": "web", "image": "nginx:1.27" })),
    );
    after(&mut c, 3_000);
    let web = get(&mut c, &format!("{PODS}/web"));
    assert_eq!(
        web.text("status.phase"),
        "Running",
        "{:?}",
        web.get("status")
    );
    let conditions: Vec<String> = web
        .at("status.conditions")
        .items()
        .iter()
        .map(|c| format!("{}={}", c.text("type"), c.text("status")))
        .collect();
    assert_eq!(
        conditions,
        [
            "PodReadyToStartContainers=True",
            "Initialized=True",
            "Ready=True",
            "ContainersReady=True",
            "PodScheduled=True"
        ]
    );
    let told = events(&mut c, "web");
    assert!(
        told.iter().any(|e| e == "Normal Created Container created"),
        "{told:?}"
    );
    c.request(Request::new(Method::Delete, format!("{PODS}/web")));
    after(&mut c, 3_000);
    assert!(get(&mut c, &format!("{PODS}/web")).is_null());
}

#[test]
fn an_image_that_does_not_exist_backs_off() {
    let mut c = fresh();
    post(
        &mut c,
        PODS,
        pod("typo", value!({ "name": "web", "image": "nginx:1.161" })),
    );
    after(&mut c, 5_000);
    let typo = get(&mut c, &format!("{PODS}/typo"));
    let state = typo.at("status.containerStatuses").items()[0]
        .at("state.waiting")
        .clone();
    assert_eq!(state.text("reason"), "ImagePullBackOff");
    assert!(
        events(&mut c, "typo")
            .iter()
            .any(|e| e.starts_with("Warning Failed Failed to pull image \"nginx:1.161\": "))
    );
}

#[test]
fn a_missing_config_map_stops_the_container_until_it_is_there() {
    let mut c = fresh();
    let env = value!([{ "name": "A", "valueFrom": { "configMapKeyRef": { "name": "theme", "key": "color" } } }]);
    post(
        &mut c,
        PODS,
        pod(
            "app",
            value!({ "name": "app", "image": "nginx", "env": env }),
        ),
    );
    after(&mut c, 3_000);
    let reason = |c: &mut Cluster| {
        get(c, &format!("{PODS}/app"))
            .at("status.containerStatuses")
            .items()[0]
            .text("state.waiting.message")
            .to_string()
    };
    assert_eq!(reason(&mut c), "configmap \"theme\" not found");
    let map = value!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "theme" }, "data": { "color": "red" } });
    post(&mut c, "/api/v1/namespaces/default/configmaps", map);
    after(&mut c, 15_000);
    assert_eq!(
        get(&mut c, &format!("{PODS}/app")).text("status.phase"),
        "Running"
    );
}

#[test]
fn the_control_planes_pods_are_seen_where_the_world_wants_it_and_can_be_stopped() {
    use cluster::kubelet::faults::Fault;
    let mut c = Cluster::new(World {
        system_pods: true,
        ..World::standard(1)
    });
    after(&mut c, 15_000);
    let names = |c: &mut Cluster| -> Vec<String> {
        let all = get(c, "/api/v1/namespaces/kube-system/pods");
        let ready = |p: &&Value| {
            p.at("status.conditions")
                .items()
                .iter()
                .any(|c| c.text("type") == "Ready" && c.text("status") == "True")
        };
        all.get("items")
            .items()
            .iter()
            .filter(ready)
            .map(|p| p.text("metadata.name").chars().take(7).collect())
            .collect()
    };
    assert_eq!(
        names(&mut c),
        [
            "coredns", "coredns", "etcd-no", "kube-ap", "kube-co", "kube-pr", "kube-sc"
        ]
    );
    let stop = |on| Fault::StopComponent {
        component: "kube-scheduler".into(),
        on,
    };
    assert!(c.fault(stop(true)));
    post(
        &mut c,
        PODS,
        pod("waits", value!({ "name": "w", "image": "nginx" })),
    );
    after(&mut c, 5_000);
    let phase = |c: &mut Cluster| {
        get(c, &format!("{PODS}/waits"))
            .text("status.phase")
            .to_string()
    };
    assert_eq!(phase(&mut c), "Pending");
    c.fault(stop(false));
    after(&mut c, 6_000);
    assert_eq!(phase(&mut c), "Running");
}

#[test]
fn a_node_that_is_cut_off_is_noticed_and_comes_back() {
    use cluster::kubelet::faults::Fault;
    let mut c = fresh();
    let mut web = pod("web", value!({ "name": "web", "image": "nginx" }));
    web.set("spec.nodeName", "node-2");
    post(&mut c, PODS, web);
    after(&mut c, 5_000);
    let ready = |c: &mut Cluster| {
        let n = get(c, "/api/v1/nodes/node-2");
        let all = n.at("status.conditions").items().to_vec();
        all.iter()
            .find(|c| c.text("type") == "Ready")
            .map(|c| c.text("status").to_string())
            .unwrap_or_default()
    };
    let cut = |on| Fault::CutNode {
        node: "node-2".into(),
        on,
    };
    assert!(c.fault(cut(true)));
    after(&mut c, 70_000);
    assert_eq!(ready(&mut c), "Unknown");
    c.fault(cut(false));
    after(&mut c, 15_000);
    assert_eq!(ready(&mut c), "True");
    assert_eq!(
        get(&mut c, &format!("{PODS}/web")).text("status.phase"),
        "Running"
    );
    assert!(c.fault(Fault::KillProcess {
        namespace: "default".into(),
        pod: "web".into(),
        container: String::new()
    }));
    after(&mut c, 3_000);
    let status = get(&mut c, &format!("{PODS}/web"))
        .at("status.containerStatuses")
        .items()[0]
        .clone();
    assert_eq!(
        (
            status.int("restartCount"),
            status.int("lastState.terminated.exitCode")
        ),
        (1, 137)
    );
}
