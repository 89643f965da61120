//! tr, base64, md5sum, sha256sum: tools that see bytes or characters, not lines.

use super::gather::gather;
use super::input::{Inputs, Next};
use super::options::{self, Options};
use super::{Cx, Poll, Tool};
use crate::glob;
use crate::machine::StdinRead;

type Started = Result<Box<dyn Tool>, i32>;

pub(super) fn tr(cx: &mut Cx<'_>) -> Started {
    let long = [
        ("delete", 'd'),
        ("squeeze-repeats", 's'),
        ("complement", 'c'),
    ];
    let options = options::parse_with(cx, "dscCt", &long, false, 1)?;
    let (delete, squeeze) = (options.has('d'), options.has('s'));
    let complement = options.has('c') || options.has('C');
    let help = b"Try 'tr --help' for more information.\n";
    let Some(from) = options.rest.first() else {
        cx.complain("missing operand");
        cx.write(2, help);
        return Err(1);
    };
    let to = options.rest.get(1);
    if to.is_none() && !delete && !squeeze {
        cx.complain(format!("missing operand after '{from}'"));
        cx.write(2, b"Two strings must be given when translating.\n");
        cx.write(2, help);
        return Err(1);
    }
    let (from, class) = set(from);
    let to = to.map(|text| set(text).0);
    Ok(Box::new(Tr {
        from,
        class,
        to,
        delete,
        squeeze,
        complement,
        last: None,
        rest: Vec::new(),
    }))
}

/// Characters of a tr set; classes too big to list come as names.
fn set(text: &str) -> (Vec<char>, Vec<String>) {
    let chars: Vec<char> = crate::syntax::unescape(text).chars().collect();
    let mut out = Vec::new();
    let mut classes = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        if rest.starts_with(&['[', ':'])
            && let Some(end) = rest.windows(2).position(|pair| pair == [':', ']'])
        {
            let name: String = rest[2..end].iter().collect();
            out.extend(
                (0..128u8)
                    .map(char::from)
                    .filter(|c| glob::in_class(&name, *c)),
            );
            classes.push(name);
            at += end + 2;
            continue;
        }
        if let [low, '-', high, ..] = rest
            && low <= high
        {
            out.extend((*low..=*high).take(70_000));
            at += 3;
            continue;
        }
        out.push(chars[at]);
        at += 1;
    }
    (out, classes)
}

#[derive(Clone, Debug)]
struct Tr {
    from: Vec<char>,
    class: Vec<String>,
    to: Option<Vec<char>>,
    delete: bool,
    squeeze: bool,
    complement: bool,
    last: Option<char>,
    /// The start of a character whose end has not come yet.
    rest: Vec<u8>,
}

impl Tr {
    fn place(&self, c: char) -> Option<usize> {
        let at = self.from.iter().position(|known| *known == c).or_else(|| {
            let in_class = self.class.iter().any(|name| glob::in_class(name, c));
            in_class.then(|| self.from.len().saturating_sub(1))
        });
        match self.complement {
            false => at,
            true if at.is_some() => None,
            true => Some(usize::MAX),
        }
    }

    fn translate(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            let place = self.place(c);
            if self.delete && place.is_some() {
                continue;
            }
            let mut new = c;
            if let (Some(place), Some(to), false) = (place, &self.to, self.delete) {
                new = to.get(place).or(to.last()).copied().unwrap_or(c);
            }
            if self.squeeze && self.last == Some(new) {
                let squeezed = match &self.to {
                    Some(to) => to.contains(&new),
                    None => place.is_some(),
                };
                if squeezed {
                    continue;
                }
            }
            self.last = Some(new);
            out.push(new);
        }
        out
    }
}

impl Tool for Tr {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        match cx.read(16 << 10) {
            StdinRead::Data(bytes) => {
                self.rest.extend(bytes);
                // Keep back a character that is cut in two.
                let keep = match std::str::from_utf8(&self.rest) {
                    Err(error) if error.error_len().is_none() => error.valid_up_to(),
                    _ => self.rest.len(),
                };
                let head: Vec<u8> = self.rest.drain(..keep).collect();
                let text = self.translate(&String::from_utf8_lossy(&head));
                cx.out(&text);
                Poll::Again
            }
            StdinRead::Empty => Poll::NeedInput,
            StdinRead::End => Poll::Done(0),
        }
    }
}

