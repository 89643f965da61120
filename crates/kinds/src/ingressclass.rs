//! IngressClass: which controller serves an Ingress.
//! Upstream: `kubernetes:pkg/registry/networking/ingressclass/strategy.go`.

use crate::describe::Describe;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{normalize, within};
use machinery::{Object, Value};

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
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
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
