//! Namespace: a room for names, quotas and permissions.
//! Upstream: `kubernetes:pkg/registry/core/namespace/strategy.go`.

use machinery::Arrange;
use crate::names;
use crate::meta;
use crate::describe::{Describe, rfc1123};
use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use machinery::{Errors, Object, Path, Value, value};

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
    describe,
    names: names::dns_label,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
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

fn describe(o: &Object, d: &mut Describe) {
    d.line(0, format!("Name:\t{}", o.name()));
    d.labels_and_annotations(o);
    d.line(0, format!("Status:\t{}", o.text("status.phase")));
    let conditions = o.at("status.conditions").items();
    if !conditions.is_empty() {
        d.line(0, "Conditions:");
        d.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        d.line(1, "----\t------\t------------------\t------\t-------");
    }
    for c in conditions {
        let (kind, status) = (c.text("type"), c.text("status"));
        let since = rfc1123(c.text("lastTransitionTime"));
        d.line(1, format!("{kind}\t{status}\t{since}\t{}\t{}", c.text("reason"), c.text("message")));
    }
    d.line(0, "");
    let mut quotas = d.related.list("v1", "ResourceQuota", o.name(), "");
    quotas.arrange_by(|a, b| a.name().cmp(b.name()));
    if quotas.is_empty() {
        d.line(0, "No resource quota.");
    } else {
        d.line(0, "Resource Quotas");
    }
    for q in &quotas {
        d.line(1, format!("Name:\t{}", q.name()));
        crate::resourcequota::scopes(d, 1, "* ", q);
        d.line(1, "Resource\tUsed\tHard");
        d.line(1, "--------\t---\t---");
        crate::resourcequota::amounts(d, 1, q);
    }
    d.line(0, "");
    let ranges = d.related.list("v1", "LimitRange", o.name(), "");
    if ranges.is_empty() {
        d.line(0, "No LimitRange resource.");
    } else {
        d.line(0, "Resource Limits");
        d.line(0, format!(" {}", crate::limitrange::HEAD[0]));
        d.line(0, format!(" {}", crate::limitrange::HEAD[1]));
    }
    for r in &ranges {
        crate::limitrange::rows(d, " ", r);
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    let levels = ["privileged", "baseline", "restricted"];
    for mode in ["enforce", "audit", "warn"] {
        let key = format!("pod-security.kubernetes.io/{mode}");
        if let Some(level) = o.label(&key).filter(|l| !levels.contains(l)) {
            let path = Path::root("metadata").child("labels").key(&key);
            errors.invalid(&path, Value::str(level), "must be one of privileged, baseline, restricted");
        }
    }
    for f in o.at("spec.finalizers").items() {
        let f = f.as_str().unwrap_or("");
        meta::each(errors, &Path::root("spec").child("finalizers"), f, names::qualified(f));
    }
}
