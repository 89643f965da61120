//! LimitRange: bounds and defaults for what one pod or container of a namespace asks for.
//! Upstream: `kubernetes:pkg/registry/core/limitrange/strategy.go`.

use crate::describe::Describe;
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
    describe,
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

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    d.line(0, HEAD[0]);
    d.line(0, HEAD[1]);
    rows(d, "", o);
}

pub const HEAD: [&str; 2] = [
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio",
    "----\t--------\t---\t---\t---------------\t-------------\t-----------------------",
];

pub fn rows(d: &mut Describe, prefix: &str, o: &Object) {
    const FIELDS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for item in o.at("spec.limits").items() {
        let mut names: Vec<&str> =
            FIELDS.iter().flat_map(|f| item.get(f).entries()).map(|(k, _)| k.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let amounts = FIELDS.map(|f| item.get(f).get(name).as_str().unwrap_or("-"));
            d.line(0, format!("{prefix}{}\t{name}\t{}", item.text("type"), amounts.join("\t")));
        }
    }
}
