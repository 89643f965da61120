//! The decoder: text to value, and the value held against the kind that the path expects.
//! Upstream: `apiserver:pkg/endpoints/handlers/create.go`, `apimachinery:pkg/runtime/serializer/json`.

use super::{Call, Validation, crd, patch};
use crate::Cluster;
use machinery::{PatchType, Status, Value, schema, strict};

/// A body as text (what came through HTTP).
pub(crate) fn parse(text: &str) -> Result<Value, Status> {
    if text.trim_start().starts_with(['{', '[']) {
        return machinery::json::parse(text).map_err(|e| Status::bad_request(e.to_string()));
    }
    machinery::yaml::parse(text).map_err(|e| Status::bad_request(e.message))
}

/// The body as an object of the call's kind: right `apiVersion` and `kind`, known fields, right types. Warnings are for
/// `fieldValidation=Warn`. What components send is our own code's and is not walked.
pub(crate) fn object(
    cluster: &Cluster,
    call: &Call,
    warnings: &mut Vec<String>,
) -> Result<Value, Status> {
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
        return Err(Status::bad_request(format!(
            "Object 'Kind' is missing in '{}'",
            machinery::json::print(&v)
        )));
    }
    if v.text("kind") != kind.kind || v.text("apiVersion") != want {
        return Err(Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: no kind {:?} is registered for version {:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
            v.text("kind"),
            kind.version,
            kind.kind,
            v.text("kind"),
            v.text("apiVersion")
        )));
    }
    typed(cluster, call, &mut v, warnings)?;
    Ok(v)
}

/// A body in another version of its kind becomes what is kept: decoded and defaulted as asked, then converted.
pub(crate) fn into_stored(
    cluster: &Cluster,
    mut call: Call,
    warnings: &mut Vec<String>,
) -> Result<Call, Status> {
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
fn typed(
    cluster: &Cluster,
    call: &Call,
    v: &mut Value,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    let kind = call.kind;
    let refuse = |text: String| {
        Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {text}",
            kind.kind, kind.version, kind.kind
        ))
    };
    let Some(unknown) = checked(cluster, call, v).map_err(&refuse)? else {
        return Ok(());
    };
    match call.options.validation {
        Validation::Ignore => {}
        Validation::Warn => warnings.extend(unknown),
        Validation::Strict => {
            if let Some(text) = strict::strict_message(&[], &unknown) {
                return Err(refuse(text));
            }
        }
    }
    Ok(())
}

/// The value as Go's types hold it, and what was found unknown on the way; or why the types do not fit.
fn checked(cluster: &Cluster, call: &Call, v: &mut Value) -> Result<Option<Vec<String>>, String> {
    let kind = call.kind;
    if crd::is_custom(cluster, kind) {
        let dropped = crd::prune(cluster, kind, v);
        v.set("apiVersion", crd::storage_version(cluster, kind));
        return Ok(Some(
            dropped
                .iter()
                .map(|f| format!("unknown field {f:?}"))
                .collect(),
        ));
    }
    let Some(ty) = schema::of(&kind.api_version(), kind.kind) else {
        return Ok(None);
    };
    let decoded = strict::decode(v, &ty)?;
    *v = decoded.value;
    // What a round trip drops at the top is what every object has.
    if v.text("kind").is_empty() {
        v.set("kind", kind.kind);
        v.set("apiVersion", kind.api_version());
    }
    Ok(Some(decoded.strict))
}

/// What a patch made of an object, decoded again: a patch that brings unknown fields or wrong types is refused, in the
/// words of its form. `made` is the object as the patch left it.
pub(crate) fn patched(
    cluster: &Cluster,
    call: &Call,
    change: &Value,
    how: PatchType,
    warnings: &mut Vec<String>,
) -> Result<Value, Status> {
    let mut v = call.body.clone().unwrap_or_default();
    let sent = v.clone();
    let refuse = |text: &str| match how {
        PatchType::Strategic => patch::senseless(patch::go_text(change), text),
        _ => patch::senseless(machinery::json::print(&sent), text),
    };
    let unknown = checked(cluster, call, &mut v).map_err(|text| match how {
        PatchType::Strategic => refuse(&restored(&text)),
        _ => refuse(&text),
    })?;
    let unknown = unknown.unwrap_or_default();
    match call.options.validation {
        Validation::Ignore => {}
        Validation::Warn => warnings.extend(unknown),
        Validation::Strict => {
            if let Some(text) = strict::strict_message(&[], &unknown) {
                return Err(refuse(&text));
            }
        }
    }
    Ok(v)
}

/// A strategic patch is not decoded from text but restored from maps, and words a wrong type in its own way.
fn restored(text: &str) -> String {
    let Some((from, to)) = text
        .strip_prefix("json: cannot unmarshal ")
        .and_then(|t| t.split_once(" into Go "))
    else {
        return text.to_string();
    };
    let to = to.rsplit(' ').next().unwrap_or("");
    let from = match from.split(' ').next().unwrap_or("") {
        "object" => "map",
        "array" => "slice",
        "number" => "int64",
        other => other,
    };
    if to.starts_with("[]") {
        format!("cannot restore slice from {from}")
    } else if to.starts_with("map[") {
        format!("cannot restore map from {from}")
    } else if to.contains('.') {
        format!("cannot restore struct from: {from}")
    } else {
        format!("unrecognized type: {to}")
    }
}
