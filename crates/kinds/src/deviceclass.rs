//! DeviceClass: a kind of device that pods can claim. Kept, not acted on.
//! Upstream: `kubernetes:pkg/registry/resource/deviceclass/strategy.go`.

use crate::kind::Kind;

pub const KIND: Kind = Kind {
    group: "resource.k8s.io",
    version: "v1",
    kind: "DeviceClass",
    plural: "deviceclasses",
    singular: "deviceclass",
    short: &[],
    categories: &[],
    namespaced: false,
    generation: true,
    subresources: &[],
    ..Kind::NONE
};
