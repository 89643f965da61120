//! Role: what may be done in one namespace.
//! Upstream: `kubernetes:pkg/registry/rbac/role/strategy.go`.

use crate::kind::{CellCx, Column, Kind};
use crate::normal::{normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    kind: "Role",
    plural: "roles",
    singular: "role",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Created At")],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    if !v.has("rules") {
        v.set("rules", Value::Null);
    }
}

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("metadata.creationTimestamp"))]
}
