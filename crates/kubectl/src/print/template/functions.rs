//! What templates call: `len`, `index`, `eq`, `printf` and their kin; how values are shown.

use crate::forms;
use machinery::Value;

/// The names that a template may call.
pub const FUNCTIONS: &[&str] = &[
    "and",
    "base64decode",
    "eq",
    "exists",
    "ge",
    "gt",
    "index",
    "le",
    "len",
    "lt",
    "ne",
    "not",
    "or",
    "print",
    "printf",
    "println",
];

pub fn walk(v: &Value, path: &[String]) -> Result<Value, String> {
    let mut v = v.clone();
    for key in path {
        if !matches!(v, Value::Map(_) | Value::Null) {
            return Err(format!(
                "can't evaluate field {key} in type {}",
                forms::json_type(&v)
            ));
        }
        v = v.get(key).clone();
    }
    Ok(v)
}

pub fn shown(v: &Value) -> String {
    match v {
        Value::Null => "<no value>".into(),
        other => forms::go(other),
    }
}

pub fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let first = args.first().cloned().unwrap_or_default();
    let second = args.get(1).cloned().unwrap_or_default();
    let order = || match (first.as_f64(), second.as_f64()) {
        (Some(a), Some(b)) => a.partial_cmp(&b),
        _ => first.as_str().partial_cmp(&second.as_str()),
    };
    use std::cmp::Ordering::{Equal, Greater, Less};
    Ok(match name {
        "len" => Value::from(match &first {
            Value::List(l) => l.len(),
            Value::Map(m) => m.len(),
            Value::Str(s) => s.len(),
            _ => {
                return Err(format!(
                    "error calling len: len of type {}",
                    forms::json_type(&first)
                ));
            }
        }),
        "index" => {
            let mut v = first.clone();
            for key in args.iter().skip(1) {
                v = match (&v, key) {
                    (Value::List(l), Value::Int(i)) => usize::try_from(*i)
                        .ok()
                        .and_then(|i| l.get(i).cloned())
                        .ok_or(format!("error calling index: index out of range: {i}"))?,
                    (_, Value::Str(k)) => v.get(k).clone(),
                    _ => Value::Null,
                };
            }
            v
        }
        "eq" => Value::Bool(args.iter().skip(1).any(|x| *x == first)),
        "ne" => Value::Bool(first != second),
        "lt" => Value::Bool(order() == Some(Less)),
        "gt" => Value::Bool(order() == Some(Greater)),
        "le" => Value::Bool(matches!(order(), Some(Less | Equal))),
        "ge" => Value::Bool(matches!(order(), Some(Greater | Equal))),
        "not" => Value::Bool(first.is_empty()),
        "and" => args
            .iter()
            .find(|v| v.is_empty())
            .or(args.last())
            .cloned()
            .unwrap_or_default(),
        "or" => args
            .iter()
            .find(|v| !v.is_empty())
            .or(args.last())
            .cloned()
            .unwrap_or_default(),
        "exists" => {
            let mut v = first.clone();
            for key in args.iter().skip(1) {
                v = v.get(key.as_str().unwrap_or("")).clone();
            }
            Value::Bool(!v.is_null())
        }
        "base64decode" => {
            let bytes = forms::base64_decode(first.as_str().unwrap_or(""))
                .ok_or("error calling base64decode: illegal base64 data")?;
            Value::from(String::from_utf8_lossy(&bytes).into_owned())
        }
        "print" => Value::from(args.iter().map(shown).collect::<String>()),
        "println" => {
            let parts: Vec<String> = args.iter().map(shown).collect();
            Value::from(format!("{}\n", parts.join(" ")))
        }
        "printf" => Value::from(printf(
            first.as_str().unwrap_or(""),
            args.get(1..).unwrap_or(&[]),
        )),
        other => return Err(format!("function \"{other}\" not defined")),
    })
}

/// `%s`, `%d`, `%v`, `%q`, `%%`, with a width: `%-20s`.
fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut args = args.iter();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let (mut left, mut width) = (false, 0usize);
        for c in chars.by_ref() {
            match c {
                '-' => left = true,
                '0'..='9' => width = (width * 10 + (c as usize - '0' as usize)).min(500),
                '%' => {
                    out.push('%');
                    break;
                }
                verb => {
                    let v = args.next().unwrap_or(machinery::NULL);
                    let s = match verb {
                        'q' => machinery::json::quote(&forms::go(v)),
                        _ => forms::go(v),
                    };
                    let pad = " ".repeat(width.saturating_sub(s.chars().count()));
                    out.push_str(&if left { s + &pad } else { pad + &s });
                    break;
                }
            }
        }
    }
    out
}
