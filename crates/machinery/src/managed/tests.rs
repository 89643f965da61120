//! Tables: who owns what after which writes.

use super::*;
use crate::{schema, yaml};

fn v(text: &str) -> Value {
    yaml::parse(text).unwrap()
}
fn writer(manager: &str) -> Writer<'_> {
    Writer {
        manager,
        subresource: "",
        now: 0,
    }
}
/// Spec and book of an object, short.
fn show(r: Result<Value, Status>) -> String {
    let o = match r {
        Ok(o) => o,
        Err(s) => return s.message,
    };
    let mut out = json::print(o.get("spec"));
    for e in o.at("metadata.managedFields").items() {
        out.push_str(&format!(
            "\n{} {} {}",
            e.text("manager"),
            e.text("operation"),
            json::print(e.get("fieldsV1"))
        ));
    }
    out
}

const GAME: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: game}, spec: {replicas: 0, template: {spec: {containers: [{name: game, image: 'nginx:1.25'}]}}}}";
const OPS: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: game}, spec: {replicas: 1, template: {spec: {containers: [{name: game, image: 'nginx:1.26'}]}}}}";

#[test]
fn two_managers_and_a_conflict() {
    let ty = schema::of("apps/v1", "Deployment").unwrap();
    let one = apply(&Value::Null, &v(GAME), &ty, writer("kubectl"), false).unwrap();
    let book = r#"{"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"game\"}":{".":{},"f:image":{},"f:name":{}}}}}}}"#;
    assert_eq!(
        show(Ok(one.clone())),
        format!(
            "{}\nkubectl Apply {book}",
            r#"{"replicas":0,"template":{"spec":{"containers":[{"image":"nginx:1.25","name":"game"}]}}}"#
        )
    );
    assert_eq!(
        apply(&one, &v(GAME), &ty, writer("kubectl"), false).unwrap(),
        one
    );
    assert_eq!(
        show(apply(&one, &v(OPS), &ty, writer("ops"), false)),
        "Apply failed with 2 conflicts: conflicts with \"kubectl\":\n- .spec.replicas\n- .spec.template.spec.containers[name=\"game\"].image"
    );
    let two = apply(&one, &v(OPS), &ty, writer("ops"), true).unwrap();
    let left = r#"{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"game\"}":{".":{},"f:name":{}}}}}}}"#;
    assert_eq!(
        show(Ok(two.clone())),
        format!(
            "{}\nkubectl Apply {left}\nops Apply {book}",
            r#"{"replicas":1,"template":{"spec":{"containers":[{"image":"nginx:1.26","name":"game"}]}}}"#
        )
    );
    // What ops applies no more goes, but for what kubectl still has.
    let three = apply(
        &two,
        &v("{apiVersion: apps/v1, kind: Deployment, metadata: {name: game}}"),
        &ty,
        writer("ops"),
        false,
    );
    assert_eq!(
        show(three),
        format!(
            "{}\nkubectl Apply {left}",
            r#"{"template":{"spec":{"containers":[{"name":"game"}]}}}"#
        )
    );
}

#[test]
fn updates_take_ownership() {
    let ty = schema::of("v1", "Service").unwrap();
    let text = |port: &str, extra: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: s, labels: {{a: x}}}}, spec: {{selector: {{app: w}}, ports: [{{port: {port}}}]{extra}}}}}"
        )
    };
    let made = track(
        &Value::Null,
        &v(&text("80", "")),
        &ty,
        writer("kubectl-create"),
    );
    let book = r#"{"f:metadata":{"f:labels":{".":{},"f:a":{}}},"f:spec":{"f:ports":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}},"f:selector":{}}}"#;
    assert_eq!(
        show(Ok(made.clone())),
        format!(
            "{}\nkubectl-create Update {book}",
            r#"{"ports":[{"port":80}],"selector":{"app":"w"}}"#
        )
    );
    let refused = apply(
        &made,
        &v(&text("81", ", type: NodePort").replace("a: x", "a: z")),
        &ty,
        writer("me"),
        false,
    );
    assert_eq!(
        show(refused),
        "Apply failed with 1 conflict: conflict with \"kubectl-create\" using v1 at 1970-01-01T00:00:00Z: .metadata.labels.a"
    );
    let mut edited = made.clone();
    edited.set("metadata.labels.a", "q");
    let edited = track(&made, &edited, &ty, writer("kubectl-label"));
    let managers: Vec<&str> = edited
        .at("metadata.managedFields")
        .items()
        .iter()
        .map(|e| e.text("manager"))
        .collect();
    assert_eq!(managers, ["kubectl-create", "kubectl-label"]);
    let label = edited.at("metadata.managedFields").items()[1]
        .get("fieldsV1")
        .clone();
    assert_eq!(
        json::print(&label),
        r#"{"f:metadata":{"f:labels":{"f:a":{}}}}"#
    );
    assert_eq!(track(&edited, &edited, &ty, writer("nobody")), edited);
}

#[test]
fn an_object_without_a_book_was_written_before_first_apply() {
    let ty = schema::of("v1", "ConfigMap").unwrap();
    let live = v("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: '1', b: '2'}}");
    let new = |a: &str| {
        v(&format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{a: '{a}'}}}}"
        ))
    };
    assert_eq!(
        show(apply(&live, &new("9"), &ty, writer("me"), false)),
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1 at 1970-01-01T00:00:00Z: .data.a"
    );
    let shared = apply(&live, &new("1"), &ty, writer("me"), false).unwrap();
    assert_eq!(json::print(shared.get("data")), r#"{"a":"1","b":"2"}"#);
    assert_eq!(shared.at("metadata.managedFields").items().len(), 2);
}
