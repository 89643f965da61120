//! From the scanner's events to a value and its marks: anchors, merge keys, tags, keys as JSON has them.

use crate::arrange::Arrange;
use std::collections::BTreeMap;

use libyaml_safer::{Error, ErrorKind, Event, EventData, Mark, Parser};

use super::YamlError;
use super::helped::spaced_tags;
use super::marks::{Duplicate, Marks, Node, Pos, Span, Step};
use super::scalar::{self, Scalar};

use crate::{Map, Str, Value};

/// Values that one document may come to, aliases expanded.
const MAX_NODES: usize = 200_000;
/// Deeper documents are refused: a page's stack is small.
const MAX_DEPTH: usize = 200;

/// Reads the first document of `text`, which starts on this line of the file.
pub fn compose(text: &str, line: usize) -> (Result<Value, YamlError>, Marks) {
    let Some(mut text) = spaced_tags(text) else {
        let message = "error converting YAML to JSON: yaml: bottleship does not read so many tags before commas".into();
        return (
            Err(YamlError {
                message,
                line,
                column: 1,
            }),
            Marks::default(),
        );
    };
    let (mut value, mut marks) = compose_once(&text, line);
    // go-yaml knows one escape that libyaml does not: `\'`. It is taken out where the scanner stops at it.
    for _ in 0..100 {
        let Err(e) = &value else { break };
        if !e.message.ends_with("found unknown escape character") {
            break;
        }
        let Some(at) = offset(&text, e.line - line, e.column - 1)
            .filter(|at| text.get(*at..).is_some_and(|t| t.starts_with("\\'")))
        else {
            break;
        };
        text.to_mut().remove(at);
        (value, marks) = compose_once(&text, line);
    }
    (value, marks)
}

/// The byte at a line and column, both counted from 0.
fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line {
        0 => 0,
        n => text.match_indices('\n').nth(n - 1)?.0 + 1,
    };
    let rest = text.get(start..)?;
    Some(start + rest.char_indices().nth(column)?.0)
}

fn compose_once(text: &str, line: usize) -> (Result<Value, YamlError>, Marks) {
    let mut input = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_encoding(libyaml_safer::Encoding::Utf8);
    parser.set_input_string(&mut input);
    let mut c = Composer {
        parser,
        first_line: line,
        anchors: BTreeMap::new(),
        nodes: 0,
        marks: Marks::default(),
    };
    let value = c.document();
    (value, c.marks)
}

struct Composer<P> {
    parser: P,
    first_line: usize,
    /// Values by anchor, with how many nodes each counts for.
    anchors: BTreeMap<String, (Value, usize)>,
    nodes: usize,
    marks: Marks,
}

/// A field of a map being read; `mark` is its node and where its key stands, none if it came by a merge.
struct Entry {
    key: Str,
    value: Value,
    mark: Option<(usize, Span)>,
}

/// A value, and whether it is a plain `<<`.
struct Item {
    value: Value,
    merge: bool,
    span: Span,
}

impl Composer<Parser<&mut &[u8]>> {
    fn document(&mut self) -> Result<Value, YamlError> {
        loop {
            let event = self.next()?;
            match event.data {
                EventData::StreamStart { .. } => {}
                EventData::DocumentStart { .. } => break,
                _ => return Ok(Value::Null),
            }
        }
        let first = self.next()?;
        let root = self.mark(0, Step::Root, None);
        let value = self.node(first, root, 0)?.value;
        // What follows in the same chunk is not looked at, but must be well-formed up to the document's end.
        self.next()?;
        Ok(value)
    }

    fn next(&mut self) -> Result<Event, YamlError> {
        self.parser.parse().map_err(|e| self.scan_error(&e))
    }

    /// The words of go-yaml's `parser.fail`, with its way of counting lines.
    fn scan_error(&self, e: &Error) -> YamlError {
        let none = Mark::default();
        let problem = e.problem_mark().unwrap_or(none);
        let context = e.context_mark().unwrap_or(none);
        let line = if problem.line != 0 {
            problem.line + u64::from(e.kind() == ErrorKind::Scanner)
        } else {
            context.line
        };
        let at = self.pos(if problem != none { problem } else { context });
        let text = match line {
            0 => e.problem().to_string(),
            n => format!("line {n}: {}", e.problem()),
        };
        YamlError {
            message: format!("error converting YAML to JSON: yaml: {text}"),
            line: at.line,
            column: at.column,
        }
    }

