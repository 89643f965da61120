//! The door, asked as a client asks it.

use crate::{Cluster, World};
use machinery::{Method, Request, Response, Value, value};

fn fresh() -> Cluster {
    Cluster::new(World::standard(1))
}

/// `CODE body-text` of the answer to one request.
fn ask(c: &mut Cluster, r: Request) -> (u16, Value) {
    match c.request(r) {
        Response::Ok { code, body, .. } => (code, body),
        Response::Err { status, .. } => (status.code, status.to_value()),
        other => (0, Value::from(format!("{other:?}"))),
    }
}

fn map(name: &str) -> Value {
    value!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": Value::str(name) }, "data": { "a": "b" } })
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[test]
fn an_object_lives_and_every_refusal_has_upstreams_words() {
    let c = &mut fresh();
    let (code, made) = ask(c, Request::new(Method::Post, MAPS).body(map("x")));
    assert_eq!((code, made.text("metadata.namespace")), (201, "default"));
    let post =
        |c: &mut Cluster, path: &str, v: Value| ask(c, Request::new(Method::Post, path).body(v));
    let said = |(code, v): (u16, Value)| format!("{code} {}", v.text("message"));
    assert_eq!(
        said(post(c, MAPS, map("x"))),
        "409 configmaps \"x\" already exists"
    );
    assert_eq!(
        said(post(c, "/api/v1/namespaces/lost/configmaps", map("x"))),
        "404 namespaces \"lost\" not found"
    );
    let mut stale = made.clone();
    stale.set("data.a", "c");
    let put = |c: &mut Cluster, v: &Value| {
        ask(
            c,
            Request::new(Method::Put, format!("{MAPS}/x")).body(v.clone()),
        )
    };
    let (code, v) = put(c, &stale);
    assert_eq!((code, v.text("data.a")), (200, "c"));
    assert_eq!(
        said(put(c, &made)),
        "409 Operation cannot be fulfilled on configmaps \"x\": the object has been modified; please apply your changes to the latest version and try again"
    );
    let before = c.store.version();
    assert_eq!(
        (put(c, &v).0, c.store.version()),
        (200, before),
        "a write that changes nothing is none"
    );
    let (code, v) = ask(c, Request::new(Method::Delete, format!("{MAPS}/x")));
    assert_eq!(
        (code, v.text("status"), v.text("details.kind")),
        (200, "Success", "configmaps")
    );
    assert_eq!(
        said(ask(c, Request::get(format!("{MAPS}/x")))),
        "404 configmaps \"x\" not found"
    );
    assert_eq!(
        said(ask(
            c,
            Request::new(Method::Delete, "/api/v1/namespaces/default")
        )),
        "403 namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
}

#[test]
fn a_watch_tells_what_begins_and_ceases_to_match() {
    let c = &mut fresh();
    let start = c.store.version().to_string();
    ask(c, Request::new(Method::Post, MAPS).body(map("x")));
    for label in ["a", "b"] {
        let (_, mut v) = ask(c, Request::get(format!("{MAPS}/x")));
        v.set("metadata.labels.l", label);
        ask(c, Request::new(Method::Put, format!("{MAPS}/x")).body(v));
    }
    let watch = Request::get(MAPS)
        .with("watch", "true")
        .with("resourceVersion", start)
        .with("labelSelector", "l=a");
    let Response::Watch { events, .. } = c.request(watch) else {
        panic!("no watch")
    };
    let kinds: Vec<&str> = events.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["ADDED", "DELETED"]);
}

#[test]
fn a_fresh_cluster_makes_all_its_own_objects() {
    let mut c = Cluster::new(World::standard(1));
    c.listening = true;
    super::bootstrap(&mut c);
    let refused: Vec<String> = c
        .drain()
        .into_iter()
        .filter_map(|o| match o {
            crate::Output::Alarm { text, .. } => Some(text),
            _ => None,
        })
        .filter(|t| !t.ends_with("already exists") && !t.ends_with("already allocated"))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn roles_decide_and_refusals_say_why() {
    let c = &mut fresh();
    let mut r = Request::get("/api/v1/namespaces/default/pods");
    r.user = machinery::User::new("jane", &[]);
    let (code, v) = ask(c, r);
    assert_eq!(
        (code, v.text("message")),
        (
            403,
            "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\""
        )
    );
    let binding = value!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": { "name": "j" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane" }],
    });
    let path = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
    assert_eq!(
        ask(c, Request::new(Method::Post, path).body(binding)).0,
        201
    );
    let mut r = Request::get("/api/v1/namespaces/default/pods");
    r.user = machinery::User::new("jane", &[]);
    assert_eq!(ask(c, r).0, 200);
}

