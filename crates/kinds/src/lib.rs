//! What the kinds *are*: names, defaults, validation, columns, description: one file per kind. Nothing here acts.
//!
//! To add a kind: write `src/<kind>.rs` with a `pub const KIND: Kind`, and add its line to the registry below.

pub mod cells;
pub mod describe;
pub mod kind;
pub mod normal;
pub mod pod_cells;
pub mod pod_defaults;
pub mod quantity;
pub mod tabs;

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
    configmap, endpoints, event, namespace, node, pod, secret, service, serviceaccount,
    daemonset, deployment, replicaset,
    endpointslice, lease,
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
