//! The decoder: text to value, and the value held against the kind that the path expects.
//! Upstream: `apiserver:pkg/endpoints/handlers/create.go`, `apimachinery:pkg/runtime/serializer/json`.

use super::{Call, Validation};
use machinery::{Status, Value};

/// A body as text (what came through HTTP).
pub(crate) fn parse(_text: &str, _object: bool) -> Result<Value, Status> {
    Err(Status::bad_request("bottleship does not read text bodies yet"))
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
