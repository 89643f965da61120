//! The functions that every Go template has (`text/template/funcs.go`), and how values are shown.

use crate::{Value, json};
use std::cmp::Ordering;

/// Name and parameters: `a` any value, `s` a text, `*` as many more of the last as one likes.
pub const BUILTINS: &[(&str, &str)] = &[
    ("and", "a*"),
    ("eq", "aa*"),
    ("ge", "aa"),
    ("gt", "aa"),
    ("html", "a*"),
    ("index", "aa*"),
    ("js", "a*"),
    ("le", "aa"),
    ("len", "a"),
    ("lt", "aa"),
    ("ne", "aa"),
    ("not", "a"),
    ("or", "a*"),
    ("print", "a*"),
    ("printf", "sa*"),
    ("println", "a*"),
    ("slice", "aa*"),
    ("urlquery", "a*"),
];

pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTINS.iter().find(|(n, _)| *n == name).map(|(_, s)| *s)
}

/// What Go's `%v` prints: `map[app:web tier:front]`, `[a b]`, `<nil>`.
pub fn go(v: &Value) -> String {
    match v {
        Value::Null => "<nil>".into(),
        Value::Str(s) => s.to_string(),
        Value::List(l) => {
            let parts: Vec<String> = l.iter().map(go).collect();
            format!("[{}]", parts.join(" "))
        }
        Value::Map(m) => match m.get(super::TEXT) {
            Some(text) => go(text),
            None => {
                let shown = m.iter().filter(|(k, _)| !k.starts_with('\0'));
                let parts: Vec<String> = shown.map(|(k, v)| format!("{k}:{}", go(v))).collect();
                format!("map[{}]", parts.join(" "))
            }
        },
        other => json::print(other),
    }
}

/// A value as an action prints it.
pub fn shown(v: &Value) -> String {
    match v {
        Value::Null => "<no value>".into(),
        other => go(other),
    }
}

/// Go's name of a value's type.
pub fn go_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "interface {}",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

pub fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let null = Value::Null;
    let first = args.first().unwrap_or(&null);
    let second = args.get(1).unwrap_or(&null);
    let text = || args.iter().map(go).collect::<String>();
    Ok(match name {
        "len" => Value::from(match first {
            Value::List(l) => l.len(),
            Value::Map(m) => m.len(),
            Value::Str(s) => s.len(),
            Value::Null => return Err("len of nil pointer".into()),
            other => return Err(format!("len of type {}", go_type(other))),
        }),
        "index" => index(first, args.get(1..).unwrap_or(&[]))?,
        "slice" => slice(first, args.get(1..).unwrap_or(&[]))?,
        "eq" => {
            for x in args.iter().skip(1) {
                if same(first, x)? {
                    return Ok(Value::Bool(true));
                }
            }
            Value::Bool(false)
        }
        "ne" => Value::Bool(!same(first, second)?),
        "lt" => Value::Bool(order(first, second)?.is_lt()),
        "le" => Value::Bool(order(first, second)?.is_le()),
        "gt" => Value::Bool(order(first, second)?.is_gt()),
        "ge" => Value::Bool(order(first, second)?.is_ge()),
        "not" => Value::Bool(first.is_empty()),
        "print" => Value::from(print(args)),
        "println" => {
            let parts: Vec<String> = args.iter().map(go).collect();
            Value::from(format!("{}\n", parts.join(" ")))
        }
        "printf" => Value::from(printf(&go(first), args.get(1..).unwrap_or(&[]))),
        "html" => Value::from(
            text()
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&#34;")
                .replace('\'', "&#39;"),
        ),
        "js" => Value::from(
            text()
                .replace('\\', "\\\\")
                .replace('\'', "\\'")
                .replace('"', "\\\"")
                .replace('\n', "\\u000A"),
        ),
        "urlquery" => Value::from(codec::query_escape(&text())),
        other => return Err(format!("function \"{other}\" not defined")),
    })
}

/// `fmt.Sprint`: a blank between neighbours of which neither is a text.
fn print(args: &[Value]) -> String {
    let mut out = String::new();
    for (i, v) in args.iter().enumerate() {
        let text = |v: &Value| matches!(v, Value::Str(_));
        if i > 0 && !text(v) && !args.get(i - 1).is_some_and(text) {
            out.push(' ');
        }
        out.push_str(&go(v));
    }
    out
}

fn index(first: &Value, keys: &[Value]) -> Result<Value, String> {
    let mut v = first.clone();
    for key in keys {
        v = match (&v, key) {
            (Value::Null, _) => return Err("index of untyped nil".into()),
            (Value::List(l), Value::Int(i)) => usize::try_from(*i)
                .ok()
                .and_then(|i| l.get(i).cloned())
                .ok_or(format!("index out of range: {i}"))?,
            (Value::List(_), other) => {
                return Err(format!(
                    "cannot index slice/array with type {}",
                    go_type(other)
                ));
            }
            (Value::Map(m), Value::Str(k)) => m.get(k).cloned().unwrap_or_default(),
            (Value::Map(_), other) => {
                return Err(format!(
                    "value has type {}; should be string",
                    go_type(other)
                ));
            }
            (other, _) => return Err(format!("can't index item of type {}", go_type(other))),
        };
    }
    Ok(v)
}

