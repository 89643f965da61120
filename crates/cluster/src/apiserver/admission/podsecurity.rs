//! PodSecurity: what the labels of a namespace let pods do. Each check is one line of [`CHECKS`].
//! Upstream: `kubernetes:staging/src/k8s.io/pod-security-admission`. Exemptions and versions but `latest` are not simulated.

mod checks;

use super::{Ctx, Plugin};
use checks::{
    allow_privilege_escalation, capabilities_baseline, capabilities_restricted, host_namespaces,
    host_path_volumes, host_ports, privileged, proc_mount, restricted_volumes, run_as_non_root,
    run_as_user, seccomp_baseline, seccomp_restricted, selinux, sysctls, windows_host_process,
};
use machinery::{Errors, Object, Path, Status, Value};

pub(super) const POD_SECURITY: Plugin = Plugin {
    name: "PodSecurity",
    resources: &[
        "pods",
        "namespaces",
        "deployments",
        "replicasets",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
        "replicationcontrollers",
        "podtemplates",
    ],
    validate,
    ..Plugin::NONE
};

const LABEL: &str = "pod-security.kubernetes.io/";

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Privileged,
    Baseline,
    Restricted,
}

fn level(text: &str) -> Option<Level> {
    match text {
        "privileged" => Some(Level::Privileged),
        "baseline" => Some(Level::Baseline),
        "restricted" => Some(Level::Restricted),
        _ => None,
    }
}

/// A check's finding: what is wrong in a word, and where.
type Found = Option<(&'static str, String)>;
type Check = fn(&Value, &Value) -> Found;

/// (the laxest and the strictest level that asks for it, the check of pod metadata and pod spec). In the order in which
/// findings are told. A check whose strictest level is Baseline has a stricter form beside it.
const CHECKS: &[(Level, Level, Check)] = &[
    (
        Level::Restricted,
        Level::Restricted,
        allow_privilege_escalation,
    ),
    (Level::Baseline, Level::Baseline, capabilities_baseline),
    (Level::Baseline, Level::Restricted, host_namespaces),
    (Level::Baseline, Level::Restricted, host_path_volumes),
    (Level::Baseline, Level::Restricted, host_ports),
    (Level::Baseline, Level::Restricted, privileged),
    (Level::Baseline, Level::Restricted, proc_mount),
    (Level::Restricted, Level::Restricted, restricted_volumes),
    (Level::Restricted, Level::Restricted, run_as_non_root),
    (Level::Restricted, Level::Restricted, run_as_user),
    (Level::Baseline, Level::Baseline, seccomp_baseline),
    (
        Level::Restricted,
        Level::Restricted,
        capabilities_restricted,
    ),
    (Level::Restricted, Level::Restricted, seccomp_restricted),
    (Level::Baseline, Level::Restricted, selinux),
    (Level::Baseline, Level::Restricted, sysctls),
    (Level::Baseline, Level::Restricted, windows_host_process),
];

fn validate(ctx: &mut Ctx, o: &Object) -> Result<(), Status> {
    if ctx.call.kind.plural == "namespaces" {
        return labels_are_levels(ctx, o);
    }
    let namespace = ctx
        .store()
        .get("namespaces", "", &ctx.call.namespace)
        .cloned();
    let Some(namespace) = namespace else {
        return Ok(());
    };
    let mode = |m: &str| {
        namespace
            .label(&format!("{LABEL}{m}"))
            .and_then(level)
            .unwrap_or(Level::Privileged)
    };
    let is_pod = ctx.call.kind.plural == "pods";
    if is_pod && ctx.old.is_some_and(|old| old.spec() == o.spec()) {
        return Ok(());
    }
    let (metadata, spec) = match ctx.call.kind.plural {
        "pods" => (o.get("metadata"), o.get("spec")),
        "cronjobs" => (
            o.at("spec.jobTemplate.spec.template.metadata"),
            o.at("spec.jobTemplate.spec.template.spec"),
        ),
        "podtemplates" => (o.at("template.metadata"), o.at("template.spec")),
        _ => (o.at("spec.template.metadata"), o.at("spec.template.spec")),
    };
    let enforce = mode("enforce");
    if is_pod && enforce != Level::Privileged {
        let text = findings(enforce, metadata, spec);
        if !text.is_empty() {
            return Err(ctx.forbidden(
                o,
                &format!("violates PodSecurity {:?}: {text}", title(enforce)),
            ));
        }
    }
    let warn = mode("warn");
    if warn != Level::Privileged && !ctx.call.who.is_component() {
        let text = findings(warn, metadata, spec);
        if !text.is_empty() {
            ctx.warnings.push(format!(
                "would violate PodSecurity {:?}: {text}",
                title(warn)
            ));
        }
    }
    Ok(())
}

fn title(l: Level) -> String {
    let name = match l {
        Level::Privileged => "privileged",
        Level::Baseline => "baseline",
        Level::Restricted => "restricted",
    };
    format!("{name}:latest")
}

fn labels_are_levels(ctx: &Ctx, o: &Object) -> Result<(), Status> {
    let mut errors = Errors::default();
    for mode in ["enforce", "audit", "warn"] {
        let key = format!("{LABEL}{mode}");
        let path = Path::root("metadata").child("labels").key(&key);
        if let Some(text) = o.label(&key)
            && level(text).is_none()
        {
            errors.invalid(
                &path,
                Value::str(text),
                "must be one of privileged, baseline, restricted",
            );
        }
    }
    let kind = ctx.call.kind;
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid(kind.group, kind.kind, o.name(), &errors))
    }
}

/// What a level finds wrong: `privileged (container "c" must not set ...), host namespaces (hostPID=true)`.
fn findings(wanted: Level, metadata: &Value, spec: &Value) -> String {
    let mut out: Vec<String> = Vec::new();
    for (_, _, check) in CHECKS.iter().filter(|c| c.0 <= wanted && wanted <= c.1) {
        if let Some((what, detail)) = check(metadata, spec) {
            out.push(if detail.is_empty() {
                what.to_string()
            } else {
                format!("{what} ({detail})")
            });
        }
    }
    out.join(", ")
}
