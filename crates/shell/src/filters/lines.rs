//! cut, fold, nl, rev, seq, tac, uniq.

use super::input::{Inputs, Next, TURN, text};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};
use crate::width::{char_width, width};

pub(super) type Started = Result<Box<dyn Tool>, i32>;

/// A tool that looks at one line after the other.
#[derive(Clone, Debug)]
struct Lines<T> {
    inputs: Inputs,
    state: T,
}

pub(super) trait LineTool: Clone + std::fmt::Debug + 'static {
    fn line(&mut self, line: &str, newline: bool, cx: &mut Cx<'_>);
    fn end(&mut self, _: &mut Cx<'_>) {}
}

impl<T: LineTool> Tool for Lines<T> {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        for _ in 0..TURN {
            match self.inputs.line(cx) {
                Next::Line(line, newline) => self.state.line(&text(&line), newline, cx),
                Next::FileEnd => {}
                Next::Wait => return Poll::NeedInput,
                Next::End => {
                    self.state.end(cx);
                    return Poll::Done(i32::from(self.inputs.failed));
                }
            }
        }
        Poll::Again
    }
}

pub(super) fn lines<T: LineTool>(files: &[String], state: T) -> Started {
    Ok(Box::new(Lines {
        inputs: Inputs::new(files),
        state,
    }))
}

pub(super) fn rev(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "", &[])?;
    lines(&options.rest, Rev)
}

#[derive(Clone, Debug)]
struct Rev;

impl LineTool for Rev {
    fn line(&mut self, line: &str, _: bool, cx: &mut Cx<'_>) {
        let text: String = line.chars().rev().collect();
        cx.out(&format!("{text}\n"));
    }
}

pub(super) fn tac(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "", &[])?;
    lines(&options.rest, Tac(Vec::new()))
}

#[derive(Clone, Debug)]
struct Tac(Vec<String>);

impl LineTool for Tac {
    fn line(&mut self, line: &str, newline: bool, _: &mut Cx<'_>) {
        self.0.push(if newline {
            format!("{line}\n")
        } else {
            line.to_owned()
        });
    }

    fn end(&mut self, cx: &mut Cx<'_>) {
        for line in self.0.iter().rev() {
            cx.out(line);
        }
    }
}

pub(super) fn nl(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "b:w:s:v:n:", &[])?;
    let number = options
        .value('v')
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    lines(&options.rest.clone(), Nl { number, options })
}

#[derive(Clone, Debug)]
struct Nl {
    number: i64,
    options: Options,
}

impl LineTool for Nl {
    fn line(&mut self, line: &str, _: bool, cx: &mut Cx<'_>) {
        let all = self.options.value('b') == Some("a");
        let width = self
            .options
            .value('w')
            .and_then(|text| text.parse().ok())
            .unwrap_or(6);
        let width: usize = std::cmp::min(width, 100);
        let gap = self.options.value('s').unwrap_or("\t");
        if line.is_empty() && !all {
            cx.out(&format!("{:width$}{}\n", "", " ".repeat(gap.len())));
            return;
        }
        let number = self.number;
        cx.out(&format!("{number:>width$}{gap}{line}\n"));
        self.number += 1;
    }
}

pub(super) fn fold(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "w:s", &[("width", 'w'), ("spaces", 's')])?;
    let columns = options
        .value('w')
        .and_then(|text| text.parse().ok())
        .unwrap_or(80)
        .max(2);
    lines(
        &options.rest,
        Fold {
            columns,
            spaces: options.has('s'),
        },
    )
}

#[derive(Clone, Debug)]
struct Fold {
    columns: usize,
    spaces: bool,
}

impl LineTool for Fold {
    fn line(&mut self, line: &str, _: bool, cx: &mut Cx<'_>) {
        let mut now = String::new();
        let mut cells = 0;
        for c in line.chars() {
            if cells + char_width(c) > self.columns {
                let blank = now.rfind(' ').filter(|_| self.spaces);
                let rest = blank.map(|at| now.split_off(at + 1)).unwrap_or_default();
                cx.out(&format!("{now}\n"));
                cells = width(&rest);
                now = rest;
            }
            now.push(c);
            cells += char_width(c);
        }
        cx.out(&format!("{now}\n"));
    }
}

