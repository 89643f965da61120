//! test(1), `[` and `[[`: conditions on files, texts and numbers.

use std::rc::Rc;

use super::exec::{Cpu, Flow};
use super::task::Frame;
use crate::fs::{FileKind, Fs, resolve};
use crate::glob;
use crate::regex::Regex;
use crate::syntax::{Command, CommandKind, CondToken};

pub(super) struct Facts<'a> {
    pub fs: &'a Fs,
    pub cwd: &'a str,
    /// Descriptors that are the terminal.
    pub ttys: &'a [u32],
}

type Result<T> = std::result::Result<T, String>;

const UNARY: &str = "abcdefghknoprstuwxzLOGNSv";

pub(super) fn evaluate(words: &[String], facts: &Facts<'_>) -> Result<bool> {
    // POSIX decides by the number of arguments, so that `[ -n ]` and `[ ! = x ]` mean something.
    match words {
        [] => return Ok(false),
        [one] => return Ok(!one.is_empty()),
        [not, one] if not == "!" => return Ok(one.is_empty()),
        [a, op, b] if is_binary(op) => return binary(a, op, b, facts),
        _ => {}
    }
    let mut parser = Parser {
        words,
        at: 0,
        facts,
        depth: 0,
    };
    let truth = parser.or()?;
    match parser.words.get(parser.at) {
        None => Ok(truth),
        Some(_) if words.len() > 3 => Err("too many arguments".to_owned()),
        Some(word) => Err(format!("{word}: binary operator expected")),
    }
}

struct Parser<'a> {
    words: &'a [String],
    at: usize,
    facts: &'a Facts<'a>,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn or(&mut self) -> Result<bool> {
        let mut truth = self.and()?;
        while matches!(self.peek(), Some("-o" | "||")) {
            self.at += 1;
            truth |= self.and()?;
        }
        Ok(truth)
    }

    fn and(&mut self) -> Result<bool> {
        let mut truth = self.not()?;
        while matches!(self.peek(), Some("-a" | "&&")) {
            self.at += 1;
            truth &= self.not()?;
        }
        Ok(truth)
    }

    fn not(&mut self) -> Result<bool> {
        let mut negated = false;
        while self.peek() == Some("!") && self.at + 1 < self.words.len() {
            self.at += 1;
            negated = !negated;
        }
        Ok(self.primary()? != negated)
    }

    fn primary(&mut self) -> Result<bool> {
        let word = self.peek().ok_or("argument expected")?.to_owned();
        let second = self.words.get(self.at + 1).map(String::as_str);
        if let (Some(op), Some(right)) = (second, self.words.get(self.at + 2))
            && is_binary(op)
        {
            let truth = binary(&word, op, right, self.facts)?;
            self.at += 3;
            return Ok(truth);
        }
        if word == "(" {
            self.at += 1;
            self.depth += 1;
            if self.depth > 50 {
                return Err("too many levels of parentheses".to_owned());
            }
            let truth = self.or()?;
            if self.peek() != Some(")") {
                return Err("`)' expected".to_owned());
            }
            self.at += 1;
            return Ok(truth);
        }
        self.at += 1;
        let letter = word
            .strip_prefix('-')
            .filter(|l| l.len() == 1 && UNARY.contains(*l));
        if let (Some(letter), Some(operand)) = (letter, second) {
            self.at += 1;
            return Ok(unary(letter, operand, self.facts));
        }
        if let (Some(second), true) = (second, word.starts_with('-') && word.len() == 2)
            && !["-a", "-o", "&&", "||", ")"].contains(&second)
        {
            return Err(format!("{word}: unary operator expected"));
        }
        Ok(!word.is_empty())
    }
}

fn is_binary(op: &str) -> bool {
    matches!(
        op,
        "=" | "=="
            | "!="
            | "<"
            | ">"
            | "=~"
            | "-eq"
            | "-ne"
            | "-lt"
            | "-le"
            | "-gt"
            | "-ge"
            | "-nt"
            | "-ot"
            | "-ef"
    )
}

