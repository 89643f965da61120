//! TokenReview: whose token is this? Only created, never kept.
//! Upstream: `kubernetes:pkg/registry/authentication/tokenreview`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "authentication.k8s.io",
    version: "v1",
    kind: "TokenReview",
    plural: "tokenreviews",
    singular: "tokenreview",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    verbs: &["create"],
    ..Kind::NONE
};
