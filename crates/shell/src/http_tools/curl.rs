//! curl.

mod print;

use super::{Around, Fetched, HttpRequest, HttpResponse, Outcome, Url};
use print::{progress, trace_answer, trace_connect, write_out};

const VERSION: &str = "8.14.1";
/// Redirects followed at most, as curl does.
const MAX_REDIRECTS: usize = 50;
/// How long connecting takes to fail when nobody answers and no limit was given.
const CONNECT_MS: i64 = 134_000;
const TRY_HELP: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";

/// Long names of flags: the letter that they mean, and whether a value follows.
const LONG: &[(&str, char, bool)] = &[
    ("silent", 's', false),
    ("show-error", 'S', false),
    ("include", 'i', false),
    ("show-headers", 'i', false),
    ("head", 'I', false),
    ("verbose", 'v', false),
    ("output", 'o', true),
    ("remote-name", 'O', false),
    ("location", 'L', false),
    ("request", 'X', true),
    ("data", 'd', true),
    ("data-ascii", 'd', true),
    ("data-raw", '1', true),
    ("data-binary", '2', true),
    ("data-urlencode", '1', true),
    ("json", '3', true),
    ("get", 'G', false),
    ("header", 'H', true),
    ("insecure", 'k', false),
    ("fail", 'f', false),
    ("fail-with-body", '4', false),
    ("write-out", 'w', true),
    ("max-time", 'm', true),
    ("connect-timeout", '5', true),
    ("user-agent", 'A', true),
    ("user", 'u', true),
    ("referer", 'e', true),
    ("cookie", 'b', true),
    ("retry", '6', true),
    ("retry-delay", '7', true),
    ("retry-connrefused", '-', false),
    ("retry-all-errors", '-', false),
    ("resolve", '8', true),
    ("url", '9', true),
    ("no-progress-meter", '0', false),
    ("progress-bar", '#', false),
    ("no-buffer", 'N', false),
    ("compressed", '-', false),
    ("http1.1", '-', false),
    ("http2", '-', false),
    ("ipv4", '-', false),
    ("ipv6", '-', false),
    ("globoff", '-', false),
    ("cacert", '~', true),
    ("cert", '~', true),
    ("key", '~', true),
    ("create-dirs", '-', false),
    ("path-as-is", '-', false),
    ("version", 'V', false),
    ("help", 'h', false),
];
/// Letters; those before a `:` take a value.
const SHORT: &str = "sSiIvo:OLX:d:GH:kfw:m:A:u:e:b:#N46gVh0E:";

#[derive(Default)]
struct Flags {
    set: Vec<(char, String)>,
    urls: Vec<String>,
}

impl Flags {
    fn has(&self, flag: char) -> bool {
        self.set.iter().any(|(f, _)| *f == flag)
    }

    fn last(&self, flag: char) -> Option<&str> {
        self.set
            .iter()
            .rev()
            .find(|(f, _)| *f == flag)
            .map(|(_, value)| value.as_str())
    }

    fn ms(&self, flag: char) -> Option<i64> {
        let seconds = self.last(flag)?.parse::<f64>().ok()?;
        Some((seconds * 1000.0).clamp(0.0, 1e12) as i64)
    }
}

/// Runs a command line; `args` are the words after `curl`.
pub fn curl(args: &[String], around: &mut Around<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let flags = match parse(args) {
        Ok(flags) => flags,
        Err(error) => {
            outcome.err(&format!("curl: {error}\n{TRY_HELP}"));
            outcome.status = 2;
            return outcome;
        }
    };
    if flags.has('V') {
        outcome.out(&format!(
            "curl {VERSION} (x86_64-pc-linux-gnu) bottleship\nProtocols: http https\n"
        ));
        return outcome;
    }
    if flags.has('h') {
        outcome.out(HELP);
        return outcome;
    }
    if flags.urls.is_empty() {
        outcome.err(&format!("curl: (2) no URL specified\n{TRY_HELP}"));
        outcome.status = 2;
        return outcome;
    }
    for (index, url) in flags.urls.iter().enumerate() {
        let output = flags.set.iter().filter(|(flag, _)| *flag == 'o').nth(index);
        let output = output.map(|(_, name)| name.as_str());
        outcome.status = one(&flags, url, output, around, &mut outcome);
    }
    outcome
}

