//! Root CA publisher: ConfigMap `kube-root-ca.crt` in every namespace, by which pods trust the API server.
//! Upstream: `kubernetes:pkg/controller/certificates/rootcacertpublisher`. The certificate here is a stand-in text:
//! bottleship does not simulate certificates.

use super::{Controller, Requeue};
use crate::cx::Cx;
use crate::store::Key;
use kinds::configmap::KIND;
use machinery::{Object, Status, Str, WatchType, value};

pub const CONTROLLER: Controller = Controller {
    name: "root-ca-cert-publisher",
    triggers: |_, change, keys| {
        if change.resource == "namespaces" && change.kind == WatchType::Added {
            keys.push((Str::lit(""), change.key.1.clone()));
        }
        if change.resource == "configmaps" && *change.key.1 == *NAME && change.old.is_some() {
            keys.push((Str::lit(""), change.key.0.clone()));
        }
    },
    reconcile,
};

const NAME: &str = "kube-root-ca.crt";
const BUNDLE: &str = "-----BEGIN CERTIFICATE-----\nbottleship does not simulate certificates\n-----END CERTIFICATE-----\n";
const ABOUT: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

fn reconcile(cx: &mut Cx, (_, ns): &Key) -> Result<Requeue, Status> {
    let active = cx
        .store()
        .get("namespaces", "", ns)
        .is_some_and(|n| !n.is_deleting());
    if !active {
        return Ok(Requeue::Never);
    }
    let data = value!({ "ca.crt": BUNDLE });
    match cx.store().get("configmaps", ns, NAME).cloned() {
        None => {
            let map = Object::new("v1", "ConfigMap", ns, NAME).edit(|v| {
                v.set(
                    "metadata.annotations",
                    value!({ "kubernetes.io/description": ABOUT }),
                );
                v.set("data", data);
            });
            cx.create(&KIND, &map, "every namespace gets the root certificates")?;
        }
        Some(map) if *map.get("data") != data => {
            let mended = map.edit(|v| v.set("data", data));
            cx.update(&KIND, &mended, "somebody changed the root certificates")?;
        }
        _ => {}
    }
    Ok(Requeue::Never)
}
