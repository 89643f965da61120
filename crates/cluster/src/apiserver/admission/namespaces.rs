//! NamespaceLifecycle: nothing is made in a namespace that is missing or going; some namespaces never go.
//! Upstream: `apiserver:pkg/admission/plugin/namespace/lifecycle`.

use super::{Ctx, Plugin};
use crate::apiserver::Call;
use machinery::{Object, Status, Value, value};

pub(super) const LIFECYCLE: Plugin = Plugin {
    name: "NamespaceLifecycle",
    mutate: exists,
    ..Plugin::NONE
};

/// Namespaces that may not be deleted.
const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

fn exists(ctx: &mut Ctx, v: &mut Value) -> Result<(), Status> {
    if !ctx.call.kind.namespaced || !ctx.is_create() {
        return Ok(());
    }
    let ns = ctx.call.namespace.as_str();
    let Some(namespace) = ctx.store().get("namespaces", "", ns) else {
        return Err(Status::not_found("", "namespaces", ns));
    };
    if !namespace.is_deleting() {
        return Ok(());
    }
    let why =
        format!("unable to create new content in namespace {ns} because it is being terminated");
    let mut s = ctx.forbidden(v, &why);
    let message = format!("namespace {ns} is being terminated");
    s.details.set("causes", value!([{ "reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace" }]));
    Err(s)
}

pub(super) fn may_go(call: &Call, old: &Object) -> Result<(), Status> {
    if call.kind.plural == "namespaces" && IMMORTAL.contains(&old.name()) {
        return Err(call.forbidden(old.name(), "this namespace may not be deleted"));
    }
    Ok(())
}
