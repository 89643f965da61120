//! Editing a command line with the keys of a terminal, as bash does (readline's Emacs mode): movement, killing, history,
//! reverse search, completion. Fed with what the terminal's keyboard gives; gives back what to print.

mod draw;

use crate::complete::Completion;
use crate::program::Candidate;
use draw::listing;

/// How many lines of history are kept.
const HISTORY_MAX: usize = 1000;
/// How long one line may become.
const LINE_MAX: usize = 64 << 10;

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// For the screen.
    Print(String),
    /// Enter: this line is to be run.
    Line(String),
    /// Ctrl+C: the line was dropped.
    Cancel,
    /// Ctrl+D on an empty line.
    Eof,
}

#[derive(Clone, Debug, Default)]
pub struct LineEditor {
    line: Vec<char>,
    cursor: usize,
    prompt: String,
    columns: usize,
    /// The screen row of the cursor, counted from the prompt's first.
    row: usize,
    history: Vec<String>,
    /// Where in the history we are; `history.len()` is the line being typed.
    at: usize,
    /// The line being typed, while the history is looked at.
    draft: String,
    killed: Vec<char>,
    /// Reverse search: what was typed, and the entry found.
    search: Option<(String, Option<usize>)>,
    /// An escape sequence that has not ended yet.
    escape: Option<String>,
    tabs: usize,
}

impl LineEditor {
    pub fn new() -> LineEditor {
        LineEditor {
            columns: 80,
            ..LineEditor::default()
        }
    }
    pub fn resize(&mut self, columns: usize) {
        self.columns = columns.max(20);
    }
    pub fn columns(&self) -> usize {
        self.columns
    }
    pub fn history(&self) -> &[String] {
        &self.history
    }
    pub fn set_history(&mut self, history: Vec<String>) {
        self.at = history.len();
        self.history = history;
    }
    pub fn line(&self) -> String {
        self.line.iter().collect()
    }
    /// Starts a new line behind a prompt; returns what to print.
    pub fn start(&mut self, prompt: &str) -> String {
        self.prompt = prompt.to_owned();
        self.line.clear();
        self.cursor = 0;
        self.row = 0;
        self.at = self.history.len();
        self.search = None;
        prompt.to_owned()
    }
    /// Prints prompt and line again, as after other output.
    pub fn redraw(&mut self) -> String {
        self.row = 0;
        self.refresh()
    }
    /// Keeps a line in the history.
    pub fn remember(&mut self, line: &str) {
        let line = line.trim_end();
        if !line.trim().is_empty() && self.history.last().is_none_or(|l| l != line) {
            if self.history.len() == HISTORY_MAX {
                self.history.remove(0);
            }
            self.history.push(line.to_owned());
        }
        self.at = self.history.len();
    }
    /// Puts a text in place of the line, as if typed.
    pub fn replace(&mut self, text: &str) -> String {
        self.line = text
            .chars()
            .filter(|c| !c.is_control())
            .take(LINE_MAX)
            .collect();
        self.cursor = self.line.len();
        self.refresh()
    }