    fn fail(&self, text: &str, span: Span) -> YamlError {
        YamlError {
            message: format!("error converting YAML to JSON: {text}"),
            line: span.start.line,
            column: span.start.column,
        }
    }

    fn pos(&self, m: Mark) -> Pos {
        Pos {
            line: m.line as usize + self.first_line,
            column: m.column as usize + 1,
        }
    }

    fn span(&self, e: &Event) -> Span {
        Span {
            start: self.pos(e.start_mark),
            end: self.pos(e.end_mark),
        }
    }

    fn mark(&mut self, parent: usize, step: Step, key: Option<Span>) -> usize {
        let value = Span::default();
        self.marks.nodes.push(Node {
            parent,
            step,
            key,
            value,
        });
        self.marks.nodes.len() - 1
    }

    fn count(&mut self, n: usize, span: Span) -> Result<(), YamlError> {
        self.nodes += n;
        if self.nodes > MAX_NODES {
            return Err(self.fail("yaml: document contains excessive aliasing", span));
        }
        Ok(())
    }

    /// Composes the node that `event` starts; its marks go to node `at`.
    fn node(&mut self, event: Event, at: usize, depth: usize) -> Result<Item, YamlError> {
        let mut span = self.span(&event);
        if depth > MAX_DEPTH {
            return Err(self.fail(&format!("yaml: exceeded max depth of {MAX_DEPTH}"), span));
        }
        let before = self.nodes;
        self.count(1, span)?;
        let mut merge = false;
        let (value, anchor) = match event.data {
            EventData::Alias { anchor } => {
                let Some((value, n)) = self.anchors.get(&anchor).cloned() else {
                    return Err(
                        self.fail(&format!("yaml: unknown anchor '{anchor}' referenced"), span)
                    );
                };
                self.count(n, span)?;
                (value, None)
            }
            EventData::Scalar {
                anchor,
                tag,
                value,
                plain_implicit,
                ..
            } => {
                merge = plain_implicit && tag.is_none() && value == "<<";
                (
                    self.scalar(tag.as_deref(), value, plain_implicit, span)?,
                    anchor,
                )
            }
            EventData::SequenceStart { anchor, .. } => {
                let (list, end) = self.sequence(at, depth)?;
                span.end = end;
                (list, anchor)
            }
            EventData::MappingStart { anchor, .. } => {
                let (map, end) = self.mapping(at, depth)?;
                span.end = end;
                (map, anchor)
            }
            _ => (Value::Null, None),
        };
        if let Some(anchor) = anchor {
            self.anchors
                .insert(anchor, (value.clone(), self.nodes - before));
        }
        if let Some(node) = self.marks.nodes.get_mut(at) {
            node.value = span;
        }
        Ok(Item { value, merge, span })
    }

