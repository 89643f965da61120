//! Validation of what pods and containers are allowed on their node: security contexts, profiles, the host's namespaces.
//! Upstream: `validatePodSpecSecurityContext` and below in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::names;
use crate::volume_validate::descending;
use machinery::{Errors, Path, Value};

pub fn pod(s: &Value, path: &Path, errors: &mut Errors) {
    let context = s.get("securityContext");
    let path = path.child("securityContext");
    for key in ["fsGroup", "runAsUser", "runAsGroup"] {
        if let Some(n) = context.get(key).as_i64() {
            for m in names::user_id(n) {
                errors.invalid(&path.child(key), n, &m);
            }
        }
    }
    for (i, g) in context.get("supplementalGroups").items().iter().enumerate() {
        for m in names::user_id(g.as_i64().unwrap_or(0)) {
            errors.invalid(&path.child("supplementalGroups").index(i), g.clone(), &m);
        }
    }
    if s.flag("shareProcessNamespace") && s.flag("hostPID") {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.invalid(&path.child("shareProcessNamespace"), true, why);
    }
    let list = context.get("sysctls").items();
    sysctls(list, s, &path.child("sysctls"), errors);
    let known = |key: &str, list: &[&str], errors: &mut Errors| {
        if let Some(text) = context.get(key).as_str().filter(|t| !list.contains(t)) {
            errors.not_supported(&path.child(key), Value::str(text), list);
        }
    };
    known("fsGroupChangePolicy", &["Always", "OnRootMismatch"], errors);
    let profile = context.get("seccompProfile");
    seccomp(profile, &path.child("seccompProfile"), errors);
    let windows = context.get("windowsOptions");
    windows_options(windows, &path.child("windowsOptions"), errors);
    let armor = context.get("appArmorProfile");
    app_armor(armor, &path.child("appArmorProfile"), errors);
    known("supplementalGroupsPolicy", &["Merge", "Strict"], errors);
    known("seLinuxChangePolicy", &["MountOption", "Recursive"], errors);
}

/// The security context of a container; `host_users` as [`crate::container_validate::Pod::host_users`].
pub fn container(s: &Value, host_users: bool, path: &Path, errors: &mut Errors) {
    if s.is_null() {
        return;
    }
    for key in ["runAsUser", "runAsGroup"] {
        if let Some(n) = s.get(key).as_i64() {
            for m in names::user_id(n) {
                errors.invalid(&path.child(key), n, &m);
            }
        }
    }
    if let Some(mount) = s.get("procMount").as_str() {
        let (at, known) = (path.child("procMount"), ["Default", "Unmasked"]);
        if !known.contains(&mount) {
            errors.not_supported(&at, Value::str(mount), &known);
        }
        if mount == "Unmasked" && host_users {
            let why = "`hostUsers` must be false to use `Unmasked`";
            errors.invalid(&at, Value::str(mount), why);
        }
    }
    let profile = s.get("seccompProfile");
    seccomp(profile, &path.child("seccompProfile"), errors);
    escalation(s, path, errors);
    let windows = s.get("windowsOptions");
    windows_options(windows, &path.child("windowsOptions"), errors);
    let armor = s.get("appArmorProfile");
    app_armor(armor, &path.child("appArmorProfile"), errors);
}

