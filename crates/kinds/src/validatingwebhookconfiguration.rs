//! ValidatingWebhookConfiguration: whom to ask whether a request is allowed.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/validatingwebhookconfiguration/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::normal::{each, normalize, within};
use machinery::{Object, Value};

pub const KIND: Kind = Kind {
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind: "ValidatingWebhookConfiguration",
    plural: "validatingwebhookconfigurations",
    singular: "validatingwebhookconfiguration",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::int("Webhooks"), Column::AGE],
    cells: row,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    normalize(v);
    each(v, "webhooks", webhook);
}

/// What every webhook gets, validating and mutating.
pub fn webhook(w: &mut Value) {
    w.set_default("failurePolicy", "Fail");
    w.set_default("matchPolicy", "Equivalent");
    w.set_default("namespaceSelector", Value::map());
    w.set_default("objectSelector", Value::map());
    w.set_default("timeoutSeconds", 10);
    each(w, "rules", |r| r.set_default("scope", "*"));
    within(w, "clientConfig.service", |s| s.set_default("port", 443));
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), o.at("webhooks").items().len().into(), cells::age(o, cx)]
}
