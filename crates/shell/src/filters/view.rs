//! cat, head, tail.

use std::collections::VecDeque;

use super::input::{Inputs, Next, TURN};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};

pub(super) fn cat(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let long = [
        ("number", 'n'),
        ("show-all", 'A'),
        ("squeeze-blank", 's'),
        ("show-ends", 'E'),
    ];
    let options = match cx.name() {
        "cat" => options::parse(cx, "nbsvETAetu", &long)?,
        _ => options::parse(cx, "nNRSFXeKiIMr", &[])?,
    };
    let inputs = Inputs::new(&options.rest);
    let numbers = cx.name() == "cat" && (options.has('n') || options.has('b'));
    let plain = !numbers
        && options
            .flags
            .iter()
            .all(|(flag, _)| !"bsvETAet".contains(*flag))
        || cx.name() != "cat";
    Ok(Box::new(Cat {
        inputs,
        options,
        number: 0,
        numbers,
        plain,
        blank: false,
    }))
}

#[derive(Clone, Debug)]
struct Cat {
    inputs: Inputs,
    options: Options,
    number: usize,
    numbers: bool,
    plain: bool,
    blank: bool,
}

impl Tool for Cat {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        if self.plain {
            return match self.inputs.bytes(cx) {
                Next::Line(bytes, _) => {
                    cx.write(1, &bytes);
                    Poll::Again
                }
                Next::FileEnd => Poll::Again,
                Next::Wait => Poll::NeedInput,
                Next::End => Poll::Done(i32::from(self.inputs.failed)),
            };
        }
        match self.inputs.line(cx) {
            Next::Line(line, newline) => {
                let blank = line.is_empty();
                if blank && self.blank && self.options.has('s') {
                    return Poll::Again;
                }
                self.blank = blank;
                if self.numbers && !(blank && self.options.has('b')) {
                    self.number += 1;
                    let number = self.number;
                    cx.out(&format!("{number:>6}\t"));
                }
                let all = self.options.has('A');
                let mut text = super::input::text(&line);
                if all || self.options.has('T') || self.options.has('t') {
                    text = text.replace('\t', "^I");
                }
                if all || self.options.has('v') || self.options.has('e') {
                    text = text.replace('\r', "^M").replace('\u{1b}', "^[");
                }
                cx.out(&text);
                if newline {
                    let ends = all || self.options.has('E') || self.options.has('e');
                    cx.out(if ends { "$\n" } else { "\n" });
                }
                Poll::Again
            }
            Next::FileEnd => Poll::Again,
            Next::Wait => Poll::NeedInput,
            Next::End => Poll::Done(i32::from(self.inputs.failed)),
        }
    }
}

/// `-5` is `-n 5`, also with letters after it: the old way that everybody types.
fn old_style(args: &[String]) -> Vec<String> {
    let mut value = false;
    let mut out = Vec::with_capacity(args.len());
    for arg in args {
        out.push(match arg.strip_prefix('-') {
            Some(digits) if !value && digits.starts_with(|c: char| c.is_ascii_digit()) => {
                format!("-n{digits}")
            }
            _ => arg.clone(),
        });
        value = arg == "-n" || arg == "-c";
    }
    out
}

const HEAD_TAIL: &[(&str, char)] = &[
    ("lines", 'n'),
    ("bytes", 'c'),
    ("quiet", 'q'),
    ("silent", 'q'),
    ("verbose", 'v'),
    ("follow", 'f'),
    ("retry", 'F'),
];

#[derive(Clone, Debug)]
struct Count {
    bytes: bool,
    /// head: all but the last; tail: from this one on.
    reverse: bool,
    count: usize,
}

fn count(cx: &mut Cx<'_>, options: &Options, sign: char) -> Result<Count, i32> {
    let flag = options
        .flags
        .iter()
        .rev()
        .find(|(flag, _)| *flag == 'n' || *flag == 'c');
    let (bytes, text) = flag.map_or((false, "10"), |(flag, text)| (*flag == 'c', text.as_str()));
    let reverse = text.starts_with(sign);
    let digits = text.trim_start_matches(['-', '+']);
    match options::size(digits) {
        Some(count) => Ok(Count {
            bytes,
            reverse,
            count,
        }),
        None => {
            let what = if bytes { "bytes" } else { "lines" };
            cx.complain(format!("invalid number of {what}: '{text}'"));
            Err(1)
        }
    }
}

fn title(cx: &mut Cx<'_>, inputs: &Inputs, first: bool) {
    let name = if inputs.name() == "-" {
        "standard input"
    } else {
        inputs.name()
    };
    let text = format!("{}==> {name} <==\n", if first { "" } else { "\n" });
    cx.out(&text);
}

pub(super) fn head(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let args = old_style(cx.args);
    let mut inner = Cx {
        args: &args,
        written: Vec::new(),
        io: &mut *cx.io,
        fs: &mut *cx.fs,
        ..*cx
    };
    let parsed = options::parse(&mut inner, "n:c:qvz", HEAD_TAIL);
    let written = std::mem::take(&mut inner.written);
    cx.written.extend(written);
    let options = parsed?;
    let count = count(cx, &options, '-')?;
    let inputs = Inputs::new(&options.rest);
    let titles = (inputs.count() > 1 || options.has('v')) && !options.has('q');
    Ok(Box::new(Head {
        inputs,
        count,
        titles,
        seen: 0,
        titled: 0,
        kept: VecDeque::new(),
    }))
}

#[derive(Clone, Debug)]
struct Head {
    inputs: Inputs,
    count: Count,
    titles: bool,
    seen: usize,
    titled: usize,
    kept: VecDeque<Vec<u8>>,
}

