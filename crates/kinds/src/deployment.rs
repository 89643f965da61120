//! Deployment (being written).

use crate::kind::{Kind, Subresource};

pub const KIND: Kind = Kind {
    group: "apps",
    version: "v1",
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short: &["deploy"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS, Subresource::SCALE],
    ..Kind::NONE
};
