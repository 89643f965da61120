//! ResourceClaim: a wish for devices. Kept, not acted on.
//! Upstream: `kubernetes:pkg/registry/resource/resourceclaim/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::{each, within};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "resource.k8s.io",
    version: "v1",
    kind: "ResourceClaim",
    plural: "resourceclaims",
    singular: "resourceclaim",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("State"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", claim_spec);
}

/// What each request of a claim gets.
pub fn claim_spec(spec: &mut Value) {
    each(spec, "devices.requests", |r| {
        within(r, "exactly", |e| {
            e.set_default("allocationMode", "ExactCount");
            if e.text("allocationMode") == "ExactCount" {
                e.set_default("count", 1);
            }
        });
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let state = match (o.is_deleting(), o.at("status.allocation").is_null(), o.at("status.reservedFor").is_empty()) {
        (true, ..) => "deleted",
        (_, true, _) => "pending",
        (_, _, true) => "allocated",
        _ => "allocated,reserved",
    };
    vec![Value::str(o.name()), state.into(), cells::age(o, cx)]
}
