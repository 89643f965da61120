//! JSON patch: `[{"op": "replace", "path": "/spec/replicas", "value": 3}]`, with `evanphx/json-patch`'s error words.

use crate::Value;

/// Applies the operations in turn; the first that fails refuses all.
pub fn apply_json(target: &Value, patch: &Value) -> Result<Value, String> {
    let Value::List(operations) = patch else {
        let kind = match patch {
            Value::Map(_) => "object",
            Value::Str(_) => "string",
            Value::Bool(_) => "bool",
            Value::Null => return Ok(target.clone()),
            _ => "number",
        };
        return Err(format!(
            "json: cannot unmarshal {kind} into Go value of type jsonpatch.Patch"
        ));
    };
    if operations.len() > 10_000 {
        let n = operations.len();
        return Err(format!(
            "The allowed maximum operations in a JSON patch is 10000, got {n}"
        ));
    }
    let mut doc = target.clone();
    let mut copied = 0;
    for op in operations.iter() {
        apply(&mut doc, op, &mut copied)?;
    }
    Ok(doc)
}

/// How many values copies may add, so that a list that is copied into itself again and again stays small.
const COPIES_MAX: usize = 200_000;

/// The number of values in a tree, counted no further than `most`.
fn count(v: &Value, most: usize) -> usize {
    let mut n = 1;
    let items = v.items().iter().chain(v.entries().iter().map(|e| &e.1));
    for inner in items {
        if n > most {
            return n;
        }
        n += count(inner, most - n.min(most));
    }
    n
}

fn apply(doc: &mut Value, op: &Value, copied: &mut usize) -> Result<(), String> {
    let path = op.text("path");
    let value = op.get("value").clone();
    match op.text("op") {
        "add" => add(doc, path, value),
        "remove" => remove(doc, path).map(drop),
        "replace" => {
            let missing = |what: &str| {
                format!(
                    "replace operation does not apply: doc is missing {what}: {path}: missing value"
                )
            };
            let (parent, key) = split(doc, path).ok_or_else(|| missing("path"))?;
            if find(doc, path).is_none() {
                return Err(missing("key"));
            }
            match place(doc, &parent, &key) {
                Some(p) => *p = value,
                None => return Err(missing("path")),
            }
            Ok(())
        }
        "move" => {
            let taken = remove(doc, op.text("from")).map_err(|e| e.replace("remove", "move"))?;
            add(doc, path, taken)
        }
        "copy" => {
            let from = op.text("from");
            let found = find(doc, from).cloned();
            let found = found.ok_or_else(|| {
                format!(
                    "copy operation does not apply: doc is missing from path: {from}: missing value"
                )
            })?;
            *copied += count(&found, COPIES_MAX);
            if *copied > COPIES_MAX {
                return Err(format!(
                    "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {COPIES_MAX}"
                ));
            }
            add(doc, path, found)
        }
        "test" => {
            let found = find(doc, path);
            let equal = match found {
                Some(v) => *v == value,
                None => value.is_null(),
            };
            if equal {
                Ok(())
            } else {
                Err(format!("testing value {path} failed: test failed"))
            }
        }
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn unescape(s: &str) -> String {
    s.replace("~1", "/").replace("~0", "~")
}

fn steps(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(unescape).collect()
}

/// The parent's steps and the last one, if the parent is there.
fn split(doc: &Value, path: &str) -> Option<(Vec<String>, String)> {
    let mut parent = steps(path);
    let key = parent.pop()?;
    let holder = parent.iter().try_fold(doc, |v, step| child(v, step))?;
    matches!(holder, Value::Map(_) | Value::List(_)).then_some((parent, key))
}

fn child<'a>(v: &'a Value, step: &str) -> Option<&'a Value> {
    match v {
        Value::Map(m) => m.get(step),
        Value::List(l) => l.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

fn find<'a>(doc: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).iter().try_fold(doc, |v, step| child(v, step))
}

fn place<'a>(doc: &'a mut Value, parent: &[String], key: &str) -> Option<&'a mut Value> {
    let mut at = doc;
    for step in parent.iter().map(String::as_str).chain([key]) {
        at = match at {
            Value::Map(_) => at.field(step),
            Value::List(_) => at.list_mut().get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(at)
}

/// The container at these steps, to change.
fn holder<'a>(doc: &'a mut Value, parent: &[String]) -> Option<&'a mut Value> {
    match parent.split_last() {
        Some((key, rest)) => place(doc, rest, key),
        None => Some(doc),
    }
}

fn add(doc: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let missing =
        || format!("add operation does not apply: doc is missing path: \"{path}\": missing value");
    if path.is_empty() {
        *doc = value;
        return Ok(());
    }
    let (parent, key) = split(doc, path).ok_or_else(missing)?;
    let holder = holder(doc, &parent).ok_or_else(missing)?;
    if let Value::Map(_) = holder {
        holder.map_mut().insert(key.as_str(), value);
        return Ok(());
    }
    let list = holder.list_mut();
    let index = match key.as_str() {
        "-" => Some(list.len()),
        k => k.parse::<usize>().ok(),
    };
    match index {
        Some(i) if i <= list.len() => {
            list.insert(i, value);
            Ok(())
        }
        Some(i) => Err(format!(
            "error in add for path: '{path}': Unable to access invalid index: {i}: invalid index referenced"
        )),
        None => Err(format!(
            "error in add for path: '{path}': value was not a proper array index: '{key}': strconv.Atoi: parsing \"{key}\": invalid syntax"
        )),
    }
}

fn remove(doc: &mut Value, path: &str) -> Result<Value, String> {
    let missing = || {
        format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
    };
    let (parent, key) = split(doc, path).ok_or_else(missing)?;
    let present = find(doc, path).is_some();
    let holder = holder(doc, &parent).ok_or_else(missing)?;
    if let Value::Map(_) = holder {
        if !present {
            return Err(format!(
                "error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value"
            ));
        }
        return Ok(holder.map_mut().remove(&key).unwrap_or_default());
    }
    let list = holder.list_mut();
    match key.parse::<usize>() {
        Ok(i) if i < list.len() => Ok(list.remove(i)),
        Ok(i) => Err(format!(
            "error in remove for path: '{path}': Unable to access invalid index: {i}: invalid index referenced"
        )),
        Err(_) => Err(format!(
            "error in remove for path: '{path}': strconv.Atoi: parsing \"{key}\": invalid syntax"
        )),
    }
}
