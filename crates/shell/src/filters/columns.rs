//! column and paste: lines side by side.

use super::input::{Inputs, Next, text};
use super::lines::{LineTool, Started, lines};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};
use crate::width::width;

pub(super) fn column(cx: &mut Cx<'_>) -> Started {
    let long = [
        ("table", 't'),
        ("separator", 's'),
        ("output-separator", 'o'),
    ];
    let options = options::parse(cx, "ts:o:N:c:x", &long)?;
    lines(
        &options.rest.clone(),
        Column {
            options,
            lines: Vec::new(),
        },
    )
}

#[derive(Clone, Debug)]
struct Column {
    options: Options,
    lines: Vec<String>,
}

impl LineTool for Column {
    fn line(&mut self, line: &str, _: bool, _: &mut Cx<'_>) {
        if !line.trim().is_empty() {
            self.lines.push(line.to_owned());
        }
    }

    fn end(&mut self, cx: &mut Cx<'_>) {
        if !self.options.has('t') {
            return self.fill(cx);
        }
        let separators = self.options.value('s');
        let split = |line: &String| -> Vec<String> {
            match separators {
                Some(set) => line.split(|c| set.contains(c)).map(str::to_owned).collect(),
                None => line.split_whitespace().map(str::to_owned).collect(),
            }
        };
        let rows: Vec<Vec<String>> = self.lines.iter().map(split).collect();
        let mut widths: Vec<usize> = Vec::new();
        for row in &rows {
            for (at, cell) in row.iter().enumerate() {
                if widths.len() <= at {
                    widths.push(0);
                }
                widths[at] = widths[at].max(width(cell));
            }
        }
        let glue = self.options.value('o').unwrap_or("  ").to_owned();
        for row in &rows {
            let mut out = String::new();
            for (at, cell) in row.iter().enumerate() {
                out.push_str(cell);
                if at + 1 < row.len() {
                    let gap = widths
                        .get(at)
                        .copied()
                        .unwrap_or(0)
                        .saturating_sub(width(cell));
                    out.push_str(&" ".repeat(gap));
                    out.push_str(&glue);
                }
            }
            cx.out(&format!("{out}\n"));
        }
    }
}

impl Column {
    /// Without `-t`: columns as wide as the widest entry, filled downwards.
    fn fill(&self, cx: &mut Cx<'_>) {
        let widest = self.lines.iter().map(|line| width(line)).max().unwrap_or(0);
        let cell = (widest / 8 + 1) * 8;
        let columns = (cx.columns / cell.max(1)).max(1);
        let rows = self.lines.len().div_ceil(columns);
        for row in 0..rows {
            let mut out = String::new();
            for at in (row..self.lines.len()).step_by(rows.max(1)) {
                let pad = out.len().div_ceil(cell.max(1)) * cell;
                while out.len() < pad {
                    out.push(' ');
                }
                out.push_str(&self.lines[at]);
            }
            cx.out(&format!("{out}\n"));
        }
    }
}

pub(super) fn paste(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "d:s", &[("delimiters", 'd'), ("serial", 's')])?;
    let glue = crate::syntax::unescape(options.value('d').unwrap_or("\t"));
    let files = if options.rest.is_empty() {
        vec!["-".to_owned()]
    } else {
        options.rest.clone()
    };
    let inputs = Inputs::new(&files);
    let serial = options.has('s');
    Ok(Box::new(Paste {
        inputs,
        files,
        glue,
        serial,
        columns: vec![Vec::new()],
    }))
}

#[derive(Clone, Debug)]
struct Paste {
    inputs: Inputs,
    files: Vec<String>,
    glue: String,
    serial: bool,
    columns: Vec<Vec<String>>,
}

impl Tool for Paste {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        match self.inputs.line(cx) {
            Next::Line(line, _) => {
                if let Some(column) = self.columns.last_mut() {
                    column.push(text(&line));
                }
                Poll::Again
            }
            Next::FileEnd => {
                self.columns.push(Vec::new());
                Poll::Again
            }
            Next::Wait => Poll::NeedInput,
            Next::End => {
                self.columns.pop();
                self.print(cx);
                Poll::Done(i32::from(self.inputs.failed))
            }
        }
    }
}

impl Paste {
    fn print(&mut self, cx: &mut Cx<'_>) {
        let glue: Vec<char> = self.glue.chars().collect();
        let join = |cells: &[String]| {
            let mut out = String::new();
            for (at, cell) in cells.iter().enumerate() {
                if at > 0 {
                    out.extend(glue.get((at - 1) % glue.len().max(1)));
                }
                out.push_str(cell);
            }
            out
        };
        if self.serial {
            for column in &self.columns {
                cx.out(&format!("{}\n", join(column)));
            }
            return;
        }
        // `paste - -` takes the lines of standard input in turns.
        let stdins = self.files.iter().filter(|name| *name == "-").count();
        if stdins > 1 && stdins == self.files.len() {
            let all: Vec<String> = self.columns.concat();
            for row in all.chunks(stdins) {
                let mut row = row.to_vec();
                row.resize(stdins, String::new());
                cx.out(&format!("{}\n", join(&row)));
            }
            return;
        }
        let rows = self.columns.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..rows {
            let cell = |column: &Vec<String>| column.get(at).cloned().unwrap_or_default();
            let row: Vec<String> = self.columns.iter().map(cell).collect();
            cx.out(&format!("{}\n", join(&row)));
        }
    }
}
