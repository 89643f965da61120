//! ls and tree.

use super::Cx;
use super::date;
use super::options::{self, Options};
use crate::fs::{FileKind, Stat, resolve};
use crate::width::width;

pub(super) fn ls(cx: &mut Cx<'_>) -> i32 {
    let long = [
        ("all", 'a'),
        ("almost-all", 'A'),
        ("human-readable", 'h'),
        ("recursive", 'R'),
        ("reverse", 'r'),
        ("directory", 'd'),
        ("classify", 'F'),
        ("color", 'Z'),
    ];
    let Ok(options) = options::parse_with(cx, "alA1hRrdtSFpinsgoZ?", &long, true, 2) else {
        return 2;
    };
    let names = if options.rest.is_empty() {
        vec![".".to_owned()]
    } else {
        options.rest.clone()
    };
    let mut status = 0;
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    let mut sorted = names;
    sorted.sort();
    for name in sorted {
        let path = cx.path(&name);
        let stat = match options.has('l') || options.has('d') {
            true => cx.fs.lstat(&path).or_else(|_| cx.fs.stat(&path)),
            false => cx.fs.stat(&path).or_else(|_| cx.fs.lstat(&path)),
        };
        match stat {
            Err(error) => {
                cx.complain(format!("cannot access '{name}': {error}"));
                status = if cx.busybox { 1 } else { 2 };
            }
            Ok(stat) if stat.kind == FileKind::Dir && !options.has('d') => folders.push(name),
            Ok(stat) => files.push((name, stat)),
        }
    }
    let titles =
        files.len() + folders.len() > 1 || options.has('R') || status != 0 && !folders.is_empty();
    let mut first = files.is_empty();
    show(cx, &options, ".", files, false);
    let mut queue = folders;
    queue.reverse();
    let mut shown = 0;
    while let Some(folder) = queue.pop() {
        shown += 1;
        if shown > 10_000 {
            break;
        }
        if titles {
            let gap = if first { "" } else { "\n" };
            cx.out(&format!("{gap}{folder}:\n"));
        }
        first = false;
        let path = cx.path(&folder);
        let mut entries: Vec<(String, Stat)> = Vec::new();
        if options.has('a') {
            for name in [".", ".."] {
                if let Ok(stat) = cx.fs.stat(&resolve(&path, name)) {
                    entries.push((name.to_owned(), stat));
                }
            }
        }
        let hidden = options.has('a') || options.has('A');
        for name in cx.fs.list(&path).unwrap_or_default() {
            if name.starts_with('.') && !hidden {
                continue;
            }
            if let Ok(stat) = cx.fs.lstat(&resolve(&path, &name)) {
                if options.has('R') && stat.kind == FileKind::Dir {
                    queue.push(format!("{}/{name}", folder.trim_end_matches('/')));
                }
                entries.push((name, stat));
            }
        }
        show(cx, &options, &folder, entries, true);
    }
    status
}

fn show(
    cx: &mut Cx<'_>,
    options: &Options,
    folder: &str,
    mut entries: Vec<(String, Stat)>,
    total: bool,
) {
    // As in any locale but C: case is looked at last, and a leading dot does not count.
    let key = |name: &str| name.trim_start_matches('.').to_lowercase();
    entries.sort_by(
        |(a, x), (b, y)| match (options.has('t'), options.has('S')) {
            (true, _) => y.mtime_ms.cmp(&x.mtime_ms).then_with(|| a.cmp(b)),
            (_, true) => y.size.cmp(&x.size).then_with(|| a.cmp(b)),
            _ => key(a).cmp(&key(b)).then_with(|| a.cmp(b)),
        },
    );
    if options.has('r') {
        entries.reverse();
    }
    let mark = |name: &str, stat: &Stat| match (stat.kind, options.has('F'), options.has('p')) {
        (FileKind::Dir, true, _) | (FileKind::Dir, _, true) => format!("{name}/"),
        (FileKind::Link, true, _) => format!("{name}@"),
        (FileKind::File, true, _) if stat.mode & 0o111 != 0 => format!("{name}*"),
        _ => name.to_owned(),
    };
    if options.has('l') || options.has('n') || options.has('g') {
        let base = cx.path(folder);
        return details(cx, options, &base, entries, total, mark);
    }
    let names: Vec<String> = entries
        .iter()
        .map(|(name, stat)| mark(name, stat))
        .collect();
    if options.has('1') || !cx.tty_out {
        for name in names {
            cx.out(&format!("{name}\n"));
        }
        return;
    }
    columns(cx, &names);
}

/// As many columns as fit, filled downwards, each as wide as its widest name.
fn columns(cx: &mut Cx<'_>, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let widths: Vec<usize> = names.iter().map(|name| width(name)).collect();
    let layout = |rows: usize| -> Vec<usize> {
        widths
            .chunks(rows)
            .map(|column| column.iter().max().copied().unwrap_or(0) + 2)
            .collect()
    };
    let fits = |rows: &usize| layout(*rows).iter().sum::<usize>() <= cx.columns + 2;
    let rows = (1..=names.len()).find(fits).unwrap_or(names.len());
    let columns = layout(rows);
    for row in 0..rows {
        let mut line = String::new();
        for (column, cells) in columns.iter().enumerate() {
            let at = column * rows + row;
            let Some(name) = names.get(at) else { break };
            line.push_str(name);
            if at + rows < names.len() {
                line.push_str(&" ".repeat(cells.saturating_sub(widths[at])));
            }
        }
        cx.out(&format!("{line}\n"));
    }
}

