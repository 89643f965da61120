//! The checks of PodSecurity: each looks at a pod's metadata and spec, and says what is wrong.
//! Upstream: `pod-security-admission:policy/check_*.go`. The last argument is the minor version whose rules hold.

use super::Found;
use machinery::{Arrange, Value};

fn containers(spec: &Value) -> impl Iterator<Item = &Value> {
    let all = ["initContainers", "containers", "ephemeralContainers"];
    all.into_iter().flat_map(|l| spec.get(l).items())
}

fn names_of<'a>(spec: &'a Value, bad: impl Fn(&Value) -> bool + 'a) -> Vec<String> {
    containers(spec)
        .filter(|c| bad(c))
        .map(|c| c.text("name").to_string())
        .collect()
}

/// `container "a"` or `containers "a", "b"`; none for none.
fn counted(word: &str, names: &[String]) -> Option<String> {
    let s = if names.len() == 1 { "" } else { "s" };
    (!names.is_empty()).then(|| format!("{word}{s} {}", quoted_list(names)))
}

/// The containers of which `bad` holds.
fn named(spec: &Value, bad: impl Fn(&Value) -> bool) -> Option<String> {
    counted("container", &names_of(spec, bad))
}

/// `pod and containers "a", "b"`: who sets what it should not.
fn setters(spec: &Value, bad: impl Fn(&Value) -> bool) -> Option<String> {
    let pod = bad(spec).then(|| "pod".to_string());
    let all: Vec<String> = pod.into_iter().chain(named(spec, bad)).collect();
    (!all.is_empty()).then(|| all.join(" and "))
}

fn quoted_list(list: &[String]) -> String {
    let all: Vec<String> = list.iter().map(|s| format!("\"{s}\"")).collect();
    all.join(", ")
}

fn set(mut list: Vec<String>) -> Vec<String> {
    list.arrange();
    list.dedup();
    list
}

fn quoted(list: Vec<String>) -> String {
    quoted_list(&set(list))
}

/// `use` of one, `uses` of several.
fn uses(who: &str) -> &'static str {
    match who.starts_with("containers") || who.starts_with("volumes") {
        true => "use",
        false => "uses",
    }
}

fn is_windows(spec: &Value) -> bool {
    spec.text("os.name") == "windows"
}

/// Who is root in a user namespace of the pod's own is nobody outside.
fn has_own_users(spec: &Value, minor: u32) -> bool {
    minor >= 35 && spec.get("hostUsers").as_bool() == Some(false)
}

/// The pod's security context and those of its containers.
fn contexts(spec: &Value) -> impl Iterator<Item = &Value> {
    std::iter::once(spec)
        .chain(containers(spec))
        .map(|v| v.get("securityContext"))
}

pub(super) fn app_armor(metadata: &Value, spec: &Value, _: u32) -> Found {
    const KEY: &str = "container.apparmor.security.beta.kubernetes.io/";
    let bad = |context: &Value| {
        let profile = context.get("appArmorProfile");
        let ty = profile.text("type");
        (!profile.is_null() && !matches!(ty, "RuntimeDefault" | "Localhost"))
            .then(|| ty.to_string())
    };
    let who = setters(spec, |v| bad(v.get("securityContext")).is_some());
    let mut values = set(contexts(spec).filter_map(bad).collect());
    let notes: Vec<String> = metadata
        .get("annotations")
        .entries()
        .iter()
        .filter(|(k, _)| k.starts_with(KEY))
        .map(|(k, v)| (k, v.as_str().unwrap_or("")))
        .filter(|(_, v)| !v.is_empty() && *v != "runtime/default" && !v.starts_with("localhost/"))
        .map(|(k, v)| format!("{k}={v:?}"))
        .collect();
    let mut all: Vec<String> = who.into_iter().collect();
    match notes.len() {
        0 => {}
        1 => all.push("annotation".into()),
        _ => all.push("annotations".into()),
    }
    values.extend(notes);
    let what = match values.len() {
        1 => "forbidden AppArmor profile",
        _ => "forbidden AppArmor profiles",
    };
    (!all.is_empty()).then(|| {
        let who = all.join(" and ");
        let values = quoted_list(&values);
        (
            what,
            format!("{who} must not set AppArmor profile type to {values}"),
        )
    })
}

