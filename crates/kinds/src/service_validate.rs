//! Validation of Services.
//! Upstream: `ValidateService`, `ValidateServiceUpdate` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::{each, labels, one_of};
use crate::names;
use machinery::{Errors, Object, Path, Value};

const MODE: &str = "service.kubernetes.io/topology-mode";
const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

pub fn service(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let kind = spec.text("type");
    let headless = spec.text("clusterIP") == "None";
    let list = spec.get("ports").items();
    let notes = o.at("metadata.annotations");
    let (mode, hints) = (notes.get(MODE), notes.get(HINTS));
    if !mode.is_null() && !hints.is_null() && mode != hints {
        let why = format!("must match annotations[{HINTS}] when both are specified");
        let at = Path::root("metadata").child("annotations").key(MODE);
        errors.invalid(&at, mode.clone(), &why);
    }
    if list.is_empty() && !headless && kind != "ExternalName" {
        errors.required(&path.child("ports"), "");
    }
    if headless && matches!(kind, "LoadBalancer" | "NodePort") {
        let why = format!("may not be set to 'None' for {kind} services");
        errors.invalid(&path.child("clusterIPs").index(0), "None", &why);
    }
    if kind == "ExternalName" {
        external_name(spec, &path, errors);
    }
    ports(spec, &path, errors);
    labels(spec.get("selector"), &path.child("selector"), errors);
    let affinity = spec.text("sessionAffinity");
    one_of(
        affinity,
        &path.child("sessionAffinity"),
        &["ClientIP", "None"],
        errors,
    );
    affinity_config(affinity, spec, &path.child("sessionAffinityConfig"), errors);
    families(spec, &path, errors);
    if kind != "ExternalName" {
        cluster_ips(spec, &path.child("clusterIPs"), errors);
    }
    for (i, ip) in spec.get("externalIPs").items().iter().enumerate() {
        let ip = ip.as_str().unwrap_or("");
        let at = path.child("externalIPs").index(i);
        let found = names::ip(ip);
        match found.is_empty() {
            true => special(ip, &at, errors),
            false => each(errors, &at, ip, found),
        }
    }
    let known = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    one_of(kind, &path.child("type"), &known, errors);
    unique(kind, list, &path, errors);
    balancer(o, kind, &path, errors);
    policies(spec, &path, errors);
}

fn external_name(spec: &Value, path: &Path, errors: &mut Errors) {
    let why = "may not be set for ExternalName services";
    for key in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if !spec.get(key).is_empty() || (key == "clusterIPs" && !spec.text("clusterIP").is_empty())
        {
            errors.forbidden(&path.child(key), why);
        }
    }
    match spec.text("externalName") {
        "" => errors.required(&path.child("externalName"), ""),
        name => {
            let bare = name.strip_suffix('.').unwrap_or(name);
            each(
                errors,
                &path.child("externalName"),
                bare,
                names::dns_subdomain(bare),
            );
        }
    }
}

fn affinity_config(affinity: &str, spec: &Value, path: &Path, errors: &mut Errors) {
    let config = spec.get("sessionAffinityConfig");
    if affinity == "None" && !config.is_null() {
        errors.forbidden(path, "must not be set when session affinity is None");
    }
    if affinity != "ClientIP" {
        return;
    }
    let why = "when session affinity type is ClientIP";
    let (at, client) = (path.child("clientIP"), config.get("clientIP"));
    if config.is_null() {
        return errors.required(path, why);
    }
    if client.is_null() {
        return errors.required(&at, why);
    }
    let at = at.child("timeoutSeconds");
    match client.get("timeoutSeconds").as_i64() {
        None => errors.required(&at, why),
        Some(n) if !(1..=86400).contains(&n) => {
            errors.invalid(&at, n, "must be greater than 0 and less than 86400");
        }
        Some(_) => {}
    }
}

fn cluster_ips(spec: &Value, path: &Path, errors: &mut Errors) {
    let (list, one) = (spec.get("clusterIPs"), spec.text("clusterIP"));
    let all: Vec<&str> = list.items().iter().filter_map(Value::as_str).collect();
    match (all.first(), one) {
        (None, "") => {}
        (None, _) => errors.required(path, ""),
        (Some(_), "") => {
            let why = "must be empty when `clusterIP` is not specified";
            errors.invalid(path, list.clone(), why);
        }
        (Some(first), one) if *first != one => {
            errors.invalid(path, list.clone(), "first value must match `clusterIP`");
        }
        _ => {}
    }
    let mut bad = false;
    for (i, ip) in all.iter().enumerate() {
        if i == 0 && *ip == "None" {
            if all.len() > 1 {
                bad = true;
                errors.invalid(
                    path,
                    list.clone(),
                    "'None' must be the first and only value",
                );
            }
            continue;
        }
        let found = names::ip(ip);
        bad = bad || !found.is_empty();
        each(errors, &path.index(i), ip, found);
    }
    if all.len() > 2 {
        errors.invalid(path, list.clone(), "may only hold up to 2 values");
    }
    let six = |ip: &str| ip.contains(':');
    if bad {
        return;
    }
    if all.len() > 1
        && all
            .iter()
            .all(|ip| six(ip) == all.first().is_some_and(|f| six(f)))
    {
        let why = "may specify no more than one IP for each IP family";
        errors.invalid(path, list.clone(), why);
    }
    let families = spec.get("ipFamilies").items();
    for (i, (ip, f)) in all.iter().zip(families).enumerate() {
        let wanted = f.as_str().unwrap_or("");
        if *ip != "None" && matches!((wanted, six(ip)), ("IPv4", true) | ("IPv6", false)) {
            let why = format!("expected an {wanted} value as indicated by `ipFamilies[{i}]`");
            errors.invalid(&path.index(i), Value::str(ip), &why);
        }
    }
}

