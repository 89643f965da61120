//! Text forms of values that kubectl reads and prints beside YAML: indented JSON, KYAML, Go's `%v`.

use machinery::{Object, Value, json};

/// A value as YAML, keys sorted.
pub fn yaml(v: &Value) -> String {
    machinery::yaml::print(v)
}

/// The first document of a text; the error is the words for it.
pub fn parse_one(text: &str) -> Result<Value, String> {
    machinery::yaml::parse(text).map_err(|e| e.message)
}

/// All documents of a text up to the first that cannot be read, and the words for that.
pub fn parse_all(content: &str) -> (Vec<Value>, Option<String>) {
    let mut out = Vec::new();
    for document in machinery::yaml::documents(content) {
        match document.value {
            Ok(v) => out.push(v),
            Err(e) => return (out, Some(e.message)),
        }
    }
    (out, None)
}

/// Whether a label selector selects an object.
pub fn selects(selector: &str, object: &Object) -> Result<bool, String> {
    let selector = machinery::selector::Selector::parse(selector)?;
    Ok(selector.matches(object.labels()))
}

/// What Go's decoder calls the type of a JSON value.
pub fn json_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// JSON with four blanks a level, as `-o json` prints it.
pub fn json_pretty(v: &Value) -> String {
    let mut out = String::new();
    pretty(v, 0, &mut out);
    out.push('\n');
    out
}

fn pretty(v: &Value, level: usize, out: &mut String) {
    let indent = |n: usize, out: &mut String| (0..n).for_each(|_| out.push_str("    "));
    match v {
        Value::List(l) if !l.is_empty() => {
            out.push_str("[\n");
            for (i, x) in l.iter().enumerate() {
                indent(level + 1, out);
                pretty(x, level + 1, out);
                out.push_str(if i + 1 < l.len() { ",\n" } else { "\n" });
            }
            indent(level, out);
            out.push(']');
        }
        Value::Map(m) if !m.is_empty() => {
            out.push_str("{\n");
            for (i, (k, x)) in m.iter().enumerate() {
                indent(level + 1, out);
                out.push_str(&json::quote(k));
                out.push_str(": ");
                pretty(x, level + 1, out);
                out.push_str(if i + 1 < m.len() { ",\n" } else { "\n" });
            }
            indent(level, out);
            out.push('}');
        }
        other => out.push_str(&json::print(other)),
    }
}

/// A value as Go's `%#v` spells it.
pub fn go_syntax(v: &Value) -> String {
    match v {
        Value::Null => "interface {}(nil)".into(),
        Value::List(l) => {
            let parts: Vec<String> = l.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", parts.join(", "))
        }
        Value::Map(m) => {
            let pairs = m.iter();
            let parts: Vec<String> = pairs
                .map(|(k, x)| format!("{}:{}", json::quote(k), go_syntax(x)))
                .collect();
            format!("map[string]interface {{}}{{{}}}", parts.join(", "))
        }
        other => json::print(other),
    }
}

/// KYAML: YAML in flow style.
pub fn kyaml(v: &Value) -> String {
    machinery::yaml::print_kyaml(v)
}

pub use machinery::gotemplate::go;
