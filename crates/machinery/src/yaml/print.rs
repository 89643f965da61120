//! YAML text as `kubectl -o yaml` prints it: go-yaml v2's emitter as `sigs.k8s.io/yaml` calls it.
//!
//! Two blanks per level, lists at their parent's column, strings plain where they read back as strings, `"..."` where
//! they would read as something else, `'...'` where a plain one cannot stand, `|` for several lines; plain and quoted
//! texts are folded at the first blank past column 80.

use super::scalar::{self, Scalar};
use crate::Value;
use crate::arrange::Arrange;

const WIDTH: usize = 80;

/// The document, with a line end at its end and no `---`.
pub fn print(v: &Value) -> String {
    let mut e = Emitter {
        out: String::new(),
        column: 0,
    };
    e.node(v, Place::Root, 0);
    if !e.out.ends_with('\n') {
        e.out.push('\n');
    }
    e.out
}

/// What a node stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// `key:` at this indentation.
    Key,
    /// `-` at this indentation.
    Dash,
}

struct Emitter {
    out: String,
    column: usize,
}

impl Emitter {
    fn put(&mut self, s: &str) {
        self.out.push_str(s);
        match s.rsplit_once('\n') {
            Some((_, last)) => self.column = last.chars().count(),
            None => self.column += s.chars().count(),
        }
    }
    fn push(&mut self, c: char) {
        self.out.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }
    fn line(&mut self, indent: usize) {
        if self.column > 0 {
            self.push('\n');
        }
        for _ in 0..indent {
            self.push(' ');
        }
    }
    fn blank_before_value(&mut self, place: Place) {
        if place != Place::Root {
            self.push(' ');
        }
    }

    /// `indent` is the column of the key or dash that the node stands behind.
    fn node(&mut self, v: &Value, place: Place, indent: usize) {
        match v {
            Value::Map(m) if !m.is_empty() => {
                let inner = if place == Place::Root { 0 } else { indent + 2 };
                let mut entries: Vec<(&str, &Value)> = m.iter().map(|(k, v)| (&**k, v)).collect();
                // Keys of letters alone, as those of all kinds are, stand in this order already.
                let letters = |k: &str| k.bytes().all(|b| b.is_ascii_alphabetic());
                if !entries.iter().all(|(k, _)| letters(k)) {
                    entries.arrange_by(|a, b| natural(a.0, b.0));
                }
                for (i, (k, v)) in entries.into_iter().enumerate() {
                    if i == 0 && place == Place::Dash {
                        self.push(' ');
                    } else {
                        self.line(inner);
                    }
                    self.key(k, inner);
                    self.node(v, Place::Key, inner);
                }
            }
            Value::List(l) if !l.is_empty() => {
                let inner = if place == Place::Dash {
                    indent + 2
                } else {
                    indent
                };
                for (i, item) in l.iter().enumerate() {
                    if i == 0 && place == Place::Dash {
                        self.push(' ');
                    } else {
                        self.line(inner);
                    }
                    self.push('-');
                    self.node(item, Place::Dash, inner);
                }
            }
            _ => {
                self.blank_before_value(place);
                self.scalar(v, indent + 2);
            }
        }
    }

    fn key(&mut self, k: &str, indent: usize) {
        if k.contains('\n') || k.len() > 128 {
            // Too long for a simple key.
            self.put("? ");
            let key = Value::str(k);
            self.scalar(&key, indent + 2);
            self.line(indent);
            self.push(':');
            return;
        }
        match style(k) {
            Style::Plain if !k.is_empty() => self.put(k),
            Style::Double => self.double_quoted(k, None),
            _ if k.is_empty() => self.put("\"\""),
            _ => self.single_quoted(k, None),
        }
        self.push(':');
    }