/// Addresses that stand for something else than a host.
fn special(ip: &str, path: &Path, errors: &mut Errors) {
    use std::net::IpAddr;
    let Some(ip_) = machinery::validate_names::parse_ip(ip) else {
        return;
    };
    let link_local = match ip_ {
        IpAddr::V4(a) => a.is_link_local(),
        IpAddr::V6(a) => a.is_unicast_link_local(),
    };
    let link_multicast = match ip_ {
        IpAddr::V4(a) => a.octets().starts_with(&[224, 0, 0]),
        IpAddr::V6(a) => a.segments().first() == Some(&0xff02),
    };
    for (holds, why) in [
        (
            ip_.is_unspecified(),
            "may not be unspecified (0.0.0.0 or ::)",
        ),
        (
            ip_.is_loopback(),
            "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ),
        (
            link_local,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ),
        (
            link_multicast,
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    ] {
        if holds {
            errors.invalid(path, Value::str(ip), why);
        }
    }
}

/// What only services of type LoadBalancer may ask for.
fn balancer(o: &Object, kind: &str, path: &Path, errors: &mut Errors) {
    const NOTE: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    const WHY: &str = "may only be used when `type` is 'LoadBalancer'";
    let (spec, is_one) = (o.spec(), kind == "LoadBalancer");
    let ranges = spec.get("loadBalancerSourceRanges").items();
    if !ranges.is_empty() {
        // Upstream writes the name so.
        let at = path.child("LoadBalancerSourceRanges");
        if !is_one {
            errors.forbidden(&at, WHY);
        }
        for (i, r) in ranges.iter().enumerate() {
            let r = r.as_str().unwrap_or("").trim();
            each(errors, &at.index(i), r, names::cidr(r));
        }
    } else if let Some(text) = o.annotation(NOTE) {
        let at = Path::root("metadata").child("annotations").key(NOTE);
        if !is_one {
            errors.forbidden(&at, WHY);
        }
        for r in text
            .split(',')
            .map(str::trim)
            .filter(|_| !text.trim().is_empty())
        {
            each(errors, &at, r, names::cidr(r));
        }
    }
    if !is_one && spec.has("allocateLoadBalancerNodePorts") {
        errors.forbidden(&path.child("allocateLoadBalancerNodePorts"), WHY);
    }
    let class = spec.get("loadBalancerClass").as_str();
    let at = path.child("loadBalancerClass");
    match class {
        None => {}
        Some(name) if is_one => each(errors, &at, name, names::qualified(name)),
        Some(_) => errors.forbidden(&at, WHY),
    }
}

fn ports(spec: &Value, path: &Path, errors: &mut Errors) {
    let list = spec.get("ports").items();
    let mut taken: Vec<&str> = Vec::new();
    for (i, p) in list.iter().enumerate() {
        let path = path.child("ports").index(i);
        let name = p.text("name");
        if name.is_empty() {
            if list.len() > 1 {
                errors.required(&path.child("name"), "");
            }
        } else {
            each(errors, &path.child("name"), name, names::dns_label(name));
            if taken.contains(&name) {
                errors.duplicate(&path.child("name"), Value::str(name));
            }
            taken.push(name);
        }
        for m in names::port_number(p.int("port")) {
            errors.invalid(&path.child("port"), p.int("port"), &m);
        }
        one_of(
            p.text("protocol"),
            &path.child("protocol"),
            &PROTOCOLS,
            errors,
        );
        crate::container_validate::port(p.get("targetPort"), &path.child("targetPort"), errors);
        let app = p.text("appProtocol");
        if !app.is_empty() {
            each(
                errors,
                &path.child("appProtocol"),
                app,
                names::qualified(app),
            );
        }
    }
}

/// Node ports only where the type has them, and no port twice.
fn unique(kind: &str, list: &[Value], path: &Path, errors: &mut Errors) {
    let at = |i: usize| path.child("ports").index(i);
    for (i, p) in list.iter().enumerate() {
        if p.int("nodePort") != 0 && kind == "ClusterIP" {
            let why = "may not be used when `type` is 'ClusterIP'";
            errors.forbidden(&at(i).child("nodePort"), why);
        }
    }
    let before = |i: usize, p: &Value, key: &str| {
        let same = |o: &Value| o.text("protocol") == p.text("protocol") && o.int(key) == p.int(key);
        list.iter().take(i).any(same)
    };
    for (i, p) in list.iter().enumerate() {
        let node = p.int("nodePort");
        if node != 0 && before(i, p, "nodePort") {
            errors.duplicate(&at(i).child("nodePort"), node);
        }
    }
    for (i, p) in list.iter().enumerate() {
        if before(i, p, "port") {
            duplicate(&at(i), p, errors);
        }
    }
}

/// As the server's internal type prints.
fn duplicate(path: &Path, p: &Value, errors: &mut Errors) {
    let port = p.int("port");
    let protocol = p.text("protocol");
    let shown = format!(
        "{{\"Name\":\"\",\"Protocol\":\"{protocol}\",\"AppProtocol\":null,\"Port\":{port},\"TargetPort\":0,\"NodePort\":0}}"
    );
    errors.duplicate_shown(path, &shown, "");
}

/// This cluster speaks IPv4 alone; what only names endpoints (headless, without a selector) is not held to that.
fn families(spec: &Value, path: &Path, errors: &mut Errors) {
    let free = spec.text("clusterIP") == "None" && spec.get("selector").is_empty();
    let policy = spec.text("ipFamilyPolicy");
    let known = ["SingleStack", "PreferDualStack", "RequireDualStack"];
    if !policy.is_empty() && !known.contains(&policy) {
        let path = path.child("ipFamilyPolicy");
        errors.not_supported(&path, Value::str(policy), &known);
    }
    if policy == "RequireDualStack" && !free {
        let why = "this cluster is not configured for dual-stack services";
        errors.invalid(&path.child("ipFamilyPolicy"), Value::str(policy), why);
    }
    for (i, f) in spec.get("ipFamilies").items().iter().enumerate() {
        let path = path.child("ipFamilies").index(i);
        match f.as_str().unwrap_or("") {
            "IPv4" => {}
            "IPv6" if free => {}
            "IPv6" => errors.invalid(&path, "IPv6", "not configured on this cluster"),
            other => errors.not_supported(&path, Value::str(other), &["IPv4", "IPv6"]),
        }
    }
}

fn policies(spec: &Value, path: &Path, errors: &mut Errors) {
    let external = spec.text("externalTrafficPolicy");
    let kind = spec.text("type");
    let reachable =
        matches!(kind, "NodePort" | "LoadBalancer") || !spec.get("externalIPs").is_empty();
    if !external.is_empty() {
        let path = path.child("externalTrafficPolicy");
        if !reachable {
            let why = "may only be set for externally-accessible services";
            errors.invalid(&path, Value::str(external), why);
        } else if !["Cluster", "Local"].contains(&external) {
            errors.not_supported(&path, Value::str(external), &["Cluster", "Local"]);
        }
    }
    let health = spec.int("healthCheckNodePort");
    let at = path.child("healthCheckNodePort");
    if health != 0 && (kind != "LoadBalancer" || external != "Local") {
        let why =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.invalid(&at, health, why);
    } else if health != 0 {
        for m in names::port_number(health) {
            errors.invalid(&at, health, &m);
        }
    }
    let internal = spec.text("internalTrafficPolicy");
    if !internal.is_empty() && !["Cluster", "Local"].contains(&internal) {
        let path = path.child("internalTrafficPolicy");
        errors.not_supported(&path, Value::str(internal), &["Cluster", "Local"]);
    }
    let known = ["PreferClose", "PreferSameNode", "PreferSameZone"];
    let spread = spec.get("trafficDistribution").as_str();
    if let Some(text) = spread.filter(|t| !known.contains(t)) {
        errors.not_supported(&path.child("trafficDistribution"), Value::str(text), &known);
    }
}

/// What a service is reached by stays, unless it becomes or was an ExternalName. Upstream: `ValidateServiceUpdate`.
pub fn update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    let is = |o: &Object, kind: &str| o.text("spec.type") == kind;
    if !is(new, "ExternalName") && !is(old, "ExternalName") {
        for key in ["clusterIPs", "ipFamilies"] {
            let (was, now) = (old.spec().get(key).items(), new.spec().get(key).items());
            let headless = |o: &Object| o.text("spec.clusterIP") == "None";
            if key == "ipFamilies" && (headless(new) || headless(old)) {
                continue;
            }
            let shown = new.spec().get(key).clone();
            let at = path.child(key).index(0);
            if now.is_empty() && !was.is_empty() && key == "clusterIPs" {
                errors.invalid(&at, shown, "primary clusterIP can not be unset");
            } else if was.first().is_some_and(|w| now.first() != Some(w)) {
                errors.invalid(&at, shown, "may not change once set");
            }
        }
    }
    let class = |o: &Object| o.at("spec.loadBalancerClass").clone();
    if is(new, "LoadBalancer") && is(old, "LoadBalancer") && class(new) != class(old) {
        let at = path.child("loadBalancerClass");
        errors.invalid(&at, class(new), "may not change once set");
    }
    let checks =
        |o: &Object| is(o, "LoadBalancer") && o.text("spec.externalTrafficPolicy") == "Local";
    let port = |o: &Object| o.int("spec.healthCheckNodePort");
    if checks(new) && checks(old) && port(new) != port(old) {
        errors.forbidden(&path.child("healthCheckNodePort"), "field is immutable");
    }
}
