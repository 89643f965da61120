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
    let post = |c: &mut Cluster, path: &str, v: Value| ask(c, Request::new(Method::Post, path).body(v));
    let said = |(code, v): (u16, Value)| format!("{code} {}", v.text("message"));
    assert_eq!(said(post(c, MAPS, map("x"))), "409 configmaps \"x\" already exists");
    assert_eq!(
        said(post(c, "/api/v1/namespaces/lost/configmaps", map("x"))),
        "404 namespaces \"lost\" not found"
    );
    let mut stale = made.clone();
    stale.set("data.a", "c");
    let put = |c: &mut Cluster, v: &Value| ask(c, Request::new(Method::Put, format!("{MAPS}/x")).body(v.clone()));
    let (code, v) = put(c, &stale);
    assert_eq!((code, v.text("data.a")), (200, "c"));
    assert_eq!(
        said(put(c, &made)),
        "409 Operation cannot be fulfilled on configmaps \"x\": the object has been modified; please apply your changes to the latest version and try again"
    );
    let before = c.store.version();
    assert_eq!((put(c, &v).0, c.store.version()), (200, before), "a write that changes nothing is none");
    let (code, v) = ask(c, Request::new(Method::Delete, format!("{MAPS}/x")));
    assert_eq!((code, v.text("status"), v.text("details.kind")), (200, "Success", "configmaps"));
    assert_eq!(said(ask(c, Request::get(format!("{MAPS}/x")))), "404 configmaps \"x\" not found");
    assert_eq!(
        said(ask(c, Request::new(Method::Delete, "/api/v1/namespaces/default"))),
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
    let watch = Request::get(MAPS).with("watch", "true").with("resourceVersion", start).with("labelSelector", "l=a");
    let Response::Watch { events, .. } = c.request(watch) else { panic!("no watch") };
    let kinds: Vec<&str> = events.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["ADDED", "DELETED"]);
}
