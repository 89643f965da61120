//! Parsing of JSONPath templates. Upstream: `client-go:util/jsonpath/parser.go`.

use super::{Node, Slice};
use crate::Value;

/// How deep filters and unions may nest.
const DEPTH_MAX: usize = 32;

/// Text and `{...}` in turn.
pub(super) fn template(text: &str) -> Result<Vec<Node>, String> {
    let mut p = Parser {
        chars: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    let mut nodes = Vec::new();
    while p.at < p.chars.len() {
        let start = p.at;
        while p.at < p.chars.len() && p.peek() != Some('{') {
            p.at += 1;
        }
        if p.at > start {
            nodes.push(Node::Text(p.text(start, p.at)));
        }
        if p.eat('{') {
            nodes.push(Node::List(p.action()?));
        }
    }
    Ok(nodes)
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
    fn eat(&mut self, c: char) -> bool {
        let hit = self.peek() == Some(c);
        self.at += usize::from(hit);
        hit
    }
    fn text(&self, from: usize, to: usize) -> String {
        self.chars.get(from..to).unwrap_or(&[]).iter().collect()
    }

    /// The inside of `{...}`, after its opening brace.
    fn action(&mut self) -> Result<Vec<Node>, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("too deeply nested".into());
        }
        let mut nodes = Vec::new();
        while !self.eat('}') {
            self.one(&mut nodes)?;
        }
        self.depth -= 1;
        Ok(nodes)
    }

    /// A text that upstream reads as an action of its own: a member of a union, a side of a filter.
    fn inner(&self, text: &str) -> Result<Vec<Node>, String> {
        let mut p = Parser {
            chars: format!("{text}}}").chars().collect(),
            at: 0,
            depth: self.depth,
        };
        p.action()
    }

    /// One node of a path.
    fn one(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        if self.text(self.at, self.at + 3) == "[?(" {
            return self.filter(nodes);
        }
        let Some(c) = self.peek() else {
            return Err("unclosed action".into());
        };
        match c {
            '\r' | '\n' => return Err("unclosed action".into()),
            ' ' | '@' | '$' => self.at += 1,
            '"' | '\'' => {
                let text = self.quoted(c)?;
                nodes.push(Node::Text(text));
            }
            '[' => self.brackets(nodes)?,
            '.' => self.dot(nodes)?,
            '+' | '-' => nodes.push(self.number()?),
            c if c.is_numeric() => nodes.push(self.number()?),
            c if c.is_alphabetic() || c == '_' => {
                let start = self.at;
                while self.peek().is_some_and(|c| !ends(c)) {
                    self.at += 1;
                }
                nodes.push(match self.text(start, self.at).as_str() {
                    "true" => Node::Literal(Value::Bool(true)),
                    "false" => Node::Literal(Value::Bool(false)),
                    word => Node::Word(word.to_string()),
                });
            }
            c => {
                return Err(format!(
                    "unrecognized character in action: U+{:04X} '{c}'",
                    c as u32
                ));
            }
        }
        Ok(())
    }

    /// After a dot: a field, `..`, `.*`.
    fn dot(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        self.at += 1;
        if self.eat('.') {
            if nodes.last() == Some(&Node::Recursive) {
                return Err("invalid multiple recursive descent".into());
            }
            nodes.push(Node::Recursive);
            if !self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
                return Ok(());
            }
        }
        let mut name = String::new();
        while let Some(c) = self.peek().filter(|c| !ends(*c)) {
            self.at += 1;
            match c {
                '\\' => {
                    name.extend(self.peek().filter(|c| *c != '\\'));
                    self.at += 1;
                }
                c => name.push(c),
            }
        }
        nodes.push(match name.as_str() {
            "*" => Node::Wildcard,
            _ => Node::Field(name),
        });
        Ok(())
    }

    fn number(&mut self) -> Result<Node, String> {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|c| c == '.' || c.is_numeric()) {
            self.at += 1;
        }
        let text = self.text(start, self.at);
        if let Ok(i) = text.parse() {
            return Ok(Node::Literal(Value::Int(i)));
        }
        text.parse()
            .map(|f| Node::Literal(Value::Float(f)))
            .map_err(|_| format!("cannot parse number {text}"))
    }

    /// A quoted text with Go's escapes.
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None | Some('\n') => return Err("unterminated quoted string".into()),
                Some(c) if c == quote && self.text(self.at - 1, self.at) != "\\" => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let all = self.text(start, self.at);
        unquote(&self.text(start + 1, self.at - 1), quote)
            .ok_or_else(|| format!("unquote string {all} error invalid syntax"))
    }

    /// `[?(left op right)]`: up to the bracket that no quote holds.
    fn filter(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        self.at += 3;
        let start = self.at;
        // Upstream looks for one pair of quotes.
        let (mut pair, mut over) = (None, false);
        loop {
            let Some(c) = self.peek().filter(|c| *c != '\n') else {
                return Err("unterminated filter".into());
            };
            self.at += 1;
            match c {
                '"' | '\'' if pair.is_none() => pair = Some(c),
                c if pair == Some(c) => over |= self.text(self.at - 2, self.at - 1) != "\\",
                ')' if pair.is_some() == over => break,
                _ => {}
            }
        }
        let text = self.text(start, self.at - 1);
        if !self.eat(']') {
            return Err("unclosed array expect ]".into());
        }
        let sign = |c: char| "!<>=".contains(c);
        let from = text.find(sign).unwrap_or(0);
        let (left, rest) = text.split_at(from);
        let mut length = rest.find(|c| !sign(c)).unwrap_or(rest.len());
        if length == rest.len() {
            // What stands right of the operator has at least one character.
            length = length.saturating_sub(1);
        }
        let (operator, right) = rest.split_at(length);
        nodes.push(match left.is_empty() || operator.is_empty() {
            true => Node::Filter(self.inner(&text)?, "exists".into(), Vec::new()),
            false => Node::Filter(self.inner(left)?, operator.into(), self.inner(right)?),
        });
        Ok(())
    }

    /// `[0]`, `[1:2]`, `[*]`, `['a','b']`.
    fn brackets(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let start = self.at + 1;
        while self.peek() != Some(']') {
            if matches!(self.peek(), None | Some('\n')) {
                return Err("unterminated array".into());
            }
            self.at += 1;
        }
        let text = self.text(start, self.at);
        self.at += 1;
        if text.contains(',') {
            let part = |p: &str| self.inner(&format!("[{}]", p.trim_matches(' ')));
            let parts = text.split(',').map(|p| part(p).map(Node::List));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let name = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
        if let Some(name) = name.filter(|n| !n.contains('\'')) {
            // `['metadata.name']` walks the path, as upstream does; a dot that is part of a key is escaped.
            nodes.extend(self.inner(&format!(".{name}"))?);
            return Ok(());
        }
        nodes.push(Node::Slice(slice(if text == "*" { ":" } else { &text })?));
        Ok(())
    }
}

