//! EndpointSlice (being written).

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "discovery.k8s.io",
    version: "v1",
    kind: "EndpointSlice",
    plural: "endpointslices",
    singular: "endpointslice",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    ..Kind::NONE
};
