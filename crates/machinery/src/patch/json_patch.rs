//! JSON patch, RFC 6902.

use crate::Value;

/// Applies the operations in order; the error says which one failed and why.
pub fn apply_json(target: &Value, patch: &Value) -> Result<Value, String> {
    let Value::List(operations) = patch else {
        return Err("a JSON patch is a list of operations".into());
    };
    let mut out = target.clone();
    for operation in operations.iter() {
        one(&mut out, operation)?;
    }
    Ok(out)
}

fn one(doc: &mut Value, operation: &Value) -> Result<(), String> {
    let path = pointer(operation.get("path").as_str().ok_or("missing path")?)?;
    let from = || pointer(operation.get("from").as_str().ok_or("missing from")?);
    let value = || {
        if operation.has("value") {
            Ok(operation.get("value").clone())
        } else {
            Err("missing value".to_string())
        }
    };
    match operation.text("op") {
        "add" => add(doc, &path, value()?),
        "replace" => {
            find(doc, &path)?;
            if path.is_empty() {
                *doc = value()?;
                return Ok(());
            }
            *place(doc, &path)? = value()?;
            Ok(())
        }
        "remove" => remove(doc, &path).map(drop),
        "move" => {
            let moved = remove(doc, &from()?)?;
            add(doc, &path, moved)
        }
        "copy" => {
            let copied = find(doc, &from()?)?.clone();
            add(doc, &path, copied)
        }
        "test" => {
            let there = find(doc, &path).cloned().unwrap_or_default();
            if &there == operation.get("value") {
                Ok(())
            } else {
                Err(format!("testing value {} failed", operation.text("path")))
            }
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

/// The parts of a JSON pointer.
fn pointer(text: &str) -> Result<Vec<String>, String> {
    match text.strip_prefix('/') {
        None if text.is_empty() => Ok(Vec::new()),
        None => Err(format!("invalid pointer {text}")),
        Some(rest) => Ok(rest
            .split('/')
            .map(|p| p.replace("~1", "/").replace("~0", "~"))
            .collect()),
    }
}

fn missing(part: &str) -> String {
    format!("missing path: {part}")
}

fn find<'a>(doc: &'a Value, path: &[String]) -> Result<&'a Value, String> {
    path.iter().try_fold(doc, |v, part| match v {
        Value::Map(m) => m.get(part).ok_or_else(|| missing(part)),
        Value::List(l) => index(part, l.len()).and_then(|i| l.get(i).ok_or_else(|| missing(part))),
        _ => Err(missing(part)),
    })
}

/// The place of an existing value.
fn place<'a>(doc: &'a mut Value, path: &[String]) -> Result<&'a mut Value, String> {
    let mut here = doc;
    for part in path {
        here = match here {
            Value::Map(m) if m.get(part).is_some() => std::rc::Rc::make_mut(m).entry(part),
            Value::List(l) => {
                let i = index(part, l.len())?;
                std::rc::Rc::make_mut(l)
                    .get_mut(i)
                    .ok_or_else(|| missing(part))?
            }
            _ => return Err(missing(part)),
        };
    }
    Ok(here)
}

fn index(part: &str, len: usize) -> Result<usize, String> {
    let i: i64 = part
        .parse()
        .map_err(|_| format!("invalid array index {part}"))?;
    let i = if i < 0 { i + len as i64 } else { i };
    usize::try_from(i).map_err(|_| format!("invalid array index {part}"))
}

fn add(doc: &mut Value, path: &[String], value: Value) -> Result<(), String> {
    let Some((last, parents)) = path.split_last() else {
        *doc = value;
        return Ok(());
    };
    let holder = place(doc, parents)?;
    match holder {
        Value::Map(_) => {
            holder.map_mut().insert(last.as_str(), value);
            Ok(())
        }
        Value::List(l) => {
            let i = if last == "-" {
                l.len()
            } else {
                index(last, l.len())?
            };
            if i > l.len() {
                return Err(format!("invalid array index {last}"));
            }
            holder.list_mut().insert(i, value);
            Ok(())
        }
        _ => Err(missing(last)),
    }
}

fn remove(doc: &mut Value, path: &[String]) -> Result<Value, String> {
    let (last, parents) = path
        .split_last()
        .ok_or("the whole document cannot be removed")?;
    let holder = place(doc, parents)?;
    match holder {
        Value::Map(_) => holder.map_mut().remove(last).ok_or_else(|| missing(last)),
        Value::List(l) => {
            let i = index(last, l.len())?;
            if i >= l.len() {
                return Err(missing(last));
            }
            Ok(holder.list_mut().remove(i))
        }
        _ => Err(missing(last)),
    }
}
