//! ClusterRoleBinding: who has a role everywhere.
//! Upstream: `kubernetes:pkg/registry/rbac/clusterrolebinding/strategy.go`.

use crate::kind::{CellCx, Kind};
use machinery::{Object, Value};

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
    ..Kind::NONE
};

fn default(v: &mut Value) {
    crate::rolebinding::default(v);
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    crate::rolebinding::row(o, cx)
}
