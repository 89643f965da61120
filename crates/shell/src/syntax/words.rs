//! The inside of a word: quotes, `$name`, `${name op word}`, `$(...)`, `$((...))`, backticks.

use std::rc::Rc;

use super::ast::{Param, ParamOp, Part, Script, Word};
use super::escape::unescape;
use super::parser::{MAX_DEPTH, Parser, is_name_char, is_name_start};
use super::{SyntaxError, parse_quoted};

type Result<T> = std::result::Result<T, SyntaxError>;

/// What ends a run of parts, besides the end of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// A blank or an operator: an ordinary word.
    Blank,
    /// A closing double quote.
    Quote,
    /// `}` (and `/` or `:` where asked for) of a `${...}`; the flag says: inside double quotes.
    Brace { also: Option<char>, quoted: bool },
    /// The end of the text: here-documents, arithmetic.
    End,
    /// White space only: the right side of `=~`.
    Space,
}

impl Parser {
    pub(super) fn word(&mut self) -> Result<Word> {
        let mut parts = Vec::new();
        if self.peek_char() == Some('~') {
            parts.extend(self.tilde());
        }
        self.parts(Until::Blank, &mut parts)?;
        Ok(Word { parts })
    }

    /// `~` and `~name` up to a `/` or the end of the word.
    pub(super) fn tilde(&mut self) -> Option<Part> {
        let mut end = self.at + 1;
        while self
            .char_at(end)
            .is_some_and(|c| is_name_char(c) || c == '-')
        {
            end += 1;
        }
        match self.char_at(end) {
            None | Some('/' | ':' | ' ' | '\t' | '\n' | ';' | '&' | '|' | ')') => {
                let name = self.slice(self.at + 1, end);
                self.at = end;
                Some(Part::Tilde(name))
            }
            _ => None,
        }
    }

    /// The whole text as the inside of double quotes.
    pub(super) fn quoted_text(mut self) -> Result<Word> {
        let mut parts = Vec::new();
        self.parts(Until::End, &mut parts)?;
        Ok(Word {
            parts: vec![Part::Double(parts)],
        })
    }

    pub(super) fn parts(&mut self, until: Until, parts: &mut Vec<Part>) -> Result<()> {
        let mut lit = String::new();
        let quoted = matches!(
            until,
            Until::Quote | Until::End | Until::Brace { quoted: true, .. }
        );
        loop {
            let Some(c) = self.peek_char() else {
                return match until {
                    Until::Quote => Err(SyntaxError::Incomplete(Some('"'))),
                    Until::Brace { .. } => Err(SyntaxError::Incomplete(Some('}'))),
                    _ => {
                        flush(&mut lit, parts);
                        Ok(())
                    }
                };
            };
            let ends = match until {
                Until::Blank => {
                    " \t\n;&|<>()".contains(c)
                        && (!"<>".contains(c) || self.char_at(self.at + 1) != Some('('))
                }
                Until::Space => " \t\n".contains(c),
                Until::Quote => c == '"',
                Until::Brace { also, .. } => c == '}' || also == Some(c),
                Until::End => false,
            };
            if ends {
                flush(&mut lit, parts);
                return Ok(());
            }
            match c {
                '\\' => self.backslash(until, quoted, &mut lit, parts)?,
                '\'' if !quoted => {
                    flush(&mut lit, parts);
                    self.at += 1;
                    parts.push(Part::Quoted(self.until_char('\'')?));
                }
                '"' if until != Until::End => {
                    flush(&mut lit, parts);
                    self.at += 1;
                    let mut inner = Vec::new();
                    self.nested(|this| this.parts(Until::Quote, &mut inner))?;
                    self.at += 1;
                    parts.push(Part::Double(inner));
                }
                '<' if until == Until::Blank => {
                    flush(&mut lit, parts);
                    if let Part::Sub(script) = self.substitution()? {
                        parts.push(Part::Process(script));
                    }
                }
                '>' if until == Until::Blank => {
                    return Err(SyntaxError::Other(
                        "syntax error: bottleship does not simulate `>(...)'".to_owned(),
                    ));
                }
                '`' => {
                    flush(&mut lit, parts);
                    parts.push(Part::Sub(self.backticks()?));
                }
                '$' => match self.dollar(quoted)? {
                    Some(part) => {
                        flush(&mut lit, parts);
                        parts.push(part);
                    }
                    None => {
                        lit.push('$');
                        self.at += 1;
                    }
                },
                c => {
                    lit.push(c);
                    self.at += 1;
                }
            }
        }
    }

