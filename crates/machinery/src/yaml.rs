//! YAML, read and written as kubectl does (`sigs.k8s.io/yaml` over go-yaml v2 upstream).
//!
//! Reading: a file is split at `---` lines first (`apimachinery:pkg/util/yaml/decoder.go`), so a bad document does not
//! stop the following ones; each is scanned by `libyaml-safer` (whose error texts are libyaml's, and therefore
//! kubectl's) and composed here, with YAML 1.1's scalars, merge keys, and a bound on what aliases may expand to.
//! Beside the value every document yields [`Marks`]: where each key and value stands, for the editor.
//! Left out: tags of one's own (read as text), complex keys (refused, as upstream).

mod compose;
mod helped;
mod kyaml;
mod marks;
mod print;
mod scalar;

pub use kyaml::print_kyaml;
pub use marks::{Duplicate, Marks, Node, Pos, Span, Step};
pub use print::{go_float, print};

use crate::{Value, json};

/// One document of a file.
#[derive(Clone, Debug)]
pub struct Doc {
    pub value: Result<Value, YamlError>,
    pub marks: Marks,
    /// The line of the file (1-based) on which the document's text starts.
    pub line: usize,
}

/// What is wrong with a document: the text as kubectl prints it after `error parsing FILE: `, and where to mark it.
#[derive(Clone, Debug, PartialEq)]
pub struct YamlError {
    pub message: String,
    /// In the file, 1-based.
    pub line: usize,
    /// In characters, 1-based.
    pub column: usize,
}

/// All documents of a file, YAML or JSON; empty ones are skipped.
pub fn documents(text: &str) -> Vec<Doc> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        json_documents(text)
    } else {
        yaml_documents(text, 1)
    }
}

/// The one document of a text: the first that it has, null if none.
pub fn parse(text: &str) -> Result<Value, YamlError> {
    documents(text)
        .into_iter()
        .next()
        .map_or(Ok(Value::Null), |d| d.value)
}

fn yaml_documents(text: &str, first_line: usize) -> Vec<Doc> {
    let mut out = Vec::new();
    let mut chunk = String::new();
    let mut start = first_line;
    let mut line_no = first_line;
    for line in text.split_inclusive('\n') {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let message = format!("invalid Yaml document separator: {rest}");
                out.push(failed(message, line_no, 1));
                line_no += 1;
                continue;
            }
            if !chunk.is_empty() {
                out.extend(document(&chunk, start));
                chunk.clear();
                line_no += 1;
                continue;
            }
        }
        if chunk.is_empty() {
            start = line_no;
        }
        chunk.push_str(line);
        chunk.push('\n');
        line_no += 1;
    }
    out.extend(document(&chunk, start));
    out
}

/// One chunk between separators; None if there is nothing in it.
fn document(text: &str, line: usize) -> Option<Doc> {
    let (value, marks) = compose::compose(text, line);
    match value {
        Ok(Value::Null) => None,
        value => Some(Doc { value, marks, line }),
    }
}

fn failed(message: String, line: usize, column: usize) -> Doc {
    Doc {
        value: Err(YamlError {
            message,
            line,
            column,
        }),
        marks: Marks::default(),
        line,
    }
}

/// JSON objects one after the other; a text that only looks like JSON may still be YAML in flow style.
fn json_documents(text: &str) -> Vec<Doc> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or("");
        let line = 1 + text.get(..at).unwrap_or("").matches('\n').count();
        let error = match json::parse_prefix(rest) {
            Ok((value, used)) => {
                let (_, marks) = compose::compose(rest.get(..used).unwrap_or(""), line);
                out.push(Doc {
                    value: Ok(value),
                    marks,
                    line,
                });
                at += used;
                continue;
            }
            Err(e) if e.message == "EOF" => return out,
            Err(e) => e,
        };
        let message = match error.message.as_str() {
            "unexpected EOF" => error.message.clone(),
            m => format!("json: offset {}: {m}", at + error.offset),
        };
        let last = error
            .offset
            .saturating_sub(usize::from(message != "unexpected EOF"));
        let seen = rest.get(..last).unwrap_or(rest);
        let column = 1 + seen.rsplit('\n').next().unwrap_or("").chars().count();
        let bad = failed(message, line + seen.matches('\n').count(), column);
        if out.len() > 1 {
            out.push(bad);
            return out;
        }
        // Blanks up to the end of the line are eaten before YAML has a try.
        let blank = rest.len() - rest.trim_start().len();
        let eaten = match rest.get(..blank).and_then(|b| b.find('\n')) {
            Some(newline) => newline + 1,
            None => blank,
        };
        let line = line + usize::from(eaten > 0 && rest.as_bytes().get(eaten - 1) == Some(&b'\n'));
        let docs = yaml_documents(rest.get(eaten..).unwrap_or(""), line);
        match docs.first() {
            Some(Doc { value: Ok(_), .. }) => out.extend(docs),
            _ => out.push(bad),
        }
        return out;
    }
}

#[cfg(test)]
mod tests;