fn parse(args: &[String]) -> Result<Flags, String> {
    let mut flags = Flags::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if let Some(name) = arg.strip_prefix("--") {
            let found = LONG.iter().find(|(known, ..)| *known == name);
            let mut starting = LONG.iter().filter(|(known, ..)| known.starts_with(name));
            let found = found.or_else(|| match (starting.next(), starting.next()) {
                (Some(one), None) => Some(one),
                _ => None,
            });
            let (_, letter, takes) = found.ok_or_else(|| format!("option {arg}: is unknown"))?;
            let value = match takes {
                true => args
                    .next()
                    .cloned()
                    .ok_or_else(|| format!("option {arg}: requires parameter"))?,
                false => String::new(),
            };
            match letter {
                '9' => flags.urls.push(value),
                letter => flags.set.push((*letter, value)),
            }
            continue;
        }
        let letters = match arg.strip_prefix('-') {
            Some(letters) if !letters.is_empty() => letters,
            _ => {
                flags.urls.push(arg.clone());
                continue;
            }
        };
        for (at, letter) in letters.char_indices() {
            let mut known = SHORT.chars().skip_while(|c| *c != letter);
            if letter == ':' || known.next().is_none() {
                return Err(format!("option -{letter}: is unknown"));
            }
            let takes = known.next() == Some(':');
            if !takes {
                flags.set.push((letter, String::new()));
                continue;
            }
            let attached = letters.get(at + letter.len_utf8()..).unwrap_or("");
            let value = match attached {
                "" => args.next().cloned(),
                attached => Some(attached.to_owned()),
            };
            let value = value.ok_or_else(|| format!("option -{letter}: requires parameter"))?;
            flags.set.push((letter, value));
            break;
        }
    }
    Ok(flags)
}

/// The body that `-d` and its kind make.
fn body(flags: &Flags, around: &Around<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for (flag, value) in &flags.set {
        match (flag, value.strip_prefix('@')) {
            ('d', Some(file)) => {
                parts.push(
                    (around.read)(file)
                        .unwrap_or_default()
                        .replace(['\n', '\r'], ""),
                );
            }
            ('2' | '3', Some(file)) => parts.push((around.read)(file).unwrap_or_default()),
            ('d' | '1' | '2' | '3', _) => parts.push(value.clone()),
            _ => {}
        }
    }
    (!parts.is_empty()).then(|| parts.join("&"))
}

