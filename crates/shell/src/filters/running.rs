//! Tools that run programs, or wait: env, nohup, timeout, time, xargs, sleep.

use std::rc::Rc;

use super::input::{Inputs, Next, text};
use super::options;
use super::{Cx, Poll, Tool};
use crate::machine::Env;

type Started = Result<Box<dyn Tool>, i32>;

/// Becomes another program at once.
#[derive(Clone, Debug)]
struct Become {
    argv: Vec<String>,
    env: Rc<Env>,
}

impl Tool for Become {
    fn poll(&mut self, _: &mut Cx<'_>) -> Poll {
        Poll::Exec {
            argv: self.argv.clone(),
            env: self.env.clone(),
        }
    }
}

#[derive(Clone, Debug)]
struct Finished(i32);

impl Tool for Finished {
    fn poll(&mut self, _: &mut Cx<'_>) -> Poll {
        Poll::Done(self.0)
    }
}

pub(super) fn env(cx: &mut Cx<'_>) -> Started {
    let long = [("ignore-environment", 'i'), ("unset", 'u')];
    let options = options::parse_with(cx, "iu:0", &long, false, 125)?;
    let mut env = if options.has('i') {
        Env::new()
    } else {
        cx.env.clone()
    };
    for name in options.values('u') {
        env.remove(name);
    }
    let mut rest = options.rest.as_slice();
    while let Some((name, value)) = rest.first().and_then(|word| word.split_once('=')) {
        env.insert(name.to_owned(), value.to_owned());
        rest = &rest[1..];
    }
    if rest.is_empty() {
        for (name, value) in &env {
            cx.out(&format!("{name}={value}\n"));
        }
        return Ok(Box::new(Finished(0)));
    }
    Ok(Box::new(Become {
        argv: rest.to_vec(),
        env: Rc::new(env),
    }))
}

fn become_rest(cx: &mut Cx<'_>, skip_flags: bool) -> Started {
    let args = cx.args.get(1..).unwrap_or_default();
    let argv: Vec<String> = args
        .iter()
        .skip_while(|arg| skip_flags && arg.starts_with('-'))
        .cloned()
        .collect();
    if argv.is_empty() {
        cx.complain("missing operand");
        return Err(125);
    }
    Ok(Box::new(Become {
        argv,
        env: Rc::new(cx.env.clone()),
    }))
}

pub(super) fn nohup(cx: &mut Cx<'_>) -> Started {
    become_rest(cx, false)
}

pub(super) fn stdbuf(cx: &mut Cx<'_>) -> Started {
    become_rest(cx, true)
}

/// `5`, `0.5`, `2m`, `1h`: milliseconds.
fn duration(text: &str) -> Option<i64> {
    if text == "infinity" || text == "inf" {
        return Some(i64::MAX / 4);
    }
    let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
    let unit = match text.get(digits.len()..)? {
        "" | "s" => 1000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    let number: f64 = digits.parse().ok().filter(|number: &f64| *number >= 0.0)?;
    Some((number * unit).min(1e15) as i64)
}

pub(super) fn sleep(cx: &mut Cx<'_>) -> Started {
    let words = cx.args.get(1..).unwrap_or_default().to_vec();
    if words.is_empty() {
        cx.complain("missing operand");
        cx.write(2, b"Try 'sleep --help' for more information.\n");
        return Err(1);
    }
    let mut total = 0i64;
    for word in &words {
        let Some(ms) = duration(word) else {
            cx.complain(format!("invalid time interval '{word}'"));
            cx.write(2, b"Try 'sleep --help' for more information.\n");
            return Err(1);
        };
        total = total.saturating_add(ms);
    }
    Ok(Box::new(Sleep {
        until: cx.now_ms.saturating_add(total),
    }))
}

#[derive(Clone, Debug)]
struct Sleep {
    until: i64,
}

impl Tool for Sleep {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        match cx.now_ms >= self.until {
            true => Poll::Done(0),
            false => Poll::Sleep(self.until),
        }
    }
}

