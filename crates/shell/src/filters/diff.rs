//! diff: unified (-u) and the plain format. The comparison is Myers' on lines.

use super::Cx;
use super::date;
use super::options::{self, Options};

/// Beyond this many differences the rest counts as replaced whole.
const MAX_EDITS: usize = 2000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Delete,
    Insert,
}

pub(super) fn diff(cx: &mut Cx<'_>) -> i32 {
    let long = [
        ("unified", 'u'),
        ("brief", 'q'),
        ("label", 'L'),
        ("new-file", 'N'),
        ("recursive", 'r'),
    ];
    let Ok(options) = options::parse_with(cx, "uU:qNriwbBL:", &long, true, 2) else {
        return 2;
    };
    let [left, right] = options.rest.as_slice() else {
        match options.rest.first() {
            Some(first) => cx.complain(format!("missing operand after '{first}'")),
            None => cx.complain("missing operand after 'diff'"),
        }
        cx.write(2, b"diff: Try 'diff --help' for more information.\n");
        return 2;
    };
    let folders = [left, right].map(|name| cx.fs.is_dir(&cx.path(name)));
    match folders {
        [true, true] => folders_differ(cx, &options, left, right, 0),
        _ => files_differ(cx, &options, left, right),
    }
}

/// Two folders, name by name; with `-r` what is below them too.
fn folders_differ(
    cx: &mut Cx<'_>,
    options: &Options,
    left: &str,
    right: &str,
    depth: usize,
) -> i32 {
    let list = |cx: &Cx<'_>, folder: &str| cx.fs.list(&cx.path(folder)).unwrap_or_default();
    let (a, b) = (list(cx, left), list(cx, right));
    let mut names: Vec<&String> = a
        .iter()
        .chain(b.iter().filter(|n| !a.contains(n)))
        .collect();
    names.sort();
    let mut status = 0;
    for name in names {
        let pair = [left, right].map(|f| format!("{}/{name}", f.trim_end_matches('/')));
        let [x, y] = &pair;
        let missing = [!a.contains(name), !b.contains(name)];
        let is_dir = pair.each_ref().map(|path| cx.fs.is_dir(&cx.path(path)));
        if missing != [false, false] && !(options.has('N') && is_dir == [false, false]) {
            let there = if missing[0] { right } else { left };
            cx.out(&format!(
                "Only in {}: {name}\n",
                there.trim_end_matches('/')
            ));
            status = status.max(1);
        } else if is_dir == [true, true] {
            if options.has('r') && depth < 60 {
                status = status.max(folders_differ(cx, options, x, y, depth + 1));
            } else {
                cx.out(&format!("Common subdirectories: {x} and {y}\n"));
            }
        } else {
            let before = std::mem::take(&mut cx.written);
            let found = files_differ(cx, options, x, y);
            let said = std::mem::replace(&mut cx.written, before);
            if found == 1 && !options.has('q') {
                let words = cx.args.iter().skip(1).filter(|word| word.starts_with('-'));
                let flags: String = words.map(|word| format!("{word} ")).collect();
                cx.out(&format!("diff {flags}{x} {y}\n"));
            }
            for (fd, bytes) in said {
                cx.write(fd, &bytes);
            }
            status = status.max(found);
        }
    }
    status
}

fn files_differ(cx: &mut Cx<'_>, options: &Options, left: &str, right: &str) -> i32 {
    let mut texts = Vec::new();
    for (name, other) in [(left, right), (right, left)] {
        let mut path = cx.path(name);
        if cx.fs.is_dir(&path) && !cx.fs.is_dir(&cx.path(other)) {
            path = crate::fs::resolve(&path, crate::fs::name(other));
        }
        match cx.fs.read_text(&path) {
            Ok(text) => texts.push((text, cx.fs.stat(&path).map_or(0, |stat| stat.mtime_ms))),
            Err(_) if options.has('N') => texts.push((String::new(), 0)),
            Err(error) => {
                cx.complain(format!("{name}: {error}"));
                return 2;
            }
        }
    }
    let [(a_text, a_time), (b_text, b_time)] = texts.as_slice() else {
        return 2;
    };
    if a_text == b_text {
        return 0;
    }
    if options.has('q') {
        cx.out(&format!("Files {left} and {right} differ\n"));
        return 1;
    }
    let normal = |line: &str| -> String {
        let mut line = line.to_owned();
        if options.has('i') {
            line = line.to_lowercase();
        }
        if options.has('w') {
            line.retain(|c| !c.is_whitespace());
        } else if options.has('b') {
            line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        line
    };
    let a: Vec<&str> = a_text.split_inclusive('\n').collect();
    let b: Vec<&str> = b_text.split_inclusive('\n').collect();
    let keys = |lines: &[&str]| lines.iter().map(|line| normal(line)).collect::<Vec<_>>();
    let edits = compare(&keys(&a), &keys(&b));
    if edits.iter().all(|edit| *edit == Edit::Keep) {
        return 0;
    }
    let text = if options.has('u') || options.has('U') {
        let context = options
            .value('U')
            .and_then(|text| text.parse().ok())
            .unwrap_or(3);
        let stamp = |ms: i64| date::format(ms, "%Y-%m-%d %H:%M:%S.000000000 +0000");
        let labels: Vec<&str> = options.values('L').collect();
        let head = |at: usize, name: &str, ms: i64| match labels.get(at) {
            Some(label) => (*label).to_owned(),
            None => format!("{name}\t{}", stamp(ms)),
        };
        format!(
            "--- {}\n+++ {}\n{}",
            head(0, left, *a_time),
            head(1, right, *b_time),
            unified(&a, &b, &edits, context)
        )
    } else {
        plain(&a, &b, &edits)
    };
    cx.out(&text);
    1
}

fn compare(a: &[String], b: &[String]) -> Vec<Edit> {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a_rest, b_rest) = (&a[start..], &b[start..]);
    let end = a_rest
        .iter()
        .rev()
        .zip(b_rest.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (a_mid, b_mid) = (&a_rest[..a_rest.len() - end], &b_rest[..b_rest.len() - end]);
    let mut edits = vec![Edit::Keep; start];
    edits.extend(myers(a_mid, b_mid));
    edits.extend(std::iter::repeat_n(Edit::Keep, end));
    edits
}

fn myers(a: &[String], b: &[String]) -> Vec<Edit> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let most = (n + m).min(MAX_EDITS as isize);
    let size = (2 * most + 3) as usize;
    let mut ends = vec![0isize; size];
    let mut trace: Vec<Vec<isize>> = Vec::new();
    let at = |k: isize| (k + most + 1) as usize;
    for d in 0..=most {
        trace.push(ends[at(-d - 1).min(size - 1)..=at(d + 1).min(size - 1)].to_vec());
        for k in (-d..=d).step_by(2) {
            let down = k == -d || k != d && ends[at(k - 1)] < ends[at(k + 1)];
            let mut x = if down {
                ends[at(k + 1)]
            } else {
                ends[at(k - 1)] + 1
            };
            while x < n && x - k < m && x >= 0 && x - k >= 0 && a[x as usize] == b[(x - k) as usize]
            {
                x += 1;
            }
            ends[at(k)] = x;
            if x >= n && x - k >= m {
                return walk_back(&trace, n, m);
            }
        }
    }
    let mut edits = vec![Edit::Delete; a.len()];
    edits.extend(vec![Edit::Insert; b.len()]);
    edits
}

