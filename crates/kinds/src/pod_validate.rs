//! Validation of pods and pod templates: all but containers, volumes, affinity and security, which have files of their own.
//! Upstream: `ValidatePodSpec` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::{each, labels, one_of, selector};
use crate::names;
use crate::{affinity_validate, container_validate, pod_security, volume_validate};
use machinery::{Errors, Object, Path, Value};

pub fn pod(o: &Object, errors: &mut Errors) {
    let (s, path) = (o.spec(), Path::root("spec"));
    let notes = Path::root("metadata").child("annotations");
    pod_security::annotations(o.at("metadata.annotations"), s, true, &notes, errors);
    spec(s, true, &path, errors);
    for list in ["containers", "initContainers"] {
        for (i, c) in s.get(list).items().iter().enumerate() {
            container_validate::image_is_bare(c, &path.child(list).index(i), errors);
        }
    }
    if o.resource_version() != 0 {
        return;
    }
    if !s.get("ephemeralContainers").is_empty() {
        errors.forbidden(
            &path.child("ephemeralContainers"),
            "cannot be set on create",
        );
    }
    if !s.text("nodeName").is_empty() && !s.get("schedulingGates").is_empty() {
        let why = "cannot be set until all schedulingGates have been cleared";
        errors.forbidden(&path.child("nodeName"), why);
    }
}

/// A template: its labels, annotations and spec.
pub fn template(t: &Value, path: &Path, errors: &mut Errors) {
    labels(t.at("metadata.labels"), &path.child("labels"), errors);
    let (all, notes) = (t.at("metadata.annotations"), path.child("annotations"));
    crate::meta::annotations(all, &notes, errors);
    pod_security::annotations(all, t.get("spec"), false, &notes, errors);
    spec(t.get("spec"), false, &path.child("spec"), errors);
    let ephemeral = t.at("spec.ephemeralContainers");
    if !ephemeral.items().is_empty() {
        let path = path.child("spec").child("ephemeralContainers");
        errors.forbidden(&path, "ephemeral containers not allowed in pod template");
    }
}

fn spec(s: &Value, is_pod: bool, path: &Path, errors: &mut Errors) {
    let at = path.child("volumes");
    let volumes = volume_validate::volumes(s.get("volumes"), is_pod, &at, errors);
    resource_claims(
        s.get("resourceClaims"),
        &path.child("resourceClaims"),
        errors,
    );
    let pod = container_validate::Pod {
        spec: s,
        volumes: &volumes,
    };
    container_validate::containers(&pod, path, errors);
    crate::resource_validate::of_pod(s, &path.child("resources"), errors);
    host_ports(s, path, errors);
    let restart = path.child("restartPolicy");
    one_of(
        s.text("restartPolicy"),
        &restart,
        &["Always", "OnFailure", "Never"],
        errors,
    );
    let dns = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    one_of(s.text("dnsPolicy"), &path.child("dnsPolicy"), &dns, errors);
    labels(s.get("nodeSelector"), &path.child("nodeSelector"), errors);
    pod_security::pod(s, path, errors);
    affinity_validate::affinity(s.get("affinity"), &path.child("affinity"), errors);
    dns_config(s, &path.child("dnsConfig"), errors);
    for (i, g) in s.get("readinessGates").items().iter().enumerate() {
        let name = g.text("conditionType");
        let path = path.child("readinessGates").index(i).child("conditionType");
        each(errors, &path, name, names::qualified(name));
    }
    for (i, g) in s.get("schedulingGates").items().iter().enumerate() {
        let path = path.child("schedulingGates").index(i);
        let name = g.text("name");
        each(errors, &path, name, names::qualified(name));
        let before = s.get("schedulingGates").items().iter().take(i);
        if before.map(|g| g.text("name")).any(|n| n == name) {
            errors.duplicate(&path, Value::str(name));
        }
    }
    spread(
        s.get("topologySpreadConstraints"),
        &path.child("topologySpreadConstraints"),
        errors,
    );
    pod_security::host_users(s, path, errors);
    scalars(s, path, errors);
    tolerations(s.get("tolerations"), &path.child("tolerations"), errors);
    for (i, a) in s.get("hostAliases").items().iter().enumerate() {
        let path = path.child("hostAliases").index(i);
        each(
            errors,
            &path.child("ip"),
            a.text("ip"),
            names::ip(a.text("ip")),
        );
        for (j, h) in a.get("hostnames").items().iter().enumerate() {
            let h = h.as_str().unwrap_or("");
            each(
                errors,
                &path.child("hostnames").index(j),
                h,
                names::dns_subdomain(h),
            );
        }
    }
    for (key, check) in [
        ("priorityClassName", names::dns_subdomain as fn(&str) -> _),
        ("runtimeClassName", names::dns_subdomain),
    ] {
        if !s.text(key).is_empty() {
            each(errors, &path.child(key), s.text(key), check(s.text(key)));
        }
    }
    let preemption = s.text("preemptionPolicy");
    if !preemption.is_empty() {
        let known = ["PreemptLowerPriority", "Never"];
        one_of(preemption, &path.child("preemptionPolicy"), &known, errors);
    }
    let overhead = path.child("overhead");
    crate::resource_validate::amounts(s.get("overhead"), &overhead, errors);
    pod_security::os(s, path, errors);
}

