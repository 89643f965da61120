//! find: the tests and actions that are used every day, with `-o`, `!` and brackets, as alternatives of lists of tests.
//! Left out: -prune, -newer, formats.

use super::{Cx, Poll, Tool};
use crate::fs::{FileKind, Stat, name};
use crate::glob;

/// Alternatives that an expression may have.
const MAX_ANY: usize = 200;

#[derive(Clone, Debug)]
enum Test {
    Name(String, bool),
    Path(String),
    Kind(char),
    Empty,
    Size(char, u64, u64),
    MTime(char, i64, i64),
    Print,
    Print0,
    Delete,
    Exec(Vec<String>, bool),
}

pub(super) fn start(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    let args: Vec<String> = cx.args.get(1..).unwrap_or_default().to_vec();
    let is_expression = |arg: &String| arg.starts_with('-') || arg == "!" || arg == "(";
    let split = args.iter().position(is_expression).unwrap_or(args.len());
    let (roots, rest) = args.split_at(split);
    let mut parsed = Find {
        queue: Vec::new(),
        any: Vec::new(),
        most: usize::MAX,
        least: 0,
        batch: Vec::new(),
        pending: Vec::new(),
        status: 0,
    };
    match parsed.expression(&mut rest.iter(), 0) {
        Ok(any) => parsed.any = any,
        Err(error) => {
            cx.complain(error);
            return Err(1);
        }
    }
    let acts = |test: &(bool, Test)| {
        matches!(
            test.1,
            Test::Print | Test::Print0 | Test::Delete | Test::Exec(..)
        )
    };
    if !parsed.any.iter().flatten().any(acts) {
        parsed
            .any
            .iter_mut()
            .for_each(|all| all.push((true, Test::Print)));
    }
    let roots = if roots.is_empty() {
        vec![".".to_owned()]
    } else {
        roots.to_vec()
    };
    for root in roots.into_iter().rev() {
        match cx.fs.lstat(&cx.path(&root)) {
            Ok(_) => parsed.queue.push((root, 0)),
            Err(error) => {
                cx.complain(format!("‘{root}’: {error}"));
                parsed.status = 1;
            }
        }
    }
    Ok(Box::new(parsed))
}

/// Alternatives of tests.
type Any = Vec<Vec<(bool, Test)>>;

/// Both have to hold: every alternative of one with every one of the other.
fn both(left: &Any, right: &Any) -> Any {
    let pair = |a: &Vec<_>| {
        right
            .iter()
            .map(|b| [a.clone(), b.clone()].concat())
            .collect::<Any>()
    };
    left.iter().flat_map(pair).take(MAX_ANY).collect()
}

/// The opposite: of each alternative one test has to fail.
fn none(any: &Any) -> Any {
    let fails = |all: &Vec<(bool, Test)>| -> Any {
        let fail = |(wanted, test): &(bool, Test)| vec![(!wanted, test.clone())];
        all.iter().map(fail).collect()
    };
    let all = vec![Vec::new()];
    any.iter()
        .fold(all, |so_far, next| both(&so_far, &fails(next)))
}

#[derive(Clone, Debug)]
struct Find {
    queue: Vec<(String, usize)>,
    /// Alternatives of tests, each with the truth that it has to have.
    any: Any,
    most: usize,
    least: usize,
    /// Paths for `-exec ... +`.
    batch: Vec<String>,
    /// Commands to run.
    pending: Vec<Vec<String>>,
    status: i32,
}

impl Find {
    fn expression(
        &mut self,
        words: &mut std::slice::Iter<'_, String>,
        depth: usize,
    ) -> Result<Any, String> {
        let (mut any, mut now): (Any, Any) = (Vec::new(), vec![Vec::new()]);
        let mut wanted = true;
        while let Some(word) = words.next() {
            let mut value = || {
                let value = words.next().cloned();
                value.ok_or_else(|| format!("missing argument to `{word}'"))
            };
            let test = match word.as_str() {
                "!" | "-not" => {
                    wanted = !wanted;
                    continue;
                }
                "-a" | "-and" | "-follow" | "-xdev" | "-depth" => continue,
                "-o" | "-or" => {
                    any.append(&mut now);
                    now.push(Vec::new());
                    continue;
                }
                "(" if depth < 20 => {
                    let inner = self.expression(words, depth + 1)?;
                    let inner = match std::mem::replace(&mut wanted, true) {
                        true => inner,
                        false => none(&inner),
                    };
                    now = both(&now, &inner);
                    continue;
                }
                ")" if depth > 0 => break,
                "-maxdepth" => {
                    self.most = value()?
                        .parse()
                        .map_err(|_| "invalid argument to `-maxdepth'")?;
                    continue;
                }
                "-mindepth" => {
                    self.least = value()?
                        .parse()
                        .map_err(|_| "invalid argument to `-mindepth'")?;
                    continue;
                }
                "-name" => Test::Name(value()?, false),
                "-iname" => Test::Name(value()?.to_lowercase(), true),
                "-path" | "-wholename" => Test::Path(value()?),
                "-type" => Test::Kind(value()?.chars().next().unwrap_or('f')),
                "-empty" => Test::Empty,
                "-print" => Test::Print,
                "-print0" => Test::Print0,
                "-delete" => Test::Delete,
                "-size" | "-mtime" | "-mmin" => {
                    let text = value()?;
                    let sign = text
                        .chars()
                        .next()
                        .filter(|c| "+-".contains(*c))
                        .unwrap_or('=');
                    let digits = text.trim_start_matches(['+', '-']);
                    let number = digits.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                    let bad = || format!("invalid argument `{text}' to `{word}'");
                    let count: u64 = number.parse().map_err(|_| bad())?;
                    let unit = match digits.get(number.len()..).unwrap_or("") {
                        "" | "b" => 512,
                        "c" => 1,
                        "k" => 1 << 10,
                        "M" => 1 << 20,
                        "G" => 1 << 30,
                        _ => return Err(bad()),
                    };
                    match word.as_str() {
                        "-size" => Test::Size(sign, count, unit),
                        _ => {
                            let unit = if word == "-mmin" { 60_000 } else { 86_400_000 };
                            Test::MTime(sign, i64::try_from(count).unwrap_or(i64::MAX), unit)
                        }
                    }
                }
                "-exec" | "-ok" => {
                    let mut argv = Vec::new();
                    let plus = loop {
                        match value()?.as_str() {
                            ";" => break false,
                            "+" if argv.last().is_some_and(|last| last == "{}") => break true,
                            arg => argv.push(arg.to_owned()),
                        }
                    };
                    Test::Exec(argv, plus)
                }
                word if word.starts_with('-') => return Err(format!("unknown predicate `{word}'")),
                word => return Err(format!("paths must precede expression: `{word}'")),
            };
            let wanted = std::mem::replace(&mut wanted, true);
            now.iter_mut()
                .for_each(|all| all.push((wanted, test.clone())));
        }
        any.append(&mut now);
        Ok(any)
    }

