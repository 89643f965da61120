//! The checks of PodSecurity: each looks at a pod's metadata and spec, and says what is wrong.
//! Upstream: `pod-security-admission:policy/check_*.go`.

use super::Found;
use machinery::{Arrange, Value};

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    let all = ["initContainers", "containers", "ephemeralContainers"];
    all.into_iter().flat_map(|l| spec.get(l).items())
}

/// `container "a"` or `containers "a", "b"`: those of which `bad` holds.
fn named(spec: &Value, bad: impl Fn(&Value) -> bool) -> Option<String> {
    let names: Vec<String> = containers(spec)
        .filter(|c| bad(c))
        .map(|c| format!("{:?}", c.text("name")))
        .collect();
    match names.len() {
        0 => None,
        1 => Some(format!("container {}", names.join(", "))),
        _ => Some(format!("containers {}", names.join(", "))),
    }
}

fn quoted(mut list: Vec<String>) -> String {
    list.arrange();
    list.dedup();
    list.iter()
        .map(|s| format!("{s:?}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn is_windows(spec: &Value) -> bool {
    spec.text("os.name") == "windows"
}

pub(super) fn allow_privilege_escalation(_: &Value, spec: &Value) -> Found {
    if is_windows(spec) {
        return None;
    }
    let who = named(spec, |c| {
        c.at("securityContext.allowPrivilegeEscalation").as_bool() != Some(false)
    })?;
    Some((
        "allowPrivilegeEscalation != false",
        format!("{who} must set securityContext.allowPrivilegeEscalation=false"),
    ))
}

const CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn added(c: &Value, allowed: &[&str]) -> Vec<String> {
    let list = c.at("securityContext.capabilities.add").items();
    let bad = list
        .iter()
        .filter_map(Value::as_str)
        .filter(|a| !allowed.contains(a));
    bad.map(str::to_string).collect()
}

pub(super) fn capabilities_baseline(_: &Value, spec: &Value) -> Found {
    let who = named(spec, |c| !added(c, CAPABILITIES).is_empty())?;
    let bad = containers(spec)
        .flat_map(|c| added(c, CAPABILITIES))
        .collect();
    Some((
        "non-default capabilities",
        format!(
            "{who} must not include {} in securityContext.capabilities.add",
            quoted(bad)
        ),
    ))
}

pub(super) fn capabilities_restricted(_: &Value, spec: &Value) -> Found {
    if is_windows(spec) {
        return None;
    }
    const ALLOWED: &[&str] = &["NET_BIND_SERVICE"];
    let drops = |c: &Value| {
        c.at("securityContext.capabilities.drop")
            .items()
            .iter()
            .any(|d| d.as_str() == Some("ALL"))
    };
    let mut parts = Vec::new();
    if let Some(who) = named(spec, |c| !drops(c)) {
        parts.push(format!(
            "{who} must set securityContext.capabilities.drop=[\"ALL\"]"
        ));
    }
    if let Some(who) = named(spec, |c| !added(c, ALLOWED).is_empty()) {
        let bad = containers(spec).flat_map(|c| added(c, ALLOWED)).collect();
        parts.push(format!(
            "{who} must not include {} in securityContext.capabilities.add",
            quoted(bad)
        ));
    }
    (!parts.is_empty()).then(|| ("unrestricted capabilities", parts.join("; ")))
}

pub(super) fn host_namespaces(_: &Value, spec: &Value) -> Found {
    let all = ["hostNetwork", "hostPID", "hostIPC"];
    let bad: Vec<String> = all
        .iter()
        .filter(|k| spec.flag(k))
        .map(|k| format!("{k}=true"))
        .collect();
    (!bad.is_empty()).then(|| ("host namespaces", bad.join(", ")))
}

fn volumes(spec: &Value, bad: impl Fn(&Value) -> bool) -> Option<String> {
    let names: Vec<String> = spec
        .get("volumes")
        .items()
        .iter()
        .filter(|v| bad(v))
        .map(|v| v.text("name").to_string())
        .collect();
    let word = if names.len() == 1 {
        "volume"
    } else {
        "volumes"
    };
    (!names.is_empty()).then(|| {
        format!(
            "{word} {}",
            names
                .iter()
                .map(|n| format!("{n:?}"))
                .collect::<Vec<_>>()
                .join(", ")
        )
    })
}

pub(super) fn host_path_volumes(_: &Value, spec: &Value) -> Found {
    volumes(spec, |v| v.has("hostPath")).map(|who| ("hostPath volumes", who))
}

pub(super) fn host_ports(_: &Value, spec: &Value) -> Found {
    let ports = |c: &Value| -> Vec<i64> {
        c.get("ports")
            .items()
            .iter()
            .map(|p| p.int("hostPort"))
            .filter(|p| *p != 0)
            .collect()
    };
    let who = named(spec, |c| !ports(c).is_empty())?;
    let mut all: Vec<i64> = containers(spec).flat_map(ports).collect();
    all.arrange();
    all.dedup();
    let word = if all.len() == 1 {
        "hostPort"
    } else {
        "hostPorts"
    };
    let list = all
        .iter()
        .map(i64::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    Some(("hostPort", format!("{who} uses {word} {list}")))
}

pub(super) fn privileged(_: &Value, spec: &Value) -> Found {
    let who = named(spec, |c| c.flag("securityContext.privileged"))?;
    Some((
        "privileged",
        format!("{who} must not set securityContext.privileged=true"),
    ))
}

pub(super) fn proc_mount(_: &Value, spec: &Value) -> Found {
    let of = |c: &Value| c.text("securityContext.procMount").to_string();
    let who = named(spec, |c| !matches!(of(c).as_str(), "" | "Default"))?;
    let bad = containers(spec)
        .map(of)
        .filter(|p| !matches!(p.as_str(), "" | "Default"))
        .collect();
    Some((
        "procMount",
        format!(
            "{who} must not set securityContext.procMount to {}",
            quoted(bad)
        ),
    ))
}

pub(super) fn restricted_volumes(_: &Value, spec: &Value) -> Found {
    const ALLOWED: &[&str] = &[
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let types = |v: &Value| -> Vec<String> {
        v.entries()
            .iter()
            .map(|e| e.0.to_string())
            .filter(|k| k != "name" && !ALLOWED.contains(&k.as_str()))
            .collect()
    };
    let who = volumes(spec, |v| !types(v).is_empty())?;
    let all: Vec<String> = spec.get("volumes").items().iter().flat_map(types).collect();
    let word = if all.len() == 1 { "type" } else { "types" };
    let verb = if who.starts_with("volumes") {
        "use"
    } else {
        "uses"
    };
    Some((
        "restricted volume types",
        format!("{who} {verb} restricted volume {word} {}", quoted(all)),
    ))
}

pub(super) fn run_as_non_root(_: &Value, spec: &Value) -> Found {
    let pod = spec.at("securityContext.runAsNonRoot").as_bool();
    let own = |c: &Value| c.at("securityContext.runAsNonRoot").as_bool();
    if pod == Some(false) {
        return Some((
            "runAsNonRoot != true",
            "pod must not set securityContext.runAsNonRoot=false".into(),
        ));
    }
    if let Some(who) = named(spec, |c| own(c) == Some(false)) {
        return Some((
            "runAsNonRoot != true",
            format!("{who} must not set securityContext.runAsNonRoot=false"),
        ));
    }
    if pod == Some(true) {
        return None;
    }
    let who = named(spec, |c| own(c).is_none())?;
    Some((
        "runAsNonRoot != true",
        format!("pod or {who} must set securityContext.runAsNonRoot=true"),
    ))
}

pub(super) fn run_as_user(_: &Value, spec: &Value) -> Found {
    let root = |v: &Value| v.at("securityContext.runAsUser").as_i64() == Some(0);
    if root(spec) {
        return Some(("runAsUser=0", "pod must not set runAsUser=0".into()));
    }
    let who = named(spec, root)?;
    Some(("runAsUser=0", format!("{who} must not set runAsUser=0")))
}

fn seccomp(v: &Value) -> &str {
    v.text("securityContext.seccompProfile.type")
}

pub(super) fn seccomp_baseline(_: &Value, spec: &Value) -> Found {
    if seccomp(spec) == "Unconfined" {
        return Some((
            "seccompProfile",
            "pod must not set securityContext.seccompProfile.type to \"Unconfined\"".into(),
        ));
    }
    let who = named(spec, |c| seccomp(c) == "Unconfined")?;
    Some((
        "seccompProfile",
        format!("{who} must not set securityContext.seccompProfile.type to \"Unconfined\""),
    ))
}

pub(super) fn seccomp_restricted(metadata: &Value, spec: &Value) -> Found {
    if let Some((_, text)) = seccomp_baseline(metadata, spec) {
        return Some(("seccompProfile", text));
    }
    if is_windows(spec) || !seccomp(spec).is_empty() {
        return None;
    }
    let who = named(spec, |c| seccomp(c).is_empty())?;
    Some((
        "seccompProfile",
        format!(
            "pod or {who} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        ),
    ))
}

pub(super) fn selinux(_: &Value, spec: &Value) -> Found {
    const TYPES: &[&str] = &[
        "",
        "container_t",
        "container_init_t",
        "container_kvm_t",
        "container_engine_t",
    ];
    let bad = |v: &Value| {
        let o = v.at("securityContext.seLinuxOptions");
        !TYPES.contains(&o.text("type")) || !o.text("user").is_empty() || !o.text("role").is_empty()
    };
    if bad(spec) {
        return Some((
            "seLinuxOptions",
            "pod set forbidden securityContext.seLinuxOptions".into(),
        ));
    }
    let who = named(spec, bad)?;
    Some((
        "seLinuxOptions",
        format!("{who} set forbidden securityContext.seLinuxOptions"),
    ))
}

pub(super) fn sysctls(_: &Value, spec: &Value) -> Found {
    const SAFE: &[&str] = &[
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    ];
    let list = spec.at("securityContext.sysctls").items().iter();
    let bad: Vec<String> = list
        .map(|s| s.text("name").to_string())
        .filter(|n| !SAFE.contains(&n.as_str()))
        .collect();
    (!bad.is_empty()).then(|| ("forbidden sysctls", bad.join(", ")))
}

pub(super) fn windows_host_process(_: &Value, spec: &Value) -> Found {
    let on = |v: &Value| v.flag("securityContext.windowsOptions.hostProcess");
    if on(spec) {
        return Some((
            "hostProcess",
            "pod must not set securityContext.windowsOptions.hostProcess=true".into(),
        ));
    }
    let who = named(spec, on)?;
    Some((
        "hostProcess",
        format!("{who} must not set securityContext.windowsOptions.hostProcess=true"),
    ))
}
