//! Validation of containers: ports, environment, mounts, resources, probes, hooks, security.
//! Upstream: `validateContainers` and below in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::{each, non_negative, one_of};
use crate::names;
use crate::resource_validate::requirements;
use machinery::{Errors, Path, Value};

/// What a pod's containers are held against.
pub struct Pod<'a> {
    pub spec: &'a Value,
    /// The volumes that can be mounted.
    pub volumes: &'a [&'a Value],
}

impl Pod<'_> {
    /// Whether users of the pod's containers are those of the node.
    pub fn host_users(&self) -> bool {
        self.spec.get("hostUsers").as_bool() != Some(false)
    }
}

pub fn containers(pod: &Pod, path: &Path, errors: &mut Errors) {
    let spec = pod.spec;
    let list = spec.get("containers").items();
    if list.is_empty() {
        errors.required(&path.child("containers"), "");
    }
    let mut taken: Vec<&str> = Vec::new();
    for (i, c) in list.iter().enumerate() {
        let path = path.child("containers").index(i);
        common(c, pod, &path, errors);
        name_once(c, &mut taken, &path, errors);
        running(c, pod, &path, errors);
        restarts(c, &path, errors);
    }
    host_port_conflicts(list, &path.child("containers"), errors);
    for (i, c) in spec.get("initContainers").items().iter().enumerate() {
        let path = path.child("initContainers");
        let at = path.index(i);
        common(c, pod, &at, errors);
        restarts(c, &at, errors);
        name_once(c, &mut taken, &at, errors);
        host_port_conflicts(std::slice::from_ref(c), &path, errors);
        init(c, pod, &at, errors);
    }
    let targets = taken.clone();
    for (i, c) in spec.get("ephemeralContainers").items().iter().enumerate() {
        let at = path.child("ephemeralContainers").index(i);
        common(c, pod, &at, errors);
        image_is_bare(c, &at, errors);
        name_once(c, &mut taken, &at, errors);
        ephemeral(c, &targets, &at, errors);
    }
}

/// A container for looking at others is no part of what the pod does.
fn ephemeral(c: &Value, targets: &[&str], path: &Path, errors: &mut Errors) {
    const WHY: &str = "cannot be set for an Ephemeral Container";
    const BARRED: &[&str] = &[
        "ports",
        "resources",
        "resizePolicy",
        "restartPolicy",
        "restartPolicyRules",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle",
    ];
    let target = c.text("targetContainerName");
    if !target.is_empty() && !targets.contains(&target) {
        errors.not_found(&path.child("targetContainerName"), Value::str(target));
    }
    for key in BARRED {
        let v = c.get(key);
        let is_empty = v.is_null() || (*key == "resources" && v.is_empty());
        if !is_empty {
            errors.forbidden(&path.child(key), WHY);
        }
    }
    for (i, m) in c.get("volumeMounts").items().iter().enumerate() {
        for key in ["subPath", "subPathExpr"] {
            if !m.text(key).is_empty() {
                let at = path.child("volumeMounts").index(i).child(key);
                errors.forbidden(&at, WHY);
            }
        }
    }
}

/// Of pods, not of templates.
pub fn image_is_bare(c: &Value, path: &Path, errors: &mut Errors) {
    let image = c.text("image");
    if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        errors.invalid(&path.child("image"), Value::str(image), why);
    }
}

/// A container's own restart policy, and the rules that go before it.
fn restarts(c: &Value, path: &Path, errors: &mut Errors) {
    let policy = c.get("restartPolicy").as_str();
    let known = ["Always", "Never", "OnFailure"];
    let at = path.child("restartPolicy");
    if let Some(p) = policy.filter(|p| !known.contains(p)) {
        errors.not_supported(&at, Value::str(p), &known);
    }
    let rules = c.get("restartPolicyRules").items();
    if !rules.is_empty() && policy.is_none() {
        let why = "must specify restartPolicy when restart rules are used";
        errors.required(&at, why);
    }
    let path = path.child("restartPolicyRules");
    if rules.len() > 20 {
        errors.too_many(&path, rules.len(), 20);
    }
    for (i, r) in rules.iter().enumerate() {
        let path = path.index(i);
        let (action, known) = (r.text("action"), ["Restart", "RestartAllContainers"]);
        if !known.contains(&action) {
            errors.not_supported(&path.child("action"), Value::str(action), &known);
        }
        let (codes, at) = (r.get("exitCodes"), path.child("exitCodes"));
        if codes.is_null() {
            errors.required(&at, "must be specified");
            continue;
        }
        let (operator, known) = (codes.text("operator"), ["In", "NotIn"]);
        if !known.contains(&operator) {
            errors.not_supported(&at.child("operator"), Value::str(operator), &known);
        }
        let n = codes.get("values").items().len();
        if n > 255 {
            errors.too_many(&at.child("values"), n, 255);
        }
    }
}

