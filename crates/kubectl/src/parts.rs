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

/// A `LabelSelector` as the text of `-l`.
pub fn selector_text(selector: &Value) -> String {
    let mut parts: Vec<String> = selector
        .get("matchLabels")
        .entries()
        .iter()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")))
        .collect();
    for rule in selector.get("matchExpressions").items() {
        let key = rule.text("key");
        let values: Vec<&str> = rule
            .get("values")
            .items()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        parts.push(match rule.text("operator") {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_string(),
            _ => format!("!{key}"),
        });
    }
    parts.join(",")
}

/// `{app: web}` as `app=web`.
pub fn labels_text(labels: &Value) -> String {
    let parts: Vec<String> = labels
        .entries()
        .iter()
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or("")))
        .collect();
    parts.join(",")
}
