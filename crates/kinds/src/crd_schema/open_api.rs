//! The walk over a schema as OpenAPI: keywords, the `x-kubernetes-` extensions, and rules.

use super::{MAX_DEPTH, Walk};
use machinery::{Errors, Path, Value, json, structural};

const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];

pub(super) fn open_api(
    s: &Value,
    path: &Path,
    walk: &Walk,
    shape: &mut Errors,
    rules: &mut Errors,
    depth: usize,
) {
    if depth > MAX_DEPTH || s.as_map().is_none() {
        return;
    }
    standard(s, path, walk, shape);
    let rest = s.get("additionalProperties");
    let properties = s.get("properties");
    let below = Walk {
        root: false,
        ..*walk
    };
    if !rest.is_null() {
        let at = path.child("additionalProperties");
        if !properties.is_empty() && *rest != Value::Bool(true) {
            shape.forbidden(
                &at,
                "additionalProperties and properties are mutual exclusive",
            );
        }
        open_api(rest, &at, &below, shape, rules, depth + 1);
    }
    for (name, p) in properties.entries() {
        let meta = walk.root && matches!(name.as_str(), "metadata" | "kind" | "apiVersion");
        let why = format!("in top-level {name}");
        let atomic = s.text("x-kubernetes-map-type") == "atomic";
        let below = Walk {
            no_default: if meta { &why } else { walk.no_default },
            no_old: walk.no_old.or(atomic.then_some(path)),
            ..below
        };
        open_api(
            p,
            &path.child("properties").key(name),
            &below,
            shape,
            rules,
            depth + 1,
        );
    }
    let plain = Walk {
        compiles: false,
        ..below
    };
    open_api(
        s.get("not"),
        &path.child("not"),
        &plain,
        shape,
        rules,
        depth + 1,
    );
    for key in ["allOf", "oneOf", "anyOf"] {
        for (i, part) in s.get(key).items().iter().enumerate() {
            open_api(
                part,
                &path.child(key).index(i),
                &plain,
                shape,
                rules,
                depth + 1,
            );
        }
    }
    let map = s.text("x-kubernetes-list-type") == "map";
    let below = Walk {
        no_old: walk.no_old.or((!map).then_some(path)),
        ..below
    };
    open_api(
        s.get("items"),
        &path.child("items"),
        &below,
        shape,
        rules,
        depth + 1,
    );
    extensions(s, path, shape);
    validations(s, path, walk, shape, rules);
}

fn standard(s: &Value, path: &Path, walk: &Walk, errors: &mut Errors) {
    let ty = s.text("type");
    if !ty.is_empty() && !TYPES.contains(&ty) {
        errors.not_supported(&path.child("type"), Value::str(ty), TYPES);
    }
    if s.has("default") && !walk.no_default.is_empty() {
        let why = format!("must not be set {}", walk.no_default);
        errors.forbidden(&path.child("default"), &why);
    }
    for key in [
        "id",
        "additionalItems",
        "patternProperties",
        "definitions",
        "dependencies",
        "$ref",
    ] {
        if !s.get(key).is_empty() {
            errors.forbidden(&path.child(key), &format!("{key} is not supported"));
        }
    }
    if ty == "null" {
        let why = "type cannot be set to null, use nullable as an alternative";
        errors.forbidden(&path.child("type"), why);
    }
    if s.get("items").as_list().is_some() {
        errors.forbidden(
            &path.child("items"),
            "items must be a schema object and not an array",
        );
    }
    if s.flag("uniqueItems") {
        let why =
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.forbidden(&path.child("uniqueItems"), why);
    }
}

