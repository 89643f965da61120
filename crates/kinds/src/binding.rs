//! Binding: the scheduler's word that a pod goes to a node. Only created, never kept.
//! Upstream: `kubernetes:pkg/registry/core/binding`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Binding",
    plural: "bindings",
    singular: "binding",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    verbs: &["create"],
    ..Kind::NONE
};
