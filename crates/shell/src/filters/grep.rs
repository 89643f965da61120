//! grep, egrep, fgrep.

use std::collections::VecDeque;

use super::input::{Inputs, Next, TURN, text};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};
use crate::fs::resolve;
use crate::glob;
use crate::regex::Regex;

const LONG: &[(&str, char)] = &[
    ("ignore-case", 'i'),
    ("invert-match", 'v'),
    ("count", 'c'),
    ("line-number", 'n'),
    ("regexp", 'e'),
    ("file", 'f'),
    ("extended-regexp", 'E'),
    ("fixed-strings", 'F'),
    ("basic-regexp", 'G'),
    ("perl-regexp", 'P'),
    ("only-matching", 'o'),
    ("quiet", 'q'),
    ("silent", 'q'),
    ("word-regexp", 'w'),
    ("line-regexp", 'x'),
    ("after-context", 'A'),
    ("before-context", 'B'),
    ("context", 'C'),
    ("recursive", 'r'),
    ("dereference-recursive", 'R'),
    ("max-count", 'm'),
    ("no-messages", 's'),
    ("with-filename", 'H'),
    ("no-filename", 'h'),
    ("files-with-matches", 'l'),
    ("files-without-match", 'L'),
    ("line-buffered", 'U'),
    ("color", 'Z'),
    ("colour", 'Z'),
    ("include", 'I'),
    ("exclude", 'X'),
    ("text", 'a'),
];

pub(super) fn start(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let short = "ivcne:f:EFGPoqwxA:B:C:rRm:sHhlLabI:X:UZ?0:1:2:3:4:5:6:7:8:9:";
    let mut args = cx.args.to_vec();
    // `-5` is `-C 5`.
    for arg in &mut args {
        let digits = arg.strip_prefix('-').filter(|d| !d.is_empty());
        if digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit())) {
            *arg = format!("-C{}", &arg[1..]);
        }
    }
    let mut inner = Cx {
        args: &args,
        written: Vec::new(),
        io: &mut *cx.io,
        fs: &mut *cx.fs,
        ..*cx
    };
    let parsed = options::parse_with(&mut inner, short, LONG, true, 2);
    let written = std::mem::take(&mut inner.written);
    cx.written.extend(written);
    let mut options = parsed?;
    let mut patterns: Vec<String> = options.values('e').map(str::to_owned).collect();
    for file in options.values('f').map(str::to_owned).collect::<Vec<_>>() {
        match cx.fs.read_text(&cx.path(&file)) {
            Ok(text) => patterns.extend(text.lines().map(str::to_owned)),
            Err(error) => {
                cx.complain(format!("{file}: {error}"));
                return Err(2);
            }
        }
    }
    if patterns.is_empty() && !options.has('e') && !options.has('f') {
        if options.rest.is_empty() {
            let name = cx.name().to_owned();
            let text = format!(
                "Usage: {name} [OPTION]... PATTERNS [FILE]...\nTry '{name} --help' for more information.\n"
            );
            cx.write(2, text.as_bytes());
            return Err(2);
        }
        patterns = options
            .rest
            .remove(0)
            .split('\n')
            .map(str::to_owned)
            .collect();
    }
    let fixed = options.has('F') || cx.name() == "fgrep";
    let extended = options.has('E') || options.has('P') || cx.name() == "egrep";
    let mut regexes = Vec::new();
    for pattern in &patterns {
        let regex = match fixed {
            true => Ok(Regex::literal(pattern, options.has('i'))),
            false => Regex::new(pattern, extended, options.has('i')),
        };
        match regex {
            Ok(regex) => regexes.push(regex),
            Err(error) => {
                cx.complain(error);
                return Err(2);
            }
        }
    }
    let recursive = options.has('r') || options.has('R');
    let mut files = options.rest.clone();
    if recursive {
        let roots = if files.is_empty() {
            vec![String::new()]
        } else {
            files
        };
        files = Vec::new();
        for root in roots {
            walk(cx, &root, &options, &mut files, 0);
        }
        // Nothing to search: do not fall back on standard input.
        if files.is_empty() {
            files.push("/dev/null".to_owned());
        }
    }
    let mut number = |flag: char| match options.value(flag) {
        None => Ok(None),
        Some(text) => text.parse::<usize>().map(Some).map_err(|_| {
            let what = if flag == 'm' {
                "max count"
            } else {
                "context length argument"
            };
            cx.complain(format!("{text}: invalid {what}").trim_start().to_owned());
            2
        }),
    };
    let both = number('C')?.unwrap_or(0);
    let (after, before) = (number('A')?.unwrap_or(both), number('B')?.unwrap_or(both));
    let most = number('m')?;
    let names = (files.len() > 1 || recursive || options.has('H')) && !options.has('h');
    let mut inputs = Inputs::new(&files);
    inputs.silent = options.has('s');
    Ok(Box::new(Grep {
        inputs,
        options,
        regexes,
        names,
        after,
        before,
        most,
        line: 0,
        found: 0,
        any: false,
        name: String::new(),
        held: VecDeque::new(),
        trailing: 0,
        last_printed: None,
        finished: false,
    }))
}

fn walk(cx: &mut Cx<'_>, path: &str, options: &Options, out: &mut Vec<String>, depth: usize) {
    let absolute = resolve(cx.cwd, path);
    if !cx.fs.is_dir(&absolute) {
        let name = crate::fs::name(path);
        let included = options
            .values('I')
            .all(|pattern| !glob::matches(pattern, name));
        let wanted = !options.has('I') || !included;
        let excluded = options
            .values('X')
            .any(|pattern| glob::matches(pattern, name));
        if depth == 0 || wanted && !excluded {
            out.push(path.to_owned());
        }
        return;
    }
    for name in cx.fs.list(&absolute).unwrap_or_default() {
        let child = match path {
            "" => name,
            path => format!("{}/{name}", path.trim_end_matches('/')),
        };
        if depth < 64 && out.len() < 100_000 {
            walk(cx, &child, options, out, depth + 1);
        }
    }
}

