//! RoleBinding: who has a role in a namespace.
//! Upstream: `kubernetes:pkg/registry/rbac/rolebinding/strategy.go`.

use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::each;
use machinery::{Errors, Object, Path, Value};

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
    names: crate::names::path_segment,
    validate,
    validate_update,
    ..Kind::NONE
};

pub fn default(v: &mut Value) {
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

fn validate(o: &Object, errors: &mut Errors) {
    binding(o, &["Role", "ClusterRole"], true, errors);
}

/// A binding of either kind.
pub fn binding(o: &Object, kinds: &[&str], namespaced: bool, errors: &mut Errors) {
    let path = Path::root("roleRef");
    let role = o.at("roleRef");
    let group = "rbac.authorization.k8s.io";
    if role.text("apiGroup") != group {
        errors.not_supported(&path.child("apiGroup"), Value::str(role.text("apiGroup")), &[group]);
    }
    if !kinds.contains(&role.text("kind")) {
        errors.not_supported(&path.child("kind"), Value::str(role.text("kind")), kinds);
    }
    match role.text("name") {
        "" => errors.required(&path.child("name"), ""),
        name => crate::meta::each(errors, &path.child("name"), name, crate::names::path_segment(name)),
    }
    for (i, s) in o.at("subjects").items().iter().enumerate() {
        let path = Path::root("subjects").index(i);
        if s.text("name").is_empty() {
            errors.required(&path.child("name"), "");
        }
        let wanted = match s.text("kind") {
            "ServiceAccount" => "",
            "User" | "Group" => group,
            other => {
                let known = ["ServiceAccount", "User", "Group"];
                errors.not_supported(&path.child("kind"), Value::str(other), &known);
                continue;
            }
        };
        if s.text("kind") == "ServiceAccount" {
            if !s.text("name").is_empty() {
                let found = crate::names::dns_subdomain(s.text("name"));
                crate::meta::each(errors, &path.child("name"), s.text("name"), found);
            }
            if !namespaced && s.text("namespace").is_empty() {
                errors.required(&path.child("namespace"), "");
            }
        }
        if s.text("apiGroup") != wanted {
            errors.not_supported(&path.child("apiGroup"), Value::str(s.text("apiGroup")), &[wanted]);
        }
    }
}

pub fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    if new.get("roleRef") != old.get("roleRef") {
        errors.invalid(&Path::root("roleRef"), new.get("roleRef").clone(), "cannot change roleRef");
    }
}
