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
    let mut taken: Vec<&str> = Vec::new();
    for (i, w) in o.at("webhooks").items().iter().enumerate() {
        let path = Path::root("webhooks").index(i);
        let name = w.text("name");
        full_name(name, &path.child("name"), errors);
        if taken.contains(&name) {
            errors.duplicate(&path.child("name"), Value::str(name));
        }
        taken.push(name);
        rules(w.get("rules"), &path.child("rules"), errors);
        let known = ["Fail", "Ignore"];
        if !known.contains(&w.text("failurePolicy")) {
            errors.not_supported(&path.child("failurePolicy"), Value::str(w.text("failurePolicy")), &known);
        }
        let known = ["Equivalent", "Exact"];
        if !known.contains(&w.text("matchPolicy")) {
            errors.not_supported(&path.child("matchPolicy"), Value::str(w.text("matchPolicy")), &known);
        }
        let effects = w.text("sideEffects");
        let known = ["None", "NoneOnDryRun"];
        if w.get("sideEffects").is_null() {
            errors.required(&path.child("sideEffects"), "must specify one of None, NoneOnDryRun");
        } else if !known.contains(&effects) {
            errors.not_supported(&path.child("sideEffects"), Value::str(effects), &known);
        }
        let seconds = w.int("timeoutSeconds");
        if !(1..=30).contains(&seconds) {
            let why = "the timeout value must be between 1 and 30 seconds";
            errors.invalid(&path.child("timeoutSeconds"), seconds, why);
        }
        for key in ["namespaceSelector", "objectSelector"] {
            meta::selector(w.get(key), &path.child(key), errors);
        }
        client(w.get("clientConfig"), &path.child("clientConfig"), errors);
        let versions = w.get("admissionReviewVersions").items();
        let at = path.child("admissionReviewVersions");
        if versions.is_empty() {
            errors.required(&at, "must specify one of v1, v1beta1");
        } else if !versions.iter().any(|v| matches!(v.as_str(), Some("v1" | "v1beta1"))) {
            let why = "must include at least one of v1, v1beta1";
            errors.invalid(&at, w.get("admissionReviewVersions").clone(), why);
        }
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

/// Which requests a webhook or a policy is about.
pub fn rules(rules: &Value, path: &Path, errors: &mut Errors) {
    for (i, r) in rules.items().iter().enumerate() {
        let path = path.index(i);
        let known = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
        if r.get("operations").items().is_empty() {
            errors.required(&path.child("operations"), "");
        }
        for (j, op) in r.get("operations").items().iter().enumerate() {
            if !known.contains(&op.as_str().unwrap_or("")) {
                errors.not_supported(&path.child("operations").index(j), op.clone(), &known);
            }
        }
        for key in ["apiGroups", "apiVersions", "resources"] {
            if r.get(key).items().is_empty() {
                errors.required(&path.child(key), "");
            }
        }
        let known = ["*", "Cluster", "Namespaced"];
        if !known.contains(&r.text("scope")) {
            errors.not_supported(&path.child("scope"), Value::str(r.text("scope")), &known);
        }
    }
}

fn client(c: &Value, path: &Path, errors: &mut Errors) {
    let (url, service) = (c.get("url"), c.get("service"));
    if url.is_null() == service.is_null() {
        errors.required(path, "exactly one of url or service is required");
    } else if !service.is_null() {
        for (key, why) in [("name", "service name is required"), ("namespace", "service namespace is required")] {
            if service.text(key).is_empty() {
                errors.required(&path.child("service").child(key), why);
            }
        }
    } else if !url.as_str().unwrap_or("").starts_with("https://") {
        let scheme = url.as_str().unwrap_or("").split_once("://").map_or("", |(s, _)| s);
        let why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
        errors.invalid(&path.child("url"), Value::str(scheme), why);
    }
}
