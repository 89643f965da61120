//! What the kinds *are*: names, defaults, validation, columns, description: one file per kind. Nothing here acts.
//!
//! To add a kind: write `src/<kind>.rs` with a `pub const KIND: Kind`, and add its line to the registry below.

mod affinity_validate;
pub mod cells;
mod container_describe;
mod container_validate;
mod crd_validate;
pub mod cron;
pub mod describe;
mod diff;
pub mod edit;
mod env_validate;
pub mod hpa_describe;
pub mod kind;
pub mod meta;
pub mod names;
pub mod node_describe;
pub mod pod_cells;
pub mod pod_defaults;
pub mod pod_describe;
pub mod pod_validate;
pub mod pod_volumes;
pub mod quantity;
mod resource_validate;
mod service_validate;
pub mod tabs;
#[cfg(test)]
mod tests;
mod volume_validate;
mod warnings;
mod workload;

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
