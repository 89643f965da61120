//! ServiceAccount: who a pod is to the API server.
//! Upstream: `kubernetes:pkg/registry/core/serviceaccount/strategy.go`.

use crate::kind::{Kind, Subresource};
use crate::normal::normalize;

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short: &["sa"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[Subresource {
        name: "token",
        group_version: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        verbs: &["create"],
    }],
    default: normalize,
    ..Kind::NONE
};
