//! The defaults of a pod and of a pod template: used by every kind that holds one.
//! Upstream: `kubernetes:pkg/apis/core/v1/defaults.go` (`SetDefaults_Pod`, `SetDefaults_PodSpec`, ...).
//! The service account's volume, the tolerations and the priority are no defaults: admission puts them in.

use crate::edit::{each, within};
use machinery::{Value, value};

/// A pod's own defaults: those of every pod spec, and those that only a real pod gets.
pub fn pod(v: &mut Value) {
    within(v, "spec", |spec| {
        spec.set_default("enableServiceLinks", true);
        each(spec, "containers", requests_from_limits);
        each(spec, "initContainers", requests_from_limits);
        if spec.has("resources") {
            within(spec, "resources", |r| limits_to_requests(r, ""));
        }
        pod_spec(spec);
        if spec.flag("hostNetwork") {
            each(spec, "containers", host_ports);
            each(spec, "initContainers", host_ports);
        }
    });
}

/// The template at `path` (`spec.template`).
pub fn template(v: &mut Value, path: &str) {
    v.set_default(path, Value::map());
    within(v, path, |t| {
        t.set_default("metadata", Value::map());
        t.set_default("spec", Value::map());
        within(t, "spec", pod_spec);
    });
}

/// What every pod spec gets, a pod's and a template's.
pub fn pod_spec(spec: &mut Value) {
    spec.set_default("dnsPolicy", "ClusterFirst");
    spec.set_default("restartPolicy", "Always");
    spec.set_default("securityContext", Value::map());
    spec.set_default("terminationGracePeriodSeconds", 30);
    spec.set_default("schedulerName", "default-scheduler");
    let account = match (spec.text("serviceAccountName"), spec.text("serviceAccount")) {
        ("", "") => String::new(),
        ("", old) => old.to_string(),
        (new, _) => new.to_string(),
    };
    if !account.is_empty() {
        spec.set("serviceAccountName", Value::str(&account));
        spec.set("serviceAccount", Value::str(&account));
    }
    each(spec, "volumes", volume);
    each(spec, "initContainers", container);
    each(spec, "containers", container);
    each(spec, "ephemeralContainers", container);
}

fn container(c: &mut Value) {
    if c.at("imagePullPolicy").is_empty() {
        let policy = if is_latest(c.text("image")) {
            "Always"
        } else {
            "IfNotPresent"
        };
        c.set("imagePullPolicy", policy);
    }
    c.set_default("resources", Value::map());
    c.set_default("terminationMessagePath", "/dev/termination-log");
    c.set_default("terminationMessagePolicy", "File");
    each(c, "ports", |p| p.set_default("protocol", "TCP"));
    each(c, "env", env);
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        within(c, name, probe);
    }
    for hook in ["lifecycle.postStart", "lifecycle.preStop"] {
        within(c, hook, |h| within(h, "httpGet", http_get));
    }
}

/// Whether the image is named without tag and digest, or as `:latest`.
fn is_latest(image: &str) -> bool {
    let bad = image.is_empty() || image.chars().any(|c| c.is_whitespace());
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    let (repository, tag) = match last.rsplit_once(':') {
        Some((_, tag)) => (name.strip_suffix(tag).unwrap_or(name), Some(tag)),
        None => (name, None),
    };
    // A name that does not parse has no tag at all, so it is not "latest" either.
    let path = match repository.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => repository,
    };
    if bad || path.chars().any(|c| c.is_ascii_uppercase()) {
        return false;
    }
    match tag {
        Some(tag) => tag == "latest",
        None => digest.is_none(),
    }
}

fn env(e: &mut Value) {
    within(e, "valueFrom", |from| {
        within(from, "fieldRef", |f| f.set_default("apiVersion", "v1"));
        within(from, "resourceFieldRef", |f| f.set_default("divisor", "0"));
    });
}

fn probe(p: &mut Value) {
    let number = |p: &mut Value, key: &str, n: i64| {
        if p.int(key) == 0 {
            p.set(key, n);
        }
    };
    number(p, "timeoutSeconds", 1);
    number(p, "periodSeconds", 10);
    number(p, "successThreshold", 1);
    number(p, "failureThreshold", 3);
    within(p, "httpGet", http_get);
    within(p, "grpc", |g| g.set_default("service", ""));
}

fn http_get(h: &mut Value) {
    h.set_default("path", "/");
    h.set_default("scheme", "HTTP");
}

fn volume(v: &mut Value) {
    if v.entries().iter().all(|(key, _)| *key == "name") {
        v.set("emptyDir", Value::map());
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        within(v, source, |s| s.set_default("defaultMode", 420));
    }
    within(v, "downwardAPI", downward_items);
    within(v, "hostPath", |h| h.set_default("type", ""));
    within(v, "projected", |p| {
        each(p, "sources", |s| {
            within(s, "serviceAccountToken", |t| {
                if t.int("expirationSeconds") == 0 {
                    t.set("expirationSeconds", 3600);
                }
            });
            within(s, "downwardAPI", downward_items);
        });
    });
    within(v, "iscsi", |s| s.set_default("iscsiInterface", "default"));
    within(v, "rbd", |s| {
        s.set_default("pool", "rbd");
        s.set_default("user", "admin");
        s.set_default("keyring", "/etc/ceph/keyring");
    });
    within(v, "azureDisk", |s| {
        s.set_default("cachingMode", "ReadWrite");
        s.set_default("fsType", "ext4");
        s.set_default("readOnly", false);
        s.set_default("kind", "Shared");
    });
    within(v, "image", |s| {
        let policy = if is_latest(s.text("reference")) {
            "Always"
        } else {
            "IfNotPresent"
        };
        s.set_default("pullPolicy", policy);
    });
    within(v, "ephemeral.volumeClaimTemplate", |t| {
        t.set_default("metadata", Value::map());
        within(t, "spec", claim_spec);
    });
}

fn downward_items(d: &mut Value) {
    each(d, "items", |i| {
        within(i, "fieldRef", |f| f.set_default("apiVersion", "v1"));
        within(i, "resourceFieldRef", |f| f.set_default("divisor", "0"));
    });
}

/// What a PersistentVolumeClaim's spec gets, in a claim, a template of claims and an ephemeral volume.
pub fn claim_spec(spec: &mut Value) {
    spec.set_default("volumeMode", "Filesystem");
    spec.set_default("resources", Value::map());
}

fn requests_from_limits(c: &mut Value) {
    limits_to_requests(c, "resources.");
}

/// A limit without a request is the request too.
fn limits_to_requests(v: &mut Value, prefix: &str) {
    let limits = v.at(&format!("{prefix}limits")).clone();
    for (name, amount) in limits.entries() {
        let requests = format!("{prefix}requests");
        if v.at(&requests).get(name).is_null() {
            *v.place(&requests).field(name) = amount.clone();
        }
    }
}

/// On the host's network a container's port is the host's.
fn host_ports(c: &mut Value) {
    each(c, "ports", |p| {
        let port = p.int("containerPort");
        if p.int("hostPort") == 0 && port != 0 {
            p.set("hostPort", port);
        }
    });
}

/// A fresh pod's status.
pub fn fresh_status(v: &Value) -> Value {
    let class = match v.text("status.qosClass") {
        "" => crate::pod::qos(v.get("spec")).to_string(),
        kept => kept.to_string(),
    };
    value!({ "phase": "Pending", "qosClass": class })
}
