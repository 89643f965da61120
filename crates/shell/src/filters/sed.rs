//! sed: a stream of lines, edited by a small program.
//!
//! The real one is GNU sed (`sed/execute.c`). Left out: `w`, `r` from standard input, `e`, `l`.

mod parse;
mod replace;

use super::input::{Inputs, Next, TURN, text};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};
use crate::regex::Regex;
use parse::Parser;
use replace::substitute;

/// Commands run for one line; a `b` loop that never ends stops here.
const MAX_STEPS: usize = 100_000;

#[derive(Clone, Debug)]
enum Address {
    Line(usize),
    Last,
    Match(Regex),
    Step(usize, usize),
    /// `+N` after a first address.
    Plus(usize),
}

#[derive(Clone, Debug)]
struct Command {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    /// For a range: the line at which it ends, if known, while it is open.
    open: Option<usize>,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
    Begin(usize),
    End,
    Substitute {
        regex: Regex,
        with: Vec<Piece>,
        all: bool,
        nth: usize,
        print: bool,
    },
    Translate(Vec<char>, Vec<char>),
    Text(char, String),
    Branch(char, Option<String>, usize),
    Label(String),
    Quit(char, i32),
    /// Commands of one letter without arguments.
    Simple(char),
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Group(usize),
    Case(char),
}

pub(super) fn start(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let long = [
        ("quiet", 'n'),
        ("silent", 'n'),
        ("expression", 'e'),
        ("file", 'f'),
        ("regexp-extended", 'E'),
        ("in-place", 'i'),
        ("separate", 's'),
        ("unbuffered", 'u'),
    ];
    let mut options = options::parse(cx, "ne:f:Eri?su", &long)?;
    let mut scripts: Vec<String> = Vec::new();
    for (flag, value) in options.flags.clone() {
        match flag {
            'e' => scripts.push(value),
            'f' => match cx.fs.read_text(&cx.path(&value)) {
                Ok(text) => scripts.push(text.trim_end_matches('\n').to_owned()),
                Err(error) => {
                    cx.complain(format!("couldn't open file {value}: {error}"));
                    return Err(1);
                }
            },
            _ => {}
        }
    }
    if scripts.is_empty() {
        if options.rest.is_empty() {
            cx.write(
                2,
                b"Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n",
            );
            return Err(1);
        }
        scripts.push(options.rest.remove(0));
    }
    let extended = options.has('E') || options.has('r');
    let script = scripts.join("\n");
    let mut parser = Parser {
        text: script.chars().collect(),
        at: 0,
        extended,
    };
    let commands = match parser.program() {
        Ok(commands) => commands,
        Err(error) => {
            let at = parser.at;
            cx.complain(format!("-e expression #1, char {at}: {error}"));
            return Err(1);
        }
    };
    let inputs = Inputs::new(&options.rest);
    Ok(Box::new(Sed {
        inputs,
        commands,
        quiet: options.has('n'),
        in_place: options.has('i'),
        options,
        line: 0,
        next: None,
        started: false,
        hold: String::new(),
        space: String::new(),
        after: Vec::new(),
        file_out: String::new(),
        file: String::new(),
        quit: None,
        ended: false,
    }))
}

#[derive(Clone, Debug)]
struct Sed {
    inputs: Inputs,
    commands: Vec<Command>,
    options: Options,
    quiet: bool,
    in_place: bool,
    line: usize,
    /// One line is read ahead, to know which one is the last (`$`).
    next: Option<(String, bool)>,
    started: bool,
    hold: String,
    space: String,
    /// What `a` and `r` print at the end of the cycle.
    after: Vec<String>,
    /// With -i: what the present file becomes.
    file_out: String,
    file: String,
    quit: Option<i32>,
    ended: bool,
}

