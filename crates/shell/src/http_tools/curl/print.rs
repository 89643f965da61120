//! What curl prints besides the answer: -v, -w, the progress meter.

use super::super::{Around, Fetched, HttpRequest, HttpResponse, Outcome, Url};
use super::Flags;

pub(super) fn trace_connect(
    url: &Url,
    request: &HttpRequest,
    fetched: &Fetched,
    around: &Around<'_>,
    outcome: &mut Outcome,
) {
    let (host, port) = (&url.host, url.port);
    if *fetched == Fetched::UnknownHost {
        return outcome.err(&format!(
            "* Could not resolve host: {host}\n* closing connection #0\n"
        ));
    }
    let address = (around.address)(host).unwrap_or_else(|| host.clone());
    if address != *host {
        let ipv6 = if host == "localhost" { "::1" } else { "(none)" };
        outcome.err(&format!(
            "* Host {host}:{port} was resolved.\n* IPv6: {ipv6}\n* IPv4: {address}\n"
        ));
    }
    outcome.err(&format!("*   Trying {address}:{port}...\n"));
    match fetched {
        Fetched::Refused => {
            outcome.err(&format!(
                "* connect to {address} port {port} failed: Connection refused\n* Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server\n* closing connection #0\n"
            ));
            return;
        }
        Fetched::Timeout => return,
        _ => {}
    }
    let path = Url::parse(&request.url).map_or_else(|| "/".to_owned(), |url| url.path);
    let mut text = format!("* Connected to {host} ({address}) port {port}\n");
    text.push_str(&format!("> {} {path} HTTP/1.1\n", request.method));
    for (name, value) in &request.headers {
        text.push_str(&format!("> {name}: {value}\n"));
    }
    text.push_str("> \n");
    if !request.body.is_empty() {
        text.push_str(&format!(
            "* upload completely sent off: {} bytes\n",
            request.body.len()
        ));
    }
    if *fetched == Fetched::Reset {
        text.push_str("* Empty reply from server\n* shutting down connection #0\n");
    }
    outcome.err(&text);
}

pub(super) fn trace_answer(url: &Url, answer: &HttpResponse, outcome: &mut Outcome) {
    let mut text = format!("< {}\n", answer.status_line());
    for (name, value) in &answer.headers {
        text.push_str(&format!("< {name}: {value}\n"));
    }
    text.push_str(&format!(
        "< \n* Connection #0 to host {} left intact\n",
        url.host
    ));
    outcome.err(&text);
}

pub(super) fn write_out(
    flags: &Flags,
    url: &Url,
    answer: Option<&HttpResponse>,
    outcome: &mut Outcome,
) {
    let format = crate::syntax::unescape(flags.last('w').unwrap_or(""));
    let status = answer.map_or(0, |answer| answer.status);
    let mut text = String::new();
    let mut rest = format.as_str();
    while let Some(at) = rest.find("%{") {
        text.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else {
            break;
        };
        let name = &rest[at + 2..at + end];
        match name {
            "http_code" | "response_code" => text.push_str(&format!("{status:03}")),
            "url_effective" | "url" => text.push_str(&url.text()),
            "size_download" => {
                text.push_str(&answer.map_or(0, |a| a.body.len()).to_string());
            }
            "content_type" => {
                text.push_str(answer.and_then(|a| a.header("content-type")).unwrap_or(""));
            }
            "redirect_url" => {
                let location = answer.and_then(|a| a.header("location"));
                text.push_str(&location.map(|l| url.join(l)).unwrap_or_default());
            }
            "scheme" => text.push_str(&url.scheme),
            "http_version" => text.push_str("1.1"),
            "time_total" | "time_connect" | "time_starttransfer" | "time_namelookup" => {
                text.push_str("0.001");
            }
            name => text.push_str(&format!("curl: unknown --write-out variable: '{name}'\n")),
        }
        rest = &rest[at + end + 1..];
    }
    text.push_str(&rest.replace("%%", "%"));
    outcome.out(&text);
}

pub(super) fn progress(size: usize) -> String {
    let head = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n";
    let done = if size == 0 { 0 } else { 100 };
    format!(
        "{head}\r{done:>3} {size:>5} {done:>4} {size:>5}    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n"
    )
}
