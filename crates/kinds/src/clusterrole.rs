//! ClusterRole: what may be done in the whole cluster, or in any namespace that binds it.
//! Upstream: `kubernetes:pkg/registry/rbac/clusterrole/strategy.go`.

use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "ClusterRole",
    plural: "clusterroles",
    singular: "clusterrole",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Created At")],
    cells: row,
    describe: crate::role::describe,
    names: crate::names::path_segment,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    if !v.has("rules") {
        v.set("rules", Value::Null);
    }
}

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("metadata.creationTimestamp"))]
}

fn validate(o: &Object, errors: &mut Errors) {
    crate::role::rules(o, false, errors);
    let rule = o.at("aggregationRule");
    let path = Path::root("aggregationRule").child("clusterRoleSelectors");
    let selectors = rule.get("clusterRoleSelectors").items();
    if !rule.is_null() && selectors.is_empty() {
        let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        errors.required(&path, why);
    }
    for (i, s) in selectors.iter().enumerate() {
        crate::meta::selector(s, &path.index(i), errors);
    }
}
