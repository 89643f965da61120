//! What every object's metadata goes through: names, stamps, generation, and its validation.
//! Upstream: `apiserver:pkg/registry/rest/{create,update,meta}.go`, `apimachinery:pkg/api/validation/objectmeta.go`.

use super::Call;
use crate::Cluster;
use kinds::Kind;
use machinery::{Errors, Object, Path, Status, Str, Value};

/// Generated names keep this much of their prefix.
const PREFIX_MAX: usize = 58;

/// Namespace and name of a new object: from the path, the body, or `generateName`.
pub(crate) fn name_new(cluster: &mut Cluster, call: &Call, v: &mut Value) -> Result<(), Status> {
    let kind = call.kind;
    if kind.namespaced {
        match v.at("metadata.namespace").as_str() {
            None | Some("") => v.set("metadata.namespace", call.namespace.clone()),
            Some(ns) if ns != call.namespace.as_str() => {
                return Err(Status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request",
                ));
            }
            Some(_) => {}
        }
    } else if !v.at("metadata.namespace").is_null() {
        v.remove("metadata.namespace");
    }
    let prefix = v.text("metadata.generateName");
    if v.text("metadata.name").is_empty() {
        if prefix.is_empty() {
            // Validation says what is wrong.
            return Ok(());
        }
        let end = (0..=prefix.len().min(PREFIX_MAX))
            .rev()
            .find(|i| prefix.is_char_boundary(*i));
        let name = format!(
            "{}{}",
            prefix.get(..end.unwrap_or(0)).unwrap_or(""),
            cluster.names.suffix(5)
        );
        v.set("metadata.name", name);
    }
    if !v.text("metadata.resourceVersion").is_empty()
        && !call.who.is_component()
        && !call.options.dry_run
    {
        return Err(Status::new(
            500,
            "",
            "resourceVersion should not be set on objects to be created",
        ));
    }
    Ok(())
}

/// uid, creationTimestamp, generation; what only the server may set is dropped.
pub(crate) fn stamp_new(cluster: &mut Cluster, kind: &Kind, v: &mut Value) {
    let uid = Value::Str(Str::plain(&cluster.uids.uuid()));
    let now = cluster.api.stamp(cluster.now);
    let m = v.field("metadata").map_mut();
    for key in [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "resourceVersion",
    ] {
        m.remove(key);
    }
    *m.entry("uid") = uid;
    *m.entry("creationTimestamp") = now;
    if kind.generation {
        *m.entry("generation") = Value::Int(1);
    } else {
        m.remove("generation");
    }
}

/// An update keeps what clients may not change, and takes from the old what the new leaves out.
pub(crate) fn keep_old(v: &mut Value, old: &Object) {
    let was = old.get("metadata");
    let m = v.field("metadata").map_mut();
    for key in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "name",
        "namespace",
        "resourceVersion",
    ] {
        let keep = was.get(key);
        if keep.is_null() {
            m.remove(key);
        } else if m.get(key) != Some(keep) {
            *m.entry(key) = keep.clone();
        }
    }
    m.remove("selfLink");
    let generated = was.get("generateName");
    if !generated.is_null() && m.get("generateName").is_none_or(Value::is_null) {
        *m.entry("generateName") = generated.clone();
    }
}

/// Counts a change of anything but metadata and status.
pub(crate) fn bump_generation(kind: &Kind, v: &mut Value, old: &Object) {
    if !kind.generation
        || v.at("metadata.generation").as_i64() != old.at("metadata.generation").as_i64()
    {
        return;
    }
    let rest = |o: &Value, other: &Value| {
        o.entries()
            .iter()
            .all(|(k, x)| matches!(k.as_str(), "metadata" | "status") || other.get(k) == x)
    };
    if !rest(v, old) || !rest(old, v) {
        v.set("metadata.generation", old.generation() + 1);
    }
}

/// Name, labels, annotations, finalizers, owners.
pub(crate) fn validate(kind: &Kind, o: &Object, errors: &mut Errors) {
    kinds::meta::validate(kind, o, errors);
}

/// What an update of metadata may not do.
pub(crate) fn validate_update(new: &Object, old: &Object, errors: &mut Errors) {
    if !old.is_deleting() {
        return;
    }
    let had = old.at("metadata.finalizers").items();
    let fresh: Vec<String> = new
        .at("metadata.finalizers")
        .items()
        .iter()
        .filter(|f| !had.contains(f))
        .map(|f| format!("{:?}", f.as_str().unwrap_or("")))
        .collect();
    if !fresh.is_empty() {
        let why = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            fresh.join(", ")
        );
        errors.forbidden(&Path::root("metadata").child("finalizers"), &why);
    }
}
