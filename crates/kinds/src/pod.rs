//! Pod (being written).

use crate::kind::{Kind, Subresource};

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Pod",
    plural: "pods",
    singular: "pod",
    short: &["po"],
    categories: &["all"],
    namespaced: true,
    generation: true,
    subresources: &[Subresource::STATUS],
    ..Kind::NONE
};
