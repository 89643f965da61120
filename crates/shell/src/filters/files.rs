//! Tools that change the tree of files: mkdir, rm, cp, mv, touch, ln, chmod.

use super::Cx;
use super::options;
use crate::fs::{FileKind, FsError, name, resolve};

pub(super) fn missing_operand(cx: &mut Cx<'_>) -> i32 {
    cx.complain("missing operand");
    let name = cx.name().to_owned();
    cx.write(
        2,
        format!("Try '{name} --help' for more information.\n").as_bytes(),
    );
    1
}

pub(super) fn mkdir(cx: &mut Cx<'_>) -> i32 {
    let long = [("parents", 'p'), ("verbose", 'v'), ("mode", 'm')];
    let Ok(options) = options::parse(cx, "pvm:", &long) else {
        return 1;
    };
    if options.rest.is_empty() {
        return missing_operand(cx);
    }
    let mut status = 0;
    for folder in &options.rest {
        let path = cx.path(folder);
        match cx.fs.mkdir(&path, options.has('p')) {
            Ok(()) if options.has('v') => {
                cx.out(&format!("mkdir: created directory '{folder}'\n"));
            }
            Ok(()) => {}
            Err(error) => {
                // With -p only a file in the way is an error.
                let error = if error == FsError::NotDir && options.has('p') && cx.fs.is_file(&path)
                {
                    FsError::Exists
                } else {
                    error
                };
                cx.complain(format!("cannot create directory '{folder}': {error}"));
                status = 1;
            }
        }
    }
    status
}

pub(super) fn rmdir(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "pv", &[]) else {
        return 1;
    };
    if options.rest.is_empty() {
        return missing_operand(cx);
    }
    let mut status = 0;
    for folder in &options.rest {
        let path = cx.path(folder);
        let removed = match cx.fs.lstat(&path) {
            Ok(stat) if stat.kind != FileKind::Dir => Err(FsError::NotDir),
            _ => cx.fs.remove(&path, false),
        };
        if let Err(error) = removed {
            cx.complain(format!("failed to remove '{folder}': {error}"));
            status = 1;
        }
    }
    status
}

pub(super) fn rm(cx: &mut Cx<'_>) -> i32 {
    let long = [
        ("recursive", 'r'),
        ("force", 'f'),
        ("verbose", 'v'),
        ("dir", 'd'),
    ];
    let Ok(options) = options::parse(cx, "rRfvid", &long) else {
        return 1;
    };
    let recursive = options.has('r') || options.has('R');
    if options.rest.is_empty() && !options.has('f') {
        return missing_operand(cx);
    }
    let mut status = 0;
    for file in &options.rest {
        let path = cx.path(file);
        if path == "/" {
            cx.complain("it is dangerous to operate recursively on '/'");
            cx.complain("use --no-preserve-root to override this failsafe");
            status = 1;
            continue;
        }
        let last = name(file.trim_end_matches('/'));
        if last == "." || last == ".." {
            cx.complain(format!(
                "refusing to remove '.' or '..' directory: skipping '{file}'"
            ));
            status = 1;
            continue;
        }
        let removed = match cx.fs.lstat(&path) {
            Err(FsError::NotFound | FsError::NotDir) if options.has('f') => continue,
            Err(error) => Err(error),
            Ok(stat) if stat.kind == FileKind::Dir && !recursive && !options.has('d') => {
                Err(FsError::IsDir)
            }
            Ok(_) => cx.fs.remove(&path, recursive),
        };
        match removed {
            Ok(()) if options.has('v') => cx.out(&format!("removed '{file}'\n")),
            Ok(()) => {}
            Err(error) => {
                cx.complain(format!("cannot remove '{file}': {error}"));
                status = 1;
            }
        }
    }
    status
}

/// Splits the operands of cp, mv and ln into sources and target; says if the target is a folder.
fn operands(
    cx: &mut Cx<'_>,
    rest: &[String],
    into: Option<&str>,
) -> Option<(Vec<String>, String, bool)> {
    let (mut sources, target) = match into {
        Some(folder) => (rest.to_vec(), folder.to_owned()),
        None => {
            let (last, head) = rest.split_last()?;
            (head.to_vec(), last.clone())
        }
    };
    let help = |cx: &mut Cx<'_>| {
        let name = cx.name().to_owned();
        cx.write(
            2,
            format!("Try '{name} --help' for more information.\n").as_bytes(),
        );
    };
    if sources.is_empty() {
        match rest.first() {
            Some(file) => cx.complain(format!("missing destination file operand after '{file}'")),
            None => cx.complain("missing file operand"),
        }
        help(cx);
        return None;
    }
    let is_dir = cx.fs.is_dir(&cx.path(&target));
    if sources.len() > 1 && !is_dir {
        cx.complain(format!(
            "target '{target}': {}",
            match cx.fs.exists(&cx.path(&target)) {
                true => FsError::NotDir,
                false => FsError::NotFound,
            }
        ));
        sources.clear();
        return None;
    }
    Some((sources, target, is_dir))
}