impl Tool for Head {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        for _ in 0..TURN {
            let full = !self.count.reverse && self.seen >= self.count.count;
            if full {
                self.inputs.skip_file();
                self.seen = 0;
                if self.inputs.index() >= self.inputs.count() {
                    return Poll::Done(i32::from(self.inputs.failed));
                }
            }
            if self.inputs.open(cx).is_some() && self.titles && self.titled < self.inputs.index() {
                title(cx, &self.inputs, self.titled == 0);
                self.titled = self.inputs.index();
            }
            let next = match self.count.bytes {
                true => self.inputs.bytes(cx),
                false => self.inputs.line(cx),
            };
            match next {
                Next::Line(mut line, newline) => {
                    if self.count.bytes {
                        let room = self.count.count.saturating_sub(self.seen);
                        self.seen += line.len();
                        if !self.count.reverse {
                            line.truncate(room);
                            cx.write(1, &line);
                        }
                        continue;
                    }
                    self.seen += 1;
                    if newline {
                        line.push(b'\n');
                    }
                    if !self.count.reverse {
                        cx.write(1, &line);
                    } else {
                        self.kept.push_back(line);
                        if self.kept.len() > self.count.count
                            && let Some(line) = self.kept.pop_front()
                        {
                            cx.write(1, &line);
                        }
                    }
                }
                Next::FileEnd => {
                    self.seen = 0;
                    self.kept.clear();
                }
                Next::Wait => return Poll::NeedInput,
                Next::End => return Poll::Done(i32::from(self.inputs.failed)),
            }
        }
        Poll::Again
    }
}

pub(super) fn tail(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let args = old_style(cx.args);
    let mut inner = Cx {
        args: &args,
        written: Vec::new(),
        io: &mut *cx.io,
        fs: &mut *cx.fs,
        ..*cx
    };
    let parsed = options::parse(&mut inner, "n:c:qvf?Fs:z", HEAD_TAIL);
    let written = std::mem::take(&mut inner.written);
    cx.written.extend(written);
    let options = parsed?;
    let count = count(cx, &options, '+')?;
    let follow = options.has('f') || options.has('F');
    let inputs = Inputs::new(&options.rest);
    let titles = (inputs.count() > 1 || options.has('v')) && !options.has('q');
    let file = options
        .rest
        .last()
        .filter(|name| follow && *name != "-")
        .map(|name| cx.path(name));
    Ok(Box::new(Tail {
        inputs,
        count,
        titles,
        titled: 0,
        kept: VecDeque::new(),
        seen: 0,
        follow: file,
        offset: None,
    }))
}

#[derive(Clone, Debug)]
struct Tail {
    inputs: Inputs,
    count: Count,
    titles: bool,
    titled: usize,
    kept: VecDeque<Vec<u8>>,
    seen: usize,
    /// The file that is watched for more.
    follow: Option<String>,
    offset: Option<usize>,
}

/// How often `tail -f` looks.
const FOLLOW_MS: i64 = 1000;

impl Tool for Tail {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        if let (Some(path), Some(offset)) = (&self.follow, self.offset) {
            let data = cx.fs.read(path).unwrap_or_default();
            let start = if data.len() < offset { 0 } else { offset };
            cx.write(1, data.get(start..).unwrap_or_default());
            self.offset = Some(data.len());
            return Poll::Sleep(cx.now_ms.saturating_add(FOLLOW_MS));
        }
        for _ in 0..TURN {
            if self.inputs.open(cx).is_some() && self.titles && self.titled < self.inputs.index() {
                title(cx, &self.inputs, self.titled == 0);
                self.titled = self.inputs.index();
            }
            let next = match self.count.bytes {
                true => self.inputs.bytes(cx),
                false => self.inputs.line(cx),
            };
            match next {
                Next::Line(mut line, newline) => {
                    if newline && !self.count.bytes {
                        line.push(b'\n');
                    }
                    self.keep(cx, line);
                }
                Next::FileEnd => self.flush(cx),
                Next::Wait => return Poll::NeedInput,
                Next::End => {
                    if let Some(path) = self.follow.as_ref().filter(|path| cx.fs.is_file(path)) {
                        self.offset = Some(cx.fs.read(path).map_or(0, |data| data.len()));
                        return Poll::Again;
                    }
                    return Poll::Done(i32::from(self.inputs.failed));
                }
            }
        }
        Poll::Again
    }
}

impl Tail {
    fn keep(&mut self, cx: &mut Cx<'_>, line: Vec<u8>) {
        let Count {
            bytes,
            reverse,
            count,
        } = self.count;
        let before = self.seen;
        self.seen += if bytes { line.len() } else { 1 };
        if reverse {
            let skip = count.saturating_sub(1);
            if bytes {
                let from = skip.saturating_sub(before).min(line.len());
                cx.write(1, line.get(from..).unwrap_or_default());
            } else if before >= skip {
                cx.write(1, &line);
            }
            return;
        }
        self.kept.push_back(line);
        if bytes {
            let mut total: usize = self.kept.iter().map(Vec::len).sum();
            while let Some(first) = self.kept.front()
                && total - first.len() >= count
            {
                total -= first.len();
                self.kept.pop_front();
            }
        } else if self.kept.len() > count {
            self.kept.pop_front();
        }
    }

    fn flush(&mut self, cx: &mut Cx<'_>) {
        let all: Vec<u8> = self.kept.drain(..).flatten().collect();
        let from = match self.count.bytes {
            true => all.len().saturating_sub(self.count.count),
            false => 0,
        };
        cx.write(1, all.get(from..).unwrap_or_default());
        self.seen = 0;
    }
}
