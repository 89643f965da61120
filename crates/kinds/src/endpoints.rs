//! Endpoints (being written).

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Endpoints",
    plural: "endpoints",
    singular: "endpoints",
    short: &["ep"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    ..Kind::NONE
};
