//! ResourceQuota: how much a namespace may use in all.
//! Upstream: `kubernetes:pkg/registry/core/resourcequota/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::normal::{normalize};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ResourceQuota",
    plural: "resourcequotas",
    singular: "resourcequota",
    short: &["quota"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Request"), Column::text("Limit"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("spec", Value::map());
    v.set_default("status", Value::map());
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in o.at("status.hard").entries() {
        let used = o.at("status.used").get(name).as_str().unwrap_or("0");
        let text = format!("{name}: {used}/{}", hard.as_str().unwrap_or("0"));
        if name.starts_with("limits") { limits.push(text) } else { requests.push(text) }
    }
    vec![
        Value::str(o.name()),
        requests.join(", ").into(),
        limits.join(", ").into(),
        cells::age(o, cx),
    ]
}
