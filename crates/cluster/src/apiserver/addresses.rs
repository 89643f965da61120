//! What the API server hands out to Services: cluster IPs and node ports. What is taken is read off the Services that
//! exist. Upstream: `kubernetes:pkg/registry/core/service/storage/alloc.go`, `pkg/registry/core/service/{ip,port}allocator`.

use super::Call;
use crate::Cluster;
use crate::ip;
use machinery::arrange::gather;
use machinery::{Errors, Object, Path, Status, Value};
use std::collections::BTreeSet;

/// 10.96.0.0/16: its first addresses are kept for those who choose one themselves.
const RANGE: (u32, u32) = (0x0a60_0000, 0x0a60_ffff);
const RANGE_TEXT: &str = "10.96.0.0/16";
const STATIC_IPS: u32 = 256;
const PORTS: (i64, i64) = (30_000, 32_767);
const STATIC_PORTS: i64 = 86;

/// Fills in what a Service gets from the server: families, addresses, ports.
pub(crate) fn assign(
    cluster: &mut Cluster,
    call: &Call,
    v: &mut Value,
    old: Option<&Object>,
) -> Result<(), Status> {
    if call.kind.plural != "services" || !call.kind.group.is_empty() {
        return Ok(());
    }
    if old.is_some() && call.subresource == "status" {
        return Ok(());
    }
    let mut errors = Errors::default();
    if let Some(old) = old {
        carry_over(v, old);
    }
    sync_cluster_ips(v, old);
    families(v, &mut errors);
    if errors.is_empty() {
        cluster_ip(cluster, call.options.dry_run, v, old, &mut errors);
    }
    if errors.is_empty() {
        node_ports(cluster, v, old, &mut errors);
    }
    if errors.is_empty() {
        return Ok(());
    }
    let name = v.text("metadata.name").to_string();
    Err(Status::invalid("", "Service", &name, &errors))
}

fn needs_ip(v: &Value) -> bool {
    matches!(
        v.text("spec.type"),
        "ClusterIP" | "NodePort" | "LoadBalancer"
    )
}
fn needs_ports(v: &Value) -> bool {
    match v.text("spec.type") {
        "NodePort" => true,
        "LoadBalancer" => v.at("spec.allocateLoadBalancerNodePorts").as_bool() != Some(false),
        _ => false,
    }
}
fn needs_health_port(v: &Value) -> bool {
    v.text("spec.type") == "LoadBalancer" && v.text("spec.externalTrafficPolicy") == "Local"
}

/// An update that leaves allocated values out keeps them; a change of type drops what the new type has not.
fn carry_over(v: &mut Value, old: &Object) {
    if needs_ip(v) && needs_ip(old) {
        for path in ["spec.clusterIP", "spec.clusterIPs"] {
            if v.at(path).is_empty() && !old.at(path).is_null() {
                v.set(path, old.at(path).clone());
            }
        }
    }
    if needs_ports(v) && needs_ports(old) {
        let taken: BTreeSet<i64> = gather(ports(v).iter().map(|p| p.int("nodePort")));
        let was = ports(old).to_vec();
        super::admission::each(v, "spec.ports", |p| {
            let same = |o: &&Value| {
                o.text("protocol") == p.text("protocol") && o.int("port") == p.int("port")
            };
            if p.int("nodePort") == 0
                && let Some(o) = was.iter().find(same)
                && !taken.contains(&o.int("nodePort"))
            {
                let port = o.int("nodePort");
                p.set("nodePort", port);
            }
        });
    }
    if needs_health_port(v) && needs_health_port(old) && v.int("spec.healthCheckNodePort") == 0 {
        v.set(
            "spec.healthCheckNodePort",
            old.at("spec.healthCheckNodePort").clone(),
        );
    }
    drop_dependent(v, old);
}

fn drop_dependent(v: &mut Value, old: &Object) {
    if needs_ip(old) && !needs_ip(v) && v.at("spec.clusterIP") == old.at("spec.clusterIP") {
        for path in [
            "spec.clusterIP",
            "spec.clusterIPs",
            "spec.ipFamilies",
            "spec.ipFamilyPolicy",
            "spec.internalTrafficPolicy",
        ] {
            v.remove(path);
        }
    }
    let same_ports = ports(v)
        .iter()
        .map(|p| p.int("nodePort"))
        .eq(ports(old).iter().map(|p| p.int("nodePort")));
    if needs_ports(old) && !needs_ports(v) && same_ports {
        super::admission::each(v, "spec.ports", |p| drop(p.remove("nodePort")));
    }
    if needs_health_port(old) && !needs_health_port(v) {
        v.remove("spec.healthCheckNodePort");
    }
    let external = |v: &Value| {
        matches!(v.text("spec.type"), "NodePort" | "LoadBalancer")
            || !v.at("spec.externalIPs").is_empty()
    };
    if external(old)
        && !external(v)
        && v.at("spec.externalTrafficPolicy") == old.at("spec.externalTrafficPolicy")
    {
        v.remove("spec.externalTrafficPolicy");
    }
    if old.text("spec.type") == "LoadBalancer" && v.text("spec.type") != "LoadBalancer" {
        for path in [
            "spec.allocateLoadBalancerNodePorts",
            "spec.loadBalancerClass",
        ] {
            if v.at(path) == old.at(path) {
                v.remove(path);
            }
        }
    }
    if old.text("spec.type") == "ExternalName"
        && v.text("spec.type") != "ExternalName"
        && v.at("spec.externalName") == old.at("spec.externalName")
    {
        v.remove("spec.externalName");
    }
}

