//! `-k FOLDER`: builds a kustomization. Resources, other kustomizations, namespace, name prefix and suffix, labels,
//! annotations, images, replicas, patches, config map and secret generators.
//! Upstream: `kustomize:api`. Left out: components, replacements, vars, helm charts, remote bases, plugins.

use crate::cx::Inner;
use crate::fail::{Fail, text};
use crate::forms;
use crate::manifest::{self, Check};
use machinery::{Object, Value, patch, value};

const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// How deep kustomizations may build on one another.
const MAX_DEPTH: usize = 20;

/// The objects that a folder's kustomization makes, in the order in which kustomize prints them.
pub fn build(cx: &Inner, folder: &str) -> Result<Vec<Object>, Fail> {
    if !cx.host.is_dir(folder) {
        if !cx.host.exists(folder) {
            return Err(text(format!(
                "must build at directory: not a valid directory: evalsymlink failure on '{folder}' : lstat {folder}: no such file or directory"
            )));
        }
        return Err(text(format!(
            "must build at directory: '{folder}': file is not directory"
        )));
    }
    let mut objects = accumulate(cx, folder, 0)?;
    objects.sort_by_key(|o| (order(o.kind()), 0));
    Ok(objects)
}

/// kustomize's legacy order: namespaces and definitions first, webhooks last.
fn order(kind: &str) -> usize {
    const FIRST: &[&str] = &[
        "Namespace",
        "ResourceQuota",
        "StorageClass",
        "CustomResourceDefinition",
        "ServiceAccount",
        "PodSecurityPolicy",
        "Role",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
        "ConfigMap",
        "Secret",
        "Endpoints",
        "Service",
        "LimitRange",
        "PriorityClass",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Deployment",
        "StatefulSet",
        "CronJob",
        "PodDisruptionBudget",
    ];
    const LAST: &[&str] = &[
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ];
    FIRST
        .iter()
        .position(|k| *k == kind)
        .or_else(|| LAST.iter().position(|k| *k == kind).map(|i| 1000 + i))
        .unwrap_or(500)
}

fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        path.to_string()
    } else {
        format!("{}/{path}", folder.trim_end_matches('/'))
    }
}

fn accumulate(cx: &Inner, folder: &str, depth: usize) -> Result<Vec<Object>, Fail> {
    if depth > MAX_DEPTH {
        return Err(text(format!("cycle detected: '{folder}'")));
    }
    let file = NAMES
        .iter()
        .map(|n| join(folder, n))
        .find(|p| cx.host.exists(p))
        .ok_or_else(|| text(format!("unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{folder}'")))?;
    let content = cx.host.read(&file).unwrap_or_default();
    let k = forms::parse_one(&content).map_err(|e| text(format!("invalid Kustomization: {e}")))?;
    for field in [
        "components",
        "replacements",
        "vars",
        "helmCharts",
        "transformers",
        "generators",
    ] {
        if k.has(field) {
            return Err(text(format!(
                "bottleship does not simulate {field} in a kustomization ({file})"
            )));
        }
    }
    let mut objects = Vec::new();
    for path in texts(&k, "resources").into_iter().chain(texts(&k, "bases")) {
        if path.contains("://") || path.starts_with("github.com/") {
            return Err(text(format!(
                "bottleship does not simulate remote resources in a kustomization: {path}"
            )));
        }
        let full = join(folder, &path);
        if cx.host.is_dir(&full) {
            objects.extend(accumulate(cx, &full, depth + 1)?);
            continue;
        }
        let content = cx.host.read(&full).map_err(|_| {
            text(format!("accumulating resources: accumulation err='accumulating resources from '{path}': evalsymlink failure on '{full}' : lstat {full}: no such file or directory'"))
        })?;
        let mut documents = Vec::new();
        manifest::documents(&content, &path, Check::Loose, &mut documents);
        for d in documents {
            objects.push(d?.object);
        }
    }
    generated(cx, folder, &k, &mut objects)?;
    for p in k.get("patches").items() {
        patched(cx, folder, p, &mut objects)?;
    }
    for p in k.get("patchesStrategicMerge").items() {
        let p = value!({ "path": p });
        let one = match p.text("path").contains('\n') {
            true => value!({ "patch": p.get("path") }),
            false => p,
        };
        patched(cx, folder, &one, &mut objects)?;
    }
    for p in k.get("patchesJson6902").items() {
        patched(cx, folder, p, &mut objects)?;
    }
    for o in &mut objects {
        *o = transformed(&k, o);
    }
    named(&k, &mut objects);
    Ok(objects)
}

fn texts(k: &Value, field: &str) -> Vec<String> {
    let items = k.get(field).items().iter();
    items
        .filter_map(|v| v.as_str().map(str::to_string))
        .collect()
}

/// Places where a pod template may be.
const TEMPLATES: &[&str] = &["spec.template", "spec.jobTemplate.spec.template"];

