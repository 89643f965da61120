//! What jq computes with: JSON whose objects keep the order in which they were made, which is the order in which jq prints.

use machinery::{Map, Value, json};
use std::cmp::Ordering;
use std::rc::Rc;

#[derive(Clone, Debug, Default)]
pub enum J {
    #[default]
    Null,
    Bool(bool),
    Num(f64),
    Str(Rc<str>),
    Arr(Rc<Vec<J>>),
    Obj(Rc<Vec<(Rc<str>, J)>>),
}

/// Arrays within arrays, in what is read.
const MAX_DEPTH: usize = 200;

pub fn text(s: impl AsRef<str>) -> J {
    J::Str(Rc::from(s.as_ref()))
}

pub fn arr(items: Vec<J>) -> J {
    J::Arr(Rc::new(items))
}

impl J {
    pub fn kind(&self) -> &'static str {
        match self {
            J::Null => "null",
            J::Bool(_) => "boolean",
            J::Num(_) => "number",
            J::Str(_) => "string",
            J::Arr(_) => "array",
            J::Obj(_) => "object",
        }
    }
    pub fn truth(&self) -> bool {
        !matches!(self, J::Null | J::Bool(false))
    }
    pub fn as_str(&self) -> Option<&str> {
        match self {
            J::Str(s) => Some(s),
            _ => None,
        }
    }
    pub fn num(&self) -> Option<f64> {
        match self {
            J::Num(n) => Some(*n),
            _ => None,
        }
    }
    pub fn items(&self) -> &[J] {
        match self {
            J::Arr(items) => items,
            _ => &[],
        }
    }
    pub fn fields(&self) -> &[(Rc<str>, J)] {
        match self {
            J::Obj(fields) => fields,
            _ => &[],
        }
    }
    pub fn field(&self, key: &str) -> J {
        let found = self.fields().iter().find(|(k, _)| &**k == key);
        found.map(|(_, v)| v.clone()).unwrap_or_default()
    }
    pub fn set(&mut self, key: &str, value: J) {
        if !matches!(self, J::Obj(_)) {
            *self = J::Obj(Rc::default());
        }
        if let J::Obj(fields) = self {
            let fields = Rc::make_mut(fields);
            match fields.iter_mut().find(|(k, _)| &**k == key) {
                Some((_, v)) => *v = value,
                None => fields.push((Rc::from(key), value)),
            }
        }
    }
    pub fn obj(fields: Vec<(&str, J)>) -> J {
        let fields = fields.into_iter().map(|(k, v)| (Rc::from(k), v));
        J::Obj(Rc::new(fields.collect()))
    }
    /// The keys, sorted.
    pub fn keys(&self) -> Vec<Rc<str>> {
        let mut keys: Vec<Rc<str>> = self.fields().iter().map(|(k, _)| k.clone()).collect();
        keys.sort();
        keys
    }
    /// As messages show it: cut at eleven characters.
    pub fn short(&self) -> String {
        let whole = self.print(&Style::default());
        match whole.chars().count() > 11 {
            true => whole.chars().take(10).collect::<String>() + "...",
            false => whole,
        }
    }
    pub fn of(v: &Value) -> J {
        match v {
            Value::Null => J::Null,
            Value::Bool(b) => J::Bool(*b),
            Value::Int(i) => J::Num(*i as f64),
            Value::Float(f) => J::Num(*f),
            Value::Str(s) => text(s.as_str()),
            Value::List(l) => arr(l.iter().map(J::of).collect()),
            Value::Map(m) => J::Obj(Rc::new(
                m.iter()
                    .map(|(k, v)| (Rc::from(k.as_str()), J::of(v)))
                    .collect(),
            )),
        }
    }
    pub fn value(&self) -> Value {
        match self {
            J::Null => Value::Null,
            J::Bool(b) => Value::Bool(*b),
            J::Num(n) if n.trunc() == *n && n.abs() < 9e15 => Value::Int(*n as i64),
            J::Num(n) => Value::Float(*n),
            J::Str(s) => Value::str(s),
            J::Arr(l) => Value::from(l.iter().map(J::value).collect::<Vec<_>>()),
            J::Obj(m) => {
                let pairs = m.iter().map(|(k, v)| (k.to_string(), v.value()));
                Value::from(pairs.collect::<Map>())
            }
        }
    }
    pub fn print(&self, style: &Style) -> String {
        let mut out = String::new();
        self.write(style, 0, &mut out);
        out
    }
    fn write(&self, style: &Style, level: usize, out: &mut String) {
        let paint = |out: &mut String, color: &str, text: &str| match style.color {
            true => out.push_str(&format!("\x1b[{color}m{text}\x1b[0m")),
            false => out.push_str(text),
        };
        let line = |out: &mut String, level: usize| {
            if !style.indent.is_empty() {
                out.push('\n');
                out.push_str(&style.indent.repeat(level));
            }
        };
        match self {
            J::Null => paint(out, "1;30", "null"),
            J::Bool(b) => paint(out, "0;39", if *b { "true" } else { "false" }),
            J::Num(n) => paint(out, "0;39", &number(*n)),
            J::Str(s) => paint(out, "0;32", &style.quote(s)),
            J::Arr(items) if items.is_empty() => paint(out, "1;39", "[]"),
            J::Obj(fields) if fields.is_empty() => paint(out, "1;39", "{}"),
            J::Arr(items) => {
                paint(out, "1;39", "[");
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        paint(out, "1;39", ",");
                    }
                    line(out, level + 1);
                    item.write(style, level + 1, out);
                }
                line(out, level);
                paint(out, "1;39", "]");
            }
            J::Obj(fields) => {
                let mut order: Vec<&(Rc<str>, J)> = fields.iter().collect();
                if style.sorted {
                    order.sort_by(|a, b| a.0.cmp(&b.0));
                }
                paint(out, "1;39", "{");
                for (i, (k, v)) in order.into_iter().enumerate() {
                    if i > 0 {
                        paint(out, "1;39", ",");
                    }
                    line(out, level + 1);
                    paint(out, "34;1", &style.quote(k));
                    paint(out, "1;39", ":");
                    if !style.indent.is_empty() {
                        out.push(' ');
                    }
                    v.write(style, level + 1, out);
                }
                line(out, level);
                paint(out, "1;39", "}");
            }
        }
    }
}

