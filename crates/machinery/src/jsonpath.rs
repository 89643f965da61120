//! kubectl's JSONPath templates: text with `{...}` in it, where each brace holds a path, a quoted text, or `range`/`end`.
//! Upstream: `client-go:util/jsonpath`. Left out: nothing that kubectl's users can reach.

mod parse;

use crate::{Value, json};
use std::cmp::Ordering;

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Text(String),
    /// One `{...}`, a member of a union or one side of a filter: nodes applied one after the other.
    List(Vec<Node>),
    Field(String),
    Wildcard,
    Recursive,
    /// `[from:to:step]`, `[n]`.
    Slice(Slice),
    Union(Vec<Node>),
    Filter(Vec<Node>, String, Vec<Node>),
    /// A number or a truth value.
    Literal(Value),
    /// `range`, `end`, or a word that means nothing.
    Word(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Slice {
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub step: Option<i64>,
    /// `[n]`: exactly one item, and it has to be there.
    pub single: bool,
}

impl Template {
    /// Parses a template; the error is upstream's text without `error parsing jsonpath …, `.
    pub fn parse(text: &str) -> Result<Template, String> {
        parse::template(text).map(|nodes| Template { nodes })
    }

    /// What the template prints for a value. With `allow_missing` a missing field prints nothing; without, it is an error
    /// (`foo is not found`).
    pub fn execute(&self, data: &Value, allow_missing: bool) -> Result<String, String> {
        let mut out = String::new();
        for group in self.find(data, allow_missing)? {
            let texts: Vec<String> = group.iter().map(print_one).collect();
            out.push_str(&texts.join(" "));
        }
        Ok(out)
    }

    /// What each `{...}` and each piece of text finds, in order.
    pub fn find(&self, data: &Value, allow_missing: bool) -> Result<Vec<Vec<Value>>, String> {
        let mut run = Run {
            allow_missing,
            groups: Vec::new(),
        };
        run.nodes(&self.nodes, data)?;
        Ok(run.groups)
    }
}

/// One found value as kubectl prints it: structures as JSON, the rest as Go prints it.
pub fn print_one(v: &Value) -> String {
    match v {
        Value::Str(s) => s.to_string(),
        Value::Map(_) | Value::List(_) => json::print_html(v),
        Value::Float(f) => json::float(*f),
        Value::Null => "null".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
    }
}

struct Run {
    allow_missing: bool,
    groups: Vec<Vec<Value>>,
}

impl Run {
    /// Runs the nodes of a template, or of a range's body.
    fn nodes(&mut self, nodes: &[Node], data: &Value) -> Result<(), String> {
        let mut i = 0;
        while let Some(node) = nodes.get(i) {
            i += 1;
            let list = match node {
                Node::Text(t) => {
                    self.groups.push(vec![Value::str(t)]);
                    continue;
                }
                Node::List(list) => list,
                _ => continue,
            };
            match list.first() {
                Some(Node::Word(w)) if w == "range" => {
                    let over = walk(
                        list.get(1..).unwrap_or(&[]),
                        vec![data.clone()],
                        self.allow_missing,
                    )?;
                    let (body, after) = range_body(nodes, i);
                    for item in over {
                        self.nodes(body, &item)?;
                    }
                    i = after;
                }
                Some(Node::Word(w)) if w == "end" => {
                    return Err("not in range, nothing to end".into());
                }
                _ => {
                    let found = walk(list, vec![data.clone()], self.allow_missing)?;
                    self.groups.push(found);
                }
            }
        }
        Ok(())
    }
}

/// The nodes of a range's body that starts at `from`, and where the template goes on after it: behind its `end`; without
/// one the body itself is done once more, as upstream does.
fn range_body(nodes: &[Node], from: usize) -> (&[Node], usize) {
    let mut depth = 1;
    for (i, node) in nodes.iter().enumerate().skip(from) {
        let Node::List(list) = node else { continue };
        match list.first() {
            Some(Node::Word(w)) if w == "range" => depth += 1,
            Some(Node::Word(w)) if w == "end" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (nodes.get(from..i).unwrap_or(&[]), i + 1);
        }
    }
    (nodes.get(from..).unwrap_or(&[]), from)
}

/// Applies path nodes one after the other to all values found so far.
fn walk(nodes: &[Node], start: Vec<Value>, allow_missing: bool) -> Result<Vec<Value>, String> {
    let mut found = start;
    for node in nodes {
        found = apply(node, found, allow_missing)?;
    }
    Ok(found)
}

fn apply(node: &Node, input: Vec<Value>, allow_missing: bool) -> Result<Vec<Value>, String> {
    let mut out = Vec::new();
    match node {
        Node::Text(t) => out.push(Value::str(t)),
        Node::Literal(v) => out.resize(input.len(), v.clone()),
        Node::Field(name) if name.is_empty() => return Ok(input),
        Node::Field(name) => {
            let maps = input.iter().filter_map(Value::as_map);
            out.extend(maps.filter_map(|m| m.get(name).cloned()));
            if out.is_empty() && !input.is_empty() && !allow_missing {
                return Err(format!("{name} is not found"));
            }
        }
        Node::Wildcard => input.iter().for_each(|v| children(v, &mut out)),
        Node::Recursive => input.iter().for_each(|v| descend(v, &mut out)),
        Node::Slice(slice) => {
            for v in input.iter().filter(|v| !v.is_null()) {
                take(slice, v, &mut out)?;
            }
        }
        Node::Union(parts) => {
            for part in parts {
                out.extend(apply(part, input.clone(), allow_missing)?);
            }
        }
        Node::List(nodes) => return walk(nodes, input, allow_missing),
        Node::Filter(left, operator, right) => {
            for v in &input {
                let Value::List(list) = v else {
                    let shown = crate::gotemplate::go(v);
                    return Err(format!(
                        "{shown} is not array or slice and cannot be filtered"
                    ));
                };
                for item in list.iter() {
                    if holds(item, left, operator, right, allow_missing)? {
                        out.push(item.clone());
                    }
                }
            }
        }
        Node::Word(w) if w == "range" => return Ok(input),
        Node::Word(w) => return Err(format!("unrecognized identifier {w}")),
    }
    Ok(out)
}

fn children(v: &Value, out: &mut Vec<Value>) {
    match v {
        Value::List(l) => out.extend(l.iter().cloned()),
        Value::Map(m) => out.extend(m.iter().map(|(_, x)| x.clone())),
        _ => {}
    }
}

/// Everything that has something in it, from the top down; texts have their letters in them.
fn descend(v: &Value, out: &mut Vec<Value>) {
    if v.as_str().is_some_and(|s| !s.is_empty()) {
        out.push(v.clone());
        return;
    }
    let mut below = Vec::new();
    children(v, &mut below);
    if !below.is_empty() {
        out.push(v.clone());
        below.iter().for_each(|x| descend(x, out));
    }
}

/// What Go calls the type of a value that came as JSON.
fn go_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

fn take(slice: &Slice, v: &Value, out: &mut Vec<Value>) -> Result<(), String> {
    let Value::List(list) = v else {
        return Err(format!("{} is not array or slice", go_type(v)));
    };
    let n = list.len() as i64;
    let from = slice.from.unwrap_or(0);
    let mut to = match slice.single {
        true => from.saturating_add(1),
        false => slice.to.unwrap_or(n),
    };
    let from = if from < 0 { from + n } else { from };
    if to < 0 || (to == 0 && slice.single) {
        to += n;
    }
    // Nothing is asked for, so nothing can be out of bounds.
    if from == to {
        return Ok(());
    }
    for (at, there) in [(from, from < n), (to - 1, to <= n)] {
        if !there || from < 0 || to < 0 {
            let at = if from < 0 { from } else { at };
            return Err(format!("array index out of bounds: index {at}, length {n}"));
        }
    }
    if from > to {
        return Err(format!(
            "starting index {from} is greater than ending index {to}"
        ));
    }
    let step = slice.step.unwrap_or(1);
    if step <= 0 {
        return Err("step must be > 0".into());
    }
    let some = list.get(from as usize..to as usize).unwrap_or(&[]);
    out.extend(some.iter().step_by(step as usize).cloned());
    Ok(())
}

/// Whether an item passes a filter.
fn holds(
    item: &Value,
    left: &[Node],
    operator: &str,
    right: &[Node],
    allow_missing: bool,
) -> Result<bool, String> {
    let found = walk(left, vec![item.clone()], allow_missing);
    if operator == "exists" {
        return Ok(found.is_ok_and(|f| !f.is_empty()));
    }
    let found = found?;
    if found.is_empty() {
        return Ok(false);
    }
    let many = || Err("can only compare one element at a time".to_string());
    let [a] = found.as_slice() else { return many() };
    let others = walk(right, vec![item.clone()], allow_missing)?;
    if others.is_empty() {
        return Ok(false);
    }
    let [b] = others.as_slice() else {
        return many();
    };
    compare(a, operator, b)
}

/// Go templates' `eq` and `lt`: only values of one type compare.
fn compare(a: &Value, operator: &str, b: &Value) -> Result<bool, String> {
    let wants: &[Ordering] = match operator {
        "==" => &[Ordering::Equal],
        "!=" => &[Ordering::Less, Ordering::Greater],
        "<" => &[Ordering::Less],
        "<=" => &[Ordering::Less, Ordering::Equal],
        ">" => &[Ordering::Greater],
        ">=" => &[Ordering::Greater, Ordering::Equal],
        other => return Err(format!("unrecognized filter operator {other}")),
    };
    let order = match (a, b) {
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Bool(a), Value::Bool(b)) if operator == "==" || operator == "!=" => a.cmp(b),
        (Value::Null | Value::List(_) | Value::Map(_) | Value::Bool(_), _)
        | (_, Value::Null | Value::List(_) | Value::Map(_)) => {
            return Err("invalid type for comparison".into());
        }
        _ => return Err("incompatible types for comparison".into()),
    };
    Ok(wants.contains(&order))
}

