//! Values: `-f` files and `--set` words, one over the other (`helm:pkg/strvals`, `pkg/chartutil/coalesce.go`).

use crate::options::Options;
use machinery::{Value, json, yaml};
use shell::Ctx;

/// `over` wins; maps are merged, null takes away.
pub fn over(base: &Value, over: &Value) -> Value {
    let (Value::Map(_), Value::Map(fields)) = (base, over) else {
        return match over {
            Value::Null => base.clone(),
            other => strip(other),
        };
    };
    let mut out = base.clone();
    for (k, v) in fields.iter() {
        if v.is_null() {
            out.map_mut().remove(k);
        } else {
            let merged = match base.get(k) {
                here @ Value::Map(_) => self::over(here, v),
                _ => strip(v),
            };
            *out.field(k) = merged;
        }
    }
    out
}

/// Maps without their nulls.
fn strip(v: &Value) -> Value {
    match v {
        Value::Map(_) => over(&Value::map(), v),
        other => other.clone(),
    }
}

/// Maps merged, nulls kept: how files and `--set` come together.
pub fn merge(base: &Value, with: &Value) -> Value {
    let (Value::Map(_), Value::Map(fields)) = (base, with) else {
        return with.clone();
    };
    let mut out = base.clone();
    for (k, v) in fields.iter() {
        let merged = match base.has(k) {
            true => merge(base.get(k), v),
            false => v.clone(),
        };
        *out.field(k) = merged;
    }
    out
}

/// How the values of a `--set` word are read.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    Typed,
    Text,
    File,
    Json,
}

/// All that the command line says about values.
pub fn given(ctx: &Ctx, options: &Options) -> Result<Value, String> {
    let mut out = Value::map();
    for file in options.all("values").iter().flat_map(|f| f.split(',')) {
        let text = match file.contains("://") {
            true => return Err(super::no_network(file)),
            false => read(ctx, file)?,
        };
        let parsed =
            yaml::parse(&text).map_err(|e| format!("failed to parse {file}: {}", e.message))?;
        match parsed {
            Value::Null => {}
            Value::Map(_) => out = merge(&out, &parsed),
            _ => {
                return Err(format!(
                    "failed to parse {file}: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {{}}"
                ));
            }
        }
    }
    for (flag, reading) in [
        ("set-json", Reading::Json),
        ("set", Reading::Typed),
        ("set-string", Reading::Text),
        ("set-file", Reading::File),
    ] {
        for word in options.all(flag) {
            set(ctx, &mut out, word, reading)
                .map_err(|e| format!("failed parsing --{flag} data: {e}"))?;
        }
    }
    for word in options.all("set-literal") {
        let (key, text) = word.split_once('=').unwrap_or((word, ""));
        put(&mut out, &path(key)?, Value::str(text));
    }
    Ok(out)
}

pub fn read(ctx: &Ctx, file: &str) -> Result<String, String> {
    let path = ctx.resolve(file);
    ctx.with_fs(|fs| fs.read_text(&path))
        .map_err(|e| format!("open {file}: {}", e.to_string().to_lowercase()))
}

enum Step {
    Key(String),
    Index(usize),
}

/// `a.b[0].c`; `\` takes the meaning of the next character away.
fn path(key: &str) -> Result<Vec<Step>, String> {
    let mut out = Vec::new();
    let mut name = String::new();
    let mut chars = key.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.extend(chars.next()),
            '.' | '[' => {
                if !name.is_empty() {
                    out.push(Step::Key(std::mem::take(&mut name)));
                }
                if c == '[' {
                    let digits: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    let i = digits.parse().map_err(|_| {
                        format!(
                            "error parsing index: strconv.Atoi: parsing {digits:?}: invalid syntax"
                        )
                    })?;
                    if i > 65_536 {
                        return Err(format!(
                            "index of {i} is greater than maximum supported index of 65536"
                        ));
                    }
                    out.push(Step::Index(i));
                }
            }
            c => name.push(c),
        }
    }
    if !name.is_empty() {
        out.push(Step::Key(name));
    }
    Ok(out)
}

fn put(out: &mut Value, path: &[Step], value: Value) {
    let place = path.iter().fold(out, |v, step| match step {
        Step::Key(key) => v.field(key),
        Step::Index(i) => {
            let list = v.list_mut();
            while list.len() <= *i {
                list.push(Value::Null);
            }
            &mut list[*i]
        }
    });
    *place = value;
}

/// One `--set` word: `a=1,b.c=x,d={1,2}`.
fn set(ctx: &Ctx, out: &mut Value, word: &str, reading: Reading) -> Result<(), String> {
    if reading == Reading::Json && word.trim_start().starts_with('{') {
        let parsed = json::parse(word).map_err(|e| e.to_string())?;
        *out = merge(out, &parsed);
        return Ok(());
    }
    let chars: Vec<char> = word.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let Some(equals) = position(&chars, at, |c| c == '=') else {
            let rest: String = chars.get(at..).unwrap_or(&[]).iter().collect();
            let key = rest.split(',').next().unwrap_or("");
            return Err(format!("key {key:?} has no value"));
        };
        let key: String = chars[at..equals].iter().collect();
        at = equals + 1;
        let keys = path(&key)?;
        if reading == Reading::Json {
            let rest: String = chars.get(at..).unwrap_or(&[]).iter().collect();
            let (value, used) = json::parse_prefix(&rest).map_err(|e| e.to_string())?;
            put(out, &keys, value);
            at += rest.get(..used).map_or(0, |t| t.chars().count()) + 1;
            continue;
        }
        if chars.get(at) == Some(&'{') {
            let end = position(&chars, at, |c| c == '}').ok_or("list must terminate with '}'")?;
            let mut items = Vec::new();
            let mut from = at + 1;
            while from <= end {
                let to = position(&chars[..end], from, |c| c == ',').unwrap_or(end);
                if to > from || to < end {
                    items.push(scalar(ctx, chars.get(from..to).unwrap_or(&[]), reading)?);
                }
                from = to + 1;
            }
            put(out, &keys, Value::from(items));
            at = end + 2;
            continue;
        }
        let end = position(&chars, at, |c| c == ',').unwrap_or(chars.len());
        put(out, &keys, scalar(ctx, &chars[at..end], reading)?);
        at = end + 1;
    }
    Ok(())
}

/// Where such a character stands that no `\` escapes.
fn position(chars: &[char], from: usize, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let mut at = from;
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            c if wanted(*c) => return Some(at),
            _ => at += 1,
        }
    }
    None
}

fn scalar(ctx: &Ctx, chars: &[char], reading: Reading) -> Result<Value, String> {
    let mut text = String::new();
    let mut rest = chars.iter();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.extend(rest.next()),
            c => text.push(*c),
        }
    }
    Ok(match reading {
        Reading::File => Value::from(read(ctx, &text)?),
        Reading::Text | Reading::Json => Value::from(text),
        Reading::Typed => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            "0" => Value::Int(0),
            t if !t.starts_with('0') => match t.parse::<i64>() {
                Ok(n) => Value::Int(n),
                Err(_) => Value::from(text),
            },
            _ => Value::from(text),
        },
    })
}
