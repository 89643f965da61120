//! tar: create, list and extract, in the ustar format that every tar reads; and dd, truncate, install.
//!
//! The real one is GNU tar. `-z` wraps the archive in gzip without making it smaller. Left out: links, owners, sparse files,
//! names over 100 bytes.

use super::gather::{MAX_INPUT, gather};
use super::options::{self, Options};
use super::{Cx, Tool, date};
use crate::fs::{FileKind, FsError, parent, resolve};

const BLOCK: usize = 512;

pub(super) fn tar(cx: &mut Cx<'_>) -> Result<Box<dyn Tool>, i32> {
    // `tar czf x.tgz dir`: the first word may lack its hyphen.
    let mut args = cx.args.to_vec();
    if let Some(first) = args.get_mut(1).filter(|word| !word.starts_with('-')) {
        first.insert(0, '-');
    }
    let long = [
        ("create", 'c'),
        ("extract", 'x'),
        ("list", 't'),
        ("file", 'f'),
        ("directory", 'C'),
        ("gzip", 'z'),
        ("verbose", 'v'),
        ("strip-components", 'S'),
        ("to-stdout", 'O'),
    ];
    let args = args.get(1..).unwrap_or_default();
    let options = options::parse_args(cx, args, "cxtf:C:zvpmS:OhP", &long, true, 2)?;
    let file = options.value('f').filter(|name| *name != "-");
    if options.has('c') {
        let status = create(cx, &options, file);
        return Err(status);
    }
    if !options.has('x') && !options.has('t') {
        cx.complain("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options");
        cx.write(
            2,
            b"Try 'tar --help' or 'tar --usage' for more information.\n",
        );
        return Err(2);
    }
    let file = file.map(str::to_owned);
    if let Some(name) = &file
        && let Err(error) = cx.fs.read(&cx.path(name))
    {
        cx.complain(format!("{name}: Cannot open: {error}"));
        cx.complain("Error is not recoverable: exiting now");
        return Err(2);
    }
    let inputs: Vec<String> = file.into_iter().collect();
    gather(&inputs, options, |cx, options, files| {
        let data = files.first().map_or(&[][..], |(_, data)| data);
        unpack(cx, options, data)
    })
}

/// Where the archive's names begin: `-C`.
fn base(cx: &Cx<'_>, options: &Options) -> String {
    cx.path(options.value('C').unwrap_or("."))
}

fn create(cx: &mut Cx<'_>, options: &Options, file: Option<&str>) -> i32 {
    if options.rest.is_empty() {
        cx.complain("Cowardly refusing to create an empty archive");
        cx.write(
            2,
            b"Try 'tar --help' or 'tar --usage' for more information.\n",
        );
        return 2;
    }
    let base = base(cx, options);
    let (mut out, mut names, mut status) = (Vec::new(), Vec::new(), 0);
    for name in &options.rest {
        if cx.fs.stat(&resolve(&base, name)).is_err() {
            cx.complain(format!("{name}: Cannot stat: No such file or directory"));
            status = 2;
            continue;
        }
        let stored = name.trim_start_matches('/');
        if stored != name {
            cx.complain("Removing leading `/' from member names");
        }
        add(cx, &base, name, stored, &mut out, &mut names, 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    if options.has('z') {
        out = codec::gzip(&out);
    }
    if options.has('v') {
        let text = names
            .iter()
            .map(|name| format!("{name}\n"))
            .collect::<String>();
        cx.write(if file.is_some() { 1 } else { 2 }, text.as_bytes());
    }
    match file {
        None => cx.write(1, &out),
        Some(file) => {
            if let Err(error) = cx.fs.write(&cx.path(file), &out) {
                cx.complain(format!("{file}: Cannot open: {error}"));
                cx.complain("Error is not recoverable: exiting now");
                return 2;
            }
        }
    }
    if status != 0 {
        cx.complain("Exiting with failure status due to previous errors");
    }
    status
}

fn add(
    cx: &Cx<'_>,
    base: &str,
    name: &str,
    stored: &str,
    out: &mut Vec<u8>,
    names: &mut Vec<String>,
    depth: usize,
) {
    let path = resolve(base, name);
    let Ok(stat) = cx.fs.stat(&path) else { return };
    if out.len() > MAX_INPUT || depth > 60 {
        return;
    }
    if stat.kind == FileKind::Dir {
        let folder = stored.trim_end_matches('/');
        out.extend(header(
            &format!("{folder}/"),
            stat.mode,
            0,
            stat.mtime_ms,
            b'5',
        ));
        names.push(format!("{folder}/"));
        for entry in cx.fs.list(&path).unwrap_or_default() {
            let (name, stored) = (format!("{name}/{entry}"), format!("{folder}/{entry}"));
            add(cx, base, &name, &stored, out, names, depth + 1);
        }
        return;
    }
    let data = cx.fs.read(&path).unwrap_or_default();
    out.extend(header(stored, stat.mode, data.len(), stat.mtime_ms, b'0'));
    out.extend(data.iter());
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    names.push(stored.to_owned());
}

fn header(name: &str, mode: u32, size: usize, mtime_ms: i64, kind: u8) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    let mut put = |at: usize, text: &[u8]| {
        for (place, byte) in block.iter_mut().skip(at).zip(text.iter().take(100)) {
            *place = *byte;
        }
    };
    put(0, name.as_bytes());
    put(100, format!("{:07o}", mode & 0o7777).as_bytes());
    put(108, b"0000000\x000000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, format!("{:011o}", (mtime_ms / 1000).max(0)).as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000root");
    put(297, b"root");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    for (place, byte) in block.iter_mut().skip(148).zip(sum.bytes()) {
        *place = byte;
    }
    block
}

struct Member {
    name: String,
    mode: u32,
    mtime_ms: i64,
    folder: bool,
    from: usize,
    size: usize,
}

fn members(data: &[u8]) -> Option<Vec<Member>> {
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let Some(block) = data.get(at..at + BLOCK) else {
            return (at > 0).then_some(out);
        };
        if block.iter().all(|byte| *byte == 0) {
            return Some(out);
        }
        let text = |from: usize, to: usize| {
            let bytes = block.get(from..to).unwrap_or_default();
            let end = bytes.iter().position(|byte| *byte == 0);
            String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
        };
        let number = |from, to| i64::from_str_radix(text(from, to).trim(), 8).ok();
        if text(257, 262) != "ustar" {
            return None;
        }
        let size = usize::try_from(number(124, 136)?).ok()?;
        let from = at + BLOCK;
        data.get(from..from.checked_add(size)?)?;
        out.push(Member {
            name: text(0, 100),
            mode: number(100, 108)? as u32,
            mtime_ms: number(136, 148)?.saturating_mul(1000),
            folder: text(156, 157) == "5",
            from,
            size,
        });
        at = from + size.next_multiple_of(BLOCK);
    }
}