fn details(
    cx: &mut Cx<'_>,
    options: &Options,
    base: &str,
    entries: Vec<(String, Stat)>,
    total: bool,
    mark: impl Fn(&str, &Stat) -> String,
) {
    let size = |stat: &Stat| match options.has('h') {
        true => human(stat.size),
        false => stat.size.to_string(),
    };
    let widest = entries
        .iter()
        .map(|(_, stat)| size(stat).len())
        .max()
        .unwrap_or(1);
    if total {
        let blocks: u64 = entries
            .iter()
            .map(|(_, stat)| match stat.kind {
                FileKind::Link => 0,
                _ => stat.size.div_ceil(4096) * 4,
            })
            .sum();
        let text = if options.has('h') {
            human(blocks * 1024)
        } else {
            blocks.to_string()
        };
        cx.out(&format!("total {text}\n"));
    }
    let owner = cx
        .env
        .get("USER")
        .cloned()
        .unwrap_or_else(|| "root".to_owned());
    let owner = if options.has('n') {
        "0".to_owned()
    } else {
        owner
    };
    for (name, stat) in entries {
        let links = if stat.kind == FileKind::Dir { 2 } else { 1 };
        // Half a year and older shows the year instead of the time.
        let old = (cx.now_ms - stat.mtime_ms).unsigned_abs() > 182 * 86_400_000;
        let when = date::format(stat.mtime_ms, if old { "%b %e  %Y" } else { "%b %e %H:%M" });
        let mut shown = mark(&name, &stat);
        if stat.kind == FileKind::Link
            && let Ok(target) = cx.fs.read_link(&resolve(base, &name))
        {
            shown = format!("{name} -> {target}");
        }
        let size = size(&stat);
        let mode = mode_letters(&stat);
        cx.out(&format!(
            "{mode} {links} {owner} {owner} {size:>widest$} {when} {shown}\n"
        ));
    }
}

pub(super) fn mode_letters(stat: &Stat) -> String {
    let mut out = String::from(match stat.kind {
        FileKind::Dir => "d",
        FileKind::Link => "l",
        FileKind::File => "-",
    });
    for shift in [6, 3, 0] {
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            out.push(if stat.mode >> shift & bit != 0 {
                letter
            } else {
                '-'
            });
        }
    }
    out
}

/// `4.0K`, `12M`: rounded up, as ls and du do.
pub(super) fn human(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut unit = 1024u64;
    for letter in ["K", "M", "G", "T"] {
        let tenths = (bytes * 10).div_ceil(unit);
        if tenths < 100 {
            return format!("{}.{}{letter}", tenths / 10, tenths % 10);
        }
        if tenths <= 10_230 {
            return format!("{}{letter}", bytes.div_ceil(unit));
        }
        unit = unit.saturating_mul(1024);
    }
    format!("{}T", bytes >> 40)
}

pub(super) fn tree(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "aL:dfFIC", &[]) else {
        return 1;
    };
    let roots = if options.rest.is_empty() {
        vec![".".to_owned()]
    } else {
        options.rest.clone()
    };
    let depth = options
        .value('L')
        .and_then(|text| text.parse().ok())
        .unwrap_or(20);
    let mut counts = (0, 0);
    let mut status = 0;
    for root in roots {
        if !cx.fs.is_dir(&cx.path(&root)) {
            cx.out(&format!("{root}  [error opening dir]\n"));
            status = 2;
            continue;
        }
        cx.out(&format!("{root}\n"));
        let path = cx.path(&root);
        branch(cx, &options, &path, "", depth, &mut counts);
    }
    let (folders, files) = counts;
    let plural = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let folders = plural(folders, "directory", "directories");
    let text = match options.has('d') {
        true => format!("\n{folders}\n"),
        false => format!("\n{folders}, {}\n", plural(files, "file", "files")),
    };
    cx.out(&text);
    status
}

fn branch(
    cx: &mut Cx<'_>,
    options: &Options,
    path: &str,
    indent: &str,
    depth: usize,
    counts: &mut (usize, usize),
) {
    let mut names = cx.fs.list(path).unwrap_or_default();
    names.retain(|name| options.has('a') || !name.starts_with('.'));
    if options.has('d') {
        names.retain(|name| cx.fs.is_dir(&resolve(path, name)));
    }
    let count = names.len();
    for (at, name) in names.into_iter().enumerate() {
        let child = resolve(path, &name);
        let last = at + 1 == count;
        let (twig, next) = if last {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        cx.out(&format!("{indent}{twig}{name}\n"));
        let is_dir = matches!(cx.fs.lstat(&child), Ok(stat) if stat.kind == FileKind::Dir);
        if is_dir {
            counts.0 += 1;
            if depth > 1 && counts.0 + counts.1 < 10_000 {
                branch(
                    cx,
                    options,
                    &child,
                    &format!("{indent}{next}"),
                    depth - 1,
                    counts,
                );
            }
        } else {
            counts.1 += 1;
        }
    }
}
