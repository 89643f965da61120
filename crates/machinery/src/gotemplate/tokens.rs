//! Template text to tokens, with their places: Go's `text/template/parse/lex.go`.

use crate::Value;

#[derive(Clone, PartialEq)]
pub(super) enum Tok {
    Text(String),
    Open,
    Close,
    Space,
    /// A word: keyword, function, true, nil.
    Word(String),
    /// `.name`
    Field(String),
    Dot,
    Variable(String),
    Literal(Value, String),
    /// One of `( ) | , := =`
    Sign(&'static str),
    Error(String),
    End,
}

/// All tokens of a source, with their places.
pub(super) fn tokens(source: &str) -> Vec<(Tok, usize)> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut trim = false;
    loop {
        let rest = source.get(at..).unwrap_or("");
        let (text, found) = match rest.find("{{") {
            Some(i) => (&rest[..i], true),
            None => (rest, false),
        };
        let inside = at + text.len() + 2;
        let dash = found && is_trim(source.get(inside..).unwrap_or(""));
        let mut shown = text;
        if trim {
            shown = shown.trim_start();
        }
        if dash {
            shown = shown.trim_end();
        }
        if !shown.is_empty() {
            out.push((Tok::Text(shown.to_string()), at));
        }
        if !found {
            out.push((Tok::End, source.len()));
            return out;
        }
        let mut pos = inside + if dash { 2 } else { 0 };
        if source[pos..].starts_with("/*") {
            let Some(end) = source[pos..].find("*/") else {
                out.push((Tok::Error("unclosed comment".into()), pos));
                return out;
            };
            let after = &source[pos + end + 2..];
            trim = after.starts_with(" -}}");
            if !trim && !after.starts_with("}}") {
                out.push((
                    Tok::Error("comment ends before closing delimiter".into()),
                    pos,
                ));
                return out;
            }
            at = pos + end + 2 + if trim { 4 } else { 2 };
            continue;
        }
        out.push((Tok::Open, inside - 2));
        match action(source, &mut pos, &mut out) {
            Ok(trims) => trim = trims,
            Err(e) => {
                out.push((Tok::Error(e), pos));
                return out;
            }
        }
        at = pos;
    }
}

/// `- ` after `{{`.
fn is_trim(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next() == Some('-') && chars.next().is_some_and(char::is_whitespace)
}

/// The tokens of one action, up to its end; whether it trims what follows.
fn action(source: &str, pos: &mut usize, out: &mut Vec<(Tok, usize)>) -> Result<bool, String> {
    loop {
        let rest = source.get(*pos..).unwrap_or("");
        if rest.starts_with("}}") {
            out.push((Tok::Close, *pos));
            *pos += 2;
            return Ok(false);
        }
        let Some(c) = rest.chars().next() else {
            return Err("unclosed action".into());
        };
        if c.is_whitespace() {
            let blank = rest.len() - rest.trim_start().len();
            if rest[blank..].starts_with("-}}") {
                out.push((Tok::Close, *pos));
                *pos += blank + 3;
                return Ok(true);
            }
            out.push((Tok::Space, *pos));
            *pos += blank;
            continue;
        }
        let (token, length) = token(c, rest)?;
        out.push((token, *pos));
        *pos += length;
    }
}

fn token(c: char, rest: &str) -> Result<(Tok, usize), String> {
    for sign in [":=", "(", ")", "|", ",", "="] {
        if rest.starts_with(sign) {
            return Ok((Tok::Sign(sign), sign.len()));
        }
    }
    let name = |from: usize| {
        let more = rest.get(from..).unwrap_or("");
        more.find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(more.len())
    };
    match c {
        '"' | '`' | '\'' => quoted(c, rest),
        '.' => match name(1) {
            0 => Ok((Tok::Dot, 1)),
            n if rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => number(rest, n + 1),
            n => Ok((Tok::Field(rest[1..=n].to_string()), n + 1)),
        },
        '$' => {
            let n = name(1) + 1;
            Ok((Tok::Variable(rest[..n].to_string()), n))
        }
        c if c.is_ascii_digit() || c == '-' || c == '+' => {
            let n = rest[1..]
                .find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'))
                .unwrap_or(rest.len() - 1);
            number(rest, n + 1)
        }
        c if c.is_alphabetic() || c == '_' => {
            let n = name(0);
            let word = &rest[..n];
            let token = match word {
                "true" => Tok::Literal(Value::Bool(true), word.into()),
                "false" => Tok::Literal(Value::Bool(false), word.into()),
                "nil" => Tok::Literal(Value::Null, word.into()),
                _ => Tok::Word(word.to_string()),
            };
            Ok((token, n))
        }
        c => Err(format!(
            "unexpected bad character U+{:04X} {:?} in command",
            c as u32, c
        )),
    }
}

fn number(rest: &str, length: usize) -> Result<(Tok, usize), String> {
    let word = &rest[..length];
    let plain = word.replace('_', "");
    let hex = plain
        .strip_prefix("0x")
        .and_then(|h| i64::from_str_radix(h, 16).ok());
    let octal = plain
        .strip_prefix("0o")
        .or(plain.strip_prefix('0'))
        .filter(|o| !o.is_empty());
    let octal = octal.and_then(|o| i64::from_str_radix(o, 8).ok());
    let value = match hex.or(octal).or(plain.parse().ok()) {
        Some(n) => Value::Int(n),
        None => match plain.parse::<f64>() {
            Ok(f) => Value::Float(f),
            Err(_) => return Err(format!("bad number syntax: {}", crate::json::quote(word))),
        },
    };
    Ok((Tok::Literal(value, word.to_string()), length))
}

fn quoted(quote: char, rest: &str) -> Result<(Tok, usize), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            c if c == quote => {
                let length = i + 1;
                let value = match quote {
                    '\'' => Value::Int(text.chars().next().map_or(0, |c| c as i64)),
                    _ => Value::from(text),
                };
                return Ok((Tok::Literal(value, rest[..length].to_string()), length));
            }
            '\n' if quote != '`' => break,
            '\\' if quote != '`' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, kind @ ('x' | 'u'))) => {
                    let n = if kind == 'x' { 2 } else { 4 };
                    let digits: String = chars.by_ref().take(n).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&digits, 16).ok();
                    text.extend(code.and_then(char::from_u32));
                }
                Some((_, c)) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
    }
    Err(match quote {
        '`' => "unterminated raw quoted string".into(),
        '\'' => "unterminated character constant".into(),
        _ => "unterminated quoted string".to_string(),
    })
}

pub(super) fn unexpected(token: &Tok, context: &str) -> String {
    let shown = match token {
        Tok::End => return "unexpected EOF".into(),
        Tok::Error(e) => return e.clone(),
        Tok::Close => "\"}}\"".to_string(),
        Tok::Open => "\"{{\"".to_string(),
        Tok::Space => "\" \"".to_string(),
        Tok::Text(t) => format!("{t:?}"),
        Tok::Word(w) => match w.as_str() {
            "end" | "else" | "if" | "range" | "with" | "define" | "template" | "block" => {
                format!("<{w}>")
            }
            _ => format!("{w:?}"),
        },
        Tok::Field(f) => format!("\".{f}\""),
        Tok::Dot => "<.>".to_string(),
        Tok::Variable(v) => format!("{v:?}"),
        Tok::Literal(_, text) => crate::json::quote(text),
        Tok::Sign(sign) => format!("{sign:?}"),
    };
    format!("unexpected {shown} in {context}")
}
