//! Reading a command line as spf13/pflag does: long and short flags, `=`, attached values, clusters (`-it`),
//! repeated flags, `--`; and the flags that every command has.

use crate::command::{Command, Flag, FlagKind};

/// The flags of every command.
pub const GLOBAL: &[Flag] = &[
    Flag::text("as", "Username to impersonate for the operation."),
    Flag::array("as-group", "Group to impersonate, can be repeated."),
    Flag::text("as-uid", "UID to impersonate for the operation."),
    Flag::array(
        "as-user-extra",
        "User extras to impersonate for the operation, can be repeated.",
    ),
    Flag::text("cache-dir", "Default cache directory.").or("$HOME/.kube/cache"),
    Flag::text(
        "certificate-authority",
        "Path to a cert file for the certificate authority.",
    ),
    Flag::text(
        "client-certificate",
        "Path to a client certificate file for TLS.",
    ),
    Flag::text("client-key", "Path to a client key file for TLS."),
    Flag::text("cluster", "The name of the kubeconfig cluster to use."),
    Flag::text("context", "The name of the kubeconfig context to use."),
    Flag::bool(
        "disable-compression",
        "If true, opt out of response compression.",
    ),
    Flag::bool(
        "insecure-skip-tls-verify",
        "If true, the server's certificate is not checked.",
    ),
    Flag::text(
        "kubeconfig",
        "Path to the kubeconfig file to use for CLI requests.",
    ),
    Flag::text("kuberc", "Path to the kuberc file to use for preferences."),
    Flag::duration(
        "log-flush-frequency",
        "5s",
        "Maximum number of seconds between log flushes.",
    ),
    Flag::bool(
        "match-server-version",
        "Require server version to match client version.",
    ),
    Flag::text(
        "namespace",
        "If present, the namespace scope for this CLI request.",
    )
    .short('n'),
    Flag::text(
        "password",
        "Password for basic authentication to the API server.",
    ),
    Flag::text("profile", "Name of profile to capture.").or("none"),
    Flag::text(
        "profile-output",
        "Name of the file to write the profile to.",
    )
    .or("profile.pprof"),
    Flag::text(
        "request-timeout",
        "How long to wait for a single server request; 0 means no limit.",
    )
    .or("0"),
    Flag::text(
        "server",
        "The address and port of the Kubernetes API server.",
    )
    .short('s'),
    Flag::text(
        "tls-server-name",
        "Server name to use for server certificate validation.",
    ),
    Flag::text(
        "token",
        "Bearer token for authentication to the API server.",
    ),
    Flag::text("user", "The name of the kubeconfig user to use."),
    Flag::text(
        "username",
        "Username for basic authentication to the API server.",
    ),
    Flag::int("v", "0", "Number for the log level verbosity.").short('v'),
    Flag::map(
        "vmodule",
        "Comma-separated list of pattern=N settings for file-filtered logging.",
    ),
    Flag::bool(
        "warnings-as-errors",
        "Treat warnings received from the server as errors.",
    ),
];

/// A command line taken apart.
#[derive(Default, Debug)]
pub struct Parsed {
    /// (long name, value) in the order typed.
    pub given: Vec<(&'static str, String)>,
    pub args: Vec<String>,
    /// How many of `args` stood before `--`.
    pub dash: Option<usize>,
    pub help: bool,
    /// Lines about deprecated flags.
    pub notes: Vec<String>,
}

/// Finds the command that `args` name; gives the way to it and what is left.
pub fn find(root: &'static Command, args: &[String]) -> (Vec<&'static Command>, Vec<String>) {
    let mut way = vec![root];
    let mut rest: Vec<String> = Vec::new();
    let mut i = 0;
    while let Some(arg) = args.get(i) {
        let here = way.last().copied().unwrap_or(root);
        if arg == "--" {
            break;
        }
        if arg.starts_with('-') && arg.len() > 1 {
            rest.push(arg.clone());
            if takes_next(here, arg) {
                i += 1;
                rest.extend(args.get(i).cloned());
            }
        } else if let Some(sub) = here.sub(arg) {
            way.push(sub);
        } else {
            break;
        }
        i += 1;
    }
    rest.extend(args.iter().skip(i).cloned());
    (way, rest)
}

/// Whether the value of this flag is the next word.
fn takes_next(command: &Command, arg: &str) -> bool {
    let known = |f: &Flag| {
        f.bare.is_empty()
            && (arg.strip_prefix("--") == Some(f.long)
                || (f.short != '\0' && arg.len() == 2 && arg.ends_with(f.short)))
    };
    GLOBAL.iter().any(known) || command.own_flags().any(known)
}

/// Reads flags and arguments; the error is pflag's text.
pub fn parse(command: &'static Command, words: &[String]) -> Result<Parsed, String> {
    let mut out = Parsed::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            out.dash = Some(out.args.len());
            out.args.extend(words.by_ref().cloned());
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((n, v)) => (n, Some(v.to_string())),
                None => (long, None),
            };
            if name == "help" {
                out.help = value.as_deref().and_then(go_bool).unwrap_or(true);
                continue;
            }
            let flag = lookup(command, |f| f.long == name)
                .ok_or_else(|| format!("unknown flag: --{name}"))?;
            let value = match value {
                Some(v) => v,
                None if !flag.bare.is_empty() => flag.bare.to_string(),
                None => words
                    .next()
                    .cloned()
                    .ok_or_else(|| format!("flag needs an argument: --{name}"))?,
            };
            out.give(flag, value)?;
        } else if word.starts_with('-') && word.len() > 1 {
            shorts(command, word, &mut words, &mut out)?;
            if out.help {
                return Ok(out);
            }
        } else {
            out.args.push(word.clone());
        }
    }
    Ok(out)
}

