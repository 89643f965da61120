//! `-v=6` to `-v=9`: the requests as they go over the wire, in client-go's words (`rest/request.go`, `transport/round_trippers.go`).

use crate::cx::Inner;
use machinery::{Accept, Body, Method, Request, Response, json};

/// `https://127.0.0.1:6443/api/v1/pods?limit=500`
pub fn url(server: &str, request: &Request) -> String {
    let query: Vec<String> = request
        .query
        .iter()
        .map(|(k, v)| format!("{}={}", escape(k), escape(v)))
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{server}{}{mark}{}", request.path, query.join("&"))
}

/// Percent-encoding as Go's `url.QueryEscape`.
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(b as char)
            }
            b' ' => out.push('+'),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
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

/// What is logged before a request goes out.
pub fn before(cx: &Inner, level: i64, server: &str, request: &Request) {
    if level < 7 {
        return;
    }
    let at = stamp(cx);
    if level >= 8
        && let Some(body) = body(request)
    {
        cx.err(format!(
            "{at}       1 type.go:204] \"Request Body\" body={}\n",
            cut(level, &body)
        ));
    }
    let mut headers = format!("Accept: {}", accept(request));
    if let Some(patch) = request.patch {
        headers.push_str(&format!("\n\tContent-Type: {}", patch.content_type()));
    } else if matches!(request.method, Method::Post | Method::Put) {
        headers.push_str("\n\tContent-Type: application/json");
    }
    cx.err(format!(
        "{at}       1 round_trippers.go:527] \"Request\" verb=\"{}\" url=\"{}\" headers=<\n\t{headers}\n\tUser-Agent: kubectl/v1.36.4 (linux/amd64)\n >\n",
        request.method.as_str(),
        url(server, request),
    ));
}

/// What is logged when the answer is there.
pub fn after(cx: &Inner, level: i64, server: &str, request: &Request, response: &Response) {
    let at = stamp(cx);
    let code = match response {
        Response::Ok { code, .. } => *code,
        Response::Err { status, .. } => status.code,
        Response::Stream(_) => 101,
        Response::Text(_) | Response::Watch { .. } => 200,
    };
    let words = match code {
        101 => "101 Switching Protocols".to_string(),
        200 => "200 OK".into(),
        201 => "201 Created".into(),
        202 => "202 Accepted".into(),
        400 => "400 Bad Request".into(),
        403 => "403 Forbidden".into(),
        404 => "404 Not Found".into(),
        409 => "409 Conflict".into(),
        422 => "422 Unprocessable Entity".into(),
        n => n.to_string(),
    };
    if level == 6 {
        cx.err(format!(
            "{at}       1 round_trippers.go:632] \"Response\" verb=\"{}\" url=\"{}\" status=\"{words}\" milliseconds=0\n",
            request.method.as_str(),
            url(server, request),
        ));
        return;
    }
    cx.err(format!(
        "{at}       1 round_trippers.go:632] \"Response\" status=\"{words}\" headers=<\n\tContent-Type: application/json\n > milliseconds=0\n"
    ));
    if level >= 8 {
        let body = match response {
            Response::Ok { body, .. } => json::print(body),
            Response::Err { status, .. } => json::print(&status.to_value()),
            Response::Text(t) => t.clone(),
            Response::Watch { events, .. } => format!("{} watch events", events.len()),
            Response::Stream(_) => return,
        };
        cx.err(format!(
            "{at}       1 type.go:204] \"Response Body\" body={}\n",
            cut(level, &body)
        ));
    }
}

fn body(request: &Request) -> Option<String> {
    match &request.body {
        Body::None => None,
        Body::Value(v) => Some(json::print(v)),
        Body::Text(t) => Some(t.clone()),
    }
}

/// Level 8 shows the first 1024 bytes, 9 all of it.
fn cut(level: i64, text: &str) -> String {
    if level >= 9 || text.len() <= 1024 {
        return json::quote(text);
    }
    let mut end = 1024;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    json::quote(&format!(
        "{} [truncated {} chars]",
        &text[..end],
        text.len() - end
    ))
}
