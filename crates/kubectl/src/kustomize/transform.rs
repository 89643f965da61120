//! What a kustomization changes of every object: namespace, names, labels, annotations, replicas, images.

use super::{Made, names, texts};
use crate::fail::{Fail, text};
use machinery::Value;

pub fn run(k: &Value, made: &mut [Made]) -> Result<(), Fail> {
    namespaced(k, made);
    names::affixed(k, made);
    for m in made.iter_mut() {
        labelled(k, m);
        annotated(k, m);
    }
    replicas(k, made)?;
    for m in made.iter_mut() {
        for image in k.get("images").items() {
            m.edit(|o| images(o, image));
        }
    }
    Ok(())
}

/// `buildMetadata`: where an object came from.
pub fn origin(k: &Value, _file: &str, made: &mut [Made]) {
    if !texts(k, "buildMetadata")
        .iter()
        .any(|m| m == "managedByLabel")
    {
        return;
    }
    for m in made {
        m.edit(|o| {
            *o.place("metadata.labels")
                .field("app.kubernetes.io/managed-by") = Value::from("kustomize-v5.8.1");
        });
    }
}

/// Places where a pod template may be.
const TEMPLATES: &[&str] = &[
    "spec.template",
    "spec.jobTemplate",
    "spec.jobTemplate.spec.template",
];

fn namespaced(k: &Value, made: &mut [Made]) {
    let namespace = k.text("namespace").to_string();
    if namespace.is_empty() {
        return;
    }
    let accounts: Vec<String> = made
        .iter()
        .filter(|m| m.object.kind() == "ServiceAccount")
        .map(|m| m.object.name().to_string())
        .collect();
    for m in made {
        let (version, kind) = (
            m.object.api_version().to_string(),
            m.object.kind().to_string(),
        );
        if kind == "Namespace" {
            m.edit(|o| o.set("metadata.name", namespace.clone()));
            continue;
        }
        if kinds::of(&version, &kind).is_none_or(|k| k.namespaced) {
            m.edit(|o| o.set("metadata.namespace", namespace.clone()));
        }
        if ["RoleBinding", "ClusterRoleBinding"].contains(&kind.as_str()) {
            m.edit(|o| {
                if o.get("subjects").items().is_empty() {
                    return;
                }
                for s in o.field("subjects").list_mut() {
                    let known =
                        s.text("name") == "default" || accounts.iter().any(|a| a == s.text("name"));
                    if s.text("kind") == "ServiceAccount" && known {
                        s.set("namespace", namespace.clone());
                    }
                }
            });
        }
    }
}

fn put(o: &mut Value, path: &str, pairs: &Value) {
    for (key, v) in pairs.entries() {
        *o.place(path).field(key) = v.clone();
    }
}

fn labelled(k: &Value, m: &mut Made) {
    let mut sets: Vec<(&Value, bool, bool)> = Vec::new();
    for set in k.get("labels").items() {
        let selectors = set.flag("includeSelectors");
        sets.push((
            set.get("pairs"),
            selectors,
            selectors || set.flag("includeTemplates"),
        ));
    }
    if !k.get("commonLabels").is_empty() {
        sets.push((k.get("commonLabels"), true, true));
    }
    for (pairs, selectors, templates) in sets {
        m.edit(|o| {
            put(o, "metadata.labels", pairs);
            if templates {
                for t in TEMPLATES
                    .iter()
                    .filter(|t| o.at(t).as_map().is_some())
                    .collect::<Vec<_>>()
                {
                    put(o, &format!("{t}.metadata.labels"), pairs);
                }
            }
            if selectors {
                claims(o, pairs);
                selecting(o, pairs);
            }
        });
    }
}

fn claims(o: &mut Value, pairs: &Value) {
    if o.text("kind") == "StatefulSet" && !o.at("spec.volumeClaimTemplates").items().is_empty() {
        for c in o.place("spec.volumeClaimTemplates").list_mut() {
            put(c, "metadata.labels", pairs);
        }
    }
}

/// Selectors that must keep selecting.
fn selecting(o: &mut Value, pairs: &Value) {
    match o.text("kind") {
        "Service" | "ReplicationController" => put(o, "spec.selector", pairs),
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" => {
            put(o, "spec.selector.matchLabels", pairs);
        }
        "NetworkPolicy" => {
            for path in ["spec.podSelector.matchLabels"] {
                if !o.at(path).is_null() {
                    put(o, path, pairs);
                }
            }
            for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
                let rules = o.field("spec").field(rules);
                for rule in rules
                    .as_list()
                    .map(<[_]>::len)
                    .map(|_| rules.list_mut())
                    .into_iter()
                    .flatten()
                {
                    if rule.get(peers).items().is_empty() {
                        continue;
                    }
                    for peer in rule.field(peers).list_mut() {
                        if !peer.at("podSelector.matchLabels").is_null() {
                            put(peer, "podSelector.matchLabels", pairs);
                        }
                    }
                }
            }
            for field in ["ingress", "egress"] {
                if o.at("spec").get(field).is_null() {
                    o.field("spec").map_mut().remove(field);
                }
            }
        }
        _ if !o.at("spec.selector.matchLabels").is_null() => {
            put(o, "spec.selector.matchLabels", pairs);
        }
        _ => {}
    }
    for t in [
        "spec.template.spec",
        "spec.jobTemplate.spec.template.spec",
        "spec",
    ] {
        if o.at(t).has("affinity") || o.at(t).has("topologySpreadConstraints") {
            for field in ["affinity", "topologySpreadConstraints"] {
                if o.at(t).has(field) {
                    spread(o.place(t).field(field), pairs, 0);
                }
            }
        }
    }
}

