//! Namespace: a room for names, quotas and permissions.
//! Upstream: `kubernetes:pkg/registry/core/namespace/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::normal::normalize;
use machinery::{Object, Value, value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short: &["ns"],
    categories: &[],
    namespaced: false,
    generation: false,
    verbs: &["create", "delete", "get", "list", "patch", "update", "watch"],
    subresources: &[
        Subresource { name: "finalize", group_version: "", kind: "", verbs: &["update"] },
        Subresource::STATUS,
    ],
    default,
    prepare_create,
    prepare_update: |new, old| {
        new.set("status", old.get("status").clone());
        // Finalizers in the spec change only through `finalize`.
        new.set("spec", old.get("spec").clone());
    },
    columns: &[Column::NAME, Column::text("Status"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    v.set_default("spec", Value::map());
    let name = v.text("metadata.name").to_string();
    if !name.is_empty() && v.at("metadata.labels").get("kubernetes.io/metadata.name").as_str() != Some(&name) {
        *v.place("metadata.labels").field("kubernetes.io/metadata.name") = Value::from(name);
    }
}

fn prepare_create(v: &mut Value) {
    v.set("status", value!({ "phase": "Active" }));
    let there = v.at("spec.finalizers").items().iter().any(|f| f.as_str() == Some("kubernetes"));
    if !there {
        v.place("spec.finalizers").push("kubernetes");
    }
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("status.phase")), cells::age(o, cx)]
}
