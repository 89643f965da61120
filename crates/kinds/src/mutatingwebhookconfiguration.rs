//! MutatingWebhookConfiguration: whom to ask how to change a request.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/mutatingwebhookconfiguration/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::each;
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind: "MutatingWebhookConfiguration",
    plural: "mutatingwebhookconfigurations",
    singular: "mutatingwebhookconfiguration",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::int("Webhooks"), Column::AGE],
    cells: row,
    validate: crate::validatingwebhookconfiguration::webhooks,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    each(v, "webhooks", |w| {
        crate::validatingwebhookconfiguration::webhook(w);
        w.set_default("reinvocationPolicy", "Never");
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), o.at("webhooks").items().len().into(), cells::age(o, cx)]
}