/// `labelSelector.matchLabels` anywhere below.
fn spread(v: &mut Value, pairs: &Value, depth: usize) {
    if depth > 8 {
        return;
    }
    match v {
        Value::Map(_) => {
            for (key, _) in v.clone().entries() {
                let inner = v.field(key);
                if key.as_str() == "labelSelector" && !inner.get("matchLabels").is_null() {
                    put(inner, "matchLabels", pairs);
                } else {
                    spread(inner, pairs, depth + 1);
                }
            }
        }
        Value::List(l) if !l.is_empty() => {
            for x in v.list_mut() {
                spread(x, pairs, depth + 1);
            }
        }
        _ => {}
    }
}

fn annotated(k: &Value, m: &mut Made) {
    let annotations = k.get("commonAnnotations");
    if annotations.is_empty() {
        return;
    }
    m.edit(|o| {
        put(o, "metadata.annotations", annotations);
        for t in TEMPLATES {
            if o.at(t).as_map().is_some() {
                put(o, &format!("{t}.metadata.annotations"), annotations);
            }
        }
    });
}

fn replicas(k: &Value, made: &mut [Made]) -> Result<(), Fail> {
    const SCALED: &[&str] = &[
        "Deployment",
        "StatefulSet",
        "ReplicaSet",
        "ReplicationController",
    ];
    for r in k.get("replicas").items() {
        let mut hit = false;
        for m in made.iter_mut() {
            if SCALED.contains(&m.object.kind()) && m.called(r.text("name")) {
                hit = true;
                m.edit(|o| o.set("spec.replicas", r.int("count")));
            }
        }
        if !hit {
            let kinds: Vec<String> = SCALED
                .iter()
                .map(|k| format!("{k}.[noVer].[noGrp]"))
                .collect();
            return Err(text(format!(
                "resource with name {} does not match a config with the following GVK [{}]",
                r.text("name"),
                kinds.join(" ")
            )));
        }
    }
    Ok(())
}

/// Images of containers, wherever these stand.
fn images(v: &mut Value, entry: &Value) {
    match v {
        Value::Map(_) => {
            for (key, inner) in v.clone().entries() {
                let containers = ["containers", "initContainers"].contains(&key.as_str());
                if containers && !inner.items().is_empty() {
                    for c in v.field(key).list_mut() {
                        let old = c.text("image").to_string();
                        let new = imaged(&old, entry);
                        if new != old {
                            c.set("image", new);
                        }
                    }
                } else if inner.as_map().is_some() || inner.as_list().is_some() {
                    images(v.field(key), entry);
                }
            }
        }
        Value::List(l) if !l.is_empty() => {
            for x in v.list_mut() {
                images(x, entry);
            }
        }
        _ => {}
    }
}

/// `nginx:1.25` as an entry of `images` changes it.
fn imaged(image: &str, entry: &Value) -> String {
    let (rest, digest) = match image.split_once('@') {
        Some((b, d)) => (b, d),
        None => (image, ""),
    };
    let (base, tag) = match rest.rsplit_once(':') {
        Some((b, t)) if !t.contains('/') => (b, t),
        _ => (rest, ""),
    };
    if base != entry.text("name") {
        return image.to_string();
    }
    let name = match entry.text("newName") {
        "" => base,
        n => n,
    };
    let (mut tag, mut digest) = (tag.to_string(), digest.to_string());
    match (entry.text("newTag"), entry.text("digest")) {
        ("", "") => {}
        (t, "") => (tag, digest) = (t.to_string(), String::new()),
        ("", d) => (tag, digest) = (String::new(), d.to_string()),
        (t, d) => (tag, digest) = (t.to_string(), d.to_string()),
    }
    if !entry.text("tagSuffix").is_empty() {
        tag.push_str(entry.text("tagSuffix"));
    }
    let mut out = name.to_string();
    if !tag.is_empty() {
        out.push_str(&format!(":{tag}"));
    }
    if !digest.is_empty() {
        out.push_str(&format!("@{digest}"));
    }
    out
}