/// What ends a word or the name of a field.
fn ends(c: char) -> bool {
    " \t\r\n.,[]$@{}".contains(c)
}

fn slice(text: &str) -> Result<Slice, String> {
    let numbers: Vec<&str> = text.split(':').collect();
    let digits = |n: &str| {
        let n = n.strip_prefix('-').unwrap_or(n);
        n.bytes().all(|b| b.is_ascii_digit())
    };
    if numbers.len() > 3 || !numbers.iter().all(|n| digits(n)) {
        return Err(format!("invalid array index {text}"));
    }
    let at = |i: usize| match numbers.get(i) {
        None | Some(&"") => Ok(None),
        Some(n) => match n.parse() {
            Ok(n) => Ok(Some(n)),
            Err(_) => Err(format!("array index {n} is not a number")),
        },
    };
    Ok(Slice {
        from: at(0)?,
        to: at(1)?,
        step: at(2)?,
        single: numbers.len() == 1,
    })
}

/// The inside of a text in quotes, its escapes read.
fn unquote(text: &str, quote: char) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' => '\\',
            c if c == quote => c,
            c @ ('x' | 'u' | 'U') => {
                let n = [('x', 2), ('u', 4)].iter().find(|(k, _)| *k == c);
                let digits: String = chars.by_ref().take(n.map_or(8, |n| n.1)).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(out)
}
