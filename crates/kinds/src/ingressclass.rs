//! IngressClass: which controller serves an Ingress.
//! Upstream: `kubernetes:pkg/registry/networking/ingressclass/strategy.go`.

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