fn destination(cx: &Cx<'_>, source: &str, target: &str, is_dir: bool) -> String {
    match is_dir {
        true => resolve(&cx.path(target), name(source.trim_end_matches('/'))),
        false => cx.path(target),
    }
}

pub(super) fn cp(cx: &mut Cx<'_>) -> i32 {
    let long = [
        ("recursive", 'r'),
        ("archive", 'a'),
        ("force", 'f'),
        ("verbose", 'v'),
        ("no-clobber", 'n'),
        ("target-directory", 't'),
    ];
    let Ok(options) = options::parse(cx, "rRafpvnuLPdit:T", &long) else {
        return 1;
    };
    let recursive = ['r', 'R', 'a'].iter().any(|flag| options.has(*flag));
    let Some((sources, target, is_dir)) = operands(cx, &options.rest, options.value('t')) else {
        return 1;
    };
    let mut status = 0;
    for source in &sources {
        let from = cx.path(source);
        let to = destination(cx, source, &target, is_dir && !options.has('T'));
        if cx.fs.is_dir(&from) && !recursive {
            cx.complain(format!("-r not specified; omitting directory '{source}'"));
            status = 1;
            continue;
        }
        if options.has('n') && cx.fs.exists(&to) {
            continue;
        }
        if from == to {
            cx.complain(format!("'{source}' and '{target}' are the same file"));
            status = 1;
            continue;
        }
        if to.starts_with(&format!("{from}/")) {
            cx.complain(format!(
                "cannot copy a directory, '{source}', into itself, '{target}'"
            ));
            status = 1;
            continue;
        }
        if options.has('v') {
            cx.out(&format!(
                "'{source}' -> '{}'\n",
                match is_dir {
                    true => format!("{}/{}", target.trim_end_matches('/'), name(source)),
                    false => target.clone(),
                }
            ));
        }
        if let Err((path, error)) = copy(cx, &from, &to, 0) {
            let text = match path == from {
                true => format!("cannot stat '{source}': {error}"),
                false => format!("cannot create regular file '{target}': {error}"),
            };
            cx.complain(text);
            status = 1;
        }
    }
    status
}

fn copy(cx: &mut Cx<'_>, from: &str, to: &str, depth: usize) -> Result<(), (String, FsError)> {
    let here = |error| (from.to_owned(), error);
    let there = |error| (to.to_owned(), error);
    let stat = cx.fs.stat(from).map_err(here)?;
    if stat.kind != FileKind::Dir {
        let data = cx.fs.read(from).map_err(here)?;
        cx.fs.write(to, data.as_slice()).map_err(there)?;
        return cx.fs.chmod(to, stat.mode).map_err(there);
    }
    if !cx.fs.is_dir(to) {
        cx.fs.mkdir(to, false).map_err(there)?;
    }
    for entry in cx.fs.list(from).map_err(here)? {
        if depth < 60 {
            copy(cx, &resolve(from, &entry), &resolve(to, &entry), depth + 1)?;
        }
    }
    Ok(())
}

pub(super) fn mv(cx: &mut Cx<'_>) -> i32 {
    let long = [
        ("force", 'f'),
        ("no-clobber", 'n'),
        ("verbose", 'v'),
        ("target-directory", 't'),
    ];
    let Ok(options) = options::parse(cx, "fnvit:uT", &long) else {
        return 1;
    };
    let Some((sources, target, is_dir)) = operands(cx, &options.rest, options.value('t')) else {
        return 1;
    };
    let mut status = 0;
    for source in &sources {
        let from = cx.path(source);
        let to = destination(cx, source, &target, is_dir && !options.has('T'));
        if options.has('n') && cx.fs.exists(&to) {
            continue;
        }
        let text = match cx.fs.lstat(&from) {
            Err(error) => Some(format!("cannot stat '{source}': {error}")),
            Ok(_) if from == to => Some(format!("'{source}' and '{target}' are the same file")),
            Ok(_) => match cx.fs.rename(&from, &to) {
                Ok(()) => None,
                Err(FsError::Invalid) => Some(format!(
                    "cannot move '{source}' to a subdirectory of itself, '{target}'"
                )),
                Err(error) => Some(format!("cannot move '{source}' to '{target}': {error}")),
            },
        };
        match text {
            Some(text) => {
                cx.complain(text);
                status = 1;
            }
            None if options.has('v') => cx.out(&format!("renamed '{source}' -> '{target}'\n")),
            None => {}
        }
    }
    status
}

