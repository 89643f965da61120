//! The `Warning:` lines that the server adds for what works but should not be written any more.
//! Upstream: `kubernetes:pkg/api/pod/warning.go`, `pkg/api/node/util.go`, `pkg/api/persistentvolume*/util.go`.

use machinery::{Object, Value};

/// A pod's, and those of its name.
pub fn pod(o: &Object) -> Vec<String> {
    let mut out = of_pod(&o.0, "");
    let found = crate::names::dns_label(o.name());
    if !found.is_empty() {
        out.push(format!(
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]",
            found.join(" ")
        ));
    }
    out
}

/// Those of a workload's template, at `spec.template`.
pub fn template(o: &Object) -> Vec<String> {
    of_pod(o.at("spec.template"), "spec.template.")
}

/// Of a workload whose name becomes part of its pods' names.
pub fn named_template(o: &Object) -> Vec<String> {
    let mut out = Vec::new();
    let found = crate::names::dns_label(o.name());
    if !found.is_empty() {
        out.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [{}]",
            found.join(" ")
        ));
    }
    out.extend(template(o));
    out
}

const LABELS: &[(&str, &str)] = &[
    (
        "beta.kubernetes.io/arch",
        "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
    ),
    (
        "beta.kubernetes.io/os",
        "deprecated since v1.14; use \"kubernetes.io/os\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
    (
        "node-role.kubernetes.io/master",
        "use \"node-role.kubernetes.io/control-plane\" instead",
    ),
];

const VOLUMES: &[(&str, &str)] = &[
    (
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    (
        "gitRepo",
        "deprecated in v1.11, and disabled by default in v1.33+",
    ),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

fn of_label(key: &str) -> Option<&'static str> {
    LABELS
        .iter()
        .find(|(k, _)| *k == key)
        .map(|(_, text)| *text)
}

/// A pod or a template, at `at`.
fn of_pod(p: &Value, at: &str) -> Vec<String> {
    let mut out = Vec::new();
    let spec = p.get("spec");
    for (key, _) in spec.get("nodeSelector").entries() {
        if let Some(text) = of_label(key) {
            out.push(format!("{at}spec.nodeSelector[{key}]: {text}"));
        }
    }
    affinity(spec, at, &mut out);
    for (i, c) in spec
        .get("topologySpreadConstraints")
        .items()
        .iter()
        .enumerate()
    {
        let key = c.text("topologyKey");
        if let Some(text) = of_label(key) {
            out.push(format!(
                "{at}spec.topologySpreadConstraints[{i}].topologyKey: {key} is {text}"
            ));
        }
    }
    annotations(p, at, &mut out);
    for (i, v) in spec.get("volumes").items().iter().enumerate() {
        for (field, text) in VOLUMES.iter().filter(|(field, _)| v.has(field)) {
            out.push(format!("{at}spec.volumes[{i}].{field}: {text}"));
        }
    }
    containers(spec, at, &mut out);
    if spec.int("terminationGracePeriodSeconds") < 0 {
        out.push(format!(
            "{at}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    out
}

fn affinity(spec: &Value, at: &str, out: &mut Vec<String>) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let node = spec.at("affinity.nodeAffinity");
    let at = format!("{at}spec.affinity.nodeAffinity");
    let mut term = |t: &Value, at: String| {
        for (i, e) in t.get("matchExpressions").items().iter().enumerate() {
            let key = e.text("key");
            if let Some(text) = of_label(key) {
                out.push(format!("{at}.matchExpressions[{i}].key: {key} is {text}"));
            }
        }
    };
    for (i, t) in node
        .get(REQUIRED)
        .get("nodeSelectorTerms")
        .items()
        .iter()
        .enumerate()
    {
        term(t, format!("{at}.{REQUIRED}.nodeSelectorTerms[{i}]"));
    }
    for (i, t) in node.get(PREFERRED).items().iter().enumerate() {
        term(
            t.get("preference"),
            format!("{at}.{PREFERRED}[{i}].preference"),
        );
    }
}

fn annotations(p: &Value, at: &str, out: &mut Vec<String>) {
    for (key, _) in p.at("metadata.annotations").entries() {
        let text = if *key == "seccomp.security.alpha.kubernetes.io/pod"
            || key.starts_with("container.seccomp.security.alpha.kubernetes.io/")
        {
            "non-functional in v1.27+; use the \"seccompProfile\" field instead"
        } else if key.starts_with("container.apparmor.security.beta.kubernetes.io/") {
            "deprecated since v1.30; use the \"appArmorProfile\" field instead"
        } else if *key == "scheduler.alpha.kubernetes.io/critical-pod" {
            "non-functional in v1.16+; use the \"priorityClassName\" field instead"
        } else {
            continue;
        };
        out.push(format!("{at}metadata.annotations[{key}]: {text}"));
    }
}

fn containers(spec: &Value, at: &str, out: &mut Vec<String>) {
    let mut ports: Vec<(String, String)> = Vec::new();
    for list in ["initContainers", "containers"] {
        for (i, c) in spec.get(list).items().iter().enumerate() {
            let at = format!("{at}spec.{list}[{i}]");
            let mut names: Vec<&str> = Vec::new();
            for (j, e) in c.get("env").items().iter().enumerate() {
                let name = e.text("name");
                if names.contains(&name) {
                    out.push(format!(
                        "{at}.env[{j}]: hides previous definition of {name:?}, which may be dropped when using apply"
                    ));
                }
                names.push(name);
            }
            if list == "initContainers" && !crate::pod::is_sidecar(c) {
                continue;
            }
            for (j, p) in c.get("ports").items().iter().enumerate() {
                let what = format!(
                    "{}/{}/{}",
                    p.int("containerPort"),
                    p.text("protocol"),
                    p.text("hostIP")
                );
                let here = format!("{at}.ports[{j}]");
                match ports.iter().find(|(w, _)| *w == what) {
                    Some((_, first)) => {
                        out.push(format!("{here}: duplicate port definition with {first}"));
                    }
                    None => ports.push((what, here)),
                }
            }
        }
    }
}

/// Of volumes and claims.
pub fn storage(o: &Object) -> Vec<String> {
    let mut out = Vec::new();
    let key = "volume.beta.kubernetes.io/storage-class";
    if o.annotation(key).is_some() {
        out.push(format!(
            "metadata.annotations[{key}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    if o.text("spec.persistentVolumeReclaimPolicy") == "Recycle" {
        out.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".into());
    }
    out
}
