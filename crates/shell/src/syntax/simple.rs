//! Simple commands: assignments, words, redirections; and `name() body`, which starts like one.

use std::cell::OnceCell;
use std::rc::Rc;

use super::ast::*;
use super::parser::{Parser, PendingHere, is_name, is_name_char, unexpected};
use super::tokens::Token;
use super::{SyntaxError, brace};

type Result<T> = std::result::Result<T, SyntaxError>;

/// Commands whose arguments may be `a=(x y)`.
const DECLARING: &[&str] = &["declare", "local", "typeset", "readonly", "export"];

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
        let mut arrays = Vec::new();
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
            let first = words.first().and_then(Word::as_literal);
            let array = self.char_at(self.at) == Some('(');
            if (first.is_none() && words.is_empty()
                || array && first.is_some_and(|word| DECLARING.contains(&word)))
                && let Some(mut assign) = to_assign(&word)
            {
                if array && assign.value.as_literal() == Some("") {
                    self.at += 1;
                    assign.items = Some(self.array()?);
                }
                if words.is_empty() {
                    assigns.push(assign);
                    // An alias may still stand for the command that follows.
                    self.expand_aliases()?;
                } else {
                    words.push(Word::literal(&assign.name));
                    arrays.push(assign);
                }
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
        let read_only = words.first().and_then(Word::as_literal) == Some("readonly");
        let command = |assigns, words, redirects| {
            Rc::new(Command {
                kind: CommandKind::Simple { assigns, words },
                redirects,
                line,
            })
        };
        let whole = command(assigns, words, redirects);
        if arrays.is_empty() {
            return Ok(whole);
        }
        // `declare -A m=(...)` is two commands: what the name is, and what is in it.
        let mut both = vec![whole, command(arrays, Vec::new(), Vec::new())];
        if read_only {
            both.reverse();
        }
        let item = |command| Item {
            first: Pipeline {
                negated: false,
                commands: vec![command],
            },
            rest: Vec::new(),
            background: false,
            text: "".into(),
        };
        let items = both.into_iter().map(item).collect();
        Ok(Rc::new(Command {
            kind: CommandKind::Group(Rc::new(Script { items })),
            redirects: Vec::new(),
            line,
        }))
    }

    /// The inside of `a=(...)`, after the bracket.
    fn array(&mut self) -> Result<Vec<Word>> {
        let mut items = Vec::new();
        loop {
            self.newlines()?;
            match self.peek()? {
                Token::Word(mut word) => {
                    self.take()?;
                    // `[a b]=x`: blanks in the brackets belong to the key.
                    while matches!(word.parts.first(), Some(Part::Lit(text)) if text.starts_with('['))
                        && subscript(&word.parts, 1).is_none()
                        && let Token::Word(more) = self.peek()?
                    {
                        self.take()?;
                        if let (Some(Part::Lit(end)), Some(Part::Lit(start))) =
                            (word.parts.last_mut(), more.parts.first())
                        {
                            *end = format!("{end} {start}");
                            word.parts.extend_from_slice(&more.parts[1..]);
                        } else {
                            word.parts.extend(more.parts);
                        }
                    }
                    match word.parts.first() {
                        Some(Part::Lit(text)) if text.starts_with('[') => items.push(word),
                        _ => items.extend(brace::expand(word)),
                    }
                }
                Token::Op(")") => {
                    self.take()?;
                    return Ok(items);
                }
                Token::End => return Err(SyntaxError::Incomplete(Some(')'))),
                token => return Err(unexpected(&token)),
            }
        }
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
    let end = first.find(|c| !is_name_char(c))?;
    let name = first.get(..end).filter(|name| is_name(name))?.to_owned();
    let (index, append, mut value) = match first.get(end..) {
        Some(rest) if rest.starts_with('[') => {
            let (index, append, value) = subscript(&word.parts, end + 1)?;
            (Some(index), append, value)
        }
        Some(rest) => {
            let append = rest.starts_with('+');
            let rest = rest.trim_start_matches('+').strip_prefix('=')?.to_owned();
            let mut parts = word.parts.clone();
            parts[0] = Part::Lit(rest);
            (None, append, Word { parts })
        }
        None => return None,
    };
    if let Some(Part::Lit(text)) = value.parts.first_mut()
        && let Some(tail) = text.strip_prefix('~')
        && (tail.is_empty() || tail.starts_with('/'))
    {
        *text = tail.to_owned();
        value.parts.insert(0, Part::Tilde(String::new()));
    }
    Some(Assign {
        name: name.into(),
        index,
        append,
        value,
        items: None,
    })
}

/// Cuts `index]=value` or `index]+=value`, which starts at `from` in the first part.
pub(crate) fn subscript(parts: &[Part], from: usize) -> Option<(Word, bool, Word)> {
    for (at, part) in parts.iter().enumerate() {
        let Part::Lit(text) = part else { continue };
        let start = if at == 0 { from } else { 0 };
        let find = |what: &str| text.get(start..)?.find(what).map(|found| found + start);
        let (close, append) = match (find("]="), find("]+=")) {
            (Some(plain), add) if add.is_none_or(|add| plain < add) => (plain, false),
            (_, Some(add)) => (add, true),
            _ => continue,
        };
        let mut index = parts.get(..at)?.to_vec();
        index.push(Part::Lit(text.get(..close)?.to_owned()));
        if let Some(Part::Lit(first)) = index.first_mut() {
            first.drain(..from);
        }
        let rest = text.get(close + 2 + usize::from(append)..)?;
        let mut value = vec![Part::Lit(rest.to_owned())];
        value.extend_from_slice(parts.get(at + 1..)?);
        return Some((Word { parts: index }, append, Word { parts: value }));
    }
    None
}