/// `x-kubernetes-list-type` and its sisters.
fn extensions(s: &Value, path: &Path, errors: &mut Errors) {
    let (ty, items) = (s.text("type"), s.get("items"));
    let preserve = "x-kubernetes-preserve-unknown-fields";
    if *s.get(preserve) == Value::Bool(false) {
        errors.invalid(&path.child(preserve), false, "must be true or undefined");
    }
    for (key, wanted, known) in [
        (
            "x-kubernetes-map-type",
            "object",
            &["atomic", "granular"][..],
        ),
        (
            "x-kubernetes-list-type",
            "array",
            &["atomic", "set", "map"][..],
        ),
    ] {
        let Some(have) = s.get(key).as_str() else {
            continue;
        };
        let why = format!("must be {wanted} if {key} is specified");
        match ty {
            t if t == wanted => {}
            "" => errors.required(&path.child("type"), &why),
            t => errors.invalid(&path.child("type"), Value::str(t), &why),
        }
        if !known.contains(&have) {
            errors.not_supported(&path.child(key), Value::str(have), known);
        }
    }
    let list = s.get("x-kubernetes-list-type").as_str();
    let keys = s.get("x-kubernetes-list-map-keys");
    let (list_at, keys_at) = (
        path.child("x-kubernetes-list-type"),
        path.child("x-kubernetes-list-map-keys"),
    );
    if list == Some("set") && ty == "array" {
        let why = "must be atomic as item of a list with x-kubernetes-list-type=set";
        let inner = |key: &str| items.text(key) == "atomic";
        match items.text("type") {
            "array" if !inner("x-kubernetes-list-type") => {
                let at = path.child("items").child("x-kubernetes-list-type");
                errors.invalid(&at, items.get("x-kubernetes-list-type").clone(), why);
            }
            "object" if !inner("x-kubernetes-map-type") => {
                let at = path.child("items").child("x-kubernetes-map-type");
                errors.invalid(&at, items.get("x-kubernetes-list-type").clone(), why);
            }
            _ => {}
        }
    }
    if !keys.is_empty() && list != Some("map") {
        let why = "must be map if x-kubernetes-list-map-keys is non-empty";
        match list {
            None => errors.required(&list_at, why),
            Some(l) => errors.invalid(&list_at, Value::str(l), why),
        }
    }
    if list == Some("map") {
        map_list(s, path, &keys_at, errors);
    }
    if matches!(list, Some("map" | "set")) && items.flag("nullable") {
        let why = format!(
            "cannot be nullable when x-kubernetes-list-type is {}",
            list.unwrap_or("")
        );
        errors.forbidden(&path.child("items").child("nullable"), &why);
    }
    if list == Some("map") {
        map_keys(items, keys, &path.child("items"), errors);
    }
}

fn map_list(s: &Value, path: &Path, keys_at: &Path, errors: &mut Errors) {
    let (items, keys) = (s.get("items"), s.get("x-kubernetes-list-map-keys"));
    if keys.is_empty() {
        errors.required(
            keys_at,
            "must not be empty if x-kubernetes-list-type is map",
        );
    }
    let at = path.child("items");
    if items.is_null() {
        return errors.required(&at, "must have a schema if x-kubernetes-list-type is map");
    }
    if items.text("type") != "object" {
        let why = "must be object if parent array's x-kubernetes-list-type is map";
        return errors.invalid(&at.child("type"), Value::str(items.text("type")), why);
    }
    for (i, k) in keys.items().iter().enumerate() {
        let name = k.as_str().unwrap_or("");
        let p = items.get("properties").get(name);
        if p.is_null() {
            errors.invalid(
                keys_at,
                keys.clone(),
                "entries must all be names of item properties",
            );
        } else if matches!(p.text("type"), "array" | "object") {
            let at = at.child("properties").key(name).child("type");
            let why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
            errors.invalid(&at, Value::str(items.text("type")), why);
        }
        if keys.items().iter().take(i).any(|o| o == k) {
            errors.invalid(keys_at, keys.clone(), "must not contain duplicate entries");
        }
    }
}

/// The keys of a list that is a map are always there.
fn map_keys(items: &Value, keys: &Value, path: &Path, errors: &mut Errors) {
    for k in keys.items() {
        let name = k.as_str().unwrap_or("");
        let p = items.get("properties").get(name);
        let at = path.child("properties").key(name);
        if p.is_null() {
            continue;
        }
        if !items.get("required").items().contains(k) && p.get("default").is_null() {
            let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.required(&at.child("default"), why);
        }
        if p.flag("nullable") {
            let why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.forbidden(&at.child("nullable"), why);
        }
    }
}