fn request(flags: &Flags, url: &Url, around: &Around<'_>) -> HttpRequest {
    let body = body(flags, around);
    let mut url = url.clone();
    let mut sent = body.clone();
    if flags.has('G') {
        if let Some(query) = &body {
            let mark = if url.path.contains('?') { '&' } else { '?' };
            url.path = format!("{}{mark}{query}", url.path);
        }
        sent = None;
    }
    let method = match (flags.last('X'), flags.has('I'), &sent) {
        (Some(method), ..) => method.to_owned(),
        (_, true, _) => "HEAD".to_owned(),
        (_, _, Some(_)) => "POST".to_owned(),
        _ => "GET".to_owned(),
    };
    let agent = flags
        .last('A')
        .map_or_else(|| format!("curl/{VERSION}"), str::to_owned);
    let mut headers = vec![("Host".to_owned(), url.authority())];
    if let Some(user) = flags
        .last('u')
        .map(str::to_owned)
        .or_else(|| url.user.clone())
    {
        headers.push((
            "Authorization".to_owned(),
            format!("Basic {}", codec::encode_base64(user.as_bytes())),
        ));
    }
    headers.push(("User-Agent".to_owned(), agent));
    headers.push(("Accept".to_owned(), "*/*".to_owned()));
    for (flag, name) in [('e', "Referer"), ('b', "Cookie")] {
        if let Some(value) = flags.last(flag) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    if let Some(sent) = &sent {
        headers.push(("Content-Length".to_owned(), sent.len().to_string()));
        let kind = match flags.has('3') {
            true => "application/json",
            false => "application/x-www-form-urlencoded",
        };
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
    }
    for (_, header) in flags.set.iter().filter(|(flag, _)| *flag == 'H') {
        let Some((name, value)) = header.split_once(':').or_else(|| header.split_once(';')) else {
            continue;
        };
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        // `-H 'Accept:'` takes a header away.
        if !value.trim().is_empty() {
            let pair = (name.to_owned(), value.trim().to_owned());
            match name.eq_ignore_ascii_case("host") {
                true => headers.insert(0, pair),
                false => headers.push(pair),
            }
        }
    }
    HttpRequest {
        method,
        url: url.text(),
        headers,
        body: sent.unwrap_or_default(),
    }
}

/// `--resolve host:port:address`: where to go instead, under the same name.
fn redirected(flags: &Flags, url: &Url) -> Option<String> {
    for (_, value) in flags.set.iter().filter(|(flag, _)| *flag == '8') {
        let mut parts = value.splitn(3, ':');
        let (host, port, address) = (parts.next()?, parts.next()?, parts.next()?);
        if (host == url.host || host == "*") && port == url.port.to_string() {
            return Some(address.to_owned());
        }
    }
    None
}

fn one(
    flags: &Flags,
    text: &str,
    output: Option<&str>,
    around: &mut Around<'_>,
    outcome: &mut Outcome,
) -> i32 {
    let quiet = flags.has('s') && !flags.has('S');
    let fail = |outcome: &mut Outcome, code: i32, words: &str| {
        if !quiet {
            outcome.err(&format!("curl: ({code}) {words}\n"));
        }
        code
    };
    let scheme = text.split_once("://").map_or("http", |(scheme, _)| scheme);
    if !["http", "https"].contains(&scheme) {
        let words = format!("Protocol \"{scheme}\" not supported");
        return fail(outcome, 1, &words);
    }
    let Some(mut url) = Url::parse(text) else {
        return fail(
            outcome,
            3,
            "URL rejected: Malformed input to a URL function",
        );
    };
    let mut redirects = 0;
    loop {
        let request = request(flags, &url, around);
        let mut sent = request.clone();
        let address = redirected(flags, &url);
        if let Some(address) = &address {
            let place = Url {
                host: address.clone(),
                ..url.clone()
            };
            sent.url = place.text();
        }
        let fetched = (around.fetch)(&sent);
        if flags.has('v') {
            trace_connect(&url, &request, &fetched, around, outcome);
        }
        let answer = match fetched {
            Fetched::Answer(answer) => answer,
            failure => {
                let (code, words, waited) = failed(flags, &url, &failure);
                outcome.wait_ms = outcome.wait_ms.saturating_add(waited);
                if flags.has('w') {
                    write_out(flags, &url, None, outcome);
                }
                return fail(outcome, code, &words);
            }
        };
        if flags.has('v') {
            trace_answer(&url, &answer, outcome);
        }
        let location = answer
            .header("location")
            .filter(|_| (300..400).contains(&answer.status));
        if let Some(location) = location.filter(|_| flags.has('L')) {
            if flags.has('i') || flags.has('I') {
                outcome.out(&head(&answer));
            }
            redirects += 1;
            if redirects > MAX_REDIRECTS {
                return fail(
                    outcome,
                    47,
                    &format!("Maximum ({MAX_REDIRECTS}) redirects followed"),
                );
            }
            match Url::parse(&url.join(location)) {
                Some(next) => url = next,
                None => {
                    return fail(
                        outcome,
                        3,
                        "URL rejected: Malformed input to a URL function",
                    );
                }
            }
            continue;
        }
        return finish(flags, &url, &answer, output, around, outcome);
    }
}

fn finish(
    flags: &Flags,
    url: &Url,
    answer: &HttpResponse,
    output: Option<&str>,
    around: &Around<'_>,
    outcome: &mut Outcome,
) -> i32 {
    let failed = answer.status >= 400 && flags.has('f');
    let mut text = String::new();
    if (flags.has('i') || flags.has('I')) && !failed {
        text.push_str(&head(answer));
    }
    if !flags.has('I') && !failed {
        text.push_str(&answer.body);
    }
    let name = url.file_name();
    let file = output
        .or(flags.has('O').then_some(name))
        .filter(|file| *file != "-");
    if flags.has('O') && output.is_none() && name.is_empty() {
        outcome.err("curl: (23) Failed to extract a filename from the URL to use for storage\n");
        return 23;
    }
    let meter = (file.is_some() || !around.tty_out) && !flags.has('s') && !flags.has('0');
    if meter && !failed {
        outcome.err(&progress(text.len()));
    }
    match file {
        Some("/dev/null") => {}
        Some(file) if !failed => outcome.files.push((file.to_owned(), text)),
        Some(_) => {}
        None => outcome.out(&text),
    }
    if flags.has('w') {
        write_out(flags, url, Some(answer), outcome);
    }
    if failed || answer.status >= 400 && flags.has('4') {
        if !flags.has('s') || flags.has('S') {
            let status = answer.status;
            outcome.err(&format!(
                "curl: (22) The requested URL returned error: {status}\n"
            ));
        }
        return 22;
    }
    0
}

fn head(answer: &HttpResponse) -> String {
    let mut text = format!("{}\r\n", answer.status_line());
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text
}

/// The exit status, the words, and how long it took to know.
fn failed(flags: &Flags, url: &Url, fetched: &Fetched) -> (i32, String, i64) {
    let (host, port) = (&url.host, url.port);
    match fetched {
        Fetched::UnknownHost => (6, format!("Could not resolve host: {host}"), 0),
        Fetched::Refused => {
            let words = format!(
                "Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server"
            );
            (7, words, 0)
        }
        Fetched::Reset => (52, "Empty reply from server".to_owned(), 0),
        _ => match (flags.ms('5'), flags.ms('m')) {
            (Some(ms), most) if most.is_none_or(|most| ms <= most) => {
                let shown = ms + 1;
                let words = format!(
                    "Failed to connect to {host} port {port} after {shown} ms: Timeout was reached"
                );
                (28, words, ms)
            }
            (_, Some(ms)) => {
                let words = format!("Connection timed out after {} milliseconds", ms + 1);
                (28, words, ms)
            }
            _ => {
                let words = format!(
                    "Failed to connect to {host} port {port} after {CONNECT_MS} ms: Couldn't connect to server"
                );
                (28, words, CONNECT_MS)
            }
        },
    }
}

const HELP: &str = "Usage: curl [options...] <url>
 -d, --data <data>           HTTP POST data
 -f, --fail                  Fail fast with no output on HTTP errors
 -h, --help                  Get help for commands
 -i, --show-headers          Show response headers in output
 -I, --head                  Show document info only
 -H, --header <header/@file> Pass custom header(s) to server
 -k, --insecure              Allow insecure server connections
 -L, --location              Follow redirects
 -m, --max-time <seconds>    Maximum time allowed for transfer
 -o, --output <file>         Write to file instead of stdout
 -O, --remote-name           Write output to file named as remote file
 -s, --silent                Silent mode
 -S, --show-error            Show error even when -s is used
 -v, --verbose               Make the operation more talkative
 -w, --write-out <format>    Output FORMAT after completion
 -X, --request <method>      Specify request method to use
";
