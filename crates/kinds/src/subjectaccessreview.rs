//! SubjectAccessReview: may someone do this? Only created, never kept.
//! Upstream: `kubernetes:pkg/registry/authorization/subjectaccessreview`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "authorization.k8s.io",
    version: "v1",
    kind: "SubjectAccessReview",
    plural: "subjectaccessreviews",
    singular: "subjectaccessreview",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    verbs: &["create"],
    ..Kind::NONE
};
