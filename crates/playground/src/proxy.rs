//! `kubectl proxy`: a port of the learner's machine that the API answers on, as whoever started it.
//! Upstream: `kubectl:pkg/proxy/proxy_server.go`. Left out: watches and connections (what has come so far is the answer).

use crate::shared::Shared;
use machinery::http::{HttpRequest, HttpResponse};
use machinery::{Api, Body, Method, PatchType, Proxy, Request, Response, Value, json};
use shell::http_tools::Url;
use shell::regex::Regex;

/// The answer of a proxy, if one listens where the request goes.
pub fn answer(shared: &Shared, http: &HttpRequest) -> Option<HttpResponse> {
    let url = Url::parse(&http.url)?;
    if !["localhost", "127.0.0.1", "::1"].contains(&url.host.as_str()) {
        return None;
    }
    let proxy = shared.proxies.borrow().get(&url.port)?.clone();
    let (path, query) = url.path.split_once('?').unwrap_or((&url.path, ""));
    let method = match http.method.as_str() {
        "" => "GET",
        m => m,
    };
    if !passes(&proxy, path, &url.host, method) {
        return Some(plain(403, "Forbidden\n".into()));
    }
    let Some(path) = path.strip_prefix(&proxy.prefix) else {
        return Some(plain(404, "404 page not found\n".into()));
    };
    let Some(mut request) = request(http, method, &format!("/{path}"), query) else {
        return Some(plain(405, "Method Not Allowed\n".into()));
    };
    request.user = proxy.user;
    Some(match shared.request(request) {
        Response::Ok { code, body, .. } => document(code, &body),
        Response::Err { status, .. } => document(status.code, &status.to_value()),
        Response::Text(t) => plain(200, t),
        Response::Watch { events, .. } => {
            let line = |e: &machinery::WatchEvent| {
                let kind = json::quote(e.kind.as_str());
                format!(
                    "{{\"type\":{kind},\"object\":{}}}\n",
                    json::print(&e.object)
                )
            };
            plain(200, events.iter().map(line).collect())
        }
        Response::Stream(_) => plain(
            400,
            "bottleship does not simulate connections through a proxy\n".into(),
        ),
    })
}

fn passes(proxy: &Proxy, path: &str, host: &str, method: &str) -> bool {
    let Some([accept_paths, accept_hosts, reject_paths, reject_methods]) = &proxy.filter else {
        return true;
    };
    let hit = |patterns: &[String], text: &str| {
        let one = |p: &String| Regex::new(p, true, false).is_ok_and(|r| r.is_match(text));
        patterns.iter().any(one)
    };
    !hit(reject_paths, path)
        && !hit(reject_methods, method)
        && hit(accept_paths, path)
        && hit(accept_hosts, host)
}

fn request(http: &HttpRequest, method: &str, path: &str, query: &str) -> Option<Request> {
    let all = [
        Method::Get,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
    ];
    let method = all.into_iter().find(|m| m.as_str() == method)?;
    let mut request = kubectl::commands::get::raw_request(method, &format!("{path}?{query}"));
    if !http.body.is_empty() {
        request.body = Body::Text(http.body.clone());
    }
    let kind = http
        .headers
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case("content-type"));
    request.patch = kind.and_then(|(_, v)| PatchType::of_content_type(v));
    Some(request)
}

/// A document as the server shows it to browsers and curl: indented, kind and version first.
fn document(code: u16, body: &Value) -> HttpResponse {
    const FIRST: &[&str] = &["kind", "apiVersion", "metadata"];
    let mut text = json::print_indented(body, 2);
    if let Some(map) = body.as_map() {
        let known = FIRST.iter().filter_map(|k| Some((*k, map.get(k)?)));
        let rest = map.iter().map(|(k, v)| (k.as_str(), v));
        let rest = rest.filter(|(k, _)| !FIRST.contains(k));
        let shown = |(k, v): (&str, &Value)| {
            let inner = json::print_indented(v, 2).trim_end().replace('\n', "\n  ");
            format!("  {}: {inner}", json::quote(k))
        };
        let parts: Vec<String> = known.chain(rest).map(shown).collect();
        text = format!("{{\n{}\n}}", parts.join(",\n"));
    }
    HttpResponse {
        status: code,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: text,
    }
}

fn plain(code: u16, body: String) -> HttpResponse {
    HttpResponse {
        status: code,
        headers: vec![("Content-Type".into(), "text/plain; charset=utf-8".into())],
        body,
    }
}
