//! Service (being written).

use crate::kind::{Kind, Subresource};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Service",
    plural: "services",
    singular: "service",
    short: &["svc"],
    categories: &["all"],
    namespaced: true,
    generation: false,
    subresources: &[Subresource::STATUS],
    ..Kind::NONE
};
