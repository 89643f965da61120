//! The grammar: lists, pipelines, commands, redirections; and the tokens that it is made of.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::ast::*;
use super::tokens::Token;
use super::words::Until;
use super::{Aliases, SyntaxError, brace, parse_quoted};

type Result<T> = std::result::Result<T, SyntaxError>;

/// Brackets, quotes and substitutions inside each other; the parser recurses this deep at most.
pub(super) const MAX_DEPTH: usize = 60;
/// Longest text; a learner's paste is far below it.
pub(super) const MAX_TEXT: usize = 1 << 20;

const RESERVED: &[&str] = &[
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{",
    "}", "!", "[[", "function",
];

pub(super) struct PendingHere {
    pub delimiter: String,
    pub quoted: bool,
    pub strip: bool,
    pub body: Rc<OnceCell<Word>>,
}

pub(super) struct Parser {
    pub(super) text: Vec<char>,
    pub(super) at: usize,
    pub(super) depth: usize,
    pub(super) peeked: Option<(Token, usize)>,
    pub(super) aliases: Aliases,
    /// Aliases being expanded, each with the place where its text ends.
    pub(super) expanding: BTreeMap<String, usize>,
    pub(super) pending: Vec<PendingHere>,
    pub(super) line: u32,
    /// Where the last taken token ended.
    pub(super) end: usize,
}

impl Parser {
    pub(super) fn new(text: &str, aliases: &Aliases, depth: usize) -> Parser {
        Parser {
            text: text.chars().take(MAX_TEXT).collect(),
            at: 0,
            depth,
            peeked: None,
            aliases: aliases.clone(),
            expanding: BTreeMap::new(),
            pending: Vec::new(),
            line: 1,
            end: 0,
        }
    }

    pub(super) fn program(&mut self) -> Result<Rc<Script>> {
        let script = self.script(&[])?;
        match self.peek()? {
            Token::End => {
                if let Some(here) = self.pending.first() {
                    let _ = here;
                    return Err(SyntaxError::Incomplete(None));
                }
                Ok(script)
            }
            token => Err(unexpected(&token)),
        }
    }

    /// A list, up to one of the reserved words given, a `)`, `;;` or the end.
    pub(super) fn script(&mut self, until: &[&str]) -> Result<Rc<Script>> {
        let mut items = Vec::new();
        loop {
            self.newlines()?;
            match self.peek()? {
                Token::End | Token::Op(")" | ";;" | ";&" | ";;&") => break,
                Token::Word(word) if word.as_literal().is_some_and(|w| until.contains(&w)) => break,
                _ => {}
            }
            let start = self.peeked.as_ref().map_or(self.at, |(_, start)| *start);
            let first = self.pipeline()?;
            let mut rest = Vec::new();
            loop {
                let connector = match self.peek()? {
                    Token::Op("&&") => Connector::And,
                    Token::Op("||") => Connector::Or,
                    _ => break,
                };
                self.take()?;
                self.newlines()?;
                self.need_more()?;
                rest.push((connector, self.pipeline()?));
            }
            let text: String = self.slice(start, self.end).trim().into();
            let mut item = Item {
                first,
                rest,
                background: false,
                text: text.into(),
            };
            let more = match self.peek()? {
                Token::Op("&") => {
                    item.background = true;
                    true
                }
                Token::Op(";") | Token::Newline => true,
                _ => false,
            };
            items.push(item);
            if !more {
                break;
            }
            self.take()?;
        }
        Ok(Rc::new(Script { items }))
    }

    /// After `&&`, `||` and `|` something has to come.
    pub(super) fn need_more(&mut self) -> Result<()> {
        match self.peek()? {
            Token::End => Err(SyntaxError::Incomplete(None)),
            _ => Ok(()),
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline> {
        let mut negated = false;
        while self.peek_reserved("!")? {
            self.take()?;
            negated = !negated;
        }
        let mut commands = vec![self.command()?];
        while let Token::Op(op @ ("|" | "|&")) = self.peek()? {
            self.take()?;
            if op == "|&"
                && let Some(command) = commands.last_mut().and_then(Rc::get_mut)
            {
                command.redirects.push(Redirect {
                    fd: Some(2),
                    op: RedirectOp::Dup,
                    target: Word::literal("1"),
                    here: None,
                });
            }
            self.newlines()?;
            self.need_more()?;
            commands.push(self.command()?);
        }
        Ok(Pipeline { negated, commands })
    }

    pub(super) fn command(&mut self) -> Result<Rc<Command>> {
        self.nested(|this| {
            this.expand_aliases()?;
            let token = this.peek()?;
            let line = this.line;
            let word = match &token {
                Token::Word(word) => word.as_literal().unwrap_or("").to_owned(),
                _ => String::new(),
            };
            let kind = match (&token, word.as_str()) {
                (Token::Op("("), _) => this.parenthesis()?,
                (_, "{") => {
                    this.take()?;
                    CommandKind::Group(this.body(&["}"])?)
                }
                (_, "if") => this.if_clause()?,
                (_, "while" | "until") => {
                    this.take()?;
                    let condition = this.body(&["do"])?;
                    let body = this.body(&["done"])?;
                    CommandKind::Loop {
                        until: word == "until",
                        condition,
                        body,
                    }
                }
                (_, "for") => this.for_clause()?,
                (_, "case") => this.case_clause()?,
                (_, "[[") => this.condition()?,
                (_, "function") => {
                    this.take()?;
                    let Token::Word(name) = this.take()? else {
                        return Err(SyntaxError::Unexpected("newline".to_owned()));
                    };
                    let name = name.delimiter().0;
                    if matches!(this.peek()?, Token::Op("(")) {
                        this.take()?;
                        this.expect_close()?;
                    }
                    this.function(&name)?
                }
                (Token::Word(_), "select" | "coproc") => {
                    return Err(SyntaxError::Other(format!(
                        "syntax error: bottleship does not simulate `{word}'"
                    )));
                }
                (Token::Word(_), word) if RESERVED.contains(&word) => {
                    return Err(SyntaxError::Unexpected(word.to_owned()));
                }
                _ => return this.simple(line),
            };
            let mut redirects = Vec::new();
            while let Some(redirect) = this.redirect()? {
                redirects.push(redirect);
            }
            Ok(Rc::new(Command {
                kind,
                redirects,
                line,
            }))
        })
    }

    /// A list that has to end in one of the words, which is taken.
    fn body(&mut self, until: &[&str]) -> Result<Rc<Script>> {
        let script = self.script(until)?;
        match self.peek()? {
            Token::Word(word) if word.as_literal().is_some_and(|w| until.contains(&w)) => {
                if script.items.is_empty() {
                    return Err(unexpected(&Token::Word(word)));
                }
                self.take()?;
                Ok(script)
            }
            Token::End => Err(SyntaxError::Incomplete(None)),
            token => Err(unexpected(&token)),
        }
    }

    fn parenthesis(&mut self) -> Result<CommandKind> {
        // `((` begins an arithmetic command, unless it does not end as one.
        if self.char_at(self.at) == Some('(')
            && let Some(end) = self.close_arith(self.at + 1)
        {
            let text = self.slice(self.at + 1, end);
            self.peeked = None;
            self.at = end + 2;
            self.end = self.at;
            return Ok(CommandKind::Arith(parse_quoted(&text)?));
        }
        self.take()?;
        let script = self.script(&[])?;
        if script.items.is_empty() {
            return Err(self.unexpected_here()?);
        }
        self.expect_close()?;
        Ok(CommandKind::Subshell(script))
    }

    pub(super) fn unexpected_here(&mut self) -> Result<SyntaxError> {
        Ok(match self.peek()? {
            Token::End => SyntaxError::Incomplete(None),
            token => unexpected(&token),
        })
    }

    pub(super) fn expect_close(&mut self) -> Result<()> {
        match self.peek()? {
            Token::Op(")") => self.take().map(|_| ()),
            Token::End => Err(SyntaxError::Incomplete(Some(')'))),
            token => Err(unexpected(&token)),
        }
    }

    fn if_clause(&mut self) -> Result<CommandKind> {
        self.take()?;
        let mut arms = Vec::new();
        loop {
            let condition = self.body(&["then"])?;
            let body = self.script(&["elif", "else", "fi"])?;
            let next = match self.peek()? {
                Token::Word(word) => word.as_literal().unwrap_or("").to_owned(),
                _ => return Err(self.unexpected_here()?),
            };
            if !["elif", "else", "fi"].contains(&next.as_str()) || body.items.is_empty() {
                return Err(self.unexpected_here()?);
            }
            self.take()?;
            arms.push((condition, body));
            match next.as_str() {
                "fi" => {
                    return Ok(CommandKind::If {
                        arms,
                        otherwise: None,
                    });
                }
                "else" => {
                    let otherwise = Some(self.body(&["fi"])?);
                    return Ok(CommandKind::If { arms, otherwise });
                }
                _ => {}
            }
        }
    }

    fn for_clause(&mut self) -> Result<CommandKind> {
        self.take()?;
        if matches!(self.peek()?, Token::Op("(")) && self.char_at(self.at) == Some('(') {
            return self.for_arith();
        }
        let name = match self.take()? {
            Token::Word(word) => word.delimiter().0,
            Token::End => return Err(SyntaxError::Incomplete(None)),
            token => return Err(unexpected(&token)),
        };
        if !is_name(&name) {
            return Err(SyntaxError::Other(format!(
                "`{name}': not a valid identifier"
            )));
        }
        self.newlines()?;
        let mut words = None;
        if self.peek_reserved("in")? {
            self.take()?;
            let mut list = Vec::new();
            while let Token::Word(word) = self.peek()? {
                self.take()?;
                list.extend(brace::expand(word));
            }
            words = Some(list);
        }
        let body = self.do_body()?;
        Ok(CommandKind::For {
            name: name.into(),
            words,
            body,
        })
    }

    fn do_body(&mut self) -> Result<Rc<Script>> {
        match self.peek()? {
            Token::Op(";") => {
                self.take()?;
            }
            Token::Newline => {}
            Token::Word(word) if matches!(word.as_literal(), Some("do" | "{")) => {}
            _ => return Err(self.unexpected_here()?),
        }
        self.newlines()?;
        if self.peek_reserved("{")? {
            self.take()?;
            return self.body(&["}"]);
        }
        if !self.peek_reserved("do")? {
            return Err(self.unexpected_here()?);
        }
        self.take()?;
        self.body(&["done"])
    }

    fn for_arith(&mut self) -> Result<CommandKind> {
        let start = self.at + 1;
        let end = self
            .close_arith(start)
            .ok_or(SyntaxError::Incomplete(Some(')')))?;
        let text = self.slice(start, end);
        self.peeked = None;
        self.at = end + 2;
        let parts: Vec<&str> = text.split(';').collect();
        let [init, condition, step] = parts.as_slice() else {
            return Err(SyntaxError::Other(
                "syntax error: arithmetic expression required".into(),
            ));
        };
        let [init, condition, step] = [
            parse_quoted(init)?,
            parse_quoted(condition)?,
            parse_quoted(step)?,
        ];
        if matches!(self.peek()?, Token::Op(";")) {
            self.take()?;
        }
        self.newlines()?;
        if !self.peek_reserved("do")? {
            return Err(self.unexpected_here()?);
        }
        self.take()?;
        let body = self.body(&["done"])?;
        Ok(CommandKind::ForArith {
            init,
            condition,
            step,
            body,
        })
    }

    fn case_clause(&mut self) -> Result<CommandKind> {
        self.take()?;
        let Token::Word(subject) = self.peek()? else {
            return Err(self.unexpected_here()?);
        };
        self.take()?;
        self.newlines()?;
        if !self.peek_reserved("in")? {
            return Err(self.unexpected_here()?);
        }
        self.take()?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.peek_reserved("esac")? {
                self.take()?;
                return Ok(CommandKind::Case { subject, arms });
            }
            if matches!(self.peek()?, Token::Op("(")) {
                self.take()?;
            }
            let mut patterns = Vec::new();
            loop {
                let Token::Word(pattern) = self.peek()? else {
                    return Err(self.unexpected_here()?);
                };
                self.take()?;
                patterns.push(pattern);
                if !matches!(self.peek()?, Token::Op("|")) {
                    break;
                }
                self.take()?;
            }
            self.expect_close()?;
            let body = self.script(&["esac"])?;
            let mut end = ";;";
            match self.peek()? {
                Token::Op(op @ (";;" | ";&" | ";;&")) => {
                    self.take()?;
                    end = op;
                }
                Token::Word(word) if word.as_literal() == Some("esac") => {}
                _ => return Err(self.unexpected_here()?),
            }
            arms.push(CaseArm {
                patterns,
                body,
                end,
            });
        }
    }

    fn condition(&mut self) -> Result<CommandKind> {
        self.take()?;
        let mut tokens = Vec::new();
        loop {
            match self.peek()? {
                Token::Word(word) if word.as_literal() == Some("]]") => {
                    self.take()?;
                    return Ok(CommandKind::Condition(tokens));
                }
                Token::Word(word) if word.as_literal() == Some("=~") => {
                    self.peeked = None;
                    self.blanks();
                    let mut parts = Vec::new();
                    self.parts(Until::Space, &mut parts)?;
                    tokens.push(CondToken::Op("=~".to_owned()));
                    tokens.push(CondToken::Word(Word { parts }));
                }
                Token::Word(word) => {
                    self.take()?;
                    tokens.push(CondToken::Word(word));
                }
                Token::Op(op @ ("(" | ")" | "<" | ">" | "&&" | "||")) => {
                    self.take()?;
                    tokens.push(CondToken::Op(op.to_owned()));
                }
                Token::Newline => {
                    self.take()?;
                }
                _ => return Err(self.unexpected_here()?),
            }
        }
    }
}

pub(super) fn unexpected(token: &Token) -> SyntaxError {
    SyntaxError::Unexpected(match token {
        Token::Op(op) => (*op).to_owned(),
        Token::Number(number) => number.to_string(),
        Token::Newline => "newline".to_owned(),
        Token::End => return SyntaxError::Incomplete(None),
        Token::Word(word) => word.delimiter().0,
    })
}

pub(super) fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_char)
}
