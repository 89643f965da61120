//! KYAML (`-o kyaml`): YAML that looks like JSON with unquoted keys, one field a line (`sigs.k8s.io/yaml/kyaml`).
//! Lists of objects are written `[{`...`}, {`...`}]`, lists of scalars one item a line, long texts folded at their
//! own line ends.

use super::scalar::{self, Scalar};
use crate::Value;

/// The document with its `---` line.
pub fn print_kyaml(v: &Value) -> String {
    let mut out = String::from("---\n");
    node(v, 0, &mut out);
    out.push('\n');
    out
}

fn indent(level: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', 2 * level));
}

fn node(v: &Value, level: usize, out: &mut String) {
    match v {
        Value::Map(m) if !m.is_empty() => {
            out.push_str("{\n");
            for (k, x) in m.iter() {
                indent(level + 1, out);
                if needs_quotes(k) {
                    string(k, None, out);
                } else {
                    out.push_str(k);
                }
                out.push_str(": ");
                node(x, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push('}');
        }
        Value::List(l)
            if l.iter()
                .all(|x| matches!(x, Value::Map(_) | Value::List(_))) =>
        {
            out.push('[');
            for (i, x) in l.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                node(x, level, out);
            }
            out.push(']');
        }
        Value::List(l) => {
            out.push_str("[\n");
            for x in l.iter() {
                indent(level + 1, out);
                node(x, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push(']');
        }
        Value::Str(s) => string(s, Some(level + 1), out),
        other => out.push_str(&crate::json::print(other)),
    }
}

/// `fold`: at which level to continue after a line end; None writes one line.
fn string(s: &str, fold: Option<usize>, out: &mut String) {
    let fold = fold.filter(|_| s.contains('\n'));
    out.push('"');
    if fold.is_some() {
        out.push_str("\\\n");
    }
    for c in s.chars() {
        if let Some(level) = fold
            && out.ends_with('\n')
        {
            indent(level, out);
            let leading = c.is_whitespace() && c != '\n';
            out.push(if leading { '\\' } else { ' ' });
        }
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str(if fold.is_some() { "\\n\\\n" } else { "\\n" }),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => {
                out.push_str(&format!("\\x{:02x}", c as u32))
            }
            c => out.push(c),
        }
    }
    if let Some(level) = fold {
        if !out.ends_with('\n') {
            out.push_str("\\\n");
        }
        indent(level, out);
    }
    out.push('"');
}

fn needs_quotes(s: &str) -> bool {
    let last = s.chars().count().saturating_sub(1);
    let allowed = |(i, c): (usize, char)| {
        c.is_alphanumeric() || c == '_' || (i > 0 && i < last && matches!(c, '-' | '.' | '/'))
    };
    s.is_empty()
        || !s.chars().enumerate().all(allowed)
        || scalar::resolve(s) != Scalar::Text
        || scalar::is_base60(s)
        || matches!(s, "t" | "T" | "f" | "F")
}