pub(super) fn uniq(cx: &mut Cx<'_>) -> Started {
    let long = [
        ("count", 'c'),
        ("repeated", 'd'),
        ("unique", 'u'),
        ("ignore-case", 'i'),
    ];
    let options = options::parse(cx, "cduif:s:w:", &long)?;
    let files = options
        .rest
        .get(..options.rest.len().min(1))
        .unwrap_or_default()
        .to_vec();
    lines(
        &files,
        Uniq {
            options,
            last: None,
            count: 0,
        },
    )
}

#[derive(Clone, Debug)]
struct Uniq {
    options: Options,
    last: Option<String>,
    count: usize,
}

impl Uniq {
    fn key(&self, line: &str) -> String {
        let number = |flag| {
            self.options
                .value(flag)
                .and_then(|text| text.parse::<usize>().ok())
        };
        let mut rest = line;
        for _ in 0..number('f').unwrap_or(0).min(1000) {
            rest = rest.trim_start();
            rest = rest.find(char::is_whitespace).map_or("", |at| &rest[at..]);
        }
        let mut key: String = rest.chars().skip(number('s').unwrap_or(0)).collect();
        if let Some(most) = number('w') {
            key = key.chars().take(most).collect();
        }
        if self.options.has('i') {
            key.to_lowercase()
        } else {
            key
        }
    }

    fn flush(&mut self, cx: &mut Cx<'_>) {
        let Some(last) = self.last.take() else { return };
        let wanted = (!self.options.has('d') || self.count > 1)
            && (!self.options.has('u') || self.count == 1);
        if !wanted {
            return;
        }
        if self.options.has('c') {
            cx.out(&format!("{:>7} ", self.count));
        }
        cx.out(&format!("{last}\n"));
    }
}

impl LineTool for Uniq {
    fn line(&mut self, line: &str, _: bool, cx: &mut Cx<'_>) {
        let same = self
            .last
            .as_ref()
            .is_some_and(|last| self.key(last) == self.key(line));
        if same {
            self.count += 1;
            return;
        }
        self.flush(cx);
        self.last = Some(line.to_owned());
        self.count = 1;
    }

    fn end(&mut self, cx: &mut Cx<'_>) {
        self.flush(cx);
    }
}

pub(super) fn cut(cx: &mut Cx<'_>) -> Started {
    let long = [
        ("delimiter", 'd'),
        ("fields", 'f'),
        ("characters", 'c'),
        ("bytes", 'b'),
        ("only-delimited", 's'),
        ("output-delimiter", 'O'),
        ("complement", 'C'),
    ];
    let options = options::parse(cx, "d:f:c:b:sO:Cn", &long)?;
    let kinds: Vec<char> = "fcb".chars().filter(|flag| options.has(*flag)).collect();
    let try_help = "Try 'cut --help' for more information.\n";
    let kind = match kinds.as_slice() {
        [kind] => *kind,
        kinds => {
            cx.complain(match kinds.is_empty() {
                true => "you must specify a list of bytes, characters, or fields",
                false => "only one type of list may be specified",
            });
            cx.write(2, try_help.as_bytes());
            return Err(1);
        }
    };
    let list = options.value(kind).unwrap_or("");
    let Some(ranges) = ranges(list) else {
        let what = if kind == 'f' {
            "fields are numbered from 1"
        } else {
            "invalid byte/character position"
        };
        cx.complain(what);
        cx.write(2, try_help.as_bytes());
        return Err(1);
    };
    let delimiter = options.value('d').unwrap_or("\t");
    if delimiter.chars().count() != 1 {
        cx.complain("the delimiter must be a single character");
        cx.write(2, try_help.as_bytes());
        return Err(1);
    }
    let state = Cut {
        kind,
        ranges,
        delimiter: delimiter.to_owned(),
        glue: options.value('O').unwrap_or(delimiter).to_owned(),
        only: options.has('s'),
        complement: options.has('C'),
    };
    lines(&options.rest, state)
}

