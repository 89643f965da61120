//! Validation of pods and pod templates: all but containers, volumes and affinity, which have files of their own.
//! Upstream: `ValidatePodSpec`, `ValidatePodUpdate` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::{each, labels, non_negative, one_of, selector};
use crate::names;
use crate::{affinity_validate, container_validate, volume_validate};
use machinery::{Errors, Object, Path, Value};

pub fn pod(o: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    spec(o.spec(), &path, errors);
    if o.resource_version() == 0 && !o.at("spec.ephemeralContainers").items().is_empty() {
        errors.forbidden(
            &path.child("ephemeralContainers"),
            "cannot be set on create",
        );
    }
}

/// A template: its labels, annotations and spec.
pub fn template(t: &Value, path: &Path, errors: &mut Errors) {
    labels(t.at("metadata.labels"), &path.child("labels"), errors);
    crate::meta::annotations(
        t.at("metadata.annotations"),
        &path.child("annotations"),
        errors,
    );
    spec(t.get("spec"), &path.child("spec"), errors);
    let ephemeral = t.at("spec.ephemeralContainers");
    if !ephemeral.items().is_empty() {
        let path = path.child("spec").child("ephemeralContainers");
        errors.forbidden(&path, "ephemeral containers not allowed in pod template");
    }
}

pub fn spec(s: &Value, path: &Path, errors: &mut Errors) {
    let volumes = volume_validate::volumes(s.get("volumes"), &path.child("volumes"), errors);
    container_validate::containers(s, &volumes, path, errors);
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
    security(s, path, errors);
    affinity_validate::affinity(s.get("affinity"), &path.child("affinity"), errors);
    dns_config(s, &path.child("dnsConfig"), errors);
    for (i, g) in s.get("readinessGates").items().iter().enumerate() {
        let name = g.text("conditionType");
        let path = path.child("readinessGates").index(i).child("conditionType");
        each(errors, &path, name, names::qualified(name));
    }
    for (i, g) in s.get("schedulingGates").items().iter().enumerate() {
        let path = path.child("schedulingGates").index(i);
        each(
            errors,
            &path,
            g.text("name"),
            names::qualified(g.text("name")),
        );
    }
    spread(
        s.get("topologySpreadConstraints"),
        &path.child("topologySpreadConstraints"),
        errors,
    );
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

fn sysctls(list: &[Value], path: &Path, errors: &mut Errors) {
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
        if list
            .iter()
            .take(i)
            .any(|o| o.text("name").replace('/', ".") == name.replace('/', "."))
        {
            errors.duplicate(&at, Value::str(name));
        }
    }
}

