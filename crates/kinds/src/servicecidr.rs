//! ServiceCIDR: the range that cluster IPs come from.
//! Upstream: `kubernetes:pkg/registry/networking/servicecidr/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "networking.k8s.io",
    version: "v1",
    kind: "ServiceCIDR",
    plural: "servicecidrs",
    singular: "servicecidr",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[Subresource::STATUS],
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("CIDRs"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let cidrs = o.at("spec.cidrs").items().iter().filter_map(Value::as_str);
    vec![Value::str(o.name()), cidrs.collect::<Vec<_>>().join(",").into(), cells::age(o, cx)]
}