fn name_once<'a>(c: &'a Value, taken: &mut Vec<&'a str>, path: &Path, errors: &mut Errors) {
    let name = c.text("name");
    if taken.contains(&name) {
        errors.duplicate(&path.child("name"), Value::str(name));
    } else if !name.is_empty() {
        taken.push(name);
    }
}

/// An init container ends before the next begins: it has no probes and hooks, unless it is a sidecar.
fn init(c: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    if crate::pod::is_sidecar(c) {
        return running(c, pod, path, errors);
    }
    for key in [
        "lifecycle",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
    ] {
        if !c.get(key).is_null() {
            let why = "may not be set for init containers without restartPolicy=Always";
            errors.forbidden(&path.child(key), why);
        }
    }
}

/// Hooks and probes.
fn running(c: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    let grace = pod.spec.get("terminationGracePeriodSeconds").as_i64();
    for key in ["postStart", "preStop"] {
        let hook = c.get("lifecycle").get(key);
        if !hook.is_null() {
            handler(hook, grace, &path.child("lifecycle").child(key), errors);
        }
    }
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let p = c.get(key);
        if p.is_null() {
            continue;
        }
        let path = path.child(key);
        handler(p, grace, &path, errors);
        for field in [
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ] {
            non_negative(p.int(field), &path.child(field), errors);
        }
        let grace = p.get("terminationGracePeriodSeconds").as_i64();
        let grace_path = path.child("terminationGracePeriodSeconds");
        if let Some(n) = grace.filter(|n| *n <= 0) {
            errors.invalid(&grace_path, n, "must be greater than 0");
        }
        if key == "readinessProbe" {
            if let Some(n) = grace {
                errors.invalid(&grace_path, n, "must not be set for readinessProbes");
            }
        } else if p.int("successThreshold") != 1 {
            errors.invalid(
                &path.child("successThreshold"),
                p.int("successThreshold"),
                "must be 1",
            );
        }
    }
}

/// What a probe or a hook does: one thing.
fn handler(h: &Value, grace: Option<i64>, path: &Path, errors: &mut Errors) {
    let mut found = 0;
    for key in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let action = h.get(key);
        if action.is_null() {
            continue;
        }
        found += 1;
        let path = path.child(key);
        if found > 1 {
            errors.forbidden(&path, "may not specify more than 1 handler type");
            continue;
        }
        match key {
            "exec" if action.get("command").items().is_empty() => {
                errors.required(&path.child("command"), "");
            }
            "httpGet" => http_get(action, &path, errors),
            "tcpSocket" | "grpc" => port(action.get("port"), &path.child("port"), errors),
            "sleep" => {
                let n = action.int("seconds");
                if let Some(grace) = grace.filter(|g| n < 0 || n > *g) {
                    let why = format!(
                        "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                    );
                    errors.invalid(&path, n, &why);
                }
            }
            _ => {}
        }
    }
    if found == 0 {
        errors.required(path, "must specify a handler type");
    }
}

fn http_get(action: &Value, path: &Path, errors: &mut Errors) {
    if action.text("path").is_empty() {
        errors.required(&path.child("path"), "");
    }
    port(action.get("port"), &path.child("port"), errors);
    let scheme = action.text("scheme");
    if !["HTTP", "HTTPS"].contains(&scheme) {
        errors.not_supported(
            &path.child("scheme"),
            Value::str(scheme),
            &["HTTP", "HTTPS"],
        );
    }
    for h in action.get("httpHeaders").items() {
        each(
            errors,
            &path.child("httpHeaders"),
            h.text("name"),
            names::http_header(h.text("name")),
        );
    }
}

