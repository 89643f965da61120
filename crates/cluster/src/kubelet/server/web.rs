//! Web servers: nginx by its own configuration, files below a document root, WordPress.

use super::super::nginx::{self, Action};
use super::super::{images, volumes};
use super::{Answering, Reply, ok, target, with};
use crate::Cluster;
use crate::kubelet::process::drive::Place;
use machinery::http::HttpResponse;

impl Answering<'_> {
    /// nginx, by its own configuration if one was mounted or written.
    pub(super) fn nginx(&self) -> Reply {
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

    /// A file below a document root, as a web server serves it.
    pub(super) fn files(&self, root: &str, banner: &str) -> HttpResponse {
        let mut path = shell::fs::resolve("/", &format!("{root}/{}", codec::unpercent(self.path)));
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

pub(crate) fn tag(cluster: &Cluster, place: &Place) -> String {
    let c = cluster.kubelets.container(place.uid, place.index);
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