fn ports(v: &Value) -> &[Value] {
    v.at("spec.ports").items()
}

/// `clusterIP` and `clusterIPs` say the same.
fn sync_cluster_ips(v: &mut Value, old: Option<&Object>) {
    let ip = v.text("spec.clusterIP").to_string();
    let Some(old) = old else {
        if !ip.is_empty() && v.at("spec.clusterIPs").is_empty() {
            v.set("spec.clusterIPs", vec![Value::from(ip)]);
        }
        return;
    };
    let (was, were) = (old.text("spec.clusterIP"), old.at("spec.clusterIPs"));
    if ip != was && v.at("spec.clusterIPs") == were {
        if ip.is_empty() {
            v.remove("spec.clusterIPs");
        } else {
            v.set("spec.clusterIPs", vec![Value::from(ip)]);
        }
    } else if !ip.is_empty() && v.at("spec.clusterIPs").is_empty() {
        v.set("spec.clusterIPs", vec![Value::from(ip)]);
    }
}

/// This cluster has IPv4 alone.
fn families(v: &mut Value, errors: &mut Errors) {
    if !needs_ip(v) {
        return;
    }
    let headless = v.text("spec.clusterIP") == "None";
    if headless && v.at("spec.selector").is_empty() {
        v.set_default("spec.ipFamilyPolicy", "RequireDualStack");
        if v.at("spec.ipFamilies").is_empty() {
            let both = v.text("spec.ipFamilyPolicy") != "SingleStack";
            let list: Vec<Value> = if both {
                vec!["IPv4".into(), "IPv6".into()]
            } else {
                vec!["IPv4".into()]
            };
            v.set("spec.ipFamilies", list);
        } else if v.at("spec.ipFamilies").items().len() == 1
            && v.text("spec.ipFamilyPolicy") != "SingleStack"
        {
            let first = v
                .at("spec.ipFamilies")
                .items()
                .first()
                .and_then(Value::as_str)
                .unwrap_or("");
            let other = if first == "IPv4" { "IPv6" } else { "IPv4" };
            v.place("spec.ipFamilies").push(other);
        }
        return;
    }
    let spec = Path::root("spec");
    v.set_default("spec.ipFamilyPolicy", "SingleStack");
    let policy = v.text("spec.ipFamilyPolicy").to_string();
    if policy == "RequireDualStack" {
        errors.invalid(
            &spec.child("ipFamilyPolicy"),
            Value::str(&policy),
            "this cluster is not configured for dual-stack services",
        );
    }
    let list = v.at("spec.ipFamilies").items().to_vec();
    if policy == "SingleStack" && list.len() == 2 {
        errors.invalid(
            &spec.child("ipFamilyPolicy"),
            Value::str(&policy),
            "may only be 'SingleStack' when a single IP family is specified",
        );
    }
    for (i, f) in list.iter().enumerate() {
        if f.as_str() == Some("IPv6") {
            errors.invalid(
                &spec.child("ipFamilies").index(i),
                f.clone(),
                "not configured on this cluster",
            );
        }
    }
    if list.is_empty() {
        v.set("spec.ipFamilies", vec![Value::from("IPv4")]);
    }
}

