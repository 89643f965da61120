//! The profiles of `kubectl debug`, and `--custom`. Upstream: `kubectl:pkg/cmd/debug/profiles.go`.

use crate::cx::Cx;
use crate::fail::{Fail, text};
use machinery::{Value, value};

/// What a profile grants to the debugging container and its pod.
pub struct Profile {
    pub name: &'static str,
    /// Forgets what the container was allowed before.
    clears: bool,
    /// The container's security context, as a patch; not for pods on nodes where `not_on_node`.
    grants: fn(&mut Value),
    not_on_node: bool,
    pub host_files: bool,
    pub host_namespaces: bool,
}

fn capability(c: &mut Value, name: &str) {
    let add = c.place("securityContext.capabilities.add");
    if !add.items().iter().any(|x| x.as_str() == Some(name)) {
        add.push(Value::str(name));
    }
}

pub const PROFILES: &[Profile] = &[
    Profile {
        name: "general",
        clears: false,
        grants: |c| capability(c, "SYS_PTRACE"),
        not_on_node: true,
        host_files: true,
        host_namespaces: true,
    },
    Profile {
        name: "legacy",
        clears: false,
        grants: |_| {},
        not_on_node: false,
        host_files: true,
        host_namespaces: true,
    },
    Profile {
        name: "baseline",
        clears: true,
        grants: |_| {},
        not_on_node: false,
        host_files: false,
        host_namespaces: false,
    },
    Profile {
        name: "restricted",
        clears: true,
        grants: |c| {
            c.set(
                "securityContext",
                value!({
                    "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] },
                    "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" },
                }),
            );
        },
        not_on_node: false,
        host_files: false,
        host_namespaces: false,
    },
    Profile {
        name: "netadmin",
        clears: false,
        grants: |c| {
            capability(c, "NET_ADMIN");
            capability(c, "NET_RAW");
        },
        not_on_node: false,
        host_files: false,
        host_namespaces: true,
    },
    Profile {
        name: "sysadmin",
        clears: false,
        grants: |c| c.set("securityContext.privileged", true),
        not_on_node: false,
        host_files: true,
        host_namespaces: true,
    },
];

pub fn profile(cx: &Cx) -> &'static Profile {
    let wanted = cx.flag("profile");
    PROFILES
        .iter()
        .find(|p| p.name == wanted)
        .unwrap_or(&PROFILES[0])
}

/// The container with what its profile and `--custom` say.
pub fn profiled(cx: &Cx, c: Value, on_node: bool) -> Result<Value, Fail> {
    let p = profile(cx);
    let mut c = c;
    if p.clears || (on_node && p.name == "general") {
        c.remove("securityContext");
    }
    if !(on_node && p.not_on_node) {
        (p.grants)(&mut c);
    }
    let file = cx.flag("custom");
    if file.is_empty() {
        return Ok(c);
    }
    let content = cx.host.read(file).map_err(|e| {
        text(format!(
            "must pass a valid partial container spec file: open {file}: {e}"
        ))
    })?;
    let custom = crate::forms::parse_one(&content).map_err(|e| {
        text(format!(
            "{file} does not contain a valid container spec: {e}"
        ))
    })?;
    let fixed = ["name", "command", "image", "lifecycle", "volumeDevices"];
    if fixed.iter().any(|f| custom.has(f)) {
        return Err(text(
            "name, command, image, lifecycle and volume devices are not modifiable via custom profile",
        ));
    }
    // Merged as a container of a pod, so that lists have their keys.
    let name = Value::str(c.text("name"));
    let mut custom = custom;
    custom.set("name", name);
    let pod =
        |c: Value| value!({ "apiVersion": "v1", "kind": "Pod", "spec": { "containers": [c] } });
    let merged = machinery::patch::apply_strategic(&pod(c), &pod(custom)).map_err(Fail::Status)?;
    Ok(merged
        .at("spec.containers")
        .items()
        .first()
        .cloned()
        .unwrap_or_default())
}
