//! The schemas of CustomResourceDefinitions: structural, with defaults that fit, and rules that compile.
//! Upstream: `apiextensions-apiserver:pkg/apis/apiextensions/validation`, `pkg/apiserver/schema/{validation,complete}.go`,
//! `pkg/apiserver/schema/defaulting/validation.go`. Left out: the estimated cost of rules.

use machinery::{Errors, Path, Value, json, structural};

/// Schemas as deep as this are looked at.
const MAX_DEPTH: usize = 60;
const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Root,
    Item,
    Field,
}

/// A schema whose parent's path is `parent` (`spec.validation`).
pub fn schema(s: &Value, parent: &Path, status: bool, errors: &mut Errors) {
    if s.is_null() {
        return;
    }
    let path = parent.child("openAPIV3Schema");
    if status {
        at_root_with_status(s, &path, errors);
    }
    if s.flag("nullable") {
        errors.forbidden(
            &path.child("nullable"),
            "nullable cannot be true at the root",
        );
    }
    let mut found = Errors::default();
    invariants(s, Level::Root, &path, &mut found, 0);
    complete(s, s, &path, &path, &mut found, 0);
    if found.is_empty() {
        defaults(s, &path, &mut found, 0);
    }
    let structural = found.is_empty();
    errors.0.extend(found.0);
    let (mut shape, mut rules) = (Errors::default(), Errors::default());
    let walk = Walk {
        root: true,
        no_default: "",
        compiles: structural,
        no_old: None,
    };
    open_api(s, &path, &walk, &mut shape, &mut rules, 0);
    if !shape.is_empty() {
        rules = Errors::default();
    }
    errors.0.extend(shape.0);
    errors.0.extend(rules.0);
}

fn at_root_with_status(s: &Value, path: &Path, errors: &mut Errors) {
    if s.text("type") != "object" && !s.text("type").is_empty() {
        let why = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        errors.invalid(&path.child("type"), Value::str(s.text("type")), why);
    }
}

/// What every structural schema holds to.
fn invariants(s: &Value, level: Level, path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || s.as_map().is_none() {
        return;
    }
    let ty = s.text("type");
    if ty == "array" && s.get("items").is_null() {
        errors.required(&path.child("items"), "must be specified");
    }
    invariants(
        s.get("items"),
        Level::Item,
        &path.child("items"),
        errors,
        depth + 1,
    );
    for (name, p) in s.get("properties").entries() {
        let path = path.child("properties").key(name);
        invariants(p, Level::Field, &path, errors, depth + 1);
    }
    let rest = s.get("additionalProperties");
    let at = path.child("additionalProperties");
    if !rest.is_null() && level == Level::Root {
        errors.forbidden(&at, "must not be used at the root");
    }
    invariants(rest, Level::Field, &at, errors, depth + 1);
    let either = s.flag("x-kubernetes-int-or-string");
    let embedded = s.flag("x-kubernetes-embedded-resource");
    if either {
        for key in [
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-embedded-resource",
        ] {
            if s.flag(key) {
                errors.invalid(
                    &path.child(key),
                    true,
                    "must be false if x-kubernetes-int-or-string is true",
                );
            }
        }
    }
    values(s, path, errors, depth);
    let free = either || s.flag("x-kubernetes-preserve-unknown-fields");
    let at = path.child("type");
    if embedded && ty != "object" {
        let why = "must be object if x-kubernetes-embedded-resource is true";
        match ty {
            "" => errors.required(&at, why),
            _ => errors.invalid(&at, Value::str(ty), why),
        }
    } else if ty.is_empty() && !free {
        errors.required(
            &at,
            match level {
                Level::Root => "must not be empty at the root",
                Level::Item => "must not be empty for specified array items",
                Level::Field => "must not be empty for specified object fields",
            },
        );
    }
    if embedded && !rest.is_null() {
        let why = "must not be used if x-kubernetes-embedded-resource is set";
        errors.forbidden(&path.child("additionalProperties"), why);
    }
    if level == Level::Root && !ty.is_empty() && ty != "object" {
        errors.invalid(&at, Value::str(ty), "must be object at the root");
    }
    metadata(s, level, path, errors);
}

/// `apiVersion`, `kind` and `metadata` are what they are everywhere.
fn metadata(s: &Value, level: Level, path: &Path, errors: &mut Errors) {
    let embedded = s.flag("x-kubernetes-embedded-resource");
    if level != Level::Root && !embedded {
        return;
    }
    let properties = s.get("properties");
    for (key, wanted) in [
        ("kind", "string"),
        ("apiVersion", "string"),
        ("metadata", "object"),
    ] {
        let have = properties.get(key).text("type");
        if properties.has(key) && have != wanted {
            let at = path.child("properties").key(key).child("type");
            errors.invalid(&at, Value::str(have), &format!("must be {wanted}"));
        }
    }
    let meta = properties.get("metadata");
    let more = meta.entries().iter().any(|(k, v)| match k.as_str() {
        "type" | "description" => *k == "description",
        "properties" => v
            .entries()
            .iter()
            .any(|(k, _)| *k != "name" && *k != "generateName"),
        _ => true,
    });
    if level == Level::Root && more {
        let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        errors.forbidden(&path.child("properties").key("metadata"), why);
    }
    if embedded && !s.flag("x-kubernetes-preserve-unknown-fields") && properties.is_empty() {
        let why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errors.required(&path.child("properties"), why);
    }
}

/// `anyOf: [{type: integer}, {type: string}]`.
fn is_int_or_string(any: &Value) -> bool {
    let types: Vec<&str> = any.items().iter().map(|s| s.text("type")).collect();
    let plain = any.items().iter().all(|s| s.entries().len() == 1);
    plain && types == ["integer", "string"]
}