/// How values are printed; one line by default.
#[derive(Clone, Debug, Default)]
pub struct Style {
    pub indent: String,
    pub sorted: bool,
    pub color: bool,
    pub ascii: bool,
}

impl Style {
    fn quote(&self, s: &str) -> String {
        let quoted = json::quote(s);
        if !self.ascii {
            return quoted;
        }
        let escape = |c: char| match c.is_ascii() {
            true => c.to_string(),
            false => {
                let mut units = [0u16; 2];
                let units = c.encode_utf16(&mut units);
                units.iter().map(|u| format!("\\u{u:04x}")).collect()
            }
        };
        quoted.chars().map(escape).collect()
    }
}

pub fn number(n: f64) -> String {
    if n.is_nan() {
        "null".into()
    } else if n.is_infinite() {
        let sign = if n < 0.0 { "-" } else { "" };
        format!("{sign}1.7976931348623157e+308")
    } else if n == 0.0 {
        if n.is_sign_negative() {
            "-0".into()
        } else {
            "0".into()
        }
    } else if n.trunc() == n && n.abs() < 1e17 {
        format!("{}", n as i64)
    } else {
        json::float(n)
    }
}

fn rank(v: &J) -> u8 {
    match v {
        J::Null => 0,
        J::Bool(false) => 1,
        J::Bool(true) => 2,
        J::Num(_) => 3,
        J::Str(_) => 4,
        J::Arr(_) => 5,
        J::Obj(_) => 6,
    }
}

