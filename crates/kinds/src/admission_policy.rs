//! What webhooks and admission policies share: which requests they are about, and the expressions in them.
//! Upstream: `kubernetes:pkg/apis/admissionregistration/validation`, `apiserver:pkg/admission/plugin/cel/compile.go`.

use crate::{meta, names};
use machinery::cel::{self, Program, T};
use machinery::{Errors, Path, Value};
use std::rc::Rc;

/// What expressions see, and its types.
pub fn variables(params: bool, authorizer: bool, known: &[(String, T)]) -> Vec<(&'static str, T)> {
    let (text, any) = (|| T::plain("string"), || T::plain("dyn"));
    let triple = |last: &'static str| {
        T::fields(vec![("group", text()), ("version", text()), (last, text())])
    };
    let user = T::fields(vec![
        ("username", text()),
        ("uid", text()),
        ("groups", T::list(text())),
        ("extra", T::map(T::list(text()))),
    ]);
    let request = T::fields(vec![
        ("kind", triple("kind")),
        ("resource", triple("resource")),
        ("subResource", text()),
        ("requestKind", triple("kind")),
        ("requestResource", triple("resource")),
        ("requestSubResource", text()),
        ("name", text()),
        ("namespace", text()),
        ("operation", text()),
        ("userInfo", user),
        ("dryRun", T::plain("bool")),
        ("options", any()),
    ]);
    let metadata = T::fields(vec![
        ("name", text()),
        ("generateName", text()),
        ("namespace", text()),
        ("labels", T::map(text())),
        ("annotations", T::map(text())),
        ("UID", text()),
        ("creationTimestamp", T::plain("timestamp")),
        ("deletionGracePeriodSeconds", T::plain("int")),
        ("deletionTimestamp", T::plain("timestamp")),
        ("generation", T::plain("int")),
        ("resourceVersion", text()),
        ("finalizers", T::list(text())),
    ]);
    let namespace = T::fields(vec![
        ("metadata", metadata),
        ("spec", T::fields(vec![("finalizers", T::list(text()))])),
        (
            "status",
            T::fields(vec![("phase", text()), ("conditions", T::list(any()))]),
        ),
    ]);
    let mut out = vec![
        ("object", any()),
        ("oldObject", any()),
        ("namespaceObject", namespace),
        ("request", request),
    ];
    if params {
        out.push(("params", any()));
    }
    if authorizer {
        out.push(("authorizer", T::plain("authorizer")));
        out.push(("authorizer.requestResource", T::plain("resourcecheck")));
    }
    if !known.is_empty() {
        out.push(("variables", T::Fields(Rc::new(known.to_vec()))));
    }
    out
}

