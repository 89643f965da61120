//! sed: a stream of lines, edited by a small program.
//!
//! The real one is GNU sed (`sed/execute.c`). Left out: `w`, `r` from standard input, `e`, `l`.

use super::input::{Inputs, Next, TURN, text};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};
use crate::regex::Regex;

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
    Substitute { regex: Regex, with: Vec<Piece>, all: bool, nth: usize, print: bool },
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
            cx.write(2, b"Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n");
            return Err(1);
        }
        scripts.push(options.rest.remove(0));
    }
    let extended = options.has('E') || options.has('r');
    let script = scripts.join("\n");
    let mut parser = Parser { text: script.chars().collect(), at: 0, extended };
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
            let Some(action) = self.commands.get(at).map(|c| c.action.clone()) else { return false };
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
                Action::Substitute { regex, with, all, nth, print } => {
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
        let Some(command) = self.commands.get_mut(at) else { return false };
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

fn substitute(space: &str, regex: &Regex, with: &[Piece], all: bool, nth: usize) -> Option<String> {
    let chars: Vec<char> = space.chars().collect();
    let mut out = String::new();
    let (mut from, mut copied, mut count, mut changed) = (0, 0, 0, false);
    while from <= chars.len() {
        let Some(captures) = regex.find_at(&chars, from) else { break };
        let Some((start, end)) = captures.first().copied().flatten() else { break };
        count += 1;
        if count >= nth {
            out.extend(chars.get(copied..start).unwrap_or_default());
            expand(&mut out, with, &captures, &chars);
            copied = end;
            changed = true;
            if !all {
                break;
            }
        }
        from = end;
        if end == start {
            from += 1;
        }
    }
    out.extend(chars.get(copied..).unwrap_or_default());
    changed.then_some(out)
}

/// Puts the replacement in, with `\1`, `&`, `\U` and its kind.
fn expand(
    out: &mut String,
    with: &[Piece],
    captures: &[Option<(usize, usize)>],
    chars: &[char],
) {
    let (mut mode, mut once) = ('E', None);
    let mut put = |text: &str, mode: char, once: &mut Option<char>| {
        for c in text.chars() {
            match (once.take(), mode) {
                (Some('u'), _) => out.extend(c.to_uppercase()),
                (Some(_), _) => out.extend(c.to_lowercase()),
                (None, 'U') => out.extend(c.to_uppercase()),
                (None, 'L') => out.extend(c.to_lowercase()),
                _ => out.push(c),
            }
        }
    };
    for piece in with {
        match piece {
            Piece::Text(text) => put(text, mode, &mut once),
            Piece::Group(group) => {
                if let Some((start, end)) = captures.get(*group).copied().flatten() {
                    let text: String = chars.get(start..end).unwrap_or_default().iter().collect();
                    put(&text, mode, &mut once);
                }
            }
            Piece::Case(c @ ('u' | 'l')) => once = Some(*c),
            Piece::Case(c) => mode = *c,
        }
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    extended: bool,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn skip(&mut self, set: &str) {
        while self.peek().is_some_and(|c| set.contains(c)) {
            self.at += 1;
        }
    }

    fn program(&mut self) -> Parsed<Vec<Command>> {
        let mut commands: Vec<Command> = Vec::new();
        let mut open = Vec::new();
        loop {
            self.skip(" \t\n;");
            let Some(c) = self.peek() else { break };
            if c == '#' {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
                continue;
            }
            let from = self.address()?;
            let mut to = None;
            if from.is_some() && self.peek() == Some(',') {
                self.at += 1;
                self.skip(" ");
                to = Some(self.address()?.ok_or("unexpected `,'")?);
            }
            if matches!((&from, &to), (Some(Address::Line(0)), to) if !matches!(to, Some(Address::Match(_)))) {
                return Err("invalid usage of line address 0".to_owned());
            }
            self.skip(" \t");
            let mut negated = false;
            while self.peek() == Some('!') {
                self.at += 1;
                negated = true;
                self.skip(" \t");
            }
            let action = self.action()?;
            match &action {
                Action::Begin(_) => open.push(commands.len()),
                Action::End => {
                    let start = open.pop().ok_or("unexpected `}'")?;
                    let end = commands.len();
                    if let Some(command) = commands.get_mut(start) {
                        command.action = Action::Begin(end);
                    }
                }
                _ => {}
            }
            commands.push(Command { from, to, negated, open: None, action });
            if commands.len() > 10_000 {
                return Err("program too long".to_owned());
            }
        }
        if !open.is_empty() {
            return Err("unmatched `{'".to_owned());
        }
        resolve_labels(&mut commands)?;
        Ok(commands)
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.text.get(start..self.at)?.iter().collect();
        digits.parse().ok()
    }

    fn address(&mut self) -> Parsed<Option<Address>> {
        let address = match self.peek() {
            Some('$') => {
                self.at += 1;
                Address::Last
            }
            Some('+') => {
                self.at += 1;
                Address::Plus(self.number().ok_or("expected number")?)
            }
            Some(c) if c.is_ascii_digit() => {
                let first = self.number().unwrap_or(0);
                if self.peek() == Some('~') {
                    self.at += 1;
                    Address::Step(first, self.number().unwrap_or(0))
                } else {
                    Address::Line(first)
                }
            }
            Some('/' | '\\') => {
                let mut end = self.next().unwrap_or('/');
                if end == '\\' {
                    end = self.next().ok_or("unterminated address regex")?;
                }
                let pattern = self.until(end, true).ok_or("unterminated address regex")?;
                let mut ignore = false;
                while let Some(flag @ ('I' | 'M')) = self.peek() {
                    ignore |= flag == 'I';
                    self.at += 1;
                }
                Address::Match(Regex::new(&pattern, self.extended, ignore)?)
            }
            _ => return Ok(None),
        };
        self.skip(" \t");
        Ok(Some(address))
    }

    /// Text up to an unescaped delimiter, which is taken.
    fn until(&mut self, end: char, is_regex: bool) -> Option<String> {
        let mut out = String::new();
        let mut in_set = false;
        loop {
            let c = self.next()?;
            match c {
                '\\' => {
                    let escaped = self.next()?;
                    match escaped {
                        c if c == end && end != '\\' => {
                            // `s|a\|b|c|`: the delimiter itself, taken literally.
                            if is_regex && ".*[]^$+?(){}|".contains(c) && self.extended {
                                out.push('\\');
                            }
                            out.push(c);
                        }
                        'n' if is_regex => out.push('\n'),
                        c => {
                            out.push('\\');
                            out.push(c);
                        }
                    }
                }
                '[' if is_regex && !in_set => {
                    in_set = true;
                    out.push(c);
                    if self.peek() == Some('^') {
                        out.push('^');
                        self.at += 1;
                    }
                    if self.peek() == Some(']') {
                        out.push(']');
                        self.at += 1;
                    }
                }
                ']' if in_set => {
                    in_set = false;
                    out.push(c);
                }
                c if c == end && !in_set => return Some(out),
                c => out.push(c),
            }
        }
    }

    fn action(&mut self) -> Parsed<Action> {
        let Some(letter) = self.next() else { return Err("missing command".to_owned()) };
        let action = match letter {
            '{' => return Ok(Action::Begin(0)),
            '}' => Action::End,
            's' => self.substitution()?,
            'y' => {
                let end = self.next().ok_or("unterminated `y' command")?;
                let from = self.until(end, false).ok_or("unterminated `y' command")?;
                let to = self.until(end, false).ok_or("unterminated `y' command")?;
                let list = |text: &str| crate::syntax::unescape(text).chars().collect::<Vec<_>>();
                let (from, to) = (list(&from), list(&to));
                if from.len() != to.len() {
                    return Err("strings for `y' command are different lengths".to_owned());
                }
                Action::Translate(from, to)
            }
            'a' | 'i' | 'c' => return self.text_argument(letter),
            'r' | 'w' => {
                self.skip(" \t");
                let file = self.rest_of_line("\n");
                if letter == 'w' {
                    return Err("bottleship does not simulate `w' in sed".to_owned());
                }
                return Ok(Action::Text('r', file));
            }
            ':' => {
                self.skip(" \t");
                return Ok(Action::Label(self.rest_of_line("\n;").trim().to_owned()));
            }
            'b' | 't' | 'T' => {
                self.skip(" \t");
                let label = self.rest_of_line("\n;}").trim().to_owned();
                Action::Branch(letter, Some(label).filter(|label| !label.is_empty()), 0)
            }
            'q' | 'Q' => {
                self.skip(" \t");
                let status = self.number().unwrap_or(0);
                Action::Quit(letter, i32::try_from(status).unwrap_or(1))
            }
            'd' | 'D' | 'p' | 'P' | '=' | 'h' | 'H' | 'g' | 'G' | 'x' | 'n' | 'N' => {
                Action::Simple(letter)
            }
            letter => return Err(format!("unknown command: `{letter}'")),
        };
        self.skip(" \t");
        match self.peek() {
            None | Some('\n' | ';' | '}' | '#') => Ok(action),
            Some(_) => {
                self.at += 1;
                Err(match letter {
                    's' => "unknown option to `s'".to_owned(),
                    _ => "extra characters after command".to_owned(),
                })
            }
        }
    }

    fn rest_of_line(&mut self, ends: &str) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !ends.contains(c)) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default().iter().collect()
    }

    /// The text of `a`, `i`, `c`: to the end of the line, going on after a `\`.
    fn text_argument(&mut self, letter: char) -> Parsed<Action> {
        self.skip(" \t");
        if self.peek() == Some('\\') {
            self.at += 1;
            self.skip(" \t");
            if self.peek() == Some('\n') {
                self.at += 1;
            }
        }
        let mut out = String::new();
        loop {
            match self.next() {
                None | Some('\n') => break,
                Some('\\') => match self.next() {
                    Some('t') => out.push('\t'),
                    Some(c) => out.push(c),
                    None => {}
                },
                Some(c) => out.push(c),
            }
        }
        if out.is_empty() && self.at >= self.text.len() {
            return Err("expected \\ after `a', `c' or `i'".to_owned());
        }
        Ok(Action::Text(letter, out))
    }

    fn substitution(&mut self) -> Parsed<Action> {
        let unterminated = || "unterminated `s' command".to_owned();
        let end = self.next().filter(|c| *c != '\n' && *c != '\\').ok_or_else(unterminated)?;
        let pattern = self.until(end, true).ok_or_else(unterminated)?;
        let with = self.until(end, false).ok_or_else(unterminated)?;
        let (mut all, mut nth, mut print, mut ignore) = (false, 1, false, false);
        loop {
            match self.peek() {
                Some('g') => all = true,
                Some('p') => print = true,
                Some('i' | 'I') => ignore = true,
                Some('m' | 'M') => {}
                Some(c) if c.is_ascii_digit() => {
                    nth = self.number().unwrap_or(1);
                    if nth == 0 {
                        return Err("number option to `s' command may not be zero".to_owned());
                    }
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        let regex = Regex::new(&pattern, self.extended, ignore)?;
        let with = pieces(&with);
        let most = with.iter().map(|piece| if let Piece::Group(n) = piece { *n } else { 0 }).max();
        if let Some(most) = most.filter(|most| *most > regex.groups()) {
            return Err(format!("invalid reference \\{most} on `s' command's RHS"));
        }
        Ok(Action::Substitute { regex, with, all, nth, print })
    }
}

fn pieces(with: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut chars = with.chars();
    let flush = |text: &mut String, out: &mut Vec<Piece>| {
        if !text.is_empty() {
            out.push(Piece::Text(std::mem::take(text)));
        }
    };
    while let Some(c) = chars.next() {
        let piece = match c {
            '&' => Piece::Group(0),
            '\\' => match chars.next() {
                Some(c) if c.is_ascii_digit() => Piece::Group(c as usize - '0' as usize),
                Some(c @ ('U' | 'L' | 'E' | 'u' | 'l')) => Piece::Case(c),
                Some('n') => {
                    text.push('\n');
                    continue;
                }
                Some('t') => {
                    text.push('\t');
                    continue;
                }
                Some(c) => {
                    text.push(c);
                    continue;
                }
                None => continue,
            },
            c => {
                text.push(c);
                continue;
            }
        };
        flush(&mut text, &mut out);
        out.push(piece);
    }
    flush(&mut text, &mut out);
    out
}

fn resolve_labels(commands: &mut [Command]) -> Parsed<()> {
    let place = |wanted: &str, commands: &[Command]| {
        commands.iter().position(|c| matches!(&c.action, Action::Label(name) if name == wanted))
    };
    for at in 0..commands.len() {
        let Some(Action::Branch(kind, label, _)) = commands.get(at).map(|c| c.action.clone()) else {
            continue;
        };
        let to = match &label {
            None => commands.len(),
            Some(label) => {
                place(label, commands).ok_or_else(|| format!("can't find label for jump to `{label}'"))?
            }
        };
        if let Some(command) = commands.get_mut(at) {
            command.action = Action::Branch(kind, label, to);
        }
    }
    Ok(())
}
