//! Flags as getopt_long(3) reads them, with its words for wrong ones.

use super::Cx;

/// Flags in the order given, and what is left.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub flags: Vec<(char, String)>,
    pub rest: Vec<String>,
}

impl Options {
    pub fn has(&self, flag: char) -> bool {
        self.flags.iter().any(|(f, _)| *f == flag)
    }

    /// The last value of a flag.
    pub fn value(&self, flag: char) -> Option<&str> {
        self.flags
            .iter()
            .rev()
            .find(|(f, _)| *f == flag)
            .map(|(_, value)| value.as_str())
    }

    pub fn values(&self, flag: char) -> impl Iterator<Item = &str> {
        self.flags
            .iter()
            .filter(move |(f, _)| *f == flag)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads the arguments of a tool. In `short` a letter with `:` takes a value, with `?` it may have
/// one attached; `long` maps long names to letters. A wrong flag is complained about, and the
/// error is the exit status.
pub(super) fn parse(cx: &mut Cx<'_>, short: &str, long: &[(&str, char)]) -> Result<Options, i32> {
    parse_with(cx, short, long, true, 1)
}

/// As `parse`; without `permute` the first operand ends the flags (`xargs`, `env`, `timeout`).
pub(super) fn parse_with(
    cx: &mut Cx<'_>,
    short: &str,
    long: &[(&str, char)],
    permute: bool,
    status: i32,
) -> Result<Options, i32> {
    let args: Vec<String> = cx.args.get(1..).unwrap_or_default().to_vec();
    parse_args(cx, &args, short, long, permute, status)
}

/// As `parse_with`, on arguments that are not quite those that were typed.
pub(super) fn parse_args(
    cx: &mut Cx<'_>,
    args: &[String],
    short: &str,
    long: &[(&str, char)],
    permute: bool,
    status: i32,
) -> Result<Options, i32> {
    let mut options = Options::default();
    let mut at = 0;
    let kind = |flag: char| {
        let mut chars = short.chars();
        chars
            .by_ref()
            .find(|c| *c == flag && flag != ':' && flag != '?')?;
        Some(chars.next().filter(|c| *c == ':' || *c == '?'))
    };
    while let Some(arg) = args.get(at) {
        at += 1;
        if arg == "--" {
            options
                .rest
                .extend(args.get(at..).unwrap_or_default().iter().cloned());
            break;
        }
        if let Some(name) = arg.strip_prefix("--") {
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (name, None),
            };
            let exact = long.iter().find(|(known, _)| *known == name);
            let mut starting = long.iter().filter(|(known, _)| known.starts_with(name));
            let found = exact.or_else(|| match (starting.next(), starting.next()) {
                (Some(one), None) => Some(one),
                _ => None,
            });
            let Some((_, flag)) = found else {
                return Err(refuse(cx, &format!("unrecognized option '{arg}'"), status));
            };
            let value = match (value, kind(*flag)) {
                (Some(value), _) => value,
                (None, Some(Some(':'))) => match args.get(at) {
                    Some(value) => {
                        at += 1;
                        value.clone()
                    }
                    None => {
                        let text = format!("option '--{name}' requires an argument");
                        return Err(refuse(cx, &text, status));
                    }
                },
                _ => String::new(),
            };
            options.flags.push((*flag, value));
            continue;
        }
        let letters = match arg.strip_prefix('-') {
            Some(letters) if !letters.is_empty() => letters,
            _ => {
                options.rest.push(arg.clone());
                if !permute {
                    options
                        .rest
                        .extend(args.get(at..).unwrap_or_default().iter().cloned());
                    break;
                }
                continue;
            }
        };
        for (place, flag) in letters.char_indices() {
            let attached = letters
                .get(place + flag.len_utf8()..)
                .unwrap_or("")
                .to_owned();
            match kind(flag) {
                None => {
                    return Err(refuse(cx, &format!("invalid option -- '{flag}'"), status));
                }
                Some(None) => options.flags.push((flag, String::new())),
                Some(Some('?')) => {
                    options.flags.push((flag, attached));
                    break;
                }
                Some(_) if !attached.is_empty() => {
                    options.flags.push((flag, attached));
                    break;
                }
                Some(_) => {
                    let Some(value) = args.get(at) else {
                        let text = format!("option requires an argument -- '{flag}'");
                        return Err(refuse(cx, &text, status));
                    };
                    at += 1;
                    options.flags.push((flag, value.clone()));
                }
            }
        }
    }
    Ok(options)
}

fn refuse(cx: &mut Cx<'_>, message: &str, status: i32) -> i32 {
    cx.complain(message);
    let name = cx.name().to_owned();
    cx.write(
        2,
        format!("Try '{name} --help' for more information.\n").as_bytes(),
    );
    status
}

/// A number with coreutils' suffixes: `10`, `2k`, `1M`.
pub(super) fn size(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: usize = digits.parse().ok()?;
    let unit = match &text[digits.len()..] {
        "" | "c" => 1,
        "b" => 512,
        "k" | "K" | "KiB" => 1 << 10,
        "kB" | "KB" => 1000,
        "m" | "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "g" | "G" | "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}
