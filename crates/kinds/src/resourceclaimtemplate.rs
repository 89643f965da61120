//! ResourceClaimTemplate: makes a ResourceClaim for each pod. Kept, not acted on.
//! Upstream: `kubernetes:pkg/registry/resource/resourceclaimtemplate/strategy.go`.

use crate::kind::Kind;
use crate::edit::within;
use machinery::{Path, Value};

pub const KIND: Kind = Kind {
    group: "resource.k8s.io",
    version: "v1",
    kind: "ResourceClaimTemplate",
    plural: "resourceclaimtemplates",
    singular: "resourceclaimtemplate",
    short: &[],
    categories: &[],
    namespaced: true,
    generation: false,
    subresources: &[],
    default,
    validate: |o, errors| {
        crate::resourceclaim::claim(o.at("spec.spec"), &Path::root("spec").child("spec"), errors);
    },
    validate_update: |new, old, errors| {
        crate::meta::immutable(new.spec(), old.spec(), &Path::root("spec"), errors);
    },
    ..Kind::NONE
};

fn default(v: &mut Value) {
    v.set_default("spec.metadata", Value::map());
    within(v, "spec.spec", crate::resourceclaim::claim_spec);
}
