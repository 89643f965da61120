//! sort and shuf.

use std::cmp::Ordering;

use super::input::{Inputs, Next, TURN, text};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};

/// Lines kept at most.
const MAX_LINES: usize = 1_000_000;

#[derive(Clone, Debug, Default)]
struct Key {
    /// Field and character, from 1; character 0 means the whole field.
    from: (usize, usize),
    to: Option<(usize, usize)>,
    flags: String,
}

pub(super) fn start(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let long = [
        ("numeric-sort", 'n'),
        ("reverse", 'r'),
        ("key", 'k'),
        ("unique", 'u'),
        ("field-separator", 't'),
        ("human-numeric-sort", 'h'),
        ("ignore-case", 'f'),
        ("ignore-leading-blanks", 'b'),
        ("version-sort", 'V'),
        ("stable", 's'),
        ("output", 'o'),
        ("check", 'c'),
    ];
    let options = options::parse_with(cx, "nrk:ut:hfbVso:cdgMiRz", &long, true, 2)?;
    let mut keys = Vec::new();
    for text in options.values('k') {
        match parse_key(text) {
            Some(key) => keys.push(key),
            None => {
                let text =
                    format!("invalid number at field start: invalid count at start of '{text}'");
                cx.complain(text);
                return Err(2);
            }
        }
    }
    let inputs = Inputs::new(&options.rest);
    Ok(Box::new(Sort {
        inputs,
        options,
        keys,
        lines: Vec::new(),
    }))
}

fn parse_key(text: &str) -> Option<Key> {
    let (from, to) = match text.split_once(',') {
        Some((from, to)) => (from, Some(to)),
        None => (text, None),
    };
    let mut flags = String::new();
    let mut place = |text: &str, is_end: bool| -> Option<(usize, usize)> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        flags.push_str(&text[digits.len()..]);
        let (field, character) = digits.split_once('.').unwrap_or((digits, "0"));
        let field: usize = field.parse().ok().filter(|field| *field > 0)?;
        Some((
            field,
            character
                .parse()
                .ok()
                .filter(|c| is_end || *c < usize::MAX)?,
        ))
    };
    let from = place(from, false)?;
    let to = match to {
        Some(to) => Some(place(to, true)?),
        None => None,
    };
    Some(Key { from, to, flags })
}

#[derive(Clone, Debug)]
struct Sort {
    inputs: Inputs,
    options: Options,
    keys: Vec<Key>,
    lines: Vec<String>,
}

impl Tool for Sort {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        for _ in 0..TURN {
            match self.inputs.line(cx) {
                Next::Line(line, _) if self.lines.len() < MAX_LINES => self.lines.push(text(&line)),
                Next::Line(..) | Next::FileEnd => {}
                Next::Wait => return Poll::NeedInput,
                Next::End if self.inputs.failed => return Poll::Done(2),
                Next::End => return Poll::Done(self.finish(cx)),
            }
        }
        Poll::Again
    }
}

impl Sort {
    fn finish(&mut self, cx: &mut Cx<'_>) -> i32 {
        let mut lines = std::mem::take(&mut self.lines);
        if self.options.has('c') {
            let wrong = lines
                .windows(2)
                .position(|pair| self.compare(&pair[0], &pair[1]).is_gt());
            if let Some(at) = wrong {
                cx.complain(format!("-:{}: disorder: {}", at + 2, lines[at + 1]));
                return 1;
            }
            return 0;
        }
        if self.options.has('R') {
            let mut keyed: Vec<(u64, String)> = lines
                .into_iter()
                .map(|line| (cx.io.random() << 15 ^ cx.io.random(), line))
                .collect();
            keyed.sort();
            lines = keyed.into_iter().map(|(_, line)| line).collect();
        } else {
            lines.sort_by(|a, b| self.compare(a, b));
        }
        if self.options.has('u') {
            lines.dedup_by(|a, b| self.compare_keys(a, b).is_eq());
        }
        let mut out = lines.join("\n");
        if !lines.is_empty() {
            out.push('\n');
        }
        if let Some(file) = self.options.value('o') {
            let path = cx.path(file);
            if let Err(error) = cx.fs.write(&path, &out) {
                cx.complain(format!("open failed: {file}: {error}"));
                return 2;
            }
            return 0;
        }
        cx.out(&out);
        0
    }

    fn compare(&self, a: &str, b: &str) -> Ordering {
        let order = self.compare_keys(a, b);
        if order.is_ne() || self.options.has('s') || self.options.has('u') {
            return order;
        }
        // The last resort is the whole line.
        let order = a.cmp(b);
        if self.options.has('r') {
            order.reverse()
        } else {
            order
        }
    }

