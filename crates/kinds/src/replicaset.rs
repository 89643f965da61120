//! ReplicaSet (being written).

use crate::kind::{Kind, Subresource};

pub const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short: &["rs"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS, Subresource::SCALE],
    ..Kind::NONE
};
