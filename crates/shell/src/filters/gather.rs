//! Tools that look at all of their inputs at once: comm, join, split, cmp, envsubst, hexdump, gzip; and tar's standard input.
//!
//! The real ones stream; nobody sees the difference but in an endless pipe.

use super::input::{Inputs, Next};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};

/// What is kept of one input.
pub(super) const MAX_INPUT: usize = 16 << 20;

type Started = Result<Box<dyn Tool>, i32>;
pub(super) type Work = fn(&mut Cx<'_>, &Options, &[(String, Vec<u8>)]) -> i32;

#[derive(Clone, Debug)]
struct Gather {
    inputs: Inputs,
    options: Options,
    done: Vec<(String, Vec<u8>)>,
    now: Vec<u8>,
    name: String,
    work: Work,
}

/// Reads the files (or standard input), then does the work on their names and bytes.
pub(super) fn gather(files: &[String], options: Options, work: Work) -> Started {
    Ok(Box::new(Gather {
        inputs: Inputs::new(files),
        options,
        done: Vec::new(),
        now: Vec::new(),
        name: String::new(),
        work,
    }))
}

impl Tool for Gather {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        if self.inputs.open(cx).is_some() {
            self.inputs.name().clone_into(&mut self.name);
        }
        match self.inputs.bytes(cx) {
            Next::Line(bytes, _) => {
                let room = MAX_INPUT.saturating_sub(self.now.len());
                self.now.extend(bytes.iter().take(room));
            }
            Next::FileEnd => {
                let data = std::mem::take(&mut self.now);
                self.done.push((self.name.clone(), data));
            }
            Next::Wait => return Poll::NeedInput,
            Next::End if self.inputs.failed => return Poll::Done(1),
            Next::End => return Poll::Done((self.work)(cx, &self.options, &self.done)),
        }
        Poll::Again
    }
}

/// Two operands, as comm, join and cmp want them.
fn two(cx: &mut Cx<'_>, options: Options, work: Work) -> Started {
    let text = match options.rest.as_slice() {
        [_, _] => return gather(&options.rest.clone(), options, work),
        [] => "missing operand".to_owned(),
        [one] => format!("missing operand after '{one}'"),
        [_, _, more, ..] => format!("extra operand '{more}'"),
    };
    cx.complain(text);
    let help = format!("Try '{} --help' for more information.\n", cx.name());
    cx.write(2, help.as_bytes());
    Err(1)
}

fn lines(data: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    text.lines().map(str::to_owned).collect()
}

pub(super) fn comm(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "123", &[])?;
    two(cx, options, |cx, options, files| {
        let [(_, a), (_, b)] = files else { return 1 };
        let (a, b) = (lines(a), lines(b));
        let (mut i, mut j) = (0, 0);
        let column = |number: usize| {
            let before = (1..number).filter(|n| !options.has(digit(*n))).count();
            "\t".repeat(before)
        };
        while i < a.len() || j < b.len() {
            let (left, right) = (a.get(i), b.get(j));
            let (number, line) = match (left, right) {
                (Some(left), Some(right)) if left == right => (3, left),
                (Some(left), right) if right.is_none_or(|right| left < right) => (1, left),
                (_, Some(right)) => (2, right),
                _ => break,
            };
            i += usize::from(number != 2);
            j += usize::from(number != 1);
            if !options.has(digit(number)) {
                cx.out(&format!("{}{line}\n", column(number)));
            }
        }
        0
    })
}

fn digit(number: usize) -> char {
    ['1', '2', '3'].get(number - 1).copied().unwrap_or('0')
}

pub(super) fn join(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "t:", &[])?;
    two(cx, options, |cx, options, files| {
        let [(_, a), (_, b)] = files else { return 1 };
        let glue = options.value('t').unwrap_or(" ").to_owned();
        let cut = |line: &String| -> (String, String) {
            let parted = match options.value('t') {
                Some(sign) => line.split_once(sign),
                None => line.trim().split_once(char::is_whitespace),
            };
            let (key, rest) = parted.unwrap_or((line, ""));
            (key.to_owned(), rest.trim_start().to_owned())
        };
        let right: Vec<(String, String)> = lines(b).iter().map(cut).collect();
        for (key, rest) in lines(a).iter().map(cut) {
            for (_, other) in right.iter().filter(|(k, _)| *k == key) {
                let fields = [&key, &rest, other];
                let fields: Vec<&str> = fields.iter().map(|f| f.as_str()).collect();
                let filled: Vec<&str> = fields.into_iter().filter(|f| !f.is_empty()).collect();
                cx.out(&format!("{}\n", filled.join(&glue)));
            }
        }
        0
    })
}

pub(super) fn cmp(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "s", &[])?;
    two(cx, options, |cx, options, files| {
        let [(left, a), (right, b)] = files else {
            return 1;
        };
        if a == b {
            return 0;
        }
        let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let line = 1 + a.iter().take(same).filter(|c| **c == b'\n').count();
        if options.has('s') {
            return 1;
        }
        match same == a.len() || same == b.len() {
            true => {
                let short = if same == a.len() { left } else { right };
                cx.complain(format!("EOF on {short} after byte {same}, line {line}"));
            }
            false => cx.out(&format!(
                "{left} {right} differ: byte {}, line {line}\n",
                same + 1
            )),
        }
        1
    })
}

