//! The string form of label selectors.

use super::{Op, Requirement};
use crate::validate_names;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Error,
    End,
    Close,
    Comma,
    Not,
    Operator(Op),
    Open,
    Identifier,
}

fn token_of(s: &str) -> Option<Token> {
    Some(match s {
        ")" => Token::Close,
        "," => Token::Comma,
        "!" => Token::Not,
        "==" => Token::Operator(Op::DoubleEquals),
        "=" => Token::Operator(Op::Equals),
        ">" => Token::Operator(Op::GreaterThan),
        "in" => Token::Operator(Op::In),
        "<" => Token::Operator(Op::LessThan),
        "!=" => Token::Operator(Op::NotEquals),
        "notin" => Token::Operator(Op::NotIn),
        "(" => Token::Open,
        _ => return None,
    })
}

fn lex(s: &str) -> Vec<(Token, String)> {
    let special = |c: char| "=!(),><".contains(c);
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let mut out = Vec::new();
    let mut rest = s.trim_start_matches(blank);
    while let Some(first) = rest.chars().next() {
        let run = |in_run: &dyn Fn(char) -> bool| rest.find(|c| !in_run(c)).unwrap_or(rest.len());
        let (token, len) = if special(first) {
            // The longest operator that stands here.
            let longest = if rest.chars().take(2).filter(|c| special(*c)).count() == 2 {
                rest.get(..2).and_then(token_of)
            } else {
                None
            };
            match longest {
                Some(t) => (t, 2),
                None => (
                    token_of(rest.get(..1).unwrap_or("")).unwrap_or(Token::Error),
                    1,
                ),
            }
        } else {
            let len = run(&|c| !special(c) && !blank(c));
            (
                token_of(rest.get(..len).unwrap_or("")).unwrap_or(Token::Identifier),
                len,
            )
        };
        let (text, after) = rest.split_at(len);
        out.push((token, text.to_string()));
        rest = after.trim_start_matches(blank);
    }
    out.push((Token::End, String::new()));
    out
}

pub struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

impl Parser {
    pub fn new(s: &str) -> Parser {
        Parser {
            tokens: lex(s),
            at: 0,
        }
    }
    /// The token here; `in` and `notin` are plain words where a value is expected.
    fn look(&self) -> (Token, String) {
        let (t, s) = self
            .tokens
            .get(self.at)
            .cloned()
            .unwrap_or((Token::End, String::new()));
        match t {
            Token::Operator(Op::In | Op::NotIn) => (Token::Identifier, s),
            t => (t, s),
        }
    }
    fn take(&mut self) -> (Token, String) {
        let found = self.look();
        self.at += 1;
        found
    }

    pub fn requirements(&mut self) -> Result<Vec<Requirement>, String> {
        let mut out = Vec::new();
        loop {
            let (token, text) = self.look();
            match token {
                Token::End => return Ok(out),
                Token::Identifier | Token::Not => {}
                _ => {
                    return Err(format!(
                        "found '{text}', expected: !, identifier, or 'end of string'"
                    ));
                }
            }
            let r = self
                .requirement()
                .map_err(|e| format!("unable to parse requirement: {e}"))?;
            out.push(r);
            match self.take() {
                (Token::End, _) => return Ok(out),
                (Token::Comma, _) => {
                    let (token, text) = self.look();
                    if !matches!(token, Token::Identifier | Token::Not) {
                        return Err(format!("found '{text}', expected: identifier after ','"));
                    }
                }
                (_, text) => {
                    return Err(format!("found '{text}', expected: ',' or 'end of string'"));
                }
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.take();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.take();
        }
        if token != Token::Identifier {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let bad = validate_names::qualified_name(&key);
        if !bad.is_empty() {
            return Err(format!(
                "<nil>: Invalid value: {}: {}",
                crate::json::quote(&key),
                bad.join("; ")
            ));
        }
        if negated {
            return Requirement::new(&key, Op::DoesNotExist, Vec::new());
        }
        if matches!(self.look().0, Token::End | Token::Comma) {
            return Requirement::new(&key, Op::Exists, Vec::new());
        }
        let (token, text) = self
            .tokens
            .get(self.at)
            .cloned()
            .unwrap_or((Token::End, String::new()));
        self.at += 1;
        let Token::Operator(op) = token else {
            return Err(format!(
                "found '{text}', expected: in, notin, =, ==, !=, gt, lt"
            ));
        };
        let values = match op {
            Op::In | Op::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        Requirement::new(&key, op, values)
    }

    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.look().0, Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.take() {
            (Token::Identifier, text) => Ok(text),
            (_, text) => Err(format!("found '{text}', expected: identifier")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, text) = self.take();
        if token != Token::Open {
            return Err(format!("found '{text}' expected: '('"));
        }
        match self.look() {
            (Token::Close, _) => {
                self.take();
                Ok(vec![String::new()])
            }
            (Token::Identifier | Token::Comma, _) => {
                let values = self.list()?;
                self.take();
                Ok(values)
            }
            (_, text) => Err(format!("found '{text}', expected: ',', ')' or identifier")),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        let mut out: Vec<String> = Vec::new();
        loop {
            match self.take() {
                (Token::Identifier, text) => {
                    out.push(text);
                    match self.look() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(out),
                        (_, text) => return Err(format!("found '{text}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if out.is_empty() {
                        out.push(String::new());
                    }
                    match self.look().0 {
                        Token::Close => {
                            out.push(String::new());
                            return Ok(out);
                        }
                        Token::Comma => out.push(String::new()),
                        _ => {}
                    }
                }
                (_, text) => return Err(format!("found '{text}', expected: ',', or identifier")),
            }
        }
    }
}
