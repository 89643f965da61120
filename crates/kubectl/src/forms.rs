//! Text forms of values that kubectl reads and prints beside YAML: indented JSON, KYAML, Go's `%v`, base64.

use machinery::{Object, Value, json};

/// A value as YAML, keys sorted.
pub fn yaml(v: &Value) -> String {
    machinery::yaml::print(v)
}

/// The first document of a text.
pub fn parse_one(text: &str) -> Result<Value, machinery::yaml::Error> {
    machinery::yaml::parse(text)
}

pub fn yaml_error(e: &machinery::yaml::Error) -> String {
    e.to_string()
}

/// All documents of a text, and the words for what stopped reading.
pub fn parse_all(content: &str) -> (Vec<Value>, Option<String>) {
    if content.trim_start().starts_with('{') {
        return json_documents(content);
    }
    let mut out = Vec::new();
    for document in split_documents(content) {
        match machinery::yaml::parse(&document) {
            Ok(v) => out.push(v),
            Err(e) => return (out, Some(format!("error converting YAML to JSON: {e}"))),
        }
    }
    (out, None)
}

/// Documents are cut at lines that begin with `---`, as the reader of manifests does before it parses anything.
fn split_documents(content: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for line in content.split_inclusive('\n') {
        if line.starts_with("---") && line.trim_end() == "---" {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push_str(line);
        }
    }
    out.retain(|d| {
        d.lines()
            .any(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#'))
    });
    out
}

/// JSON documents one after another.
fn json_documents(content: &str) -> (Vec<Value>, Option<String>) {
    let mut out = Vec::new();
    for (from, to) in json_spans(content) {
        let Some(to) = to else {
            return (out, Some("unexpected EOF".into()));
        };
        match machinery::yaml::parse(&content[from..to]) {
            Ok(v) => out.push(v),
            Err(e) => return (out, Some(format!("json: {e}"))),
        }
    }
    (out, None)
}

/// Where the top-level `{…}` are; the end is missing where one is not closed.
fn json_spans(content: &str) -> Vec<(usize, Option<usize>)> {
    let mut out = Vec::new();
    let (mut depth, mut start, mut quoted, mut escaped) = (0usize, 0, false, false);
    for (i, c) in content.char_indices() {
        if quoted {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match c {
            '"' => quoted = true,
            '{' | '[' => {
                if depth == 0 {
                    start = i;
                }
                depth += 1;
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    out.push((start, Some(i + c.len_utf8())));
                }
            }
            _ => {}
        }
    }
    if depth > 0 {
        out.push((start, None));
    }
    out
}

/// Whether a label selector selects an object.
pub fn selects(selector: &str, object: &Object) -> Result<bool, String> {
    let selector = machinery::selector::parse(selector)?;
    Ok(selector.matches(object.0.at("metadata.labels")))
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
    let indent = |n: usize| "    ".repeat(n);
    match v {
        Value::List(l) if !l.is_empty() => {
            out.push_str("[\n");
            for (i, x) in l.iter().enumerate() {
                out.push_str(&indent(level + 1));
                pretty(x, level + 1, out);
                out.push_str(if i + 1 < l.len() { ",\n" } else { "\n" });
            }
            out.push_str(&indent(level));
            out.push(']');
        }
        Value::Map(m) if !m.is_empty() => {
            out.push_str("{\n");
            for (i, (k, x)) in m.iter().enumerate() {
                out.push_str(&indent(level + 1));
                out.push_str(&json::quote(k));
                out.push_str(": ");
                pretty(x, level + 1, out);
                out.push_str(if i + 1 < m.len() { ",\n" } else { "\n" });
            }
            out.push_str(&indent(level));
            out.push('}');
        }
        other => out.push_str(&json::print(other)),
    }
}

/// KYAML: YAML in flow style, keys bare where that is safe, strings always quoted.
pub fn kyaml(v: &Value) -> String {
    let mut out = String::from("---\n");
    flow(v, 0, &mut out);
    out.push('\n');
    out
}

fn flow(v: &Value, level: usize, out: &mut String) {
    let indent = |n: usize| "  ".repeat(n);
    match v {
        Value::Map(m) if !m.is_empty() => {
            out.push_str("{\n");
            for (k, x) in m.iter() {
                out.push_str(&indent(level + 1));
                out.push_str(&flow_key(k));
                out.push_str(": ");
                flow(x, level + 1, out);
                out.push_str(",\n");
            }
            out.push_str(&indent(level));
            out.push('}');
        }
        // A list of maps cuddles its brackets.
        Value::List(l) if l.iter().any(|x| x.as_map().is_some()) => {
            out.push('[');
            for (i, x) in l.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                flow(x, level, out);
            }
            out.push(']');
        }
        Value::List(l) if !l.is_empty() => {
            out.push_str("[\n");
            for x in l.iter() {
                out.push_str(&indent(level + 1));
                flow(x, level + 1, out);
                out.push_str(",\n");
            }
            out.push_str(&indent(level));
            out.push(']');
        }
        Value::Str(s) if s.contains('\n') => {
            out.push_str("\"\\\n");
            let pad = indent(level + 1);
            let lines: Vec<&str> = s.split_inclusive('\n').collect();
            for (i, line) in lines.iter().enumerate() {
                let quoted = json::quote(line);
                let inner = quoted.get(1..quoted.len() - 1).unwrap_or("");
                out.push_str(&format!("{pad} {inner}"));
                out.push_str(if i + 1 < lines.len() { "\\\n" } else { "\\\n" });
            }
            out.push_str(&format!("{pad}\""));
        }
        other => out.push_str(&json::print(other)),
    }
}

fn flow_key(k: &str) -> String {
    let mut chars = k.chars();
    let bare = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && ![
            "y", "n", "yes", "no", "on", "off", "true", "false", "null",
        ]
        .contains(&k.to_lowercase().as_str());
    if bare { k.to_string() } else { json::quote(k) }
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
        Value::Map(m) => {
            let parts: Vec<String> = m.iter().map(|(k, v)| format!("{k}:{}", go(v))).collect();
            format!("map[{}]", parts.join(" "))
        }
        other => json::print(other),
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk
            .iter()
            .enumerate()
            .fold(0u32, |n, (i, b)| n | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(BASE64[(n >> (18 - 6 * i) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// Reads base64, standard or URL alphabet, padded or not.
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut n) = (0u32, 0);
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace()) {
        let v = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(v);
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push((bits >> n) as u8);
            bits &= (1 << n) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_both_ways() {
        for (plain, coded) in [("", ""), ("p@ss", "cEBzcw=="), ("admin", "YWRtaW4="), ("abc", "YWJj")] {
            assert_eq!(base64(plain.as_bytes()), coded);
            assert_eq!(base64_decode(coded).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn documents_of_json_end_where_they_close() {
        assert_eq!(
            json_spans("{\"a\": \"}\"} {\"b\""),
            [(0, Some(10)), (11, None)]
        );
    }
}
