//! What the kinds *are*: names, defaults, validation, columns, description: one file per kind. Nothing here acts.
//!
//! Layout: [`kind`] is the struct that every kind fills in; `registry!` below is the one list of them; the modules
//! before it are what several kinds share. All work on values: defaults change them, validation and descriptions read.
//!
//! To add a kind: write `src/<kind>.rs` with a `pub const KIND: Kind`, and add its line to the registry below.

// What a kind is, and how to change one so that what does not change stays shared.
pub mod edit;
pub mod kind;
// Rows and descriptions.
pub mod cells;
pub mod describe;
pub mod tabs;
// Validation that many kinds share.
mod diff;
pub mod meta;
pub mod names;
mod resource_validate;
mod warnings;
mod workload;
// The parts of a pod, which eight kinds hold.
mod affinity_validate;
mod container_describe;
mod container_validate;
mod env_validate;
mod mount_validate;
pub mod pod_cells;
pub mod pod_defaults;
pub mod pod_describe;
mod pod_security;
pub mod pod_update;
pub mod pod_validate;
pub mod pod_volumes;
mod volume_validate;
// Larger parts of single kinds.
pub mod admission_policy;
mod crd_schema;
mod crd_validate;
pub mod cron;
mod hpa_describe;
mod job_indexes;
mod node_describe;
mod service_validate;
pub mod zone;
// For those who only compare and add amounts.
pub mod quantity;
#[cfg(test)]
mod tests;

pub use kind::{CellCx, Column, Kind, ScalePaths, Subresource};

/// Declares the modules of the kinds and the one list of them.
macro_rules! registry {
    ($($module:ident),* $(,)?) => {
        $(pub mod $module;)*
        /// Every built-in kind, in the order of discovery.
        pub static ALL: &[&Kind] = &[$(&$module::KIND),*];
    };
}

registry! {
    // core/v1
    binding, componentstatus, configmap, endpoints, event, limitrange, namespace, node, persistentvolumeclaim,
    persistentvolume, pod, podtemplate, replicationcontroller, resourcequota, secret, serviceaccount, service,
    // apiregistration.k8s.io, apps, events.k8s.io
    apiservice,
    controllerrevision, daemonset, deployment, replicaset, statefulset,
    event_v1,
    // authentication.k8s.io, authorization.k8s.io
    selfsubjectreview, tokenreview,
    localsubjectaccessreview, selfsubjectaccessreview, selfsubjectrulesreview, subjectaccessreview,
    // autoscaling, batch, certificates.k8s.io
    horizontalpodautoscaler, hpa_v1,
    cronjob, job,
    certificatesigningrequest,
    // networking.k8s.io, policy, rbac.authorization.k8s.io
    ingressclass, ingress, ipaddress, networkpolicy, servicecidr,
    poddisruptionbudget,
    clusterrolebinding, clusterrole, rolebinding, role,
    // storage.k8s.io
    csidriver, csinode, csistoragecapacity, storageclass, volumeattachment, volumeattributesclass,
    // admissionregistration.k8s.io, apiextensions.k8s.io
    mutatingadmissionpolicy, mutatingadmissionpolicybinding, mutatingwebhookconfiguration,
    validatingadmissionpolicy, validatingadmissionpolicybinding, validatingwebhookconfiguration,
    customresourcedefinition,
    // scheduling.k8s.io, coordination.k8s.io, node.k8s.io, discovery.k8s.io
    priorityclass,
    lease,
    runtimeclass,
    endpointslice,
    // resource.k8s.io, flowcontrol.apiserver.k8s.io
    deviceclass, resourceclaim, resourceclaimtemplate, resourceslice,
    flowschema, prioritylevelconfiguration,
}

/// The kind of an object by its `apiVersion` and `kind`.
pub fn of(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ALL.iter()
        .copied()
        .find(|k| k.kind == kind && k.group == group && k.version == version)
}

/// The kind of a resource in a path.
pub fn of_resource(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    ALL.iter()
        .copied()
        .find(|k| k.plural == plural && k.group == group && k.version == version)
}
