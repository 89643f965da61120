//! Lease: who holds something, and until when: leaders and node heartbeats.
//! Upstream: `kubernetes:pkg/registry/coordination/lease/strategy.go`.

use crate::meta;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "coordination.k8s.io",
    version: "v1",
    kind: "Lease",
    plural: "leases",
    singular: "lease",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default: |v| {
        v.set_default("spec", Value::map());
    },
    columns: &[Column::NAME, Column::text("Holder"), Column::AGE],
    cells: row,
    validate,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("spec.holderIdentity")), cells::age(o, cx)]
}

fn validate(o: &Object, errors: &mut Errors) {
    if o.at("spec.holderIdentity").as_str() == Some("") {
        let path = Path::root("spec").child("holderIdentity");
        errors.invalid(&path, "", "must not be empty");
    }
    let path = Path::root("spec");
    if let Some(n) = o.at("spec.leaseDurationSeconds").as_i64().filter(|n| *n <= 0) {
        errors.invalid(&path.child("leaseDurationSeconds"), n, "must be greater than 0");
    }
    meta::non_negative(o.int("spec.leaseTransitions"), &path.child("leaseTransitions"), errors);
}
