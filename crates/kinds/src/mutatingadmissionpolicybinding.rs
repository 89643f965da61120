//! MutatingAdmissionPolicyBinding: where a mutating policy holds.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/mutatingadmissionpolicybinding/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind: "MutatingAdmissionPolicyBinding",
    plural: "mutatingadmissionpolicybindings",
    singular: "mutatingadmissionpolicybinding",
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
    crate::admission_policy::binding(o.spec(), &Path::root("spec"), errors);
}
