//! PodSecurity: what the labels of a namespace let pods do. Each check is one line of [`CHECKS`].
//! Upstream: `kubernetes:staging/src/k8s.io/pod-security-admission`. Exemptions come from a file of the API server's, which
//! a cluster as installed does not have; the audit mode writes to an audit log, which there is none of.

mod checks;

use super::{Ctx, Plugin};
use checks::*;
use machinery::{Arrange, Errors, Object, Path, Status, Value};

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
/// How many of a namespace's pods a new level is held against.
const PODS_LOOKED_AT: usize = 3000;

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Privileged,
    Baseline,
    Restricted,
}
use Level::{Baseline, Restricted};

const LEVELS: &[(&str, Level)] = &[
    ("privileged", Level::Privileged),
    ("baseline", Baseline),
    ("restricted", Restricted),
];

/// The minor version of `latest`.
const LATEST: u32 = u32::MAX;

/// A level as of a version: `baseline:latest`.
#[derive(Clone, Copy, PartialEq)]
struct Wanted {
    level: Level,
    minor: u32,
}

impl Wanted {
    fn text(self) -> String {
        let name = LEVELS
            .iter()
            .find(|l| l.1 == self.level)
            .map_or("", |l| l.0);
        match self.minor {
            LATEST => format!("{name}:latest"),
            minor => format!("{name}:v1.{minor}"),
        }
    }
}

fn level(text: &str) -> Option<Level> {
    LEVELS.iter().find(|l| l.0 == text).map(|l| l.1)
}

fn minor(text: &str) -> Option<u32> {
    if text == "latest" {
        return Some(LATEST);
    }
    let digits = text.strip_prefix("v1.")?;
    let plain = digits == "0" || !digits.starts_with('0');
    let known = plain && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| known)
}

/// What a namespace's labels ask for.
struct Policy {
    enforce: Wanted,
    warn: Wanted,
}

/// Reads the labels: what cannot be read is wrong, and restricted where it enforces.
fn policy(namespace: &Value, errors: &mut Errors) -> Policy {
    let labels = namespace.at("metadata.labels");
    let mut read = |mode: &str| {
        let mut wrong = |key: &str, text: &str, why: &str| {
            let path = Path::root("metadata").child("labels").key(key);
            errors.invalid(&path, Value::str(text), why);
        };
        let key = format!("{LABEL}{mode}");
        let said = labels.get(&key).as_str().map(|text| {
            let found = level(text);
            if found.is_none() {
                wrong(
                    &key,
                    text,
                    "must be one of privileged, baseline, restricted",
                );
            }
            found
        });
        let key = format!("{key}-version");
        let version = labels.get(&key).as_str().map(|text| {
            minor(text).unwrap_or_else(|| {
                wrong(&key, text, "must be \"latest\" or \"v1.x\"");
                LATEST
            })
        });
        (said, version)
    };
    let (said, version) = read("enforce");
    let enforced = said.flatten();
    let enforce = Wanted {
        level: said.map_or(Level::Privileged, |l| l.unwrap_or(Restricted)),
        minor: version.unwrap_or(LATEST),
    };
    read("audit");
    let (said, version) = read("warn");
    let mut warn = Wanted {
        level: said.flatten().unwrap_or(Level::Privileged),
        minor: version.unwrap_or(LATEST),
    };
    // What is enforced is warned of too, where the label for warnings does not say otherwise.
    if said.is_none() && enforced.is_some_and(|l| l > warn.level) {
        warn.level = enforce.level;
        warn.minor = version.unwrap_or(enforce.minor);
    }
    Policy { enforce, warn }
}

