//! LocalSubjectAccessReview: may someone do this in a namespace? Only created, never kept.
//! Upstream: `kubernetes:pkg/registry/authorization/localsubjectaccessreview`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "authorization.k8s.io",
    version: "v1",
    kind: "LocalSubjectAccessReview",
    plural: "localsubjectaccessreviews",
    singular: "localsubjectaccessreview",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    verbs: &["create"],
    ..Kind::NONE
};