fn walk_back(trace: &[Vec<isize>], n: isize, m: isize) -> Vec<Edit> {
    let (mut x, mut y) = (n, m);
    let mut edits = Vec::new();
    for (d, ends) in trace.iter().enumerate().rev() {
        let d = d as isize;
        let get = |k: isize| ends.get((k + d + 1) as usize).copied().unwrap_or(0);
        let k = x - y;
        let down = k == -d || k != d && get(k - 1) < get(k + 1);
        let before = if down { k + 1 } else { k - 1 };
        let (px, py) = if d == 0 {
            (0, 0)
        } else {
            (get(before), get(before) - before)
        };
        while x > px && y > py {
            edits.push(Edit::Keep);
            x -= 1;
            y -= 1;
        }
        if d > 0 {
            edits.push(if down { Edit::Insert } else { Edit::Delete });
        }
        (x, y) = (px, py);
    }
    edits.reverse();
    edits
}

fn put(out: &mut String, mark: &str, line: &str) {
    out.push_str(mark);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

fn unified(a: &[&str], b: &[&str], edits: &[Edit], context: usize) -> String {
    let mut out = String::new();
    let changed: Vec<usize> = edits
        .iter()
        .enumerate()
        .filter(|(_, e)| **e != Edit::Keep)
        .map(|(at, _)| at)
        .collect();
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for at in changed {
        let (low, high) = (
            at.saturating_sub(context),
            (at + context + 1).min(edits.len()),
        );
        match groups.last_mut() {
            Some((_, end)) if low <= *end => *end = high,
            _ => groups.push((low, high)),
        }
    }
    let (mut x, mut y, mut at) = (0, 0, 0);
    for (low, high) in groups {
        while at < low {
            (x, y) = (x + 1, y + 1);
            at += 1;
        }
        let (first_x, first_y) = (x, y);
        let mut body = String::new();
        while at < high {
            match edits[at] {
                Edit::Keep => {
                    put(&mut body, " ", a.get(x).unwrap_or(&""));
                    (x, y) = (x + 1, y + 1);
                }
                Edit::Delete => {
                    put(&mut body, "-", a.get(x).unwrap_or(&""));
                    x += 1;
                }
                Edit::Insert => {
                    put(&mut body, "+", b.get(y).unwrap_or(&""));
                    y += 1;
                }
            }
            at += 1;
        }
        let range = |first: usize, end: usize| match end - first {
            0 => format!("{first},0"),
            1 => format!("{}", first + 1),
            count => format!("{},{count}", first + 1),
        };
        out.push_str(&format!(
            "@@ -{} +{} @@\n{body}",
            range(first_x, x),
            range(first_y, y)
        ));
    }
    out
}

fn plain(a: &[&str], b: &[&str], edits: &[Edit]) -> String {
    let mut out = String::new();
    let (mut x, mut y, mut at) = (0, 0, 0);
    while at < edits.len() {
        if edits[at] == Edit::Keep {
            (x, y, at) = (x + 1, y + 1, at + 1);
            continue;
        }
        let (first_x, first_y) = (x, y);
        while let Some(edit) = edits.get(at).filter(|edit| **edit != Edit::Keep) {
            match edit {
                Edit::Delete => x += 1,
                _ => y += 1,
            }
            at += 1;
        }
        let range = |first: usize, end: usize| match end - first {
            0 => format!("{first}"),
            1 => format!("{}", first + 1),
            _ => format!("{},{end}", first + 1),
        };
        let kind = match (x > first_x, y > first_y) {
            (true, true) => 'c',
            (true, false) => 'd',
            _ => 'a',
        };
        out.push_str(&format!(
            "{}{kind}{}\n",
            range(first_x, x),
            range(first_y, y)
        ));
        for line in a.get(first_x..x).unwrap_or_default() {
            put(&mut out, "< ", line);
        }
        if kind == 'c' {
            out.push_str("---\n");
        }
        for line in b.get(first_y..y).unwrap_or_default() {
            put(&mut out, "> ", line);
        }
    }
    out
}