/// `x-kubernetes-validations`.
fn validations(s: &Value, path: &Path, walk: &Walk, shape: &mut Errors, rules: &mut Errors) {
    let own = s.get("x-kubernetes-validations").items();
    for (i, r) in own.iter().enumerate() {
        let at = path.child("x-kubernetes-validations").index(i);
        let (rule, message) = (r.text("rule").trim(), r.text("message"));
        let trimmed = message.trim();
        if rule.is_empty() {
            shape.required(&at.child("rule"), "rule is not specified");
        } else if !message.is_empty() && trimmed.is_empty() {
            shape.invalid(
                &at.child("message"),
                Value::str(message),
                "must be non-empty if specified",
            );
        } else if trimmed.contains('\n') {
            shape.invalid(
                &at.child("message"),
                Value::str(message),
                "must not contain line breaks",
            );
        } else if rule.contains('\n') && trimmed.is_empty() {
            shape.required(
                &at.child("message"),
                "message must be specified if rule contains line breaks",
            );
        }
        let expression = r.text("messageExpression");
        if !expression.is_empty() && expression.trim().is_empty() {
            shape.required(
                &at.child("messageExpression"),
                "messageExpression must be non-empty if specified",
            );
        }
        let known = [
            "FieldValueDuplicate",
            "FieldValueForbidden",
            "FieldValueInvalid",
            "FieldValueRequired",
        ];
        if let Some(reason) = r.get("reason").as_str().filter(|r| !known.contains(r)) {
            shape.not_supported(&at.child("reason"), Value::str(reason), &known);
        }
        let field = r.text("fieldPath");
        if !field.is_empty() && !structural::leads_somewhere(s, field) {
            shape.invalid(
                &at.child("fieldPath"),
                Value::str(field),
                "must be a valid path",
            );
        }
    }
    if !walk.compiles || !shape.is_empty() {
        return;
    }
    for (i, r) in own.iter().enumerate() {
        let at = path.child("x-kubernetes-validations").index(i);
        let text = r.text("rule");
        match compiled(text, "bool", r, s, walk.root) {
            Err(why) => rules.invalid_shown(&at.child("rule"), &shown(r), &why),
            Ok(uses_old) => {
                if let (true, Some(place)) = (uses_old, walk.no_old) {
                    let why = format!(
                        "oldSelf cannot be used on the uncorrelatable portion of the schema within {place}"
                    );
                    rules.invalid(&at.child("rule"), Value::str(text), &why);
                }
                if !uses_old && r.has("optionalOldSelf") {
                    let why = "may not be set if oldSelf is not used in rule";
                    rules.invalid(&at.child("optionalOldSelf"), r.flag("optionalOldSelf"), why);
                }
            }
        }
        let expression = r.text("messageExpression");
        if !expression.is_empty()
            && let Err(why) = compiled(expression, "string", r, s, walk.root)
        {
            let why = format!("messageExpression {why}").replace("messageExpression must", "must");
            rules.invalid_shown(&at.child("messageExpression"), &shown(r), &why);
        }
    }
}

/// Compiles; says whether `oldSelf` is used, or what is wrong.
fn compiled(
    text: &str,
    wanted: &'static str,
    rule: &Value,
    s: &Value,
    root: bool,
) -> Result<bool, String> {
    let what = if wanted == "bool" {
        ""
    } else {
        "messageExpression "
    };
    let p = structural::compile(text, rule, s, root)?;
    if !p.ty.is_dyn() && p.ty != machinery::cel::T::plain(wanted) {
        return Err(match wanted {
            "bool" => "cel expression must evaluate to a bool".to_string(),
            _ => format!("{what}must evaluate to a string"),
        });
    }
    Ok(p.uses("oldSelf"))
}

/// A rule as Go prints its internal struct.
fn shown(r: &Value) -> String {
    let text = |key: &str| json::print_html(&Value::str(r.text(key)));
    format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        text("rule"),
        text("message"),
        text("messageExpression"),
        json::print_html(r.get("reason")),
        text("fieldPath"),
        json::print_html(r.get("optionalOldSelf")),
    )
}
