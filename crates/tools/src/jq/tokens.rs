//! The text of a jq program to tokens (`jqlang/jq:src/lexer.l`).

#[derive(Clone, Debug, PartialEq)]
pub enum Tok {
    Word(String),
    Field(String),
    Variable(String),
    Format(String),
    Number(f64),
    Text(Vec<(String, Option<String>)>),
    Sign(&'static str),
    End,
}

const SIGNS: &[&str] = &[
    "?//=", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "//", "..", "and",
    "or", "(", ")", "[", "]", "{", "}", "|", ",", ":", ";", ".", "?", "=", "<", ">", "+", "-", "*",
    "/", "%",
];

pub const KEYWORDS: &[&str] = &[
    "if", "then", "elif", "else", "end", "as", "def", "reduce", "foreach", "try", "catch", "label",
    "import", "include", "__loc__",
];

pub fn tokens(source: &str) -> Result<Vec<Tok>, String> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = source.get(at..).and_then(|r| r.chars().next()) {
        let rest = &source[at..];
        let name = |from: usize| {
            let more = rest.get(from..).unwrap_or("");
            let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            match more.starts_with(|c: char| c.is_ascii_digit()) {
                true => 0,
                false => more.find(|c: char| !letter(c)).unwrap_or(more.len()),
            }
        };
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if c == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if c == '"' {
            let (parts, used) = string(rest)?;
            out.push(Tok::Text(parts));
            at += used;
        } else if (c == '.' || c == '$' || c == '@') && name(1) > 0 {
            let n = name(1) + 1;
            let word = rest[1..n].to_string();
            out.push(match c {
                '.' => Tok::Field(word),
                '$' => Tok::Variable(word),
                _ => Tok::Format(word),
            });
            at += n;
        } else if c.is_ascii_digit()
            || c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())
        {
            let mut n = rest
                .find(|d: char| !(d.is_ascii_digit() || d == '.'))
                .unwrap_or(rest.len());
            if rest[n..].starts_with(['e', 'E']) {
                let sign = usize::from(rest[n + 1..].starts_with(['+', '-']));
                let digits = rest[n + 1 + sign..]
                    .find(|d: char| !d.is_ascii_digit())
                    .unwrap_or(rest.len() - n - 1 - sign);
                n += 1 + sign + digits;
            }
            let number = rest[..n]
                .parse()
                .map_err(|_| unexpected("INVALID_CHARACTER"))?;
            out.push(Tok::Number(number));
            at += n;
        } else if name(0) > 0 {
            let mut n = name(0);
            while rest[n..].starts_with("::") {
                n += 2 + name(n + 2);
            }
            let word = &rest[..n];
            out.push(match word {
                "and" => Tok::Sign("and"),
                "or" => Tok::Sign("or"),
                word => Tok::Word(word.to_string()),
            });
            at += n;
        } else if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
            out.push(Tok::Sign(sign));
            at += sign.len();
        } else {
            return Err(unexpected("INVALID_CHARACTER"));
        }
    }
    out.push(Tok::End);
    Ok(out)
}

pub fn unexpected(what: &str) -> String {
    format!("syntax error, unexpected {what}")
}

/// Parts of a text: what stands there, and the source of the `\(…)` after it.
pub type Parts = Vec<(String, Option<String>)>;

fn string(rest: &str) -> Result<(Parts, usize), String> {
    let mut parts = vec![(String::new(), None)];
    let mut chars = rest.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        let Some(last) = parts.last_mut() else { break };
        match c {
            '"' => return Ok((parts, i + 1)),
            '\\' => match chars.next() {
                Some((_, 'n')) => last.0.push('\n'),
                Some((_, 't')) => last.0.push('\t'),
                Some((_, 'r')) => last.0.push('\r'),
                Some((_, 'b')) => last.0.push('\u{8}'),
                Some((_, 'f')) => last.0.push('\u{c}'),
                Some((_, 'u')) => {
                    let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&digits, 16).ok();
                    last.0.extend(code.and_then(char::from_u32));
                }
                Some((open, '(')) => {
                    let mut depth = 1;
                    let mut quoted = false;
                    let mut inner = String::new();
                    let _ = open;
                    for (_, c) in chars.by_ref() {
                        match c {
                            '"' => quoted = !quoted,
                            '(' if !quoted => depth += 1,
                            ')' if !quoted => depth -= 1,
                            _ => {}
                        }
                        if depth == 0 {
                            break;
                        }
                        inner.push(c);
                    }
                    last.1 = Some(inner);
                    parts.push((String::new(), None));
                }
                Some((_, c @ ('"' | '\\' | '/'))) => last.0.push(c),
                _ => return Err(unexpected("INVALID_CHARACTER")),
            },
            c => last.0.push(c),
        }
    }
    Err(format!(
        "{}, expecting end of string",
        unexpected("end of file")
    ))
}