impl Tool for Sed {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        for _ in 0..TURN {
            if self.inputs.open(cx).is_some() && self.file.is_empty() {
                self.file = self.inputs.name().to_owned();
            }
            let next = match self.ended {
                true => Next::End,
                false => self.inputs.line(cx),
            };
            match next {
                Next::Line(line, newline) => {
                    if let Some((before, newline)) = self.next.replace((text(&line), newline)) {
                        self.cycle(cx, before, newline, false);
                    }
                }
                // With -i every file is a stream of its own; `$` is its last line.
                Next::FileEnd if self.in_place || self.options.has('s') => {
                    if let Some((before, newline)) = self.next.take() {
                        self.cycle(cx, before, newline, true);
                    }
                    self.line = 0;
                    self.end_file(cx);
                }
                Next::FileEnd => self.file.clear(),
                Next::Wait => return Poll::NeedInput,
                Next::End => {
                    if let Some((before, newline)) = self.next.take() {
                        self.cycle(cx, before, newline, true);
                    }
                    return Poll::Done(self.quit.unwrap_or(if self.inputs.failed { 2 } else { 0 }));
                }
            }
            if let Some(status) = self.quit {
                if self.in_place {
                    self.drain_file(cx);
                }
                return Poll::Done(status);
            }
        }
        Poll::Again
    }
}

impl Sed {
    fn end_file(&mut self, cx: &mut Cx<'_>) {
        let name = std::mem::take(&mut self.file);
        if !self.in_place || name.is_empty() || name == "-" {
            return;
        }
        let path = cx.path(&name);
        if let Some(suffix) = self.options.value('i').filter(|suffix| !suffix.is_empty())
            && let Ok(old) = cx.fs.read(&path)
        {
            let _ = cx.fs.write(&format!("{path}{suffix}"), old.as_slice());
        }
        let text = std::mem::take(&mut self.file_out);
        if let Err(error) = cx.fs.write(&path, text) {
            cx.complain(format!("couldn't open temporary file {name}: {error}"));
            self.quit = Some(4);
        }
    }

    /// After `q` with -i the rest of the file stays as it is.
    fn drain_file(&mut self, cx: &mut Cx<'_>) {
        if let Some((line, newline)) = self.next.take() {
            self.file_out.push_str(&line);
            self.file_out.push_str(if newline { "\n" } else { "" });
        }
        while let Next::Line(line, newline) = self.inputs.line(cx) {
            self.file_out.push_str(&text(&line));
            self.file_out.push_str(if newline { "\n" } else { "" });
        }
        self.end_file(cx);
    }

    fn print(&mut self, cx: &mut Cx<'_>, text: &str, newline: bool) {
        let end = if newline { "\n" } else { "" };
        match self.in_place {
            true => {
                self.file_out.push_str(text);
                self.file_out.push_str(end);
            }
            false => cx.out(&format!("{text}{end}")),
        }
    }

    /// Runs the program over one line.
    fn cycle(&mut self, cx: &mut Cx<'_>, line: String, newline: bool, last: bool) {
        self.line += 1;
        let appended = std::mem::take(&mut self.started);
        if appended {
            self.space.push('\n');
            self.space.push_str(&line);
        } else {
            self.space = line;
        }
        let deleted = self.execute(cx, newline, last);
        if !self.quiet && !deleted {
            let space = self.space.clone();
            self.print(cx, &space, newline || !last || !self.after.is_empty());
        }
        for text in std::mem::take(&mut self.after) {
            self.print(cx, &text, true);
        }
    }

    /// True if the pattern space is not to be printed at the end.
    fn execute(&mut self, cx: &mut Cx<'_>, newline: bool, last: bool) -> bool {
        let mut at = 0;
        let mut replaced = false;
        for _ in 0..MAX_STEPS {
            let Some(action) = self.commands.get(at).map(|c| c.action.clone()) else {
                return false;
            };
            let selected = self.selected(at, last);
            at += 1;
            if let Action::Begin(end) = action {
                if !selected {
                    at = end + 1;
                }
                continue;
            }
            if !selected {
                continue;
            }
            match action {
                Action::Substitute {
                    regex,
                    with,
                    all,
                    nth,
                    print,
                } => {
                    if let Some(new) = substitute(&self.space, &regex, &with, all, nth) {
                        self.space = new;
                        replaced = true;
                        if print {
                            let space = self.space.clone();
                            self.print(cx, &space, true);
                        }
                    }
                }
                Action::Translate(from, to) => {
                    let change = |c: char| {
                        let place = from.iter().position(|known| *known == c);
                        place.and_then(|at| to.get(at)).copied().unwrap_or(c)
                    };
                    self.space = self.space.chars().map(change).collect();
                }
                Action::Text('i', text) => self.print(cx, &text, true),
                Action::Text('c', text) => {
                    let inside = self.commands.get(at - 1).is_some_and(|c| c.open.is_some());
                    if !inside {
                        self.print(cx, &text, true);
                    }
                    return true;
                }
                Action::Text('r', file) => {
                    if let Ok(text) = cx.fs.read_text(&cx.path(&file)) {
                        self.after.push(text.trim_end_matches('\n').to_owned());
                    }
                }
                Action::Text(_, text) => self.after.push(text),
                Action::Branch(kind, _, to) => {
                    let goes = match kind {
                        't' => std::mem::take(&mut replaced),
                        'T' => !std::mem::take(&mut replaced),
                        _ => true,
                    };
                    if goes {
                        at = to;
                    }
                }
                Action::Quit(kind, status) => {
                    self.quit = Some(status);
                    self.ended = true;
                    return kind == 'Q';
                }
                Action::Simple(letter) => match self.simple(cx, letter, newline, last) {
                    Some(deleted) => return deleted,
                    None => continue,
                },
                Action::Begin(_) | Action::End | Action::Label(_) => {}
            }
        }
        false
    }

