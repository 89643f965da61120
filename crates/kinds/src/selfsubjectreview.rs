//! SelfSubjectReview: who am I? Only created, never kept.
//! Upstream: `kubernetes:pkg/registry/authentication/selfsubjectreview`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "authentication.k8s.io",
    version: "v1",
    kind: "SelfSubjectReview",
    plural: "selfsubjectreviews",
    singular: "selfsubjectreview",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    verbs: &["create"],
    ..Kind::NONE
};
