//! `--raw`: a path of the API as typed.

use crate::cx::Cx;
use crate::fail::{Fail, text};
use machinery::{Request, Response, Value};

pub fn raw(cx: &Cx) -> Result<(), Fail> {
    if !cx.args().is_empty() {
        return Err(text("arguments may not be passed when --raw is specified"));
    }
    let filters = ["watch", "watch-only", "selector"];
    if filters.iter().any(|f| cx.given(f)) {
        return Err(text(
            "--raw may not be specified with other flags that filter the server request or alter the output",
        ));
    }
    if cx.given("output") {
        return Err(text("--raw and --output are mutually exclusive"));
    }
    let uri = cx.flag("raw");
    if !uri.starts_with('/') {
        return Err(text(format!(
            "--raw must be a valid URL path: parse {}: invalid URI for request",
            machinery::json::quote(uri)
        )));
    }
    match cx.send(raw_request(machinery::Method::Get, cx.flag("raw")))? {
        Response::Text(t) => cx.out(t),
        other => cx.line(go_order(&other.value()?)),
    }
    Ok(())
}

/// JSON with the fields that Go's structs put first in their place; the rest sorted.
fn go_order(v: &Value) -> String {
    const FIRST: &[&str] = &["kind", "apiVersion", "versions", "metadata"];
    let Some(map) = v.as_map() else {
        return machinery::json::print(v);
    };
    let known = FIRST.iter().filter_map(|k| Some((*k, map.get(k)?)));
    let rest = map
        .iter()
        .map(|(k, x)| (k.as_str(), x))
        .filter(|(k, _)| !FIRST.contains(k));
    let parts: Vec<String> = known
        .chain(rest)
        .map(|(k, x)| {
            format!(
                "{}:{}",
                machinery::json::quote(k),
                machinery::json::print(x)
            )
        })
        .collect();
    format!("{{{}}}", parts.join(","))
}

/// A request for a path as typed, query and all.
pub fn raw_request(method: machinery::Method, uri: &str) -> Request {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut request = Request::new(method, path);
    for (k, v) in codec::query_pairs(query) {
        request = request.with(&k, v);
    }
    request
}
