//! Small readings that several commands share: `KEY=VALUE` lists, selectors, ports.

use crate::fail::{Fail, text};
use machinery::{Value, value};

/// A number where it is one, else text: `IntOrString`.
pub fn int_or_text(s: &str) -> Value {
    s.parse::<i64>().map_or_else(|_| Value::str(s), Value::Int)
}

/// `app=web,tier in (a,b)` as a `LabelSelector`.
pub fn label_selector(source: &str) -> Result<Value, Fail> {
    let (mut labels, mut rules) = (Value::map(), Vec::new());
    let mut depth = 0;
    let parts = source.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    for part in parts.map(str::trim).filter(|p| !p.is_empty()) {
        let words: Vec<&str> = part.split_whitespace().collect();
        let listed = || -> Vec<String> {
            let inner = part
                .split_once('(')
                .map_or("", |(_, r)| r.trim_end_matches(')'));
            inner.split(',').map(|v| v.trim().to_string()).collect()
        };
        if let Some((k, v)) = part.split_once("!=") {
            rules.push(value!({ "key": Value::str(k.trim()), "operator": "NotIn", "values": [Value::str(v.trim())] }));
        } else if let Some((k, v)) = part.split_once("==").or_else(|| part.split_once('=')) {
            *labels.field(k.trim()) = Value::str(v.trim());
        } else if words.get(1).is_some_and(|w| w.starts_with("in")) {
            rules.push(
                value!({ "key": Value::str(words[0]), "operator": "In", "values": listed() }),
            );
        } else if words.get(1).is_some_and(|w| w.starts_with("notin")) {
            rules.push(
                value!({ "key": Value::str(words[0]), "operator": "NotIn", "values": listed() }),
            );
        } else if let Some(k) = part.strip_prefix('!') {
            rules.push(value!({ "key": Value::str(k.trim()), "operator": "DoesNotExist" }));
        } else if words.len() == 1 {
            rules.push(value!({ "key": Value::str(words[0]), "operator": "Exists" }));
        } else {
            return Err(text(format!(
                "couldn't parse the selector string \"{source}\""
            )));
        }
    }
    let mut out = Value::map();
    if !labels.is_empty() {
        out.set("matchLabels", labels);
    }
    if !rules.is_empty() {
        out.set("matchExpressions", rules);
    }
    Ok(out)
}
