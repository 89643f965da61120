//! Names: what CoreDNS answers inside the cluster (A, SRV, CNAME), and the resolver's search path.
//! Upstream: `coredns:plugin/kubernetes`, `kubernetes/dns:docs/specification.md`.

use super::Origin;
use crate::Cluster;
use crate::ip;
use machinery::Arrange;
use machinery::Object;

const ZONE: &str = "cluster.local";

/// What a name stands for. No addresses: it is not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The full name that was found.
    pub name: String,
    pub addresses: Vec<String>,
}

/// The full names that a resolver tries for a short one, in order.
fn tries(namespace: &str, name: &str) -> Vec<String> {
    let search = [
        format!("{namespace}.svc.{ZONE}"),
        format!("svc.{ZONE}"),
        ZONE.to_string(),
    ];
    let few_dots = name.matches('.').count() < 5;
    let mut tries: Vec<String> = search.iter().map(|s| format!("{name}.{s}")).collect();
    tries.insert(if few_dots { tries.len() } else { 0 }, name.to_string());
    tries
}

/// Where an ExternalName leads: the full name and its target.
pub fn alias(cluster: &Cluster, from: &Origin, name: &str) -> Option<(String, String)> {
    let Origin::Pod { namespace, .. } = from else {
        return None;
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    tries(namespace, &name).into_iter().find_map(|full| {
        let labels: Vec<&str> = full
            .strip_suffix(ZONE)?
            .strip_suffix('.')?
            .split('.')
            .collect();
        let [svc, ns, "svc"] = labels.as_slice() else {
            return None;
        };
        let s = cluster.store.get("services", ns, svc)?;
        let target = s
            .text("spec.externalName")
            .trim_end_matches('.')
            .to_string();
        (s.text("spec.type") == "ExternalName").then_some((full, target))
    })
}

/// SRV records of a named port, `_http._tcp.web.default.svc.cluster.local`: the full name and `priority weight port target`.
pub fn srv(cluster: &Cluster, from: &Origin, name: &str) -> Vec<(String, String)> {
    let Origin::Pod { namespace, .. } = from else {
        return Vec::new();
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let found = tries(namespace, &name).into_iter().find_map(|full| {
        let labels: Vec<&str> = full
            .strip_suffix(ZONE)?
            .strip_suffix('.')?
            .split('.')
            .collect();
        let [port, proto, svc, ns, "svc"] = labels.as_slice() else {
            return None;
        };
        let s = cluster.store.get("services", ns, svc)?;
        let (port, proto) = (port.strip_prefix('_')?, proto.strip_prefix('_')?);
        let mut ports = s.at("spec.ports").items().iter();
        let p = ports.find(|p| {
            let of = match p.text("protocol") {
                "" => "TCP",
                x => x,
            };
            p.text("name") == port && of.eq_ignore_ascii_case(proto)
        })?;
        let base = format!("{svc}.{ns}.svc.{ZONE}");
        if s.text("spec.clusterIP") != "None" {
            let text = format!("0 100 {} {base}", p.int("port"));
            return Some(vec![(full, text)]);
        }
        let all: Vec<(String, String)> = endpoints(cluster, s).collect();
        let weight = 100 / all.len().max(1);
        let number = p.int("port");
        let line = |(ip, host): (String, String)| {
            let host = if host.is_empty() {
                ip.replace('.', "-")
            } else {
                host
            };
            (full.clone(), format!("0 {weight} {number} {host}.{base}"))
        };
        Some(all.into_iter().map(line).collect())
    });
    found.unwrap_or_default()
}

/// Resolves as the resolver of the origin does.
pub fn answer(cluster: &Cluster, from: &Origin, name: &str) -> Found {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let found = |name: &str, ip: &str| Found {
        name: name.to_string(),
        addresses: vec![ip.to_string()],
    };
    if ip::parse(&name).is_some() {
        return found(&name, &name);
    }
    if name == "localhost" || name.ends_with(".localhost") {
        return found(&name, "127.0.0.1");
    }
    let Origin::Pod {
        namespace,
        name: pod,
    } = from
    else {
        return Found::default();
    };
    if let Some(ip) = hosts_file(cluster, namespace, pod, &name) {
        return found(&name, &ip);
    }
    if !is_served(cluster) {
        return Found::default();
    }
    let policy = cluster
        .store
        .get("pods", namespace, pod)
        .map_or("", |p| p.text("spec.dnsPolicy"));
    if policy == "Default" || policy == "None" {
        return Found::default();
    }
    for full in tries(namespace, &name) {
        if let Some(addresses) = record(cluster, &full, 0) {
            return Found {
                name: full,
                addresses,
            };
        }
    }
    Found::default()
}

/// Whether a DNS server runs: always, unless its pods are to be seen and none of them is ready.
fn is_served(cluster: &Cluster) -> bool {
    if !cluster.world.system_pods {
        return true;
    }
    let service = cluster.store.get("services", "kube-system", "kube-dns");
    service.is_some_and(|s| !super::route::backends(cluster, s, "dns-tcp").is_empty())
}

/// The pod's own `/etc/hosts`.
fn hosts_file(cluster: &Cluster, namespace: &str, pod: &str, name: &str) -> Option<String> {
    let pod = cluster.store.get("pods", namespace, pod)?;
    for alias in pod.spec().get("hostAliases").items() {
        if alias
            .get("hostnames")
            .items()
            .iter()
            .any(|h| h.as_str() == Some(name))
        {
            return Some(alias.text("ip").to_string());
        }
    }
    let own = crate::kubelet::volumes::base::hostname(pod);
    (own == name).then(|| pod.text("status.podIP").to_string())
}

/// The A records of a full name; None: no such name. `depth` bounds chains of ExternalNames.
fn record(cluster: &Cluster, full: &str, depth: u32) -> Option<Vec<String>> {
    let rest = full.strip_suffix(ZONE)?.strip_suffix('.')?;
    let labels: Vec<&str> = rest.split('.').collect();
    match labels.as_slice() {
        [name, ns, "svc"] => service(cluster, ns, name, depth),
        [host, name, ns, "svc"] if !host.starts_with('_') => endpoint(cluster, ns, name, host),
        [dashed, ns, "pod"] => {
            let ip = dashed.replace('-', ".");
            (ip::parse(&ip).is_some() && cluster.store.get("namespaces", "", ns).is_some())
                .then(|| vec![ip])
        }
        _ => None,
    }
}

fn service(cluster: &Cluster, ns: &str, name: &str, depth: u32) -> Option<Vec<String>> {
    let s = cluster.store.get("services", ns, name)?;
    if s.text("spec.type") == "ExternalName" {
        let target = s.text("spec.externalName").trim_end_matches('.');
        return if depth < 8 {
            record(cluster, target, depth + 1)
        } else {
            None
        };
    }
    match s.text("spec.clusterIP") {
        "None" => {
            let mut ips: Vec<String> = endpoints(cluster, s).map(|e| e.0).collect();
            ips.arrange();
            ips.dedup();
            (!ips.is_empty()).then_some(ips)
        }
        "" => None,
        ip => Some(vec![ip.to_string()]),
    }
}

/// `db-0.db.default.svc.cluster.local`: one endpoint of a headless Service, by its host name.
fn endpoint(cluster: &Cluster, ns: &str, name: &str, host: &str) -> Option<Vec<String>> {
    let s = cluster.store.get("services", ns, name)?;
    let ips: Vec<String> = endpoints(cluster, s)
        .filter(|e| e.1 == host || e.0.replace('.', "-") == host)
        .map(|e| e.0)
        .collect();
    (!ips.is_empty()).then_some(ips)
}

/// Address and host name of the endpoints that DNS gives: the ready ones, or all if the Service says so.
fn endpoints<'a>(
    cluster: &'a Cluster,
    s: &'a Object,
) -> impl Iterator<Item = (String, String)> + 'a {
    let slices = super::route::slices(cluster, s);
    slices.into_iter().flat_map(move |slice| {
        slice
            .get("endpoints")
            .items()
            .iter()
            .filter(move |e| e.at("conditions").get("ready").as_bool() != Some(false))
            .flat_map(|e| {
                let host = e.text("hostname").to_string();
                e.get("addresses")
                    .items()
                    .iter()
                    .filter_map(|a| a.as_str())
                    .map(move |a| (a.to_string(), host.clone()))
            })
    })
}

/// The name of an address: a Service's own, or that of an endpoint of one.
pub fn pointer(cluster: &Cluster, ip: &str) -> Option<String> {
    let full = |s: &Object| format!("{}.{}.svc.{ZONE}", s.name(), s.namespace());
    if let Some(s) = super::route::service_at(cluster, ip) {
        return (s.text("spec.clusterIP") == ip).then(|| full(s));
    }
    let services = cluster.store.list("services", None);
    let mut named = services.filter_map(|s| {
        let (_, host) = endpoints(cluster, s).find(|e| e.0 == ip)?;
        let host = if host.is_empty() {
            ip.replace('.', "-")
        } else {
            host
        };
        Some((
            s.text("spec.clusterIP") != "None",
            format!("{host}.{}", full(s)),
        ))
    });
    let first = named.next()?;
    // Headless Services give the names that people know.
    named.chain([first]).min().map(|n| n.1)
}
