//! ValidatingAdmissionPolicyBinding: where a policy holds, and with which parameters.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/validatingadmissionpolicybinding/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind: "ValidatingAdmissionPolicyBinding",
    plural: "validatingadmissionpolicybindings",
    singular: "validatingadmissionpolicybinding",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("PolicyName"), Column::text("ParamRef"), Column::AGE],
    cells: row,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", |spec| {
        within(spec, "matchResources", crate::validatingadmissionpolicy::match_resources);
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let p = o.at("spec.paramRef");
    let param = match (p.is_null(), p.text("namespace")) {
        (true, _) => "<unset>".to_string(),
        (_, "") if !p.at("selector").is_null() => cells::selector(p.at("selector")),
        (_, "") => p.text("name").to_string(),
        (_, ns) => format!("{ns}/{}", p.text("name")),
    };
    vec![
        Value::str(o.name()),
        Value::str(o.text("spec.policyName")),
        param.into(),
        cells::age(o, cx),
    ]
}

fn validate(o: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    crate::admission_policy::binding(o.spec(), &path, errors);
    let actions = o.at("spec.validationActions").items();
    let at = path.child("validationActions");
    let known = ["Audit", "Deny", "Warn"];
    for (i, a) in actions.iter().enumerate() {
        if !known.contains(&a.as_str().unwrap_or("")) {
            errors.not_supported(&at.index(i), a.clone(), &known);
        }
        if actions.iter().take(i).any(|o| o == a) {
            errors.duplicate(&at.index(i), a.clone());
        }
    }
    let has = |name: &str| actions.iter().any(|a| a.as_str() == Some(name));
    if has("Deny") && has("Warn") {
        let why = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        errors.invalid(&at, o.at("spec.validationActions").clone(), why);
    }
    if actions.is_empty() {
        errors.required(&at, "at least one validation action is required");
    }
}