    fn visit(&mut self, cx: &mut Cx<'_>, path: &str, stat: &Stat) {
        for all in self.any.clone() {
            let holds = all
                .iter()
                .all(|(wanted, test)| self.test(cx, path, stat, test) == *wanted);
            if holds {
                return;
            }
        }
    }

    fn test(&mut self, cx: &mut Cx<'_>, path: &str, stat: &Stat, test: &Test) -> bool {
        let absolute = cx.path(path);
        match test {
            Test::Name(pattern, fold) => {
                let base = name(path.trim_end_matches('/'));
                let base = if base.is_empty() { path } else { base };
                glob::matches(
                    pattern,
                    &if *fold {
                        base.to_lowercase()
                    } else {
                        base.to_owned()
                    },
                )
            }
            Test::Path(pattern) => glob::matches(pattern, path),
            Test::Kind(kind) => match stat.kind {
                FileKind::Dir => *kind == 'd',
                FileKind::File => *kind == 'f',
                FileKind::Link => *kind == 'l',
            },
            Test::Empty => match stat.kind {
                FileKind::Dir => cx.fs.list(&absolute).is_ok_and(|list| list.is_empty()),
                _ => stat.size == 0,
            },
            Test::Size(sign, count, unit) => compare(*sign, stat.size.div_ceil(*unit), *count),
            Test::MTime(sign, count, unit) => {
                compare(*sign, (cx.now_ms - stat.mtime_ms) / unit, *count)
            }
            Test::Print => {
                cx.out(&format!("{path}\n"));
                true
            }
            Test::Print0 => {
                cx.out(&format!("{path}\0"));
                true
            }
            Test::Delete => match cx.fs.remove(&absolute, false) {
                Ok(()) => true,
                Err(error) => {
                    cx.complain(format!("cannot delete ‘{path}’: {error}"));
                    self.status = 1;
                    false
                }
            },
            Test::Exec(_, true) => {
                self.batch.push(path.to_owned());
                true
            }
            Test::Exec(argv, false) => {
                self.pending
                    .push(argv.iter().map(|arg| arg.replace("{}", path)).collect());
                true
            }
        }
    }
}

fn compare<T: PartialOrd>(sign: char, value: T, wanted: T) -> bool {
    match sign {
        '+' => value > wanted,
        '-' => value < wanted,
        _ => value == wanted,
    }
}

impl Tool for Find {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        if let Some(argv) = self.pending.pop() {
            return Poll::Run {
                argv,
                deadline_ms: None,
                null_stdin: true,
            };
        }
        let Some((path, depth)) = self.queue.pop() else {
            let batch = std::mem::take(&mut self.batch);
            let exec = self.any.iter().flatten().find_map(|(_, test)| match test {
                Test::Exec(argv, true) => Some(argv.clone()),
                _ => None,
            });
            if let (Some(mut argv), false) = (exec, batch.is_empty()) {
                argv.pop();
                argv.extend(batch);
                return Poll::Run {
                    argv,
                    deadline_ms: None,
                    null_stdin: true,
                };
            }
            return Poll::Done(self.status);
        };
        let absolute = cx.path(&path);
        let Ok(stat) = cx.fs.lstat(&absolute) else {
            return Poll::Again;
        };
        // `-delete` works from the inside out; the others from the outside in.
        if stat.kind == FileKind::Dir && depth < self.most && self.queue.len() < 100_000 {
            let list = cx.fs.list(&absolute).unwrap_or_default();
            let folder = path.trim_end_matches('/');
            let children = list
                .into_iter()
                .rev()
                .map(|entry| (format!("{folder}/{entry}"), depth + 1));
            self.queue.extend(children);
        }
        if depth >= self.least {
            self.visit(cx, &path, &stat);
        }
        Poll::Again
    }
}