/// Labels, annotations, namespace, images, replicas: what applies to every object.
fn transformed(k: &Value, o: &Object) -> Object {
    let mut o = o.clone();
    let cluster_scoped = kinds::of(o.api_version(), o.kind()).is_some_and(|k| !k.namespaced);
    let namespace = k.text("namespace").to_string();
    if !namespace.is_empty() && !cluster_scoped {
        o = o.edit(|v| v.set("metadata.namespace", namespace));
    }
    let put = |v: &mut Value, path: &str, pairs: &Value| {
        for (key, x) in pairs.entries() {
            *v.place(path).field(key) = x.clone();
        }
    };
    for set in k.get("labels").items() {
        o = o.edit(|v| {
            put(v, "metadata.labels", set.get("pairs"));
            for t in TEMPLATES {
                if (set.flag("includeTemplates") || set.flag("includeSelectors"))
                    && !v.at(t).is_null()
                {
                    put(v, &format!("{t}.metadata.labels"), set.get("pairs"));
                }
            }
        });
        if set.flag("includeSelectors") {
            o = selecting(&o, set.get("pairs"));
        }
    }
    let common = k.get("commonLabels");
    if !common.is_empty() {
        o = o.edit(|v| {
            put(v, "metadata.labels", common);
            for t in TEMPLATES {
                if !v.at(t).is_null() {
                    put(v, &format!("{t}.metadata.labels"), common);
                }
            }
        });
        o = selecting(&o, common);
    }
    let annotations = k.get("commonAnnotations");
    if !annotations.is_empty() {
        o = o.edit(|v| {
            put(v, "metadata.annotations", annotations);
            for t in TEMPLATES {
                if !v.at(t).is_null() {
                    put(v, &format!("{t}.metadata.annotations"), annotations);
                }
            }
        });
    }
    for image in k.get("images").items() {
        o = o.edit(|v| {
            for path in [
                "spec",
                "spec.template.spec",
                "spec.jobTemplate.spec.template.spec",
            ] {
                for field in ["containers", "initContainers"] {
                    if v.at(path).get(field).items().is_empty() {
                        continue;
                    }
                    for c in v.place(path).field(field).list_mut() {
                        let new = imaged(c.text("image"), image);
                        c.set("image", new);
                    }
                }
            }
        });
    }
    for r in k.get("replicas").items() {
        if r.text("name") == o.name() && o.spec().has("replicas") {
            o = o.edit(|v| v.set("spec.replicas", r.int("count")));
        }
    }
    o
}

fn selecting(o: &Object, pairs: &Value) -> Object {
    let path = match o.kind() {
        "Service" | "ReplicationController" => "spec.selector",
        _ if !o.at("spec.selector.matchLabels").is_null() => "spec.selector.matchLabels",
        _ => return o.clone(),
    };
    if o.at(path).is_null() {
        return o.clone();
    }
    o.edit(|v| {
        for (k, x) in pairs.entries() {
            *v.place(path).field(k) = x.clone();
        }
    })
}

/// `nginx:1.25` as an entry of `images` changes it.
fn imaged(image: &str, entry: &Value) -> String {
    let (base, tail) = match image.split_once('@') {
        Some((b, d)) => (b, format!("@{d}")),
        None => match image.rsplit_once(':') {
            Some((b, t)) if !t.contains('/') => (b, format!(":{t}")),
            _ => (image, String::new()),
        },
    };
    if base != entry.text("name") {
        return image.to_string();
    }
    let name = match entry.text("newName") {
        "" => base,
        n => n,
    };
    let tail = match (entry.text("newTag"), entry.text("digest")) {
        ("", "") => tail,
        (_, d) if !d.is_empty() => format!("@{d}"),
        (t, _) => format!(":{t}"),
    };
    format!("{name}{tail}")
}

/// Applies one entry of `patches`: strategic or JSON, inline or from a file, to its targets.
fn patched(cx: &Inner, folder: &str, entry: &Value, objects: &mut [Object]) -> Result<(), Fail> {
    let content = match entry.text("patch") {
        "" => {
            let path = entry.text("path");
            cx.host
                .read(&join(folder, path))
                .map_err(|_| text(format!("failed to get the patch file from path({path})")))?
        }
        inline => inline.to_string(),
    };
    let parsed = forms::parse_one(&content).map_err(|e| {
        text(format!(
            "unable to parse SM or JSON patch from [{content}]: {e}"
        ))
    })?;
    let target = entry.get("target");
    let mut hit = false;
    for o in objects.iter_mut() {
        let of_target = |f: &str, own: &str| target.text(f).is_empty() || target.text(f) == own;
        let matches = if target.is_null() {
            parsed.text("kind") == o.kind() && parsed.text("metadata.name") == o.name()
        } else {
            of_target("kind", o.kind())
                && of_target("name", o.name())
                && of_target("namespace", o.namespace())
                && of_target("group", o.group())
                && (target.text("labelSelector").is_empty()
                    || forms::selects(target.text("labelSelector"), o).unwrap_or(false))
        };
        if !matches {
            continue;
        }
        hit = true;
        let v = if parsed.as_list().is_some() {
            patch::apply_json(&o.0, &parsed).map_err(text)?
        } else {
            let mut body = parsed.clone();
            if !target.is_null() {
                // The name in a targeted patch is a stand-in.
                body.remove("metadata.name");
            }
            patch::apply_strategic(&o.0, &body).map_err(Fail::Status)?
        };
        *o = Object(v);
    }
    if !hit && target.is_null() {
        return Err(text(format!(
            "no resource matches strategic merge patch \"{}.{}.[noGrp]/{}.[noNs]\": no matches for Id {}.{}.[noGrp]/{}.[noNs]; failed to find unique target for patch",
            parsed.text("kind"),
            parsed.text("apiVersion"),
            parsed.text("metadata.name"),
            parsed.text("kind"),
            parsed.text("apiVersion"),
            parsed.text("metadata.name"),
        )));
    }
    Ok(())
}

/// `configMapGenerator` and `secretGenerator`.
fn generated(cx: &Inner, folder: &str, k: &Value, objects: &mut Vec<Object>) -> Result<(), Fail> {
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
fn named(k: &Value, objects: &mut [Object]) {
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