fn escalation(s: &Value, path: &Path, errors: &mut Errors) {
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

/// Users of the pod's own do not go with namespaces of the node.
pub fn host_users(s: &Value, path: &Path, errors: &mut Errors) {
    if s.get("hostUsers").as_bool() != Some(false) {
        return;
    }
    let all = [
        ("hostNetwork", "hostNetwork"),
        ("hostPID", "HostPID"),
        ("hostIPC", "HostIPC"),
    ];
    for (_, shown) in all.iter().filter(|(key, _)| s.flag(key)) {
        errors.forbidden(&path.child(shown), "when `pod.Spec.HostUsers` is false");
    }
}

/// Annotations that the server reads.
pub fn annotations(notes: &Value, s: &Value, is_pod: bool, path: &Path, errors: &mut Errors) {
    const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
    const MIRROR: &str = "kubernetes.io/config.mirror";
    const ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
    if is_pod && notes.has(MIRROR) && s.text("nodeName").is_empty() {
        let why = "must set spec.nodeName if mirror pod annotation is set";
        errors.invalid(&path.key(MIRROR), notes.get(MIRROR).clone(), why);
    }
    if let Some(text) = notes.get(COST).as_str() {
        let canonical = text.parse::<i32>().is_ok_and(|n| n.to_string() == text);
        if !canonical {
            let why = "must be a 32bit integer";
            errors.invalid(&path.key(COST), Value::str(text), why);
        }
    }
    let containers = ["initContainers", "containers", "ephemeralContainers"];
    for (key, value) in notes.entries() {
        let value = value.as_str().unwrap_or("");
        let Some(name) = key.strip_prefix(ARMOR) else {
            continue;
        };
        let mut all = containers.iter().flat_map(|l| s.get(l).items());
        if !all.any(|c| c.text("name") == name) {
            errors.invalid(&path.key(key), Value::str(name), "container not found");
        }
        if !matches!(value, "" | "runtime/default" | "unconfined")
            && !value.starts_with("localhost/")
        {
            let why = format!("invalid AppArmor profile name: {value:?}");
            errors.invalid(&path.key(key), Value::str(value), &why);
        }
    }
}

fn sysctls(list: &[Value], spec: &Value, path: &Path, errors: &mut Errors) {
    const WORDS: &str = "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
    let part = |p: &str| {
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let inner = p.chars().all(|c| ends(c) || c == '-' || c == '_');
        inner && p.starts_with(ends) && p.ends_with(ends)
    };
    for (i, s) in list.iter().enumerate() {
        let (name, at) = (s.text("name"), path.index(i).child("name"));
        if name.is_empty() {
            errors.required(&at, "");
        } else if name.len() > 253 || !name.split(['.', '/']).all(part) {
            errors.invalid(&at, Value::str(name), WORDS);
        }
        let before = list.iter().take(i).map(|o| o.text("name"));
        let fine = !name.is_empty() && name.len() <= 253 && name.split(['.', '/']).all(part);
        if fine && before.into_iter().any(|n| n == name) {
            errors.duplicate(&at, Value::str(name));
        }
        let dotted = name.replace('/', ".");
        let ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];
        if spec.flag("hostNetwork") && dotted.starts_with("net.") {
            let why = "may not be specified when 'hostNetwork' is true";
            errors.invalid(&at, Value::str(name), why);
        } else if spec.flag("hostIPC") && ipc.iter().any(|p| dotted.starts_with(p)) {
            let why = "may not be specified when 'hostIPC' is true";
            errors.invalid(&at, Value::str(name), why);
        }
    }
}

/// A seccomp profile, of a pod or a container.
pub fn seccomp(profile: &Value, path: &Path, errors: &mut Errors) {
    if profile.is_null() {
        return;
    }
    let local = path.child("localhostProfile");
    let name = profile.get("localhostProfile");
    match profile.text("type") {
        "" => errors.required(
            &path.child("type"),
            "type is required when seccompProfile is set",
        ),
        "Localhost" if name.is_null() => {
            errors.required(&local, "must be set when seccomp type is Localhost");
        }
        "Localhost" => descending(name.as_str().unwrap_or(""), &local, errors),
        "RuntimeDefault" | "Unconfined" if !name.is_null() => {
            errors.invalid(
                &local,
                name.clone(),
                "can only be set when seccomp type is Localhost",
            );
        }
        "RuntimeDefault" | "Unconfined" => {}
        other => {
            let known = ["Localhost", "RuntimeDefault", "Unconfined"];
            errors.not_supported(&path.child("type"), Value::str(other), &known);
        }
    }
}

