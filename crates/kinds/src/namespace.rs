//! Namespace (being written).

use crate::kind::{Kind, Subresource};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short: &["ns"],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[Subresource::STATUS],
    ..Kind::NONE
};