fn cluster_ip(
    cluster: &mut Cluster,
    dry_run: bool,
    v: &mut Value,
    old: Option<&Object>,
    errors: &mut Errors,
) {
    let had = old
        .filter(|o| needs_ip(o))
        .map_or("", |o| o.text("spec.clusterIP"));
    let ip = v.text("spec.clusterIP").to_string();
    if !needs_ip(v) || ip == "None" || !had.is_empty() {
        return;
    }
    let own = v.text("metadata.uid").to_string();
    let others = cluster
        .store
        .list("services", None)
        .filter(|s| own.is_empty() || s.uid() != own);
    let used: BTreeSet<u32> = gather(others.filter_map(|s| ip::parse(s.text("spec.clusterIP"))));
    let path = Path::root("spec").child("clusterIPs");
    if ip.is_empty() {
        let size = u64::from(RANGE.1 - RANGE.0 - STATIC_IPS);
        let start = cluster.jitter.below(size) as u32;
        let candidates = (0..size as u32).map(|i| RANGE.0 + STATIC_IPS + (start + i) % size as u32);
        match candidates.into_iter().find(|ip| !used.contains(ip)) {
            Some(free) => {
                v.set("spec.clusterIP", ip::text(free));
                v.set("spec.clusterIPs", vec![Value::from(ip::text(free))]);
            }
            None => errors.internal(&path, "failed to allocate a serviceIP: range is full"),
        }
        return;
    }
    // A text that is no address is validation's to refuse.
    let Some(n) = ip::parse(&ip) else { return };
    let list = Value::from(vec![Value::str(&ip)]);
    let failed = |why: String| format!("failed to allocate IP {ip}: {why}");
    if n <= RANGE.0 || n >= RANGE.1 {
        // A dry run asks the range, all else asks who holds that range.
        let why = match dry_run {
            true => format!(
                "the provided IP ({ip}) is not in the valid range. The range of valid IPs is {RANGE_TEXT}"
            ),
            false => "the provided network does not match the current range".into(),
        };
        errors.invalid(&path, list, &failed(why));
    } else if used.contains(&n) {
        errors.invalid(
            &path,
            list,
            &failed("provided IP is already allocated".into()),
        );
    }
}

fn node_ports(cluster: &mut Cluster, v: &mut Value, old: Option<&Object>, errors: &mut Errors) {
    let own = v.text("metadata.uid").to_string();
    let health = needs_health_port(v) && v.int("spec.healthCheckNodePort") == 0;
    if !needs_ports(v) && !health {
        return;
    }
    let mut used: BTreeSet<(i64, String)> = BTreeSet::new();
    for s in cluster
        .store
        .list("services", None)
        .filter(|s| own.is_empty() || s.uid() != own)
    {
        let one = |p: &Value| (p.int("nodePort"), p.text("protocol").to_string());
        used.extend(ports(s).iter().map(one).filter(|p| p.0 != 0));
    }
    let had: BTreeSet<i64> = old
        .map(|o| gather(ports(o).iter().map(|p| p.int("nodePort"))))
        .unwrap_or_default();
    let mut list = ports(v).to_vec();
    if needs_ports(v) {
        for (i, p) in list.iter().enumerate() {
            let wanted = p.int("nodePort");
            if wanted == 0 || had.contains(&wanted) {
                continue;
            }
            let path = Path::root("spec").child("ports").index(i).child("nodePort");
            if !(PORTS.0..=PORTS.1).contains(&wanted) {
                let why = format!(
                    "provided port is not in the valid range. The range of valid ports is {}-{}",
                    PORTS.0, PORTS.1
                );
                errors.invalid(&path, wanted, &why);
                return;
            }
            if !used.insert((wanted, p.text("protocol").to_string())) {
                errors.invalid(&path, wanted, "provided port is already allocated");
                return;
            }
        }
        for i in 0..list.len() {
            if list.get(i).is_none_or(|p| p.int("nodePort") != 0) {
                continue;
            }
            let (port, protocol) = list
                .get(i)
                .map(|p| (p.int("port"), p.text("protocol").to_string()))
                .unwrap_or_default();
            // TCP and UDP of the same port share a node port.
            let twin = list.iter().find(|o| {
                o.int("port") == port && o.int("nodePort") != 0 && o.text("protocol") != protocol
            });
            let chosen = twin
                .map(|t| t.int("nodePort"))
                .filter(|n| !used.contains(&(*n, protocol.clone())));
            let Some(port) = chosen.or_else(|| free_port(cluster, &used)) else {
                errors.internal(
                    &Path::root("spec").child("ports").index(i).child("nodePort"),
                    "failed to allocate a nodePort: range is full",
                );
                return;
            };
            used.insert((port, protocol));
            if let Some(p) = list.get_mut(i) {
                p.set("nodePort", port);
            }
        }
        if list != ports(v) {
            v.set("spec.ports", list);
        }
    }
    if health && let Some(port) = free_port(cluster, &used) {
        v.set("spec.healthCheckNodePort", port);
    }
}

fn free_port(cluster: &mut Cluster, used: &BTreeSet<(i64, String)>) -> Option<i64> {
    let is_free = |p: &i64| !used.iter().any(|u| u.0 == *p);
    let size = PORTS.1 - PORTS.0 - STATIC_PORTS + 1;
    let start = cluster.jitter.below(size as u64) as i64;
    let upper = (0..size)
        .map(|i| PORTS.0 + STATIC_PORTS + (start + i) % size)
        .find(is_free);
    upper.or_else(|| (PORTS.0..PORTS.0 + STATIC_PORTS).find(is_free))
}