#[derive(Clone, Debug)]
struct Grep {
    inputs: Inputs,
    options: Options,
    regexes: Vec<Regex>,
    names: bool,
    after: usize,
    before: usize,
    most: Option<usize>,
    line: usize,
    found: usize,
    any: bool,
    name: String,
    /// Lines that may become context before a match.
    held: VecDeque<(usize, String)>,
    /// Lines still to print after a match.
    trailing: usize,
    last_printed: Option<usize>,
    finished: bool,
}

impl Tool for Grep {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        for _ in 0..TURN {
            if self.inputs.open(cx).is_some() {
                let name = self.inputs.name();
                self.name = if name == "-" {
                    "(standard input)".to_owned()
                } else {
                    name.to_owned()
                };
            }
            match self.inputs.line(cx) {
                Next::Line(line, _) => {
                    self.line += 1;
                    self.one(cx, text(&line));
                    if self.any && self.options.has('q') {
                        return Poll::Done(0);
                    }
                    if self.finished {
                        self.inputs.skip_file();
                        self.file_end(cx);
                    }
                }
                Next::FileEnd => self.file_end(cx),
                Next::Wait => return Poll::NeedInput,
                Next::End => {
                    let failed = self.inputs.failed && !(self.any && self.options.has('q'));
                    return Poll::Done(if failed { 2 } else { i32::from(!self.any) });
                }
            }
        }
        Poll::Again
    }
}

impl Grep {
    /// The matches of a line, as ranges of characters.
    fn matches(&self, line: &[char]) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        let mut from = 0;
        while from <= line.len() {
            let found = self
                .regexes
                .iter()
                .filter_map(|regex| self.find(regex, line, from));
            // Of several patterns the leftmost, and then the longest, counts.
            let Some((start, end)) = found.min_by_key(|(s, e)| (*s, usize::MAX - *e)) else {
                break;
            };
            out.push((start, end));
            from = if end > start { end } else { end + 1 };
            if !self.options.has('o') {
                break;
            }
        }
        out
    }

    fn find(&self, regex: &Regex, line: &[char], from: usize) -> Option<(usize, usize)> {
        let mut from = from;
        loop {
            let (start, end) = (*regex.find_at(line, from)?.first()?)?;
            let word = |at: usize| {
                line.get(at)
                    .is_some_and(|c| c.is_alphanumeric() || *c == '_')
            };
            let whole = start == 0 && end == line.len();
            let bounded = (start == 0 || !word(start - 1)) && !word(end);
            let fits = (!self.options.has('x') || whole) && (!self.options.has('w') || bounded);
            if fits {
                return Some((start, end));
            }
            from = start + 1;
            if from > line.len() {
                return None;
            }
        }
    }

    fn one(&mut self, cx: &mut Cx<'_>, line: String) {
        let chars: Vec<char> = line.chars().collect();
        let matches = self.matches(&chars);
        let selected = matches.is_empty() == self.options.has('v');
        if !selected {
            if self.trailing > 0 {
                self.trailing -= 1;
                self.print(cx, self.line, &line, '-');
            } else if self.before > 0 {
                self.held.push_back((self.line, line));
                if self.held.len() > self.before {
                    self.held.pop_front();
                }
            }
            return;
        }
        if self.most == Some(0) {
            self.finished = true;
            return;
        }
        self.any = true;
        self.found += 1;
        self.finished = self.most.is_some_and(|most| self.found >= most);
        if ['q', 'c'].iter().any(|flag| self.options.has(*flag)) {
            return;
        }
        if self.options.has('l') || self.options.has('L') {
            self.finished = true;
            return;
        }
        if self.options.has('o') {
            for (start, end) in matches.into_iter().filter(|(start, end)| end > start) {
                let part: String = chars.get(start..end).unwrap_or_default().iter().collect();
                self.print(cx, self.line, &part, ':');
            }
            return;
        }
        let context = self.before > 0 || self.after > 0;
        let first = self.held.front().map_or(self.line, |(number, _)| *number);
        if context && self.last_printed.is_some_and(|last| first > last + 1) {
            cx.out("--\n");
        }
        for (number, held) in std::mem::take(&mut self.held) {
            self.print(cx, number, &held, '-');
        }
        self.print(cx, self.line, &line, ':');
        self.trailing = self.after;
    }

    fn print(&mut self, cx: &mut Cx<'_>, number: usize, line: &str, mark: char) {
        let mut out = String::new();
        if self.names {
            out.push_str(&self.name);
            out.push(mark);
        }
        if self.options.has('n') {
            out.push_str(&format!("{number}{mark}"));
        }
        out.push_str(line);
        out.push('\n');
        cx.out(&out);
        self.last_printed = Some(number);
    }

    fn file_end(&mut self, cx: &mut Cx<'_>) {
        if self.options.has('c') && !self.options.has('q') {
            let prefix = if self.names {
                format!("{}:", self.name)
            } else {
                String::new()
            };
            cx.out(&format!("{prefix}{}\n", self.found));
        }
        let listed = self.options.has('l') && self.found > 0;
        let unlisted = self.options.has('L') && self.found == 0;
        if (listed || unlisted) && self.inputs.index() > 0 {
            cx.out(&format!("{}\n", self.name));
        }
        self.line = 0;
        self.found = 0;
        self.trailing = 0;
        self.held.clear();
        self.finished = false;
        // A separator stands between files too, when there is context.
        self.last_printed = self.last_printed.map(|_| 0);
    }
}
