//! What changes names in a kustomization: prefix and suffix, hashes of content, and the references that follow.
//! Upstream keeps a long list of fields (`namereference.go`); here a reference is told by its key, wherever it stands.

use super::Made;
use machinery::Value;

/// Keys whose text is a name of this kind.
const TEXTS: &[(&str, &str)] = &[
    ("Service", "serviceName"),
    ("ServiceAccount", "serviceAccountName"),
    ("ServiceAccount", "serviceAccount"),
    ("PersistentVolumeClaim", "claimName"),
    ("PersistentVolume", "volumeName"),
    ("PriorityClass", "priorityClassName"),
    ("StorageClass", "storageClassName"),
    ("IngressClass", "ingressClassName"),
    ("Secret", "secretName"),
];
/// Keys whose value, or whose items, name one of this kind in `name`.
const INNER: &[(&str, &str)] = &[
    ("ConfigMap", "configMap"),
    ("ConfigMap", "configMapRef"),
    ("ConfigMap", "configMapKeyRef"),
    ("Secret", "secret"),
    ("Secret", "secretRef"),
    ("Secret", "secretKeyRef"),
    ("Secret", "imagePullSecrets"),
    ("Secret", "secrets"),
    ("Service", "service"),
];
/// Kinds that keep their names.
const FIXED: &[&str] = &["Namespace", "CustomResourceDefinition", "APIService"];

/// A name that changed.
struct Renamed {
    kind: String,
    old: String,
    new: String,
    namespace: String,
}

/// `namePrefix` and `nameSuffix`.
pub fn affixed(k: &Value, made: &mut [Made]) {
    let (prefix, suffix) = (k.text("namePrefix"), k.text("nameSuffix"));
    if prefix.is_empty() && suffix.is_empty() {
        return;
    }
    let mut renamed = Vec::new();
    for m in made
        .iter_mut()
        .filter(|m| !FIXED.contains(&m.object.kind()))
    {
        let new = format!("{prefix}{}{suffix}", m.object.name());
        rename(m, new, &mut renamed);
    }
    follow(made, &renamed);
}

/// The hashes of generated objects, at the very end.
pub fn hashed(made: &mut [Made]) {
    let mut renamed = Vec::new();
    for m in made.iter_mut().filter(|m| m.hashed) {
        let new = format!(
            "{}-{}",
            m.object.name(),
            crate::hash::of(&m.object.0, "", Value::from(""))
        );
        rename(m, new, &mut renamed);
    }
    follow(made, &renamed);
}

fn rename(m: &mut Made, new: String, renamed: &mut Vec<Renamed>) {
    renamed.push(Renamed {
        kind: m.object.kind().to_string(),
        old: m.object.name().to_string(),
        new: new.clone(),
        namespace: m.object.namespace().to_string(),
    });
    m.rename(new);
}

fn follow(made: &mut [Made], renamed: &[Renamed]) {
    if renamed.is_empty() {
        return;
    }
    for m in made {
        let own = m.object.namespace().to_string();
        // Of equal names that in the object's own namespace is meant.
        let new = |kind: &str, old: &str| {
            let mut hits = renamed.iter().filter(|r| r.kind == kind && r.old == old);
            let near = hits.clone().find(|r| r.namespace == own);
            near.or_else(|| hits.find(|r| r.namespace.is_empty() || own.is_empty()))
                .or_else(|| renamed.iter().find(|r| r.kind == kind && r.old == old))
                .map(|r| r.new.clone())
        };
        m.edit(|o| {
            for (key, inner) in o.clone().entries() {
                // Content is not searched for names.
                if ![
                    "metadata",
                    "data",
                    "binaryData",
                    "stringData",
                    "kind",
                    "apiVersion",
                ]
                .contains(&key.as_str())
                {
                    let mut inner = inner.clone();
                    if walk(key, &mut inner, &new) {
                        *o.field(key) = inner;
                    }
                }
            }
        });
    }
}

/// Replaces names below a key; true if something changed.
fn walk(key: &str, v: &mut Value, new: &dyn Fn(&str, &str) -> Option<String>) -> bool {
    let mut changed = false;
    match v {
        Value::Str(s) => {
            let kinds = TEXTS.iter().filter(|(_, k)| *k == key);
            if let Some(name) = kinds.filter_map(|(kind, _)| new(kind, s)).next() {
                *v = Value::from(name);
                return true;
            }
        }
        Value::Map(_) => {
            let name = v.text("name").to_string();
            let kind = v.text("kind").to_string();
            let by_key = INNER
                .iter()
                .filter(|(_, k)| *k == key)
                .map(|(kind, _)| *kind);
            let named = by_key
                .chain((!kind.is_empty()).then_some(kind.as_str()))
                .filter_map(|kind| new(kind, &name))
                .next();
            if let Some(name) = named {
                v.set("name", name);
                changed = true;
            }
            for (k, inner) in v.clone().entries() {
                let mut inner = inner.clone();
                if walk(k, &mut inner, new) {
                    *v.field(k) = inner;
                    changed = true;
                }
            }
        }
        Value::List(l) if !l.is_empty() => {
            for x in v.list_mut() {
                changed |= walk(key, x, new);
            }
        }
        _ => {}
    }
    changed
}
