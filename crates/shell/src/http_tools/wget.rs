//! wget: GNU's on the learner's machine and in Debian images, busybox's in small ones.

use super::{Around, Fetched, HttpRequest, HttpResponse, Outcome, Url, reason};
use crate::filters::date;

/// How long GNU wget tries, when nobody answers and no limit was given.
const READ_MS: i64 = 127_000;
const MAX_REDIRECTS: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Gnu,
    Busybox,
}

#[derive(Default)]
struct Options {
    quiet: bool,
    /// `-O`: a file, or `-` for standard output.
    output: Option<String>,
    show_headers: bool,
    spider: bool,
    timeout_ms: Option<i64>,
    headers: Vec<(String, String)>,
    post: Option<String>,
    method: Option<String>,
    prefix: Option<String>,
    urls: Vec<String>,
}

/// Runs a command line; `args` are the words after `wget`.
pub fn wget(args: &[String], flavour: Flavour, around: &mut Around<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let options = match parse(args, around) {
        Ok(options) => options,
        Err(error) => {
            outcome.err(&match flavour {
                Flavour::Gnu => format!("wget: {error}\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"),
                Flavour::Busybox => format!("wget: {error}\nBusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] URL...\n"),
            });
            outcome.status = if flavour == Flavour::Gnu { 2 } else { 1 };
            return outcome;
        }
    };
    if options.urls.is_empty() {
        outcome.err(match flavour {
            Flavour::Gnu => "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n",
            Flavour::Busybox => "BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-T SEC] URL...\n",
        });
        outcome.status = 1;
        return outcome;
    }
    for text in &options.urls {
        let status = match flavour {
            Flavour::Gnu => gnu(&options, text, around, &mut outcome),
            Flavour::Busybox => busybox(&options, text, around, &mut outcome),
        };
        if status != 0 {
            outcome.status = status;
        }
    }
    outcome
}

fn parse(args: &[String], around: &Around<'_>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if let Some(long) = arg.strip_prefix("--") {
            let (name, attached) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let mut value = || {
                let value = attached.clone().or_else(|| args.next().cloned());
                value.ok_or_else(|| format!("option '--{name}' requires an argument"))
            };
            match name {
                "quiet" => options.quiet = true,
                "spider" => options.spider = true,
                "server-response" => options.show_headers = true,
                "no-check-certificate" | "no-verbose" | "no-cache" | "content-on-error" => {}
                "output-document" => options.output = Some(value()?),
                "directory-prefix" => options.prefix = Some(value()?),
                "timeout" | "connect-timeout" | "read-timeout" => {
                    options.timeout_ms = seconds(&value()?);
                }
                "tries" | "waitretry" | "progress" | "user-agent" => {
                    value()?;
                }
                "header" => options.headers.extend(header(&value()?)),
                "post-data" | "body-data" => options.post = Some(value()?),
                "post-file" => options.post = (around.read)(&value()?),
                "method" => options.method = Some(value()?),
                _ => return Err(format!("unrecognized option '{arg}'")),
            }
            continue;
        }
        let letters = match arg.strip_prefix('-') {
            Some(letters) if !letters.is_empty() => letters,
            _ => {
                options.urls.push(arg.clone());
                continue;
            }
        };
        let mut chars = letters.char_indices();
        while let Some((at, letter)) = chars.next() {
            let attached = letters.get(at + letter.len_utf8()..).unwrap_or("");
            match letter {
                'q' => options.quiet = true,
                'S' => options.show_headers = true,
                'c' | 'v' | 'd' => {}
                // `-nv`
                'n' if attached.starts_with('v') => {
                    chars.next();
                }
                'O' | 'T' | 'P' | 't' | 'U' | 'o' => {
                    let value = match attached {
                        "" => args.next().cloned(),
                        attached => Some(attached.to_owned()),
                    };
                    let missing = || format!("option requires an argument -- '{letter}'");
                    let value = value.ok_or_else(missing)?;
                    match letter {
                        'O' => options.output = Some(value),
                        'T' => options.timeout_ms = seconds(&value),
                        'P' => options.prefix = Some(value),
                        _ => {}
                    }
                    break;
                }
                letter => return Err(format!("invalid option -- '{letter}'")),
            }
        }
    }
    Ok(options)
}

fn seconds(text: &str) -> Option<i64> {
    text.parse::<f64>()
        .ok()
        .map(|seconds| (seconds * 1000.0).clamp(0.0, 1e12) as i64)
}

fn header(text: &str) -> Option<(String, String)> {
    text.split_once(':')
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
}

