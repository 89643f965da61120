//! Tools that look at paths and change nothing: basename, dirname, readlink, realpath, stat, du; and mktemp.

use super::Cx;
use super::date;
use super::files::missing_operand;
use super::options;
use crate::fs::{FileKind, name, parent};

pub(super) fn basename(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse_with(cx, "as:", &[("suffix", 's')], false, 1) else {
        return 1;
    };
    if options.rest.is_empty() {
        return missing_operand(cx);
    }
    let many = options.has('a') || options.has('s');
    let suffix = match many {
        true => options.value('s').map(str::to_owned),
        false => options.rest.get(1).cloned(),
    };
    let paths = if many {
        options.rest.as_slice()
    } else {
        &options.rest[..1]
    };
    for path in paths {
        let trimmed = path.trim_end_matches('/');
        let base = if trimmed.is_empty() && !path.is_empty() {
            "/"
        } else {
            name(trimmed)
        };
        let stripped = suffix
            .as_deref()
            .and_then(|suffix| base.strip_suffix(suffix));
        let base = stripped.filter(|base| !base.is_empty()).unwrap_or(base);
        cx.out(&format!("{base}\n"));
    }
    0
}

pub(super) fn dirname(cx: &mut Cx<'_>) -> i32 {
    if cx.args.len() < 2 {
        return missing_operand(cx);
    }
    for path in cx.args.get(1..).unwrap_or_default() {
        let trimmed = path.trim_end_matches('/');
        let folder = match trimmed.rfind('/') {
            Some(0) => "/",
            Some(at) => trimmed[..at].trim_end_matches('/'),
            None if path.starts_with('/') => "/",
            None => ".",
        };
        cx.out(&format!("{folder}\n"));
    }
    0
}

pub(super) fn readlink(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "fenmsvz", &[]) else {
        return 1;
    };
    let Some(file) = options.rest.first() else {
        return missing_operand(cx);
    };
    let path = cx.path(file);
    let found = match options.has('f') || options.has('e') {
        true => cx
            .fs
            .real_path(&path)
            .or_else(|error| match options.has('e') {
                true => Err(error),
                false => Ok(path.clone()),
            }),
        false => cx.fs.read_link(&path),
    };
    match found {
        Ok(found) => {
            cx.out(&format!("{found}\n"));
            0
        }
        Err(_) => 1,
    }
}

pub(super) fn realpath(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "emsqz", &[]) else {
        return 1;
    };
    let mut status = 0;
    for file in &options.rest {
        let path = cx.path(file);
        match cx
            .fs
            .real_path(&path)
            .or_else(|error| match cx.fs.is_dir(parent(&path)) {
                true => Ok(path.clone()),
                false => Err(error),
            }) {
            Ok(found) => cx.out(&format!("{found}\n")),
            Err(error) => {
                cx.complain(format!("{file}: {error}"));
                status = 1;
            }
        }
    }
    status
}

pub(super) fn mktemp(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "duqp:t", &[("directory", 'd')]) else {
        return 1;
    };
    let template = options
        .rest
        .first()
        .map_or("/tmp/tmp.XXXXXXXXXX", String::as_str)
        .to_owned();
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut path = String::new();
    for c in template.chars() {
        match c {
            'X' => {
                let at = cx.io.random() as usize % letters.len();
                path.push(char::from(letters[at]));
            }
            c => path.push(c),
        }
    }
    let absolute = cx.path(&path);
    let made = cx
        .fs
        .mkdir(parent(&absolute), true)
        .and_then(|()| match options.has('d') {
            true => cx.fs.mkdir(&absolute, false),
            false => cx.fs.write(&absolute, ""),
        });
    match made {
        Ok(()) => {
            cx.out(&format!("{path}\n"));
            0
        }
        Err(error) => {
            cx.complain(format!(
                "failed to create file via template '{template}': {error}"
            ));
            1
        }
    }
}

