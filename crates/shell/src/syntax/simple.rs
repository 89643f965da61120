//! Simple commands: assignments, words, redirections; and `name() body`, which starts like one.

use std::cell::OnceCell;
use std::rc::Rc;

use super::ast::*;
use super::parser::{Parser, PendingHere, is_name, unexpected};
use super::tokens::Token;
use super::{SyntaxError, brace};

type Result<T> = std::result::Result<T, SyntaxError>;

impl Parser {
    pub(super) fn function(&mut self, name: &str) -> Result<CommandKind> {
        self.newlines()?;
        self.need_more()?;
        let body = self.command()?;
        if matches!(body.kind, CommandKind::Simple { .. }) {
            return Err(self.unexpected_here()?);
        }
        Ok(CommandKind::Function {
            name: name.into(),
            body,
        })
    }

    pub(super) fn simple(&mut self, line: u32) -> Result<Rc<Command>> {
        let mut assigns = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut redirects = Vec::new();
        loop {
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let Token::Word(word) = self.peek()? else {
                break;
            };
            self.take()?;
            if words.is_empty()
                && let Some(assign) = to_assign(&word)
            {
                assigns.push(assign);
                // An alias may still stand for the command that follows.
                self.expand_aliases()?;
                continue;
            }
            if words.is_empty() && assigns.is_empty() && matches!(self.peek()?, Token::Op("(")) {
                self.take()?;
                self.expect_close()?;
                let kind = self.function(&word.delimiter().0)?;
                return Ok(Rc::new(Command {
                    kind,
                    redirects,
                    line,
                }));
            }
            words.extend(brace::expand(word));
        }
        if assigns.is_empty() && words.is_empty() && redirects.is_empty() {
            return Err(self.unexpected_here()?);
        }
        Ok(Rc::new(Command {
            kind: CommandKind::Simple { assigns, words },
            redirects,
            line,
        }))
    }

    pub(super) fn redirect(&mut self) -> Result<Option<Redirect>> {
        let fd = match self.peek()? {
            Token::Number(fd) => {
                self.take()?;
                Some(fd)
            }
            _ => None,
        };
        let Token::Op(op) = self.peek()? else {
            return Ok(None);
        };
        let kind = match op {
            "<" => RedirectOp::Read,
            ">" | ">|" => RedirectOp::Write,
            ">>" => RedirectOp::Append,
            "<>" => RedirectOp::ReadWrite,
            ">&" | "<&" => RedirectOp::Dup,
            "&>" => RedirectOp::Both,
            "&>>" => RedirectOp::BothAppend,
            "<<" | "<<-" => RedirectOp::HereDoc,
            "<<<" => RedirectOp::HereString,
            _ => return Ok(None),
        };
        self.take()?;
        let target = match self.peek()? {
            Token::Word(word) => word,
            // `>&2`: the number stands before nothing, so it was read as a word; `2>&1>x` is rare.
            Token::Number(number) => Word::literal(&number.to_string()),
            Token::End | Token::Newline => {
                return Err(SyntaxError::Unexpected("newline".to_owned()));
            }
            token => return Err(unexpected(&token)),
        };
        self.take()?;
        let mut here = None;
        if kind == RedirectOp::HereDoc {
            let (delimiter, quoted) = target.delimiter();
            let body = Rc::new(OnceCell::new());
            let strip = op == "<<-";
            self.pending.push(PendingHere {
                delimiter,
                quoted,
                strip,
                body: body.clone(),
            });
            here = Some(body);
        }
        let fd = fd.or((op == "<&").then_some(0));
        Ok(Some(Redirect {
            fd,
            op: kind,
            target,
            here,
        }))
    }
}

pub(super) fn to_assign(word: &Word) -> Option<Assign> {
    let Some(Part::Lit(first)) = word.parts.first() else {
        return None;
    };
    let at = first.find('=')?;
    let (name, append) = match first[..at].strip_suffix('+') {
        Some(name) => (name, true),
        None => (&first[..at], false),
    };
    if !is_name(name) {
        return None;
    }
    let mut parts = word.parts.clone();
    let rest = first[at + 1..].to_owned();
    if let Some(tail) = rest.strip_prefix('~')
        && (tail.is_empty() || tail.starts_with('/'))
    {
        parts[0] = Part::Lit(tail.to_owned());
        parts.insert(0, Part::Tilde(String::new()));
    } else {
        parts[0] = Part::Lit(rest);
    }
    Some(Assign {
        name: name.into(),
        append,
        value: Word { parts },
    })
}