#[cfg(test)]
mod tests {
    use super::Template;
    use crate::value;

    #[test]
    fn templates_print_what_kubectl_prints() {
        let data = value!({
            "kind": "List",
            "n": 3,
            "items": [
                { "metadata": { "name": "a", "labels": { "app.kubernetes.io/name": "x" } }, "spec": { "ready": true, "ports": [80, 443] } },
                { "metadata": { "name": "b" }, "spec": { "ready": false, "ports": [8080] } },
            ],
        });
        let check = |template: &str, expected: &str| {
            let printed = Template::parse(template).and_then(|t| t.execute(&data, true));
            assert_eq!(
                printed.as_deref().unwrap_or_else(|e| e),
                expected,
                "{template}"
            );
        };
        check("{.kind} {.n}{\"\\n\"}", "List 3\n");
        check("{$.items[*].metadata.name}", "a b");
        check(
            "{.items[*]['metadata.name', 'spec.ready']}",
            "a b true false",
        );
        check(
            "{range .items[*]}{.metadata.name}={.spec.ports[*]}{\";\"}{end}",
            "a=80 443;b=8080;",
        );
        check("{.items[?(@.spec.ready==true)].metadata.name}", "a");
        check("{.items[?(@.metadata.name=='b')].spec.ports[0]}", "8080");
        check("{.items[?(@.spec.ports[0]>100)].metadata.name}", "b");
        check("{.items[?(@.metadata.labels)].metadata.name}", "a");
        check(
            "{.items[0].metadata.labels.app\\.kubernetes\\.io/name}",
            "x",
        );
        check(
            "{.items[0].metadata.labels}",
            "{\"app.kubernetes.io/name\":\"x\"}",
        );
        check(
            "{.items[-1:].metadata.name} {.items[0:1].metadata.name}",
            "b a",
        );
        check("{..name}", "a b");
        check("{.nope[5].x}{.nope}|", "|");
        check(
            "{.items[5].x}",
            "array index out of bounds: index 5, length 2",
        );
        check(
            "{.items[-9].x}",
            "array index out of bounds: index -7, length 2",
        );
        check("{.n[0]}", "int64 is not array or slice");
        check("{range .items[*]}{.metadata.name}", "ab");
        check("{kind}", "unrecognized identifier kind");
        check(r#"{.items["a"]}"#, r#"invalid array index "a""#);
        check(
            "{.items[?(@.n=~'x')]}",
            "unrecognized character in action: U+007E '~'",
        );
        check("{.items[?(@.x>]}", "unterminated filter");
        check(
            "{.items[?(@.metadata.name>1)]}",
            "incompatible types for comparison",
        );
        check(
            "{.items[?(@.spec.ports[0]>79.5)]}",
            "incompatible types for comparison",
        );
        check(
            "{.items[0].spec.ports[0,1]} {.items[*].spec.ports[-1]}",
            "80 443 443 8080",
        );
        check("{.n}{\"\\t\\x41\\\"\"}{'q'}", "3\tA\"q");
        check("{.items[0", "unterminated array");
        check("{.kind", "unclosed action");
        let strict = |t: &str| Template::parse(t).and_then(|t| t.execute(&data, false));
        assert_eq!(strict("{.nope}"), Err("nope is not found".to_string()));
        assert_eq!(
            strict("{.items[5]}"),
            Err("array index out of bounds: index 5, length 2".to_string())
        );
    }
}
