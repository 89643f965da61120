//! Syntax errors in the words of the shell that is simulated.

use super::{Dialect, Machine};
use crate::syntax::SyntaxError;

impl Machine {
    /// A syntax error as this shell prints it.
    pub(crate) fn syntax_message(
        &self,
        text: &str,
        error: &SyntaxError,
        at_prompt: bool,
    ) -> String {
        match self.dialect {
            Dialect::Bash if at_prompt => format!("{}: {error}\n", self.name),
            Dialect::Bash => {
                let near = match error {
                    SyntaxError::Unexpected(_) => {
                        let line = text.lines().next().unwrap_or("");
                        format!("{}: -c: line 1: `{line}'\n", self.name)
                    }
                    _ => String::new(),
                };
                let line = match error {
                    SyntaxError::Incomplete(None) => text.lines().count() + 1,
                    _ => 1,
                };
                format!("{}: -c: line {line}: {error}\n{near}", self.name)
            }
            _ => match error {
                SyntaxError::Unexpected(token) => {
                    format!("{}: syntax error: unexpected \"{token}\"\n", self.name)
                }
                SyntaxError::Incomplete(Some(c)) if "'\"`".contains(*c) => {
                    format!("{}: syntax error: unterminated quoted string\n", self.name)
                }
                SyntaxError::Incomplete(_) => {
                    format!("{}: syntax error: unexpected end of file\n", self.name)
                }
                SyntaxError::Other(text) => format!("{}: {text}\n", self.name),
            },
        }
    }
}