#[test]
fn a_pod_comes_out_of_admission_whole() {
    let c = &mut fresh();
    let pod = value!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" },
        "spec": { "containers": [{ "name": "c", "image": "nginx" }] },
    });
    let (code, v) = ask(
        c,
        Request::new(Method::Post, "/api/v1/namespaces/default/pods").body(pod),
    );
    assert_eq!(code, 201, "{v:?}");
    assert_eq!(
        (v.int("spec.priority"), v.text("spec.serviceAccountName")),
        (0, "default")
    );
    assert_eq!(v.at("spec.tolerations").items().len(), 2);
    let (code, v) = ask(
        c,
        Request::new(Method::Delete, "/api/v1/namespaces/default/pods/p"),
    );
    assert_eq!(
        (code, v.text("kind"), c.store.count("pods")),
        (200, "Pod", 0)
    );
}

#[test]
fn services_get_addresses_and_ports() {
    let c = &mut fresh();
    let svc = |name: &str, port: i64| {
        value!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": Value::str(name) },
            "spec": { "type": "NodePort", "selector": { "a": "b" }, "ports": [{ "port": 80, "nodePort": port }] },
        })
    };
    let post = |c: &mut Cluster, v: Value| {
        ask(
            c,
            Request::new(Method::Post, "/api/v1/namespaces/default/services").body(v),
        )
    };
    let (code, v) = post(c, svc("a", 30080));
    assert_eq!(code, 201, "{v:?}");
    assert!(v.text("spec.clusterIP").starts_with("10.96."));
    let (_, v) = post(c, svc("b", 30080));
    assert_eq!(
        v.text("message"),
        "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
    );
}