/// Devices that the pod's containers share. Upstream: `validatePodResourceClaims`.
fn resource_claims(list: &Value, path: &Path, errors: &mut Errors) {
    let items = list.items();
    for (i, c) in items.iter().enumerate() {
        let (name, path) = (c.text("name"), path.index(i));
        let at = path.child("name");
        if name.is_empty() {
            errors.required(&at, "");
        } else if items.iter().take(i).any(|o| o.text("name") == name) {
            errors.duplicate(&at, Value::str(name));
        } else {
            each(errors, &at, name, names::dns_label(name));
        }
        const SOURCES: [&str; 2] = ["resourceClaimName", "resourceClaimTemplateName"];
        let set = SOURCES.iter().filter(|k| c.has(k)).count();
        // The internal type prints with its Go names.
        let shown = || {
            let field = |k: &str| machinery::field::go_value(c.get(k));
            format!(
                "{{\"Name\":{},\"ResourceClaimName\":{},\"ResourceClaimTemplateName\":{}}}",
                field("name"),
                field(SOURCES[0]),
                field(SOURCES[1])
            )
        };
        if set == 2 {
            let why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
            errors.invalid_shown(&path, &shown(), why);
        } else if set == 0 {
            let why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
            errors.invalid_shown(&path, &shown(), why);
        }
        for key in SOURCES {
            if let Some(text) = c.get(key).as_str() {
                each(errors, &path.child(key), text, names::dns_subdomain(text));
            }
        }
    }
}

/// In the node's own network a container's port is the node's.
fn host_ports(s: &Value, path: &Path, errors: &mut Errors) {
    if !s.flag("hostNetwork") {
        return;
    }
    for (i, c) in s.get("containers").items().iter().enumerate() {
        for (j, p) in c.get("ports").items().iter().enumerate() {
            let (host, port) = (p.int("hostPort"), p.int("containerPort"));
            if host != 0 && host != port {
                let path = path.child("containers").index(i).child("ports").index(j);
                errors.invalid(
                    &path.child("hostPort"),
                    host,
                    "must match `containerPort` when `hostNetwork` is true",
                );
            }
        }
    }
}

fn scalars(s: &Value, path: &Path, errors: &mut Errors) {
    for (key, check) in [
        ("serviceAccountName", names::dns_subdomain as fn(&str) -> _),
        ("nodeName", names::dns_subdomain),
    ] {
        if !s.text(key).is_empty() {
            each(errors, &path.child(key), s.text(key), check(s.text(key)));
        }
    }
    if let Some(n) = s.get("activeDeadlineSeconds").as_i64() {
        for m in names::range(n, 1, i64::from(i32::MAX)) {
            errors.invalid(&path.child("activeDeadlineSeconds"), n, &m);
        }
    }
    for key in ["hostname", "subdomain"] {
        if !s.text(key).is_empty() {
            each(
                errors,
                &path.child(key),
                s.text(key),
                names::dns_label(s.text(key)),
            );
        }
    }
}

fn dns_config(s: &Value, path: &Path, errors: &mut Errors) {
    let config = s.get("dnsConfig");
    let servers = config.get("nameservers").items();
    if s.text("dnsPolicy") == "None" {
        if config.is_null() {
            return errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        } else if servers.is_empty() {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            return errors.required(&path.child("nameservers"), why);
        }
    }
    if servers.len() > 3 {
        let why = "must not have more than 3 nameservers";
        errors.invalid(
            &path.child("nameservers"),
            config.get("nameservers").clone(),
            why,
        );
    }
    for (i, n) in servers.iter().enumerate() {
        let n = n.as_str().unwrap_or("");
        each(errors, &path.child("nameservers").index(i), n, names::ip(n));
    }
    let searches = config.get("searches").items();
    let length = |n: &Value| n.as_str().map_or(0, str::len) + 1;
    if searches.len() > 32 {
        let why = "must not have more than 32 search paths";
        errors.invalid(&path.child("searches"), config.get("searches").clone(), why);
    }
    if searches.iter().map(length).sum::<usize>() > 2049 {
        let why = "must not have more than 2048 characters (including spaces) in the search list";
        errors.invalid(&path.child("searches"), config.get("searches").clone(), why);
    }
    for (i, n) in searches.iter().enumerate() {
        let n = n.as_str().unwrap_or("");
        if n == "." {
            continue;
        }
        let bare = n.strip_suffix('.').unwrap_or(n);
        each(
            errors,
            &path.child("searches").index(i),
            bare,
            names::dns_subdomain(bare),
        );
    }
    for (i, o) in config.get("options").items().iter().enumerate() {
        if o.text("name").is_empty() {
            errors.required(&path.child("options").index(i), "must not be empty");
        }
    }
}

