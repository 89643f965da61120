//! nc: whether a port is open (`nc -zv HOST PORT`), and a request typed into it by hand.
//!
//! The real ones are busybox's and OpenBSD's. A connection carries one HTTP request and its answer here, or nothing; nobody
//! can listen (`-l`).

use super::{Around, Fetched, HttpRequest, Outcome, reason};

/// The method of a request that connects and says nothing.
pub const CONNECT: &str = "CONNECT";

/// Without `-w` an attempt is given up after so long, as the kernel does.
const PATIENCE_MS: i64 = 127_000;

pub fn nc(args: &[String], busybox: bool, around: &mut Around<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut zero, mut verbose, mut wait_ms) = (false, false, PATIENCE_MS);
    let mut words: Vec<&str> = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(flags) = arg.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            words.push(arg);
            continue;
        };
        for (at, flag) in flags.char_indices() {
            match flag {
                'z' => zero = true,
                'v' => verbose = true,
                'n' | 't' | '4' | 'N' => {}
                'w' | 'q' | 'i' => {
                    let attached = flags.get(at + 1..).filter(|text| !text.is_empty());
                    let value = attached.or_else(|| args.next().map(String::as_str));
                    if let ('w', Some(seconds)) = (flag, value.and_then(|v| v.parse::<i64>().ok()))
                    {
                        wait_ms = seconds.clamp(0, 3600) * 1000;
                    }
                    break;
                }
                flag => {
                    outcome.err(&format!("nc: bottleship does not simulate -{flag}\n"));
                    outcome.status = 1;
                    return outcome;
                }
            }
        }
    }
    let [host, ports] = words.as_slice() else {
        outcome.err("usage: nc [-zv] [-w seconds] HOST PORT\n");
        outcome.status = 1;
        return outcome;
    };
    let range = match ports.split_once('-') {
        Some((low, high)) => low.parse::<u16>().ok().zip(high.parse().ok()),
        None => ports.parse().ok().map(|port| (port, port)),
    };
    let Some((low, high)) = range else {
        outcome.err(&match busybox {
            true => format!("nc: bad port '{ports}'\n"),
            false => format!("nc: port number invalid: {ports}\n"),
        });
        outcome.status = 1;
        return outcome;
    };
    let Some(address) = (around.address)(host) else {
        outcome.err(&match busybox {
            true => format!("nc: bad address '{host}'\n"),
            false => format!(
                "nc: getaddrinfo for host \"{host}\" port {ports}: Name or service not known\n"
            ),
        });
        outcome.status = 1;
        return outcome;
    };
    let said = if zero { None } else { typed(around) };
    // At most so many ports of a range are looked at.
    for port in (low..=high).take(1000) {
        let (method, path) = said.clone().unwrap_or((CONNECT.to_owned(), "/".to_owned()));
        let request = HttpRequest {
            method,
            url: format!("http://{host}:{port}{path}"),
            ..HttpRequest::default()
        };
        let words = match (around.fetch)(&request) {
            Fetched::Answer(answer) if said.is_some() => {
                outcome.out(&format!(
                    "HTTP/1.1 {} {}\r\n",
                    answer.status,
                    reason(answer.status)
                ));
                for (name, value) in &answer.headers {
                    outcome.out(&format!("{name}: {value}\r\n"));
                }
                outcome.out(&format!("\r\n{}", answer.body));
                None
            }
            Fetched::Answer(_) | Fetched::Reset => None,
            Fetched::Refused => Some("Connection refused"),
            Fetched::UnknownHost | Fetched::Timeout => {
                outcome.wait_ms = outcome.wait_ms.saturating_add(wait_ms);
                Some(if busybox || wait_ms == PATIENCE_MS {
                    "Connection timed out"
                } else {
                    "Operation now in progress"
                })
            }
        };
        outcome.status = i32::from(words.is_some());
        if verbose {
            outcome.err(&match (words, busybox) {
                (None, true) => format!("{host} ({address}:{port}) open\n"),
                (Some(words), true) => format!("nc: {host} ({address}:{port}): {words}\n"),
                (None, false) => {
                    format!("Connection to {host} ({address}) {port} port [tcp/*] succeeded!\n")
                }
                (Some(words), false) => {
                    let how = if words.starts_with("Op") {
                        "timed out"
                    } else {
                        "failed"
                    };
                    format!("nc: connect to {host} ({address}) port {port} (tcp) {how}: {words}\n")
                }
            });
        }
    }
    outcome
}

/// What stands on standard input, if it is the start of a request: method and path.
fn typed(around: &Around<'_>) -> Option<(String, String)> {
    let text = (around.read)("-")?;
    let mut words = text.split_whitespace();
    let (method, path) = (words.next()?, words.next()?);
    let valid = path.starts_with('/') && method.chars().all(|c| c.is_ascii_uppercase());
    valid.then(|| (method.to_owned(), path.to_owned()))
}