    fn sequence(&mut self, at: usize, depth: usize) -> Result<(Value, Pos), YamlError> {
        let mut list = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.data, EventData::SequenceEnd) {
                return Ok((Value::from(list), self.pos(event.end_mark)));
            }
            let child = self.mark(at, Step::Index(list.len()), None);
            list.push(self.node(event, child, depth + 1)?.value);
        }
    }

    fn mapping(&mut self, at: usize, depth: usize) -> Result<(Value, Pos), YamlError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let event = self.next()?;
            if matches!(event.data, EventData::MappingEnd) {
                return Ok((self.map(entries), self.pos(event.end_mark)));
            }
            // The key's own marks hang on the node that will hold the value.
            let child = self.mark(at, Step::Root, None);
            let key = self.node(event, child, depth + 1)?;
            self.marks.nodes.truncate(child + 1);
            if key.merge {
                let event = self.next()?;
                let from = self.node(event, child, depth + 1)?;
                self.marks.nodes.truncate(child);
                self.merge(&mut entries, &from)?;
                continue;
            }
            let name = self.key(&key)?;
            if let Some(node) = self.marks.nodes.get_mut(child) {
                node.step = Step::Key(name.clone());
                node.key = Some(key.span);
            }
            let event = self.next()?;
            let value = self.node(event, child, depth + 1)?.value;
            entries.push(Entry {
                key: name,
                value,
                mark: Some((child, key.span)),
            });
        }
    }

    /// The entries as a map: of equal keys the last wins, and is reported.
    fn map(&mut self, mut entries: Vec<Entry>) -> Value {
        entries.arrange_by(|a, b| a.key.cmp(&b.key));
        for pair in entries.windows(2) {
            if let [a, b] = pair
                && a.key == b.key
                && let (Some((_, first)), Some((node, again))) = (a.mark, b.mark)
                && self.marks.duplicates.len() < 100
            {
                let path = self.marks.path(node);
                self.marks.duplicates.push(Duplicate { path, first, again });
            }
        }
        let pairs = entries.into_iter().map(|e| (e.key, e.value)).collect();
        Value::from(Map::from_sorted(pairs))
    }

    /// `<<: *base`: upstream takes the fields over at this very place, so later keys win and earlier ones do not.
    fn merge(&mut self, into: &mut Vec<Entry>, from: &Item) -> Result<(), YamlError> {
        const WANTS: &str = "yaml: map merge requires map or sequence of maps as the value";
        let sources: Vec<&Value> = match &from.value {
            Value::List(l) => l.iter().rev().collect(),
            v => vec![v],
        };
        for source in sources {
            let Value::Map(m) = source else {
                return Err(self.fail(WANTS, from.span));
            };
            self.count(m.len(), from.span)?;
            into.extend(m.iter().map(|(k, v)| Entry {
                key: k.clone(),
                value: v.clone(),
                mark: None,
            }));
        }
        Ok(())
    }

    /// A key as JSON has it: text.
    fn key(&self, key: &Item) -> Result<Str, YamlError> {
        match &key.value {
            Value::Str(s) => Ok(s.clone()),
            Value::Int(i) => Ok(Str::from(i.to_string())),
            Value::Float(f) => Ok(Str::from(super::print::go_float(*f))),
            Value::Bool(b) => Ok(Str::lit(if *b { "true" } else { "false" })),
            Value::Null => Err(self.fail(
                "unsupported map key of type: %!s(<nil>), key: <nil>, value: interface {}(nil)",
                key.span,
            )),
            Value::List(_) | Value::Map(_) => Err(self.fail(
                "yaml: invalid map key: only texts and numbers can be keys",
                key.span,
            )),
        }
    }

    fn scalar(
        &self,
        tag: Option<&str>,
        text: String,
        plain: bool,
        span: Span,
    ) -> Result<Value, YamlError> {
        let short = tag.map(|t| t.strip_prefix("tag:yaml.org,2002:").unwrap_or(t));
        let resolved = match short {
            None if !plain => return Ok(Value::from(text)),
            None => scalar::resolve(&text),
            Some("str" | "!" | "timestamp") => return Ok(Value::from(text)),
            Some("binary") => {
                let bytes = codec::decode_base64(&text.replace(' ', "")).ok();
                let bytes = bytes.and_then(|b| String::from_utf8(b).ok());
                return bytes.map(Value::from).ok_or_else(|| {
                    self.fail("yaml: !!binary value contains invalid base64 data", span)
                });
            }
            Some(t @ ("int" | "float" | "bool" | "null")) => {
                let r = scalar::resolve(&text);
                let fits = matches!(
                    (t, &r),
                    ("int", Scalar::Int(_))
                        | ("float", Scalar::Float(_) | Scalar::Int(_))
                        | ("bool", Scalar::Bool(_))
                        | ("null", Scalar::Null)
                );
                if !fits {
                    let words = format!("yaml: cannot decode {} `{text}` as a !!{t}", tag_of(&r));
                    return Err(self.fail(&words, span));
                }
                r
            }
            Some(_) => return Ok(Value::from(text)),
        };
        Ok(match resolved {
            Scalar::Null => Value::Null,
            Scalar::Bool(b) => Value::Bool(b),
            Scalar::Int(i) => Value::Int(i),
            Scalar::Float(f) if f.is_finite() => whole(f),
            Scalar::Float(f) => {
                let name = if f.is_nan() {
                    "NaN"
                } else if f > 0.0 {
                    "+Inf"
                } else {
                    "-Inf"
                };
                return Err(self.fail(&format!("json: unsupported value: {name}"), span));
            }
            Scalar::Timestamp | Scalar::Merge | Scalar::Text => Value::from(text),
        })
    }
}

/// `1.0` and `1e3` become whole numbers on their way through JSON.
fn whole(f: f64) -> Value {
    let text = crate::json::float(f);
    text.parse::<i64>().map_or(Value::Float(f), Value::Int)
}

fn tag_of(s: &Scalar) -> &'static str {
    match s {
        Scalar::Null => "!!null",
        Scalar::Bool(_) => "!!bool",
        Scalar::Int(_) => "!!int",
        Scalar::Float(_) => "!!float",
        Scalar::Timestamp => "!!timestamp",
        Scalar::Merge => "!!merge",
        Scalar::Text => "!!str",
    }
}
