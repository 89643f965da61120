//! Methods of texts, formatting among them. Upstream: `cel-go:ext/{strings,formatting}.go`, `apiserver:pkg/cel/library/regex.go`.

use super::text_list;
use crate::cel::value::{Outcome, V, no_overload};
use pattern::Regex;

/// Methods of texts.
pub(super) fn text(name: &str, s: &str, rest: &[V]) -> Outcome {
    let found = |i: Option<usize>| V::Int(i.map_or(-1, |i| i as i64));
    let chars: Vec<char> = s.chars().collect();
    let beyond = |i: i64| Err(format!("index out of range: {i}"));
    let at = |i: i64| usize::try_from(i).ok().filter(|i| *i <= chars.len());
    Ok(match (name, rest) {
        ("startsWith", [V::Str(o)]) => V::Bool(s.starts_with(&**o)),
        ("endsWith", [V::Str(o)]) => V::Bool(s.ends_with(&**o)),
        ("contains", [V::Str(o)]) => V::Bool(s.contains(&**o)),
        ("matches", [V::Str(p)]) => V::Bool(Regex::re2(p)?.is_match(s)),
        ("find", [V::Str(p)]) => V::str(&matches(s, p, 1)?.concat()),
        ("findAll", [V::Str(p)]) => text_list(matches(s, p, usize::MAX)?),
        ("findAll", [V::Str(p), V::Int(n)]) => {
            text_list(matches(s, p, usize::try_from(*n).unwrap_or(usize::MAX))?)
        }
        ("size", []) => V::Int(chars.len() as i64),
        ("lowerAscii", []) => V::str(&s.to_ascii_lowercase()),
        ("upperAscii", []) => V::str(&s.to_ascii_uppercase()),
        ("trim", []) => V::str(s.trim()),
        ("strings.quote", []) => V::str(&crate::json::quote(s)),
        ("charAt", [V::Int(i)]) => match at(*i) {
            Some(i) => V::str(&chars.get(i).map(char::to_string).unwrap_or_default()),
            None => return beyond(*i),
        },
        ("substring", [V::Int(from)]) => match at(*from) {
            Some(i) => V::str(&chars.iter().skip(i).collect::<String>()),
            None => return beyond(*from),
        },
        ("substring", [V::Int(from), V::Int(to)]) => match (at(*from), at(*to)) {
            (Some(a), Some(b)) if a <= b => {
                V::str(&chars.iter().take(b).skip(a).collect::<String>())
            }
            (Some(_), Some(_)) => {
                return Err(format!("invalid substring range. start: {from}, end: {to}"));
            }
            (None, _) => return beyond(*from),
            _ => return beyond(*to),
        },
        ("indexOf", [V::Str(o), rest @ ..]) => {
            let from = match rest {
                [V::Int(i)] => at(*i).ok_or_else(|| format!("index out of range: {i}"))?,
                _ => 0,
            };
            let o: Vec<char> = o.chars().collect();
            found((from..=chars.len()).find(|i| chars.get(*i..).is_some_and(|c| c.starts_with(&o))))
        }
        ("lastIndexOf", [V::Str(o), rest @ ..]) => {
            let to = match rest {
                [V::Int(i)] => at(*i).ok_or_else(|| format!("index out of range: {i}"))?,
                _ => chars.len(),
            };
            let o: Vec<char> = o.chars().collect();
            found((0..=to).rfind(|i| chars.get(*i..).is_some_and(|c| c.starts_with(&o))))
        }
        ("replace", [V::Str(a), V::Str(b), rest @ ..]) => {
            let n = match rest {
                [V::Int(n)] => usize::try_from(*n).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            if s.len().saturating_mul(b.len() + 1) > 10_000_000 {
                return Err("operation cancelled: actual cost limit exceeded".into());
            }
            V::str(&s.replacen(&**a, b, n))
        }
        ("split", [V::Str(sep), rest @ ..]) => {
            let n = match rest {
                [V::Int(n)] => usize::try_from(*n).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            match sep.is_empty() {
                _ if n == 0 => text_list([]),
                true => text_list(chars.iter().map(char::to_string)),
                false => text_list(s.splitn(n, &**sep).map(str::to_string)),
            }
        }
        ("format", [args]) => V::str(&formatted(s, &args.items().unwrap_or_default())?),
        _ => return no_overload(),
    })
}

/// Matches of a pattern, at most `n`.
fn matches(s: &str, pattern: &str, n: usize) -> Result<Vec<String>, String> {
    let regex = Regex::re2(pattern)?;
    let chars: Vec<char> = s.chars().collect();
    let (mut out, mut from) = (Vec::new(), 0);
    while out.len() < n && from <= chars.len() {
        let Some(Some((a, b))) = regex.find_at(&chars, from).and_then(|c| c.first().copied())
        else {
            break;
        };
        out.push(chars.get(a..b).unwrap_or_default().iter().collect());
        from = if b > a { b } else { b + 1 };
    }
    Ok(out)
}

/// `'%s of %d'.format([...])`.
fn formatted(s: &str, args: &[V]) -> Result<String, String> {
    let (mut out, mut args) = (String::new(), args.iter().enumerate());
    let mut chars = s.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.peek() == Some(&'%') {
            chars.next();
            out.push('%');
            continue;
        }
        let mut precision = String::new();
        if chars.peek() == Some(&'.') {
            chars.next();
            while let Some(d) = chars.next_if(char::is_ascii_digit) {
                precision.push(d);
            }
        }
        let precision = precision.parse::<usize>().unwrap_or(6).min(100);
        let verb = chars.next().unwrap_or('%');
        let Some((_, v)) = args.next() else {
            return Err("index 0 out of range".into());
        };
        match (verb, v) {
            ('s', v) => out.push_str(&v.show()),
            ('d', V::Int(_) | V::Uint(_)) => out.push_str(&v.show()),
            ('f', v) => out.push_str(&format!("{:.precision$}", v.float().unwrap_or(0.0))),
            ('e', v) => out.push_str(&format!("{:.precision$e}", v.float().unwrap_or(0.0))),
            ('x', V::Int(i)) => out.push_str(&format!("{i:x}")),
            ('X', V::Int(i)) => out.push_str(&format!("{i:X}")),
            ('o', V::Int(i)) => out.push_str(&format!("{i:o}")),
            ('b', V::Int(i)) => out.push_str(&format!("{i:b}")),
            ('b', V::Bool(b)) => out.push_str(if *b { "1" } else { "0" }),
            ('x' | 'X', V::Str(s)) => s.bytes().for_each(|b| out.push_str(&format!("{b:02x}"))),
            (other, v) => {
                return Err(format!(
                    "error during formatting: unrecognized formatting clause \"{other}\" for {}",
                    v.type_name()
                ));
            }
        }
    }
    Ok(out)
}
