//! Replacing and patching an object, and its status. Upstream: `apiserver:pkg/endpoints/handlers/{update,patch}.go`,
//! `pkg/registry/generic/registry/store.go` (Update), `pkg/registry/rest/update.go` (BeforeUpdate).

use super::{Call, Done, addresses, admission, commit, crd, decode, delete, meta, owners};
use crate::Cluster;
use machinery::{Errors, Object, Status, Value};

pub(crate) fn update(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let mut warnings = Vec::new();
    let v = decode::object(cluster, &call, &mut warnings)?;
    same_name(&call, &v)?;
    let old = call.stored(cluster)?;
    write(cluster, call, v, old, warnings)
}

/// The body names the object that the path names.
pub(crate) fn same_name(call: &Call, v: &Value) -> Result<(), Status> {
    match v.text("metadata.name") {
        "" => Err(Status::bad_request(
            "the name of the object (metadata.name) is required",
        )),
        n if n != call.name.as_str() => Err(Status::bad_request(format!(
            "the name of the object ({n}) does not match the name on the URL ({})",
            call.name
        ))),
        _ if call.kind.namespaced
            && !v.text("metadata.namespace").is_empty()
            && v.text("metadata.namespace") != call.namespace.as_str() =>
        {
            Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ))
        }
        _ => Ok(()),
    }
}

/// From decoded new object and old one to commit; patches come in here too.
pub(crate) fn write(
    cluster: &mut Cluster,
    call: Call,
    mut v: Value,
    old: Object,
    mut warnings: Vec<String>,
) -> Result<Done, Status> {
    let kind = call.kind;
    if !v.get("metadata").same(old.get("metadata")) {
        check_lock(&call, &v, &old)?;
        meta::keep_old(&mut v, &old);
    }
    if call.subresource == "status" {
        let trusted = call.who.is_component();
        v = only_status(v, &old, trusted);
        if v == old.0 {
            return Ok(Done::warned(old, warnings));
        }
        if !trusted {
            crd::default_of(cluster, kind, &mut v);
        }
    } else {
        if v == old.0 {
            return Ok(Done::warned(old, warnings));
        }
        super::escalation::check(cluster, &call, &v, &old)?;
        prepare(cluster, &call, &mut v, &old, &mut warnings)?;
    }
    if v == old.0 {
        return Ok(Done::warned(old, warnings));
    }
    owners::track(cluster, &call, &old.0, &mut v);
    // A client that leaves out what only the server keeps changes nothing.
    if v == old.0 {
        return Ok(Done::warned(old, warnings));
    }
    let o = Object(v);
    if call.subresource.is_empty() {
        admission::quota::charge(cluster, &call, &o, Some(&old))?;
    }
    if call.options.dry_run {
        return Ok(Done::warned(o, warnings));
    }
    // The last finalizer is gone: what was being deleted goes now.
    if delete::is_due(kind, &o) {
        let object = commit(cluster, kind, call.key(), None, call.cause);
        return Ok(Done::warned(object, warnings));
    }
    let object = commit(cluster, kind, call.key(), Some(o), call.cause);
    Ok(Done::warned(object, warnings))
}

fn prepare(
    cluster: &mut Cluster,
    call: &Call,
    v: &mut Value,
    old: &Object,
    warnings: &mut Vec<String>,
) -> Result<(), Status> {
    let kind = call.kind;
    let has_status = kind.subresources.iter().any(|s| s.name == "status");
    if has_status && call.subresource.is_empty() {
        // The main endpoint does not write status where status has its own.
        if v.get("status") != old.get("status") {
            match old.get("status") {
                Value::Null => drop(v.remove("status")),
                s => *v.field("status") = s.clone(),
            }
        }
    }
    if v == &old.0 {
        return Ok(());
    }
    crd::default_of(cluster, kind, v);
    admission::mutate(cluster, call, v, Some(old), warnings)?;
    (kind.prepare_update)(v, old);
    addresses::assign(cluster, call, v, Some(old))?;
    if *v == old.0 {
        return Ok(());
    }
    meta::bump_generation(kind, v, old);
    let mut errors = Errors::default();
    let o = Object(v.clone());
    meta::validate(kind, &o, &mut errors);
    meta::validate_update(&o, old, &mut errors);
    if !call.who.is_component() || o.spec() != old.spec() {
        crd::validate_of(cluster, kind, &o, Some(old), &mut errors);
        (kind.validate_update)(&o, old, &mut errors);
    }
    if !errors.is_empty() {
        return Err(Status::invalid(kind.group, kind.kind, o.name(), &errors));
    }
    if !call.who.is_component() {
        warnings.extend((kind.warnings)(&o));
    }
    admission::validate(cluster, call, &o, Some(old), warnings)
}

/// The optimistic lock: a resourceVersion that was sent must be the stored one; so must a uid.
fn check_lock(call: &Call, v: &Value, old: &Object) -> Result<(), Status> {
    let kind = call.kind;
    let version = v.text("metadata.resourceVersion");
    if !version.is_empty() && version != old.text("metadata.resourceVersion") {
        return Err(Status::modified(kind.group, kind.plural, &call.name));
    }
    let uid = v.text("metadata.uid");
    if !uid.is_empty() && uid != old.uid() {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            old.uid()
        );
        return Err(Status::conflict(kind.group, kind.plural, &call.name, &why));
    }
    Ok(())
}

/// The status endpoint writes status, and lets metadata that is not identity through as upstream's does.
fn only_status(v: Value, old: &Object, trusted: bool) -> Value {
    let status = v.get("status");
    if trusted
        && !status.is_null()
        && ["metadata", "spec"]
            .iter()
            .all(|k| v.get(k).same(old.get(k)))
    {
        return v;
    }
    let mut out = old.0.clone();
    if status.is_null() {
        out.remove("status");
    } else if !out.get("status").same(status) {
        *out.field("status") = status.clone();
    }
    let notes = v.at("metadata.annotations");
    if notes != old.at("metadata.annotations") {
        *out.place("metadata.annotations") = notes.clone();
    }
    out
}