pub(super) fn split(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "l:b:d", &[("lines", 'l'), ("bytes", 'b')])?;
    let file: Vec<String> = options.rest.first().cloned().into_iter().collect();
    gather(&file, options, |cx, options, files| {
        let data = files.first().map_or(&[][..], |(_, data)| data);
        let prefix = options.rest.get(1).map_or("x", String::as_str);
        let pieces: Vec<Vec<u8>> = match options.value('b').and_then(options::size) {
            Some(size) => data.chunks(size.max(1)).map(<[u8]>::to_vec).collect(),
            None => {
                let count = options.value('l').and_then(|text| text.parse().ok());
                let all: Vec<&[u8]> = data.split_inclusive(|byte| *byte == b'\n').collect();
                let count = count.unwrap_or(1000usize).max(1);
                all.chunks(count).map(<[&[u8]]>::concat).collect()
            }
        };
        for (at, piece) in pieces.iter().enumerate() {
            let letter = |at: usize| char::from(b'a' + (at % 26) as u8);
            let suffix = match options.has('d') {
                true => format!("{at:02}"),
                false => format!("{}{}", letter(at / 26), letter(at)),
            };
            let path = cx.path(&format!("{prefix}{suffix}"));
            if let Err(error) = cx.fs.write(&path, piece) {
                cx.complain(format!("{prefix}{suffix}: {error}"));
                return 1;
            }
        }
        0
    })
}

/// `envsubst ['$A $B']`: puts the environment into a text.
pub(super) fn envsubst(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "", &[])?;
    gather(&[], options, |cx, options, files| {
        let data = files.first().map_or(&[][..], |(_, data)| data);
        let text = String::from_utf8_lossy(data).into_owned();
        let only = options.rest.first();
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let braced = after.starts_with('{');
            let inner = &after[usize::from(braced)..];
            let end = inner
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(inner.len());
            let name = &inner[..end];
            let closed = !braced || inner[end..].starts_with('}');
            let wanted = only.is_none_or(|only| {
                only.contains(&format!("${name}")) || only.contains(&format!("${{{name}}}"))
            });
            if name.is_empty()
                || name.starts_with(|c: char| c.is_ascii_digit())
                || !closed
                || !wanted
            {
                out.push('$');
                rest = after;
                continue;
            }
            out.push_str(cx.env.get(name).map_or("", String::as_str));
            rest = &inner[end + usize::from(braced)..];
        }
        out.push_str(rest);
        cx.out(&out);
        0
    })
}

/// `hexdump -C` and `xxd`
pub(super) fn hexdump(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(cx, "Cn:", &[])?;
    if cx.name() == "hexdump" && !options.has('C') {
        cx.complain("bottleship simulates only hexdump -C");
        return Err(1);
    }
    gather(&options.rest.clone(), options, |cx, _, files| {
        let data = files
            .iter()
            .flat_map(|(_, d)| d.clone())
            .collect::<Vec<_>>();
        let xxd = cx.name() == "xxd";
        for (row, bytes) in data.chunks(16).enumerate() {
            let mut hex = String::new();
            for (at, byte) in bytes.iter().enumerate() {
                hex.push_str(&format!("{byte:02x}"));
                match (xxd, at) {
                    (true, at) if at % 2 == 1 => hex.push(' '),
                    (true, _) => {}
                    (false, 7) => hex.push_str("  "),
                    (false, _) => hex.push(' '),
                }
            }
            let shown = |byte: &u8| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            };
            let text: String = bytes.iter().map(shown).collect();
            cx.out(&match xxd {
                true => format!("{:08x}: {hex:<40} {text}\n", row * 16),
                false => format!("{:08x}  {hex:<49} |{text}|\n", row * 16),
            });
        }
        if !xxd {
            cx.out(&format!("{:08x}\n", data.len()));
        }
        0
    })
}

/// gzip, gunzip and zcat. Nothing is made smaller: the format allows that, and real tools read it.
pub(super) fn gzip(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(
        cx,
        "cdkfnqv123456789",
        &[("decompress", 'd'), ("stdout", 'c')],
    )?;
    gather(&options.rest.clone(), options, |cx, options, files| {
        let out = cx.name() == "zcat" || options.has('c');
        let unpack = cx.name() != "gzip" || options.has('d');
        let mut status = 0;
        for (name, data) in files {
            let made = match unpack {
                true => codec::gunzip(data),
                false => Some(codec::gzip(data)),
            };
            let Some(made) = made else {
                cx.complain(match data.starts_with(&[0x1f, 0x8b]) {
                    true => format!("{name}: bottleship does not simulate compression: it reads what it wrote itself"),
                    false => format!("{name}: not in gzip format"),
                });
                status = 1;
                continue;
            };
            let target = match unpack {
                true => name.strip_suffix(".gz").map(str::to_owned),
                false => Some(format!("{name}.gz")),
            };
            match target.filter(|_| name != "-" && !out) {
                None => cx.write(1, &made),
                Some(target) => {
                    let (from, to) = (cx.path(name), cx.path(&target));
                    let moved = cx.fs.write(&to, &made);
                    let moved = moved.and_then(|()| match options.has('k') {
                        true => Ok(()),
                        false => cx.fs.remove(&from, false),
                    });
                    if let Err(error) = moved {
                        cx.complain(format!("{target}: {error}"));
                        status = 1;
                    }
                }
            }
        }
        status
    })
}
