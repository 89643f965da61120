//! IngressClass: which controller serves an Ingress.
//! Upstream: `kubernetes:pkg/registry/networking/ingressclass/strategy.go`.

use crate::names;
use crate::meta;
use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "IngressClass",
    plural: "ingressclasses",
    singular: "ingressclass",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Controller"), Column::text("Parameters"), Column::AGE],
    cells: row,
    describe,
    validate,
    validate_update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec.parameters", |p| p.set_default("scope", "Cluster"));
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let p = o.at("spec.parameters");
    let parameters = match (p.is_null(), p.text("apiGroup")) {
        (true, _) => "<none>".to_string(),
        (_, "") => format!("{}/{}", p.text("kind"), p.text("name")),
        (_, group) => format!("{}.{group}/{}", p.text("kind"), p.text("name")),
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.controller")),
        parameters.into(),
        cells::age(o, cx),
    ]
}

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels_and_annotations(o);
    d.line(0, format!("Controller:\t{}", o.text("spec.controller")));
    let p = o.at("spec.parameters");
    if !p.is_null() {
        d.line(0, "Parameters:");
        if !p.get("apiGroup").is_null() {
            d.line(1, format!("APIGroup:\t{}", p.text("apiGroup")));
        }
        d.line(1, format!("Kind:\t{}", p.text("kind")));
        d.line(1, format!("Name:\t{}", p.text("name")));
    }
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    let controller = o.text("spec.controller");
    let at = path.child("controller");
    match controller.split_once('/') {
        _ if controller.is_empty() => errors.required(&at, ""),
        _ if controller.len() > 250 => errors.too_long(&at, 250),
        Some((domain, rest)) if !rest.is_empty() => {
            meta::each(errors, &at, domain, names::dns_subdomain(domain));
        }
        _ => {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            errors.invalid(&at, Value::str(controller), why);
        }
    }
    let p = o.at("spec.parameters");
    if p.is_null() {
        return;
    }
    let path = path.child("parameters");
    let group = p.text("apiGroup");
    if !group.is_empty() {
        meta::each(errors, &path.child("apiGroup"), group, names::dns_subdomain(group));
    }
    for key in ["kind", "name"] {
        if p.text(key).is_empty() {
            let why = if key == "kind" { "kind is required" } else { "name is required" };
            errors.required(&path.child(key), why);
        }
    }
    match (p.text("scope"), p.text("namespace")) {
        ("Cluster", "") => {}
        ("Cluster", _) => {
            let why = "`parameters.scope` is set to 'Cluster'";
            errors.forbidden(&path.child("namespace"), why);
        }
        ("Namespace", "") => errors.required(&path.child("namespace"), "`parameters.scope` is set to 'Namespace'"),
        ("Namespace", _) => {}
        (other, _) => {
            errors.not_supported(&path.child("scope"), Value::str(other), &["Cluster", "Namespace"]);
        }
    }
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    let (now, was) = (new.at("spec.controller"), old.at("spec.controller"));
    meta::immutable(now, was, &Path::root("spec").child("controller"), errors);
}
