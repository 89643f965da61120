//! LimitRange: bounds and defaults for what one pod or container of a namespace asks for.
//! Upstream: `kubernetes:pkg/registry/core/limitrange/strategy.go`.

use crate::kind::{CellCx, Column, Kind};
use crate::normal::{each, normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "LimitRange",
    plural: "limitranges",
    singular: "limitrange",
    short: &["limits"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Created At")],
    cells: row,
    ..Kind::NONE
};

/// A container's default limit is its maximum, its default request the default limit or else the minimum.
fn default(v: &mut Value) {
    normalize(v);
    each(v, "spec.limits", |item| {
        if item.text("type") != "Container" {
            return;
        }
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            for (name, amount) in item.get(from).clone().entries() {
                if item.get(to).get(name).is_null() {
                    *item.field(to).field(name) = amount.clone();
                }
            }
        }
    });
}

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("metadata.creationTimestamp"))]
}
