//! ServiceAccount: who a pod is to the API server.
//! Upstream: `kubernetes:pkg/registry/core/serviceaccount/strategy.go`.

use crate::describe::Describe;
use crate::kind::{Kind, Subresource};
use machinery::{Object};

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
    describe,
    ..Kind::NONE
};

fn describe(o: &Object, d: &mut Describe) {
    d.head(o);
    d.labels_and_annotations(o);
    let secrets = o.at("imagePullSecrets").items();
    if secrets.is_empty() {
        d.line(0, "Image pull secrets:\t<none>");
    }
    for (i, s) in secrets.iter().enumerate() {
        let head = if i == 0 { "Image pull secrets:" } else { "                   " };
        d.line(0, format!("{head}\t{}", s.text("name")));
    }
    d.events(o);
}
