//! JSON text, read and written as Go's `encoding/json` does (`sigs.k8s.io/json` upstream), with its error words.
//!
//! Whole numbers that fit become [`Value::Int`], all others [`Value::Float`]. Of two equal keys the last wins; where
//! duplicates matter (strict decoding by the server) [`parse_strict`] lists them. Depth is bounded, so that no
//! document can exhaust the stack.

use crate::{Map, Str, Value};

/// Deeper documents are refused: far beyond any real object, safe for a small stack.
pub const MAX_DEPTH: usize = 400;

/// What is wrong with a text, in Go's words, and after how many bytes it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonError {
    pub message: String,
    pub offset: usize,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// Reads one whole document, as `json.Unmarshal`.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    parse_strict(text).map(|(value, _)| value)
}

/// Also lists the fields that stand twice, by path: `spec.replicas`, `spec.containers[0].image`.
pub fn parse_strict(text: &str) -> Result<(Value, Vec<String>), JsonError> {
    let mut p = Parser::new(text);
    let value = p.value(0)?;
    p.blanks();
    match p.peek() {
        None => Ok((value, p.duplicates)),
        Some(_) => Err(p.unexpected("after top-level value")),
    }
}

/// Reads the first document of a stream; says how many bytes it took. A stream that ends inside a document is
/// `unexpected EOF`, an empty one is `EOF`, as with `json.Decoder`.
pub fn parse_prefix(text: &str) -> Result<(Value, usize), JsonError> {
    let mut p = Parser::new(text);
    p.blanks();
    if p.peek().is_none() {
        return Err(p.error("EOF"));
    }
    match p.value(0) {
        Ok(value) => Ok((value, p.at)),
        Err(e) if e.message == END => Err(p.error("unexpected EOF")),
        Err(e) => Err(e),
    }
}

const END: &str = "unexpected end of JSON input";

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Where we are, for naming duplicates.
    path: Vec<Step>,
    duplicates: Vec<String>,
}

enum Step {
    Key(Str),
    Index(usize),
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Parser<'a> {
        Parser {
            text,
            bytes: text.as_bytes(),
            at: 0,
            path: Vec::new(),
            duplicates: Vec::new(),
        }
    }
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
    fn error(&self, message: impl Into<String>) -> JsonError {
        JsonError {
            message: message.into(),
            offset: self.at,
        }
    }
    /// The byte here does not belong: `context` says where it stands.
    fn unexpected(&self, context: &str) -> JsonError {
        match self.peek() {
            None => self.error(END),
            Some(c) => JsonError {
                message: format!("invalid character {} {context}", quote_byte(c)),
                offset: self.at + 1,
            },
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error("exceeded max depth"));
        }
        self.blanks();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::from),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut map = Map::default();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::from(map));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = Str::from(self.string()?);
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.path.push(Step::Key(key.clone()));
            let value = self.value(depth + 1)?;
            if map.insert(key, value).is_some() {
                let name = self.path_text();
                if !self.duplicates.contains(&name) && self.duplicates.len() < 100 {
                    self.duplicates.push(name);
                }
            }
            self.path.pop();
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::from(map));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut list: Vec<Value> = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::from(list));
        }
        loop {
            self.path.push(Step::Index(list.len()));
            list.push(self.value(depth + 1)?);
            self.path.pop();
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::from(list));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn literal(&mut self, word: &'static str, value: Value) -> Result<Value, JsonError> {
        self.at += 1;
        for c in word.bytes().skip(1) {
            if self.peek() != Some(c) {
                let c = quote_byte(c);
                return Err(self.unexpected(&format!("in literal {word} (expecting {c})")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), JsonError> {
        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Err(self.unexpected(context));
        }
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = self.text.get(start..self.at).unwrap_or("0");
        if let Ok(i) = text.parse::<i64>() {
            return Ok(Value::Int(i));
        }
        match text.parse::<f64>() {
            Ok(f) if f.is_finite() => Ok(Value::Float(f)),
            _ => Err(self.error(format!(
                "json: cannot unmarshal number {text} into Go value of type float64"
            ))),
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self
                .peek()
                .is_some_and(|c| c >= 0x20 && c != b'"' && c != b'\\')
            {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at).unwrap_or(""));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let c = match self.peek() {
            Some(c @ (b'"' | b'\\' | b'/')) => c as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let mut code = self.hex4()?;
                let low = self
                    .text
                    .get(self.at..self.at + 6)
                    .and_then(|s| s.strip_prefix("\\u"))
                    .and_then(|s| u32::from_str_radix(s, 16).ok())
                    .filter(|l| (0xdc00..0xe000).contains(l));
                if let (0xd800..0xdc00, Some(low)) = (code, low) {
                    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    self.at += 6;
                }
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                return Ok(());
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        out.push(c);
        Ok(())
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            match self.peek().and_then(|c| (c as char).to_digit(16)) {
                Some(d) => code = code * 16 + d,
                None => return Err(self.unexpected("in \\u hexadecimal character escape")),
            }
            self.at += 1;
        }
        Ok(code)
    }

    fn path_text(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Key(k) if out.is_empty() => out.push_str(k),
                Step::Key(k) => {
                    out.push('.');
                    out.push_str(k);
                }
                Step::Index(i) => out.push_str(&format!("[{i}]")),
            }
        }
        out
    }
}

