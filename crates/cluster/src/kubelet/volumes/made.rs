//! The files of volumes made of ConfigMaps, Secrets and the pod itself.

use super::super::env;
use super::super::run::PodRun;
use crate::Cluster;
use machinery::{Object, Value};
use shell::Fs;
use shell::fs::Tree;

pub(super) fn made_of_objects(volume: &Value) -> bool {
    ["configMap", "secret", "projected", "downwardAPI"]
        .iter()
        .any(|k| volume.has(k))
}

/// The files of a volume made of ConfigMaps, Secrets and the pod itself.
pub(super) fn made(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    known: &[Object],
    v: &Value,
) -> Tree {
    let mut fs = Fs::new();
    let _ = fs.mkdir("/v", true);
    let sources = v.at("projected.sources").items().iter().chain([v]);
    for s in sources {
        source_files(cluster, pod, run, known, s, &mut fs);
    }
    fs.tree("/v").unwrap_or_else(|_| Tree::empty())
}

/// Files of one source of a volume: ConfigMap, Secret, downward API, service account token.
fn source_files(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    known: &[Object],
    s: &Value,
    fs: &mut Fs,
) {
    let ns = pod.namespace();
    for (field, resource) in [("configMap", "configmaps"), ("secret", "secrets")] {
        let one = s.get(field);
        let name = match one.text("secretName") {
            "" => one.text("name"),
            name => name,
        };
        let kind = if resource == "secrets" {
            "Secret"
        } else {
            "ConfigMap"
        };
        let kept = known.iter().find(|o| o.kind() == kind && o.name() == name);
        let Some(o) = kept.or_else(|| cluster.store.get(resource, ns, name)) else {
            continue;
        };
        let items = one.get("items").items();
        let mut put = |key: &str, path: &str| {
            let text = o.get("data").get(key).as_str();
            let bytes = match (text, resource) {
                (Some(text), "secrets") => codec::decode_base64(text).unwrap_or_default(),
                (Some(text), _) => text.as_bytes().to_vec(),
                (None, _) => {
                    codec::decode_base64(o.get("binaryData").text(key)).unwrap_or_default()
                }
            };
            let _ = fs.install(&format!("/v/{path}"), bytes);
        };
        if items.is_empty() {
            let keys = o
                .get("data")
                .entries()
                .iter()
                .chain(o.get("binaryData").entries());
            keys.for_each(|(key, _)| put(key, key));
        } else {
            items
                .iter()
                .for_each(|i| put(i.text("key"), i.text("path")));
        }
    }
    for item in s.at("downwardAPI.items").items() {
        let text = match item.at("fieldRef").text("fieldPath") {
            "" => {
                let r = item.get("resourceFieldRef");
                let all = pod.spec().get("containers").items();
                let holder = all
                    .iter()
                    .find(|c| c.text("name") == r.text("containerName"));
                env::resource(cluster, run, holder.unwrap_or(machinery::NULL), r)
            }
            path => env::field(cluster, pod, run, path),
        };
        let _ = fs.install(&format!("/v/{}", item.text("path")), text);
    }
    let token = s.get("serviceAccountToken");
    if !token.is_null() {
        let text = crate::apiserver::pod_token(cluster, pod).unwrap_or_default();
        let _ = fs.install(&format!("/v/{}", token.text("path")), text);
    }
}