pub(super) fn timeout(cx: &mut Cx<'_>) -> Started {
    let long = [
        ("signal", 's'),
        ("kill-after", 'k'),
        ("preserve-status", 'p'),
    ];
    let options = options::parse_with(cx, "s:k:pv", &long, false, 125)?;
    let [limit, argv @ ..] = options.rest.as_slice() else {
        cx.complain("missing operand");
        return Err(125);
    };
    let Some(ms) = duration(limit) else {
        cx.complain(format!("invalid time interval '{limit}'"));
        return Err(125);
    };
    if argv.is_empty() {
        cx.complain("missing operand");
        return Err(125);
    }
    let deadline = (ms > 0).then(|| cx.now_ms.saturating_add(ms));
    Ok(Box::new(Child {
        argv: argv.to_vec(),
        deadline,
        started: cx.now_ms,
        timed: false,
        running: false,
    }))
}

pub(super) fn time(cx: &mut Cx<'_>) -> Started {
    let args = cx.args.get(1..).unwrap_or_default();
    let argv: Vec<String> = args
        .iter()
        .skip_while(|arg| *arg == "-p")
        .cloned()
        .collect();
    let (started, timed) = (cx.now_ms, true);
    if argv.is_empty() {
        return Ok(Box::new(Finished(0)));
    }
    Ok(Box::new(Child {
        argv,
        deadline: None,
        started,
        timed,
        running: false,
    }))
}

#[derive(Clone, Debug)]
struct Child {
    argv: Vec<String>,
    deadline: Option<i64>,
    started: i64,
    timed: bool,
    running: bool,
}

impl Tool for Child {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        if let (true, Some(status)) = (self.running, cx.child_status) {
            if self.timed {
                let ms = cx.now_ms - self.started;
                let (minutes, seconds) = (ms / 60_000, ms % 60_000);
                let real = format!("{minutes}m{}.{:03}s", seconds / 1000, seconds % 1000);
                let text = format!("\nreal\t{real}\nuser\t0m0.000s\nsys\t0m0.000s\n");
                cx.write(2, text.as_bytes());
            }
            return Poll::Done(status);
        }
        self.running = true;
        Poll::Run {
            argv: self.argv.clone(),
            deadline_ms: self.deadline,
            null_stdin: false,
        }
    }
}

