//! What the controllers with a pod template share: selector against labels, the template, amounts and percentages.
//! Upstream: `kubernetes:pkg/apis/apps/validation/validation.go`.

use crate::meta;
use crate::names;
use machinery::{Errors, Object, Path, Value, labels};

pub fn is_empty(selector: &Value) -> bool {
    selector.get("matchLabels").is_empty() && selector.get("matchExpressions").is_empty()
}

/// Selector and template of a Deployment or ReplicaSet.
pub fn selected(spec: &Value, what: &str, path: &Path, errors: &mut Errors) {
    selected_as(spec, what, "ReplicaSet", path, errors);
}

pub fn selected_as(spec: &Value, what: &str, owner: &str, path: &Path, errors: &mut Errors) {
    let selector = spec.get("selector");
    let at = path.child("selector");
    if selector.is_null() {
        errors.required(&at, "");
    } else {
        meta::selector(selector, &at, errors);
        if is_empty(selector) {
            let why = format!("empty selector is invalid for {what}");
            errors.invalid(&at, selector.clone(), &why);
        }
    }
    matching(spec, path, errors);
    template(spec, owner, path, errors);
}

/// The selector must choose the template's pods.
pub fn matching(spec: &Value, path: &Path, errors: &mut Errors) {
    let (selector, labels) = (spec.get("selector"), spec.at("template.metadata.labels"));
    let all = !selector.is_null() && is_empty(selector);
    if !all && !labels::matches(selector, labels) {
        let at = path.child("template").child("metadata").child("labels");
        errors.invalid(
            &at,
            labels.clone(),
            "`selector` does not match template `labels`",
        );
    }
}

/// A template whose pods run for ever.
pub fn template(spec: &Value, owner: &str, path: &Path, errors: &mut Errors) {
    let path = path.child("template");
    let template = spec.get("template");
    crate::pod_validate::template(template, &path, errors);
    let path = path.child("spec");
    let policy = template.text("spec.restartPolicy");
    if policy != "Always" {
        errors.not_supported(
            &path.child("restartPolicy"),
            Value::str(policy),
            &["Always"],
        );
    }
    if !template.at("spec.activeDeadlineSeconds").is_null() {
        let why = format!("activeDeadlineSeconds in {owner} is not Supported");
        errors.forbidden(&path.child("activeDeadlineSeconds"), &why);
    }
}

pub fn same_selector(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec").child("selector");
    meta::immutable(
        new.spec().get("selector"),
        old.spec().get("selector"),
        &path,
        errors,
    );
}

/// A number that is not negative, or a percentage.
pub fn amount(v: &Value, path: &Path, errors: &mut Errors) {
    match v {
        Value::Str(s) => meta::each(errors, path, s, names::percent(s)),
        other => meta::non_negative(other.as_i64().unwrap_or(0), path, errors),
    }
}

/// The number, of a percentage too.
pub fn amount_of(v: &Value) -> i64 {
    match v {
        Value::Str(s) => s
            .strip_suffix('%')
            .and_then(|n| n.parse().ok())
            .unwrap_or(0),
        other => other.as_i64().unwrap_or(0),
    }
}

pub fn at_most_all(v: &Value, path: &Path, errors: &mut Errors) {
    if v.as_str().is_some() && amount_of(v) > 100 {
        errors.invalid(path, v.clone(), "must not be greater than 100%");
    }
}
