//! sed's grammar: addresses, commands, replacements.

use super::{Action, Address, Command, Piece};
use crate::regex::Regex;

pub(super) struct Parser {
    pub text: Vec<char>,
    pub at: usize,
    pub extended: bool,
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

    pub fn program(&mut self) -> Parsed<Vec<Command>> {
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
            if matches!((&from, &to), (Some(Address::Line(0)), to) if !matches!(to, Some(Address::Match(_))))
            {
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
            commands.push(Command {
                from,
                to,
                negated,
                open: None,
                action,
            });
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
        let Some(letter) = self.next() else {
            return Err("missing command".to_owned());
        };
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
        self.text
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .collect()
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
        let end = self
            .next()
            .filter(|c| *c != '\n' && *c != '\\')
            .ok_or_else(unterminated)?;
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
        let most = with
            .iter()
            .map(|piece| if let Piece::Group(n) = piece { *n } else { 0 })
            .max();
        if let Some(most) = most.filter(|most| *most > regex.groups()) {
            return Err(format!("invalid reference \\{most} on `s' command's RHS"));
        }
        Ok(Action::Substitute {
            regex,
            with,
            all,
            nth,
            print,
        })
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
        commands
            .iter()
            .position(|c| matches!(&c.action, Action::Label(name) if name == wanted))
    };
    for at in 0..commands.len() {
        let Some(Action::Branch(kind, label, _)) = commands.get(at).map(|c| c.action.clone())
        else {
            continue;
        };
        let to = match &label {
            None => commands.len(),
            Some(label) => place(label, commands)
                .ok_or_else(|| format!("can't find label for jump to `{label}'"))?,
        };
        if let Some(command) = commands.get_mut(at) {
            command.action = Action::Branch(kind, label, to);
        }
    }
    Ok(())
}
