//! Completion: commands, files, variables, and what programs offer for their own arguments.

use std::cell::RefCell;
use std::rc::Rc;

use crate::filters;
use crate::fs::{Fs, resolve};
use crate::machine::{Machine, builtin_names};
use crate::program::{Candidate, CompletionRequest, Program};

const RESERVED: &[&str] = &[
    "if", "then", "else", "fi", "for", "do", "done", "while", "until", "case", "esac",
];
/// Most candidates of one Tab.
const MAX_CANDIDATES: usize = 500;

/// What may stand in the line from `from` (a byte offset) to the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    pub from: usize,
    pub candidates: Vec<Candidate>,
}

/// A word as it was typed: where it starts, its text without quotes, the quote that is open.
#[derive(Default)]
struct Piece {
    start: usize,
    text: String,
    quote: Option<char>,
}

pub fn complete(
    line: &str,
    cursor: usize,
    machine: &Machine,
    programs: &[Program],
    fs: &Rc<RefCell<Fs>>,
) -> Completion {
    let head = line.get(..cursor).unwrap_or(line);
    let (mut words, current) = split(head);
    // `FOO=1 cmd`: assignments before the command do not count.
    while words.first().is_some_and(|word| {
        word.split_once('=')
            .is_some_and(|(n, _)| crate::syntax::is_name(n))
    }) {
        words.remove(0);
    }
    let mut from = current.start;
    let mut candidates = if let Some(at) = current
        .text
        .rfind('$')
        .filter(|_| current.quote != Some('\''))
    {
        let name = current.text.get(at + 1..).unwrap_or("");
        let (open, close) = if name.starts_with('{') {
            ("${", "}")
        } else {
            ("$", "")
        };
        let name = name.trim_start_matches('{');
        let before = current.text.get(..at).unwrap_or("");
        let names = machine
            .var_names()
            .into_iter()
            .filter(|var| var.starts_with(name));
        names
            .map(|var| Candidate::new(format!("{before}{open}{var}{close}")))
            .collect()
    } else if words.is_empty() && !current.text.contains('/') {
        commands(machine, programs, &current.text)
    } else {
        arguments(machine, programs, fs, &words, &current.text, &mut from)
    };
    candidates.sort();
    candidates.dedup_by(|a, b| a.text == b.text);
    candidates.truncate(MAX_CANDIDATES);
    for candidate in &mut candidates {
        if !candidate.text.contains('$') {
            candidate.text = quote(&candidate.text, current.quote);
        }
    }
    Completion { from, candidates }
}

/// The words of the last simple command, and the one under the cursor.
fn split(head: &str) -> (Vec<String>, Piece) {
    let mut words: Vec<String> = Vec::new();
    let mut piece = Piece::default();
    let mut open = false;
    let mut chars = head.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if let Some(quote) = piece.quote {
            match c {
                c if c == quote => piece.quote = None,
                '\\' if quote == '"' => piece.text.extend(chars.next().map(|(_, c)| c)),
                c => piece.text.push(c),
            }
            continue;
        }
        let starts = |piece: &mut Piece, open: &mut bool| {
            if !*open {
                *piece = Piece {
                    start: at,
                    ..Piece::default()
                };
                *open = true;
            }
        };
        match c {
            '\'' | '"' => {
                starts(&mut piece, &mut open);
                piece.quote = Some(c);
            }
            '\\' => {
                starts(&mut piece, &mut open);
                piece.text.extend(chars.next().map(|(_, c)| c));
            }
            ' ' | '\t' => {
                if std::mem::take(&mut open) {
                    words.push(std::mem::take(&mut piece.text));
                }
            }
            ';' | '|' | '&' | '\n' | '(' | '`' | '{' if c != '{' || !open => {
                words.clear();
                open = false;
                piece.text.clear();
            }
            '<' | '>' => {
                // After a redirection comes a file: any command but none at all.
                if std::mem::take(&mut open) {
                    words.push(std::mem::take(&mut piece.text));
                }
                words.push(">".to_owned());
            }
            c => {
                starts(&mut piece, &mut open);
                piece.text.push(c);
            }
        }
        let keyword = [
            "then", "do", "else", "if", "while", "until", "!", "sudo", "time",
        ];
        if !open && words.len() == 1 && keyword.contains(&words[0].as_str()) {
            words.clear();
        }
    }
    if !open {
        piece = Piece {
            start: head.len(),
            ..Piece::default()
        };
    }
    (words, piece)
}

