//! Ingress: which host and path leads to which Service.
//! Upstream: `kubernetes:pkg/registry/networking/ingress/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::normal::{each, normalize, within};
use machinery::{Object, Value, value};

pub const KIND: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "Ingress",
    plural: "ingresses",
    singular: "ingress",
    short: &["ing"],
    categories: &[],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", value!({ "loadBalancer": {} })),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Class"), Column::text("Hosts"), Column::text("Address"), Column::text("Ports"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("spec", Value::map());
    v.set_default("status.loadBalancer", Value::map());
    within(v, "spec", |spec| {
        within(spec, "defaultBackend.service", |s| s.set_default("port", Value::map()));
        each(spec, "rules", |r| {
            each(r, "http.paths", |p| {
                p.set_default("backend", Value::map());
                within(p, "backend.service", |s| s.set_default("port", Value::map()));
            });
        });
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let class = match o.text("spec.ingressClassName") {
        "" => o.annotation("kubernetes.io/ingress.class").unwrap_or("<none>"),
        class => class,
    };
    let ports = if o.at("spec.tls").items().is_empty() { "80" } else { "80, 443" };
    vec![
        Value::str(o.name()),
        Value::str(class),
        hosts(o).into(),
        crate::service::load_balancer(o.at("status.loadBalancer")).join(",").into(),
        ports.into(),
        cells::age(o, cx),
    ]
}

/// `a.example.com,b.example.com + 1 more...`: three at most, `*` where no rule names one.
fn hosts(o: &Object) -> String {
    let all: Vec<&str> =
        o.at("spec.rules").items().iter().map(|r| r.text("host")).filter(|h| !h.is_empty()).collect();
    let shown = all.iter().take(3).copied().collect::<Vec<_>>().join(",");
    match all.len() {
        0 => "*".into(),
        1..=3 => shown,
        n => format!("{shown} + {} more...", n - 3),
    }
}
