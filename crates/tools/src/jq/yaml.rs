//! YAML in and out for yq: keys stay in the order of the document.

use super::value::{J, arr, number, text};
use machinery::yaml::{Doc, Step};
use machinery::{Value, yaml};
use std::rc::Rc;

pub fn documents(source: &str) -> Result<Vec<J>, String> {
    let mut out = Vec::new();
    for document in yaml::documents(source) {
        match &document.value {
            Ok(v) => out.push(ordered(v, &document, 0)),
            Err(e) => return Err(e.message.clone()),
        }
    }
    Ok(if out.is_empty() { vec![J::Null] } else { out })
}

/// A value with its keys as they stand in the text: node 0 of the marks is the document, children name their parent.
fn ordered(v: &Value, document: &Doc, node: usize) -> J {
    let nodes = &document.marks.nodes;
    let children = || {
        nodes
            .iter()
            .enumerate()
            .filter(|(i, n)| *i > 0 && n.parent == node)
    };
    match v {
        Value::Map(m) => {
            let mut fields: Vec<(Rc<str>, J)> = Vec::new();
            for (i, child) in children() {
                if let Step::Key(k) = &child.step
                    && m.get(k).is_some()
                    && !fields.iter().any(|(name, _)| **name == **k)
                {
                    fields.push((Rc::from(&**k), ordered(v.get(k), document, i)));
                }
            }
            // What came by an alias or a merge has no place of its own.
            for (k, inner) in m.iter() {
                if !fields.iter().any(|(name, _)| **name == *k.as_str()) {
                    fields.push((Rc::from(k.as_str()), J::of(inner)));
                }
            }
            J::Obj(Rc::new(fields))
        }
        Value::List(items) => {
            let mut out: Vec<J> = items.iter().map(J::of).collect();
            for (i, child) in children() {
                if let Step::Index(at) = &child.step
                    && let (Some(place), Some(item)) = (out.get_mut(*at), items.get(*at))
                {
                    *place = ordered(item, document, i);
                }
            }
            arr(out)
        }
        other => J::of(other),
    }
}

/// A scalar alone is printed plain; everything else as YAML, two blanks a level.
pub fn print(v: &J) -> String {
    match v {
        J::Str(s) => format!("{s}\n"),
        v => {
            let mut out = String::new();
            write(v, 0, &mut out);
            out
        }
    }
}

fn scalar(v: &J) -> String {
    match v {
        J::Arr(_) => "[]".into(),
        J::Obj(_) => "{}".into(),
        J::Num(n) => number(*n),
        v => yaml::print(&v.value()).trim_end().to_string(),
    }
}

fn block(v: &J) -> bool {
    !v.items().is_empty() || !v.fields().is_empty()
}

fn write(v: &J, level: usize, out: &mut String) {
    let pad = "  ".repeat(level);
    match v {
        J::Obj(fields) if !fields.is_empty() => {
            for (k, inner) in fields.iter() {
                out.push_str(&format!("{pad}{}:", scalar(&text(&**k))));
                inline(inner, level + 1, out);
            }
        }
        J::Arr(items) if !items.is_empty() => {
            for item in items.iter() {
                if block(item) {
                    let mut inner = String::new();
                    write(item, level + 1, &mut inner);
                    let inner = inner.get(pad.len() + 2..).unwrap_or("");
                    out.push_str(&format!("{pad}- {inner}"));
                } else {
                    out.push_str(&format!("{pad}-"));
                    inline(item, level + 1, out);
                }
            }
        }
        v => out.push_str(&format!("{pad}{}\n", scalar(v))),
    }
}

/// What stands after `key:` or `-`.
fn inline(v: &J, level: usize, out: &mut String) {
    match v {
        v if block(v) => {
            out.push('\n');
            write(v, level, out);
        }
        J::Str(s) if s.contains('\n') => {
            let keep = match (s.ends_with('\n'), s.ends_with("\n\n")) {
                (_, true) => "|+",
                (true, _) => "|",
                _ => "|-",
            };
            out.push_str(&format!(" {keep}\n"));
            let pad = "  ".repeat(level);
            for line in s.trim_end_matches('\n').split('\n') {
                match line.is_empty() {
                    true => out.push('\n'),
                    false => out.push_str(&format!("{pad}{line}\n")),
                }
            }
        }
        v => out.push_str(&format!(" {}\n", scalar(v))),
    }
}

pub fn properties(v: &J, path: &str, out: &mut String) {
    let join = |key: &str| match path {
        "" => key.to_string(),
        path => format!("{path}.{key}"),
    };
    match v {
        J::Obj(fields) => fields
            .iter()
            .for_each(|(k, v)| properties(v, &join(k), out)),
        J::Arr(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, v)| properties(v, &join(&i.to_string()), out)),
        v => out.push_str(&format!("{path} = {}\n", super::builtins::to_text(v))),
    }
}