fn spread(list: &Value, path: &Path, errors: &mut Errors) {
    let items = list.items();
    for (i, c) in items.iter().enumerate() {
        let path = path.index(i);
        if c.int("maxSkew") <= 0 {
            errors.invalid(
                &path.child("maxSkew"),
                c.int("maxSkew"),
                "must be greater than zero",
            );
        }
        let (key, when) = (c.text("topologyKey"), c.text("whenUnsatisfiable"));
        if key.is_empty() {
            errors.required(&path.child("topologyKey"), "can not be empty");
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&when) {
            let known = ["DoNotSchedule", "ScheduleAnyway"];
            errors.not_supported(&path.child("whenUnsatisfiable"), Value::str(when), &known);
        }
        let same = |o: &Value| o.text("topologyKey") == key && o.text("whenUnsatisfiable") == when;
        if items.iter().skip(i + 1).any(same) {
            let path = path.child("{topologyKey, whenUnsatisfiable}");
            errors.duplicate(&path, format!("{{{key}, {when}}}"));
        }
        if let Some(n) = c.get("minDomains").as_i64() {
            let path = path.child("minDomains");
            if n <= 0 {
                errors.invalid(&path, n, "must be greater than zero");
            }
            if when != "DoNotSchedule" {
                let why = format!(
                    "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}"
                );
                errors.invalid(&path, n, &why);
            }
        }
        for key in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            if !c.text(key).is_empty() {
                one_of(c.text(key), &path.child(key), &["Honor", "Ignore"], errors);
            }
        }
        label_keys(c, &path.child("matchLabelKeys"), errors);
        selector(c.get("labelSelector"), &path.child("labelSelector"), errors);
    }
}

/// Labels whose values the pod's own selector takes from the pod.
fn label_keys(c: &Value, path: &Path, errors: &mut Errors) {
    let (keys, selector) = (c.get("matchLabelKeys").items(), c.get("labelSelector"));
    if !keys.is_empty() && selector.is_null() {
        let why = "must not be specified when labelSelector is not set";
        errors.forbidden(path, why);
    }
    for (i, key) in keys.iter().enumerate() {
        let key = key.as_str().unwrap_or("");
        each(errors, &path.index(i), key, names::qualified(key));
        let mut expressions = selector.get("matchExpressions").items().iter();
        if selector.get("matchLabels").has(key) || expressions.any(|e| e.text("key") == key) {
            let why = "exists in both matchLabelKeys and labelSelector";
            errors.invalid(&path.index(i), Value::str(key), why);
        }
    }
}

pub fn tolerations(list: &Value, path: &Path, errors: &mut Errors) {
    for (i, t) in list.items().iter().enumerate() {
        let path = path.index(i);
        let (key, operator, value) = (t.text("key"), t.text("operator"), t.text("value"));
        if !key.is_empty() {
            each(errors, &path.child("key"), key, names::qualified(key));
        }
        if key.is_empty() && operator != "Exists" {
            let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid(&path.child("operator"), Value::str(operator), why);
        }
        if !t.get("tolerationSeconds").is_null() && t.text("effect") != "NoExecute" {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.invalid(&path.child("effect"), Value::str(t.text("effect")), why);
        }
        match operator {
            "Equal" | "" => {
                let found = names::label_value(value);
                if !found.is_empty() {
                    errors.invalid(&path.child("operator"), Value::str(value), &found.join(";"));
                }
            }
            "Exists" if !value.is_empty() => {
                let why = "value must be empty when `operator` is 'Exists'";
                errors.invalid(&path.child("operator"), Value::str(value), why);
            }
            "Exists" => {}
            other => errors.not_supported(
                &path.child("operator"),
                Value::str(other),
                &["Equal", "Exists"],
            ),
        }
        effect(t.text("effect"), &path.child("effect"), errors);
    }
}

/// A taint's effect, "" for all.
pub fn effect(effect: &str, path: &Path, errors: &mut Errors) {
    let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !effect.is_empty() && !known.contains(&effect) {
        errors.not_supported(path, Value::str(effect), &known);
    }
}
