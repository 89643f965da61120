//! PATCH in its four forms. Upstream: `apiserver:pkg/endpoints/handlers/patch.go`.

use super::route::Target;
use super::{Call, Done, Verb, create, subresource, update};
use crate::Cluster;
use machinery::{
    Body, Errors, Object, PatchType, Path, Request, Status, Value, json, patch as patches,
};

pub(crate) fn patch(
    cluster: &mut Cluster,
    mut call: Call,
    route: &Target,
    request: &Request,
) -> Result<Done, Status> {
    let how = request.patch.unwrap_or(PatchType::Strategic);
    refuse_unknown(cluster, &call, how)?;
    if how == PatchType::Apply {
        return apply(cluster, call, route, request);
    }
    let change = read(request)?;
    let stored = call.stored(cluster)?;
    let current = route.show(subresource::read(route, stored.clone())?);
    let mut new = changed(&current, &change, how)?;
    if new == current.0 {
        return Ok(Done::ok(if call.subresource == "scale" {
            current
        } else {
            stored
        }));
    }
    if let Some(other) = route.kind.stored_as.filter(|_| call.subresource.is_empty()) {
        (route.kind.default)(&mut new);
        (other.to_stored)(&mut new);
    }
    call.verb = Verb::Update;
    call.body = Some(new.clone());
    match call.subresource.as_str() {
        "" | "status" => {
            let mut warnings = Vec::new();
            let v = super::decode::patched(cluster, &call, &change, how, &mut warnings)?;
            update::same_name(&call, &v)?;
            update::write(cluster, call, v, stored, warnings)
        }
        _ => subresource::write(cluster, call),
    }
}

/// Kinds made by CustomResourceDefinitions know no strategic merge.
fn refuse_unknown(cluster: &Cluster, call: &Call, how: PatchType) -> Result<(), Status> {
    if how != PatchType::Strategic || !super::crd::is_custom(cluster, call.kind) {
        return Ok(());
    }
    let known = [PatchType::Json, PatchType::Merge, PatchType::Apply].map(PatchType::content_type);
    Err(Status::new(
        415,
        "UnsupportedMediaType",
        format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            known.join(", ")
        ),
    ))
}

fn read(request: &Request) -> Result<Value, Status> {
    match &request.body {
        Body::Value(v) => Ok(v.clone()),
        Body::Text(t) => json::parse(t).map_err(|e| Status::bad_request(e.to_string())),
        Body::None => Err(Status::bad_request("unexpected end of JSON input")),
    }
}

fn changed(current: &Object, change: &Value, how: PatchType) -> Result<Value, Status> {
    match how {
        PatchType::Json => patches::apply_json(current, change).map_err(|_| {
            // Why is not told: upstream puts it nowhere in the answer.
            let mut s = Status::new(
                422,
                "Invalid",
                "the server rejected our request due to an error in our request",
            );
            s.details = Value::map();
            s
        }),
        PatchType::Merge => match change {
            Value::Map(_) => Ok(patches::apply_merge(current, change)),
            _ => Err(Status::bad_request(
                "error decoding patch: json: cannot unmarshal into a map",
            )),
        },
        _ => {
            let ty = machinery::schema::of(current.api_version(), current.kind());
            let ty =
                ty.ok_or_else(|| Status::internal("bottleship has no schema for this kind"))?;
            patches::apply_strategic_as(current, change, &ty)
                .map_err(|why| senseless(go_text(change), &why))
        }
    }
}

/// `patch: Invalid value: "map[spec:map[replicas:two]]": WHY`: what a strategic patch that makes no sense is told.
pub(crate) fn senseless(change: String, why: &str) -> Status {
    let mut errors = Errors::default();
    errors.invalid(&Path::root("patch"), change, why);
    let mut s = Status::invalid("", "", "", &errors);
    s.message = format!(" \"\" is invalid: {}", errors.message());
    s
}

/// A value as Go's `%+v` prints it.
pub(crate) fn go_text(v: &Value) -> String {
    match v {
        Value::Null => "<nil>".into(),
        Value::Str(s) => s.to_string(),
        Value::List(l) => format!("[{}]", l.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Map(m) => {
            let entries: Vec<String> = m
                .iter()
                .map(|(k, v)| format!("{k}:{}", go_text(v)))
                .collect();
            format!("map[{}]", entries.join(" "))
        }
        other => json::print(other),
    }
}

/// Server-side apply: what the manifest names is the manager's; what others own is a conflict.
fn apply(
    cluster: &mut Cluster,
    mut call: Call,
    route: &Target,
    request: &Request,
) -> Result<Done, Status> {
    let sent = match &request.body {
        Body::Value(v) => v.clone(),
        Body::Text(t) => super::decode::parse(t)?,
        Body::None => return Err(Status::bad_request("the request body is empty")),
    };
    if call.options.field_manager.is_empty() {
        return Err(Status::bad_request(
            "metadata.fieldManager: Required value: is required for apply patch",
        ));
    }
    // Merged in the version that was asked for, then converted to what is kept.
    let other = route.kind.stored_as.filter(|_| call.subresource.is_empty());
    let ty = super::owners::type_of(cluster, route.kind)?;
    let live = match call.stored(cluster) {
        Err(s) if s.is_not_found() && call.subresource.is_empty() => None,
        Err(s) => return Err(s),
        Ok(o) => Some(o),
    };
    let shown = live.clone().map(|o| route.show(o));
    let before = shown.map_or(Value::Null, |o| o.0);
    let manager = call.options.field_manager.clone();
    let writer = super::owners::writer(cluster, &call, &manager);
    let mut new = machinery::managed::apply(&before, &sent, &ty, writer, call.options.force)?;
    if let Some(other) = other {
        if let Err(why) = machinery::strict::decode(&new, &ty) {
            return Err(Status::bad_request(why));
        }
        (route.kind.default)(&mut new);
        (other.to_stored)(&mut new);
    }
    call.body = Some(new);
    call.options.applies = true;
    let Some(stored) = live else {
        call.verb = Verb::Create;
        return create::create(cluster, call);
    };
    call.verb = Verb::Update;
    let mut warnings = Vec::new();
    let v = super::decode::patched(cluster, &call, &sent, PatchType::Apply, &mut warnings)?;
    update::same_name(&call, &v)?;
    update::write(cluster, call, v, stored, warnings)
}
