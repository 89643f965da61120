//! ValidatingWebhookConfiguration: whom to ask whether a request is allowed.
//! Upstream: `kubernetes:pkg/registry/admissionregistration/validatingwebhookconfiguration/strategy.go`.

use crate::names;
use crate::meta;
use crate::cells;
use crate::kind::{CellCx, Column, Kind};
use crate::edit::{each, within};
use machinery::{Errors, Object, Path, Value};

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
    validate: webhooks,
    ..Kind::NONE
};

fn default(v: &mut Value) {
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

/// The webhooks of either kind.
pub fn webhooks(o: &Object, errors: &mut Errors) {
    let list = o.at("webhooks").items();
    for (i, w) in list.iter().enumerate() {
        let path = Path::root("webhooks").index(i);
        let name = w.text("name");
        full_name(name, &path.child("name"), errors);
        crate::admission_policy::rules(w.get("rules"), &path.child("rules"), errors);
        one_of(w, "failurePolicy", &["Fail", "Ignore"], &path, errors);
        one_of(w, "matchPolicy", &["Equivalent", "Exact"], &path, errors);
        let known = ["None", "NoneOnDryRun"];
        match w.get("sideEffects").as_str() {
            None => errors.required(&path.child("sideEffects"), "must specify one of None, NoneOnDryRun"),
            Some(e) if !known.contains(&e) => errors.not_supported(&path.child("sideEffects"), Value::str(e), &known),
            _ => {}
        }
        let seconds = w.int("timeoutSeconds");
        if !(1..=30).contains(&seconds) {
            let why = "the timeout value must be between 1 and 30 seconds";
            errors.invalid(&path.child("timeoutSeconds"), seconds, why);
        }
        for key in ["namespaceSelector", "objectSelector"] {
            meta::selector(w.get(key), &path.child(key), errors);
        }
        if o.kind() == "MutatingWebhookConfiguration" {
            one_of(w, "reinvocationPolicy", &["IfNeeded", "Never"], &path, errors);
        }
        client(w.get("clientConfig"), &path.child("clientConfig"), errors);
        let at = path.child("matchConditions");
        crate::admission_policy::conditions(w.get("matchConditions"), false, &at, errors);
        review_versions(w.get("admissionReviewVersions"), &path.child("admissionReviewVersions"), errors);
        if !name.is_empty() && list.iter().take(i).any(|o| o.text("name") == name) {
            errors.duplicate(&path.child("name"), Value::str(name));
        }
    }
}

fn one_of(w: &Value, key: &str, known: &[&str], path: &Path, errors: &mut Errors) {
    if !known.contains(&w.text(key)) {
        errors.not_supported(&path.child(key), Value::str(w.text(key)), known);
    }
}

fn review_versions(list: &Value, path: &Path, errors: &mut Errors) {
    let items = list.items();
    if items.is_empty() {
        return errors.required(path, "must specify one of v1, v1beta1");
    }
    for (i, v) in items.iter().enumerate() {
        if items.iter().take(i).any(|o| o == v) {
            errors.invalid(&path.index(i), v.clone(), "duplicate version");
            continue;
        }
        let text = v.as_str().unwrap_or("");
        meta::each(errors, &path.index(i), text, names::dns1035_label(text));
    }
    if !items.iter().any(|v| matches!(v.as_str(), Some("v1" | "v1beta1"))) {
        errors.invalid(path, list.clone(), "must include at least one of v1, v1beta1");
    }
}

fn full_name(name: &str, path: &Path, errors: &mut Errors) {
    if name.is_empty() {
        return errors.required(path, "");
    }
    meta::each(errors, path, name, names::dns_subdomain(name));
    if name.split('.').count() < 3 {
        errors.invalid(path, Value::str(name), "should be a domain with at least three segments separated by dots");
    }
}

/// How a webhook is reached.
pub fn client(c: &Value, path: &Path, errors: &mut Errors) {
    let (url, service) = (c.get("url"), c.get("service"));
    if url.is_null() == service.is_null() {
        errors.required(path, "exactly one of url or service is required");
    } else if !service.is_null() {
        for (key, why) in [("name", "service name is required"), ("namespace", "service namespace is required")] {
            if service.text(key).is_empty() {
                errors.required(&path.child("service").child(key), why);
            }
        }
        if let Some(p) = service.get("path").as_str() {
            service_path(p, &path.child("service").child("path"), errors);
        }
    } else if !url.as_str().unwrap_or("").starts_with("https://") {
        let scheme = url.as_str().unwrap_or("").split_once("://").map_or("", |(s, _)| s);
        let why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
        errors.invalid(&path.child("url"), Value::str(scheme), why);
    }
}

fn service_path(p: &str, path: &Path, errors: &mut Errors) {
    let Some(rest) = p.strip_prefix('/') else {
        return errors.invalid(path, Value::str(p), "must start with a '/'");
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if p == "/" {
        return;
    }
    for (i, part) in rest.split('/').enumerate() {
        if part.is_empty() {
            errors.invalid(path, Value::str(p), &format!("segment[{i}] may not be empty"));
            continue;
        }
        for why in names::dns_subdomain(part) {
            errors.invalid(path, Value::str(p), &format!("segment[{i}]: {why}"));
        }
    }
}
