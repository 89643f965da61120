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
    /// One `{...}` or the inside of a filter: nodes applied one after the other.
    List(Vec<Node>),
    Field(String),
    Wildcard,
    Recursive,
    /// `[from:to:step]`, `[n]`.
    Slice(Slice),
    Union(Vec<Node>),
    Filter(Vec<Node>, String, Vec<Node>),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// `range` or `end`.
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

/// The nodes of a range's body that starts at `from`, and where the template goes on after its `end`.
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
    (nodes.get(from..).unwrap_or(&[]), nodes.len())
}

/// Applies path nodes one after the other to all values found so far.
fn walk(nodes: &[Node], start: Vec<Value>, allow_missing: bool) -> Result<Vec<Value>, String> {
    let mut found = start;
    for node in nodes {
        let mut next = Vec::new();
        for v in &found {
            apply(node, v, allow_missing, &mut next)?;
        }
        found = next;
    }
    Ok(found)
}

fn apply(node: &Node, v: &Value, allow_missing: bool, out: &mut Vec<Value>) -> Result<(), String> {
    match node {
        Node::Text(t) => out.push(Value::str(t)),
        Node::Int(i) => out.push(Value::Int(*i)),
        Node::Float(f) => out.push(Value::Float(*f)),
        Node::Bool(b) => out.push(Value::Bool(*b)),
        Node::Field(name) if name.is_empty() => out.push(v.clone()),
        Node::Field(name) => match v {
            Value::Map(m) => match m.get(name) {
                Some(x) => out.push(x.clone()),
                None if allow_missing => {}
                None => return Err(format!("{name} is not found")),
            },
            Value::Null if allow_missing => {}
            _ if allow_missing => {}
            _ => return Err(format!("{name} is not found")),
        },
        Node::Wildcard => match v {
            Value::List(l) => out.extend(l.iter().cloned()),
            Value::Map(m) => out.extend(m.iter().map(|(_, x)| x.clone())),
            _ => {}
        },
        Node::Recursive => descend(v, out),
        Node::Slice(slice) => take(slice, v, allow_missing, out)?,
        Node::Union(parts) => {
            for part in parts {
                apply(part, v, allow_missing, out)?;
            }
        }
        Node::List(nodes) => out.extend(walk(nodes, vec![v.clone()], allow_missing)?),
        Node::Filter(left, operator, right) => {
            for item in v.items() {
                if holds(item, left, operator, right)? {
                    out.push(item.clone());
                }
            }
        }
        Node::Word(w) => return Err(format!("unrecognized identifier {w}")),
    }
    Ok(())
}

/// The value itself and everything below it.
fn descend(v: &Value, out: &mut Vec<Value>) {
    out.push(v.clone());
    match v {
        Value::List(l) => l.iter().for_each(|x| descend(x, out)),
        Value::Map(m) => m.iter().for_each(|(_, x)| descend(x, out)),
        _ => {}
    }
}

fn take(slice: &Slice, v: &Value, allow_missing: bool, out: &mut Vec<Value>) -> Result<(), String> {
    let Value::List(list) = v else {
        return if allow_missing {
            Ok(())
        } else {
            Err(format!("{} is not array or slice", json::print(v)))
        };
    };
    let n = list.len() as i64;
    let around = |i: i64| if i < 0 { i + n } else { i };
    let from = around(slice.from.unwrap_or(0));
    let to = if slice.single {
        from + 1
    } else {
        around(slice.to.unwrap_or(n))
    };
    let step = slice.step.unwrap_or(1);
    if slice.single && (from < 0 || from >= n) {
        return match allow_missing {
            true => Ok(()),
            false => Err(format!(
                "array index out of bounds: index {}, length {n}",
                slice.from.unwrap_or(0)
            )),
        };
    }
    if step <= 0 {
        return Err("step must be > 0".into());
    }
    let (from, to) = (from.clamp(0, n), to.clamp(0, n));
    let mut i = from;
    while i < to {
        out.extend(list.get(i as usize).cloned());
        i += step;
    }
    Ok(())
}

/// Whether an item passes a filter.
fn holds(item: &Value, left: &[Node], operator: &str, right: &[Node]) -> Result<bool, String> {
    let found = walk(left, vec![item.clone()], true)?;
    if operator == "exists" {
        return Ok(!found.is_empty());
    }
    let [a] = found.as_slice() else {
        return if found.is_empty() {
            Ok(false)
        } else {
            Err("can only compare one element at a time".into())
        };
    };
    let others = walk(right, vec![item.clone()], true)?;
    let [b] = others.as_slice() else {
        return if others.is_empty() {
            Ok(false)
        } else {
            Err("can only compare one element at a time".into())
        };
    };
    let order = match (a, b) {
        (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.partial_cmp(&b),
            _ => None,
        },
    };
    Ok(match (operator, order) {
        ("==", Some(o)) => o == Ordering::Equal,
        ("!=", Some(o)) => o != Ordering::Equal,
        ("<", Some(o)) => o == Ordering::Less,
        ("<=", Some(o)) => o != Ordering::Greater,
        (">", Some(o)) => o == Ordering::Greater,
        (">=", Some(o)) => o != Ordering::Less,
        ("!=", None) => true,
        _ => false,
    })
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
            "a true b false",
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
        check("{.items[5].x}{.nope}|", "|");
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