fn request(options: &Options, url: &Url, agent: &str) -> HttpRequest {
    let method = match (&options.method, options.spider, &options.post) {
        (Some(method), ..) => method.clone(),
        (_, true, _) => "HEAD".to_owned(),
        (_, _, Some(_)) => "POST".to_owned(),
        _ => "GET".to_owned(),
    };
    let mut headers = vec![
        ("Host".to_owned(), url.authority()),
        ("User-Agent".to_owned(), agent.to_owned()),
    ];
    for (name, value) in &options.headers {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    let body = options.post.clone().unwrap_or_default();
    HttpRequest {
        method,
        url: url.text(),
        headers,
        body,
    }
}

/// The file that the answer goes to; `None` is standard output.
fn target(options: &Options, url: &Url) -> Option<String> {
    match &options.output {
        Some(output) if output == "-" => None,
        Some(output) => Some(output.clone()),
        None => {
            let name = url.file_name();
            let name = if name.is_empty() { "index.html" } else { name };
            Some(match &options.prefix {
                Some(folder) => format!("{folder}/{name}"),
                None => name.to_owned(),
            })
        }
    }
}

fn deliver(options: &Options, url: &Url, answer: &HttpResponse, outcome: &mut Outcome) {
    match target(options, url) {
        _ if options.spider => {}
        None => outcome.out(&answer.body),
        Some(file) if file == "/dev/null" => {}
        Some(file) => outcome.files.push((file, answer.body.clone())),
    }
}

fn headers_text(answer: &HttpResponse) -> String {
    let mut text = format!("  {}\n", answer.status_line());
    for (name, value) in &answer.headers {
        text.push_str(&format!("  {name}: {value}\n"));
    }
    text
}

fn busybox(options: &Options, text: &str, around: &mut Around<'_>, outcome: &mut Outcome) -> i32 {
    let fail = |outcome: &mut Outcome, words: String| {
        outcome.err(&format!("wget: {words}\n"));
        1
    };
    if text.contains("://") && !text.starts_with("http://") && !text.starts_with("https://") {
        return fail(outcome, format!("not an http or ftp url: {text}"));
    }
    let Some(mut url) = Url::parse(text) else {
        return fail(outcome, format!("bad address '{text}'"));
    };
    for _ in 0..=MAX_REDIRECTS {
        let Some(address) = (around.address)(&url.host) else {
            return fail(outcome, format!("bad address '{}'", url.authority()));
        };
        if !options.quiet {
            outcome.err(&format!(
                "Connecting to {} ({address}:{})\n",
                url.authority(),
                url.port
            ));
        }
        let answer = match (around.fetch)(&request(options, &url, "Wget")) {
            Fetched::Answer(answer) => answer,
            Fetched::UnknownHost => {
                return fail(outcome, format!("bad address '{}'", url.authority()));
            }
            Fetched::Refused => {
                let words = format!("can't connect to remote host ({address}): Connection refused");
                return fail(outcome, words);
            }
            Fetched::Reset => return fail(outcome, "error getting response".to_owned()),
            Fetched::Timeout => {
                let limit = options.timeout_ms.filter(|ms| *ms > 0);
                outcome.wait_ms = outcome.wait_ms.saturating_add(limit.unwrap_or(READ_MS));
                let words = match limit {
                    Some(_) => "download timed out".to_owned(),
                    None => {
                        format!("can't connect to remote host ({address}): Connection timed out")
                    }
                };
                return fail(outcome, words);
            }
        };
        if options.show_headers {
            outcome.err(&headers_text(&answer));
        }
        let location = answer
            .header("location")
            .filter(|_| (300..400).contains(&answer.status));
        if let Some(next) = location.and_then(|location| Url::parse(&url.join(location))) {
            url = next;
            continue;
        }
        if answer.status >= 300 {
            let words = format!("server returned error: {}", answer.status_line());
            return fail(outcome, words);
        }
        if options.spider {
            if !options.quiet {
                outcome.err("remote file exists\n");
            }
            return 0;
        }
        if !options.quiet {
            let size = answer.body.len();
            let bar = "*".repeat(32);
            outcome.err(&match target(options, &url) {
                None => format!(
                    "writing to stdout\n-                    100% |{bar}| {size:>5}  0:00:00 ETA\nwritten to stdout\n"
                ),
                Some(file) => format!(
                    "saving to '{file}'\n{file:<20} 100% |{bar}| {size:>5}  0:00:00 ETA\n'{file}' saved\n"
                ),
            });
        }
        deliver(options, &url, &answer, outcome);
        return 0;
    }
    fail(outcome, "too many redirections".to_owned())
}

fn gnu(options: &Options, text: &str, around: &mut Around<'_>, outcome: &mut Outcome) -> i32 {
    let Some(mut url) = Url::parse(text) else {
        outcome.err(&format!("{text}: Invalid host name.\n"));
        return 1;
    };
    let stamp = date::format(around.now_ms, "%Y-%m-%d %H:%M:%S");
    for _ in 0..=MAX_REDIRECTS {
        let say = |outcome: &mut Outcome, text: String| {
            if !options.quiet {
                outcome.err(&text);
            }
        };
        if options.spider {
            say(
                outcome,
                "Spider mode enabled. Check if remote file exists.\n".to_owned(),
            );
        }
        say(outcome, format!("--{stamp}--  {}\n", url.text()));
        let (host, port) = (url.host.clone(), url.port);
        let Some(address) = (around.address)(&host) else {
            say(
                outcome,
                format!(
                    "Resolving {host} ({host})... failed: Name or service not known.\nwget: unable to resolve host address ‘{host}’\n"
                ),
            );
            return 4;
        };
        let place = match address == host {
            true => format!("{host}:{port}"),
            false => {
                say(outcome, format!("Resolving {host} ({host})... {address}\n"));
                format!("{host} ({host})|{address}|:{port}")
            }
        };
        let connecting = format!("Connecting to {place}... ");
        let answer = match (around.fetch)(&request(options, &url, "Wget/1.25.0")) {
            Fetched::Answer(answer) => answer,
            Fetched::UnknownHost => {
                say(
                    outcome,
                    format!("wget: unable to resolve host address ‘{host}’\n"),
                );
                return 4;
            }
            Fetched::Refused => {
                say(
                    outcome,
                    format!("{connecting}failed: Connection refused.\n"),
                );
                return 4;
            }
            Fetched::Reset => {
                say(
                    outcome,
                    format!(
                        "{connecting}connected.\nHTTP request sent, awaiting response... No data received.\nGiving up.\n\n"
                    ),
                );
                return 4;
            }
            Fetched::Timeout => {
                let limit = options.timeout_ms.filter(|ms| *ms > 0).unwrap_or(READ_MS);
                outcome.wait_ms = outcome.wait_ms.saturating_add(limit);
                say(
                    outcome,
                    format!("{connecting}failed: Connection timed out.\nGiving up.\n\n"),
                );
                return 4;
            }
        };
        let words = format!("{} {}", answer.status, reason(answer.status));
        say(
            outcome,
            format!("{connecting}connected.\nHTTP request sent, awaiting response... "),
        );
        match options.show_headers {
            true => outcome.err(&format!("\n{}", headers_text(&answer))),
            false => say(outcome, format!("{words}\n")),
        }
        let location = answer
            .header("location")
            .filter(|_| (300..400).contains(&answer.status));
        if let Some(location) = location {
            say(outcome, format!("Location: {location} [following]\n"));
            match Url::parse(&url.join(location)) {
                Some(next) => url = next,
                None => return 1,
            }
            continue;
        }
        if answer.status >= 400 {
            match options.spider {
                true => say(
                    outcome,
                    "Remote file does not exist -- broken link!!!\n\n".to_owned(),
                ),
                false => say(
                    outcome,
                    format!(
                        "{stamp} ERROR {}: {}.\n\n",
                        answer.status,
                        reason(answer.status)
                    ),
                ),
            }
            return 8;
        }
        let size = answer.body.len();
        let kind = answer.header("content-type").unwrap_or("text/html");
        let kind = kind.split(';').next().unwrap_or(kind);
        say(outcome, format!("Length: {size} [{kind}]\n"));
        if options.spider {
            say(outcome, "Remote file exists.\n\n".to_owned());
            return 0;
        }
        let name = target(options, &url).unwrap_or_else(|| "STDOUT".to_owned());
        let bar = "=".repeat(19);
        let head = format!(
            "Saving to: ‘{name}’\n\n{name:<19} 100%[{bar}>] {size:>7}  --.-KB/s    in 0s\n\n"
        );
        say(outcome, head);
        deliver(options, &url, &answer, outcome);
        let done = match name.as_str() {
            "STDOUT" => format!("{stamp} (0.00 B/s) - written to stdout [{size}/{size}]\n\n"),
            name => format!("{stamp} (0.00 B/s) - ‘{name}’ saved [{size}/{size}]\n\n"),
        };
        say(outcome, done);
        return 0;
    }
    outcome.err(&format!("{MAX_REDIRECTS} redirections exceeded.\n"));
    1
}
