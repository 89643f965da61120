//! Functions of texts and numbers, regular expressions and encodings.

use super::{float, int, kind, list, refuse, texts, to_yaml};
use crate::helm::semver;
use machinery::gotemplate::{go, go_type};
use machinery::{Map, Value, json, value, yaml};
use shell::regex::Regex;

/// Functions of texts and numbers.
pub(super) fn call(name: &str, a: &Value, b: &Value, c: &Value) -> Option<Result<Value, String>> {
    let (s, t) = (go(a), go(b));
    let decoded = |text: &str| match json::parse(text) {
        Ok(v) => v,
        Err(e) => value!({ "Error": e.to_string() }),
    };
    let path = |text: &str| {
        text.rsplit_once('/')
            .map(|(d, n)| (d.to_string(), n.to_string()))
    };
    Some(Ok(Value::from(match name {
        "upper" => s.to_uppercase(),
        "lower" => s.to_lowercase(),
        "title" => title(&s),
        "untitle" => cut(&s, 0, 1).to_lowercase() + &cut(&s, 1, usize::MAX),
        "trim" => s.trim().to_string(),
        "nospace" => s.replace(char::is_whitespace, ""),
        "initials" => s.split_whitespace().map(|w| cut(w, 0, 1)).collect(),
        "camelcase" => camel(&s),
        "snakecase" => worded(&s, '_'),
        "kebabcase" => worded(&s, '-'),
        "b64enc" => codec::encode_base64(s.as_bytes()),
        "b64dec" => match codec::decode_base64(&s) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(at) => format!("illegal base64 data at input byte {at}"),
        },
        "sha256sum" => codec::hex(&codec::sha256(s.as_bytes())),
        "md5sum" => codec::hex(&codec::md5(s.as_bytes())),
        "sha1sum" | "adler32sum" | "b32enc" | "toToml" | "fromToml" | "urlParse" => {
            return Some(refuse(name));
        }
        "base" | "osBase" => path(&s).map_or(s.clone(), |(_, n)| n),
        "dir" | "osDir" => path(&s).map_or(".".into(), |(d, _)| d),
        "ext" | "osExt" => s.rfind('.').map_or(String::new(), |i| s[i..].to_string()),
        "clean" | "osClean" => s.replace("//", "/"),
        "quote" | "squote" => return None,
        "toYaml" | "toYamlPretty" => to_yaml(a),
        "toJson" => json::print_html(a),
        "toRawJson" => json::print(a),
        "toPrettyJson" => json::print_indented(a, 2),
        "toString" => s,
        "fromJson" | "fromJsonArray" => return Some(Ok(decoded(&s))),
        "fromYaml" | "fromYamlArray" => {
            return Some(Ok(match yaml::parse(&s) {
                Ok(Value::Null) => Value::map(),
                Ok(v) => v,
                Err(e) => value!({ "Error": e.message }),
            }));
        }
        "trunc" => trunc(int(a), &t),
        "abbrev" => match t.chars().count() as i64 > int(a) {
            true => trunc(int(a) - 3, &t) + "...",
            false => t,
        },
        "indent" => indent(int(a).max(0) as usize, &t),
        "nindent" => format!("\n{}", indent(int(a).max(0) as usize, &t)),
        "repeat" => t.repeat((int(a).max(0) as usize).min(10_000)),
        "substr" => {
            let text = go(c);
            let end = int(b);
            let to = if end < 0 { usize::MAX } else { end as usize };
            cut(&text, int(a).max(0) as usize, to)
        }
        "trimSuffix" => t.strip_suffix(s.as_str()).unwrap_or(&t).to_string(),
        "trimPrefix" => t.strip_prefix(s.as_str()).unwrap_or(&t).to_string(),
        "trimAll" | "trimall" => t.trim_matches(|x| s.contains(x)).to_string(),
        "replace" => go(c).replace(&s, &t),
        "hasPrefix" => return Some(Ok(Value::Bool(t.starts_with(&s)))),
        "hasSuffix" => return Some(Ok(Value::Bool(t.ends_with(&s)))),
        "contains" => return Some(Ok(Value::Bool(t.contains(&s)))),
        "splitList" => return Some(Ok(list(t.split(s.as_str()).map(String::from)))),
        "split" => {
            let parts = t.split(s.as_str()).enumerate();
            let parts = parts.map(|(i, p)| (format!("_{i}"), Value::str(p)));
            return Some(Ok(Value::from(parts.collect::<Map>())));
        }
        "splitn" => {
            let text = go(c);
            let parts = text.splitn(int(b).max(1) as usize, s.as_str()).enumerate();
            let parts = parts.map(|(i, p)| (format!("_{i}"), Value::str(p)));
            return Some(Ok(Value::from(parts.collect::<Map>())));
        }
        "join" => texts(b).join(&s),
        "regexQuoteMeta" => {
            let escape = |x: char| match ".+*?()|[]{}^$\\".contains(x) {
                true => format!("\\{x}"),
                false => x.to_string(),
            };
            s.chars().map(escape).collect()
        }
        "regexMatch" => return Some(regex(&s).map(|r| Value::Bool(r.is_match(&t)))),
        "regexFind" | "regexFindAll" | "regexSplit" => {
            let regex = match regex(&s) {
                Ok(r) => r,
                Err(e) => return Some(Err(e)),
            };
            let chars: Vec<char> = t.chars().collect();
            let found = matches(&regex, &chars);
            let spans = found.iter().filter_map(|m| m.first().copied().flatten());
            let part = |from: usize, to: usize| {
                chars
                    .get(from..to)
                    .unwrap_or(&[])
                    .iter()
                    .collect::<String>()
            };
            let most = match name {
                "regexFind" => 1,
                _ if int(c) < 0 => usize::MAX,
                _ => int(c) as usize,
            };
            if name == "regexSplit" {
                let mut parts = Vec::new();
                let mut at = 0;
                for (from, to) in spans.take(most.saturating_sub(1)) {
                    parts.push(part(at, from));
                    at = to;
                }
                parts.push(part(at, chars.len()));
                return Some(Ok(list(parts)));
            }
            let texts: Vec<String> = spans.take(most).map(|(f, t)| part(f, t)).collect();
            match name {
                "regexFind" => texts.into_iter().next().unwrap_or_default(),
                _ => return Some(Ok(list(texts))),
            }
        }
        "regexReplaceAll" | "regexReplaceAllLiteral" => {
            let literal = name.ends_with("Literal");
            return Some(replace_all(&s, &t, &go(c), literal).map(Value::from));
        }
        "semverCompare" => return Some(semver::compare(&s, &t).map(Value::Bool)),
        "semver" => return Some(semver::parts(&s)),
        "int" | "int64" | "atoi" => return Some(Ok(Value::Int(int(a)))),
        "float64" => return Some(Ok(Value::Float(float(a)))),
        "floor" => return Some(Ok(Value::Float(float(a).floor()))),
        "ceil" => return Some(Ok(Value::Float(float(a).ceil()))),
        "round" => {
            let scale = 10f64.powi(int(b).clamp(0, 12) as i32);
            return Some(Ok(Value::Float((float(a) * scale).round() / scale)));
        }
        "add1" => return Some(Ok(Value::Int(int(a).wrapping_add(1)))),
        "sub" => return Some(Ok(Value::Int(int(a).wrapping_sub(int(b))))),
        "div" | "mod" => {
            let done = match name {
                "div" => int(a).checked_div(int(b)),
                _ => int(a).checked_rem(int(b)),
            };
            let failed = "runtime error: integer divide by zero".to_string();
            return Some(done.map(Value::Int).ok_or(failed));
        }
        "default" => return Some(Ok(if b.is_empty() { a.clone() } else { b.clone() })),
        "ternary" => {
            let truth = c.as_bool() == Some(true);
            return Some(Ok(if truth { a.clone() } else { b.clone() }));
        }
        "empty" => return Some(Ok(Value::Bool(a.is_empty()))),
        "kindOf" => kind(a).to_string(),
        "typeOf" => match a {
            Value::Null => "<nil>".into(),
            other => go_type(other).to_string(),
        },
        "kindIs" => return Some(Ok(Value::Bool(s == kind(b)))),
        "typeIs" | "typeIsLike" => return Some(Ok(Value::Bool(s == go_type(b)))),
        "deepEqual" => return Some(Ok(Value::Bool(a == b))),
        "deepCopy" => return Some(Ok(a.clone())),
        _ => return None,
    })))
}

