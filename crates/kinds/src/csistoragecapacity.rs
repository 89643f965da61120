//! CSIStorageCapacity: how much room a driver has for a class.
//! Upstream: `kubernetes:pkg/registry/storage/csistoragecapacity/strategy.go`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "storage.k8s.io",
    version: "v1",
    kind: "CSIStorageCapacity",
    plural: "csistoragecapacities",
    singular: "csistoragecapacity",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    ..Kind::NONE
};
