//! FlowSchema: which requests belong together when the API server is busy. Listed, not acted on.
//! Upstream: `kubernetes:pkg/registry/flowcontrol/flowschema/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "flowcontrol.apiserver.k8s.io",
    version: "v1",
    kind: "FlowSchema",
    plural: "flowschemas",
    singular: "flowschema",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[Subresource::STATUS],
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("PriorityLevel"), Column::int("MatchingPrecedence"), Column::text("DistinguisherMethod"), Column::AGE, Column::text("MissingPL")],
    cells: row,
    validate,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let missing = match o.condition("Dangling").text("status") {
        "" => "?",
        status => status,
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.priorityLevelConfiguration.name")),
        o.int("spec.matchingPrecedence").into(),
        cells::or_none(o.text("spec.distinguisherMethod.type").to_string()).into(),
        cells::age(o, cx),
        Value::str(missing),
    ]
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let (n, at) = (spec.int("matchingPrecedence"), path.child("matchingPrecedence"));
    if n <= 0 {
        errors.invalid(&at, n, "must be a positive value");
    }
    if n > 10_000 {
        errors.invalid(&at, n, "must not be greater than 10000");
    }
    if n == 1 && o.name() != "exempt" {
        errors.invalid(&at, n, "only the schema named 'exempt' may have matchingPrecedence 1");
    }
    let level = spec.text("priorityLevelConfiguration.name");
    let at = path.child("priorityLevelConfiguration").child("name");
    match level {
        "" => errors.required(&at, "must reference a priority level"),
        name => crate::meta::each(errors, &at, name, crate::names::dns_subdomain(name)),
    }
    for (i, r) in spec.get("rules").items().iter().enumerate() {
        let path = path.child("rules").index(i);
        let subjects = r.get("subjects").items();
        if subjects.is_empty() {
            errors.required(&path.child("subjects"), "subjects must contain at least one value");
        }
        for (j, s) in subjects.iter().enumerate() {
            subject(s, &path.child("subjects").index(j), errors);
        }
        let (resources, urls) = (r.get("resourceRules").items(), r.get("nonResourceRules").items());
        if resources.is_empty() && urls.is_empty() {
            let why = "at least one of resourceRules and nonResourceRules has to be non-empty";
            errors.required(&path, why);
        }
        for (j, r) in resources.iter().enumerate() {
            let at = path.child("resourceRules").index(j);
            verbs(r, &at, errors);
            some(r, "apiGroups", "resource rules must supply at least one api group", "api groups", &at, errors);
            some(r, "resources", "resource rules must supply at least one resource", "resources", &at, errors);
            if !r.flag("clusterScope") || !r.get("namespaces").is_empty() {
                let why = "resource rules that are not cluster scoped must supply at least one namespace";
                some(r, "namespaces", why, "namespaces", &at, errors);
            }
        }
        for (j, r) in urls.iter().enumerate() {
            let at = path.child("nonResourceRules").index(j);
            verbs(r, &at, errors);
            let why = "nonResourceURLs must contain at least one value";
            some(r, "nonResourceURLs", why, "non-resource URLs", &at, errors);
        }
    }
}

fn subject(s: &Value, path: &Path, errors: &mut Errors) {
    const KINDS: [(&str, &str); 3] = [("Group", "group"), ("ServiceAccount", "serviceAccount"), ("User", "user")];
    let kind = s.text("kind");
    let Some((_, own)) = KINDS.iter().find(|k| k.0 == kind) else {
        let known = KINDS.map(|k| k.0);
        return errors.not_supported(&path.child("kind"), Value::str(kind), &known);
    };
    let at = path.child(own);
    if s.get(own).is_null() {
        errors.required(&at, &format!("{own} is required when subject kind is '{kind}'"));
    } else if s.get(own).text("name").is_empty() {
        errors.required(&at.child("name"), "");
    }
    if *own == "serviceAccount" && s.has(own) && s.get(own).text("namespace").is_empty() {
        errors.required(&at.child("namespace"), "must specify namespace for service account");
    }
    for (name, key) in KINDS.iter().filter(|k| k.0 != kind && s.has(k.1)) {
        errors.forbidden(&path.child(key), &format!("{key} is forbidden when subject kind is not '{name}'"));
    }
}

fn some(r: &Value, key: &str, none: &str, what: &str, path: &Path, errors: &mut Errors) {
    let list = r.get(key).items();
    if list.is_empty() {
        errors.required(&path.child(key), none);
    } else if list.len() > 1 && list.iter().any(|v| v.as_str() == Some("*")) {
        let why = format!("if '*' is present, must not specify other {what}");
        errors.invalid(&path.child(key), r.get(key).clone(), &why);
    }
}

fn verbs(r: &Value, path: &Path, errors: &mut Errors) {
    let known = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
    some(r, "verbs", "verbs must contain at least one value", "verbs", path, errors);
    let odd = |v: &Value| !known.contains(&v.as_str().unwrap_or("")) && v.as_str() != Some("*");
    if r.get("verbs").items().iter().any(odd) {
        errors.not_supported(&path.child("verbs"), r.get("verbs").clone(), &known);
    }
}
