//! Node (being written).

use crate::kind::{Kind, Subresource};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Node",
    plural: "nodes",
    singular: "node",
    short: &["no"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[Subresource::STATUS],
    ..Kind::NONE
};