fn binary(a: &str, op: &str, b: &str, facts: &Facts<'_>) -> Result<bool> {
    let number = |text: &str| {
        let parsed = text.trim().parse::<i64>();
        parsed.map_err(|_| format!("{text}: integer expression expected"))
    };
    let mtime = |path: &str| {
        facts
            .fs
            .stat(&resolve(facts.cwd, path))
            .map(|stat| stat.mtime_ms)
    };
    Ok(match op {
        "=" | "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "-eq" => number(a)? == number(b)?,
        "-ne" => number(a)? != number(b)?,
        "-lt" => number(a)? < number(b)?,
        "-le" => number(a)? <= number(b)?,
        "-gt" => number(a)? > number(b)?,
        "-ge" => number(a)? >= number(b)?,
        "-nt" => mtime(a).ok() > mtime(b).ok(),
        "-ot" => mtime(a).ok() < mtime(b).ok(),
        _ => resolve(facts.cwd, a) == resolve(facts.cwd, b),
    })
}

fn unary(letter: &str, operand: &str, facts: &Facts<'_>) -> bool {
    let path = resolve(facts.cwd, operand);
    let device = ["/dev/null", "/dev/zero", "/dev/tty"].contains(&path.as_str());
    let stat = facts.fs.stat(&path);
    let is = |kind: FileKind| matches!(&stat, Ok(stat) if stat.kind == kind);
    let mode = stat.as_ref().map_or(0, |stat| stat.mode);
    match letter {
        "n" => !operand.is_empty(),
        "z" => operand.is_empty(),
        "e" | "a" | "r" | "w" | "O" | "G" => stat.is_ok() || device,
        "f" => is(FileKind::File),
        "d" => is(FileKind::Dir),
        "h" | "L" => matches!(facts.fs.lstat(&path), Ok(stat) if stat.kind == FileKind::Link),
        "s" => matches!(&stat, Ok(stat) if stat.size > 0),
        "x" => mode & 0o111 != 0,
        "c" => device,
        "t" => operand.parse().is_ok_and(|fd| facts.ttys.contains(&fd)),
        _ => false,
    }
}

impl Cpu<'_> {
    /// `[[ ... ]]`: words are not split, the right side of `==` is a pattern.
    pub(super) fn condition(&mut self, command: Rc<Command>, mut words: Vec<String>) -> Flow {
        let CommandKind::Condition(tokens) = &command.kind else {
            return Flow::Ran;
        };
        while let Some(token) = tokens.get(words.len()) {
            let before = words.last().map(String::as_str);
            let expanded = match token {
                CondToken::Op(op) => Ok(op.clone()),
                CondToken::Word(word) if matches!(before, Some("==" | "=" | "!=")) => {
                    self.expand_pattern(word)
                }
                CondToken::Word(word) => self.expand_text(word),
            };
            match expanded {
                Ok(word) => words.push(word),
                Err(stop) => return self.stop(Frame::Condition { command, words }, stop),
            }
        }
        self.shell.status = match self.evaluate_tokens(&words) {
            Ok(truth) => i32::from(!truth),
            Err(error) => {
                self.complain(&error);
                2
            }
        };
        Flow::Ran
    }

    /// Replaces pattern and regex comparisons by their results, and lets `test` do the rest.
    fn evaluate_tokens(&mut self, words: &[String]) -> Result<bool> {
        let mut flat: Vec<String> = Vec::new();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let pair = words.get(at + 1).zip(words.get(at + 2));
            let truth = match pair {
                Some((op, right)) if op == "==" || op == "=" => glob::matches(right, word),
                Some((op, right)) if op == "!=" => !glob::matches(right, word),
                Some((op, right)) if op == "=~" => match Regex::new(right, true, false) {
                    Ok(regex) => {
                        let chars: Vec<char> = word.chars().collect();
                        let found = regex.find_at(&chars, 0);
                        let text = |place: &Option<(usize, usize)>| {
                            let part = place.and_then(|(from, to)| chars.get(from..to));
                            part.unwrap_or_default().iter().collect::<String>()
                        };
                        let groups = found.iter().flatten().map(text).collect();
                        self.shell.set_list("BASH_REMATCH", groups);
                        found.is_some()
                    }
                    Err(_) => return Ok(false),
                },
                _ => {
                    flat.push(word.clone());
                    at += 1;
                    continue;
                }
            };
            // One word of the right length stands for the result: "-n x" or "-n ''".
            flat.extend([
                "-n".to_owned(),
                if truth { "x".to_owned() } else { String::new() },
            ]);
            at += 3;
        }
        let facts = Facts {
            fs: self.fs,
            cwd: &self.shell.cwd,
            ttys: &[],
        };
        evaluate(&flat, &facts)
    }
}