    /// A command without arguments; `Some` ends the cycle.
    fn simple(&mut self, cx: &mut Cx<'_>, letter: char, newline: bool, last: bool) -> Option<bool> {
        match letter {
            'd' => return Some(true),
            'D' => match self.space.split_once('\n') {
                Some((_, rest)) => {
                    // The cycle starts again with what is left; the next line is not read.
                    self.space = rest.to_owned();
                    let deleted = self.execute(cx, newline, last);
                    return Some(deleted);
                }
                None => return Some(true),
            },
            'p' => {
                let space = self.space.clone();
                self.print(cx, &space, true);
            }
            'P' => {
                let first = self.space.split('\n').next().unwrap_or("").to_owned();
                self.print(cx, &first, true);
            }
            '=' => {
                let line = self.line.to_string();
                self.print(cx, &line, true);
            }
            'h' => self.hold = self.space.clone(),
            'H' => {
                self.hold.push('\n');
                self.hold.push_str(&self.space);
            }
            'g' => self.space = self.hold.clone(),
            'G' => {
                self.space.push('\n');
                self.space.push_str(&self.hold);
            }
            'x' => std::mem::swap(&mut self.space, &mut self.hold),
            'n' | 'N' => {
                // The next line is already there, unless this is the last.
                let Some((next, _)) = self.next.take().filter(|_| !last) else {
                    return Some(letter == 'n' && self.quiet);
                };
                self.line += 1;
                if letter == 'N' {
                    self.space.push('\n');
                    self.space.push_str(&next);
                } else {
                    if !self.quiet {
                        let space = self.space.clone();
                        self.print(cx, &space, true);
                    }
                    self.space = next;
                }
            }
            _ => {}
        }
        None
    }

    fn selected(&mut self, at: usize, last: bool) -> bool {
        let line = self.line;
        let last = last || self.next.is_none();
        let space = &self.space;
        let Some(command) = self.commands.get_mut(at) else {
            return false;
        };
        let hit = |address: &Address| match address {
            Address::Line(wanted) => line == *wanted,
            Address::Last => last,
            Address::Match(regex) => regex.is_match(space),
            Address::Step(first, 0) => line == *first,
            Address::Step(first, step) => line >= *first && (line - first).is_multiple_of(*step),
            Address::Plus(_) => false,
        };
        let found = match (&command.from, &command.to) {
            (None, _) => true,
            (Some(from), None) => hit(from),
            (Some(_), Some(to)) if command.open.is_some() => {
                let ends = match (command.open, to) {
                    (Some(end), Address::Line(_) | Address::Plus(_)) => line >= end,
                    _ => hit(to),
                };
                let past = matches!(to, Address::Line(end) if line > *end);
                if ends {
                    command.open = None;
                }
                !past
            }
            // `0,/x/` may end on the first line.
            (Some(Address::Line(0)), Some(to)) if line == 1 => {
                command.open = (!hit(to)).then_some(usize::MAX);
                true
            }
            (Some(from), Some(to)) => {
                let starts = hit(from);
                if starts {
                    command.open = match to {
                        Address::Line(end) if *end <= line => None,
                        Address::Line(end) => Some(*end),
                        Address::Plus(0) => None,
                        Address::Plus(count) => Some(line + count),
                        Address::Last if last => None,
                        _ => Some(usize::MAX),
                    };
                }
                starts
            }
        };
        found != command.negated
    }
}
