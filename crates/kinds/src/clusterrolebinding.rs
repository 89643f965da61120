//! ClusterRoleBinding: who has a role everywhere.
//! Upstream: `kubernetes:pkg/registry/rbac/clusterrolebinding/strategy.go`.

use crate::kind::{CellCx, Kind};
use machinery::{Errors, Object, Value};

pub const KIND: Kind = Kind {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "ClusterRoleBinding",
    plural: "clusterrolebindings",
    singular: "clusterrolebinding",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    default,
    columns: crate::rolebinding::KIND.columns,
    cells: row,
    describe: crate::rolebinding::describe,
    names: crate::names::path_segment,
    validate,
    validate_update: crate::rolebinding::validate_update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    crate::rolebinding::default(v);
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    crate::rolebinding::row(o, cx)
}

fn validate(o: &Object, errors: &mut Errors) {
    crate::rolebinding::binding(o, &["ClusterRole"], false, errors);
}
