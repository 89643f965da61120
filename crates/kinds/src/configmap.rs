//! ConfigMap (being written).

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "",
    version: "v1",
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short: &["cm"],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    ..Kind::NONE
};
