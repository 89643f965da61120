//! APIService: who serves a version of an API group.
//! Upstream: `kube-aggregator:pkg/registry/apiservice/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::within;
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "apiregistration.k8s.io",
    version: "v1",
    kind: "APIService",
    plural: "apiservices",
    singular: "apiservice",
    short: &[],
    categories: &["api-extensions"],
    namespaced: false,
    generation: false,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("Service"), Column::text("Available"), Column::AGE],
    cells: row,
    validate,
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec.service", |s| s.set_default("port", 443));
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let service = match o.at("spec.service").is_null() {
        true => "Local".to_string(),
        false => format!("{}/{}", o.text("spec.service.namespace"), o.text("spec.service.name")),
    };
    let available = o.condition("Available");
    let status = match available.text("status") {
        "True" => "True".to_string(),
        "" => "Unknown".to_string(),
        other => format!("{other} ({})", available.text("reason")),
    };
    vec![Value::str(o.name()), service.into(), status.into(), cells::age(o, cx)]
}

fn validate(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let wanted = format!("{}.{}", spec.text("version"), spec.text("group"));
    if o.name() != wanted {
        let why = format!("must be `spec.version+\".\"+spec.group`: {wanted:?}");
        errors.invalid(&Path::root("metadata").child("name"), Value::str(o.name()), &why);
    }
    for (key, high) in [("groupPriorityMinimum", 20000), ("versionPriority", 1000)] {
        let n = spec.int(key);
        if n <= 0 || n > high {
            let why = format!("must be positive and less than {high}");
            errors.invalid(&path.child(key), n, &why);
        }
    }
    let service = spec.get("service");
    if service.is_null() {
        return;
    }
    let at = path.child("service");
    for key in ["namespace", "name"] {
        if service.text(key).is_empty() {
            errors.required(&at.child(key), "");
        }
    }
    if spec.flag("insecureSkipTLSVerify") && !spec.at("caBundle").is_empty() {
        errors.invalid(&path.child("insecureSkipTLSVerify"), true, "may not be true if caBundle is present");
    }
}
