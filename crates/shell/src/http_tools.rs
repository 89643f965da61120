//! The command lines of curl, wget and nc: flags in, text out; the network is the caller's.
//!
//! The real ones are curl 8 (`src/tool_getparam.c`), GNU wget and busybox's wget
//! (`networking/wget.c`). Used on the learner's machine by `tools`, and in containers by `cluster`,
//! so nothing here knows either. Left out: uploads of forms, cookies jars, proxies, protocols other
//! than HTTP.

mod curl;
mod nc;
mod wget;

pub use curl::curl;
pub use nc::{CONNECT, nc};
pub use wget::{Flavour, wget};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: String,
    /// With its scheme: `http://localhost:3333/path?x=1`.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    Answer(HttpResponse),
    UnknownHost,
    Refused,
    /// Nobody answers.
    Timeout,
    /// Accepted, then closed without an answer.
    Reset,
}

/// What a run reaches outside of itself.
pub struct Around<'a> {
    pub fetch: &'a mut dyn FnMut(&HttpRequest) -> Fetched,
    /// The address that a name resolves to, for messages.
    pub address: &'a dyn Fn(&str) -> Option<String>,
    /// A file, or standard input as `-`.
    pub read: &'a dyn Fn(&str) -> Option<String>,
    pub tty_out: bool,
    pub now_ms: i64,
}

/// All that a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was written, in order: 1 or 2, and text.
    pub output: Vec<(u8, String)>,
    /// Files to write: name as given, content.
    pub files: Vec<(String, String)>,
    pub status: i32,
    /// How long it waited for an answer that did not come: let it pass before printing.
    pub wait_ms: i64,
}

impl Outcome {
    fn put(&mut self, fd: u8, text: &str) {
        match self.output.last_mut() {
            _ if text.is_empty() => {}
            Some((last, buffer)) if *last == fd => buffer.push_str(text),
            _ => self.output.push((fd, text.to_owned())),
        }
    }

    fn out(&mut self, text: &str) {
        self.put(1, text);
    }

    fn err(&mut self, text: &str) {
        self.put(2, text);
    }

    /// Both streams, joined: what is written to one of them.
    pub fn text(&self, fd: u8) -> String {
        self.output
            .iter()
            .filter(|(f, _)| *f == fd)
            .map(|(_, text)| text.as_str())
            .collect()
    }
}

/// The parts of an address as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub scheme: String,
    pub user: Option<String>,
    pub host: String,
    pub port: u16,
    /// The port was written out.
    pub explicit_port: bool,
    /// Path and query, starting with `/`.
    pub path: String,
}

impl Url {
    /// `None` if there is no host, or the port is no number.
    pub fn parse(text: &str) -> Option<Url> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let rest = rest.split('#').next().unwrap_or("");
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, authority),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        let scheme = scheme.to_ascii_lowercase();
        let port = port.filter(|port| !port.is_empty());
        let number = match port {
            Some(port) => port.parse().ok()?,
            None if scheme == "https" => 443,
            None => 80,
        };
        let path = match path {
            path if path.starts_with('/') => path.to_owned(),
            query => format!("/{query}"),
        };
        let host = host.to_owned();
        let explicit_port = port.is_some();
        (!host.is_empty()).then_some(Url {
            scheme,
            user,
            host,
            port: number,
            explicit_port,
            path,
        })
    }

    fn is_default_port(&self) -> bool {
        self.port == if self.scheme == "https" { 443 } else { 80 }
    }

    /// As it stands in the Host header.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match self.is_default_port() {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }

    pub fn text(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.path)
    }

    /// Where a `Location` header leads.
    fn join(&self, location: &str) -> String {
        if location.contains("://") {
            return location.to_owned();
        }
        if location.starts_with('/') {
            return format!("{}://{}{location}", self.scheme, self.authority());
        }
        let folder = self.path.split('?').next().unwrap_or("/");
        let folder = folder.rfind('/').map_or("/", |at| &folder[..=at]);
        format!("{}://{}{folder}{location}", self.scheme, self.authority())
    }

    /// The name of the file that the path ends in.
    fn file_name(&self) -> &str {
        self.path
            .split('?')
            .next()
            .unwrap_or("")
            .rsplit('/')
            .next()
            .unwrap_or("")
    }
}

impl HttpResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn status_line(&self) -> String {
        format!("HTTP/1.1 {} {}", self.status, reason(self.status))
            .trim_end()
            .to_owned()
    }
}

/// The words beside a status code, as RFC 9110 has them.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        _ => "",
    }
}
