//! The decoder: text to value, and the value held against the kind that the path expects.
//! Upstream: `apiserver:pkg/endpoints/handlers/create.go`, `apimachinery:pkg/runtime/serializer/json`.

use super::{Call, Validation, crd};
use crate::Cluster;
use machinery::{PatchType, Status, Value};

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
pub(crate) fn object(cluster: &Cluster, call: &Call, warnings: &mut Vec<String>) -> Result<Value, Status> {
    let kind = call.kind;
    let Some(mut v) = call.body.clone() else {
        return Err(Status::bad_request("the request body is empty"));
    };
    if call.who.is_component() {
        return Ok(v);
    }
    let want = kind.api_version();
    if v.text("kind").is_empty() && v.text("apiVersion").is_empty() {
        v.set("kind", kind.kind);
        v.set("apiVersion", want.clone());
    }
    if v.text("kind").is_empty() {
        return Err(Status::bad_request(format!("Object 'Kind' is missing in '{}'", machinery::json::print(&v))));
    }
    if v.text("kind") != kind.kind || v.text("apiVersion") != want {
        return Err(Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: no kind {:?} is registered for version {:?}",
            v.text("kind"), kind.version, kind.kind, v.text("kind"), v.text("apiVersion")
        )));
    }
    typed(cluster, call, &mut v, warnings)?;
    Ok(v)
}

/// A body in another version of its kind becomes what is kept: decoded and defaulted as asked, then converted.
pub(crate) fn into_stored(cluster: &Cluster, mut call: Call, warnings: &mut Vec<String>) -> Result<Call, Status> {
    if let Some(other) = call.kind.stored_as {
        let mut v = object(cluster, &call, warnings)?;
        (call.kind.default)(&mut v);
        (other.to_stored)(&mut v);
        call.kind = other.kind;
        call.body = Some(v);
    }
    Ok(call)
}

/// Known fields and right types, as the schema of the kind has them.
fn typed(cluster: &Cluster, call: &Call, v: &mut Value, warnings: &mut Vec<String>) -> Result<(), Status> {
    let unknown = unknown_fields(cluster, call, v)?;
    if unknown.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = unknown.iter().map(|f| format!("unknown field {f:?}")).collect();
    match call.options.validation {
        Validation::Ignore => Ok(()),
        Validation::Warn => {
            warnings.extend(texts);
            Ok(())
        }
        Validation::Strict => {
            let kind = call.kind;
            Err(Status::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: strict decoding error: {}",
                kind.kind, kind.version, kind.kind, texts.join(", ")
            )))
        }
    }
}

/// Drops what the kind does not know, and says what that was.
fn unknown_fields(cluster: &Cluster, call: &Call, v: &mut Value) -> Result<Vec<String>, Status> {
    if crd::is_custom(cluster, call.kind) {
        return Ok(crd::prune(cluster, call.kind, v));
    }
    Ok(Vec::new())
}

/// What a patch made of an object, decoded again: a patch that brings unknown fields or wrong types is refused.
pub(crate) fn patched(cluster: &Cluster, call: &Call, change: &Value, how: PatchType, warnings: &mut Vec<String>) -> Result<Value, Status> {
    let mut v = call.body.clone().unwrap_or_default();
    let _ = (change, how);
    typed(cluster, call, &mut v, warnings)?;
    Ok(v)
}