/// `1,3-5,7-`
fn ranges(list: &str) -> Option<Vec<(usize, usize)>> {
    let mut out = Vec::new();
    for part in list.split(',') {
        let (low, high) = match part.split_once('-') {
            Some(("", "")) => return None,
            Some((low, high)) => (
                if low.is_empty() { 1 } else { low.parse().ok()? },
                if high.is_empty() {
                    usize::MAX
                } else {
                    high.parse().ok()?
                },
            ),
            None => (part.parse().ok()?, part.parse().ok()?),
        };
        if low == 0 || high < low {
            return None;
        }
        out.push((low, high));
    }
    Some(out)
}

#[derive(Clone, Debug)]
struct Cut {
    kind: char,
    ranges: Vec<(usize, usize)>,
    delimiter: String,
    glue: String,
    only: bool,
    complement: bool,
}

impl LineTool for Cut {
    fn line(&mut self, line: &str, _: bool, cx: &mut Cx<'_>) {
        let wanted = |at: usize| {
            self.ranges
                .iter()
                .any(|(low, high)| (*low..=*high).contains(&(at + 1)))
                != self.complement
        };
        if self.kind != 'f' {
            let text: String = line
                .chars()
                .enumerate()
                .filter(|(at, _)| wanted(*at))
                .map(|(_, c)| c)
                .collect();
            cx.out(&format!("{text}\n"));
            return;
        }
        if !line.contains(&self.delimiter) {
            if !self.only {
                cx.out(&format!("{line}\n"));
            }
            return;
        }
        let fields = line.split(self.delimiter.as_str()).enumerate();
        let fields: Vec<&str> = fields
            .filter(|(at, _)| wanted(*at))
            .map(|(_, f)| f)
            .collect();
        cx.out(&format!("{}\n", fields.join(&self.glue)));
    }
}

/// Most numbers that one `seq` prints.
const MAX_SEQ: usize = 1_000_000;

pub(super) fn seq(cx: &mut Cx<'_>) -> i32 {
    let mut separator = "\n".to_owned();
    let mut pad = false;
    let mut numbers = Vec::new();
    let mut args = cx.args.get(1..).unwrap_or_default().iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-w" | "--equal-width" => pad = true,
            "-s" => separator = crate::syntax::unescape(args.next().map_or("", |s| s)),
            arg if arg.starts_with("-s") && arg.len() > 2 => {
                separator = crate::syntax::unescape(&arg[2..]);
            }
            arg => match arg.parse::<f64>() {
                Ok(_) => numbers.push(arg.to_owned()),
                Err(_) => {
                    cx.complain(format!("invalid floating point argument: '{arg}'"));
                    cx.write(2, b"Try 'seq --help' for more information.\n");
                    return 1;
                }
            },
        }
    }
    let one = "1".to_owned();
    let (first, step, last) = match numbers.as_slice() {
        [last] => (&one, &one, last),
        [first, last] => (first, &one, last),
        [first, step, last] => (first, step, last),
        _ => {
            cx.complain("missing operand");
            cx.write(2, b"Try 'seq --help' for more information.\n");
            return 1;
        }
    };
    // Decimals are counted in units of the last place, so that no rounding shows.
    let places = |text: &str| {
        text.split_once('.')
            .map_or(0, |(_, digits)| digits.len())
            .min(9)
    };
    let decimals = places(first).max(places(step)).max(places(last));
    let scale = 10f64.powi(decimals as i32);
    let units = |text: &str| (text.parse::<f64>().unwrap_or(0.0) * scale).round() as i64;
    let (mut value, step, last) = (units(first), units(step), units(last));
    if step == 0 {
        cx.complain(format!("invalid Zero increment value: '{}'", numbers[1]));
        return 1;
    }
    let show = |value: i64, width: usize| format!("{:0width$.decimals$}", value as f64 / scale);
    let width = if pad {
        show(value, 0).len().max(show(last, 0).len())
    } else {
        0
    };
    let mut out = String::new();
    for _ in 0..MAX_SEQ {
        if step > 0 && value > last || step < 0 && value < last {
            break;
        }
        if !out.is_empty() {
            out.push_str(&separator);
        }
        out.push_str(&show(value, width));
        value = value.saturating_add(step);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    cx.out(&out);
    0
}
