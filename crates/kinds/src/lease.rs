//! Lease: who holds something, and until when: leaders and node heartbeats.
//! Upstream: `kubernetes:pkg/registry/coordination/lease/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::normalize;
use machinery::{Object, Value};

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
        normalize(v);
        v.set_default("spec", Value::map());
    },
    columns: &[Column::NAME, Column::text("Holder"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("spec.holderIdentity")), cells::age(o, cx)]
}
