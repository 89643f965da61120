//! SelfSubjectRulesReview: what may I do in a namespace? Only created, never kept.
//! Upstream: `kubernetes:pkg/registry/authorization/selfsubjectrulesreview`.

use crate::kind::Kind;
use crate::normal::{normalize};

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
    default: normalize,
    ..Kind::NONE
};