/// A port by number or by name.
pub fn port(v: &Value, path: &Path, errors: &mut Errors) {
    match v {
        Value::Str(name) => each(errors, path, name, names::port_name(name)),
        other => {
            let n = other.as_i64().unwrap_or(0);
            for m in names::port_number(n) {
                errors.invalid(path, n, &m);
            }
        }
    }
}

fn common(c: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    match c.text("name") {
        "" => errors.required(&path.child("name"), ""),
        name => each(errors, &path.child("name"), name, names::dns_label(name)),
    }
    if c.text("image").is_empty() {
        errors.required(&path.child("image"), "");
    }
    let known = ["FallbackToLogsOnError", "File"];
    one_of(
        c.text("terminationMessagePolicy"),
        &path.child("terminationMessagePolicy"),
        &known,
        errors,
    );
    ports(c, &path.child("ports"), errors);
    crate::env_validate::env(c.get("env"), &path.child("env"), errors);
    crate::env_validate::env_from(c.get("envFrom"), &path.child("envFrom"), errors);
    crate::mount_validate::mounts(c, pod.volumes, &path.child("volumeMounts"), errors);
    crate::mount_validate::devices(c, pod.volumes, &path.child("volumeDevices"), errors);
    let known = ["Always", "IfNotPresent", "Never"];
    one_of(
        c.text("imagePullPolicy"),
        &path.child("imagePullPolicy"),
        &known,
        errors,
    );
    let claims: Vec<&str> = pod
        .spec
        .get("resourceClaims")
        .items()
        .iter()
        .map(|c| c.text("name"))
        .collect();
    requirements(
        c.get("resources"),
        &claims,
        &path.child("resources"),
        errors,
    );
    resize(c, pod, &path.child("resizePolicy"), errors);
    crate::pod_security::container(
        c.get("securityContext"),
        pod.host_users(),
        &path.child("securityContext"),
        errors,
    );
}

/// What a change of resources does to the container.
fn resize(c: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    let list = c.get("resizePolicy").items();
    for (i, p) in list.iter().enumerate() {
        let (name, policy) = (p.text("resourceName"), p.text("restartPolicy"));
        if list.iter().take(i).any(|o| o.text("resourceName") == name) {
            errors.duplicate(&path.index(i), Value::str(name));
        }
        one_of(name, path, &["cpu", "memory"], errors);
        one_of(policy, path, &["NotRequired", "RestartContainer"], errors);
        if pod.spec.text("restartPolicy") == "Never" && policy != "NotRequired" {
            let why = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errors.invalid(path, Value::str(policy), why);
        }
    }
}

fn ports(c: &Value, path: &Path, errors: &mut Errors) {
    let mut taken: Vec<&str> = Vec::new();
    for (i, p) in c.get("ports").items().iter().enumerate() {
        let path = path.index(i);
        let name = p.text("name");
        if !name.is_empty() {
            let found = names::port_name(name);
            if !found.is_empty() {
                each(errors, &path.child("name"), name, found);
            } else if taken.contains(&name) {
                errors.duplicate(&path.child("name"), Value::str(name));
            } else {
                taken.push(name);
            }
        }
        let number = p.int("containerPort");
        if number == 0 {
            errors.required(&path.child("containerPort"), "");
        } else {
            port(p.get("containerPort"), &path.child("containerPort"), errors);
        }
        if p.int("hostPort") != 0 {
            port(p.get("hostPort"), &path.child("hostPort"), errors);
        }
        one_of(
            p.text("protocol"),
            &path.child("protocol"),
            &["SCTP", "TCP", "UDP"],
            errors,
        );
    }
}

/// Two containers of a pod cannot have the same port of the host.
fn host_port_conflicts(list: &[Value], path: &Path, errors: &mut Errors) {
    let mut taken: Vec<String> = Vec::new();
    for (i, c) in list.iter().enumerate() {
        for (j, p) in c.get("ports").items().iter().enumerate() {
            if p.int("hostPort") == 0 {
                continue;
            }
            let what = format!(
                "{}/{}/{}",
                p.text("protocol"),
                p.text("hostIP"),
                p.int("hostPort")
            );
            if taken.contains(&what) {
                let path = path.index(i).child("ports").index(j).child("hostPort");
                errors.duplicate(&path, what);
            } else {
                taken.push(what);
            }
        }
    }
}
