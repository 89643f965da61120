//! MutatingAdmissionPolicy: a change of requests, written in CEL.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/mutatingadmissionpolicy/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value};

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
    validate,
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

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    crate::validatingadmissionpolicy::head(spec, &path, errors);
    crate::admission_policy::validate_variables(spec, &path, errors);
    let changes = spec.get("mutations").items();
    if changes.is_empty() {
        errors.required(&path.child("mutations"), "mutations must contain at least one item");
    }
    for (i, m) in changes.iter().enumerate() {
        let at = path.child("mutations").index(i);
        let known = ["ApplyConfiguration", "JSONPatch"];
        let ty = m.text("patchType");
        if ty.is_empty() {
            errors.required(&at.child("patchType"), "");
        } else if !known.contains(&ty) {
            errors.not_supported(&at.child("patchType"), Value::str(ty), &known);
        }
    }
    let known = ["IfNeeded", "Never"];
    let again = spec.text("reinvocationPolicy");
    if !known.contains(&again) {
        errors.not_supported(&path.child("reinvocationPolicy"), Value::str(again), &known);
    }
}