    /// `indent` is where continuation lines start.
    fn scalar(&mut self, v: &Value, indent: usize) {
        match v {
            Value::Null => self.put("null"),
            Value::Bool(b) => self.put(if *b { "true" } else { "false" }),
            Value::Int(i) => self.put(&i.to_string()),
            Value::Float(f) => self.put(&go_float(*f)),
            Value::List(_) => self.put("[]"),
            Value::Map(_) => self.put("{}"),
            Value::Str(s) => match style(s) {
                Style::Plain => self.plain(s, indent),
                Style::Single => self.single_quoted(s, Some(indent)),
                Style::Double => self.double_quoted(s, Some(indent)),
                Style::Literal => self.literal(s, indent),
            },
        }
    }

    fn plain(&mut self, s: &str, indent: usize) {
        if !s.contains(' ') {
            return self.put(s);
        }
        let chars: Vec<char> = s.chars().collect();
        let mut spaces = false;
        for (i, &c) in chars.iter().enumerate() {
            if c == ' ' && !spaces && self.column > WIDTH && chars.get(i + 1) != Some(&' ') {
                self.line(indent);
            } else {
                self.push(c);
            }
            spaces = c == ' ';
        }
    }

    fn single_quoted(&mut self, s: &str, fold: Option<usize>) {
        self.push('\'');
        let chars: Vec<char> = s.chars().collect();
        let mut spaces = false;
        for (i, &c) in chars.iter().enumerate() {
            let inside = i > 0 && i + 1 < chars.len() && chars.get(i + 1) != Some(&' ');
            match fold {
                Some(indent) if c == ' ' && !spaces && self.column > WIDTH && inside => {
                    self.line(indent)
                }
                _ => {
                    if c == '\'' {
                        self.push('\'');
                    }
                    self.push(c);
                }
            }
            spaces = c == ' ';
        }
        self.push('\'');
    }

    fn double_quoted(&mut self, s: &str, fold: Option<usize>) {
        self.push('"');
        if is_word(s) {
            self.put(s);
            return self.push('"');
        }
        let chars: Vec<char> = s.chars().collect();
        let mut spaces = false;
        for (i, &c) in chars.iter().enumerate() {
            if !printable(c) || c == '"' || c == '\\' || is_break(c) {
                self.put(&escape(c));
                spaces = false;
                continue;
            }
            match fold {
                Some(indent)
                    if c == ' '
                        && !spaces
                        && self.column > WIDTH
                        && i > 0
                        && i + 1 < chars.len() =>
                {
                    self.line(indent);
                    if chars.get(i + 1) == Some(&' ') {
                        self.push('\\');
                    }
                }
                _ => self.push(c),
            }
            spaces = c == ' ';
        }
        self.push('"');
    }