pub(super) fn allow_privilege_escalation(_: &Value, spec: &Value, minor: u32) -> Found {
    if minor >= 25 && is_windows(spec) {
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

fn adds(spec: &Value, allowed: &[&str]) -> Option<String> {
    let who = named(spec, |c| !added(c, allowed).is_empty())?;
    let bad = quoted(containers(spec).flat_map(|c| added(c, allowed)).collect());
    Some(format!(
        "{who} must not include {bad} in securityContext.capabilities.add"
    ))
}

pub(super) fn capabilities_baseline(_: &Value, spec: &Value, _: u32) -> Found {
    adds(spec, CAPABILITIES).map(|text| ("non-default capabilities", text))
}

pub(super) fn capabilities_restricted(_: &Value, spec: &Value, minor: u32) -> Found {
    if minor >= 25 && is_windows(spec) {
        return None;
    }
    let drops = |c: &Value| {
        let list = c.at("securityContext.capabilities.drop").items();
        list.iter().any(|d| d.as_str() == Some("ALL"))
    };
    let mut parts = Vec::new();
    if let Some(who) = named(spec, |c| !drops(c)) {
        parts.push(format!(
            "{who} must set securityContext.capabilities.drop=[\"ALL\"]"
        ));
    }
    parts.extend(adds(spec, &["NET_BIND_SERVICE"]));
    (!parts.is_empty()).then(|| ("unrestricted capabilities", parts.join("; ")))
}

pub(super) fn host_namespaces(_: &Value, spec: &Value, _: u32) -> Found {
    let all = ["hostNetwork", "hostPID", "hostIPC"];
    let bad: Vec<String> = all
        .iter()
        .filter(|k| spec.flag(k))
        .map(|k| format!("{k}=true"))
        .collect();
    (!bad.is_empty()).then(|| ("host namespaces", bad.join(", ")))
}

fn volumes(spec: &Value, bad: impl Fn(&Value) -> bool) -> Option<String> {
    let all = spec.get("volumes").items().iter();
    let names: Vec<String> = all
        .filter(|v| bad(v))
        .map(|v| v.text("name").to_string())
        .collect();
    counted("volume", &names)
}

pub(super) fn host_path_volumes(_: &Value, spec: &Value, _: u32) -> Found {
    volumes(spec, |v| v.has("hostPath")).map(|who| ("hostPath volumes", who))
}

pub(super) fn host_ports(_: &Value, spec: &Value, _: u32) -> Found {
    let ports = |c: &Value| -> Vec<String> {
        let all = c.get("ports").items().iter().map(|p| p.int("hostPort"));
        all.filter(|p| *p != 0).map(|p| p.to_string()).collect()
    };
    let who = named(spec, |c| !ports(c).is_empty())?;
    let all = set(containers(spec).flat_map(ports).collect());
    let s = if all.len() == 1 { "" } else { "s" };
    let (verb, list) = (uses(&who), all.join(", "));
    Some(("hostPort", format!("{who} {verb} hostPort{s} {list}")))
}

pub(super) fn host_probes(_: &Value, spec: &Value, _: u32) -> Found {
    const WHERE: &[&str] = &[
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle.postStart",
        "lifecycle.preStop",
    ];
    let hosts = |c: &Value| -> Vec<String> {
        let all = WHERE
            .iter()
            .flat_map(|p| ["httpGet", "tcpSocket"].map(|how| c.at(p).get(how).text("host")));
        all.filter(|h| !h.is_empty()).map(str::to_string).collect()
    };
    let who = counted("container", &set(names_of(spec, |c| !hosts(c).is_empty())))?;
    let bad = set(containers(spec).flat_map(hosts).collect());
    let list = counted("probe or lifecycle host", &bad)?;
    let verb = uses(&who);
    Some(("probe or lifecycle host", format!("{who} {verb} {list}")))
}

pub(super) fn privileged(_: &Value, spec: &Value, _: u32) -> Found {
    let who = named(spec, |c| {
        c.at("securityContext.privileged").as_bool() == Some(true)
    })?;
    Some((
        "privileged",
        format!("{who} must not set securityContext.privileged=true"),
    ))
}

pub(super) fn proc_mount(metadata: &Value, spec: &Value, minor: u32) -> Found {
    match has_own_users(spec, minor) {
        true => None,
        false => proc_mount_restricted(metadata, spec, minor),
    }
}

pub(super) fn proc_mount_restricted(_: &Value, spec: &Value, _: u32) -> Found {
    let of = |c: &Value| {
        c.at("securityContext.procMount")
            .as_str()
            .map(str::to_string)
    };
    let bad = |p: &String| p != "Default";
    let who = named(spec, |c| of(c).is_some_and(|p| bad(&p)))?;
    let values = quoted(containers(spec).filter_map(of).filter(bad).collect());
    Some((
        "procMount",
        format!("{who} must not set securityContext.procMount to {values}"),
    ))
}

pub(super) fn restricted_volumes(_: &Value, spec: &Value, _: u32) -> Found {
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
    let ty = |v: &Value| {
        let mut keys = v.entries().iter().map(|e| e.0.to_string());
        keys.find(|k| k != "name" && !ALLOWED.contains(&k.as_str()))
    };
    let who = volumes(spec, |v| ty(v).is_some())?;
    let all = set(spec.get("volumes").items().iter().filter_map(ty).collect());
    let list = counted("restricted volume type", &all)?;
    let verb = uses(&who);
    Some(("restricted volume types", format!("{who} {verb} {list}")))
}

pub(super) fn run_as_non_root(_: &Value, spec: &Value, minor: u32) -> Found {
    const WHAT: &str = "runAsNonRoot != true";
    if has_own_users(spec, minor) {
        return None;
    }
    let of = |v: &Value| v.at("securityContext.runAsNonRoot").as_bool();
    if let Some(who) = setters(spec, |v| of(v) == Some(false)) {
        let text = format!("{who} must not set securityContext.runAsNonRoot=false");
        return Some((WHAT, text));
    }
    if of(spec) == Some(true) {
        return None;
    }
    let who = named(spec, |c| of(c).is_none())?;
    Some((
        WHAT,
        format!("pod or {who} must set securityContext.runAsNonRoot=true"),
    ))
}

pub(super) fn run_as_user(_: &Value, spec: &Value, minor: u32) -> Found {
    if has_own_users(spec, minor) {
        return None;
    }
    let who = setters(spec, |v| {
        v.at("securityContext.runAsUser").as_i64() == Some(0)
    })?;
    Some(("runAsUser=0", format!("{who} must not set runAsUser=0")))
}

/// The type of a seccomp profile, where there is one.
fn seccomp(v: &Value) -> Option<&str> {
    let profile = v.at("securityContext.seccompProfile");
    (!profile.is_null()).then(|| profile.text("type"))
}

fn is_unconfined(v: &Value) -> bool {
    seccomp(v).is_some_and(|t| !matches!(t, "RuntimeDefault" | "Localhost"))
}

fn unconfined(spec: &Value) -> Found {
    let who = setters(spec, is_unconfined)?;
    let all = std::iter::once(spec).chain(containers(spec));
    let values = all.filter(|v| is_unconfined(v)).filter_map(seccomp);
    let values = quoted(values.map(str::to_string).collect());
    Some((
        "seccompProfile",
        format!("{who} must not set securityContext.seccompProfile.type to {values}"),
    ))
}

pub(super) fn seccomp_baseline(metadata: &Value, spec: &Value, minor: u32) -> Found {
    if minor >= 19 {
        return unconfined(spec);
    }
    const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
    let of = containers(spec).map(|c| {
        format!(
            "container.seccomp.security.alpha.kubernetes.io/{}",
            c.text("name")
        )
    });
    let bad = |key: String| {
        let v = metadata.get("annotations").get(&key).as_str()?;
        let fine = matches!(v, "runtime/default" | "docker/default") || v.starts_with("localhost/");
        (!fine).then(|| format!("{key}={v:?}"))
    };
    let found = set(std::iter::once(POD.to_string())
        .chain(of)
        .filter_map(bad)
        .collect());
    let s = if found.len() == 1 { "" } else { "s" };
    let text = format!("forbidden annotation{s} {}", found.join(", "));
    (!found.is_empty()).then_some(("seccompProfile", text))
}

pub(super) fn seccomp_restricted(_: &Value, spec: &Value, minor: u32) -> Found {
    if minor >= 25 && is_windows(spec) {
        return None;
    }
    if let Some(found) = unconfined(spec) {
        return Some(found);
    }
    if seccomp(spec).is_some() {
        return None;
    }
    let who = named(spec, |c| seccomp(c).is_none())?;
    Some((
        "seccompProfile",
        format!(
            "pod or {who} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        ),
    ))
}

pub(super) fn selinux(_: &Value, spec: &Value, minor: u32) -> Found {
    let fine = |ty: &str| {
        matches!(
            ty,
            "" | "container_t" | "container_init_t" | "container_kvm_t"
        ) || (minor >= 31 && ty == "container_engine_t")
    };
    let options = |v: &Value| v.at("securityContext.seLinuxOptions").clone();
    let who = setters(spec, |v| {
        let o = options(v);
        !fine(o.text("type")) || !o.text("user").is_empty() || !o.text("role").is_empty()
    })?;
    let all = || contexts(spec).map(|c| c.get("seLinuxOptions"));
    let types = all().map(|o| o.text("type").to_string());
    let types = set(types.filter(|t| !fine(t)).collect());
    let mut bad: Vec<String> = counted("type", &types).into_iter().collect();
    for key in ["user", "role"] {
        if all().any(|o| !o.text(key).is_empty()) {
            bad.push(format!("{key} may not be set"));
        }
    }
    let bad = bad.join("; ");
    Some((
        "seLinuxOptions",
        format!("{who} set forbidden securityContext.seLinuxOptions: {bad}"),
    ))
}

pub(super) fn sysctls(_: &Value, spec: &Value, minor: u32) -> Found {
    const SAFE: &[(&str, u32)] = &[
        ("kernel.shm_rmid_forced", 0),
        ("net.ipv4.ip_local_port_range", 0),
        ("net.ipv4.tcp_syncookies", 0),
        ("net.ipv4.ping_group_range", 0),
        ("net.ipv4.ip_unprivileged_port_start", 0),
        ("net.ipv4.ip_local_reserved_ports", 27),
        ("net.ipv4.tcp_keepalive_time", 29),
        ("net.ipv4.tcp_fin_timeout", 29),
        ("net.ipv4.tcp_keepalive_intvl", 29),
        ("net.ipv4.tcp_keepalive_probes", 29),
        ("net.ipv4.tcp_rmem", 32),
        ("net.ipv4.tcp_wmem", 32),
    ];
    let safe = |n: &str| SAFE.iter().any(|(s, since)| *s == n && *since <= minor);
    let list = spec.at("securityContext.sysctls").items().iter();
    let names = list.map(|s| s.text("name").to_string());
    let bad: Vec<String> = names.filter(|n| !safe(n)).collect();
    (!bad.is_empty()).then(|| ("forbidden sysctls", bad.join(", ")))
}

pub(super) fn windows_host_process(_: &Value, spec: &Value, _: u32) -> Found {
    let who = setters(spec, |v| {
        v.at("securityContext.windowsOptions.hostProcess").as_bool() == Some(true)
    })?;
    Some((
        "hostProcess",
        format!("{who} must not set securityContext.windowsOptions.hostProcess=true"),
    ))
}
