//! RoleBinding: who has a role in a namespace.
//! Upstream: `kubernetes:pkg/registry/rbac/rolebinding/strategy.go`.

use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{each, normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "RoleBinding",
    plural: "rolebindings",
    singular: "rolebinding",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Role"), Column::AGE, Column::wide("Users"), Column::wide("Groups"), Column::wide("ServiceAccounts")],
    cells: row,
    describe,
    ..Kind::NONE
};

pub fn default(v: &mut Value) {
    normalize(v);
    v.set_default("roleRef", Value::map());
    if v.text("roleRef.apiGroup").is_empty() {
        v.set("roleRef.apiGroup", "rbac.authorization.k8s.io");
    }
    each(v, "subjects", |s| {
        if matches!(s.text("kind"), "User" | "Group") && s.text("apiGroup").is_empty() {
            s.set("apiGroup", "rbac.authorization.k8s.io");
        }
        if s.text("kind") == "ServiceAccount" && s.text("apiGroup").is_empty() {
            s.remove("apiGroup");
        }
    });
}

pub fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let subjects = |kind: &str, with_namespace: bool| {
        let of_kind = o.at("subjects").items().iter().filter(|s| s.text("kind") == kind);
        let text = |s: &Value| match with_namespace {
            true => format!("{}/{}", s.text("namespace"), s.text("name")),
            false => s.text("name").to_string(),
        };
        Value::from(of_kind.map(text).collect::<Vec<_>>().join(", "))
    };
    let role = o.at("roleRef");
    vec![
        Value::str(o.name()),
        format!("{}/{}", role.text("kind"), role.text("name")).into(),
        cells::age(o, cx),
        subjects("User", false),
        subjects("Group", false),
        subjects("ServiceAccount", true),
    ]
}

pub fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels_and_annotations(o);
    d.line(0, "Role:");
    d.line(1, format!("Kind:\t{}", o.text("roleRef.kind")));
    d.line(1, format!("Name:\t{}", o.text("roleRef.name")));
    d.line(0, "Subjects:");
    d.line(1, "Kind\tName\tNamespace");
    d.line(1, "----\t----\t---------");
    for s in o.at("subjects").items() {
        d.line(1, format!("{}\t{}\t{}", s.text("kind"), s.text("name"), s.text("namespace")));
    }
}