    /// Takes keys up to the first one that ends the line; what is left over is returned too.
    pub fn keys<'a>(
        &mut self,
        keys: &'a str,
        complete: &mut dyn FnMut(&str, usize) -> Completion,
    ) -> (Vec<Edit>, &'a str) {
        let mut edits = Vec::new();
        for (i, c) in keys.char_indices() {
            let edit = self.key(c, complete);
            let ends = matches!(edit, Some(Edit::Line(_) | Edit::Eof | Edit::Cancel));
            edits.extend(edit);
            if ends {
                return (edits, keys.get(i + c.len_utf8()..).unwrap_or(""));
            }
        }
        (edits, "")
    }

    fn key(
        &mut self,
        c: char,
        complete: &mut dyn FnMut(&str, usize) -> Completion,
    ) -> Option<Edit> {
        if let Some(mut sequence) = self.escape.take() {
            sequence.push(c);
            let more = sequence == "["
                || sequence == "O"
                || (sequence.starts_with('[') && !c.is_ascii_alphabetic() && c != '~');
            if more && sequence.len() < 16 {
                self.escape = Some(sequence);
                return None;
            }
            return self.sequence(&sequence);
        }
        if c != '\t' {
            self.tabs = 0;
        }
        if self.search.is_some() {
            return self.search_key(c, complete);
        }
        match c {
            '\x1b' => {
                self.escape = Some(String::new());
                None
            }
            '\r' | '\n' => {
                let line = self.line();
                self.line.clear();
                self.cursor = 0;
                self.row = 0;
                Some(Edit::Line(line))
            }
            '\x03' => Some(Edit::Cancel),
            '\x04' if self.line.is_empty() => Some(Edit::Eof),
            '\t' => self.tab(complete),
            '\x0c' => {
                self.row = 0;
                Some(Edit::Print(format!("\x1b[2J\x1b[H{}", self.refresh())))
            }
            '\x12' => {
                self.search = Some((String::new(), None));
                Some(Edit::Print(self.refresh()))
            }
            c if (c as u32) < 0x20 || c == '\x7f' => {
                self.control(c);
                Some(Edit::Print(self.refresh()))
            }
            c => Some(Edit::Print(self.insert(c))),
        }
    }

    /// A printing character.
    fn insert(&mut self, c: char) -> String {
        if self.line.len() >= LINE_MAX {
            return "\x07".into();
        }
        self.line.insert(self.cursor, c);
        self.cursor += 1;
        let (row, column) = self.place(self.cursor);
        // At the end of a row that is not full, the character alone will do.
        if self.cursor == self.line.len() && row == self.row && column > 0 {
            c.to_string()
        } else {
            self.refresh()
        }
    }

    fn control(&mut self, c: char) {
        match c {
            '\x01' => self.cursor = 0,
            '\x05' => self.cursor = self.line.len(),
            '\x02' => self.cursor = self.cursor.saturating_sub(1),
            '\x06' => self.cursor = (self.cursor + 1).min(self.line.len()),
            '\x04' => self.kill(self.cursor, self.cursor + 1, false),
            '\x08' | '\x7f' if self.cursor > 0 => self.kill(self.cursor - 1, self.cursor, false),
            '\x0b' => self.kill(self.cursor, self.line.len(), true),
            '\x15' => self.kill(0, self.cursor, true),
            '\x17' => {
                let from = self.word_back(|c| c.is_whitespace());
                self.kill(from, self.cursor, true);
            }
            '\x19' => {
                let text = self.killed.clone();
                let at = self.cursor;
                self.line.splice(at..at, text.iter().copied());
                self.cursor += text.len();
            }
            '\x14' if self.cursor > 0 && self.line.len() > 1 => {
                let at = self.cursor.min(self.line.len() - 1);
                self.line.swap(at - 1, at);
                self.cursor = at + 1;
            }
            '\x10' => self.older(),
            '\x0e' => self.newer(),
            _ => {}
        }
    }

    /// Takes characters out; `keep` for Ctrl+Y.
    fn kill(&mut self, from: usize, to: usize, keep: bool) {
        let to = to.min(self.line.len());
        if from >= to {
            return;
        }
        let gone: Vec<char> = self.line.drain(from..to).collect();
        if keep {
            self.killed = gone;
        }
        self.cursor = from;
    }

    fn word_back(&self, stops: impl Fn(char) -> bool) -> usize {
        let mut i = self.cursor;
        let at = |i: usize| self.line.get(i).copied().unwrap_or(' ');
        while i > 0 && stops(at(i - 1)) {
            i -= 1;
        }
        while i > 0 && !stops(at(i - 1)) {
            i -= 1;
        }
        i
    }

    fn word_forward(&self) -> usize {
        let mut i = self.cursor;
        let word = |i: usize| self.line.get(i).is_some_and(|c| c.is_alphanumeric());
        while i < self.line.len() && !word(i) {
            i += 1;
        }
        while word(i) {
            i += 1;
        }
        i
    }

    /// An escape sequence, without its ESC.
    fn sequence(&mut self, sequence: &str) -> Option<Edit> {
        let not_word = |c: char| !c.is_alphanumeric();
        match sequence {
            "[A" | "OA" => self.older(),
            "[B" | "OB" => self.newer(),
            "[C" | "OC" => self.cursor = (self.cursor + 1).min(self.line.len()),
            "[D" | "OD" => self.cursor = self.cursor.saturating_sub(1),
            "[H" | "OH" | "[1~" | "[7~" => self.cursor = 0,
            "[F" | "OF" | "[4~" | "[8~" => self.cursor = self.line.len(),
            "[3~" => self.kill(self.cursor, self.cursor + 1, false),
            "b" | "[1;5D" | "[1;3D" => self.cursor = self.word_back(not_word),
            "f" | "[1;5C" | "[1;3C" => self.cursor = self.word_forward(),
            "d" => self.kill(self.cursor, self.word_forward(), true),
            "\x7f" | "\x08" => {
                let from = self.word_back(not_word);
                self.kill(from, self.cursor, true);
            }
            _ => return None,
        }
        self.search = None;
        Some(Edit::Print(self.refresh()))
    }

    fn older(&mut self) {
        if self.at == 0 {
            return;
        }
        if self.at == self.history.len() {
            self.draft = self.line();
        }
        self.at -= 1;
        self.show_entry();
    }

    fn newer(&mut self) {
        if self.at < self.history.len() {
            self.at += 1;
            self.show_entry();
        }
    }

    fn show_entry(&mut self) {
        let text = self.history.get(self.at).unwrap_or(&self.draft);
        self.line = text.chars().collect();
        self.cursor = self.line.len();
    }

    fn search_key(
        &mut self,
        c: char,
        complete: &mut dyn FnMut(&str, usize) -> Completion,
    ) -> Option<Edit> {
        let (mut text, found) = self.search.take()?;
        let from = match c {
            '\x12' => found.unwrap_or(self.history.len()),
            '\x7f' | '\x08' => {
                text.pop();
                self.history.len()
            }
            '\x07' | '\x03' => return Some(Edit::Print(self.refresh())),
            c if (c as u32) < 0x20 => {
                let redrawn = self.refresh();
                // Any other key accepts what was found, and does what it does.
                return match self.key(c, complete) {
                    Some(Edit::Print(more)) => Some(Edit::Print(redrawn + &more)),
                    Some(other) => Some(other),
                    None => Some(Edit::Print(redrawn)),
                };
            }
            c => {
                text.push(c);
                found.map_or(self.history.len(), |i| i + 1)
            }
        };
        let older = self
            .history
            .iter()
            .take(from)
            .rposition(|h| !text.is_empty() && h.contains(&text));
        let hit = older.or(found);
        if let Some(entry) = hit.and_then(|i| self.history.get(i)) {
            self.line = entry.chars().collect();
            self.cursor = self.line.len();
        }
        self.search = Some((text, hit));
        Some(Edit::Print(self.refresh()))
    }

    fn tab(&mut self, complete: &mut dyn FnMut(&str, usize) -> Completion) -> Option<Edit> {
        self.tabs += 1;
        let line = self.line();
        let before: String = self.line.iter().take(self.cursor).collect();
        let found = complete(&line, before.len());
        let from = before
            .get(..found.from)
            .map_or(self.cursor, |head| head.chars().count());
        let common = common_start(&found.candidates);
        let typed: String = self
            .line
            .get(from..self.cursor)
            .unwrap_or(&[])
            .iter()
            .collect();
        let whole = found.candidates.len() == 1;
        let grown = common
            .as_ref()
            .is_some_and(|c| c.chars().count() > typed.chars().count() || (whole && *c != typed));
        if let Some(text) = common.filter(|_| grown || whole) {
            let mut put = quoted(&text);
            if whole && !found.candidates.first().is_some_and(|c| c.partial) {
                put.push(' ');
            }
            self.line.splice(from..self.cursor, put.chars());
            self.cursor = from + put.chars().count();
            self.tabs = 0;
            return Some(Edit::Print(self.refresh()));
        }
        if found.candidates.is_empty() || self.tabs < 2 {
            return Some(Edit::Print("\x07".into()));
        }
        let end = {
            let cursor = std::mem::replace(&mut self.cursor, self.line.len());
            let text = self.refresh();
            self.cursor = cursor;
            text
        };
        let list = listing(&found.candidates, self.columns);
        self.row = 0;
        Some(Edit::Print(format!("{end}\r\n{list}{}", self.refresh())))
    }
}

