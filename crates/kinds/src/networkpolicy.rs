//! NetworkPolicy: who may talk to a set of pods, and to whom they may.
//! Upstream: `kubernetes:pkg/registry/networking/networkpolicy/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{each, normalize, within};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    singular: "networkpolicy",
    short: &["netpol"],
    categories: &[],
    namespaced: true,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Pod-Selector"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("spec", Value::map());
    within(v, "spec", |spec| {
        spec.set_default("podSelector", Value::map());
        if spec.at("policyTypes").is_empty() {
            let mut types = vec!["Ingress"];
            if !spec.at("egress").is_empty() {
                types.push("Egress");
            }
            spec.set("policyTypes", Value::from(types));
        }
        for direction in ["ingress", "egress"] {
            each(spec, direction, |rule| each(rule, "ports", |p| p.set_default("protocol", "TCP")));
        }
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![
        Value::str(o.name()),
        cells::selector(o.at("spec.podSelector")).into(),
        cells::age(o, cx),
    ]
}