/// Logical junctors hold values only: no types, no defaults, no extensions.
fn values(s: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    let either = s.flag("x-kubernetes-int-or-string");
    for key in ["anyOf", "allOf", "oneOf"] {
        if key == "anyOf" && either && is_int_or_string(s.get(key)) {
            continue;
        }
        for (i, part) in s.get(key).items().iter().enumerate() {
            let skip = key == "allOf" && i == 0 && either && is_int_or_string(part.get("anyOf"));
            nested(part, skip, &path.child(key).index(i), errors, depth + 1);
        }
    }
    nested(s.get("not"), false, &path.child("not"), errors, depth + 1);
    let pattern = s.text("pattern");
    if let Err(why) = pattern::Regex::re2(pattern) {
        let why = format!("must be a valid regular expression, but isn't: {why}");
        errors.invalid(&path.child("pattern"), Value::str(pattern), &why);
    }
}

fn nested(s: &Value, skip_any: bool, path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || s.as_map().is_none() {
        return;
    }
    if !skip_any {
        values(s, path, errors, depth);
    }
    nested(
        s.get("items"),
        false,
        &path.child("items"),
        errors,
        depth + 1,
    );
    for (name, p) in s.get("properties").entries() {
        nested(
            p,
            false,
            &path.child("properties").key(name),
            errors,
            depth + 1,
        );
    }
    const FORBIDDEN: &[(&str, &str)] = &[
        ("type", "must be empty to be structural"),
        ("additionalProperties", "must be undefined to be structural"),
        ("default", "must be undefined to be structural"),
        ("title", "must be empty to be structural"),
        ("description", "must be empty to be structural"),
        ("nullable", "must be false to be structural"),
        (
            "x-kubernetes-preserve-unknown-fields",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-embedded-resource",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-int-or-string",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-list-map-keys",
            "must be empty to be structural",
        ),
        (
            "x-kubernetes-list-type",
            "must be undefined to be structural",
        ),
        (
            "x-kubernetes-map-type",
            "must be undefined to be structural",
        ),
    ];
    for (key, why) in FORBIDDEN {
        if !s.get(key).is_empty() {
            errors.forbidden(&path.child(key), why);
        }
    }
    if s.get("properties").has("metadata") {
        let at = path.child("properties").key("metadata");
        errors.forbidden(&at, "must not be specified in a nested context");
    }
}

/// What junctors speak of must be there outside of them.
fn complete(v: &Value, s: &Value, s_path: &Path, v_path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || v.as_map().is_none() {
        return;
    }
    let mut parts: Vec<(&Value, Path)> = vec![(v.get("not"), v_path.child("not"))];
    for key in ["allOf", "anyOf", "oneOf"] {
        let items = v.get(key).items().iter().enumerate();
        parts.extend(items.map(|(i, p)| (p, v_path.child(key).index(i))));
    }
    for (part, path) in parts {
        inside(part, s, s_path, &path, errors, depth + 1);
    }
    if depth == 0 || std::ptr::eq(v, s) {
        for (name, p) in s.get("properties").entries() {
            let path = s_path.child("properties").key(name);
            complete(p, p, &path, &path, errors, depth + 1);
        }
        for key in ["items", "additionalProperties"] {
            let path = s_path.child(key);
            complete(s.get(key), s.get(key), &path, &path, errors, depth + 1);
        }
    }
}

fn inside(v: &Value, s: &Value, s_path: &Path, v_path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || v.as_map().is_none() {
        return;
    }
    if s.as_map().is_none() {
        return errors.required(s_path, &format!("because it is defined in {v_path}"));
    }
    for key in ["not", "allOf", "anyOf", "oneOf"] {
        let one = std::slice::from_ref(v.get(key));
        let parts = if key == "not" {
            one
        } else {
            v.get(key).items()
        };
        for (i, part) in parts.iter().enumerate() {
            let at = v_path.child(key);
            let at = if key == "not" { at } else { at.index(i) };
            inside(part, s, s_path, &at, errors, depth + 1);
        }
    }
    if v.has("items") {
        inside(
            v.get("items"),
            s.get("items"),
            &s_path.child("items"),
            &v_path.child("items"),
            errors,
            depth + 1,
        );
    }
    for (name, p) in v.get("properties").entries() {
        let path = v_path.child("properties").key(name);
        let own = s.get("properties").get(name);
        let at = s_path.child("properties").key(name);
        match own {
            Value::Null => errors.required(&at, &format!("because it is defined in {path}")),
            own => inside(p, own, &at, &path, errors, depth + 1),
        }
    }
}

/// Defaults are pruned and valid.
fn defaults(s: &Value, path: &Path, errors: &mut Errors, depth: usize) {
    if depth > MAX_DEPTH || s.as_map().is_none() {
        return;
    }
    if s.has("default") {
        let (value, at) = (s.get("default"), path.child("default"));
        if !structural::is_pruned(value, s) {
            errors.invalid(&at, value.clone(), "must not have unknown fields");
        }
        structural::errors_of(value, s, &at, errors);
    }
    defaults(s.get("items"), &path.child("items"), errors, depth + 1);
    for (name, p) in s.get("properties").entries() {
        defaults(p, &path.child("properties").key(name), errors, depth + 1);
    }
}

/// What the walk over a schema carries down.
struct Walk<'a> {
    root: bool,
    /// Why there may be no defaults; "" where there may.
    no_default: &'a str,
    /// Rules are compiled.
    compiles: bool,
    /// Below this, old and new cannot be held against each other.
    no_old: Option<&'a Path>,
}

fn open_api(
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