/// What all candidates begin with.
fn common_start(candidates: &[Candidate]) -> Option<String> {
    let (first, rest) = candidates.split_first()?;
    let mut common: Vec<char> = first.text.chars().collect();
    for c in rest {
        let same = common
            .iter()
            .zip(c.text.chars())
            .take_while(|(a, b)| **a == *b)
            .count();
        common.truncate(same);
    }
    Some(common.into_iter().collect())
}

/// A completed word as it has to be typed.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if " '\"\\()&;|<>*?`!#".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Edit, LineEditor};
    use crate::complete::Completion;
    use crate::program::Candidate;

    /// Types keys; gives the line as it stands, or the lines that were entered.
    fn typed(keys: &str) -> String {
        let mut editor = LineEditor::new();
        editor.set_history(vec!["kubectl get pods".into(), "ls -l".into()]);
        editor.start("$ ");
        let mut complete = |line: &str, cursor: usize| {
            let from = line[..cursor].rfind(' ').map_or(0, |i| i + 1);
            let all = ["describe", "delete", "파드-하나"];
            let candidates = all
                .iter()
                .filter(|c| c.starts_with(&line[from..cursor]))
                .map(|c| Candidate::new(*c))
                .collect();
            Completion { from, candidates }
        };
        let (mut rest, mut lines) = (keys, Vec::new());
        while !rest.is_empty() {
            let (edits, left) = editor.keys(rest, &mut complete);
            rest = left;
            lines.extend(
                edits
                    .into_iter()
                    .filter_map(|e| if let Edit::Line(l) = e { Some(l) } else { None }),
            );
        }
        lines.push(editor.line());
        lines.join("|")
    }

    #[test]
    fn keys_edit_the_line() {
        let check = |keys: &str, expected: &str| assert_eq!(typed(keys), expected, "{keys:?}");
        check("echo hi\rls", "echo hi|ls");
        check("ab\x1b[D\x1b[DX\x05Y", "XabY");
        check("one two\x17three", "one three");
        check("one two\x15new \x19", "new one two");
        check("\x1b[A", "ls -l");
        check("draft\x1b[A\x1b[A\x1b[B\x1b[B", "draft");
        check("\x12get\x05 -w", "kubectl get pods -w");
        check("한글\x7f!", "한!");
        check("kubectl desc\t", "kubectl describe ");
        check("kubectl d\t\t", "kubectl de");
        check("x 파\t", "x 파드-하나 ");
    }
}
