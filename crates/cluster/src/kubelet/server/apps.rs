//! The small servers of tutorials and tests: echoserver, whoami, agnhost, podinfo.

use super::web::tag;
use super::{Answering, ok, with};
use machinery::http::HttpResponse;

impl Answering<'_> {
    pub(super) fn echo(&self) -> String {
        let headers: String = self
            .request
            .headers
            .iter()
            .map(|(k, v)| format!("{}={v}\n", k.to_lowercase()))
            .collect();
        let method = self.method();
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

    pub(super) fn whoami(&self) -> String {
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

    pub(super) fn agnhost(&self) -> HttpResponse {
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

    pub(super) fn podinfo(&self) -> HttpResponse {
        let env = self.env();
        let version = tag(self.cluster, self.place);
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
}
