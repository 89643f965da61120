//! LimitRange: bounds and defaults for what one pod or container of a namespace asks for.
//! Upstream: `kubernetes:pkg/registry/core/limitrange/strategy.go`.

use machinery::Arrange;
use crate::describe::Describe;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::each;
use machinery::{Errors, Object, Path, Value};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "LimitRange",
    plural: "limitranges",
    singular: "limitrange",
    short: &["limits"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    columns: &[Column::NAME, Column::text("Created At")],
    cells: row,
    describe,
    validate,
    ..Kind::NONE
};

/// A container's default limit is its maximum, its default request the default limit or else the minimum.
fn default(v: &mut Value) {
    each(v, "spec.limits", |item| {
        if item.text("type") != "Container" {
            return;
        }
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            for (name, amount) in item.get(from).clone().entries() {
                if item.get(to).get(name).is_null() {
                    *item.field(to).field(name) = amount.clone();
                }
            }
        }
    });
}

fn row(o: &Object, _: &CellCx) -> Vec<Value> {
    vec![Value::str(o.name()), Value::str(o.text("metadata.creationTimestamp"))]
}

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    d.line(0, HEAD[0]);
    d.line(0, HEAD[1]);
    rows(d, "", o);
}

pub const HEAD: [&str; 2] = [
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio",
    "----\t--------\t---\t---\t---------------\t-------------\t-----------------------",
];

const FIELDS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];

pub fn rows(d: &mut Describe, prefix: &str, o: &Object) {
    for item in o.at("spec.limits").items() {
        let mut names: Vec<&str> =
            FIELDS.iter().flat_map(|f| item.get(f).entries()).map(|(k, _)| k.as_str()).collect();
        names.arrange();
        names.dedup();
        for name in names {
            let amounts = FIELDS.map(|f| item.get(f).get(name).as_str().unwrap_or("-"));
            d.line(0, format!("{prefix}{}\t{name}\t{}", item.text("type"), amounts.join("\t")));
        }
    }
}

fn validate(o: &Object, errors: &mut Errors) {
    for (i, item) in o.at("spec.limits").items().iter().enumerate() {
        let path = Path::root("spec").child("limits").index(i);
        let kind = item.text("type");
        let at = path.child("type");
        crate::meta::each(errors, &at, kind, crate::names::qualified(kind));
        let standard = matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim");
        if !standard && !kind.contains('/') && !kind.is_empty() {
            let why = "must be a standard limit type or fully qualified";
            errors.invalid(&at, Value::str(kind), why);
        }
        if o.at("spec.limits").items().iter().take(i).any(|other| other.text("type") == kind) {
            errors.duplicate(&at, Value::str(kind));
        }
        for key in FIELDS {
            for (name, _) in item.get(key).entries() {
                let at = path.child(key).key(name);
                match kind {
                    "Pod" if key.starts_with("default") => {}
                    "Pod" | "Container" => crate::resource_validate::container_name(name, &at, errors),
                    _ => drop(crate::resource_validate::any_name(name, &at, errors)),
                }
            }
        }
        if kind == "Pod" {
            for key in ["default", "defaultRequest"] {
                if !item.get(key).is_empty() {
                    let why = "may not be specified when `type` is 'Pod'";
                    errors.forbidden(&path.child(key), why);
                }
            }
        }
        if kind == "PersistentVolumeClaim"
            && item.at("min").get("storage").is_null()
            && item.at("max").get("storage").is_null()
        {
            errors.required(&path.child("limits"), "either minimum or maximum storage value is required, but neither was provided");
        }
        let mut names: Vec<&str> =
            FIELDS.iter().flat_map(|f| item.get(f).entries()).map(|(k, _)| k.as_str()).collect();
        names.arrange();
        names.dedup();
        for name in names {
            bounds(item, name, &path, errors);
        }
    }
}

/// min ≤ defaultRequest ≤ default ≤ max, and the ratio at least one.
fn bounds(item: &Value, name: &str, path: &Path, errors: &mut Errors) {
    let (min, max) = (item.get("min").get(name), item.get("max").get(name));
    let (request, default) = (item.get("defaultRequest").get(name), item.get("default").get(name));
    let ratio = item.get("maxLimitRequestRatio").get(name);
    let more = |a: &Value, b: &Value| {
        !a.is_null() && !b.is_null() && crate::resource_validate::amount(a) > crate::resource_validate::amount(b)
    };
    let text = |v: &Value| v.as_str().unwrap_or("").to_string();
    let mut check = |bad: bool, field: &str, shown: &Value, why: String| {
        if bad {
            errors.invalid(&path.child(field).key(name), shown.clone(), &why);
        }
    };
    let (lo, hi, req, def) = (text(min), text(max), text(request), text(default));
    check(more(min, max), "min", min, format!("min value {lo} is greater than max value {hi}"));
    let field = "defaultRequest";
    check(more(min, request), field, request, format!("min value {lo} is greater than default request value {req}"));
    check(more(request, max), field, request, format!("default request value {req} is greater than max value {hi}"));
    check(
        more(request, default),
        field,
        request,
        format!("default request value {req} is greater than default limit value {def}"),
    );
    check(more(min, default), "default", min, format!("min value {lo} is greater than default value {def}"));
    check(more(default, max), "default", max, format!("default value {def} is greater than max value {hi}"));
    if !ratio.is_null() && crate::resource_validate::amount(ratio).milli_value() < 1000 {
        let why = format!("ratio {} is less than 1", text(ratio));
        errors.invalid(&path.child("maxLimitRequestRatio").key(name), ratio.clone(), &why);
    }
    let milli = |v: &Value| crate::resource_validate::amount(v).milli_value();
    if !ratio.is_null() && !min.is_null() && !max.is_null() && milli(min) > 0 {
        let bound = milli(max) as f64 / milli(min) as f64;
        if milli(ratio) as f64 / 1000.0 > bound {
            let why = format!("ratio {} is greater than max/min = {bound:.6}", text(ratio));
            errors.invalid(&path.child("maxLimitRequestRatio").key(name), ratio.clone(), &why);
        }
    }
    let shareable = !name.contains('/') && !name.starts_with("hugepages-");
    if !shareable && !request.is_null() && !default.is_null() && milli(request) != milli(default) {
        let why = format!("default value {def} must equal to defaultRequest value {req} in {name}");
        errors.invalid(&path.child("defaultRequest").key(name), request.clone(), &why);
    }
}