/// A cluster of one-letter flags: `-it`, `-nfoo`, `-n=foo`.
fn shorts(
    command: &'static Command,
    word: &str,
    words: &mut std::slice::Iter<String>,
    out: &mut Parsed,
) -> Result<(), String> {
    let mut rest = &word[1..];
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == 'h' && lookup(command, |f| f.short == 'h').is_none() {
            out.help = true;
            return Ok(());
        }
        let flag = lookup(command, |f| f.short == c)
            .ok_or_else(|| format!("unknown shorthand flag: '{c}' in -{}", &word[1..]))?;
        if let Some(value) = rest.strip_prefix('=') {
            return out.give(flag, value.to_string());
        }
        if !flag.bare.is_empty() {
            out.give(flag, flag.bare.to_string())?;
        } else if !rest.is_empty() {
            return out.give(flag, rest.to_string());
        } else {
            let value = words
                .next()
                .cloned()
                .ok_or_else(|| format!("flag needs an argument: '{c}' in -{}", &word[1..]))?;
            return out.give(flag, value);
        }
    }
    Ok(())
}

pub fn lookup(command: &'static Command, wanted: impl Fn(&Flag) -> bool) -> Option<&'static Flag> {
    command
        .own_flags()
        .find(|f| wanted(f))
        .or_else(|| GLOBAL.iter().find(|f| wanted(f)))
}

impl Parsed {
    fn give(&mut self, flag: &'static Flag, value: String) -> Result<(), String> {
        let name = match flag.short {
            '\0' => format!("--{}", flag.long),
            c => format!("-{c}, --{}", flag.long),
        };
        let bad = |why: String| format!("invalid argument \"{value}\" for \"{name}\" flag: {why}");
        match flag.kind {
            FlagKind::Bool if go_bool(&value).is_none() => {
                return Err(bad(format!(
                    "strconv.ParseBool: parsing \"{value}\": invalid syntax"
                )));
            }
            FlagKind::Int if value.parse::<i64>().is_err() => {
                return Err(bad(format!(
                    "strconv.ParseInt: parsing \"{value}\": invalid syntax"
                )));
            }
            FlagKind::Int32 if value.parse::<i32>().is_err() => {
                let why = match value.parse::<i64>() {
                    Ok(_) => "value out of range",
                    Err(_) => "invalid syntax",
                };
                return Err(bad(format!("strconv.ParseInt: parsing \"{value}\": {why}")));
            }
            FlagKind::Duration if duration(&value).is_none() => {
                return Err(bad(format!("time: {}", bad_duration(&value))));
            }
            _ => {}
        }
        if !flag.deprecated.is_empty() {
            self.notes.push(format!(
                "Flag --{} has been deprecated, {}",
                flag.long, flag.deprecated
            ));
        }
        if matches!(flag.kind, FlagKind::List | FlagKind::Map) {
            for part in split_csv(&value) {
                self.given.push((flag.long, part));
            }
        } else {
            self.given.push((flag.long, value));
        }
        Ok(())
    }
}

/// `a,"b,c"` as one CSV record.
fn split_csv(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            c => {
                if let Some(last) = out.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    out
}

/// What `strconv.ParseBool` takes.
pub fn go_bool(s: &str) -> Option<bool> {
    match s {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn bad_duration(s: &str) -> String {
    if s.parse::<f64>().is_ok() {
        format!("missing unit in duration \"{s}\"")
    } else {
        format!("invalid duration \"{s}\"")
    }
}

/// A Go duration (`1h30m`, `0`, `-1s`) in milliseconds.
pub fn duration(s: &str) -> Option<i64> {
    let (sign, mut rest) = match s.strip_prefix('-') {
        Some(r) => (-1, r),
        None => (1, s.strip_prefix('+').unwrap_or(s)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    // Microseconds, so that fractions of a second stay exact.
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let n = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(n);
        let unit_len = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        let micros: i64 = match unit {
            "h" => 3_600_000_000,
            "m" => 60_000_000,
            "s" => 1_000_000,
            "ms" => 1000,
            "us" | "µs" => 1,
            "ns" => 0,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        total = total.checked_add(whole.checked_mul(micros)?)?;
        let mut scale = micros;
        for digit in fraction.bytes().take(9) {
            if !digit.is_ascii_digit() {
                return None;
            }
            scale /= 10;
            total = total.checked_add(i64::from(digit - b'0') * scale)?;
        }
        rest = tail;
    }
    Some(sign * total / 1000)
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations() {
        for (text, ms) in [
            ("0", Some(0)),
            ("1m30s", Some(90_000)),
            ("1.5s", Some(1500)),
            ("-1s", Some(-1000)),
            ("5", None),
            ("", None),
            ("s", None),
        ] {
            assert_eq!(super::duration(text), ms, "{text}");
        }
    }
}
