//! wc, tee, yes: bytes that go by.

use super::input::{Inputs, Next};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};
use crate::machine::StdinRead;

pub(super) fn wc(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let long = [
        ("lines", 'l'),
        ("words", 'w'),
        ("bytes", 'c'),
        ("chars", 'm'),
        ("max-line-length", 'L'),
    ];
    let options = options::parse(cx, "lwcmL", &long)?;
    let inputs = Inputs::new(&options.rest);
    Ok(Box::new(Wc {
        inputs,
        stdin_only: options.rest.is_empty(),
        options,
        now: [0; 4],
        total: [0; 4],
        name: String::new(),
        rows: Vec::new(),
        in_word: false,
    }))
}

#[derive(Clone, Debug)]
struct Wc {
    inputs: Inputs,
    options: Options,
    stdin_only: bool,
    /// Lines, words, bytes, characters.
    now: [usize; 4],
    total: [usize; 4],
    name: String,
    rows: Vec<([usize; 4], String)>,
    in_word: bool,
}

impl Tool for Wc {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        if self.inputs.open(cx).is_some() {
            self.name = self.inputs.name().to_owned();
        }
        match self.inputs.bytes(cx) {
            Next::Line(bytes, _) => {
                for byte in &bytes {
                    self.now[0] += usize::from(*byte == b'\n');
                    self.now[3] += usize::from(byte & 0xC0 != 0x80);
                    let blank = byte.is_ascii_whitespace();
                    self.now[1] += usize::from(!blank && !self.in_word);
                    self.in_word = !blank;
                }
                self.now[2] += bytes.len();
                Poll::Again
            }
            Next::FileEnd => {
                for (total, now) in self.total.iter_mut().zip(self.now) {
                    *total += now;
                }
                let name = if self.stdin_only {
                    String::new()
                } else {
                    self.name.clone()
                };
                self.rows.push((std::mem::take(&mut self.now), name));
                self.in_word = false;
                Poll::Again
            }
            Next::Wait => Poll::NeedInput,
            Next::End => {
                if self.inputs.count() > 1 {
                    self.rows.push((self.total, "total".to_owned()));
                }
                self.print(cx);
                Poll::Done(i32::from(self.inputs.failed))
            }
        }
    }
}

impl Wc {
    fn print(&self, cx: &mut Cx<'_>) {
        let mut shown: Vec<usize> = [('l', 0), ('w', 1), ('m', 3), ('c', 2)]
            .iter()
            .filter(|(f, _)| self.options.has(*f))
            .map(|(_, at)| *at)
            .collect();
        if shown.is_empty() {
            shown = vec![0, 1, 2];
        }
        // As GNU wc: one number stands bare, several are as wide as the biggest, from a pipe 7.
        let piped = self
            .rows
            .iter()
            .any(|(_, name)| name.is_empty() || name == "-");
        let biggest = self
            .total
            .iter()
            .max()
            .copied()
            .unwrap_or(0)
            .to_string()
            .len();
        let width = match (shown.len(), self.rows.len(), piped) {
            (1, 1, _) => 0,
            (_, _, true) => 7,
            _ => biggest,
        };
        for (counts, name) in &self.rows {
            let numbers: Vec<String> = shown
                .iter()
                .map(|at| format!("{:>width$}", counts[*at]))
                .collect();
            let gap = if name.is_empty() { "" } else { " " };
            cx.out(&format!("{}{gap}{name}\n", numbers.join(" ")));
        }
    }
}

pub(super) fn tee(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let options = options::parse(cx, "aip", &[("append", 'a')])?;
    let mut failed = false;
    let mut files = Vec::new();
    for name in &options.rest {
        let path = cx.path(name);
        let opened = match options.has('a') {
            true => cx.fs.append(&path, ""),
            false => cx.fs.write(&path, ""),
        };
        match opened {
            Ok(()) => files.push(path),
            Err(_) if path == "/dev/null" => {}
            Err(error) => {
                cx.complain(format!("{name}: {error}"));
                failed = true;
            }
        }
    }
    Ok(Box::new(Tee { files, failed }))
}

#[derive(Clone, Debug)]
struct Tee {
    files: Vec<String>,
    failed: bool,
}

impl Tool for Tee {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        match cx.read(16 << 10) {
            StdinRead::Data(bytes) => {
                cx.write(1, &bytes);
                for path in self.files.clone() {
                    if let Err(error) = cx.fs.append(&path, &bytes) {
                        cx.complain(format!("{path}: {error}"));
                        self.files.retain(|file| *file != path);
                        self.failed = true;
                    }
                }
                Poll::Again
            }
            StdinRead::Empty => Poll::NeedInput,
            StdinRead::End => Poll::Done(i32::from(self.failed)),
        }
    }
}

pub(super) fn yes(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let words = cx.args.get(1..).unwrap_or_default();
    let line = if words.is_empty() {
        "y".to_owned()
    } else {
        words.join(" ")
    };
    Ok(Box::new(Yes {
        text: format!("{line}\n").repeat(1 + 1024 / (line.len() + 1)),
    }))
}

#[derive(Clone, Debug)]
struct Yes {
    text: String,
}

impl Tool for Yes {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        cx.out(&self.text);
        Poll::Again
    }
}
