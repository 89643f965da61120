//! ServiceCIDR: the range that cluster IPs come from.
//! Upstream: `kubernetes:pkg/registry/networking/servicecidr/strategy.go`.

use crate::describe::{Describe, rfc1123};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value};

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
    describe,
    validate,
    ..Kind::NONE
};

fn validate(o: &Object, errors: &mut Errors) {
    let list = o.at("spec.cidrs").items();
    let path = Path::root("spec").child("cidrs");
    if list.is_empty() {
        errors.required(&path, "at least one CIDR required");
    }
    if list.len() > 2 {
        errors.invalid(&path, o.at("spec.cidrs").clone(), "may only hold up to 2 values");
    }
    for (i, c) in list.iter().enumerate() {
        let c = c.as_str().unwrap_or("");
        crate::meta::each(errors, &path.index(i), c, crate::names::cidr(c));
    }
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let cidrs = o.at("spec.cidrs").items().iter().filter_map(Value::as_str);
    vec![Value::str(o.name()), cidrs.collect::<Vec<_>>().join(",").into(), cells::age(o, cx)]
}

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels_and_annotations(o);
    let cidrs: Vec<&str> = o.at("spec.cidrs").items().iter().filter_map(Value::as_str).collect();
    d.line(0, format!("CIDRs:\t{}", cidrs.join(", ")));
    let conditions = o.at("status.conditions").items();
    if !conditions.is_empty() {
        d.line(0, "Status:");
        d.line(0, "Conditions:");
        d.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        d.line(1, "----\t------\t------------------\t------\t-------");
    }
    for c in conditions {
        let (kind, status) = (c.text("type"), c.text("status"));
        let since = rfc1123(c.text("lastTransitionTime"));
        d.line(1, format!("{kind}\t{status}\t{since}\t{}\t{}", c.text("reason"), c.text("message")));
    }
    d.events(o);
}