/// An AppArmor profile, of a pod or a container.
pub fn app_armor(profile: &Value, path: &Path, errors: &mut Errors) {
    const NEEDED: &str = "must be set when AppArmor type is Localhost";
    if profile.is_null() {
        return;
    }
    let (local, name) = (
        path.child("localhostProfile"),
        profile.get("localhostProfile"),
    );
    match (profile.text("type"), name.as_str()) {
        ("Localhost", None) => errors.required(&local, NEEDED),
        ("Localhost", Some(name)) => {
            if name.trim() != name {
                let why = "must not be padded with whitespace";
                errors.invalid(&local, Value::str(name), why);
            } else if name.is_empty() {
                errors.required(&local, NEEDED);
            }
            if name.len() > 4095 {
                errors.too_long(&local, 4095);
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(name)) => {
            let why = "can only be set when AppArmor type is Localhost";
            errors.invalid(&local, Value::str(name), why);
        }
        ("RuntimeDefault" | "Unconfined", None) => {}
        ("", _) => {
            let why = "type is required when appArmorProfile is set";
            errors.required(&path.child("type"), why);
        }
        (other, _) => {
            let known = ["Localhost", "RuntimeDefault", "Unconfined"];
            errors.not_supported(&path.child("type"), Value::str(other), &known);
        }
    }
}

pub fn windows_options(options: &Value, path: &Path, errors: &mut Errors) {
    let spec = options.get("gmsaCredentialSpecName").as_str();
    if let Some(name) = spec {
        let at = path.child("gmsaCredentialSpecName");
        crate::meta::each(errors, &at, name, names::dns_subdomain(name));
    }
    let at = path.child("gmsaCredentialSpec");
    match options.get("gmsaCredentialSpec").as_str() {
        Some("") => {
            errors.invalid(&at, "", "gmsaCredentialSpec cannot be an empty string");
        }
        Some(text) if text.len() > 64 * 1024 => {
            let why = "gmsaCredentialSpec size must be under 64 KiB";
            errors.invalid(&at, Value::str(text), why);
        }
        _ => {}
    }
    if options.get("runAsUserName").as_str() == Some("") {
        let why = "runAsUserName cannot be an empty string";
        errors.invalid(&path.child("runAsUserName"), "", why);
    }
}

/// A pod for one operating system does not ask for what only another has.
pub fn os(s: &Value, path: &Path, errors: &mut Errors) {
    if s.get("os").is_null() {
        return;
    }
    let name = s.text("os.name");
    let at = path.child("os").child("name");
    match name {
        "" => return errors.required(&at, "cannot be empty"),
        "linux" | "windows" => {}
        other => {
            return errors.not_supported(&at, Value::str(other), &["linux", "windows"]);
        }
    }
    let own: &[&str] = &[
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "fsGroup",
        "fsGroupChangePolicy",
        "sysctls",
        "runAsUser",
        "runAsGroup",
        "supplementalGroups",
        "supplementalGroupsPolicy",
        "seLinuxChangePolicy",
    ];
    let containers: &[&str] = &[
        "appArmorProfile",
        "seLinuxOptions",
        "seccompProfile",
        "capabilities",
        "readOnlyRootFilesystem",
        "privileged",
        "allowPrivilegeEscalation",
        "procMount",
        "runAsUser",
        "runAsGroup",
    ];
    let host: &[&str] = &["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"];
    let (why, own, containers, host) = match name {
        "linux" => {
            let only = &["windowsOptions"][..];
            (
                "windows options cannot be set for a linux pod",
                only,
                only,
                &[][..],
            )
        }
        _ => ("cannot be set for a windows pod", own, containers, host),
    };
    let barred = |v: &Value, keys: &[&str], path: &Path, errors: &mut Errors| {
        for key in keys.iter().filter(|k| v.has(k)) {
            errors.forbidden(&path.child(key), why);
        }
    };
    barred(
        s.get("securityContext"),
        own,
        &path.child("securityContext"),
        errors,
    );
    barred(s, host, path, errors);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (i, c) in s.get(list).items().iter().enumerate() {
            let at = path.child(list).index(i).child("securityContext");
            barred(c.get("securityContext"), containers, &at, errors);
        }
    }
}