    fn compare_keys(&self, a: &str, b: &str) -> Ordering {
        let global: String = self
            .options
            .flags
            .iter()
            .map(|(flag, _)| *flag)
            .filter(|f| "nrhfbVdgM".contains(*f))
            .collect();
        if self.keys.is_empty() {
            return compare_text(a, b, &global);
        }
        for key in &self.keys {
            let flags = if key.flags.is_empty() {
                &global
            } else {
                &key.flags
            };
            let order = compare_text(self.field(a, key, flags), self.field(b, key, flags), flags);
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }

    /// The part of a line that a key names.
    fn field<'a>(&self, line: &'a str, key: &Key, flags: &str) -> &'a str {
        let bounds = self.bounds(line);
        let skip = |start: usize, end: usize| {
            let part = line.get(start..end).unwrap_or("");
            if flags.contains('b') {
                start + part.len() - part.trim_start().len()
            } else {
                start
            }
        };
        let Some(&(start, end)) = bounds.get(key.from.0 - 1) else {
            return "";
        };
        let from = nth_char(line, skip(start, end), key.from.1.saturating_sub(1));
        let to = match key.to {
            None => line.len(),
            Some((field, character)) => match bounds.get(field.wrapping_sub(1)) {
                None => line.len(),
                Some(&(_, end)) if character == 0 => end,
                Some(&(start, end)) => nth_char(line, skip(start, end), character),
            },
        };
        line.get(from..to.max(from)).unwrap_or("")
    }

    /// Where the fields are. Without -t a field begins with the blanks before it.
    fn bounds(&self, line: &str) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        let mut start = 0;
        if let Some(separator) = self.options.value('t').and_then(|text| text.chars().next()) {
            for (at, _) in line.char_indices().filter(|(_, c)| *c == separator) {
                out.push((start, at));
                start = at + separator.len_utf8();
            }
        } else {
            let mut in_word = false;
            for (at, c) in line.char_indices() {
                let blank = c == ' ' || c == '\t';
                if blank && in_word {
                    out.push((start, at));
                    start = at;
                }
                in_word = !blank;
            }
        }
        out.push((start, line.len()));
        out
    }
}

fn nth_char(line: &str, from: usize, count: usize) -> usize {
    let rest = line.get(from..).unwrap_or("");
    from + rest
        .char_indices()
        .nth(count)
        .map_or(rest.len(), |(at, _)| at)
}

fn compare_text(a: &str, b: &str, flags: &str) -> Ordering {
    let order = if flags.contains('n') || flags.contains('g') {
        number(a).total_cmp(&number(b))
    } else if flags.contains('h') {
        human(a).total_cmp(&human(b))
    } else if flags.contains('V') {
        version(a, b)
    } else if flags.contains('f') {
        a.trim_start_matches(|c: char| flags.contains('b') && c.is_whitespace())
            .to_lowercase()
            .cmp(
                &b.trim_start_matches(|c: char| flags.contains('b') && c.is_whitespace())
                    .to_lowercase(),
            )
    } else {
        a.cmp(b)
    };
    if flags.contains('r') {
        order.reverse()
    } else {
        order
    }
}

/// The number at the start of a text; 0 if there is none.
fn number(text: &str) -> f64 {
    let text = text.trim_start();
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let sign = usize::from(text.starts_with('-'));
    let end = text[sign..]
        .find(|c| !digits(c))
        .map_or(text.len(), |at| at + sign);
    text.get(..end)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0.0)
}

/// `1K`, `10Mi`, `2G`
fn human(text: &str) -> f64 {
    let text = text.trim_start();
    let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || "-.".contains(c));
    let power = suffix
        .chars()
        .next()
        .and_then(|c| "KMGTPE".find(c.to_ascii_uppercase()));
    let scale = power.map_or(0, |at| at as i32 + 1);
    number(text) * 1024f64.powi(scale)
}

/// Digits compare as numbers, the rest as text.
fn version(a: &str, b: &str) -> Ordering {
    let pieces = |text: &str| {
        let mut out: Vec<(String, u64)> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let word = rest
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (head, tail) = rest.split_at(word);
            let digits = tail
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(tail.len());
            out.push((head.to_owned(), tail[..digits].parse().unwrap_or(0)));
            rest = &tail[digits..];
        }
        out
    };
    pieces(a).cmp(&pieces(b))
}

pub(super) fn shuf(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let options = options::parse(cx, "n:ei:", &[("head-count", 'n'), ("echo", 'e')])?;
    let most = options
        .value('n')
        .and_then(|text| text.parse().ok())
        .unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    if let Some((low, high)) = options.value('i').and_then(|text| text.split_once('-')) {
        let (low, high) = (
            low.parse::<u64>().unwrap_or(0),
            high.parse::<u64>().unwrap_or(0),
        );
        lines.extend(
            (low..=high)
                .take(MAX_LINES)
                .map(|number| number.to_string()),
        );
    } else if options.has('e') {
        lines = options.rest.clone();
    }
    let given = options.has('e') || options.has('i');
    let inputs = Inputs::new(if given { &[] } else { &options.rest });
    Ok(Box::new(Shuf {
        inputs,
        lines,
        most,
        given,
    }))
}

#[derive(Clone, Debug)]
struct Shuf {
    inputs: Inputs,
    lines: Vec<String>,
    most: usize,
    given: bool,
}

impl Tool for Shuf {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        while !self.given {
            match self.inputs.line(cx) {
                Next::Line(line, _) => self.lines.push(text(&line)),
                Next::FileEnd => {}
                Next::Wait => return Poll::NeedInput,
                Next::End => break,
            }
        }
        for at in (1..self.lines.len()).rev() {
            let other = (cx.io.random() << 15 ^ cx.io.random()) as usize % (at + 1);
            self.lines.swap(at, other);
        }
        for line in self.lines.iter().take(self.most) {
            cx.out(&format!("{line}\n"));
        }
        Poll::Done(i32::from(self.inputs.failed))
    }
}