/// Collects everything, then works on it.
#[derive(Clone, Debug)]
struct Whole {
    inputs: Inputs,
    data: Vec<u8>,
    name: String,
    wrap: usize,
    decode: bool,
    ignore: bool,
}

const MAX_WHOLE: usize = 16 << 20;

pub(super) fn base64(cx: &mut Cx<'_>) -> Started {
    let long = [("decode", 'd'), ("wrap", 'w'), ("ignore-garbage", 'i')];
    let options = options::parse(cx, "dDw:i", &long)?;
    let wrap = options
        .value('w')
        .and_then(|text| text.parse().ok())
        .unwrap_or(76);
    Ok(Box::new(Whole {
        inputs: Inputs::new(&options.rest),
        data: Vec::new(),
        name: String::new(),
        wrap,
        decode: options.has('d') || options.has('D'),
        ignore: options.has('i'),
    }))
}

pub(super) fn sum(cx: &mut Cx<'_>) -> Started {
    let options = options::parse(
        cx,
        "btc",
        &[("check", 'c'), ("quiet", 'b'), ("status", 't')],
    )?;
    if options.has('c') {
        return gather(&options.rest.clone(), options, check_sums);
    }
    let inputs = Inputs::new(&options.rest);
    let (data, name) = (Vec::new(), String::new());
    Ok(Box::new(Whole {
        inputs,
        data,
        name,
        wrap: 0,
        decode: false,
        ignore: false,
    }))
}

fn sum_of(name: &str, data: &[u8]) -> String {
    match name {
        "md5sum" => codec::hex(&codec::md5(data)),
        _ => codec::hex(&codec::sha256(data)),
    }
}

/// `sha256sum --check`: lines of sums and file names.
fn check_sums(cx: &mut Cx<'_>, _: &Options, files: &[(String, Vec<u8>)]) -> i32 {
    let (mut lines, mut bad) = (0, 0);
    for line in files
        .iter()
        .flat_map(|(_, data)| data.split(|byte| *byte == b'\n'))
    {
        let line = super::input::text(line);
        let Some((sum, name)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        lines += 1;
        let name = name.trim_start().trim_start_matches('*');
        let verdict = match cx.fs.read(&cx.path(name)) {
            Ok(data) if sum_of(cx.name(), &data) == sum => "OK",
            Ok(_) => "FAILED",
            Err(error) => {
                cx.complain(format!("{name}: {error}"));
                "FAILED open or read"
            }
        };
        bad += i32::from(verdict != "OK");
        cx.out(&format!("{name}: {verdict}\n"));
    }
    if lines == 0 {
        let name = files.first().map_or("-", |(name, _)| name.as_str());
        let name = if name == "-" {
            "'standard input'"
        } else {
            name
        };
        cx.complain(format!(
            "{name}: no properly formatted checksum lines found"
        ));
        return 1;
    }
    if bad > 0 {
        let noun = if bad == 1 {
            "checksum did"
        } else {
            "checksums did"
        };
        cx.complain(format!("WARNING: {bad} computed {noun} NOT match"));
    }
    i32::from(bad > 0)
}

impl Tool for Whole {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        if self.inputs.open(cx).is_some() {
            self.name = self.inputs.name().to_owned();
        }
        match self.inputs.bytes(cx) {
            Next::Line(bytes, _) => {
                if self.data.len() < MAX_WHOLE {
                    self.data.extend(bytes);
                }
                Poll::Again
            }
            Next::Wait => Poll::NeedInput,
            Next::FileEnd => {
                let data = std::mem::take(&mut self.data);
                match cx.name() {
                    name @ ("md5sum" | "sha256sum") => {
                        let text = format!("{}  {}\n", sum_of(name, &data), self.name);
                        cx.out(&text);
                    }
                    _ if self.decode => {
                        let (bytes, valid) = codec::loose_base64(&data, self.ignore);
                        cx.write(1, &bytes);
                        if !valid {
                            cx.complain("invalid input");
                            return Poll::Done(1);
                        }
                    }
                    _ => {
                        let text = codec::encode_base64(&data);
                        let mut out = String::new();
                        for line in text.as_bytes().chunks(self.wrap.max(1)) {
                            if self.wrap == 0 {
                                break;
                            }
                            out.push_str(&String::from_utf8_lossy(line));
                            out.push('\n');
                        }
                        cx.out(if self.wrap == 0 { &text } else { &out });
                    }
                }
                Poll::Again
            }
            Next::End => Poll::Done(i32::from(self.inputs.failed)),
        }
    }
}