fn indent(n: usize, text: &str) -> String {
    let pad = " ".repeat(n.min(200));
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

fn title(text: &str) -> String {
    let mut start = true;
    let raise = |c: char| {
        let raised = match start {
            true => c.to_uppercase().to_string(),
            false => c.to_string(),
        };
        start = !c.is_alphanumeric() && c != '\'' && c != '_';
        raised
    };
    text.chars().map(raise).collect()
}

/// `web-app` from `WebApp`, with this between the words.
fn worded(text: &str, between: char) -> String {
    let mut out = String::new();
    let mut low = false;
    for c in text.chars() {
        if c == '-' || c == '_' || c == ' ' {
            out.push(between);
            low = false;
        } else {
            if c.is_uppercase() && low {
                out.push(between);
            }
            low = !c.is_uppercase();
            out.extend(c.to_lowercase());
        }
    }
    out
}

fn camel(text: &str) -> String {
    let words = text.split(['-', '_', ' ']).filter(|w| !w.is_empty());
    words.map(title).collect()
}

fn cut(text: &str, from: usize, to: usize) -> String {
    text.chars()
        .skip(from)
        .take(to.saturating_sub(from))
        .collect()
}

fn trunc(n: i64, text: &str) -> String {
    let length = text.chars().count();
    match usize::try_from(n) {
        Ok(n) => cut(text, 0, n),
        Err(_) => cut(
            text,
            length.saturating_sub(n.unsigned_abs() as usize),
            length,
        ),
    }
}

/// All matches: where they are, in characters, with their groups.
fn matches(regex: &Regex, text: &[char]) -> Vec<shell::regex::Captures> {
    let mut out = Vec::new();
    let mut at = 0;
    while at <= text.len() && out.len() < 10_000 {
        let Some(found) = regex.find_at(text, at) else {
            break;
        };
        let Some(Some((from, to))) = found.first().copied() else {
            break;
        };
        at = if to > from { to } else { to + 1 };
        out.push(found);
    }
    out
}

fn regex(pattern: &str) -> Result<Regex, String> {
    let (pattern, ignore) = match pattern.strip_prefix("(?i)") {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    Regex::new(&pattern.replace("(?:", "("), true, ignore)
        .map_err(|e| format!("error parsing regexp: {e}: `{pattern}`"))
}

/// `$1` and `${1}` filled in.
fn fill(template: &str, text: &[char], groups: &shell::regex::Captures) -> String {
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '$' {
            out.push(c);
            continue;
        }
        let braces = chars.next_if_eq(&'{').is_some();
        let mut digits = String::new();
        while let Some(d) = chars.next_if(char::is_ascii_digit) {
            digits.push(d);
        }
        if braces {
            chars.next_if_eq(&'}');
        }
        let group = digits.parse::<usize>().ok().and_then(|n| groups.get(n));
        if let Some(Some((from, to))) = group {
            out.extend(text.get(*from..*to).unwrap_or(&[]));
        }
    }
    out
}

fn replace_all(pattern: &str, text: &str, with: &str, literal: bool) -> Result<String, String> {
    let regex = regex(pattern)?;
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    for found in matches(&regex, &chars) {
        let Some(Some((from, to))) = found.first().copied() else {
            continue;
        };
        out.extend(chars.get(at..from).unwrap_or(&[]));
        out.push_str(&match literal {
            true => with.to_string(),
            false => fill(with, &chars, &found),
        });
        at = to;
    }
    out.extend(chars.get(at..).unwrap_or(&[]));
    Ok(out)
}
