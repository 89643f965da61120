//! SelfSubjectAccessReview: may I do this? Only created, never kept.
//! Upstream: `kubernetes:pkg/registry/authorization/selfsubjectaccessreview`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "authorization.k8s.io",
    version: "v1",
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
    singular: "selfsubjectaccessreview",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    verbs: &["create"],
    ..Kind::NONE
};