/// jq's order of all values.
pub fn order(a: &J, b: &J) -> Ordering {
    match (a, b) {
        (J::Num(x), J::Num(y)) => x.partial_cmp(y).unwrap_or(Ordering::Less),
        (J::Str(x), J::Str(y)) => x.cmp(y),
        (J::Arr(x), J::Arr(y)) => {
            let pairs = x.iter().zip(y.iter()).map(|(p, q)| order(p, q));
            let first = pairs.into_iter().find(|o| o.is_ne());
            first.unwrap_or(x.len().cmp(&y.len()))
        }
        (J::Obj(_), J::Obj(_)) => {
            let (x, y) = (a.keys(), b.keys());
            x.cmp(&y).then_with(|| {
                let pairs = x.iter().map(|k| order(&a.field(k), &b.field(k)));
                pairs
                    .into_iter()
                    .find(|o| o.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

impl PartialEq for J {
    fn eq(&self, other: &J) -> bool {
        order(self, other).is_eq()
    }
}

/// The next value of a JSON text, and where it ends; none at the end of the text. Errors are jq's.
pub fn read(source: &str, at: &mut usize) -> Result<Option<J>, String> {
    let mut reader = Reader {
        bytes: source.as_bytes(),
        source,
        at: *at,
    };
    reader.blanks();
    if reader.at >= source.len() {
        *at = reader.at;
        return Ok(None);
    }
    let done = reader.value(0);
    *at = reader.at;
    match done {
        Ok(v) => Ok(Some(v)),
        Err(message) => {
            let seen = source.get(..reader.at.min(source.len())).unwrap_or(source);
            let line = 1 + seen.matches('\n').count();
            let column = seen.rsplit('\n').next().map_or(0, str::len) + usize::from(line == 1);
            let end = if reader.at >= source.len() {
                " at EOF"
            } else {
                ""
            };
            Err(format!("{message}{end} at line {line}, column {column}"))
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    source: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }
    fn peek(&mut self) -> u8 {
        self.blanks();
        self.bytes.get(self.at).copied().unwrap_or(0)
    }
    fn value(&mut self, depth: usize) -> Result<J, String> {
        if depth > MAX_DEPTH {
            return Err("Exceeds depth limit for parsing".into());
        }
        match self.peek() {
            b'{' => {
                self.at += 1;
                let mut out = J::Obj(Rc::default());
                if self.peek() == b'}' {
                    self.at += 1;
                    return Ok(out);
                }
                loop {
                    if self.peek() != b'"' {
                        return Err("Object keys must be strings".into());
                    }
                    let key = self.string()?;
                    if self.peek() != b':' {
                        return Err("Objects must consist of key:value pairs".into());
                    }
                    self.at += 1;
                    let value = self.value(depth + 1)?;
                    if let J::Obj(fields) = &mut out {
                        let fields = Rc::make_mut(fields);
                        fields.push((Rc::from(key.as_str()), value));
                    }
                    match self.peek() {
                        b',' => self.at += 1,
                        b'}' => {
                            self.at += 1;
                            return Ok(out);
                        }
                        0 => return Err("Unfinished JSON term".into()),
                        _ => return Err("Expected separator between values".into()),
                    }
                }
            }
            b'[' => {
                self.at += 1;
                let mut out = Vec::new();
                if self.peek() == b']' {
                    self.at += 1;
                    return Ok(arr(out));
                }
                loop {
                    out.push(self.value(depth + 1)?);
                    match self.peek() {
                        b',' => self.at += 1,
                        b']' => {
                            self.at += 1;
                            return Ok(arr(out));
                        }
                        0 => return Err("Unfinished JSON term".into()),
                        _ => return Err("Expected separator between values".into()),
                    }
                }
            }
            b'"' => self.string().map(text),
            0 => Err("Unfinished JSON term".into()),
            _ => self.word(),
        }
    }
    fn word(&mut self) -> Result<J, String> {
        let start = self.at;
        while let Some(b) = self.bytes.get(self.at) {
            if b.is_ascii_whitespace() || b",:[]{}\"".contains(b) {
                break;
            }
            self.at += 1;
        }
        let word = self.source.get(start..self.at).unwrap_or("");
        match word {
            "null" => Ok(J::Null),
            "true" => Ok(J::Bool(true)),
            "false" => Ok(J::Bool(false)),
            "nan" => Ok(J::Null),
            word => {
                let starts = word.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
                let parsed = word.parse::<f64>().ok().filter(|_| starts);
                if parsed.is_none() {
                    self.at += usize::from(self.at < self.source.len());
                }
                parsed.map(J::Num).ok_or("Invalid numeric literal".into())
            }
        }
    }
    fn string(&mut self) -> Result<String, String> {
        let rest = self.source.get(self.at..).unwrap_or("");
        let mut escaped = false;
        let end = rest.bytes().skip(1).position(|b| {
            let ends = b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            self.at = self.source.len();
            return Err("Unfinished string".into());
        };
        let literal = rest.get(..end + 2).unwrap_or("");
        self.at += literal.len();
        match json::parse(literal) {
            Ok(Value::Str(s)) => Ok(s.to_string()),
            _ if !literal.contains('\\') => Ok(literal.trim_matches('"').to_string()),
            _ => Err("Invalid escape".into()),
        }
    }
}