    fn literal(&mut self, s: &str, indent: usize) {
        self.push('|');
        if s.starts_with([' ', '\n']) {
            self.push('2');
        }
        if !s.ends_with('\n') {
            self.push('-');
        } else if s == "\n" || s.ends_with("\n\n") {
            self.push('+');
        }
        self.push('\n');
        let body = s.strip_suffix('\n').unwrap_or(s);
        for (i, line) in body.split('\n').enumerate() {
            if i > 0 {
                self.push('\n');
            }
            if !line.is_empty() {
                for _ in 0..indent {
                    self.push(' ');
                }
                self.put(line);
            }
        }
        if s.ends_with('\n') {
            self.push('\n');
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// How a string is written: wished for by its meaning, then made possible by its characters.
fn style(s: &str) -> Style {
    let wants_quotes =
        !matches!(scalar::resolve(s), Scalar::Text | Scalar::Merge) || scalar::is_base60(s);
    if is_word(s) {
        return match wants_quotes {
            true => Style::Double,
            false => Style::Plain,
        };
    }
    let a = Analysis::of(s);
    let literal = s.contains('\n');
    if literal {
        return if a.block {
            Style::Literal
        } else {
            Style::Double
        };
    }
    match (wants_quotes, a.plain, a.single) {
        (true, _, _) => Style::Double,
        (false, true, _) => Style::Plain,
        (false, false, true) => Style::Single,
        (false, false, false) => Style::Double,
    }
}

/// Whether a string has only characters that mean nothing where they stand: most have, and need no analysis.
fn is_word(s: &str) -> bool {
    let inner = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:=+".contains(b);
    let b = s.as_bytes();
    b.first().is_some_and(u8::is_ascii_alphanumeric)
        && b.last() != Some(&b':')
        && b.iter().all(inner)
}

/// Which styles the characters of a string allow (`yaml_emitter_analyze_scalar`).
struct Analysis {
    plain: bool,
    single: bool,
    block: bool,
}

impl Analysis {
    fn of(s: &str) -> Analysis {
        let chars: Vec<char> = s.chars().collect();
        let blank_at = |i: usize| {
            chars
                .get(i)
                .is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))
        };
        let mut indicators = s.starts_with("---") || s.starts_with("...");
        let (mut special, mut breaks, mut break_space, mut space_break) =
            (false, false, false, false);
        let (mut after_space, mut after_break, mut after_blank) = (false, false, true);
        for (i, &c) in chars.iter().enumerate() {
            indicators |= match c {
                '#' if i > 0 => after_blank,
                ':' => blank_at(i + 1),
                '?' | '-' if i == 0 => blank_at(1),
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"'
                | '%' | '@' | '`' => i == 0,
                _ => false,
            };
            special |= !printable(c);
            if c == ' ' {
                break_space |= after_break;
            } else if is_break(c) {
                breaks = true;
                space_break |= after_space;
            }
            after_space = c == ' ';
            after_break = is_break(c);
            after_blank = matches!(c, ' ' | '\t') || is_break(c);
        }
        let edge = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        let edges = edge(chars.first()) || edge(chars.last());
        let never = space_break || special;
        Analysis {
            plain: !(never || edges || breaks || break_space || indicators),
            single: !(never || break_space),
            block: !never && chars.last() != Some(&' ') && !chars.is_empty(),
        }
    }
}

/// go-yaml's idea of printable: no tabs, nothing past the basic plane (so an emoji makes a text double-quoted).
fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c => {
            return match c as u32 {
                n @ 0..=0xff => format!("\\x{n:02X}"),
                n @ 0x100..=0xffff => format!("\\u{n:04X}"),
                n => format!("\\U{n:08X}"),
            };
        }
    };
    format!("\\{short}")
}

/// `strconv.FormatFloat(f, 'g', -1, 64)`.
pub fn go_float(f: f64) -> String {
    if f.is_nan() {
        return ".nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 {
            "+Inf".into()
        } else {
            "-Inf".into()
        };
    }
    let e = format!("{f:e}");
    let (mantissa, exponent) = e.split_once('e').unwrap_or((&e, "0"));
    let x: i32 = exponent.parse().unwrap_or(0);
    if f != 0.0 && !(-4..6).contains(&x) {
        let sign = if x < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", x.abs());
    }
    format!("{f}")
}

/// go-yaml's order of keys: letters after other characters, runs of digits by their number.
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    let (ar, br): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(i) = ar.iter().zip(&br).position(|(x, y)| x != y) else {
        return ar.len().cmp(&br.len());
    };
    let (x, y) = (ar[i], br[i]);
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero inside a number is a digit like any other; a leading one only lengthens it.
    let inside = (x == '0' || y == '0')
        && ar[..i]
            .iter()
            .rev()
            .take_while(|c| c.is_numeric())
            .any(|c| *c != '0');
    let run = |r: &[char]| {
        let digits = r[i..].iter().take_while(|c| c.is_numeric());
        digits.fold((u128::from(inside), 0usize), |(n, len), c| {
            (
                n.saturating_mul(10)
                    .saturating_add(u128::from(c.to_digit(10).unwrap_or(0))),
                len + 1,
            )
        })
    };
    let ((an, al), (bn, bl)) = (run(&ar), run(&br));
    an.cmp(&bn).then(al.cmp(&bl)).then(x.cmp(&y))
}
