//! Functions of lists and maps, and those of any number of arguments.

use super::{float, int, list, texts};
use machinery::gotemplate::go;
use machinery::{Map, Value, json};

/// Functions of lists and maps, and those of any number of arguments.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Result<Value, String>> {
    let null = Value::Null;
    let a = args.first().unwrap_or(&null);
    let b = args.get(1).unwrap_or(&null);
    let rest = args.get(1..).unwrap_or(&[]);
    let some = args.iter().filter(|v| !v.is_null());
    let fold_int = |f: fn(i64, i64) -> i64| args.iter().map(int).reduce(f).unwrap_or(0);
    let fold_float = |f: fn(f64, f64) -> f64| args.iter().map(float).reduce(f).unwrap_or(0.0);
    let from_items = |items: Vec<Value>| Value::from(items);
    Some(Ok(match name {
        "quote" => Value::from(
            some.map(|v| json::quote(&go(v)))
                .collect::<Vec<_>>()
                .join(" "),
        ),
        "squote" => Value::from(
            some.map(|v| format!("'{}'", go(v)))
                .collect::<Vec<_>>()
                .join(" "),
        ),
        "cat" => Value::from(some.map(go).collect::<Vec<_>>().join(" ")),
        "list" | "tuple" => from_items(args.to_vec()),
        "coalesce" => args
            .iter()
            .find(|v| !v.is_empty())
            .cloned()
            .unwrap_or_default(),
        "all" => Value::Bool(args.iter().all(|v| !v.is_empty())),
        "any" => Value::Bool(args.iter().any(|v| !v.is_empty())),
        "dict" => {
            let pairs = args.chunks(2);
            let pairs = pairs.map(|p| {
                (
                    go(p.first().unwrap_or(&null)),
                    p.get(1).cloned().unwrap_or(Value::from("")),
                )
            });
            Value::from(pairs.collect::<Map>())
        }
        "add" => Value::Int(fold_int(i64::wrapping_add)),
        "mul" => Value::Int(fold_int(i64::wrapping_mul)),
        "max" | "biggest" => Value::Int(fold_int(i64::max)),
        "min" => Value::Int(fold_int(i64::min)),
        "addf" => Value::Float(fold_float(|x, y| x + y)),
        "mulf" => Value::Float(fold_float(|x, y| x * y)),
        "subf" => Value::Float(fold_float(|x, y| x - y)),
        "divf" => Value::Float(fold_float(|x, y| x / y)),
        "until" => from_items((0..int(a).clamp(0, 10_000)).map(Value::Int).collect()),
        "untilStep" | "seq" => {
            let (from, to, step) = match (name, args) {
                ("seq", [to]) => (1, int(to) + 1, 1),
                ("seq", [from, to]) => (int(from), int(to) + 1, 1),
                ("seq", [from, step, to]) => (int(from), int(to) + int(step).signum(), int(step)),
                _ => (int(a), int(b), args.get(2).map_or(1, int)),
            };
            let mut out = Vec::new();
            let mut at = from;
            while step != 0 && out.len() < 10_000 && (step > 0 && at < to || step < 0 && at > to) {
                out.push(at);
                at = at.saturating_add(step);
            }
            match name {
                "seq" => {
                    let words: Vec<String> = out.iter().map(i64::to_string).collect();
                    Value::from(words.join(" "))
                }
                _ => Value::from(out),
            }
        }
        "concat" => from_items(args.iter().flat_map(|l| l.items().to_vec()).collect()),
        "append" => from_items(a.items().iter().chain([b]).cloned().collect()),
        "prepend" => from_items([b].into_iter().chain(a.items()).cloned().collect()),
        "first" => a.items().first().cloned().unwrap_or_default(),
        "last" => a.items().last().cloned().unwrap_or_default(),
        "rest" => from_items(a.items().iter().skip(1).cloned().collect()),
        "initial" => from_items(
            a.items()
                .split_last()
                .map_or(Vec::new(), |(_, l)| l.to_vec()),
        ),
        "reverse" => from_items(a.items().iter().rev().cloned().collect()),
        "uniq" => {
            let mut out: Vec<Value> = Vec::new();
            for v in a.items() {
                if !out.contains(v) {
                    out.push(v.clone());
                }
            }
            from_items(out)
        }
        "compact" => from_items(
            a.items()
                .iter()
                .filter(|v| !v.is_empty())
                .cloned()
                .collect(),
        ),
        "without" => from_items(
            a.items()
                .iter()
                .filter(|v| !rest.contains(v))
                .cloned()
                .collect(),
        ),
        "chunk" => from_items(
            b.items()
                .chunks(int(a).max(1) as usize)
                .map(|c| Value::from(c.to_vec()))
                .collect(),
        ),
        "has" => Value::Bool(b.items().contains(a)),
        "sortAlpha" => {
            let mut words = texts(a);
            words.sort();
            list(words)
        }
        "toStrings" => list(texts(a)),
        "keys" => list(
            args.iter()
                .flat_map(|m| m.entries().iter().map(|(k, _)| k.to_string())),
        ),
        "values" => from_items(a.entries().iter().map(|(_, v)| v.clone()).collect()),
        "hasKey" => Value::Bool(a.has(&go(b))),
        "get" => match a.has(&go(b)) {
            true => a.get(&go(b)).clone(),
            false => Value::from(""),
        },
        "set" => {
            let mut m = a.clone();
            *m.field(&go(b)) = args.get(2).cloned().unwrap_or_default();
            m
        }
        "unset" => {
            let mut m = a.clone();
            m.map_mut().remove(&go(b));
            m
        }
        "pick" | "omit" => {
            let named: Vec<String> = rest.iter().map(go).collect();
            let mut m = a.clone();
            m.map_mut()
                .retain(|k, _| named.iter().any(|n| n == k) == (name == "pick"));
            m
        }
        "pluck" => {
            let key = go(a);
            from_items(
                rest.iter()
                    .filter(|m| m.has(&key))
                    .map(|m| m.get(&key).clone())
                    .collect(),
            )
        }
        "merge" => rest.iter().fold(a.clone(), |m, o| merge(&m, o, false)),
        "mergeOverwrite" => rest.iter().fold(a.clone(), |m, o| merge(&m, o, true)),
        "dig" => {
            let [keys @ .., default, map] = args else {
                return Some(Err("dig: needs at least three arguments".into()));
            };
            let mut v = map;
            for key in keys {
                let key = go(key);
                if !v.has(&key) {
                    return Some(Ok(default.clone()));
                }
                v = v.get(&key);
            }
            v.clone()
        }
        _ => return None,
    }))
}

/// `over` wins for [`mergeOverwrite`], `base` for `merge`.
fn merge(base: &Value, other: &Value, overwrite: bool) -> Value {
    let mut out = base.clone();
    for (k, v) in other.entries() {
        let here = base.get(k);
        let both = matches!((here, v), (Value::Map(_), Value::Map(_)));
        if both {
            *out.field(k) = merge(here, v, overwrite);
        } else if !base.has(k) || here.is_empty() || overwrite && !v.is_empty() {
            *out.field(k) = v.clone();
        }
    }
    out
}
