//! Servers in containers: what they answer, and what they write to their log. The words are the real programs'.
//!
//! Left out: TLS, request bodies beyond echoing them, anything a database would say.

use super::catalogue::{App, Image};
use super::nginx::{self, Action};
use super::process::Place;
use super::{env, images, volumes};
use crate::Cluster;
use machinery::Object;
use machinery::http::{HttpRequest, HttpResponse};
use machinery::time::{Millis, civil};
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
    let (path, query) = target(request)
        .split_once('?')
        .unwrap_or((target(request), ""));
    let a = Answering {
        cluster,
        place,
        server,
        request,
        path,
        query,
        client,
    };
    match server.image.app {
        App::Nginx => a.nginx(),
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
    let (path, query) = target(request)
        .split_once('?')
        .unwrap_or((target(request), ""));
    let a = Answering {
        cluster,
        place,
        server,
        request,
        path,
        query,
        client,
    };
    let method = if request.method.is_empty() {
        "GET"
    } else {
        request.method.as_str()
    };
    a.log_line(method, target(request), answer.status, answer.body.len())
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

impl Answering<'_> {
    fn respond(&self) -> HttpResponse {
        let plain = "text/plain; charset=utf-8";
        match self.server.image.app {
            App::Apache => self.files("/usr/local/apache2/htdocs", "Apache/2.4.65 (Unix)"),
            App::Wordpress => self.wordpress(),
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

    /// nginx, by its own configuration if one was mounted or written.
    fn nginx(&self) -> Reply {
        let banner = format!("nginx/{}", version(self.cluster, self.place));
        let plain = || Reply::Answer(self.files("/usr/share/nginx/html", &banner));
        let Some(run) = self.cluster.kubelets.pods.get(self.place.uid) else {
            return plain();
        };
        let Some(c) = run.containers.get(self.place.index) else {
            return plain();
        };
        if c.fs.is_none()
            && !volumes::is_mounted(self.place.pod, c.spec(self.place.pod), "/etc/nginx")
        {
            return plain();
        }
        let fs = volumes::open(self.cluster, self.place.pod, run, self.place.index);
        let Ok(config) = nginx::load(&fs) else {
            return plain();
        };
        let turn = c.log.lines.len() as u64 + c.log.dropped;
        match nginx::action(
            &config,
            self.server.port,
            self.authority(),
            target(self.request),
            turn,
        ) {
            None => plain(),
            Some(Action::Files { root }) => Reply::Answer(self.files(&root, &banner)),
            Some(Action::Proxy { url }) => Reply::Proxy {
                url,
                hop: String::new(),
            },
            Some(Action::Return { code, text }) if (300..400).contains(&code) => {
                let mut answer = with(code, "text/html", "");
                answer
                    .headers
                    .push(("Location".into(), self.variables(&text)));
                Reply::Answer(answer)
            }
            Some(Action::Return { code, text }) => {
                Reply::Answer(with(code, "text/plain", self.variables(&text)))
            }
        }
    }

    /// The variables of nginx that texts use.
    fn variables(&self, text: &str) -> String {
        let host = self.authority().split(':').next().unwrap_or("").to_string();
        let known = [
            ("$hostname", self.host()),
            ("$host", host),
            ("$remote_addr", self.client.to_string()),
            ("$server_addr", self.pod_ip()),
            ("$request_uri", target(self.request).to_string()),
            ("$uri", self.path.to_string()),
            ("$server_port", self.server.port.to_string()),
        ];
        known.iter().fold(text.to_string(), |text, (name, value)| {
            text.replace(name, value)
        })
    }

    fn host(&self) -> String {
        volumes::hostname(self.cluster, self.place.pod)
    }

    fn pod_ip(&self) -> String {
        crate::network::text_ip(
            self.cluster
                .kubelets
                .pod(self.place.uid)
                .map_or(0, |r| r.ip),
        )
    }

    /// A file below a document root, as a web server serves it.
    fn files(&self, root: &str, banner: &str) -> HttpResponse {
        let mut path = shell::fs::resolve("/", &format!("{root}/{}", decode(self.path)));
        if !path.starts_with(root) {
            path = root.to_string();
        }
        if let Some(mut answer) = self.at(&path) {
            answer
                .headers
                .insert(0, ("Server".into(), banner.to_string()));
            return answer;
        }
        let nginx = banner.starts_with("nginx");
        let body = if nginx {
            format!(
                "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>{banner}</center>\r\n</body>\r\n</html>\r\n"
            )
        } else {
            "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n".to_string()
        };
        let mut answer = with(404, "text/html", body);
        answer
            .headers
            .insert(0, ("Server".into(), banner.to_string()));
        answer
    }

    fn at(&self, path: &str) -> Option<HttpResponse> {
        let run = self.cluster.kubelets.pods.get(self.place.uid)?;
        let c = run.containers.get(self.place.index)?;
        // Most servers serve what their image brought: no need to lay out all of its files.
        if c.fs.is_none() && !volumes::is_mounted(self.place.pod, c.spec(self.place.pod), path) {
            let index = format!("{}/index.html", path.trim_end_matches('/'));
            let file = self
                .server
                .image
                .files
                .iter()
                .find(|(p, _)| *p == path || *p == index)?;
            return Some(ok(kind_of(file.0), file.1));
        }
        let fs = volumes::open(self.cluster, self.place.pod, run, self.place.index);
        if fs.is_dir(path) {
            let index = format!("{}/index.html", path.trim_end_matches('/'));
            if fs.is_file(&index) {
                return Some(ok("text/html", fs.read_text(&index).ok()?));
            }
            let forbidden = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
            return Some(with(403, "text/html", forbidden));
        }
        Some(ok(kind_of(path), fs.read_text(path).ok()?))
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

    fn echo(&self) -> String {
        let headers: String = self
            .request
            .headers
            .iter()
            .map(|(k, v)| format!("{}={v}\n", k.to_lowercase()))
            .collect();
        let method = if self.request.method.is_empty() {
            "GET"
        } else {
            &self.request.method
        };
        let body = if self.request.body.is_empty() {
            "-no body in request-"
        } else {
            &self.request.body
        };
        format!(
            "\n\nHostname: {}\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\tserver_version=nginx: 1.14.2 - lua: 10015\n\n\
             Request Information:\n\tclient_address={}\n\tmethod={method}\n\treal path={}\n\tquery={}\n\trequest_version=1.1\n\trequest_scheme=http\n\trequest_uri=http://{}{}\n\n\
             Request Headers:\n\thost={}\n{headers}\nRequest Body:\n\t{body}\n\n",
            self.host(),
            self.client,
            self.path,
            self.query,
            self.authority(),
            self.path,
            self.authority(),
        )
    }

    fn whoami(&self) -> String {
        let mut text = format!(
            "Hostname: {}\nIP: 127.0.0.1\nIP: {}\nRemoteAddr: {}:41234\n",
            self.host(),
            self.pod_ip(),
            self.client
        );
        text.push_str(&format!(
            "GET {} HTTP/1.1\nHost: {}\n",
            self.path,
            self.authority()
        ));
        for (k, v) in &self.request.headers {
            text.push_str(&format!("{k}: {v}\n"));
        }
        text + "\n"
    }

    fn agnhost(&self) -> HttpResponse {
        let plain = "text/plain; charset=utf-8";
        let since = self.cluster.now - self.server.from;
        match (self.server.text.as_deref(), self.path) {
            // The image of the documentation's liveness example: well for ten seconds.
            (Some("liveness"), _) if since < 10_000 => ok(plain, "ok"),
            (Some("liveness"), _) => with(500, plain, format!("error: {}.0", since / 1000)),
            (Some("serve-hostname"), _) | (_, "/hostname" | "/hostName") => ok(plain, self.host()),
            (_, "/healthz") => ok(plain, ""),
            (_, "/clientip") => ok(plain, format!("{}:41234", self.client)),
            _ => ok(
                plain,
                format!("NOW: {}", machinery::time::rfc3339(self.cluster.now)),
            ),
        }
    }

    fn podinfo(&self) -> HttpResponse {
        let env = self.env();
        let version = self.tag();
        match self.path {
            "/healthz" | "/readyz" => ok(
                "application/json; charset=utf-8",
                "{\n  \"status\": \"OK\"\n}",
            ),
            "/version" => ok(
                "application/json; charset=utf-8",
                format!("{{\n  \"version\": \"{version}\"\n}}"),
            ),
            _ => {
                let message = env
                    .get("PODINFO_UI_MESSAGE")
                    .cloned()
                    .unwrap_or_else(|| format!("greetings from podinfo v{version}"));
                ok(
                    "application/json; charset=utf-8",
                    format!(
                        "{{\n  \"hostname\": \"{}\",\n  \"version\": \"{version}\",\n  \"message\": \"{message}\"\n}}",
                        self.host()
                    ),
                )
            }
        }
    }

    fn env(&self) -> shell::Env {
        let run = self.cluster.kubelets.pod(self.place.uid);
        run.map_or_else(shell::Env::new, |run| {
            env::full(self.cluster, self.place.pod, run, self.place.index)
        })
    }

    fn tag(&self) -> String {
        tag(self.cluster, self.place)
    }

    /// WordPress looks for its database first.
    fn wordpress(&self) -> HttpResponse {
        let env = self.env();
        let host = env
            .get("WORDPRESS_DB_HOST")
            .map_or("mysql", |h| h.split(':').next().unwrap_or(h));
        let from = crate::network::Origin::Pod {
            namespace: self.place.pod.namespace().into(),
            name: self.place.pod.name().into(),
        };
        if crate::network::reaches(self.cluster, &from, host, 3306) {
            let mut answer = with(302, "text/html; charset=UTF-8", "");
            answer
                .headers
                .push(("Location".into(), "/wp-admin/install.php".into()));
            return if self.path == "/" {
                answer
            } else {
                ok(
                    "text/html; charset=UTF-8",
                    "<!DOCTYPE html>\n<html><head><title>WordPress &rsaquo; Installation</title></head><body><p id=\"logo\">WordPress</p></body></html>\n",
                )
            };
        }
        with(
            500,
            "text/html; charset=UTF-8",
            "<!DOCTYPE html>\n<html><head><title>Database Error</title></head><body><h1>Error establishing a database connection</h1></body></html>\n",
        )
    }

    fn log_line(&self, method: &str, target: &str, status: u16, size: usize) -> Option<String> {
        let agent = self.header("User-Agent").unwrap_or("-");
        let at = clf(self.cluster.now);
        match self.server.image.app {
            App::Nginx | App::Hostname | App::Echo | App::Ingress => Some(format!(
                "{} - - [{at}] \"{method} {target} HTTP/1.1\" {status} {size} \"-\" \"{agent}\" \"-\"",
                self.client
            )),
            App::Apache => Some(format!(
                "{} - - [{at}] \"{method} {target} HTTP/1.1\" {status} {size}",
                self.client
            )),
            App::Wordpress => Some(format!(
                "{} - - [{at}] \"{method} {target} HTTP/1.1\" {status} {size} \"-\" \"{agent}\"",
                self.client
            )),
            App::Python => Some(format!(
                "{} - - [{}] \"{method} {target} HTTP/1.1\" {status} -",
                self.client,
                at.replacen(':', " ", 1).split(" +").next().unwrap_or("")
            )),
            App::Hello { .. } if agent.starts_with("kube-probe") => None,
            App::Hello { version, .. } if version.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(format!("Serving request: {target}"))
            }
            _ => None,
        }
    }
}

/// The version of the program in a container, from its image's tag.
pub fn version(cluster: &Cluster, place: &Place) -> String {
    let tag = tag(cluster, place);
    let number: String = tag
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let number = number.trim_end_matches('.');
    /// The newest patch of each minor version of nginx.
    const NEWEST: &[(&str, &str)] = &[
        ("1.14", "1.14.2"),
        ("1.15", "1.15.12"),
        ("1.16", "1.16.1"),
        ("1.17", "1.17.10"),
        ("1.18", "1.18.0"),
        ("1.19", "1.19.10"),
        ("1.20", "1.20.2"),
        ("1.21", "1.21.6"),
        ("1.22", "1.22.1"),
        ("1.23", "1.23.4"),
        ("1.24", "1.24.0"),
        ("1.25", "1.25.5"),
        ("1.26", "1.26.3"),
        ("1.27", "1.27.5"),
        ("1.28", "1.28.0"),
        ("1.29", "1.29.3"),
        ("1", "1.29.3"),
        ("", "1.29.3"),
    ];
    NEWEST
        .iter()
        .find(|(n, _)| *n == number)
        .map_or_else(|| number.to_string(), |(_, v)| v.to_string())
}

fn tag(cluster: &Cluster, place: &Place) -> String {
    let c = cluster
        .kubelets
        .pod(place.uid)
        .and_then(|r| r.containers.get(place.index));
    let image = c.map_or("", |c| c.spec(place.pod).text("image"));
    images::parse(image).map_or_else(String::new, |r| r.tag)
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, e)| e) {
        "html" | "htm" => "text/html",
        "css" => "text/css",
        "js" => "application/javascript",
        "json" => "application/json",
        "txt" | "conf" | "log" => "text/plain",
        _ => "application/octet-stream",
    }
}

/// `20/Nov/2026:09:00:00 +0000`: the time of an access log.
fn clf(t: Millis) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let s = t.div_euclid(1000);
    let (y, m, d) = civil(s.div_euclid(86_400));
    let r = s.rem_euclid(86_400);
    let month = MONTHS.get(m as usize - 1).copied().unwrap_or("");
    format!(
        "{d:02}/{month}/{y}:{:02}:{:02}:{:02} +0000",
        r / 3600,
        r / 60 % 60,
        r % 60
    )
}

/// Percent-decoding of a path.
fn decode(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(b) = bytes.get(i) {
        let hex = bytes
            .get(i + 1..i + 3)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (b, hex) {
            (b'%', Some(value)) => {
                out.push(value);
                i += 3;
            }
            _ => {
                out.push(*b);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether an object is a pod of this namespace, for those who only hold its name.
pub fn same_pod(pod: &Object, namespace: &str, name: &str) -> bool {
    pod.namespace() == namespace && pod.name() == name
}
