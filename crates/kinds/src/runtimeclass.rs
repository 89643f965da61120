//! RuntimeClass: which container runtime runs a pod.
//! Upstream: `kubernetes:pkg/registry/node/runtimeclass/strategy.go`.

use crate::names;
use crate::meta;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "node.k8s.io",
    version: "v1",
    kind: "RuntimeClass",
    plural: "runtimeclasses",
    singular: "runtimeclass",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    columns: &[Column::NAME, Column::text("Handler"), Column::AGE],
    cells: row,
    validate,
    validate_update,
    ..Kind::NONE
};

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("handler")), cells::age(o, cx)]
}

fn validate(o: &Object, errors: &mut Errors) {
    let handler = o.text("handler");
    match handler {
        "" => errors.required(&Path::root("handler"), ""),
        name => meta::each(errors, &Path::root("handler"), name, names::dns_label(name)),
    }
    crate::pod_validate::tolerations(
        o.at("scheduling.tolerations"),
        &Path::root("scheduling").child("tolerations"),
        errors,
    );
}

fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    meta::immutable(new.get("handler"), old.get("handler"), &Path::root("handler"), errors);
}