    pub(super) fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            return Err(SyntaxError::Other(
                "syntax error: nested too deeply".to_owned(),
            ));
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    fn backslash(
        &mut self,
        until: Until,
        quoted: bool,
        lit: &mut String,
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        let Some(next) = self.char_at(self.at + 1) else {
            // A lone `\` at the very end asks for another line.
            return match until {
                Until::End => {
                    lit.push('\\');
                    self.at += 1;
                    Ok(())
                }
                _ => Err(SyntaxError::Incomplete(None)),
            };
        };
        self.at += 2;
        if next == '\n' {
            return Ok(());
        }
        let special = match until {
            Until::End => "$`\\".contains(next),
            _ if quoted => "$`\"\\}".contains(next) && (next != '}' || until != Until::Quote),
            _ => true,
        };
        if !special {
            lit.push('\\');
            lit.push(next);
        } else if quoted {
            lit.push(next);
        } else {
            flush(lit, parts);
            parts.push(Part::Quoted(next.to_string()));
        }
        Ok(())
    }

    fn until_char(&mut self, end: char) -> Result<String> {
        let start = self.at;
        while let Some(c) = self.peek_char() {
            self.at += 1;
            if c == end {
                return Ok(self.slice(start, self.at - 1));
            }
        }
        Err(SyntaxError::Incomplete(Some(end)))
    }

