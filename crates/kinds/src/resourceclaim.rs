//! ResourceClaim: a wish for devices. Kept, not acted on.
//! Upstream: `kubernetes:pkg/registry/resource/resourceclaim/strategy.go`.

use crate::cells;
use crate::kind::{CellCx, Column, Kind, Subresource};
use crate::edit::{each, within};
use crate::meta;
use crate::names;
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "resource.k8s.io",
    version: "v1",
    kind: "ResourceClaim",
    plural: "resourceclaims",
    singular: "resourceclaim",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[Subresource::STATUS],
    default,
    prepare_create: |v| v.set("status", Value::map()),
    prepare_update: |new, old| new.set("status", old.get("status").clone()),
    columns: &[Column::NAME, Column::text("State"), Column::AGE],
    cells: row,
    validate: |o, errors| claim(o.spec(), &Path::root("spec"), errors),
    validate_update: |new, old, errors| {
        crate::meta::immutable(new.spec(), old.spec(), &Path::root("spec"), errors);
    },
    ..Kind::NONE
};

fn default(v: &mut Value) {
    within(v, "spec", claim_spec);
}

/// What each request of a claim gets.
pub fn claim_spec(spec: &mut Value) {
    each(spec, "devices.requests", |r| {
        within(r, "exactly", |e| {
            e.set_default("allocationMode", "ExactCount");
            if e.text("allocationMode") == "ExactCount" {
                e.set_default("count", 1);
            }
        });
    });
}

fn row(o: &Object, cx: &CellCx) -> Vec<Value> {
    let state = match (o.is_deleting(), o.at("status.allocation").is_null(), o.at("status.reservedFor").is_empty()) {
        (true, ..) => "deleted",
        (_, true, _) => "pending",
        (_, _, true) => "allocated",
        _ => "allocated,reserved",
    };
    vec![Value::str(o.name()), state.into(), cells::age(o, cx)]
}

/// What a claim asks for. Upstream: `kubernetes:pkg/apis/resource/validation/validation.go`. What selectors say in CEL is
/// not read: there are no devices to select.
pub fn claim(spec: &Value, path: &Path, errors: &mut Errors) {
    let path = path.child("devices").child("requests");
    let list = spec.at("devices.requests").items();
    if list.len() > 32 {
        errors.too_many(&path, list.len(), 32);
    }
    for (i, r) in list.iter().enumerate() {
        let at = path.index(i);
        request_name(r.text("name"), list.iter().take(i), &at, errors);
        let (one, several) = (r.get("exactly"), r.get("firstAvailable").items());
        match (one.is_null(), several.is_empty()) {
            (true, true) => errors.required(&at, "exactly one of `exactly` or `firstAvailable` is required"),
            (false, false) => {
                let why = "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set";
                errors.invalid(&at, Value::Null, why);
            }
            (false, true) => request(one, &at.child("exactly"), errors),
            (true, false) => {
                for (j, sub) in several.iter().enumerate() {
                    let at = at.child("firstAvailable").index(j);
                    request_name(sub.text("name"), several.iter().take(j), &at, errors);
                    request(sub, &at, errors);
                }
            }
        }
    }
}

fn request_name<'a>(name: &str, mut before: impl Iterator<Item = &'a Value>, path: &Path, errors: &mut Errors) {
    let at = path.child("name");
    match name {
        "" => return errors.required(&at, ""),
        name => meta::each(errors, &at, name, names::dns_label(name)),
    }
    if before.any(|o| o.text("name") == name) {
        errors.duplicate(&at, Value::str(name));
    }
}

fn request(r: &Value, path: &Path, errors: &mut Errors) {
    let (class, at) = (r.text("deviceClassName"), path.child("deviceClassName"));
    match class {
        "" => errors.required(&at, ""),
        name => meta::each(errors, &at, name, names::dns_subdomain(name)),
    }
    for (i, s) in r.get("selectors").items().iter().enumerate() {
        let at = path.child("selectors").index(i).child("cel");
        if s.get("cel").is_null() {
            errors.required(&at, "");
        } else if s.text("cel.expression").is_empty() {
            errors.required(&at.child("expression"), "");
        }
    }
    let mode = r.text("allocationMode");
    let count = r.get("count").as_i64().unwrap_or(0);
    match mode {
        "All" if count != 0 => {
            let why = "must not be specified when allocationMode is 'All'";
            errors.invalid(&path.child("count"), count, why);
        }
        "ExactCount" | "" if count < 0 || (mode == "ExactCount" && count == 0) => {
            errors.invalid(&path.child("count"), count, "must be greater than zero");
        }
        "All" | "ExactCount" | "" => {}
        other => errors.not_supported(&path.child("allocationMode"), Value::str(other), &["All", "ExactCount"]),
    }
}