fn slice(first: &Value, bounds: &[Value]) -> Result<Value, String> {
    let length = match first {
        Value::Str(s) => s.len(),
        Value::List(l) => l.len(),
        other => return Err(format!("can't slice item of type {}", go_type(other))),
    };
    let bound = |i: usize, or: usize| match bounds.get(i).map(|b| b.as_i64()) {
        None => Ok(or),
        Some(Some(n)) if n >= 0 && n as usize <= length => Ok(n as usize),
        Some(n) => Err(format!("index out of range: {}", n.unwrap_or(-1))),
    };
    let (from, to) = (bound(0, 0)?, bound(1, length)?);
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    Ok(match first {
        Value::Str(s) => Value::str(s.get(from..to).unwrap_or("")),
        other => Value::from(other.items().get(from..to).unwrap_or(&[]).to_vec()),
    })
}

const INCOMPATIBLE: &str = "incompatible types for comparison";

fn same(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Ok(a.is_null() && b.is_null()),
        (Value::Map(_) | Value::List(_), _) => {
            Err(format!("non-comparable type {}: {}", go(a), go_type(a)))
        }
        (Value::Str(_), Value::Str(_)) | (Value::Bool(_), Value::Bool(_)) => Ok(a == b),
        _ if a.as_f64().is_some() && b.as_f64().is_some() => Ok(a == b),
        _ => Err(INCOMPATIBLE.into()),
    }
}

fn order(a: &Value, b: &Value) -> Result<Ordering, String> {
    match (a.as_f64(), b.as_f64(), a.as_str(), b.as_str()) {
        (Some(x), Some(y), ..) => x.partial_cmp(&y).ok_or(INCOMPATIBLE.into()),
        (.., Some(x), Some(y)) => Ok(x.cmp(y)),
        _ if a.is_null() || b.is_null() => Err("invalid type for comparison".into()),
        _ => Err(INCOMPATIBLE.into()),
    }
}

/// `fmt.Sprintf`: the verbs s, v, d, q, t, f, g, e, x, X, o, b, c, T with flags, width and precision.
pub fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut left = args.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(&f) = chars.peek().filter(|c| "-+# 0".contains(**c)) {
            flags.push(f);
            chars.next();
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars>| {
            if chars.next_if_eq(&'*').is_some() {
                return left.next().and_then(Value::as_i64).map(|n| n as usize);
            }
            let mut n = None;
            while let Some(d) = chars.peek().and_then(|c| c.to_digit(10)) {
                n = Some((n.unwrap_or(0) * 10 + d as usize).min(500));
                chars.next();
            }
            n
        };
        let width = number(&mut chars).unwrap_or(0).min(500);
        let precision = chars
            .next_if_eq(&'.')
            .map(|_| number(&mut chars).unwrap_or(0).min(60));
        let Some(verb) = chars.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let text = match left.next() {
            None => format!("%!{verb}(MISSING)"),
            Some(v) => one(verb, v, &flags, precision),
        };
        let missing = width.saturating_sub(text.chars().count());
        if flags.contains('-') {
            out.push_str(&text);
            out.extend(std::iter::repeat_n(' ', missing));
        } else if flags.contains('0') && text.starts_with(['-', '+']) {
            out.push_str(&text[..1]);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(&text[1..]);
        } else {
            let pad = if flags.contains('0') { '0' } else { ' ' };
            out.extend(std::iter::repeat_n(pad, missing));
            out.push_str(&text);
        }
    }
    let extra: Vec<String> = left.map(|v| format!("{}={}", go_type(v), go(v))).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn one(verb: char, v: &Value, flags: &str, precision: Option<usize>) -> String {
    let bad = || match v {
        Value::Null => format!("%!{verb}(<nil>)"),
        _ => format!("%!{verb}({}={})", go_type(v), go(v)),
    };
    let plus = |text: String| match flags.contains('+') && !text.starts_with('-') {
        true => format!("+{text}"),
        false => text,
    };
    match (verb, v) {
        ('v', _) => go(v),
        ('T', Value::Null) => "<nil>".into(),
        ('T', _) => go_type(v).into(),
        ('s', Value::Str(s)) => match precision {
            Some(n) => s.chars().take(n).collect(),
            None => s.to_string(),
        },
        ('s' | 'd' | 'q' | 'x', Value::List(items)) => {
            let parts: Vec<String> = items
                .iter()
                .map(|i| one(verb, i, flags, precision))
                .collect();
            format!("[{}]", parts.join(" "))
        }
        ('q', Value::Str(s)) => json::quote(s),
        ('t', Value::Bool(b)) => b.to_string(),
        ('d', Value::Int(n)) => plus(n.to_string()),
        ('x', Value::Int(n)) => format!("{n:x}"),
        ('X', Value::Int(n)) => format!("{n:X}"),
        ('o', Value::Int(n)) => format!("{n:o}"),
        ('b', Value::Int(n)) => format!("{n:b}"),
        ('c', Value::Int(n)) => u32::try_from(*n)
            .ok()
            .and_then(char::from_u32)
            .map_or_else(bad, |c| c.to_string()),
        ('x', Value::Str(s)) => s.bytes().map(|b| format!("{b:02x}")).collect(),
        ('f' | 'F', Value::Float(f)) => plus(format!("{f:.*}", precision.unwrap_or(6))),
        ('g' | 'e', Value::Float(f)) => plus(json::float(*f)),
        _ => bad(),
    }
}
