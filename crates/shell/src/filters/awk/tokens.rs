//! awk's tokens; a `/` begins a pattern where no value stands before it.

type Parsed<T> = Result<T, String>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    /// A name right before `(`.
    Func(String),
    Op(&'static str),
    Newline,
    End,
}

pub(super) const OPERATORS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "^=", "++", "--", "!~", "**",
    "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "~", "?",
    ":", "=", "$", "|",
];

pub(super) fn tokens(source: &str) -> Parsed<Vec<Token>> {
    let chars: Vec<char> = source.chars().collect();
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let value_before = matches!(
            out.last(),
            Some(
                Token::Number(_)
                    | Token::Text(_)
                    | Token::Name(_)
                    | Token::Op(")" | "]" | "$" | "++" | "--")
            )
        );
        match c {
            ' ' | '\t' | '\r' => at += 1,
            '\\' if chars.get(at + 1) == Some(&'\n') => at += 2,
            '#' => {
                while chars.get(at).is_some_and(|c| *c != '\n') {
                    at += 1;
                }
            }
            '\n' => {
                out.push(Token::Newline);
                at += 1;
            }
            '"' | '/' if c == '"' || !value_before => {
                let mut text = String::new();
                let mut in_set = false;
                at += 1;
                loop {
                    let Some(&next) = chars.get(at) else {
                        let what = if c == '"' { "string" } else { "regexp" };
                        return Err(format!(
                            "non-terminated {what} {text:.10}... at source line 1"
                        ));
                    };
                    at += 1;
                    match next {
                        '\\' if chars.get(at) == Some(&'/') => {
                            text.push('/');
                            at += 1;
                        }
                        '\\' => {
                            text.push('\\');
                            text.extend(chars.get(at));
                            at += 1;
                        }
                        next if next == c && !in_set => break,
                        next => {
                            in_set = c == '/' && (next == '[' || in_set && next != ']');
                            text.push(next);
                        }
                    }
                }
                out.push(match c {
                    '"' => Token::Text(crate::syntax::unescape(&text)),
                    _ => Token::Regex(text),
                });
            }
            c if c.is_ascii_digit()
                || c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit) =>
            {
                let start = at;
                while chars.get(at).is_some_and(|c| {
                    c.is_ascii_alphanumeric()
                        || *c == '.'
                        || "+-".contains(*c) && matches!(chars[at - 1], 'e' | 'E') && at > start
                }) {
                    at += 1;
                }
                let text: String = chars[start..at].iter().collect();
                let digits: usize = text
                    .find(|c: char| c.is_ascii_alphabetic() && c != 'e' && c != 'E')
                    .unwrap_or(text.len());
                at = start + text[..digits].chars().count();
                out.push(Token::Number(text[..digits].parse().unwrap_or(0.0)));
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let start = at;
                while chars
                    .get(at)
                    .is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
                {
                    at += 1;
                }
                let name: String = chars[start..at].iter().collect();
                out.push(match chars.get(at) {
                    Some('(') => Token::Func(name),
                    _ => Token::Name(name),
                });
            }
            c => {
                let fits = |op: &&&str| {
                    op.chars()
                        .enumerate()
                        .all(|(i, c)| chars.get(at + i) == Some(&c))
                };
                let Some(op) = OPERATORS.iter().find(fits) else {
                    return Err(format!("syntax error at source line 1 near {c}"));
                };
                at += op.len();
                out.push(Token::Op(if *op == "**" { "^" } else { op }));
            }
        }
        if out.len() > 50_000 {
            return Err("program too long".to_owned());
        }
    }
    out.push(Token::End);
    Ok(out)
}
