//! SelfSubjectRulesReview: what may I do in a namespace? Only created, never kept.
//! Upstream: `kubernetes:pkg/registry/authorization/selfsubjectrulesreview`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "authorization.k8s.io",
    version: "v1",
    kind: "SelfSubjectRulesReview",
    plural: "selfsubjectrulesreviews",
    singular: "selfsubjectrulesreview",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: false,
    subresources: &[],
    verbs: &["create"],
    ..Kind::NONE
};
