//! ValidatingAdmissionPolicy: a check of requests, written in CEL.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/validatingadmissionpolicy/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::{each, within};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind: "ValidatingAdmissionPolicy",
    plural: "validatingadmissionpolicies",
    singular: "validatingadmissionpolicy",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::int("Validations"), Column::text("ParamKind"), Column::AGE],
    cells: row,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", |spec| {
        spec.set_default("failurePolicy", "Fail");
        within(spec, "matchConstraints", match_resources);
    });
}

/// Which requests are meant, in policies and bindings.
pub fn match_resources(m: &mut Value) {
    m.set_default("matchPolicy", "Equivalent");
    m.set_default("namespaceSelector", Value::map());
    m.set_default("objectSelector", Value::map());
    for rules in ["resourceRules", "excludeResourceRules"] {
        each(m, rules, |r| r.set_default("scope", "*"));
    }
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let kind = o.at("spec.paramKind");
    let param = match kind.is_null() {
        true => "<unset>".to_string(),
        false => format!("{}/{}", kind.text("apiVersion"), kind.text("kind")),
    };
    vec![
        Value::str(o.name()),
        o.at("spec.validations").items().len().into(),
        param.into(),
        cells::age(o, cx),
    ]
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let known = ["Fail", "Ignore"];
    let policy = spec.text("failurePolicy");
    if !known.contains(&policy) {
        errors.not_supported(&path.child("failurePolicy"), Value::str(policy), &known);
    }
    let constraints = spec.get("matchConstraints");
    let at = path.child("matchConstraints");
    if constraints.is_null() {
        errors.required(&at, "");
    } else {
        if constraints.get("resourceRules").items().is_empty() {
            errors.required(&at.child("resourceRules"), "");
        }
        let rules = constraints.get("resourceRules");
        crate::validatingwebhookconfiguration::rules(rules, &at.child("resourceRules"), errors);
    }
    let kind = spec.get("paramKind");
    if !kind.is_null() {
        for key in ["apiVersion", "kind"] {
            if kind.text(key).is_empty() {
                errors.required(&path.child("paramKind").child(key), "");
            }
        }
    }
    let checks = spec.get("validations").items();
    if checks.is_empty() && spec.get("auditAnnotations").items().is_empty() {
        let why = "validations or auditAnnotations must be non-empty";
        errors.required(&path.child("validations"), why);
    }
    for (i, v) in checks.iter().enumerate() {
        if v.text("expression").trim().is_empty() {
            errors.required(&path.child("validations").index(i).child("expression"), "expression is not specified");
        }
    }
}
