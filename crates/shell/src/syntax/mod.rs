//! From text to syntax tree, as POSIX's shell grammar has it (bash: `parse.y`), with what bash
//! users expect on top: `[[ ]]`, `(( ))`, `<<<`, `&>`, `{1..5}`, `function f`.
//!
//! Layout: `ast` is the tree, `parser` the grammar, `words` the inside of a word (quotes, `$`),
//! `brace` the expansion of `{a,b}`. Left out: `select`, coprocesses, `>(...)`.

pub mod ast;
mod brace;
mod escape;
mod parser;
mod simple;
mod tokens;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

pub use ast::*;
pub(crate) use escape::unescape;
pub(crate) use parser::is_name;
pub(crate) use simple::subscript;

pub type Aliases = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxError {
    /// The text stops too early: a terminal asks for more with `> `. Holds what is looked for.
    Incomplete(Option<char>),
    /// The token that should not be here.
    Unexpected(String),
    Other(String),
}

impl fmt::Display for SyntaxError {
    /// Bash's words, without the `bash: ` before them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SyntaxError::Incomplete(None) => f.write_str("syntax error: unexpected end of file"),
            SyntaxError::Incomplete(Some(c)) => {
                write!(f, "unexpected EOF while looking for matching `{c}'")
            }
            SyntaxError::Unexpected(token) => {
                write!(f, "syntax error near unexpected token `{token}'")
            }
            SyntaxError::Other(text) => f.write_str(text),
        }
    }
}

/// Parses a whole script, or one line.
pub fn parse(text: &str, aliases: &Aliases) -> Result<Rc<Script>, SyntaxError> {
    parser::Parser::new(text, aliases, 0).program()
}

/// Parses text as the inside of double quotes: a here-document, the operand of `$(( ))`.
pub fn parse_quoted(text: &str) -> Result<Word, SyntaxError> {
    parser::Parser::new(text, &Aliases::new(), 0).quoted_text()
}