/// A byte as Go's messages show it; one outside ASCII is shown as if it were Latin-1.
fn quote_byte(c: u8) -> String {
    match c {
        b'\'' => "'\\''".to_string(),
        b'"' => "'\"'".to_string(),
        b'\\' => "'\\\\'".to_string(),
        b'\n' => "'\\n'".to_string(),
        b'\r' => "'\\r'".to_string(),
        b'\t' => "'\\t'".to_string(),
        0x07 => "'\\a'".to_string(),
        0x08 => "'\\b'".to_string(),
        0x0b => "'\\v'".to_string(),
        0x0c => "'\\f'".to_string(),
        0x20..=0x7e | 0xa1..=0xac | 0xae..=0xff => format!("'{}'", c as char),
        0x80..=0xa0 | 0xad => format!("'\\u{:04x}'", c),
        _ => format!("'\\x{c:02x}'"),
    }
}

/// A JSON string literal, escaped as Go's `encoding/json` does without HTML escaping.
pub fn quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    quote_into(s, Escape::Plain, &mut out);
    out
}

/// Whether `<`, `>` and `&` are written as they are, or as `\u003c` and so on (Go's default).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    Plain,
    Html,
}

fn quote_into(s: &str, escape: Escape, out: &mut String) {
    out.push('"');
    let plain = |b: &u8| matches!(b, b' '..=b'~') && !b"\"\\<>&".contains(b);
    if s.as_bytes().iter().all(plain) {
        out.push_str(s);
    } else {
        s.chars().for_each(|c| escape_into(c, escape, out));
    }
    out.push('"');
}

fn escape_into(c: char, escape: Escape, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '<' | '>' | '&' if escape == Escape::Html => out.push_str(&format!("\\u{:04x}", c as u32)),
        c if (c as u32) < 0x20 || c == '\u{2028}' || c == '\u{2029}' => {
            out.push_str(&format!("\\u{:04x}", c as u32))
        }
        c => out.push(c),
    }
}

/// Compact JSON, keys sorted.
pub fn print(v: &Value) -> String {
    let mut out = String::new();
    write(v, Escape::Plain, None, 0, &mut out);
    out
}

/// Compact JSON as `json.Marshal` writes it: with `<`, `>` and `&` escaped.
pub fn print_html(v: &Value) -> String {
    let mut out = String::new();
    write(v, Escape::Html, None, 0, &mut out);
    out
}

/// `json.MarshalIndent` with this many blanks: what `kubectl -o json` prints (4).
pub fn print_indented(v: &Value, indent: usize) -> String {
    let mut out = String::new();
    write(v, Escape::Html, Some(indent), 0, &mut out);
    out
}

fn write(v: &Value, escape: Escape, indent: Option<usize>, level: usize, out: &mut String) {
    let newline = |out: &mut String, level: usize| {
        if let Some(n) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', n * level));
        }
    };
    match v {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&float(*f)),
        Value::Str(s) => quote_into(s, escape, out),
        Value::List(l) if l.is_empty() => out.push_str("[]"),
        Value::Map(m) if m.is_empty() => out.push_str("{}"),
        Value::List(l) => {
            out.push('[');
            for (i, x) in l.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                newline(out, level + 1);
                write(x, escape, indent, level + 1, out);
            }
            newline(out, level);
            out.push(']');
        }
        Value::Map(m) => {
            out.push('{');
            for (i, (k, x)) in m.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                newline(out, level + 1);
                quote_into(k, escape, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(x, escape, indent, level + 1, out);
            }
            newline(out, level);
            out.push('}');
        }
    }
}

/// A number as Go's `encoding/json` writes a float64: plain, but for the very large and very small.
pub fn float(f: f64) -> String {
    let a = f.abs();
    if a != 0.0 && !(1e-6..1e21).contains(&a) {
        // Rust writes 1e21 and 1e-7; Go 1e+21 and 1e-7.
        let s = format!("{f:e}");
        return match s.split_once('e') {
            Some((m, e)) if !e.starts_with('-') => format!("{m}e+{e}"),
            _ => s,
        };
    }
    format!("{f}")
}

#[cfg(test)]
mod tests;
