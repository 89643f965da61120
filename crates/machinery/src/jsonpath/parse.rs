//! Parsing of JSONPath templates. Upstream: `client-go:util/jsonpath/parser.go`.

use super::{Node, Slice};

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
        let mut nodes = Vec::new();
        loop {
            let Some(c) = self.peek() else {
                return Err("unclosed action".into());
            };
            match c {
                '}' => {
                    self.at += 1;
                    return Ok(nodes);
                }
                ' ' | '\t' | '\r' | '\n' => self.at += 1,
                _ => self.one(&mut nodes)?,
            }
        }
    }

    /// One node of a path.
    fn one(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let Some(c) = self.peek() else { return Ok(()) };
        match c {
            '"' | '\'' => {
                let text = self.quoted(c)?;
                nodes.push(Node::Text(text));
            }
            '@' | '$' => self.at += 1,
            '[' => {
                self.at += 1;
                let node = self.brackets()?;
                nodes.push(node);
            }
            '.' => self.dot(nodes),
            '*' => {
                self.at += 1;
                nodes.push(Node::Wildcard);
            }
            '+' | '-' | '0'..='9' => nodes.push(self.number()?),
            c if c.is_alphabetic() => {
                let start = self.at;
                while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    self.at += 1;
                }
                nodes.push(match self.text(start, self.at).as_str() {
                    "true" => Node::Bool(true),
                    "false" => Node::Bool(false),
                    word @ ("range" | "end") => Node::Word(word.to_string()),
                    word => return Err(format!("unrecognized identifier {word}")),
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
    fn dot(&mut self, nodes: &mut Vec<Node>) {
        self.at += 1;
        if self.peek() == Some('.') {
            nodes.push(Node::Recursive);
            if self.chars.get(self.at + 1).is_some_and(|c| *c != '[') {
                // `..name` is recursion, then the field.
                return;
            }
            self.at += 1;
            return;
        }
        if self.eat('*') {
            nodes.push(Node::Wildcard);
            return;
        }
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c == '\\' {
                self.at += 1;
                name.extend(self.peek());
            } else if " \t\r\n,.[]{}()'\"<>!=@$|&*?".contains(c) {
                break;
            } else {
                name.push(c);
            }
            self.at += 1;
        }
        if !name.is_empty() {
            nodes.push(Node::Field(name));
        }
    }

    fn number(&mut self) -> Result<Node, String> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_digit() || "+-.eE".contains(c))
        {
            self.at += 1;
        }
        let text = self.text(start, self.at);
        if let Ok(i) = text.parse() {
            return Ok(Node::Int(i));
        }
        text.parse()
            .map(Node::Float)
            .map_err(|_| format!("cannot parse number {text}"))
    }

    /// A quoted text with Go's escapes.
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.peek() else {
                return Err("unterminated quoted string".into());
            };
            self.at += 1;
            match c {
                c if c == quote => return Ok(out),
                '\n' => return Err("unterminated quoted string".into()),
                '\\' => {
                    let Some(e) = self.peek() else {
                        return Err("unterminated quoted string".into());
                    };
                    self.at += 1;
                    out.push(match e {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                }
                c => out.push(c),
            }
        }
    }

    /// The inside of `[...]`, after its opening bracket, to its end.
    fn brackets(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("too deeply nested".into());
        }
        let node = if self.eat('?') {
            self.filter()
        } else {
            self.indexes()
        };
        self.depth -= 1;
        node
    }

    /// `?(left op right)]`.
    fn filter(&mut self) -> Result<Node, String> {
        if !self.eat('(') {
            return Err("unterminated filter".into());
        }
        let (mut left, mut right, mut operator) = (Vec::new(), Vec::new(), String::new());
        loop {
            let Some(c) = self.peek() else {
                return Err("unterminated filter".into());
            };
            match c {
                ')' => {
                    self.at += 1;
                    break;
                }
                ' ' | '\t' => self.at += 1,
                '=' | '!' | '<' | '>' => {
                    if !operator.is_empty() {
                        return Err("too many operators in filter".into());
                    }
                    operator.push(c);
                    self.at += 1;
                    if self.eat('=') {
                        operator.push('=');
                    }
                    if operator == "=" || operator == "!" {
                        return Err(format!("unrecognized filter operator {operator}"));
                    }
                }
                '}' => return Err("unterminated filter".into()),
                _ if operator.is_empty() => self.one(&mut left)?,
                _ => self.one(&mut right)?,
            }
        }
        if !self.eat(']') {
            return Err("unclosed array expect ]".into());
        }
        if operator.is_empty() {
            operator.push_str("exists");
        }
        Ok(Node::Filter(left, operator, right))
    }

    /// `0`, `1:2`, `*`, `'a','b'`, `name`, up to the closing bracket.
    fn indexes(&mut self) -> Result<Node, String> {
        let start = self.at;
        let mut quote = None;
        loop {
            let Some(c) = self.peek() else {
                return Err("unterminated array".into());
            };
            match (quote, c) {
                (None, ']') => break,
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (None, '\n' | '}') => return Err("unterminated array".into()),
                _ => {}
            }
            self.at += 1;
        }
        let inside = self.text(start, self.at);
        self.at += 1;
        let parts = split(&inside);
        if parts.len() == 1 {
            return self.index(parts.first().map_or("", |p| p.trim()));
        }
        parts
            .iter()
            .map(|p| self.index(p.trim()))
            .collect::<Result<_, _>>()
            .map(Node::Union)
    }

    fn index(&mut self, part: &str) -> Result<Node, String> {
        if part == "*" || part.is_empty() {
            return Ok(Node::Wildcard);
        }
        let unquoted = [('\'', '\''), ('"', '"')]
            .iter()
            .find_map(|(a, b)| part.strip_prefix(*a)?.strip_suffix(*b));
        if let Some(name) = unquoted {
            // `['metadata.name']` walks the path, as upstream does; a dot that is part of a key is escaped.
            let mut inner = Parser {
                chars: format!(".{name}").chars().collect(),
                at: 0,
                depth: self.depth,
            };
            let mut nodes = Vec::new();
            while inner.at < inner.chars.len() {
                let before = inner.at;
                inner.one(&mut nodes)?;
                if inner.at == before {
                    return Err(format!("invalid array index {part}"));
                }
            }
            return Ok(Node::List(nodes));
        }
        let numbers: Vec<&str> = part.split(':').collect();
        let number = |s: &str| -> Result<Option<i64>, String> {
            match s.trim() {
                "" => Ok(None),
                n => n
                    .parse()
                    .map(Some)
                    .map_err(|_| format!("invalid array index {part}")),
            }
        };
        match numbers.as_slice() {
            [one] => Ok(Node::Slice(Slice {
                from: number(one)?,
                single: true,
                ..Slice::default()
            })),
            [from, to] => Ok(Node::Slice(Slice {
                from: number(from)?,
                to: number(to)?,
                ..Slice::default()
            })),
            [from, to, step] => Ok(Node::Slice(Slice {
                from: number(from)?,
                to: number(to)?,
                step: number(step)?,
                single: false,
            })),
            _ => Err(format!("invalid array index {part}")),
        }
    }
}

/// Parts between commas that are not quoted.
fn split(text: &str) -> Vec<String> {
    let (mut out, mut quote) = (vec![String::new()], None);
    for c in text.chars() {
        match (quote, c) {
            (None, ',') => {
                out.push(String::new());
                continue;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
        out.last_mut().into_iter().for_each(|s| s.push(c));
    }
    out
}