fn unpack(cx: &mut Cx<'_>, options: &Options, data: &[u8]) -> i32 {
    let inner = match data.starts_with(&[0x1f, 0x8b]) {
        true => codec::gunzip(data),
        false if options.has('z') => None,
        false => Some(data.to_vec()),
    };
    let found = inner.as_ref().and_then(|data| members(data));
    let (Some(data), Some(found)) = (inner, found) else {
        cx.complain("This does not look like a tar archive");
        cx.complain("Exiting with failure status due to previous errors");
        return 2;
    };
    let base = base(cx, options);
    let strip: usize = options.value('S').and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut missing: Vec<&String> = options.rest.iter().collect();
    let mut status = 0;
    for member in &found {
        let plain = member.name.trim_end_matches('/');
        let asked = |want: &&String| {
            let want = want.trim_end_matches('/');
            plain == want
                || plain
                    .strip_prefix(want)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        if !options.rest.is_empty() && !options.rest.iter().any(|want| asked(&want)) {
            continue;
        }
        missing.retain(|want| !asked(want));
        let bytes = data
            .get(member.from..member.from + member.size)
            .unwrap_or_default();
        if options.has('O') {
            cx.write(1, bytes);
            continue;
        }
        if options.has('t') || options.has('v') {
            cx.out(&line(member, options.has('t') && options.has('v')));
        }
        if options.has('t') {
            continue;
        }
        let target: Vec<&str> = plain.split('/').skip(strip).collect();
        if target.is_empty() || target.contains(&"..") {
            continue;
        }
        let path = resolve(&base, &target.join("/"));
        if let Err(error) = put(cx, &path, member, bytes) {
            cx.complain(format!("{}: Cannot open: {error}", member.name));
            status = 2;
        }
    }
    for name in missing {
        cx.complain(format!("{name}: Not found in archive"));
        status = 2;
    }
    if status != 0 {
        cx.complain("Exiting with failure status due to previous errors");
    }
    status
}

fn put(cx: &mut Cx<'_>, path: &str, member: &Member, bytes: &[u8]) -> Result<(), FsError> {
    if member.folder {
        return cx.fs.mkdir(path, true);
    }
    cx.fs.mkdir(parent(path), true)?;
    cx.fs.write(path, bytes)?;
    cx.fs.chmod(path, member.mode)
}

fn line(member: &Member, long: bool) -> String {
    if !long {
        return format!("{}\n", member.name);
    }
    let mut mode = String::from(if member.folder { "d" } else { "-" });
    for bit in (0..9).rev() {
        let letter = ["x", "w", "r"].get(bit % 3).copied().unwrap_or("-");
        mode.push_str(if member.mode >> bit & 1 == 1 {
            letter
        } else {
            "-"
        });
    }
    let when = date::format(member.mtime_ms, "%Y-%m-%d %H:%M");
    format!(
        "{mode} root/root {:>9} {when} {}\n",
        member.size, member.name
    )
}

/// `dd if=/dev/zero of=FILE bs=1M count=10`
pub(super) fn dd(cx: &mut Cx<'_>) -> i32 {
    let value = |name: &str| {
        let words = cx.args.iter().skip(1);
        words.filter_map(|word| word.strip_prefix(name)).next_back()
    };
    let block = value("bs=").and_then(options::size).unwrap_or(512).max(1);
    let count = value("count=").and_then(|text| text.parse::<usize>().ok());
    let (from, to) = (value("if=").unwrap_or(""), value("of=").unwrap_or(""));
    let zero = ["/dev/zero", "/dev/urandom", "/dev/random"].contains(&from);
    let data = match (from, count) {
        ("", _) => {
            cx.complain("bottleship simulates only dd with if=");
            return 1;
        }
        (_, None) if zero => {
            cx.complain("bottleship does not simulate dd without count=: it would never end");
            return 1;
        }
        (_, Some(count)) if zero => match block.checked_mul(count).filter(|n| *n <= MAX_INPUT) {
            Some(size) if from == "/dev/zero" => vec![0; size],
            Some(size) => (0..size).map(|_| (cx.io.random() >> 3) as u8).collect(),
            None if to == "/dev/null" => Vec::new(),
            None => {
                cx.complain(format!(
                    "error writing '{to}': bottleship keeps files up to 16 MiB"
                ));
                return 1;
            }
        },
        (from, count) => match cx.fs.read(&cx.path(from)) {
            Ok(data) => {
                let most = count.map_or(data.len(), |count| count.saturating_mul(block));
                data.get(..most.min(data.len()))
                    .unwrap_or_default()
                    .to_vec()
            }
            Err(error) => {
                cx.complain(format!("failed to open '{from}': {error}"));
                return 1;
            }
        },
    };
    if to.is_empty() {
        cx.write(1, &data);
    } else if to != "/dev/null" {
        let (to, path) = (to.to_owned(), cx.path(to));
        if let Err(error) = cx.fs.write(&path, &data) {
            cx.complain(format!("failed to open '{to}': {error}"));
            return 1;
        }
    }
    let size = match (zero, count) {
        (true, Some(count)) => block.saturating_mul(count),
        _ => data.len(),
    };
    let (full, part) = (size / block, usize::from(!size.is_multiple_of(block)));
    // One and a half gigabytes in a second, as a small machine does.
    let micros = size as u64 / 1500;
    let text = format!(
        "{full}+{part} records in\n{full}+{part} records out\n{size} bytes copied, {}.{:06} s, 1.5 GB/s\n",
        micros / 1_000_000,
        micros % 1_000_000
    );
    cx.write(2, text.as_bytes());
    0
}

/// `truncate -s SIZE FILE`
pub(super) fn truncate(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "s:c", &[("size", 's')]) else {
        return 1;
    };
    let Some(size) = options.value('s').and_then(options::size) else {
        cx.complain("you must specify either '--size' or '--reference'");
        return 1;
    };
    for file in &options.rest {
        let path = cx.path(file);
        let mut data = cx
            .fs
            .read(&path)
            .map_or_else(|_| Vec::new(), |d| d.to_vec());
        data.resize(size.min(MAX_INPUT), 0);
        if let Err(error) = cx.fs.write(&path, data) {
            cx.complain(format!("cannot open '{file}' for writing: {error}"));
            return 1;
        }
    }
    0
}