#[test]
fn patches_change_what_they_name() {
    let c = &mut fresh();
    ask(c, Request::new(Method::Post, MAPS).body(map("x")));
    let patch = |c: &mut Cluster, how: machinery::PatchType, v: Value| {
        let mut r = Request::new(Method::Patch, format!("{MAPS}/x")).body(v);
        r.patch = Some(how);
        ask(c, r)
    };
    let (code, v) = patch(
        c,
        machinery::PatchType::Merge,
        value!({ "data": { "a": null, "b": "c" } }),
    );
    assert_eq!(
        (code, machinery::json::print(v.get("data")).as_str()),
        (200, r#"{"b":"c"}"#)
    );
    let (code, v) = patch(
        c,
        machinery::PatchType::Json,
        value!([{ "op": "remove", "path": "/data/nope" }]),
    );
    assert_eq!(
        (code, v.text("message")),
        (
            422,
            "the server rejected our request due to an error in our request"
        )
    );
    let (code, v) = patch(
        c,
        machinery::PatchType::Strategic,
        value!({ "metadata": { "finalizers": ["a.b/c"] } }),
    );
    assert_eq!((code, v.at("metadata.finalizers").items().len()), (200, 1));
    let (_, v) = ask(c, Request::new(Method::Delete, format!("{MAPS}/x")));
    assert_eq!(
        (v.text("kind"), v.int("metadata.deletionGracePeriodSeconds")),
        ("ConfigMap", 0)
    );
    let (_, v) = ask(c, Request::new(Method::Post, MAPS).body(map("x")));
    assert_eq!(
        v.text("message"),
        "object is being deleted: configmaps \"x\" already exists"
    );
    patch(
        c,
        machinery::PatchType::Merge,
        value!({ "metadata": { "finalizers": null } }),
    );
    assert_eq!(ask(c, Request::get(format!("{MAPS}/x"))).0, 404);
}

#[test]
fn a_definition_is_served_at_once_and_takes_its_objects_along() {
    let c = &mut fresh();
    let crd = value!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "robots.x.io" },
        "spec": {
            "group": "x.io", "scope": "Namespaced", "names": { "kind": "Robot", "plural": "robots", "singular": "robot" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": {
                    "type": "object", "required": ["model"], "properties": {
                        "model": { "type": "string", "enum": ["welder", "painter"] },
                        "arms": { "type": "integer", "maximum": 8, "default": 2 },
                    },
                } } } },
                "additionalPrinterColumns": [{ "name": "Arms", "type": "integer", "jsonPath": ".spec.arms" }],
            }],
        },
    });
    const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const ROBOTS: &str = "/apis/x.io/v1/namespaces/default/robots";
    assert_eq!(ask(c, Request::get(ROBOTS)).0, 404);
    let (code, v) = ask(c, Request::new(Method::Post, CRDS).body(crd));
    assert_eq!(code, 201, "{v:?}");
    let robot = |spec: Value| value!({ "apiVersion": "x.io/v1", "kind": "Robot", "metadata": { "name": "m" }, "spec": spec });
    let post = |c: &mut Cluster, v: Value| ask(c, Request::new(Method::Post, ROBOTS).body(v));
    let (_, v) = post(c, robot(value!({ "model": "cook", "arms": 12, "legs": 2 })));
    assert_eq!(
        v.text("message"),
        "Robot.x.io \"m\" is invalid: [spec.arms: Invalid value: 12: spec.arms in body should be less than or equal to 8, spec.model: Unsupported value: \"cook\": supported values: \"welder\", \"painter\"]"
    );
    let (code, v) = post(c, robot(value!({ "model": "welder" })));
    assert_eq!((code, v.int("spec.arms")), (201, 2), "{v:?}");
    let (_, v) = ask(c, Request::get(ROBOTS).accept(machinery::Accept::Table));
    assert_eq!(
        machinery::json::print(v.get("rows").items()[0].get("cells")),
        r#"["m",2]"#
    );
    ask(
        c,
        Request::new(Method::Delete, format!("{CRDS}/robots.x.io")),
    );
    assert_eq!(
        (ask(c, Request::get(ROBOTS)).0, c.store.count("robots.x.io")),
        (404, 0)
    );
}

#[test]
fn server_side_apply_finds_conflicts_and_lets_force_win() {
    let c = &mut fresh();
    let apply = |c: &mut Cluster, manager: &str, force: bool, v: Value| {
        let mut r = Request::new(Method::Patch, format!("{MAPS}/x"))
            .body(v)
            .with("fieldManager", manager);
        r.patch = Some(machinery::PatchType::Apply);
        let r = if force { r.with("force", "true") } else { r };
        ask(c, r)
    };
    let mut two = map("x");
    two.set("data.b", "b");
    let (code, v) = apply(c, "one", false, two);
    assert_eq!(
        (code, v.at("metadata.managedFields").items().len()),
        (201, 1),
        "{v:?}"
    );
    let mut other = map("x");
    other.set("data.a", "changed");
    let (code, v) = apply(c, "ops", false, other.clone());
    assert_eq!(
        (code, v.text("message")),
        (
            409,
            "Apply failed with 1 conflict: conflict with \"one\": .data.a"
        )
    );
    let (code, v) = apply(c, "ops", true, other);
    assert_eq!(
        (code, v.text("data.a"), v.text("data.b")),
        (200, "changed", "b")
    );
    // What the first no longer names goes; what the other owns stays.
    let bare = value!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "x" } });
    let (_, v) = apply(c, "one", false, bare);
    assert_eq!(machinery::json::print(v.get("data")), r#"{"a":"changed"}"#);
}
