//! MutatingAdmissionPolicy: a change of requests, written in CEL.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/mutatingadmissionpolicy/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::within;
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind: "MutatingAdmissionPolicy",
    plural: "mutatingadmissionpolicies",
    singular: "mutatingadmissionpolicy",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::int("Mutations"), Column::text("ParamKind"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", |spec| {
        spec.set_default("failurePolicy", "Fail");
        spec.set_default("reinvocationPolicy", "Never");
        within(spec, "matchConstraints", crate::validatingadmissionpolicy::match_resources);
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let kind = o.at("spec.paramKind");
    let param = match kind.is_null() {
        true => "<unset>".to_string(),
        false => format!("{}/{}", kind.text("apiVersion"), kind.text("kind")),
    };
    vec![
        Value::str(o.name()),
        o.at("spec.mutations").items().len().into(),
        param.into(),
        cells::age(o, cx),
    ]
}