/// `install [-o USER] [-g GROUP] [-m MODE] SOURCE... TARGET`: a copy with a mode.
pub(super) fn install(cx: &mut Cx<'_>) -> i32 {
    let Ok(options) = options::parse(cx, "o:g:m:dDvtp", &[("mode", 'm'), ("owner", 'o')]) else {
        return 1;
    };
    let mode = options
        .value('m')
        .and_then(|m| u32::from_str_radix(m, 8).ok());
    if options.has('d') {
        let made = |folder: &String| cx.fs.mkdir(&resolve(cx.cwd, folder), true).is_ok();
        return i32::from(!options.rest.iter().all(made));
    }
    let Some((target, sources)) = options.rest.split_last().filter(|(_, s)| !s.is_empty()) else {
        return super::files::missing_operand(cx);
    };
    for source in sources {
        let mut to = cx.path(target);
        if cx.fs.is_dir(&to) {
            to = resolve(&to, crate::fs::name(source));
        } else if options.has('D') {
            let _ = cx.fs.mkdir(parent(&to), true);
        }
        let copied = match cx.fs.read(&cx.path(source)) {
            Ok(data) => cx.fs.write(&to, data.as_slice()),
            Err(error) => {
                cx.complain(format!("cannot stat '{source}': {error}"));
                return 1;
            }
        };
        if let Err(error) = copied.and_then(|()| cx.fs.chmod(&to, mode.unwrap_or(0o755))) {
            cx.complain(format!("cannot create regular file '{target}': {error}"));
            return 1;
        }
    }
    0
}
