//! `x-kubernetes-validations`: rules in CEL at any place of a schema, over `self` and `oldSelf`.
//! Upstream: `apiextensions-apiserver:pkg/apiserver/schema/cel/{compilation,validation}.go`.

use super::DEPTH_MAX;
use super::validate::{counterpart, parts};
use crate::cel::{self, NoHost, Program, T, V};
use crate::{Errors, NULL, Path, Value};
use std::rc::Rc;

/// What all rules of one object may cost together.
const OBJECT_BUDGET: u64 = 5_000_000;
const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// Whether a schema has rules anywhere.
pub(super) fn has_any(schema: &Value, depth: usize) -> bool {
    if depth > DEPTH_MAX || schema.as_map().is_none() {
        return false;
    }
    !schema.get("x-kubernetes-validations").is_empty()
        || schema
            .get("allOf")
            .items()
            .iter()
            .any(|s| has_any(s, depth + 1))
        || ["items", "additionalProperties"]
            .iter()
            .any(|k| has_any(schema.get(k), depth + 1))
        || schema
            .get("properties")
            .entries()
            .iter()
            .any(|(_, s)| has_any(s, depth + 1))
}

/// One rule, or its `messageExpression`, compiled for values of a schema.
pub fn compile(text: &str, rule: &Value, schema: &Value, root: bool) -> Result<Program, String> {
    let own = T::of_schema(schema, root).unwrap_or(T::plain("dyn"));
    let old = match rule.flag("optionalOldSelf") {
        true => T::Optional(Rc::new(own.clone())),
        false => own.clone(),
    };
    cel::compile(text, &[("self", own), ("oldSelf", old)])
        .map_err(|e| format!("compilation failed: {e}"))
}

/// Runs all rules on a value and its parts.
pub fn rules(v: &Value, old: &Value, schema: &Value, path: &Path, errors: &mut Errors) {
    let mut budget = OBJECT_BUDGET;
    walk(v, old, schema, path, errors, 0, &mut budget);
}

fn walk(
    v: &Value,
    old: &Value,
    schema: &Value,
    path: &Path,
    errors: &mut Errors,
    depth: usize,
    budget: &mut u64,
) {
    if depth > DEPTH_MAX || v.is_null() || *budget == 0 {
        return;
    }
    let own = schema.get("x-kubernetes-validations").items();
    own.iter()
        .for_each(|rule| run(v, old, rule, schema, path, errors, depth == 0, budget));
    for part in schema.get("allOf").items() {
        let rules = part.get("x-kubernetes-validations").items();
        rules
            .iter()
            .for_each(|rule| run(v, old, rule, schema, path, errors, depth == 0, budget));
    }
    for (inner, own, path, key) in parts(v, schema, path, depth) {
        let before = match key {
            "" => counterpart(inner, old, schema),
            _ => old.get(key),
        };
        walk(inner, before, own, &path, errors, depth + 1, budget);
    }
}

#[expect(clippy::too_many_arguments, reason = "one step of the walk above")]
fn run(
    v: &Value,
    old: &Value,
    rule: &Value,
    schema: &Value,
    path: &Path,
    errors: &mut Errors,
    root: bool,
    budget: &mut u64,
) {
    let kind = schema.text("type");
    if *budget == 0 {
        return;
    }
    let text = rule.text("rule");
    let shown = text.trim();
    let compiled = match compile(text, rule, schema, root) {
        Ok(p) => p,
        Err(why) => {
            return errors.invalid(
                path,
                Value::str(kind),
                &format!("rule compile error: {why}"),
            );
        }
    };
    let optional = rule.flag("optionalOldSelf");
    let transition = compiled.uses("oldSelf");
    if transition && old.is_null() && !optional {
        return;
    }
    let before = match (optional, old.is_null()) {
        (false, _) => V::typed(old, schema),
        (true, true) => V::Optional(None),
        (true, false) => V::Optional(Some(Rc::new(V::typed(old, schema)))),
    };
    let vars = [("self", V::typed(v, schema)), ("oldSelf", before)];
    let limit = cel::CALL_BUDGET.min(*budget);
    let mut left = limit;
    let outcome = compiled.eval(&vars, &NoHost, &mut left);
    *budget -= limit - left;
    match outcome {
        Ok(V::Bool(true)) => return,
        Ok(_) => {}
        Err(why) => {
            let text = if why.starts_with("no such overload") {
                format!(
                    "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {shown}"
                )
            } else if left == 0 {
                *budget = 0;
                match limit < cel::CALL_BUDGET {
                    true => OUT_OF_BUDGET.into(),
                    false => format!(
                        "'{why}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
                    ),
                }
            } else {
                format!("{why} evaluating rule: {shown}")
            };
            return errors.invalid(path, Value::str(kind), &text);
        }
    }
    // What did not change is not blamed, as upstream's ratcheting has it.
    if !transition && !old.is_null() && v == old {
        return;
    }
    let detail = message(rule, schema, &vars, root, shown);
    let place = match rule.text("fieldPath") {
        "" => path.clone(),
        at => sub_path(path, at),
    };
    match rule.text("reason") {
        "FieldValueForbidden" => errors.forbidden(&place, &detail),
        "FieldValueRequired" => errors.required(&place, &detail),
        "FieldValueDuplicate" => errors.duplicate(&place, v.clone()),
        _ if matches!(kind, "object" | "array") => errors.invalid_whole(&place, &detail),
        _ => errors.invalid(&place, v.clone(), &detail),
    }
}

fn message(rule: &Value, schema: &Value, vars: &[(&str, V)], root: bool, shown: &str) -> String {
    let expression = rule.text("messageExpression");
    if !expression.is_empty()
        && let Ok(p) = compile(expression, rule, schema, root)
        && let Ok(V::Str(s)) = p.eval(vars, &NoHost, &mut { cel::CALL_BUDGET })
    {
        let s = s.trim();
        if !s.is_empty() && !s.contains('\n') && s.len() <= 5 * 1024 {
            return s.to_string();
        }
    }
    match rule.text("message") {
        "" => format!("failed rule: {shown}"),
        m => m.trim().to_string(),
    }
}

/// `.a.b['c']` below a path.
fn sub_path(path: &Path, at: &str) -> Path {
    let plain = at.replace("['", ".").replace("']", "");
    plain
        .split('.')
        .filter(|p| !p.is_empty())
        .fold(path.clone(), |path, part| path.child(part))
}

/// Whether a `fieldPath` leads to a field of the schema.
pub fn leads_somewhere(schema: &Value, at: &str) -> bool {
    let plain = at.replace("['", ".").replace("']", "");
    let mut schema = schema;
    for part in plain.split('.').skip(1) {
        schema = match schema.get("properties").get(part) {
            Value::Null => schema.get("additionalProperties"),
            own => own,
        };
        if schema.as_map().is_none() {
            return false;
        }
    }
    at.starts_with(['.', '[']) && *schema != *NULL
}
