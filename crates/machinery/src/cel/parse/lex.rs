//! From text to tokens: CEL's literals, names and operators.

use super::{Issue, issue};

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Tok {
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    Ident(String),
    /// `` `a-b` `` behind a dot.
    Quoted(String),
    Op(&'static str),
    End,
}

const OPS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}",
];

pub(super) fn lex(text: &str) -> Result<Vec<(usize, Tok, String)>, Issue> {
    let c: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(&ch) = c.get(i) {
        if ch.is_ascii_whitespace() {
            i += 1;
            continue;
        }
        if ch == '/' && c.get(i + 1) == Some(&'/') {
            while c.get(i).is_some_and(|c| *c != '\n') {
                i += 1;
            }
            continue;
        }
        let start = i;
        let tok = if let Some(tok) = string(&c, &mut i)? {
            tok
        } else if ch.is_ascii_digit()
            || (ch == '.' && c.get(i + 1).is_some_and(char::is_ascii_digit))
        {
            number(&c, &mut i)?
        } else if ch.is_ascii_alphabetic() || ch == '_' {
            while c
                .get(i)
                .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
            {
                i += 1;
            }
            Tok::Ident(c.get(start..i).unwrap_or_default().iter().collect())
        } else if ch == '`' {
            let len = c
                .get(i + 1..)
                .and_then(|r| r.iter().position(|c| *c == '`'));
            let len =
                len.ok_or_else(|| issue(i, "Syntax error: token recognition error at: '`'"))?;
            i += len + 2;
            Tok::Quoted(c.get(start + 1..i - 1).unwrap_or_default().iter().collect())
        } else {
            let fits = |o: &&&str| o.chars().enumerate().all(|(k, x)| c.get(i + k) == Some(&x));
            let Some(op) = OPS.iter().find(fits) else {
                return Err(issue(
                    i,
                    format!("Syntax error: token recognition error at: '{ch}'"),
                ));
            };
            i += op.len();
            Tok::Op(op)
        };
        out.push((
            start,
            tok,
            c.get(start..i).unwrap_or_default().iter().collect(),
        ));
    }
    out.push((c.len(), Tok::End, "<EOF>".to_string()));
    Ok(out)
}

fn number(c: &[char], i: &mut usize) -> Result<Tok, Issue> {
    let start = *i;
    let hex = c.get(start) == Some(&'0') && matches!(c.get(start + 1), Some('x' | 'X'));
    *i += if hex { 2 } else { 0 };
    let mut float = false;
    while let Some(&ch) = c.get(*i) {
        let sign = matches!(ch, '+' | '-')
            && !hex
            && matches!(c.get(*i - 1), Some('e' | 'E'))
            && *i > start;
        let point = ch == '.' && !hex && c.get(*i + 1).is_some_and(char::is_ascii_digit);
        let exponent = matches!(ch, 'e' | 'E') && !hex;
        float |= point || exponent;
        if !(ch.is_ascii_digit() || sign || point || exponent || (hex && ch.is_ascii_hexdigit())) {
            break;
        }
        *i += 1;
    }
    let text: String = c.get(start..*i).unwrap_or_default().iter().collect();
    if float {
        let f = text
            .parse()
            .map_err(|_| issue(start, "invalid double literal"))?;
        return Ok(Tok::Float(f));
    }
    let (digits, radix) = match hex {
        true => (text.get(2..).unwrap_or(""), 16),
        false => (text.as_str(), 10),
    };
    if matches!(c.get(*i), Some('u' | 'U')) {
        *i += 1;
        let n = u64::from_str_radix(digits, radix);
        return Ok(Tok::Uint(
            n.map_err(|_| issue(start, "invalid uint literal"))?,
        ));
    }
    // The lowest number is written with a sign that is not part of the token.
    match u64::from_str_radix(digits, radix) {
        Ok(n) if n <= 1 << 63 => Ok(Tok::Int(n as i64)),
        _ => Err(issue(start, "invalid int literal")),
    }
}

/// A string or bytes literal, with its prefixes `r` and `b`, if one stands here.
fn string(c: &[char], i: &mut usize) -> Result<Option<Tok>, Issue> {
    let start = *i;
    let (mut raw, mut bytes, mut at) = (false, false, start);
    while let Some('r' | 'R' | 'b' | 'B') = c.get(at)
        && at < start + 2
    {
        raw |= matches!(c.get(at), Some('r' | 'R'));
        bytes |= matches!(c.get(at), Some('b' | 'B'));
        at += 1;
    }
    let Some(&quote) = c.get(at).filter(|q| matches!(q, '"' | '\'')) else {
        return Ok(None);
    };
    let long = c.get(at + 1) == Some(&quote) && c.get(at + 2) == Some(&quote);
    let width = if long { 3 } else { 1 };
    at += width;
    let mut out: Vec<u8> = Vec::new();
    let mut utf = [0u8; 4];
    loop {
        let unclosed = || {
            let shown: String = c.get(start..).unwrap_or_default().iter().collect();
            issue(
                start,
                format!("Syntax error: token recognition error at: '{shown}'"),
            )
        };
        let ch = *c.get(at).ok_or_else(unclosed)?;
        let closes = ch == quote
            && (!long || (c.get(at + 1) == Some(&quote) && c.get(at + 2) == Some(&quote)));
        if closes {
            at += width;
            break;
        }
        if ch == '\n' && !long {
            return Err(unclosed());
        }
        if ch == '\\' && !raw {
            let code = escaped(c, &mut at).ok_or_else(unclosed)?;
            match char::from_u32(code) {
                Some(_) if bytes && code < 256 => out.push(code as u8),
                Some(ch) => out.extend_from_slice(ch.encode_utf8(&mut utf).as_bytes()),
                None => return Err(unclosed()),
            }
            continue;
        }
        out.extend_from_slice(ch.encode_utf8(&mut utf).as_bytes());
        at += 1;
    }
    *i = at;
    Ok(Some(match bytes {
        true => Tok::Bytes(out),
        false => Tok::Str(String::from_utf8_lossy(&out).into_owned()),
    }))
}

fn escaped(c: &[char], at: &mut usize) -> Option<u32> {
    let ch = *c.get(*at + 1)?;
    *at += 2;
    Some(match ch {
        'n' => 10,
        't' => 9,
        'r' => 13,
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'v' => 11,
        '\\' | '\'' | '"' | '`' | '?' => ch as u32,
        'x' | 'X' => return coded(c, at, 0, 2, 16),
        'u' => return coded(c, at, 0, 4, 16),
        'U' => return coded(c, at, 0, 8, 16),
        '0'..='3' => return coded(c, at, 1, 3, 8),
        _ => return None,
    })
}

/// `n` digits that start `back` characters before `at`.
fn coded(c: &[char], at: &mut usize, back: usize, n: usize, radix: u32) -> Option<u32> {
    let from = *at - back;
    let text: String = c.get(from..from + n)?.iter().collect();
    *at = from + n;
    u32::from_str_radix(&text, radix).ok()
}
