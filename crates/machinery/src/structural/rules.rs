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
    let mut walk = Walk {
        errors,
        budget: OBJECT_BUDGET,
    };
    let root = At {
        v,
        old,
        schema,
        path,
        depth: 0,
    };
    walk.visit(&root);
}

/// A value, what stood there before, and what is said of the place.
struct At<'a> {
    v: &'a Value,
    old: &'a Value,
    schema: &'a Value,
    path: &'a Path,
    depth: usize,
}

struct Walk<'a> {
    errors: &'a mut Errors,
    budget: u64,
}

impl Walk<'_> {
    fn visit(&mut self, at: &At) {
        if at.depth > DEPTH_MAX || at.v.is_null() || self.budget == 0 {
            return;
        }
        let all_of = at.schema.get("allOf").items().iter();
        for schema in std::iter::once(at.schema).chain(all_of) {
            for rule in schema.get("x-kubernetes-validations").items() {
                self.run(rule, at);
            }
        }
        for (v, schema, path, key) in parts(at.v, at.schema, at.path, at.depth) {
            let old = match key {
                "" => counterpart(v, at.old, at.schema),
                _ => at.old.get(key),
            };
            self.visit(&At {
                v,
                old,
                schema,
                path: &path,
                depth: at.depth + 1,
            });
        }
    }

    fn run(&mut self, rule: &Value, at: &At) {
        if self.budget == 0 {
            return;
        }
        let (schema, text) = (at.schema, rule.text("rule"));
        let compiled = match compile(text, rule, schema, at.depth == 0) {
            Ok(p) => p,
            Err(why) => return self.failed(at, &format!("rule compile error: {why}")),
        };
        let optional = rule.flag("optionalOldSelf");
        let transition = compiled.uses("oldSelf");
        if transition && at.old.is_null() && !optional {
            return;
        }
        let before = match (optional, at.old.is_null()) {
            (false, _) => V::typed(at.old, schema),
            (true, true) => V::Optional(None),
            (true, false) => V::Optional(Some(Rc::new(V::typed(at.old, schema)))),
        };
        let vars = [("self", V::typed(at.v, schema)), ("oldSelf", before)];
        let limit = cel::CALL_BUDGET.min(self.budget);
        let mut left = limit;
        let outcome = compiled.eval(&vars, &NoHost, &mut left);
        self.budget -= limit - left;
        match outcome {
            Ok(V::Bool(true)) => {}
            // What did not change is not blamed, as upstream's ratcheting has it.
            Ok(_) if !transition && !at.old.is_null() && at.v == at.old => {}
            Ok(_) => blame(rule, at, &vars, self.errors),
            Err(why) => {
                let shown = text.trim();
                let why = if why.starts_with("no such overload") {
                    format!(
                        "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {shown}"
                    )
                } else if left > 0 {
                    format!("{why} evaluating rule: {shown}")
                } else {
                    self.budget = 0;
                    match limit < cel::CALL_BUDGET {
                        true => OUT_OF_BUDGET.into(),
                        false => format!(
                            "'{why}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
                        ),
                    }
                };
                self.failed(at, &why);
            }
        }
    }

    /// A rule that could not be run: the value is named by its type.
    fn failed(&mut self, at: &At, why: &str) {
        let kind = Value::str(at.schema.text("type"));
        self.errors.invalid(at.path, kind, why);
    }
}

/// A rule that does not hold.
fn blame(rule: &Value, at: &At, vars: &[(&str, V)], errors: &mut Errors) {
    let detail = message(rule, at, vars);
    let place = match rule.text("fieldPath") {
        "" => at.path.clone(),
        below => sub_path(at.path, below),
    };
    match rule.text("reason") {
        "FieldValueForbidden" => errors.forbidden(&place, &detail),
        "FieldValueRequired" => errors.required(&place, &detail),
        "FieldValueDuplicate" => errors.duplicate(&place, at.v.clone()),
        _ if matches!(at.schema.text("type"), "object" | "array") => {
            errors.invalid_whole(&place, &detail)
        }
        _ => errors.invalid(&place, at.v.clone(), &detail),
    }
}

fn message(rule: &Value, at: &At, vars: &[(&str, V)]) -> String {
    let expression = rule.text("messageExpression");
    if !expression.is_empty()
        && let Ok(p) = compile(expression, rule, at.schema, at.depth == 0)
        && let Ok(V::Str(s)) = p.eval(vars, &NoHost, &mut { cel::CALL_BUDGET })
    {
        let s = s.trim();
        if !s.is_empty() && !s.contains('\n') && s.len() <= 5 * 1024 {
            return s.to_string();
        }
    }
    match rule.text("message") {
        "" => format!("failed rule: {}", rule.text("rule").trim()),
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
