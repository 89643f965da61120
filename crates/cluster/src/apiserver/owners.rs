//! The book of who owns which field (`metadata.managedFields`), kept for what people write. Upstream:
//! `apimachinery:pkg/util/managedfields`. Left out: components' writes, so that ten thousand pods carry no books.

use super::{Call, crd};
use crate::Cluster;
use kinds::Kind;
use machinery::managed::{self, Writer};
use machinery::schema::{self, TypeRef};
use machinery::{Status, Value};

/// The type of a kind, built-in or custom.
pub(crate) fn type_of(cluster: &Cluster, kind: &Kind) -> Result<TypeRef, Status> {
    if crd::is_custom(cluster, kind) {
        let schema = crd::version_of(&cluster.store, kind)
            .at("schema.openAPIV3Schema")
            .clone();
        return Ok(TypeRef::of_crd(
            &format!("{}.{}.{}", kind.group, kind.version, kind.kind),
            &schema,
        ));
    }
    schema::of(&kind.api_version(), kind.kind)
        .ok_or_else(|| Status::internal("bottleship has no schema for this kind"))
}

/// Who writes here.
pub(crate) fn writer<'a>(cluster: &Cluster, call: &'a Call, manager: &'a str) -> Writer<'a> {
    Writer {
        manager: if manager.is_empty() {
            "unknown"
        } else {
            manager
        },
        subresource: &call.subresource,
        now: cluster.now,
    }
}

/// Enters a person's create (`old` null) or update into the book; apply has done so itself.
pub(crate) fn track(cluster: &Cluster, call: &Call, old: &Value, new: &mut Value) {
    if call.who.is_component() || call.options.applies {
        return;
    }
    if let Ok(ty) = type_of(cluster, call.kind) {
        *new = managed::track(
            old,
            new,
            &ty,
            writer(cluster, call, &call.options.field_manager),
        );
    }
}
