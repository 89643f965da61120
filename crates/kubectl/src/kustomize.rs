//! `-k FOLDER`: builds a kustomization. Resources, other kustomizations, namespace, name prefix and suffix, labels,
//! annotations, images, replicas, patches, config map and secret generators.
//! Upstream: `kustomize:api`. Left out: components, replacements, vars, helm charts, remote bases, plugins.

mod names;

use crate::cx::Inner;
use crate::fail::{Fail, text};
use crate::forms;
use crate::manifest::{self, Check};
use machinery::Arrange;
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
    objects.arrange_by_key(|o| (order(o.kind()), 0));
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
    names::generated(cx, folder, &k, &mut objects)?;
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
    names::named(&k, &mut objects);
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