pub(super) fn xargs(cx: &mut Cx<'_>) -> Started {
    let long = [
        ("max-args", 'n'),
        ("replace", 'I'),
        ("null", '0'),
        ("no-run-if-empty", 'r'),
        ("verbose", 't'),
        ("delimiter", 'd'),
        ("max-lines", 'L'),
        ("max-procs", 'P'),
    ];
    let options = options::parse_with(cx, "n:I:i?0rtd:L:P:p", &long, false, 1)?;
    let mut argv = options.rest.clone();
    if argv.is_empty() {
        argv.push("echo".to_owned());
    }
    let replace = match (options.value('I'), options.has('i')) {
        (Some(mark), _) => Some(mark.to_owned()),
        (None, true) => Some("{}".to_owned()),
        _ => None,
    };
    let by_line = replace.is_some() || options.has('L');
    let delimiter = match options.value('d').map(crate::syntax::unescape) {
        Some(text) => text.bytes().next(),
        None => options.has('0').then_some(0),
    };
    let number = |flag| {
        options
            .value(flag)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let most = match replace {
        Some(_) => 1,
        None => number('n').or(number('L')).unwrap_or(5000).max(1),
    };
    Ok(Box::new(Xargs {
        inputs: Inputs::new(&[]),
        argv,
        replace,
        by_line,
        delimiter,
        most,
        trace: options.has('t'),
        skip_empty: options.has('r'),
        words: Vec::new(),
        ended: false,
        ran: false,
        status: 0,
    }))
}

#[derive(Clone, Debug)]
struct Xargs {
    inputs: Inputs,
    argv: Vec<String>,
    replace: Option<String>,
    by_line: bool,
    delimiter: Option<u8>,
    most: usize,
    trace: bool,
    skip_empty: bool,
    words: Vec<String>,
    ended: bool,
    ran: bool,
    status: i32,
}

impl Tool for Xargs {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        match cx.child_status.take() {
            Some(0) | None => {}
            Some(status @ (126 | 127)) => return Poll::Done(status),
            Some(255) => {
                let text = format!("{}: exited with status 255; aborting", self.argv[0]);
                cx.complain(text);
                return Poll::Done(124);
            }
            Some(_) => self.status = 123,
        }
        while !self.ended && self.words.len() < self.most {
            let next = match self.delimiter {
                Some(end) => self.inputs.record(cx, end),
                None => self.inputs.line(cx),
            };
            match next {
                Next::Line(line, _) => {
                    let line = text(&line);
                    match (self.delimiter.is_some(), self.by_line) {
                        (true, _) => self.words.push(line),
                        (_, true) if line.trim().is_empty() => {}
                        (_, true) => self.words.push(line.trim_start().to_owned()),
                        _ => self.words.extend(split(&line)),
                    }
                }
                Next::FileEnd => {}
                Next::Wait => return Poll::NeedInput,
                Next::End => self.ended = true,
            }
        }
        let first_empty = self.words.is_empty() && !self.ran && self.replace.is_none();
        if self.words.is_empty() && (!first_empty || self.skip_empty) {
            return Poll::Done(self.status);
        }
        let count = self.most.min(self.words.len());
        let words: Vec<String> = self.words.drain(..count).collect();
        let argv = match (&self.replace, words.first()) {
            (Some(mark), Some(word)) => self
                .argv
                .iter()
                .map(|arg| arg.replace(mark, word))
                .collect(),
            _ => [self.argv.clone(), words].concat(),
        };
        self.ran = true;
        if self.trace {
            cx.write(2, format!("{}\n", argv.join(" ")).as_bytes());
        }
        Poll::Run {
            argv,
            deadline_ms: None,
            null_stdin: true,
        }
    }
}

/// Words of a line as xargs cuts them: quotes and backslashes keep blanks.
fn split(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                word.extend(chars.by_ref().take_while(|next| *next != c));
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c if c.is_whitespace() => out.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    out
}

/// `pgrep NAME` and `pkill [-SIGNAL] NAME`; `-f` looks at the whole command line.
pub(super) fn pgrep(cx: &mut Cx<'_>) -> Started {
    let flags: Vec<&String> = (cx.args.iter().skip(1))
        .filter(|a| a.starts_with('-'))
        .collect();
    let Some(name) = cx.args.iter().skip(1).find(|arg| !arg.starts_with('-')) else {
        cx.complain("no matching criteria specified");
        return Err(2);
    };
    let has = |flag: char| flags.iter().any(|word| word.contains(flag));
    let Ok(regex) = crate::regex::Regex::new(name, true, false) else {
        return Err(2);
    };
    // The one that asks, and the shell of the session, are not meant.
    let own = cx.args.join(" ");
    let fits = |title: &str| match has('f') {
        true => regex.is_match(title),
        false => regex.is_match(crate::fs::name(title.split(' ').next().unwrap_or(""))),
    };
    let found: Vec<(u32, String)> = (cx.io.processes().into_iter())
        .filter(|(_, title)| *title != own && fits(title))
        .collect();
    if found.is_empty() {
        return Err(1);
    }
    if cx.name() == "pgrep" {
        for (pid, title) in &found {
            let name = title.split(' ').next().unwrap_or("");
            cx.out(&match (has('a'), has('l')) {
                (true, _) => format!("{pid} {title}\n"),
                (_, true) => format!("{pid} {name}\n"),
                _ => format!("{pid}\n"),
            });
        }
        return Err(0);
    }
    let mut argv = vec!["kill".to_owned()];
    argv.extend(flags.into_iter().filter(|flag| *flag != "-f").cloned());
    argv.extend(found.iter().map(|(pid, _)| pid.to_string()));
    Ok(Box::new(Become {
        argv,
        env: Rc::new(cx.env.clone()),
    }))
}
