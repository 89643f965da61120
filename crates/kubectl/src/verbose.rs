//! `-v=6` to `-v=10`: the requests as they go over the wire, in client-go's words (`rest/request.go`, `transport/round_trippers.go`).

use crate::cx::Inner;
use machinery::{Accept, Body, Method, Request, Response, json};

/// `https://127.0.0.1:6443/api/v1/pods?limit=500`
pub fn url(server: &str, request: &Request) -> String {
    let query: Vec<String> = request
        .query
        .iter()
        .map(|(k, v)| format!("{}={}", codec::query_escape(k), codec::query_escape(v)))
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{server}{}{mark}{}", request.path, query.join("&"))
}

fn accept(request: &Request) -> &'static str {
    match request.accept {
        Accept::Json => "application/json",
        Accept::Table => {
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
        }
        Accept::Metadata => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
        Accept::Discovery => {
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
        }
    }
}

fn stamp(cx: &Inner) -> String {
    let iso = machinery::time::rfc3339(cx.now());
    let ms = cx.now().rem_euclid(1000);
    let (date, time) = iso.split_once('T').unwrap_or((&iso, ""));
    let day = date.get(5..).unwrap_or("").replace('-', "");
    format!("I{day} {}.{ms:03}000", time.trim_end_matches('Z'))
}

fn note(cx: &Inner, place: &str, words: &str) {
    cx.err(format!("{}       1 {place}] {words}\n", stamp(cx)));
}

/// `key="text"`, or a block where the text has lines.
fn pair(key: &str, text: &str) -> String {
    match text.contains('\n') {
        false => format!("{key}={}", json::quote(text)),
        true => {
            let lines: String = text
                .trim_end_matches('\n')
                .split('\n')
                .map(|l| format!("\t{l}\n"))
                .collect();
            format!("{key}=<\n{lines} >")
        }
    }
}

/// What is logged before a request goes out.
pub fn before(cx: &Inner, level: i64, server: &str, request: &Request) {
    if level >= 6 && !cx.logged.replace(true) {
        let file = crate::config::file(cx);
        note(
            cx,
            "loader.go:405",
            &format!("Config loaded from file:  {file}"),
        );
    }
    if level < 7 {
        return;
    }
    if level >= 8 {
        let body = body(request).unwrap_or_default();
        note(
            cx,
            "helper.go:113",
            &format!("\"Request Body\" {}", pair("body", &cut(level, &body))),
        );
    }
    let mut headers = vec![format!("Accept: {}", accept(request))];
    if let Some(patch) = request.patch {
        headers.push(format!("Content-Type: {}", patch.content_type()));
    } else if matches!(request.method, Method::Post | Method::Put | Method::Delete) {
        headers.push("Content-Type: application/json".into());
    }
    if !cx.flag("as").is_empty() {
        headers.push(format!("Impersonate-User: {}", cx.flag("as")));
        headers.extend(
            cx.list("as-group")
                .iter()
                .map(|g| format!("Impersonate-Group: {g}")),
        );
    }
    headers.push("User-Agent: kubectl/v1.36.4 (linux/amd64) kubernetes/b1ab8a7".into());
    let (verb, url) = (request.method.as_str(), url(server, request));
    let words = if level >= 9 {
        let headers: String = headers
            .iter()
            .map(|h| format!(" -H {}", json::quote(h)))
            .collect();
        let command = format!("curl -v -X{verb} {headers} '{url}'\n");
        format!("\"Request\" {}", pair("curlCommand", &command))
    } else {
        let headers = format!("{}\n", headers.join("\n"));
        format!(
            "\"Request\" verb=\"{verb}\" url=\"{url}\" {}",
            pair("headers", &headers)
        )
    };
    note(cx, "round_trippers.go:527", &words);
}

/// What is logged when the answer is there.
pub fn after(cx: &Inner, level: i64, server: &str, request: &Request, response: &Response) {
    let code = match response {
        Response::Ok { code, .. } => *code,
        Response::Err { status, .. } => status.code,
        Response::Stream(_) => 101,
        Response::Text(_) | Response::Watch { .. } => 200,
    };
    let words = match code {
        101 => "Switching Protocols",
        422 => "Unprocessable Entity",
        code => shell::http_tools::reason(code),
    };
    let status = format!("{code} {words}");
    let body = match response {
        Response::Ok { body, .. } => format!("{}\n", json::print(body)),
        Response::Err { status, .. } => format!("{}\n", json::print(&status.to_value())),
        Response::Text(t) => t.clone(),
        Response::Watch { .. } | Response::Stream(_) => String::new(),
    };
    let mut words = String::from("\"Response\" ");
    if level == 6 || level >= 9 {
        let (verb, url) = (request.method.as_str(), url(server, request));
        words.push_str(&format!("verb=\"{verb}\" url=\"{url}\" "));
    }
    words.push_str(&format!("status={}", json::quote(&status)));
    if level >= 8 {
        let kind = match response {
            Response::Text(_) => "text/plain",
            _ => "application/json",
        };
        let headers = format!(
            "Cache-Control: no-cache, private\nContent-Length: {}\nContent-Type: {kind}\n",
            body.len()
        );
        words.push_str(&format!(" {}", pair("headers", &headers)));
    }
    note(
        cx,
        "round_trippers.go:632",
        &format!("{words} milliseconds=0"),
    );
    if level >= 8 && !body.is_empty() {
        note(
            cx,
            "helper.go:113",
            &format!("\"Response Body\" {}", pair("body", &cut(level, &body))),
        );
    }
}

fn body(request: &Request) -> Option<String> {
    match &request.body {
        Body::None => None,
        Body::Value(v) => Some(json::print(v)),
        Body::Text(t) => Some(t.clone()),
    }
}

/// Level 8 shows the first 1024 bytes, 9 ten times as many, 10 all.
fn cut(level: i64, text: &str) -> String {
    let most = match level {
        ..=8 => 1024,
        9 => 10_240,
        _ => usize::MAX,
    };
    if text.len() <= most {
        return text.to_string();
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} [truncated {} chars]", &text[..end], text.len() - end)
}
