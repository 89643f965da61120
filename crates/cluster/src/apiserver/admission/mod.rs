//! Admission: what may come in, and what is put into it on the way. Upstream: `kubernetes:plugin/pkg/admission`.

use super::Call;
use crate::Cluster;
use kinds::Kind;
use machinery::{Errors, Object, Status, Value};

/// Mutating admission of a create (no old) or an update.
pub(crate) fn mutate(
    cluster: &mut Cluster,
    call: &Call,
    v: &mut Value,
    old: Option<&Object>,
    _warnings: &mut Vec<String>,
) -> Result<(), Status> {
    if old.is_none() {
        namespace_exists(cluster, call)?;
    }
    let _ = v;
    Ok(())
}

/// NamespaceLifecycle: nothing is created in a namespace that is missing or going.
fn namespace_exists(cluster: &Cluster, call: &Call) -> Result<(), Status> {
    if !call.kind.namespaced {
        return Ok(());
    }
    let ns = call.namespace.as_str();
    let Some(namespace) = cluster.store.get("namespaces", "", ns) else {
        return Err(Status::not_found("", "namespaces", ns));
    };
    if namespace.is_deleting() {
        let why = format!("unable to create new content in namespace {ns} because it is being terminated");
        return Err(call.forbidden(&call.name, &why));
    }
    Ok(())
}

/// Validating admission.
pub(crate) fn validate(
    _cluster: &mut Cluster,
    _call: &Call,
    _o: &Object,
    _old: Option<&Object>,
    _warnings: &mut Vec<String>,
) -> Result<(), Status> {
    Ok(())
}

/// Namespaces that may not go.
const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

/// Admission of a deletion.
pub(crate) fn delete(_cluster: &mut Cluster, call: &Call, old: &Object) -> Result<(), Status> {
    if call.kind.plural == "namespaces" && IMMORTAL.contains(&old.name()) {
        return Err(call.forbidden(old.name(), "this namespace may not be deleted"));
    }
    Ok(())
}

/// ResourceQuota: what a new object costs.
pub(crate) fn charge(_cluster: &mut Cluster, _call: &Call, _o: &Object) -> Result<(), Status> {
    Ok(())
}
/// ResourceQuota: what a change costs.
pub(crate) fn charge_update(_cluster: &mut Cluster, _call: &Call, _o: &Object, _old: &Object) -> Result<(), Status> {
    Ok(())
}

/// Addresses and ports that the server hands out.
pub(crate) fn allocate_into(_cluster: &mut Cluster, _call: &Call, _v: &mut Value, _old: Option<&Object>) -> Result<(), Status> {
    Ok(())
}
pub(crate) fn allocation_errors(_cluster: &Cluster, _call: &Call, _o: &Object, _old: Option<&Object>, _errors: &mut Errors) {}
pub(crate) fn allocate(_cluster: &mut Cluster, _call: &Call, _o: &Object) {}
pub(crate) fn reallocate(_cluster: &mut Cluster, _call: &Call, _o: &Object, _old: &Object) {}
pub(crate) fn release(_cluster: &mut Cluster, _kind: &Kind, _o: &Object) {}
