//! Validation of containers: ports, environment, mounts, resources, probes, hooks, security.
//! Upstream: `validateContainers` and below in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::{each, non_negative, one_of};
use crate::names;
use crate::resource_validate::requirements;
use machinery::{Errors, Path, Value};

pub fn containers(spec: &Value, volumes: &[String], path: &Path, errors: &mut Errors) {
    let list = spec.get("containers").items();
    if list.is_empty() {
        errors.required(&path.child("containers"), "");
    }
    let mut taken: Vec<&str> = Vec::new();
    for (i, c) in list.iter().enumerate() {
        let path = path.child("containers").index(i);
        common(c, volumes, &path, errors);
        name_once(c, &mut taken, &path, errors);
        running(c, &path, errors);
    }
    host_port_conflicts(list, &path.child("containers"), errors);
    for (i, c) in spec.get("initContainers").items().iter().enumerate() {
        let path = path.child("initContainers").index(i);
        common(c, volumes, &path, errors);
        name_once(c, &mut taken, &path, errors);
        init(c, &path, errors);
    }
    for (i, c) in spec.get("ephemeralContainers").items().iter().enumerate() {
        let path = path.child("ephemeralContainers").index(i);
        common(c, volumes, &path, errors);
        name_once(c, &mut taken, &path, errors);
        for key in [
            "ports",
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
        ] {
            if !c.get(key).is_null() {
                errors.forbidden(&path.child(key), "cannot be set for an Ephemeral Container");
            }
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
fn init(c: &Value, path: &Path, errors: &mut Errors) {
    if crate::pod::is_sidecar(c) {
        return running(c, path, errors);
    }
    if !c.get("restartPolicy").is_null() {
        errors.not_supported(
            &path.child("restartPolicy"),
            Value::str(c.text("restartPolicy")),
            &["Always"],
        );
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
fn running(c: &Value, path: &Path, errors: &mut Errors) {
    for key in ["postStart", "preStop"] {
        let hook = c.get("lifecycle").get(key);
        if !hook.is_null() {
            handler(hook, &path.child("lifecycle").child(key), errors);
        }
    }
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let p = c.get(key);
        if p.is_null() {
            continue;
        }
        let path = path.child(key);
        handler(p, &path, errors);
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
fn handler(h: &Value, path: &Path, errors: &mut Errors) {
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
            "sleep" if action.int("seconds") < 0 => {
                let why = "must be non-negative and less than terminationGracePeriodSeconds";
                errors.invalid(&path, action.int("seconds"), why);
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

fn common(c: &Value, volumes: &[String], path: &Path, errors: &mut Errors) {
    match c.text("name") {
        "" => errors.required(&path.child("name"), ""),
        name => each(errors, &path.child("name"), name, names::dns_label(name)),
    }
    let image = c.text("image");
    if image.is_empty() {
        errors.required(&path.child("image"), "");
    } else if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        errors.invalid(&path.child("image"), Value::str(image), why);
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
    mounts(c, volumes, &path.child("volumeMounts"), errors);
    let known = ["Always", "IfNotPresent", "Never"];
    one_of(
        c.text("imagePullPolicy"),
        &path.child("imagePullPolicy"),
        &known,
        errors,
    );
    requirements(c.get("resources"), &path.child("resources"), errors);
    security(
        c.get("securityContext"),
        &path.child("securityContext"),
        errors,
    );
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

fn mounts(c: &Value, volumes: &[String], path: &Path, errors: &mut Errors) {
    let mut taken: Vec<&str> = Vec::new();
    for (i, m) in c.get("volumeMounts").items().iter().enumerate() {
        let at = path.index(i);
        let (name, place) = (m.text("name"), m.text("mountPath"));
        if name.is_empty() {
            errors.required(&at.child("name"), "");
        }
        if !volumes.iter().any(|v| v == name) {
            errors.not_found(&at.child("name"), Value::str(name));
        }
        if place.is_empty() {
            errors.required(&at.child("mountPath"), "");
        }
        if taken.contains(&place) {
            errors.invalid(&at.child("mountPath"), Value::str(place), "must be unique");
        }
        taken.push(place);
        // Upstream leaves the index out of these two.
        for key in ["subPath", "subPathExpr"] {
            if !m.text(key).is_empty() {
                crate::volume_validate::descending(m.text(key), &path.child(key), errors);
            }
        }
        if !m.text("subPath").is_empty() && !m.text("subPathExpr").is_empty() {
            let why = "subPathExpr and subPath are mutually exclusive";
            errors.invalid(
                &at.child("subPathExpr"),
                Value::str(m.text("subPathExpr")),
                why,
            );
        }
        let propagation = m.text("mountPropagation");
        let known = ["Bidirectional", "HostToContainer", "None"];
        if !propagation.is_empty() && !known.contains(&propagation) {
            errors.not_supported(
                &at.child("mountPropagation"),
                Value::str(propagation),
                &known,
            );
        }
    }
}

fn security(s: &Value, path: &Path, errors: &mut Errors) {
    for key in ["runAsUser", "runAsGroup"] {
        if let Some(n) = s.get(key).as_i64() {
            for m in names::user_id(n) {
                errors.invalid(&path.child(key), n, &m);
            }
        }
    }
    crate::pod_validate::seccomp(
        s.get("seccompProfile"),
        &path.child("seccompProfile"),
        errors,
    );
    if s.get("allowPrivilegeEscalation").as_bool() != Some(false) {
        return;
    }
    let why = if s.flag("privileged") {
        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
    } else if s
        .at("capabilities.add")
        .items()
        .iter()
        .any(|c| c.as_str() == Some("CAP_SYS_ADMIN"))
    {
        "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
    } else {
        return;
    };
    errors.0.push(machinery::field::FieldError {
        kind: "FieldValueInvalid",
        path: path.to_string(),
        text: format!("Invalid value: {}: {why}", internal(s, SECURITY)),
    });
}

const SECURITY: &[&str] = &[
    "Capabilities",
    "Privileged",
    "SELinuxOptions",
    "WindowsOptions",
    "RunAsUser",
    "RunAsGroup",
    "RunAsNonRoot",
    "ReadOnlyRootFilesystem",
    "AllowPrivilegeEscalation",
    "ProcMount",
    "SeccompProfile",
    "AppArmorProfile",
];

/// A struct as the server's internal type prints: its Go field names, in their order, `null` for what is not set.
pub fn internal(v: &Value, fields: &[&str]) -> String {
    let one = |name: &&str| {
        let head = name.chars().take_while(char::is_ascii_uppercase).count();
        // `SELinuxOptions` is `seLinuxOptions` in JSON, `Privileged` is `privileged`.
        let small = if head > 1 { head - 1 } else { 1 };
        let key = format!("{}{}", name[..small].to_lowercase(), &name[small..]);
        let value = match v.get(&key) {
            Value::Map(m) if m.get("add").is_some() || m.get("drop").is_some() => {
                let list = |k| machinery::json::print(m.get(k).unwrap_or(machinery::NULL));
                format!("{{\"Add\":{},\"Drop\":{}}}", list("add"), list("drop"))
            }
            Value::Map(_) if name.ends_with("Profile") || name.ends_with("Options") => {
                let field = |(k, x): &(machinery::Str, Value)| {
                    let mut letters = k.chars();
                    let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
                    let key: String = first.chain(letters).collect();
                    format!("{key:?}:{}", machinery::json::print(x))
                };
                let fields: Vec<String> = v.get(&key).entries().iter().map(field).collect();
                format!("{{{}}}", fields.join(","))
            }
            other => machinery::json::print(other),
        };
        format!("{name:?}:{value}")
    };
    format!(
        "{{{}}}",
        fields.iter().map(one).collect::<Vec<_>>().join(",")
    )
}