    fn backticks(&mut self) -> Result<Rc<Script>> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let c = self.peek_char().ok_or(SyntaxError::Incomplete(Some('`')))?;
            self.at += 1;
            match c {
                '`' => break,
                '\\' if matches!(self.peek_char(), Some('`' | '\\' | '$')) => {
                    text.extend(self.peek_char());
                    self.at += 1;
                }
                c => text.push(c),
            }
        }
        if self.depth >= MAX_DEPTH {
            return Err(SyntaxError::Other(
                "syntax error: nested too deeply".to_owned(),
            ));
        }
        Parser::new(&text, &self.aliases, self.depth + 1).program()
    }

    /// What a `$` starts; `None` if it is just a dollar sign.
    fn dollar(&mut self, quoted: bool) -> Result<Option<Part>> {
        let plain = |name: String| {
            Ok(Some(Part::Param(Rc::new(Param {
                name,
                index: None,
                indirect: false,
                op: ParamOp::Plain,
            }))))
        };
        match self.char_at(self.at + 1) {
            Some('(') if self.char_at(self.at + 2) == Some('(') => match self.arithmetic() {
                Ok(Some(part)) => Ok(Some(part)),
                Ok(None) => self.substitution().map(Some),
                Err(error) => Err(error),
            },
            Some('(') => self.substitution().map(Some),
            Some('{') => self.nested(|this| this.braced(quoted)).map(Some),
            Some('\'') if !quoted => {
                self.at += 2;
                Ok(Some(Part::Quoted(self.ansi_c()?)))
            }
            Some('"') if !quoted => {
                self.at += 1;
                Ok(Some(Part::Lit(String::new())))
            }
            Some(c) if "?$!#@*-".contains(c) || c.is_ascii_digit() => {
                self.at += 2;
                plain(c.to_string())
            }
            Some(c) if is_name_start(c) => {
                let start = self.at + 1;
                self.at = start;
                while self.peek_char().is_some_and(is_name_char) {
                    self.at += 1;
                }
                plain(self.slice(start, self.at))
            }
            _ => Ok(None),
        }
    }

    fn substitution(&mut self) -> Result<Part> {
        self.at += 2;
        let peeked = self.peeked.take();
        let script = self.nested(|this| {
            let script = this.script(&[])?;
            this.expect_close()?;
            Ok(script)
        })?;
        self.peeked = peeked;
        Ok(Part::Sub(script))
    }

    /// `$(( ... ))`; `None` if the brackets turn out to be `$( ( ... ) )`.
    fn arithmetic(&mut self) -> Result<Option<Part>> {
        let start = self.at + 3;
        let Some(end) = self.close_arith(start) else {
            return if self.rest_contains("))") || !self.ends_open() {
                Ok(None)
            } else {
                Err(SyntaxError::Incomplete(Some(')')))
            };
        };
        let text = self.slice(start, end);
        self.at = end + 2;
        Ok(Some(Part::Arith(Rc::new(
            self.nested(|_| parse_quoted(&text))?,
        ))))
    }

    fn rest_contains(&self, what: &str) -> bool {
        self.slice(self.at, self.len()).contains(what)
    }

    fn ends_open(&self) -> bool {
        !self.slice(self.at, self.len()).contains(')')
    }

    /// Where the `))` of an arithmetic expression that starts at `start` begins.
    pub(super) fn close_arith(&self, start: usize) -> Option<usize> {
        let mut depth = 0;
        let mut at = start;
        loop {
            match self.char_at(at)? {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' => return (self.char_at(at + 1) == Some(')')).then_some(at),
                _ => {}
            }
            at += 1;
        }
    }

    /// `${...}`
    fn braced(&mut self, quoted: bool) -> Result<Part> {
        let opened = self.at;
        self.at += 2;
        let bad = |this: &Parser| {
            let text = this.slice(opened, this.len().min(opened + 40));
            let end = text.find('}').map_or(text.len(), |at| at + 1);
            SyntaxError::Other(format!(
                "{}: bad substitution",
                text.get(..end).unwrap_or(&text)
            ))
        };
        let length = self.peek_char() == Some('#')
            && self
                .char_at(self.at + 1)
                .is_some_and(|c| c != '}' && (is_name_char(c) || "@*?".contains(c)));
        if length {
            self.at += 1;
        }
        let indirect =
            self.peek_char() == Some('!') && self.char_at(self.at + 1).is_some_and(is_name_start);
        self.at += usize::from(indirect);
        let start = self.at;
        match self.peek_char() {
            None => return Err(SyntaxError::Incomplete(Some('}'))),
            Some(c) if is_name_start(c) => {
                while self.peek_char().is_some_and(is_name_char) {
                    self.at += 1;
                }
            }
            Some(c) if c.is_ascii_digit() => {
                while self.peek_char().is_some_and(|c| c.is_ascii_digit()) {
                    self.at += 1;
                }
            }
            Some(c) if "?$!#@*-".contains(c) => self.at += 1,
            Some(_) => return Err(bad(self)),
        }
        let name = self.slice(start, self.at);
        let mut index = None;
        if self.peek_char() == Some('[') {
            self.at += 1;
            let word = self.operand(Some(']'), false);
            index = Some(word.map_err(|e| e.unwrap_or_else(|| bad(self)))?);
            if self.peek_char() != Some(']') {
                return Err(bad(self));
            }
            self.at += 1;
        }
        let op = if length {
            ParamOp::Length
        } else {
            self.param_op(quoted)
                .map_err(|e| e.unwrap_or_else(|| bad(self)))?
        };
        match self.peek_char() {
            Some('}') => self.at += 1,
            None => return Err(SyntaxError::Incomplete(Some('}'))),
            Some(_) => return Err(bad(self)),
        }
        Ok(Part::Param(Rc::new(Param {
            name,
            index,
            indirect,
            op,
        })))
    }

    /// What stands between the name and the `}`. An error of `None` is "bad substitution".
    fn param_op(&mut self, quoted: bool) -> std::result::Result<ParamOp, Option<SyntaxError>> {
        let first = self.peek_char();
        let colon =
            first == Some(':') && matches!(self.char_at(self.at + 1), Some('-' | '=' | '?' | '+'));
        if colon {
            self.at += 1;
        }
        let Some(c) = self.peek_char() else {
            return Err(Some(SyntaxError::Incomplete(Some('}'))));
        };
        if c == '}' {
            return Ok(ParamOp::Plain);
        }
        self.at += 1;
        let doubled = self.peek_char() == Some(c);
        if doubled && "%#/^,".contains(c) {
            self.at += 1;
        }
        Ok(match c {
            '-' => ParamOp::Default {
                colon,
                word: self.operand(None, quoted)?,
            },
            '=' => ParamOp::Assign {
                colon,
                word: self.operand(None, quoted)?,
            },
            '?' => ParamOp::Error {
                colon,
                word: self.operand(None, quoted)?,
            },
            '+' => ParamOp::Alternative {
                colon,
                word: self.operand(None, quoted)?,
            },
            '%' => ParamOp::TrimEnd {
                longest: doubled,
                pattern: self.operand(None, false)?,
            },
            '#' => ParamOp::TrimStart {
                longest: doubled,
                pattern: self.operand(None, false)?,
            },
            '^' => ParamOp::Upper { all: doubled },
            ',' => ParamOp::Lower { all: doubled },
            '/' => {
                let pattern = self.operand(Some('/'), false)?;
                let with = match self.peek_char() {
                    Some('/') => {
                        self.at += 1;
                        self.operand(None, false)?
                    }
                    _ => Word::default(),
                };
                ParamOp::Replace {
                    all: doubled,
                    pattern,
                    with,
                }
            }
            ':' => {
                let from = self.operand(Some(':'), false)?;
                let length = match self.peek_char() {
                    Some(':') => {
                        self.at += 1;
                        Some(self.operand(None, false)?)
                    }
                    _ => None,
                };
                ParamOp::Slice { from, length }
            }
            _ => return Err(None),
        })
    }

    fn operand(
        &mut self,
        also: Option<char>,
        quoted: bool,
    ) -> std::result::Result<Word, Option<SyntaxError>> {
        let mut parts = Vec::new();
        if self.peek_char() == Some('~') {
            parts.extend(self.tilde());
        }
        self.nested(|this| this.parts(Until::Brace { also, quoted }, &mut parts))?;
        Ok(Word { parts })
    }

    /// The inside of `$'...'`, after the quote.
    fn ansi_c(&mut self) -> Result<String> {
        let start = self.at;
        while let Some(c) = self.peek_char() {
            self.at += 1;
            match c {
                '\\' => self.at += 1,
                '\'' => return Ok(unescape(&self.slice(start, self.at - 1))),
                _ => {}
            }
        }
        Err(SyntaxError::Incomplete(Some('\'')))
    }
}

fn flush(lit: &mut String, parts: &mut Vec<Part>) {
    if !lit.is_empty() {
        parts.push(Part::Lit(std::mem::take(lit)));
    }
}
