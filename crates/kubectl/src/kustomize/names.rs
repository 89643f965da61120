//! What changes names in a kustomization: generators with their hashes, prefix and suffix, and the references that follow.

use super::{join, texts};
use crate::cx::Inner;
use crate::fail::{Fail, text};
use crate::forms;
use machinery::{Object, Value, value};

/// `configMapGenerator` and `secretGenerator`.
pub fn generated(
    cx: &Inner,
    folder: &str,
    k: &Value,
    objects: &mut Vec<Object>,
) -> Result<(), Fail> {
    for (field, kind) in [
        ("configMapGenerator", "ConfigMap"),
        ("secretGenerator", "Secret"),
    ] {
        for g in k.get(field).items() {
            let mut data = Value::map();
            let mut put = |key: &str, bytes: &[u8]| {
                *data.field(key) = match kind {
                    "Secret" => Value::from(forms::base64(bytes)),
                    _ => Value::from(String::from_utf8_lossy(bytes).into_owned()),
                };
            };
            for l in texts(g, "literals") {
                if let Some((key, v)) = l.split_once('=') {
                    put(key, v.trim_matches(['"', '\'']).as_bytes());
                }
            }
            for f in texts(g, "files") {
                let (key, path) = match f.split_once('=') {
                    Some((key, p)) => (key.to_string(), p.to_string()),
                    None => (f.rsplit('/').next().unwrap_or(&f).to_string(), f.clone()),
                };
                let bytes = cx
                    .host
                    .read_bytes(&join(folder, &path))
                    .map_err(|e| text(format!("loading KV pairs: file sources: [{f}]: {e}")))?;
                put(&key, &bytes);
            }
            for f in texts(g, "envs") {
                let content = cx
                    .host
                    .read(&join(folder, &f))
                    .map_err(|e| text(format!("loading KV pairs: env source files: [{f}]: {e}")))?;
                for (key, v) in content
                    .lines()
                    .filter(|l| !l.trim_start().starts_with('#'))
                    .filter_map(|l| l.split_once('='))
                {
                    put(key, v.as_bytes());
                }
            }
            let mut o = value!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": g.text("name").to_string() }, "data": data });
            if kind == "Secret" {
                o.set(
                    "type",
                    match g.text("type") {
                        "" => "Opaque".to_string(),
                        t => t.to_string(),
                    },
                );
            }
            if !g.text("namespace").is_empty() {
                o.set("metadata.namespace", g.text("namespace").to_string());
            }
            let plain = k.flag("generatorOptions.disableNameSuffixHash")
                || g.flag("options.disableNameSuffixHash");
            if !plain {
                let name = format!("{}-{}", g.text("name"), hash(&o));
                let old = g.text("name").to_string();
                o.set("metadata.name", name.clone());
                for other in objects.iter_mut() {
                    *other = other.edit(|v| refer(v, kind, &old, &name));
                }
            }
            objects.push(Object(o));
        }
    }
    Ok(())
}

/// A short hash of an object's content, in the letters that kustomize uses. Other than upstream's SHA-256 it is only
/// as good as telling contents apart.
fn hash(v: &Value) -> String {
    let mut n: u64 = 0xcbf2_9ce4_8422_2325;
    for b in machinery::json::print(v).bytes() {
        n = (n ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
    }
    const LETTERS: &[u8] = b"bcdfghkmt2456789";
    (0..10)
        .map(|i| LETTERS[(n >> (i * 4) & 15) as usize] as char)
        .collect()
}

/// Renames references to a config map or secret.
fn refer(v: &mut Value, kind: &str, old: &str, new: &str) {
    let keys: &[&str] = match kind {
        "ConfigMap" => &["configMapRef", "configMapKeyRef", "configMap"],
        _ => &["secretRef", "secretKeyRef", "secret"],
    };
    match v {
        Value::Map(_) => {
            for (k, _) in v.clone().entries() {
                let inner = v.field(k);
                if keys.contains(&k.as_str()) {
                    for f in ["name", "secretName"] {
                        if inner.get(f).as_str() == Some(old) {
                            *inner.field(f) = Value::str(new);
                        }
                    }
                }
                refer(inner, kind, old, new);
            }
        }
        Value::List(l) if !l.is_empty() => {
            for x in v.list_mut() {
                refer(x, kind, old, new);
            }
        }
        _ => {}
    }
}

/// Name prefix and suffix, and the references that follow the names.
pub fn named(k: &Value, objects: &mut [Object]) {
    let (prefix, suffix) = (k.text("namePrefix"), k.text("nameSuffix"));
    if prefix.is_empty() && suffix.is_empty() {
        return;
    }
    let renamed: Vec<(String, String, String)> = objects
        .iter()
        .filter(|o| !["Namespace", "CustomResourceDefinition", "APIService"].contains(&o.kind()))
        .map(|o| {
            (
                o.kind().to_string(),
                o.name().to_string(),
                format!("{prefix}{}{suffix}", o.name()),
            )
        })
        .collect();
    for o in objects.iter_mut() {
        let own = renamed
            .iter()
            .find(|(k, n, _)| k == o.kind() && n == o.name())
            .map(|r| r.2.clone());
        *o = o.edit(|v| {
            if let Some(name) = own {
                v.set("metadata.name", name);
            }
            for (kind, old, new) in &renamed {
                if kind == "ConfigMap" || kind == "Secret" {
                    refer(v, kind, old, new);
                }
                follow(v, kind, old, new);
            }
        });
    }
}

/// References by name to services, accounts, claims, roles and scale targets.
fn follow(v: &mut Value, kind: &str, old: &str, new: &str) {
    match v {
        Value::Map(_) => {
            let own_kind = v.text("kind").to_string();
            for (k, x) in v.clone().entries() {
                let names = match (kind, k.as_str()) {
                    ("Service", "serviceName")
                    | ("ServiceAccount", "serviceAccountName" | "serviceAccount") => true,
                    ("PersistentVolumeClaim", "claimName") => true,
                    (_, "name") if own_kind == kind && !v.has("metadata") => true,
                    _ => false,
                };
                if names && x.as_str() == Some(old) {
                    *v.field(k) = Value::str(new);
                } else if kind == "Service" && k == "service" && x.get("name").as_str() == Some(old)
                {
                    v.field(k).set("name", Value::str(new));
                } else {
                    follow(v.field(k), kind, old, new);
                }
            }
        }
        Value::List(l) if !l.is_empty() => {
            for x in v.list_mut() {
                follow(x, kind, old, new);
            }
        }
        _ => {}
    }
}
