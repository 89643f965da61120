//! CSINode: which storage drivers a node has.
//! Upstream: `kubernetes:pkg/registry/storage/csinode/strategy.go`.

use crate::describe::{Describe, rfc1123, plain};
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "storage.k8s.io",
    version: "v1",
    kind: "CSINode",
    plural: "csinodes",
    singular: "csinode",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    columns: &[Column::NAME, Column::int("Drivers"), Column::AGE],
    cells: row,
    describe,
    validate,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), o.at("spec.drivers").items().len().into(), cells::age(o, cx)]
}

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels_and_annotations(o);
    d.line(0, format!("CreationTimestamp:\t{}", rfc1123(o.text("metadata.creationTimestamp"))));
    d.line(0, "Spec:");
    if !o.at("spec.drivers").is_null() {
        d.line(1, "Drivers:");
    }
    for driver in o.at("spec.drivers").items() {
        d.line(2, format!("{}:", driver.text("name")));
        d.line(3, format!("Node ID:\t{}", driver.text("nodeID")));
        if let Some(count) = driver.at("allocatable.count").as_i64() {
            d.line(3, "Allocatables:");
            d.line(4, format!("Count:\t{count}"));
        }
        if !driver.get("topologyKeys").is_null() {
            d.line(3, format!("Topology Keys:\t{}", plain(driver.get("topologyKeys"))));
        }
    }
    d.events(o);
}

fn validate(o: &Object, errors: &mut Errors) {
    let mut taken: Vec<&str> = Vec::new();
    for (i, d) in o.at("spec.drivers").items().iter().enumerate() {
        let path = Path::root("spec").child("drivers").index(i);
        let name = d.text("name");
        match name {
            "" => errors.required(&path.child("name"), ""),
            _ if taken.contains(&name) => errors.duplicate(&path.child("name"), Value::str(name)),
            _ => {}
        }
        taken.push(name);
        if d.text("nodeID").is_empty() {
            errors.required(&path.child("nodeID"), "");
        }
    }
}