fn commands(machine: &Machine, programs: &[Program], start: &str) -> Vec<Candidate> {
    let mut names: Vec<String> = programs
        .iter()
        .map(|program| program.name.to_owned())
        .collect();
    names.extend(filters::TOOLS.iter().map(|tool| tool.name.to_owned()));
    names.extend(builtin_names().map(str::to_owned));
    names.extend(RESERVED.iter().map(|word| (*word).to_owned()));
    names.extend(machine.aliases().into_keys());
    names.extend(machine.function_names());
    names.retain(|name| name.starts_with(start) && name.len() > 1);
    names.into_iter().map(Candidate::new).collect()
}

fn arguments(
    machine: &Machine,
    programs: &[Program],
    fs: &Rc<RefCell<Fs>>,
    words: &[String],
    current: &str,
    from: &mut usize,
) -> Vec<Candidate> {
    let mut words = words.to_vec();
    // An alias stands for its words: `k get po<Tab>`.
    for _ in 0..4 {
        let Some(text) = words
            .first()
            .and_then(|name| machine.aliases().get(name).cloned())
        else {
            break;
        };
        let first = text.split_whitespace().next().unwrap_or("").to_owned();
        let again = words.first() == Some(&first);
        words.splice(..1, text.split_whitespace().map(str::to_owned));
        if again {
            break;
        }
    }
    let redirected = words.last().is_some_and(|word| word == ">");
    let program = words
        .first()
        .and_then(|name| programs.iter().find(|p| p.name == name));
    if let (Some(complete), false) = (program.and_then(|p| p.complete.as_ref()), redirected) {
        let request = CompletionRequest {
            words: words.clone(),
            current: current.to_owned(),
            env: machine.env(),
            cwd: machine.cwd(),
            fs: fs.clone(),
        };
        return complete(&request);
    }
    // `--file=name`: only what is after the `=` is a file.
    let file = match current.split_once('=') {
        Some((flag, file)) if flag.starts_with('-') => {
            *from += flag.len() + 1;
            file
        }
        _ => current,
    };
    let only_folders = matches!(words.first().map(String::as_str), Some("cd" | "rmdir"));
    files(
        &fs.borrow(),
        &machine.cwd(),
        &machine.var("HOME").unwrap_or_default(),
        file,
        only_folders,
    )
}

/// The files whose path starts like this; programs use it for their own file arguments.
pub fn files(fs: &Fs, cwd: &str, home: &str, start: &str, only_folders: bool) -> Vec<Candidate> {
    let (folder, name) = match start.rfind('/') {
        Some(at) => start.split_at(at + 1),
        None => ("", start),
    };
    let place = match folder.strip_prefix("~/") {
        Some(rest) => resolve(home, rest),
        None => resolve(cwd, folder),
    };
    let mut out = Vec::new();
    for entry in fs.list(&place).unwrap_or_default() {
        let hidden = entry.starts_with('.') && !name.starts_with('.');
        if hidden || !entry.starts_with(name) {
            continue;
        }
        let is_dir = fs.is_dir(&resolve(&place, &entry));
        if is_dir {
            out.push(Candidate::new(format!("{folder}{entry}/")));
        } else if !only_folders {
            out.push(Candidate::new(format!("{folder}{entry}")));
        }
    }
    out
}

/// A candidate as it has to be typed.
fn quote(text: &str, open: Option<char>) -> String {
    match open {
        Some(quote) => format!("{quote}{text}"),
        None => {
            let mut out = String::new();
            for c in text.chars() {
                if " \t\"'\\$&|;<>()*?[]`!#".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
            out
        }
    }
}
