//! CustomResourceDefinition: a kind that users add.
//! Upstream: `apiextensions-apiserver:pkg/registry/customresourcedefinition/strategy.go`.

use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::within;
use machinery::{Object, Value, value};

pub const KIND: Kind = Kind {
    group: "apiextensions.k8s.io",
    version: "v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    short: &["crd", "crds"],
    categories: &["api-extensions"],
    namespaced: false,
    generation: true,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create,
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Created At")],
    cells: row,
    validate: crate::crd_validate::definition,
    validate_update: crate::crd_validate::update,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", |spec| {
        let kind = spec.text("names.kind").to_string();
        if spec.text("names.singular").is_empty() {
            spec.set("names.singular", kind.to_lowercase());
        }
        if spec.text("names.listKind").is_empty() && !kind.is_empty() {
            spec.set("names.listKind", format!("{kind}List"));
        }
        spec.set_default("conversion.strategy", "None");
    });
}

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("metadata.creationTimestamp"))]
}

fn prepare_create(v: &mut Value) {
    let stored = v.at("spec.versions").items().iter().filter(|v| v.flag("storage"));
    let stored: Vec<Value> = stored.map(|v| v.get("name").clone()).collect();
    let names = value!({ "kind": "", "plural": "" });
    v.set("status", value!({ "acceptedNames": names, "conditions": null, "storedVersions": stored }));
}