pub(super) fn stat(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "c:Lft", &[("format", 'c')]) else {
        return 1;
    };
    if options.rest.is_empty() {
        return missing_operand(cx);
    }
    let mut status = 0;
    for file in &options.rest {
        let stat = match cx.fs.lstat(&cx.path(file)) {
            Ok(stat) => stat,
            Err(error) => {
                cx.complain(format!("cannot statx '{file}': {error}"));
                status = 1;
                continue;
            }
        };
        let kind = match stat.kind {
            FileKind::Dir => "directory",
            FileKind::File if stat.size == 0 => "regular empty file",
            FileKind::File => "regular file",
            FileKind::Link => "symbolic link",
        };
        let modified = date::format(stat.mtime_ms, "%Y-%m-%d %H:%M:%S.000000000 +0000");
        let letters = super::ls::mode_letters(&stat);
        let text = match options.value('c') {
            Some(format) => {
                let mut text = String::new();
                let mut chars = format.chars();
                while let Some(c) = chars.next() {
                    match (c, if c == '%' { chars.next() } else { None }) {
                        ('%', Some('n')) => text.push_str(file),
                        ('%', Some('s')) => text.push_str(&stat.size.to_string()),
                        ('%', Some('a')) => text.push_str(&format!("{:o}", stat.mode)),
                        ('%', Some('A')) => text.push_str(&letters),
                        ('%', Some('F')) => text.push_str(kind),
                        ('%', Some('y')) => text.push_str(&modified),
                        ('%', Some('Y')) => text.push_str(&(stat.mtime_ms / 1000).to_string()),
                        ('%', Some('U' | 'G')) => text.push_str("root"),
                        ('%', Some(other)) => text.push(other),
                        (c, _) => text.push(c),
                    }
                }
                text
            }
            None => format!(
                "  File: {file}\n  Size: {:<15} {kind}\nAccess: ({:04o}/{letters})  Uid: (    0/    root)   Gid: (    0/    root)\nModify: {modified}",
                stat.size, stat.mode
            ),
        };
        cx.out(&format!("{text}\n"));
    }
    status
}

pub(super) fn du(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(
        cx,
        "shackd:m",
        &[("summarize", 's'), ("human-readable", 'h')],
    ) else {
        return 1;
    };
    let roots = if options.rest.is_empty() {
        vec![".".to_owned()]
    } else {
        options.rest.clone()
    };
    let mut status = 0;
    for root in &roots {
        match cx.fs.lstat(&cx.path(root)) {
            Ok(_) => {
                let mut lines = Vec::new();
                measure(cx, root, 0, &mut lines);
                if options.has('s') {
                    lines.drain(..lines.len().saturating_sub(1));
                }
                for (blocks, path) in lines {
                    let size = match options.has('h') {
                        true => super::ls::human(blocks * 1024),
                        false => blocks.to_string(),
                    };
                    cx.out(&format!("{size}\t{path}\n"));
                }
            }
            Err(error) => {
                cx.complain(format!("cannot access '{root}': {error}"));
                status = 1;
            }
        }
    }
    status
}

/// Kilobytes below a path, in blocks of four.
pub(super) fn measure(
    cx: &Cx<'_>,
    path: &str,
    depth: usize,
    lines: &mut Vec<(u64, String)>,
) -> u64 {
    let absolute = cx.path(path);
    let Ok(stat) = cx.fs.lstat(&absolute) else {
        return 0;
    };
    if stat.kind != FileKind::Dir {
        let blocks = stat.size.div_ceil(4096) * 4;
        if depth == 0 {
            lines.push((blocks, path.to_owned()));
        }
        return blocks;
    }
    let mut total = 4;
    for entry in cx.fs.list(&absolute).unwrap_or_default() {
        if depth < 60 && lines.len() < 10_000 {
            total += measure(cx, &format!("{path}/{entry}"), depth + 1, lines);
        }
    }
    lines.push((total, path.to_owned()));
    total
}
