//! The files of volumes made of ConfigMaps, Secrets and the pod itself.

use super::super::env;
use super::super::run::PodRun;
use crate::Cluster;
use machinery::time::rfc3339;
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
    fs.set_now(run.gathered_at);
    let _ = fs.mkdir(NEW, true);
    let sources = v.at("projected.sources").items().iter().chain([v]);
    for s in sources {
        source_files(cluster, pod, run, known, (v, s), &mut fs);
    }
    // As the kubelet does it: a folder for each time, one link that is turned to the newest, and a link for each name.
    let folder = folder_name(run);
    let content = fs.tree(NEW).unwrap_or_else(|_| Tree::empty());
    let names = fs.list(NEW).unwrap_or_default();
    let _ = fs.mount(&format!("/v/{folder}"), content);
    let _ = fs.symlink(&folder, "/v/..data");
    for name in names {
        let _ = fs.symlink(&format!("..data/{name}"), &format!("/v/{name}"));
    }
    fs.tree("/v").unwrap_or_else(|_| Tree::empty())
}

/// Where files are before they are linked to.
const NEW: &str = "/new";

/// `..2026_11_20_10_05_00.3216549870`: when the files were made, and a number of chance.
fn folder_name(run: &PodRun) -> String {
    let at = rfc3339(run.gathered_at);
    let date = at.trim_end_matches('Z').replace(['-', 'T', ':'], "_");
    let seed = run.uid.bytes().fold(run.gathered_at as u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    });
    format!("..{date}.{}", seed % 4_000_000_000)
}

/// Files of one source of a volume: ConfigMap, Secret, downward API, service account token.
fn source_files(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    known: &[Object],
    (v, s): (&Value, &Value),
    fs: &mut Fs,
) {
    let ns = pod.namespace();
    let mode_of = |own: &Value, item: &Value| {
        let all = [
            item.get("mode"),
            own.get("defaultMode"),
            v.at("projected.defaultMode"),
        ];
        let first = all.iter().find_map(|m| m.as_i64());
        u32::try_from(first.unwrap_or(0o644)).unwrap_or(0o644)
    };
    let mut write = |path: &str, bytes: Vec<u8>, mode: u32| {
        let path = format!("{NEW}/{path}");
        let _ = fs.install(&path, bytes);
        let _ = fs.chmod(&path, mode);
    };
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
        let mut put = |key: &str, path: &str, item: &Value| {
            let text = o.get("data").get(key).as_str();
            let bytes = match (text, resource) {
                (Some(text), "secrets") => codec::decode_base64(text).unwrap_or_default(),
                (Some(text), _) => text.as_bytes().to_vec(),
                (None, _) => {
                    codec::decode_base64(o.get("binaryData").text(key)).unwrap_or_default()
                }
            };
            write(path, bytes, mode_of(one, item));
        };
        if items.is_empty() {
            let keys = o
                .get("data")
                .entries()
                .iter()
                .chain(o.get("binaryData").entries());
            keys.for_each(|(key, _)| put(key, key, machinery::NULL));
        } else {
            items
                .iter()
                .for_each(|i| put(i.text("key"), i.text("path"), i));
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
        let mode = mode_of(s.get("downwardAPI"), item);
        write(item.text("path"), text.into_bytes(), mode);
    }
    let token = s.get("serviceAccountToken");
    if !token.is_null() {
        let text = crate::apiserver::pod_token(cluster, pod).unwrap_or_default();
        write(token.text("path"), text.into_bytes(), mode_of(token, token));
    }
}
