//! Whether a volume can be made now: its objects, its claim, what a hostPath asks the machine for.

use super::base::{MACHINE_SOCKETS, machine_files, on_machine};
use super::claim_of;
use crate::Cluster;
use machinery::{Object, Value};
use std::rc::Rc;

/// Whether a volume can be made now.
pub(super) fn check(cluster: &Cluster, pod: &Object, v: &Value) -> Result<(), String> {
    let ns = pod.namespace();
    let sources = v.at("projected.sources").items().iter().chain([v]);
    for s in sources {
        let cm = s.get("configMap");
        let secret = s.get("secret");
        let secret_name = match secret.text("secretName") {
            "" => secret.text("name"),
            name => name,
        };
        for (one, resource, what, name) in [
            (cm, "configmaps", "configmap", cm.text("name")),
            (secret, "secrets", "secret", secret_name),
        ] {
            if one.is_null() || one.flag("optional") || name == "kube-root-ca.crt" {
                continue;
            }
            let Some(o) = cluster.store.get(resource, ns, name) else {
                return Err(format!("{what} \"{name}\" not found"));
            };
            for item in one.get("items").items() {
                let key = item.text("key");
                if !o.get("data").has(key) && !o.get("binaryData").has(key) {
                    return Err(format!(
                        "references non-existent {} key: {key}",
                        if what == "secret" { "secret" } else { "config" }
                    ));
                }
            }
        }
    }
    host_path_is(cluster, pod, v.get("hostPath"))?;
    let claim = &claim_of(pod, v);
    if !claim.is_empty() {
        match cluster.store.get("persistentvolumeclaims", ns, claim) {
            None => return Err(format!("persistentvolumeclaim \"{claim}\" not found")),
            Some(c) if c.text("spec.volumeName").is_empty() => {
                return Err(format!("persistentvolumeclaim \"{claim}\" is not bound"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// A hostPath may ask for what must be there already.
fn host_path_is(cluster: &Cluster, pod: &Object, h: &Value) -> Result<(), String> {
    let path = h.text("path");
    let at = &on_machine(path);
    let Some(node) = cluster.kubelets.node(pod.text("spec.nodeName")) else {
        return Ok(());
    };
    let files = match h.text("type") {
        "Directory" | "File" => machine_files(node),
        _ => Rc::default(),
    };
    let (there, what) = match h.text("type") {
        "Directory" => (files.is_dir(at), "directory"),
        "File" => (files.is_file(at), "file"),
        "Socket" => (MACHINE_SOCKETS.contains(&path), "socket file"),
        "CharDevice" => (
            matches!(path, "/dev/null" | "/dev/zero"),
            "character device",
        ),
        "BlockDevice" => (false, "block device"),
        _ => (true, ""),
    };
    match there {
        true => Ok(()),
        false => Err(format!(
            "hostPath type check failed: {path} is not a {what}"
        )),
    }
}
