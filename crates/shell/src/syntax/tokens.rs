//! Tokens: operators, words, line breaks with the here-documents behind them, and aliases.

use super::ast::{Part, Word};
use super::parser::{MAX_TEXT, Parser};
use super::{SyntaxError, parse_quoted};

type Result<T> = std::result::Result<T, SyntaxError>;

#[derive(Clone, Debug)]
pub(super) enum Token {
    Word(Word),
    Op(&'static str),
    /// A number right before `<` or `>`.
    Number(u32),
    Newline,
    End,
}

const OPERATORS: &[&str] = &[
    "&>>", "<<<", "<<-", ";;&", "&&", "||", "|&", ";;", ";&", ">>", "<<", ">&", "<&", "&>", ">|",
    "<>", ";", "&", "|", "<", ">", "(", ")",
];

impl Parser {
    /// Puts the text of an alias in the place of the word that comes next.
    pub(super) fn expand_aliases(&mut self) -> Result<()> {
        for _ in 0..20 {
            let Token::Word(word) = self.peek()? else {
                return Ok(());
            };
            let Some(name) = word.as_literal() else {
                return Ok(());
            };
            let (start, at) = (self.peeked.as_ref().map_or(self.at, |p| p.1), self.at);
            self.expanding.retain(|_, end| *end > start);
            if self.expanding.contains_key(name) {
                return Ok(());
            }
            let Some(text) = self.aliases.get(name) else {
                return Ok(());
            };
            let text: Vec<char> = text.chars().chain([' ']).collect();
            let name = name.to_owned();
            let grown = text.len();
            self.text.splice(start..at, text);
            for end in self.expanding.values_mut() {
                *end = (*end + grown).saturating_sub(at - start);
            }
            self.expanding.insert(name, start + grown);
            self.at = start;
            self.peeked = None;
            if self.text.len() > MAX_TEXT {
                return Ok(());
            }
        }
        Ok(())
    }

    pub(super) fn peek_reserved(&mut self, what: &str) -> Result<bool> {
        Ok(matches!(self.peek()?, Token::Word(word) if word.as_literal() == Some(what)))
    }

    pub(super) fn newlines(&mut self) -> Result<()> {
        while matches!(self.peek()?, Token::Newline) {
            self.take()?;
        }
        Ok(())
    }

    pub(super) fn peek(&mut self) -> Result<Token> {
        if self.peeked.is_none() {
            self.blanks();
            let start = self.at;
            let token = self.read_token()?;
            self.peeked = Some((token, start));
        }
        Ok(self
            .peeked
            .as_ref()
            .map_or(Token::End, |(token, _)| token.clone()))
    }

    pub(super) fn take(&mut self) -> Result<Token> {
        let token = self.peek()?;
        self.peeked = None;
        if !matches!(token, Token::Newline) {
            self.end = self.at;
        }
        Ok(token)
    }

    /// Skips blanks, joined lines and comments.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.peek_char() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.char_at(self.at + 1) == Some('\n') => self.at += 2,
                Some('#') => {
                    while self.peek_char().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    pub(super) fn read_token(&mut self) -> Result<Token> {
        let Some(c) = self.peek_char() else {
            return Ok(Token::End);
        };
        if c == '\n' {
            self.at += 1;
            self.line += 1;
            self.here_documents()?;
            return Ok(Token::Newline);
        }
        if c.is_ascii_digit() {
            let mut end = self.at;
            while self.char_at(end).is_some_and(|c| c.is_ascii_digit()) {
                end += 1;
            }
            if matches!(self.char_at(end), Some('<' | '>'))
                && let Ok(number) = self.slice(self.at, end).parse()
                && end - self.at < 4
            {
                self.at = end;
                return Ok(Token::Number(number));
            }
        }
        let process = matches!(c, '<' | '>') && self.char_at(self.at + 1) == Some('(');
        for op in OPERATORS {
            if !process
                && op
                    .chars()
                    .enumerate()
                    .all(|(i, c)| self.char_at(self.at + i) == Some(c))
            {
                self.at += op.len();
                return Ok(Token::Op(op));
            }
        }
        let before = self.at;
        let word = self.word()?;
        let breaks = self.text.get(before..self.at).unwrap_or_default();
        self.line += breaks.iter().filter(|c| **c == '\n').count() as u32;
        Ok(Token::Word(word))
    }

    /// The bodies of the here-documents that the line just ended has announced.
    pub(super) fn here_documents(&mut self) -> Result<()> {
        for here in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            loop {
                if self.at >= self.text.len() {
                    return Err(SyntaxError::Incomplete(None));
                }
                let start = self.at;
                while self.peek_char().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
                let mut line = self.slice(start, self.at);
                let last = self.peek_char().is_none();
                self.at += 1;
                self.line += 1;
                if here.strip {
                    line = line.trim_start_matches('\t').to_owned();
                }
                if line == here.delimiter {
                    break;
                }
                if last {
                    return Err(SyntaxError::Incomplete(None));
                }
                body.push_str(&line);
                body.push('\n');
            }
            let word = match here.quoted {
                true => Word {
                    parts: vec![Part::Quoted(body)],
                },
                false => parse_quoted(&body)?,
            };
            let _ = here.body.set(word);
        }
        Ok(())
    }

    pub(super) fn peek_char(&self) -> Option<char> {
        self.char_at(self.at)
    }

    pub(super) fn char_at(&self, at: usize) -> Option<char> {
        self.text.get(at).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> String {
        self.text
            .get(from..to.min(self.text.len()))
            .unwrap_or_default()
            .iter()
            .collect()
    }
}
