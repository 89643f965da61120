//! Role: what may be done in one namespace.
//! Upstream: `kubernetes:pkg/registry/rbac/role/strategy.go`.

use machinery::Arrange;
use crate::describe::Describe;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "Role",
    plural: "roles",
    singular: "role",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Created At")],
    cells: row,
    describe,
    names: crate::names::path_segment,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    if !v.has("rules") {
        v.set("rules", Value::Null);
    }
}

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("metadata.creationTimestamp"))]
}

pub fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels_and_annotations(o);
    d.line(0, "PolicyRule:");
    d.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    d.line(1, "---------\t-----------------\t--------------\t-----");
    for r in rows(o.at("rules")) {
        let verbs = r.verbs.join(" ");
        d.line(1, format!("{}\t[{}]\t[{}]\t[{verbs}]", r.resource, r.url, r.name));
    }
}

/// One line of the table: one resource or URL with all of its verbs.
pub struct Row {
    pub resource: String,
    pub url: String,
    pub name: String,
    pub verbs: Vec<String>,
}

/// Rules broken into single ones, put together again by what they are about, in upstream's order (by verbs).
pub fn rows(rules: &Value) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let texts = |v: &Value| -> Vec<String> { v.items().iter().filter_map(|t| t.as_str().map(String::from)).collect() };
    for rule in rules.items() {
        let verbs = texts(rule.get("verbs"));
        let mut names = texts(rule.get("resourceNames"));
        if names.is_empty() {
            names.push(String::new());
        }
        for group in texts(rule.get("apiGroups")) {
            for resource in texts(rule.get("resources")) {
                let (head, tail) = match resource.split_once('/') {
                    Some((head, tail)) => (head.to_string(), format!("/{tail}")),
                    None => (resource, String::new()),
                };
                let dot = if group.is_empty() { "" } else { "." };
                let resource = format!("{head}{dot}{group}{tail}");
                for name in &names {
                    let found = rows.iter_mut().find(|r| r.resource == resource && r.name == *name && r.url.is_empty());
                    match found {
                        Some(row) => row.verbs.extend(verbs.iter().cloned()),
                        None => rows.push(Row {
                            resource: resource.clone(),
                            url: String::new(),
                            name: name.clone(),
                            verbs: verbs.clone(),
                        }),
                    }
                }
            }
        }
        for url in texts(rule.get("nonResourceURLs")) {
            for verb in &verbs {
                rows.push(Row { resource: String::new(), url: url.clone(), name: String::new(), verbs: vec![verb.clone()] });
            }
        }
    }
    // Upstream compares rules as Go prints them.
    rows.arrange_by_key(|r| {
        let (whole, tail) = r.resource.split_once('/').map_or((r.resource.as_str(), String::new()), |(h, t)| (h, format!("/{t}")));
        let (resource, group) = whole.split_once('.').unwrap_or((whole, ""));
        let verbs = r.verbs.join(" ");
        format!("[{verbs}][{group}][{resource}{tail}][{}][{}]", r.name, r.url)
    });
    rows
}

fn validate(o: &Object, errors: &mut Errors) {
    rules(o, true, errors);
}

pub fn rules(o: &Object, namespaced: bool, errors: &mut Errors) {
    for (i, r) in o.at("rules").items().iter().enumerate() {
        let path = Path::root("rules").index(i);
        let none = |key: &str| r.get(key).items().is_empty();
        if none("verbs") {
            errors.required(&path.child("verbs"), "verbs must contain at least one value");
        }
        if !none("nonResourceURLs") {
            let value = r.get("nonResourceURLs").clone();
            if namespaced {
                let why = "namespaced rules cannot apply to non-resource URLs";
                errors.invalid(&path.child("nonResourceURLs"), value.clone(), why);
            }
            if !none("apiGroups") || !none("resources") || !none("resourceNames") {
                let why = "rules cannot apply to both regular resources and non-resource URLs";
                errors.invalid(&path.child("nonResourceURLs"), value, why);
            }
            continue;
        }
        if none("apiGroups") {
            errors.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
        }
        if none("resources") {
            errors.required(&path.child("resources"), "resource rules must supply at least one resource");
        }
    }
}