/// Compiles an expression that must come to one of these types (any, if none is named).
pub fn compile(
    text: &str,
    vars: &[(&'static str, T)],
    wanted: &[&'static str],
) -> Result<Program, String> {
    let p = cel::compile(text, vars).map_err(|e| format!("compilation failed: {e}"))?;
    let fits = |w: &'static str| p.ty == T::plain(w);
    if wanted.is_empty() || wanted.iter().any(|w| fits(w)) {
        return Ok(p);
    }
    Err(match wanted {
        [one] => format!("must evaluate to {one} but got {}", p.ty.text()),
        many => format!(
            "must evaluate to one of [{}] but got {}",
            many.join(" "),
            p.ty.text()
        ),
    })
}

/// An expression held against what it must come to.
pub fn expression(
    text: &str,
    vars: &[(&'static str, T)],
    wanted: &[&'static str],
    path: &Path,
    errors: &mut Errors,
) {
    if let Err(why) = compile(text, vars, wanted) {
        errors.invalid(path, Value::str(text), &why);
    }
}

/// The variables of a policy with their types; those that do not compile are `dyn`.
pub fn known(spec: &Value) -> Vec<(String, T)> {
    let params = !spec.get("paramKind").is_null();
    let mut out: Vec<(String, T)> = Vec::new();
    for v in spec.get("variables").items() {
        let vars = variables(params, true, &out);
        let ty = compile(v.text("expression"), &vars, &[]).map_or(T::plain("dyn"), |p| p.ty);
        out.push((v.text("name").to_string(), ty));
    }
    out
}

/// `spec.variables`.
pub fn validate_variables(spec: &Value, path: &Path, errors: &mut Errors) {
    let params = !spec.get("paramKind").is_null();
    let known = known(spec);
    for (i, v) in spec.get("variables").items().iter().enumerate() {
        let at = path.child("variables").index(i);
        let name = v.text("name");
        let fits = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.trim().is_empty() {
            errors.required(&at.child("name"), "name is not specified");
        } else if !fits {
            errors.invalid(
                &at.child("name"),
                Value::str(name),
                "name is not a valid CEL identifier",
            );
        }
        let text = v.text("expression");
        if text.trim().is_empty() {
            errors.required(&at.child("expression"), "expression is not specified");
        } else {
            let vars = variables(params, true, known.get(..i).unwrap_or_default());
            expression(text, &vars, &[], &at.child("expression"), errors);
        }
    }
}

/// `matchConditions` of policies and webhooks.
pub fn conditions(list: &Value, params: bool, path: &Path, errors: &mut Errors) {
    let items = list.items();
    if items.len() > 64 {
        errors.too_many(path, items.len(), 64);
    }
    let mut taken: Vec<&str> = Vec::new();
    for (i, c) in items.iter().enumerate() {
        let at = path.index(i);
        let (text, name) = (c.text("expression").trim(), c.text("name"));
        match text {
            "" => errors.required(&at.child("expression"), ""),
            _ => expression(
                text,
                &variables(params, true, &[]),
                &["bool"],
                &at.child("expression"),
                errors,
            ),
        }
        if name.is_empty() {
            errors.required(&at.child("name"), "");
            continue;
        }
        meta::each(errors, &at.child("name"), name, names::qualified(name));
        if taken.contains(&name) {
            errors.duplicate(&at.child("name"), Value::str(name));
        }
        taken.push(name);
    }
}

/// `matchConstraints`, `matchResources`.
pub fn match_resources(m: &Value, path: &Path, errors: &mut Errors) {
    let known = ["Equivalent", "Exact"];
    let policy = m.text("matchPolicy");
    if !known.contains(&policy) {
        errors.not_supported(&path.child("matchPolicy"), Value::str(policy), &known);
    }
    for key in ["namespaceSelector", "objectSelector"] {
        meta::selector(m.get(key), &path.child(key), errors);
    }
    for key in ["resourceRules", "excludeResourceRules"] {
        for (i, r) in m.get(key).items().iter().enumerate() {
            let at = path.child(key).index(i).child("resourceNames");
            let list = r.get("resourceNames").items();
            for (j, n) in list.iter().enumerate() {
                meta::each(
                    errors,
                    &at.index(j),
                    n.as_str().unwrap_or(""),
                    names::path_segment(n.as_str().unwrap_or("")),
                );
                if list.iter().take(j).any(|o| o == n) {
                    errors.duplicate(&at.index(j), n.clone());
                }
            }
        }
        rules(m.get(key), &path.child(key), errors);
    }
}

/// `paramKind`.
pub fn param_kind(kind: &Value, path: &Path, errors: &mut Errors) {
    if kind.is_null() {
        return;
    }
    let (at, version) = (path.child("apiVersion"), kind.text("apiVersion"));
    let (group, v) = version.split_once('/').unwrap_or(("", version));
    if version.is_empty() {
        errors.required(&at, "");
    } else if version.matches('/').count() > 1 {
        errors.invalid(
            &at,
            Value::str(version),
            &format!("unexpected GroupVersion string: {version}"),
        );
    } else {
        let found = if group.is_empty() {
            Vec::new()
        } else {
            names::dns_subdomain(group)
        };
        if !found.is_empty() {
            errors.invalid(&at, Value::str(group), &found.join(","));
        }
        let found = names::dns1035_label(v);
        if v.is_empty() {
            errors.invalid(&at, Value::str(version), "version must be specified");
        } else if !found.is_empty() {
            errors.invalid(&at, Value::str(v), &found.join(","));
        }
    }
    let (at, name) = (path.child("kind"), kind.text("kind"));
    let found = names::dns1035_label(&name.to_lowercase());
    if name.is_empty() {
        errors.required(&at, "");
    } else if !found.is_empty() {
        let why = format!(
            "may have mixed case, but should otherwise match: {}",
            found.join(",")
        );
        errors.invalid(&at, Value::str(name), &why);
    }
}

/// A binding of either kind of policy: its name of the policy, parameters, and where it holds.
pub fn binding(spec: &Value, path: &Path, errors: &mut Errors) {
    let name = spec.text("policyName");
    if name.is_empty() {
        errors.required(&path.child("policyName"), "");
    } else {
        meta::each(
            errors,
            &path.child("policyName"),
            name,
            names::dns_subdomain(name),
        );
    }
    let p = spec.get("paramRef");
    if !p.is_null() {
        let at = path.child("paramRef");
        let (name, selector) = (p.text("name"), p.get("selector"));
        match (name.is_empty(), selector.is_null()) {
            (true, true) => errors.required(&at, "one of name or selector must be specified"),
            (false, false) => {
                let why = "name and selector are mutually exclusive";
                errors.forbidden(&at.child("name"), why);
                errors.forbidden(&at.child("selector"), why);
            }
            (false, _) => meta::each(errors, &at.child("name"), name, names::path_segment(name)),
            (_, false) => meta::selector(selector, &at.child("selector"), errors),
        }
        let known = ["Allow", "Deny"];
        match p.get("parameterNotFoundAction").as_str() {
            None => errors.required(&at.child("parameterNotFoundAction"), ""),
            Some(a) if !known.contains(&a) => {
                errors.not_supported(
                    &at.child("parameterNotFoundAction"),
                    Value::str(a),
                    &["Deny", "Allow"],
                );
            }
            _ => {}
        }
    }
    if !spec.get("matchResources").is_null() {
        match_resources(
            spec.get("matchResources"),
            &path.child("matchResources"),
            errors,
        );
    }
}

/// Which requests a webhook or a policy is about.
pub fn rules(rules: &Value, path: &Path, errors: &mut Errors) {
    for (i, r) in rules.items().iter().enumerate() {
        let path = path.index(i);
        let known = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
        some(r, "operations", "operations", &path, errors);
        for (j, op) in r.get("operations").items().iter().enumerate() {
            if !known.contains(&op.as_str().unwrap_or("")) {
                errors.not_supported(&path.child("operations").index(j), op.clone(), &known);
            }
        }
        some(r, "apiGroups", "API groups", &path, errors);
        some(r, "apiVersions", "API versions", &path, errors);
        for (j, v) in r.get("apiVersions").items().iter().enumerate() {
            if v.as_str() == Some("") {
                errors.required(&path.child("apiVersions").index(j), "");
            }
        }
        resources(r.get("resources"), &path.child("resources"), errors);
        let known = ["*", "Cluster", "Namespaced"];
        if !known.contains(&r.text("scope")) {
            errors.not_supported(&path.child("scope"), Value::str(r.text("scope")), &known);
        }
    }
}

/// At least one, and `*` alone.
fn some(r: &Value, key: &str, what: &str, path: &Path, errors: &mut Errors) {
    let list = r.get(key).items();
    if list.is_empty() {
        errors.required(&path.child(key), "");
    }
    if list.len() > 1 && list.iter().any(|v| v.as_str() == Some("*")) {
        let why = format!("if '*' is present, must not specify other {what}");
        errors.invalid(&path.child(key), r.get(key).clone(), &why);
    }
}

fn resources(list: &Value, path: &Path, errors: &mut Errors) {
    if list.is_empty() {
        return errors.required(path, "");
    }
    let texts: Vec<&str> = list.items().iter().filter_map(Value::as_str).collect();
    let has = |t: &str, before: usize| texts.iter().take(before).any(|x| *x == t);
    for (i, text) in texts.iter().enumerate() {
        let at = path.index(i);
        let Some((resource, sub)) = text.split_once('/') else {
            if text.is_empty() {
                errors.required(&at, "");
            }
            continue;
        };
        for wide in [format!("{resource}/*"), format!("*/{sub}")] {
            if wide != *text && has(&wide, i) {
                errors.invalid(
                    &at,
                    Value::str(text),
                    &format!("if '{wide}' is present, must not specify {text}"),
                );
            }
        }
    }
    let all = texts.len();
    if all > 1 && has("*/*", all) {
        errors.invalid(
            path,
            list.clone(),
            "if '*/*' is present, must not specify other resources",
        );
    }
    if has("*", all) && texts.iter().any(|t| *t != "*" && !t.contains('/')) {
        let why = "if '*' is present, must not specify other resources without subresources";
        errors.invalid(path, list.clone(), why);
    }
}
