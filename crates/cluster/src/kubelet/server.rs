//! Servers in containers: what they answer, and what they write to their log. The words are the real programs'.
//!
//! [`web`]: nginx, Apache and what serves files; [`apps`]: small servers; [`behind`]: those with a database behind them;
//! [`log`]: access logs.
//! Left out: TLS, request bodies beyond echoing them, anything a database would say.

mod apps;
pub mod behind;
pub(super) mod log;
pub mod web;

use super::catalogue::{App, Image};
use super::process::drive::Place;
use super::{env, volumes};
use crate::Cluster;
use crate::ip;
use machinery::http::{HttpRequest, HttpResponse};
use machinery::time::Millis;
use std::rc::Rc;

/// Something that listens.
#[derive(Clone, Debug)]
pub struct Server {
    pub image: &'static Image,
    pub port: u16,
    /// 0 for process 1 of an image's own program.
    pub pid: u32,
    /// From when on it accepts connections.
    pub from: Millis,
    pub text: Option<Rc<str>>,
}

impl Server {
    pub fn new(image: &'static Image, port: u16, from: Millis) -> Server {
        Server {
            image,
            port,
            pid: 0,
            from,
            text: None,
        }
    }
    /// Speaks HTTP at all.
    pub fn is_http(&self) -> bool {
        !matches!(self.image.app, App::Database | App::Redis | App::Agent)
    }
}

/// What a server knows when it answers.
struct Answering<'a> {
    cluster: &'a Cluster,
    place: &'a Place<'a>,
    server: &'a Server,
    request: &'a HttpRequest,
    path: &'a str,
    query: &'a str,
    client: &'a str,
}

/// What a server does with a request: answers, or asks somebody else.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Answer(HttpResponse),
    /// Asks its database first.
    Asks,
    /// Goes on to another address; the hop is for the drawing.
    Proxy {
        url: String,
        hop: String,
    },
}

/// The path and query of a request.
pub fn target(request: &HttpRequest) -> &str {
    let rest = request
        .url
        .split_once("://")
        .map_or(request.url.as_str(), |(_, r)| r);
    let target = rest.find('/').map_or("/", |at| &rest[at..]);
    target.split('#').next().unwrap_or("/")
}

/// The reply of a server to a request from `client`.
pub fn reply(
    cluster: &Cluster,
    place: &Place,
    server: &Server,
    request: &HttpRequest,
    client: &str,
) -> Reply {
    let a = Answering::new(cluster, place, server, request, client);
    match server.image.app {
        App::Nginx => a.nginx(),
        App::Guestbook | App::Wordpress => Reply::Asks,
        App::Ingress => match crate::network::ingress::choose(
            cluster,
            a.authority(),
            server.port,
            target(request),
        ) {
            crate::network::ingress::Target::Answer(answer) => Reply::Answer(answer),
            crate::network::ingress::Target::Proxy { url, hop } => Reply::Proxy { url, hop },
        },
        _ => Reply::Answer(a.respond()),
    }
}

/// The line that a server writes to its log about a request that it has answered so.
pub fn log_line(
    cluster: &Cluster,
    place: &Place,
    server: &Server,
    request: &HttpRequest,
    client: &str,
    answer: &HttpResponse,
) -> Option<String> {
    let a = Answering::new(cluster, place, server, request, client);
    a.log_line(answer.status, answer.body.len())
}

fn ok(kind: &str, body: impl Into<String>) -> HttpResponse {
    with(200, kind, body)
}

fn with(status: u16, kind: &str, body: impl Into<String>) -> HttpResponse {
    let body = body.into();
    let headers = vec![
        ("Content-Type".to_string(), kind.to_string()),
        ("Content-Length".to_string(), body.len().to_string()),
    ];
    HttpResponse {
        status,
        headers,
        body,
    }
}

impl<'a> Answering<'a> {
    fn new(
        cluster: &'a Cluster,
        place: &'a Place<'a>,
        server: &'a Server,
        request: &'a HttpRequest,
        client: &'a str,
    ) -> Answering<'a> {
        let target = target(request);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Answering {
            cluster,
            place,
            server,
            request,
            path,
            query,
            client,
        }
    }

    fn method(&self) -> &str {
        match self.request.method.as_str() {
            "" => "GET",
            method => method,
        }
    }

    fn respond(&self) -> HttpResponse {
        let plain = "text/plain; charset=utf-8";
        match self.server.image.app {
            App::Apache => self.files("/usr/local/apache2/htdocs", "Apache/2.4.65 (Unix)"),
            App::Hostname => ok(plain, format!("{}\n", self.host())),
            App::Hello { text, version: "" } => ok(
                plain,
                format!("{text}{}", if text == "OK!" { "" } else { "\n" }),
            ),
            App::Hello { text, version } if version.starts_with("v=") => ok(
                plain,
                format!("{text} | Running on: {} | {version}\n", self.host()),
            ),
            App::Hello { text, version } => ok(
                plain,
                format!("{text}\nVersion: {version}\nHostname: {}\n", self.host()),
            ),
            App::Echo => ok("text/plain", self.echo()),
            App::Whoami => ok(plain, self.whoami()),
            App::HttpEcho => ok(
                plain,
                format!("{}\n", self.server.text.as_deref().unwrap_or("")),
            ),
            App::Agnhost => self.agnhost(),
            App::Podinfo => self.podinfo(),
            App::Kuard => match self.path {
                "/healthy" | "/ready" => ok(plain, "ok"),
                _ => ok(
                    "text/html",
                    format!(
                        "<html><body><h1>KUAR Demo</h1><p>{}</p></body></html>\n",
                        self.host()
                    ),
                ),
            },
            App::Python => self.files("/", "SimpleHTTP/0.6 Python/3.13.7"),
            _ => {
                let name = self
                    .server
                    .image
                    .repositories
                    .first()
                    .copied()
                    .unwrap_or("");
                ok(
                    "text/html",
                    format!(
                        "<html><body><h1>{}</h1><p>{}</p></body></html>\n",
                        shell::fs::name(name),
                        self.host()
                    ),
                )
            }
        }
    }

    fn host(&self) -> String {
        volumes::base::hostname(self.place.pod)
    }

    fn pod_ip(&self) -> String {
        ip::text(
            self.cluster
                .kubelets
                .pod(self.place.uid)
                .map_or(0, |r| r.ip),
        )
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.request
            .headers
            .iter()
            .find(|(k, _)| k.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    fn authority(&self) -> &str {
        let rest = self
            .request
            .url
            .split_once("://")
            .map_or(self.request.url.as_str(), |(_, r)| r);
        self.header("Host")
            .unwrap_or_else(|| rest.split('/').next().unwrap_or(""))
    }

    fn env(&self) -> shell::Env {
        let run = self.cluster.kubelets.pod(self.place.uid);
        run.map_or_else(shell::Env::new, |run| {
            env::full(self.cluster, self.place.pod, run, self.place.index)
        })
    }
}
