//! ValidatingAdmissionPolicy: a check of requests, written in CEL.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/validatingadmissionpolicy/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::{each, within};
use crate::admission_policy as policy;
use machinery::cel::T;
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
    head(spec, &path, errors);
    policy::validate_variables(spec, &path, errors);
    let (checks, notes) = (spec.get("validations").items(), spec.get("auditAnnotations").items());
    if checks.is_empty() && notes.is_empty() {
        let why = "validations or auditAnnotations must contain at least one item";
        errors.required(&path.child("validations"), why);
        errors.required(&path.child("auditAnnotations"), why);
    }
    let known = policy::known(spec);
    let params = !spec.get("paramKind").is_null();
    let vars = policy::variables(params, true, &known);
    for (i, v) in checks.iter().enumerate() {
        check(v, &vars, &path.child("validations").index(i), errors);
    }
    for (i, a) in notes.iter().enumerate() {
        let at = path.child("auditAnnotations").index(i);
        let key = a.text("key");
        match key {
            "" => errors.required(&at.child("key"), "key is not specified"),
            _ => {
                let full = format!("{}/{key}", o.name());
                crate::meta::each(errors, &at.child("key"), key, crate::names::qualified(&full));
            }
        }
        let text = a.text("valueExpression");
        if text.trim().is_empty() {
            errors.required(&at.child("valueExpression"), "valueExpression is not specified");
        } else {
            policy::expression(text, &vars, &["string", "null"], &at.child("valueExpression"), errors);
        }
        if notes.iter().take(i).any(|o| o.get("key") == a.get("key")) {
            errors.duplicate(&at.child("key"), Value::str(key));
        }
    }
}

/// What both kinds of policies begin with: failure policy, parameters, what they are about.
pub fn head(spec: &Value, path: &Path, errors: &mut Errors) {
    let known = ["Fail", "Ignore"];
    let failure = spec.text("failurePolicy");
    if !known.contains(&failure) {
        errors.not_supported(&path.child("failurePolicy"), Value::str(failure), &known);
    }
    policy::param_kind(spec.get("paramKind"), &path.child("paramKind"), errors);
    let constraints = spec.get("matchConstraints");
    let at = path.child("matchConstraints");
    if constraints.is_null() {
        errors.required(&at, "");
    } else {
        policy::match_resources(constraints, &at, errors);
        if constraints.get("resourceRules").items().is_empty() {
            errors.required(&at.child("resourceRules"), "");
        }
    }
    let params = !spec.get("paramKind").is_null();
    policy::conditions(spec.get("matchConditions"), params, &path.child("matchConditions"), errors);
}

fn check(v: &Value, vars: &[(&'static str, T)], path: &Path, errors: &mut Errors) {
    let text = v.text("expression");
    if text.trim().is_empty() {
        errors.required(&path.child("expression"), "expression is not specified");
    } else {
        policy::expression(text, vars, &["bool"], &path.child("expression"), errors);
    }
    let (told, at) = (v.text("messageExpression"), path.child("messageExpression"));
    if !told.is_empty() && told.trim().is_empty() {
        errors.invalid(&at, Value::str(told), "must be non-empty if specified");
    } else if !told.is_empty() {
        policy::expression(told, vars, &["string"], &at, errors);
    }
    let (message, at) = (v.text("message"), path.child("message"));
    if !message.is_empty() && message.trim().is_empty() {
        errors.invalid(&at, Value::str(message), "message must be non-empty if specified");
    } else if message.trim().contains('\n') {
        errors.invalid(&at, Value::str(message), "message must not contain line breaks");
    }
    let known = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
    if let Some(r) = v.get("reason").as_str().filter(|r| !known.contains(r)) {
        errors.not_supported(&path.child("reason"), Value::str(r), &known);
    }
}