/// A check's finding: what is wrong in a word, and where.
type Found = Option<(&'static str, String)>;

struct Check {
    /// The laxest level that asks for it.
    level: Level,
    /// The minor version of Kubernetes that brought it.
    since: u32,
    /// Since when the restricted level has a stricter form of its own.
    until: u32,
    /// Looks at pod metadata and pod spec, as that minor version did.
    run: fn(&Value, &Value, u32) -> Found,
}

const fn check(level: Level, since: u32, run: fn(&Value, &Value, u32) -> Found) -> Check {
    Check {
        level,
        since,
        until: LATEST,
        run,
    }
}

const fn replaced(until: u32, run: fn(&Value, &Value, u32) -> Found) -> Check {
    Check {
        level: Baseline,
        since: 0,
        until,
        run,
    }
}

/// In the order in which findings are told.
const CHECKS: &[Check] = &[
    check(Baseline, 0, app_armor),
    replaced(22, capabilities_baseline),
    check(Baseline, 0, host_namespaces),
    replaced(0, host_path_volumes),
    check(Baseline, 0, host_ports),
    check(Baseline, 34, host_probes),
    check(Baseline, 0, privileged),
    replaced(35, proc_mount),
    check(Baseline, 0, selinux),
    replaced(19, seccomp_baseline),
    check(Baseline, 0, sysctls),
    check(Baseline, 0, windows_host_process),
    check(Restricted, 8, allow_privilege_escalation),
    check(Restricted, 22, capabilities_restricted),
    check(Restricted, 35, proc_mount_restricted),
    check(Restricted, 0, restricted_volumes),
    check(Restricted, 0, run_as_non_root),
    check(Restricted, 23, run_as_user),
    check(Restricted, 19, seccomp_restricted),
];

fn findings(wanted: Wanted, metadata: &Value, spec: &Value) -> Vec<(&'static str, String)> {
    let holds = |c: &&Check| {
        c.level <= wanted.level
            && c.since <= wanted.minor
            && (wanted.level == c.level || c.until == LATEST || wanted.minor < c.until)
    };
    CHECKS
        .iter()
        .filter(holds)
        .filter_map(|c| (c.run)(metadata, spec, wanted.minor))
        .collect()
}

/// `violates PodSecurity "baseline:latest": privileged (container "c" must not set ...), ...`; none where all is well.
fn told(wanted: Wanted, metadata: &Value, spec: &Value) -> Option<String> {
    let found = findings(wanted, metadata, spec);
    let parts: Vec<String> = found
        .into_iter()
        .map(|(what, detail)| match detail.as_str() {
            "" => what.to_string(),
            _ => format!("{what} ({detail})"),
        })
        .collect();
    (!parts.is_empty()).then(|| format!("PodSecurity {:?}: {}", wanted.text(), parts.join(", ")))
}

fn validate(ctx: &mut Ctx, o: &Object) -> Result<(), Status> {
    let own = ctx.call.subresource.is_empty();
    if ctx.call.kind.plural == "namespaces" {
        return match own {
            true => namespace_labels(ctx, o),
            false => Ok(()),
        };
    }
    let is_pod = ctx.call.kind.plural == "pods";
    if is_pod && ctx.old.is_some_and(|old| !is_significant(o, old)) || (!is_pod && !own) {
        return Ok(());
    }
    let Some(namespace) = ctx.store().get("namespaces", "", &ctx.call.namespace) else {
        return Ok(());
    };
    let policy = policy(namespace, &mut Errors::default());
    let pod = match ctx.call.kind.plural {
        "pods" => &o.0,
        "cronjobs" => o.at("spec.jobTemplate.spec.template"),
        "podtemplates" => o.get("template"),
        _ => o.at("spec.template"),
    };
    let (metadata, spec) = (pod.get("metadata"), pod.get("spec"));
    if is_pod && let Some(text) = told(policy.enforce, metadata, spec) {
        return Err(ctx.forbidden(o, &format!("violates {text}")));
    }
    // What was refused is not warned of.
    let told_already = is_pod && policy.warn == policy.enforce;
    if !told_already
        && !ctx.call.who.is_component()
        && let Some(text) = told(policy.warn, metadata, spec)
    {
        ctx.warnings.push(format!("would violate {text}"));
    }
    Ok(())
}

/// Whether an update brings images or containers that were not there.
fn is_significant(new: &Object, old: &Object) -> bool {
    let image = |o: &Object, list: &str, i: usize| {
        let item = o.spec().get(list).items().get(i);
        item.map(|c| c.get("image").clone())
    };
    let differs = |list: &&str| {
        let n = new.spec().get(list).items().len();
        n != old.spec().get(list).items().len()
            || (0..n).any(|i| image(new, list, i) != image(old, list, i))
    };
    ["containers", "initContainers", "ephemeralContainers"]
        .iter()
        .any(differs)
}

/// Labels must say what there is; which pods a new level would refuse is warned of.
fn namespace_labels(ctx: &mut Ctx, o: &Object) -> Result<(), Status> {
    let mut errors = Errors::default();
    let new = policy(o, &mut errors);
    let mut before = Errors::default();
    let old = ctx.old.map(|old| policy(old, &mut before));
    if !errors.is_empty() && (before.is_empty() || errors.message() != before.message()) {
        let kind = ctx.call.kind;
        return Err(Status::invalid(kind.group, kind.kind, o.name(), &errors));
    }
    let (wanted, Some(old)) = (new.enforce, old) else {
        return Ok(());
    };
    let relaxed = wanted.minor == old.enforce.minor && wanted.level <= old.enforce.level;
    if wanted.level != Level::Privileged && !relaxed {
        let found = existing(ctx, o.name(), wanted);
        ctx.warnings.extend(found);
    }
    Ok(())
}

/// What a level finds wrong with the pods that are there: one line for each kind of finding, one pod of each owner first.
fn existing(ctx: &Ctx, namespace: &str, wanted: Wanted) -> Vec<String> {
    let (mut first, mut more, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for pod in ctx.store().list("pods", Some(namespace)) {
        let owner = pod.controller().text("uid");
        if seen.contains(&owner) {
            more.push(pod);
            continue;
        }
        if !owner.is_empty() {
            seen.push(owner);
        }
        first.push(pod);
    }
    first.append(&mut more);
    let all = first.len();
    let mut found: Vec<(String, &str, usize)> = Vec::new();
    for pod in first.iter().take(PODS_LOOKED_AT) {
        let what: Vec<&str> = findings(wanted, pod.get("metadata"), pod.spec())
            .iter()
            .map(|f| f.0)
            .collect();
        let what = what.join(", ");
        match found.iter_mut().find(|f| f.0 == what) {
            _ if what.is_empty() => {}
            None => found.push((what, pod.name(), 1)),
            Some(f) => {
                f.1 = f.1.min(pod.name());
                f.2 += 1;
            }
        }
    }
    let mut out = Vec::new();
    if all > PODS_LOOKED_AT {
        out.push(format!(
            "new PodSecurity enforce level only checked against the first {PODS_LOOKED_AT} of {all} existing pods"
        ));
    }
    if !found.is_empty() {
        out.push(format!(
            "existing pods in namespace {namespace:?} violate the new PodSecurity enforce level {:?}",
            wanted.text()
        ));
    }
    let mut lines: Vec<String> = found
        .into_iter()
        .map(|(what, name, count)| match count {
            1 => format!("{name}: {what}"),
            2 => format!("{name} (and 1 other pod): {what}"),
            n => format!("{name} (and {} other pods): {what}", n - 1),
        })
        .collect();
    lines.arrange();
    out.extend(lines);
    out
}
