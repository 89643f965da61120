//! What the line looks like: prompt, line and cursor over as many rows as they need, and candidates below.

use super::LineEditor;
use crate::program::Candidate;
use crate::width;

impl LineEditor {
    /// The row and column of a place in the line, counted from the prompt's start.
    pub(super) fn place(&self, cursor: usize) -> (usize, usize) {
        let prompt = self.shown_prompt();
        let shown = plain(&prompt);
        let chars = shown.chars().chain(self.line.iter().copied().take(cursor));
        let (mut row, mut column) = (0, 0);
        for c in chars {
            let w = width::char_width(c);
            if column + w > self.columns {
                row += 1;
                column = 0;
            }
            column += w;
            if column == self.columns {
                row += 1;
                column = 0;
            }
        }
        (row, column)
    }

    fn shown_prompt(&self) -> String {
        match &self.search {
            Some((text, hit)) => {
                let failed = if hit.is_none() && !text.is_empty() {
                    "failed "
                } else {
                    ""
                };
                format!("({failed}reverse-i-search)`{text}': ")
            }
            None => self.prompt.clone(),
        }
    }

    /// Draws prompt and line over what is there, and puts the cursor where it belongs.
    pub(super) fn refresh(&mut self) -> String {
        let mut out = String::new();
        if self.row > 0 {
            out.push_str(&format!("\x1b[{}A", self.row));
        }
        out.push_str("\r\x1b[J");
        out.push_str(&self.shown_prompt());
        out.extend(self.line.iter());
        let (end_row, end_column) = self.place(self.line.len());
        if end_column == 0 && end_row > 0 {
            out.push_str("\r\n");
        }
        let (row, column) = self.place(self.cursor);
        if end_row > row {
            out.push_str(&format!("\x1b[{}A", end_row - row));
        }
        if (row, column) != (end_row, end_column) {
            out.push('\r');
            if column > 0 {
                out.push_str(&format!("\x1b[{column}C"));
            }
        }
        self.row = row;
        out
    }
}

/// The text without escape sequences.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            let _ = chars.by_ref().find(|c| c.is_ascii_alphabetic());
        } else if !c.is_control() {
            out.push(c);
        }
    }
    out
}

/// Candidates in columns, or one a line with their descriptions.
pub(super) fn listing(candidates: &[Candidate], columns: usize) -> String {
    let widest = candidates
        .iter()
        .map(|c| width::width(&c.text))
        .max()
        .unwrap_or(0)
        + 2;
    let mut out = String::new();
    if candidates.iter().any(|c| !c.description.is_empty()) && candidates.len() <= 60 {
        for c in candidates {
            let pad = " ".repeat(widest - width::width(&c.text));
            let room = columns.saturating_sub(widest + 4);
            let note: String = c.description.chars().take(room).collect();
            let note = if note.is_empty() {
                note
            } else {
                format!("{pad}({note})")
            };
            out.push_str(&format!("{}{note}\r\n", c.text));
        }
        return out;
    }
    let per_row = (columns / widest.max(1)).max(1);
    let rows = candidates.len().div_ceil(per_row);
    for row in 0..rows {
        for column in 0..per_row {
            if let Some(c) = candidates.get(column * rows + row) {
                out.push_str(&c.text);
                out.push_str(&" ".repeat(widest - width::width(&c.text)));
            }
        }
        out.push_str("\r\n");
    }
    out
}
