//! Validation of Services.
//! Upstream: `ValidateService`, `ValidateServiceUpdate` in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::{each, labels, one_of};
use crate::names;
use machinery::field::FieldError;
use machinery::{Errors, Object, Path, Value};

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

pub fn service(o: &Object, errors: &mut Errors) {
    let (spec, path) = (o.spec(), Path::root("spec"));
    let kind = spec.text("type");
    let headless = spec.text("clusterIP") == "None";
    let list = spec.get("ports").items();
    if list.is_empty() && !headless && kind != "ExternalName" {
        errors.required(&path.child("ports"), "");
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
    let seconds = spec.int("sessionAffinityConfig.clientIP.timeoutSeconds");
    if affinity == "ClientIP" && !(1..=86400).contains(&seconds) {
        let path = path
            .child("sessionAffinityConfig")
            .child("clientIP")
            .child("timeoutSeconds");
        errors.invalid(&path, seconds, "must be greater than 0 and less than 86400");
    }
    families(spec, &path, errors);
    for (i, ip) in spec.get("clusterIPs").items().iter().enumerate() {
        let ip = ip.as_str().unwrap_or("");
        if ip != "None" && kind != "ExternalName" {
            let at = path.child("clusterIPs").index(i);
            each(errors, &at, ip, names::ip(ip));
        }
    }
    for (i, ip) in spec.get("externalIPs").items().iter().enumerate() {
        let ip = ip.as_str().unwrap_or("");
        each(
            errors,
            &path.child("externalIPs").index(i),
            ip,
            names::ip(ip),
        );
    }
    let known = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    one_of(kind, &path.child("type"), &known, errors);
    unique(kind, list, &path, errors);
    for (i, r) in spec
        .get("loadBalancerSourceRanges")
        .items()
        .iter()
        .enumerate()
    {
        let r = r.as_str().unwrap_or("");
        each(
            errors,
            &path.child("loadBalancerSourceRanges").index(i),
            r,
            names::cidr(r),
        );
    }
    policies(spec, &path, errors);
}

fn external_name(spec: &Value, path: &Path, errors: &mut Errors) {
    if !spec.text("clusterIP").is_empty() {
        let why = "may not be set for ExternalName services";
        errors.forbidden(&path.child("clusterIPs"), why);
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
    let mut taken: Vec<(&str, i64)> = Vec::new();
    let mut taken_nodes: Vec<(&str, i64)> = Vec::new();
    for (i, p) in list.iter().enumerate() {
        let path = path.child("ports").index(i);
        let node = p.int("nodePort");
        if node != 0 && kind == "ClusterIP" {
            errors.forbidden(
                &path.child("nodePort"),
                "may not be used when `type` is 'ClusterIP'",
            );
        }
        let at_node = (p.text("protocol"), node);
        if node != 0 && taken_nodes.contains(&at_node) {
            duplicate(&path.child("nodePort"), p, 0, node, errors);
        }
        taken_nodes.push(at_node);
        let at = (p.text("protocol"), p.int("port"));
        if taken.contains(&at) {
            duplicate(&path, p, p.int("port"), 0, errors);
        }
        taken.push(at);
    }
}

/// As the server's internal type prints.
fn duplicate(path: &Path, p: &Value, port: i64, node: i64, errors: &mut Errors) {
    let protocol = p.text("protocol");
    let text = format!(
        "Duplicate value: {{\"Name\":\"\",\"Protocol\":\"{protocol}\",\"AppProtocol\":null,\"Port\":{port},\"TargetPort\":0,\"NodePort\":{node}}}"
    );
    errors.0.push(FieldError {
        kind: "FieldValueDuplicate",
        path: path.to_string(),
        text,
    });
}

/// This cluster speaks IPv4 alone.
fn families(spec: &Value, path: &Path, errors: &mut Errors) {
    let policy = spec.text("ipFamilyPolicy");
    let known = ["SingleStack", "PreferDualStack", "RequireDualStack"];
    if !policy.is_empty() && !known.contains(&policy) {
        let path = path.child("ipFamilyPolicy");
        errors.not_supported(&path, Value::str(policy), &known);
    }
    if policy == "RequireDualStack" {
        let why = "this cluster is not configured for dual-stack services";
        errors.invalid(&path.child("ipFamilyPolicy"), Value::str(policy), why);
    }
    for (i, f) in spec.get("ipFamilies").items().iter().enumerate() {
        let path = path.child("ipFamilies").index(i);
        match f.as_str().unwrap_or("") {
            "IPv4" => {}
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
    let internal = spec.text("internalTrafficPolicy");
    if !internal.is_empty() && !["Cluster", "Local"].contains(&internal) {
        let path = path.child("internalTrafficPolicy");
        errors.not_supported(&path, Value::str(internal), &["Cluster", "Local"]);
    }
}

pub fn update(new: &Object, old: &Object, errors: &mut Errors) {
    let external = |o: &Object| o.text("spec.type") == "ExternalName";
    let (was, now) = (old.text("spec.clusterIP"), new.text("spec.clusterIP"));
    if !external(new) && !external(old) && !was.is_empty() && was != now {
        let path = Path::root("spec").child("clusterIPs").index(0);
        errors.invalid(
            &path,
            new.at("spec.clusterIPs").clone(),
            "may not change once set",
        );
    }
}
