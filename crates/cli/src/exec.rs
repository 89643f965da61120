//! `bottleship exec` and `bottleship repl`: a shell on a fresh world.

use crate::Outcome;
use crate::flags::Flags;
use machinery::Arrange;
use playground::session::{HOME, Session};
use playground::transcript::lay_out;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

/// How long one command line may take, in virtual time.
const LIMIT_MS: i64 = 60 * 60_000;
/// How much of the current folder is taken along.
const FILE_BYTES_MAX: u64 = 4 << 20;
const FILES_MAX: usize = 5_000;

/// `bottleship exec 'COMMAND LINE'`: prints what it prints; its status is ours.
pub fn exec(args: &[String]) -> Outcome {
    if args.is_empty() {
        return Err("bottleship exec: which command line?\nSee `bottleship exec --help`.".into());
    }
    let line = args.join(" ");
    let mut session = Session::new(cluster::World::standard(3), true);
    take_along(&mut session, &line);
    let mut input = None;
    if !std::io::stdin().is_terminal()
        && (line.contains(" -f -") || line.trim_start().starts_with("cat -"))
    {
        let mut text = String::new();
        // Standard input that cannot be read is an empty one.
        let _ = std::io::stdin().read_to_string(&mut text);
        input = Some(text);
    }
    let (chunks, status) = session.run_with(&line, input.as_deref(), LIMIT_MS);
    for chunk in chunks {
        // A reader that has gone away is no reason to fail.
        let _ = match chunk.fd {
            2 => std::io::stderr().write_all(chunk.text.as_bytes()),
            _ => std::io::stdout().write_all(chunk.text.as_bytes()),
        };
    }
    Ok(ExitCode::from((status & 0xff) as u8))
}

/// `bottleship repl`: reads lines, runs each to its end.
pub fn repl(args: &[String]) -> Outcome {
    Flags::read("repl", args, &[], &[])?.alone()?;
    let mut session = Session::new(cluster::World::standard(3), true);
    take_along(&mut session, "ls");
    let mut lines = std::io::stdin().lock().lines();
    loop {
        print!("learner@bottleship:~$ ");
        let _ = std::io::stdout().flush();
        let Some(Ok(line)) = lines.next() else { break };
        let (chunks, _) = session.run(&line, LIMIT_MS);
        chunks.iter().for_each(|c| print!("{}", c.text));
        if session.terminal.machine().exit_status().is_some() {
            break;
        }
    }
    println!();
    Ok(ExitCode::SUCCESS)
}

/// Lays out the files of the current folder that the line names; all of them if it could mean any (`ls`, `*`, `.`).
fn take_along(session: &mut Session, line: &str) {
    let any = line.contains('*')
        || line
            .split_whitespace()
            .any(|w| matches!(w, "ls" | "." | "./" | "find" | "cd" | "-k"));
    let mut left = FILES_MAX;
    if any {
        copy(session, Path::new("."), "", 2, &mut left);
    }
    let breaks = |c: char| c.is_whitespace() || "'\"=,;|&<>()".contains(c);
    for word in line
        .split(breaks)
        .filter(|w| !w.is_empty() && !w.starts_with('/') && !w.contains(".."))
    {
        let path = Path::new(word);
        if path.is_file() {
            copy_file(session, path, word, &mut left);
        } else if path.is_dir() && !any {
            copy(session, path, word.trim_end_matches('/'), 8, &mut left);
        }
    }
}

fn copy(session: &mut Session, dir: &Path, name: &str, depth: usize, left: &mut usize) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    paths.arrange();
    for path in paths {
        let Some(last) = path.file_name().and_then(|n| n.to_str()) else {
            continue;
        };
        let name = if name.is_empty() {
            last.to_string()
        } else {
            format!("{name}/{last}")
        };
        if path.is_file() {
            copy_file(session, &path, &name, left);
        } else if path.is_dir()
            && depth > 0
            && !last.starts_with('.')
            && last != "target"
            && last != "node_modules"
        {
            copy(session, &path, &name, depth - 1, left);
        }
    }
}

fn copy_file(session: &mut Session, path: &Path, name: &str, left: &mut usize) {
    let small = std::fs::metadata(path).is_ok_and(|m| m.len() <= FILE_BYTES_MAX);
    if *left == 0 || !small {
        return;
    }
    if let Ok(bytes) = std::fs::read(path) {
        *left -= 1;
        match String::from_utf8(bytes) {
            Ok(text) => lay_out(session, name, &text),
            Err(e) => {
                let _ = session
                    .fs
                    .borrow_mut()
                    .install(&format!("{HOME}/{name}"), e.as_bytes());
            }
        }
    }
}