pub(super) fn ln(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "sfnvT", &[("symbolic", 's'), ("force", 'f')]) else {
        return 1;
    };
    let mut rest = options.rest.clone();
    if rest.len() == 1 {
        rest.push(".".to_owned());
    }
    let Some((sources, target, is_dir)) = operands(cx, &rest, None) else {
        return 1;
    };
    for source in &sources {
        let to = destination(cx, source, &target, is_dir && !options.has('n'));
        if options.has('f') {
            let _ = cx.fs.remove(&to, false);
        }
        // A hard link of one file system that never changes owners is as good as a copy.
        let made = match options.has('s') {
            true => cx.fs.symlink(source, &to),
            false => cx
                .fs
                .read(&cx.path(source))
                .and_then(|data| cx.fs.write(&to, data.as_slice())),
        };
        if let Err(error) = made {
            let kind = if options.has('s') { "symbolic" } else { "hard" };
            cx.complain(format!("failed to create {kind} link '{target}': {error}"));
            return 1;
        }
    }
    0
}

pub(super) fn touch(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "acmd:r:t:", &[("no-create", 'c'), ("date", 'd')]) else {
        return 1;
    };
    if options.rest.is_empty() {
        cx.complain("missing file operand");
        cx.write(2, b"Try 'touch --help' for more information.\n");
        return 1;
    }
    let mut status = 0;
    for file in &options.rest {
        let path = cx.path(file);
        if options.has('c') && !cx.fs.exists(&path) {
            continue;
        }
        if let Err(error) = cx.fs.touch(&path) {
            cx.complain(format!("cannot touch '{file}': {error}"));
            status = 1;
        }
    }
    status
}

pub(super) fn chmod(cx: &mut Cx<'_>) -> i32 {
    let args: Vec<String> = cx.args.get(1..).unwrap_or_default().to_vec();
    let flags = ["-R", "-v", "-f", "-c", "--recursive"];
    let recursive = args.iter().any(|arg| arg == "-R" || arg == "--recursive");
    let mut words = args.iter().filter(|arg| !flags.contains(&arg.as_str()));
    let Some(mode) = words.next() else {
        return missing_operand(cx);
    };
    let mut files: Vec<String> = words.cloned().collect();
    if files.is_empty() {
        cx.complain(format!("missing operand after '{mode}'"));
        return 1;
    }
    let mut status = 0;
    let mut at = 0;
    while let Some(file) = files.get(at).cloned() {
        at += 1;
        let path = cx.path(&file);
        let old = match cx.fs.stat(&path) {
            Ok(stat) => stat.mode,
            Err(error) => {
                cx.complain(format!("cannot access '{file}': {error}"));
                status = 1;
                continue;
            }
        };
        let Some(new) = new_mode(mode, old) else {
            cx.complain(format!("invalid mode: '{mode}'"));
            return 1;
        };
        if let Err(error) = cx.fs.chmod(&path, new) {
            cx.complain(format!("changing permissions of '{file}': {error}"));
            status = 1;
        }
        if recursive && files.len() < 10_000 && cx.fs.is_dir(&path) {
            let inside = cx.fs.list(&path).unwrap_or_default();
            files.extend(inside.into_iter().map(|entry| format!("{file}/{entry}")));
        }
    }
    status
}

/// `755`, `u+x`, `go-w`, `a=r`
fn new_mode(mode: &str, old: u32) -> Option<u32> {
    if mode.chars().all(|c| c.is_digit(8)) {
        return u32::from_str_radix(mode, 8)
            .ok()
            .filter(|mode| *mode <= 0o7777);
    }
    let mut new = old;
    for clause in mode.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, what) = clause.split_at(at);
        let mut mask = 0;
        for c in who.chars() {
            mask |= match c {
                'u' => 0o700,
                'g' => 0o070,
                'o' => 0o007,
                'a' => 0o777,
                _ => return None,
            };
        }
        if who.is_empty() {
            mask = 0o777;
        }
        let mut bits = 0;
        for c in what.chars().skip(1) {
            bits |= match c {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                'X' => {
                    if old & 0o111 != 0 {
                        0o111
                    } else {
                        0
                    }
                }
                's' | 't' => 0,
                _ => return None,
            };
        }
        match what.chars().next()? {
            '+' => new |= bits & mask,
            '-' => new &= !(bits & mask),
            _ => new = new & !mask | bits & mask,
        }
    }
    Some(new)
}

pub(super) fn chown(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "Rvfh", &[("recursive", 'R')]) else {
        return 1;
    };
    let mut status = 0;
    for file in options.rest.iter().skip(1) {
        if let Err(error) = cx.fs.stat(&cx.path(file)) {
            cx.complain(format!("cannot access '{file}': {error}"));
            status = 1;
        }
    }
    status
}
