//! Secret (being written).

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Secret",
    plural: "secrets",
    singular: "secret",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    ..Kind::NONE
};