fn security(s: &Value, path: &Path, errors: &mut Errors) {
    let context = s.get("securityContext");
    if s.flag("hostNetwork") {
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
    if s.flag("shareProcessNamespace") && s.flag("hostPID") {
        let path = path.child("shareProcessNamespace");
        errors.invalid(
            &path,
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        );
    }
    let path = path.child("securityContext");
    sysctls(
        context.get("sysctls").items(),
        &path.child("sysctls"),
        errors,
    );
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
    let change = context.text("fsGroupChangePolicy");
    if !change.is_empty() {
        one_of(
            change,
            &path.child("fsGroupChangePolicy"),
            &["OnRootMismatch", "Always"],
            errors,
        );
    }
    seccomp(
        context.get("seccompProfile"),
        &path.child("seccompProfile"),
        errors,
    );
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
        "Localhost" => volume_validate::descending(name.as_str().unwrap_or(""), &local, errors),
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

fn dns_config(s: &Value, path: &Path, errors: &mut Errors) {
    let config = s.get("dnsConfig");
    let servers = config.get("nameservers").items();
    if s.text("dnsPolicy") == "None" {
        if config.is_null() {
            errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        } else if servers.is_empty() {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errors.required(&path.child("nameservers"), why);
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
    if searches.len() > 32 {
        let why = "must not have more than 32 search paths";
        errors.invalid(&path.child("searches"), config.get("searches").clone(), why);
    }
    for (i, n) in searches.iter().enumerate() {
        let n = n.as_str().unwrap_or("");
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
        affinity_validate::topology_key(key, &path.child("topologyKey"), errors);
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
        selector(c.get("labelSelector"), &path.child("labelSelector"), errors);
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

const CHANGEABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A pod stays as it is but for a few fields.
pub fn update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    for key in ["containers", "initContainers"] {
        if new.spec().get(key).items().len() != old.spec().get(key).items().len() {
            errors.forbidden(
                &path.child(key),
                "pod updates may not add or remove containers",
            );
            return;
        }
    }
    let (now, was) = (
        new.spec().get("activeDeadlineSeconds"),
        old.spec().get("activeDeadlineSeconds"),
    );
    match (now.as_i64(), was.as_i64()) {
        (Some(n), Some(w)) if n > w => {
            let why = "must be less than or equal to previous value";
            errors.invalid(&path.child("activeDeadlineSeconds"), n, why);
        }
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            errors.invalid(&path.child("activeDeadlineSeconds"), Value::Null, why);
        }
        (Some(n), None) => non_negative(n, &path.child("activeDeadlineSeconds"), errors),
        _ => {}
    }
    let kept = |t: &Value| {
        new.spec().get("tolerations").items().iter().any(|n| {
            let same = |key: &str| n.get(key) == t.get(key);
            same("key") && same("operator") && same("value") && same("effect")
        })
    };
    if !old.spec().get("tolerations").items().iter().all(kept) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        errors.forbidden(&path.child("tolerations"), why);
    }
    if !errors.is_empty() {
        return;
    }
    let munged = with_old(new.spec(), old.spec());
    if munged != *old.spec() {
        let diff = crate::diff::unified(old.spec(), &munged);
        errors.forbidden(
            &path,
            &format!("pod updates may not change fields other than {CHANGEABLE}\n{diff}"),
        );
    }
}

/// Through `ephemeralcontainers` containers are only added.
pub fn update_ephemeral(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec").child("ephemeralContainers");
    let list = |o: &Object| o.at("spec.ephemeralContainers").items().to_vec();
    let now = list(new);
    for c in list(old) {
        let name = c.text("name");
        match now.iter().find(|n| n.text("name") == name) {
            None => errors.forbidden(
                &path,
                &format!("existing ephemeral containers {name:?} may not be removed"),
            ),
            Some(n) if *n != c => {
                errors.forbidden(
                    &path,
                    &format!("existing ephemeral containers {name:?} may not be changed"),
                );
            }
            Some(_) => {}
        }
    }
}

/// Through `resize` amounts change, but not what they make of the pod.
pub fn update_resize(new: &Object, old: &Object, errors: &mut Errors) {
    let was = match old.text("status.qosClass") {
        "" => crate::pod::qos(old.spec()),
        class => class,
    };
    if crate::pod::qos(new.spec()) != was {
        let why = "Pod QOS Class may not change as a result of resizing";
        errors.invalid(&Path::root("spec"), Value::str(was), why);
    }
}

/// The new spec with the old values of what may change: whatever still differs may not.
fn with_old(new: &Value, old: &Value) -> Value {
    let mut spec = new.clone();
    for key in ["containers", "initContainers"] {
        for (i, c) in old.get(key).items().iter().enumerate() {
            if let Some(place) = spec.get(key).items().get(i).cloned()
                && place.get("image") != c.get("image")
            {
                let mut place = place;
                place.set("image", c.get("image").clone());
                if let Some(slot) = spec.field(key).list_mut().get_mut(i) {
                    *slot = place;
                }
            }
        }
    }
    let mut changeable = vec!["activeDeadlineSeconds", "tolerations"];
    if old.int("terminationGracePeriodSeconds") < 0 && new.int("terminationGracePeriodSeconds") == 1
    {
        changeable.push("terminationGracePeriodSeconds");
    }
    if !old.get("schedulingGates").is_empty() {
        // While a gate holds the pod back, gates may go and the node selection may narrow.
        changeable.extend(["schedulingGates", "nodeSelector", "affinity"]);
    }
    for key in changeable {
        match old.get(key) {
            Value::Null => drop(spec.remove(key)),
            v => spec.set(key, v.clone()),
        }
    }
    spec
}
