//! DaemonSet (being written).

use crate::kind::{Kind, Subresource};

pub const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "DaemonSet",
    plural: "daemonsets",
    singular: "daemonset",
    short: &["ds"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS],
    ..Kind::NONE
};
