//! The way of a request: what kube-proxy's rules make of an address. Upstream: `pkg/proxy/iptables/proxier.go`.

use super::{Origin, ask_pod, dns, hop, policy};
use crate::Cluster;
use crate::ip;
use machinery::http::{Fetch, Hop, HttpRequest};
use machinery::request::{Body, Method, PatchType};
use machinery::{Object, Request, Status, Str, User, Value, json};

/// How long `sessionAffinity: ClientIP` lasts unless the Service says otherwise.
const STICKY_S: i64 = 10_800;

pub(super) fn start_hop(from: &Origin) -> Hop {
    match from {
        Origin::Host => hop("host", ""),
        Origin::Pod { namespace, name } => hop(format!("pod/{namespace}/{name}"), ""),
    }
}

/// Scheme, host and port of a URL as typed.
fn target(url: &str) -> (String, u16) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let authority = authority.rsplit_once('@').map_or(authority, |(_, a)| a);
    let default = if scheme == "https" { 443 } else { 80 };
    match authority.rsplit_once(':') {
        Some((host, port)) => (host.to_string(), port.parse().unwrap_or(default)),
        None => (authority.to_string(), default),
    }
}

pub(super) fn travel(
    cluster: &mut Cluster,
    from: &Origin,
    request: &HttpRequest,
    hops: &mut Vec<Hop>,
) -> Fetch {
    let (host, port) = target(&request.url);
    if matches!(from, Origin::Host) && (host == "localhost" || host.starts_with("127.")) {
        return forwarded(cluster, port, request, hops);
    }
    let found = dns::answer(cluster, from, &host);
    let Some(ip) = found.addresses.first().and_then(|a| ip::parse(a)) else {
        hops.push(hop("dns", format!("{host}: no such name")));
        return Fetch::UnknownHost;
    };
    if ip::parse(&host).is_none() {
        hops.push(hop("dns", format!("{} is {}", found.name, ip::text(ip))));
    }
    let client = client_of(cluster, from);
    let way = Way {
        from,
        client: &client,
        request,
    };
    if let Origin::Pod { namespace, name } = from
        && (ip >> 24 == 127 || ip::text(ip) == client.ip)
    {
        let uid = cluster
            .store
            .get("pods", namespace, name)
            .map(|p| p.uid().to_string())
            .unwrap_or_default();
        hops.push(hop(format!("pod/{namespace}/{name}"), "itself"));
        return ask_pod(cluster, &uid, port, request, "127.0.0.1");
    }
    if let Some(node) = cluster.network.nodes.get(&ip).cloned() {
        return way.node(cluster, &node, port, hops);
    }
    if let Some(service) = service_at(cluster, &ip::text(ip)).cloned() {
        let inside = service.text("spec.clusterIP") == ip::text(ip);
        if inside && matches!(from, Origin::Host) {
            // The Service network exists only inside the cluster.
            hops.push(hop(
                "host",
                format!(
                    "{} is not reachable from outside of the cluster",
                    ip::text(ip)
                ),
            ));
            return Fetch::Timeout;
        }
        return way.service(cluster, &service, port, None, hops);
    }
    if matches!(from, Origin::Host) {
        hops.push(hop("host", format!("no route to {}", ip::text(ip))));
        return Fetch::Timeout;
    }
    match cluster.network.pods.get(&ip).cloned() {
        Some(uid) => way.pod(cluster, &uid, port, hops),
        None => Fetch::Timeout,
    }
}

/// `kubectl port-forward`: a local port that leads into a pod.
fn forwarded(
    cluster: &mut Cluster,
    port: u16,
    request: &HttpRequest,
    hops: &mut Vec<Hop>,
) -> Fetch {
    let Some((uid, remote)) = cluster.network.forwards.get(&port).cloned() else {
        hops.push(hop("host", format!("nothing listens on port {port}")));
        return Fetch::Refused;
    };
    if let Some(pod) = cluster.store.by_uid(&uid) {
        hops.push(hop(
            format!("pod/{}/{}", pod.namespace(), pod.name()),
            format!("port-forward {port} to {remote}"),
        ));
    }
    match ask_pod(cluster, &uid, remote, request, "127.0.0.1") {
        // The tunnel itself was there: the local connection is accepted and then closed.
        Fetch::Refused | Fetch::Timeout => Fetch::Reset,
        other => other,
    }
}

/// Who asks, as the other side sees it.
pub(super) struct Client {
    pub ip: String,
    pub node: Str,
    pub uid: Str,
}

pub(super) fn client_of(cluster: &Cluster, from: &Origin) -> Client {
    let Origin::Pod { namespace, name } = from else {
        return Client {
            ip: "172.18.0.1".into(),
            node: Str::default(),
            uid: Str::default(),
        };
    };
    let uid = cluster
        .store
        .get("pods", namespace, name)
        .map(|p| Str::from(p.uid()))
        .unwrap_or_default();
    let run = cluster.kubelets.pod(&uid);
    Client {
        ip: run.map_or_else(String::new, |r| ip::text(r.ip)),
        node: run.map(|r| r.node.clone()).unwrap_or_default(),
        uid,
    }
}

struct Way<'a> {
    from: &'a Origin,
    client: &'a Client,
    request: &'a HttpRequest,
}

impl Way<'_> {
    /// A port of a node: a NodePort, or a container with that `hostPort` or the node's own network.
    fn node(&self, cluster: &mut Cluster, node: &Str, port: u16, hops: &mut Vec<Hop>) -> Fetch {
        hops.push(hop(format!("node/{node}"), format!("port {port}")));
        if cluster
            .kubelets
            .node(node)
            .is_none_or(|n| n.cut || n.stopped)
        {
            return Fetch::Timeout;
        }
        let wanted = i64::from(port);
        let listed = cluster.store.list("services", None).find_map(|s| {
            let p = s
                .at("spec.ports")
                .items()
                .iter()
                .find(|p| p.int("nodePort") == wanted)?;
            Some((s.clone(), p.int("port")))
        });
        if let Some((service, inner)) = listed {
            let local =
                (service.text("spec.externalTrafficPolicy") == "Local").then(|| node.clone());
            return self.service(cluster, &service, inner as u16, local, hops);
        }
        let uids: Vec<Str> = cluster
            .store
            .on_node(node)
            .map(|p| Str::from(p.uid()))
            .collect();
        for uid in uids {
            let Some(pod) = cluster.store.by_uid(&uid).cloned() else {
                continue;
            };
            let inner = if pod.at("spec.hostNetwork").as_bool() == Some(true) {
                super::is_open(cluster, &uid, port).then_some(port)
            } else {
                let ports = pod
                    .spec()
                    .get("containers")
                    .items()
                    .iter()
                    .flat_map(|c| c.get("ports").items());
                ports
                    .clone()
                    .find(|p| p.int("hostPort") == wanted)
                    .map(|p| p.int("containerPort") as u16)
            };
            if let Some(inner) = inner {
                return self.pod(cluster, &uid, inner, hops);
            }
        }
        Fetch::Refused
    }

    /// A Service: one of its ready endpoints, chosen as kube-proxy's rules do.
    fn service(
        &self,
        cluster: &mut Cluster,
        service: &Object,
        port: u16,
        local: Option<Str>,
        hops: &mut Vec<Hop>,
    ) -> Fetch {
        let (ns, name) = (service.namespace(), service.name());
        let at = format!("service/{ns}/{name}");
        let Some(p) = port_of(service, port) else {
            hops.push(hop(at, format!("has no port {port}")));
            return Fetch::Timeout;
        };
        let mut all = backends(cluster, service, p.text("name"));
        let only = match local {
            Some(node) => Some(node),
            None if service.text("spec.internalTrafficPolicy") == "Local"
                && matches!(self.from, Origin::Pod { .. }) =>
            {
                Some(self.client.node.clone())
            }
            None => None,
        };
        if let Some(node) = only {
            all.retain(|b| b.node == node.as_str());
            if all.is_empty() {
                hops.push(hop(at, "no endpoint on this node"));
                return Fetch::Timeout;
            }
        }
        let Some(chosen) = self.choose(cluster, service, &all) else {
            hops.push(hop(at, "no ready endpoints"));
            return Fetch::Refused;
        };
        hops.push(hop(
            at,
            format!(
                "one of {} endpoints: {}:{}",
                all.len(),
                chosen.ip,
                chosen.port
            ),
        ));
        if ns == "default" && name == "kubernetes" {
            return api_server(cluster, self.request);
        }
        let uid = ip::parse(&chosen.ip).and_then(|ip| cluster.network.pods.get(&ip).cloned());
        match uid {
            Some(uid) => self.pod(cluster, &uid, chosen.port, hops),
            None => {
                match ip::parse(&chosen.ip).and_then(|ip| cluster.network.nodes.get(&ip).cloned()) {
                    Some(node) => self.host_pod(cluster, &node, chosen.port, hops),
                    None => Fetch::Timeout,
                }
            }
        }
    }

    /// An endpoint with a node's address: a pod on the node's own network.
    fn host_pod(&self, cluster: &mut Cluster, node: &Str, port: u16, hops: &mut Vec<Hop>) -> Fetch {
        let uid = cluster
            .store
            .on_node(node)
            .map(|p| Str::from(p.uid()))
            .find(|uid| super::is_open(cluster, uid, port));
        match uid {
            Some(uid) => self.pod(cluster, &uid, port, hops),
            None => Fetch::Refused,
        }
    }

    fn choose(&self, cluster: &mut Cluster, service: &Object, all: &[Backend]) -> Option<Backend> {
        if all.is_empty() {
            return None;
        }
        let uid = Str::from(service.uid());
        let sticky = service.text("spec.sessionAffinity") == "ClientIP";
        let key = (uid.clone(), self.client.ip.clone());
        if sticky && let Some((ip, at)) = cluster.network.sticky.get(&key) {
            let timeout = match service.int("spec.sessionAffinityConfig.clientIP.timeoutSeconds") {
                0 => STICKY_S,
                s => s,
            };
            if cluster.now - at < crate::kubelet::ms(timeout)
                && let Some(b) = all.iter().find(|b| b.ip == *ip)
            {
                let b = b.clone();
                cluster
                    .network
                    .sticky
                    .insert(key, (b.ip.clone(), cluster.now));
                return Some(b);
            }
        }
        // Random as iptables' rules are, but from a seed: the same session takes the same ways.
        let turn = cluster.network.turns.entry(uid.clone()).or_insert(0);
        *turn += 1;
        let mut rng = crate::rng::Rng::new(cluster.world.seed ^ *turn).fork(&uid);
        let b = all.get(rng.below(all.len() as u64) as usize)?.clone();
        if sticky {
            cluster
                .network
                .sticky
                .insert(key, (b.ip.clone(), cluster.now));
        }
        Some(b)
    }

    /// A pod, past the network and its policies.
    fn pod(&self, cluster: &mut Cluster, uid: &str, port: u16, hops: &mut Vec<Hop>) -> Fetch {
        let Some(pod) = cluster.store.by_uid(uid).cloned() else {
            return Fetch::Timeout;
        };
        let node = cluster
            .kubelets
            .pod(uid)
            .map(|r| r.node.clone())
            .unwrap_or_default();
        if cluster.apart(&node, &self.client.node) {
            hops.push(hop(format!("node/{node}"), "cut off"));
            return Fetch::Timeout;
        }
        if let Err(why) = policy::allows(cluster, self.client, &pod, port) {
            hops.push(hop(
                format!("networkpolicy/{}/{why}", pod.namespace()),
                "refuses",
            ));
            return Fetch::Timeout;
        }
        hops.push(hop(
            format!("pod/{}/{}", pod.namespace(), pod.name()),
            format!("port {port}"),
        ));
        ask_pod(cluster, uid, port, self.request, &self.client.ip)
    }
}

/// The API as a pod reaches it: by its token it is somebody, without one nobody.
fn api_server(cluster: &mut Cluster, request: &HttpRequest) -> Fetch {
    let rest = request
        .url
        .split_once("://")
        .map_or(request.url.as_str(), |(_, rest)| rest);
    let (path, query) = match rest.find('/') {
        Some(at) => rest[at..].split_once('?').unwrap_or((&rest[at..], "")),
        None => ("/", ""),
    };
    let answer = ask_api(cluster, request, path, query);
    let (status, body) = match answer {
        Ok(machinery::Response::Ok { code, body, .. }) => (code, json::print(&body)),
        Ok(machinery::Response::Text(text)) => (200, text),
        Ok(machinery::Response::Err { status, .. }) | Err(status) => {
            (status.code, json::print(&status.to_value()))
        }
        Ok(_) => (
            501,
            "bottleship does not simulate watches and streams from inside of pods\n".to_string(),
        ),
    };
    Fetch::Answer(machinery::http::HttpResponse {
        status,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body,
    })
}

fn ask_api(
    cluster: &mut Cluster,
    asked: &HttpRequest,
    path: &str,
    query: &str,
) -> Result<machinery::Response, Status> {
    let header = |name: &str| {
        asked
            .headers
            .iter()
            .find(|(k, _)| k.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    };
    let user = match header("authorization").and_then(|v| v.strip_prefix("Bearer ")) {
        Some(token) => crate::apiserver::authenticate::token_user(cluster, token.trim())?,
        None => User::new("system:anonymous", &["system:unauthenticated"]),
    };
    let method = match asked.method.as_str() {
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => Method::Get,
    };
    let mut request = Request::new(method, path);
    request.user = user;
    request.patch = header("content-type").and_then(PatchType::of_content_type);
    request.cause.actor = Str::from(&request.user.name);
    for (key, value) in codec::query_pairs(query) {
        request = request.with(&key, value);
    }
    if !asked.body.is_empty() {
        request.body = Body::Text(asked.body.clone());
    }
    Ok(cluster.request(request))
}

/// Where a Service leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    pub ip: String,
    pub port: u16,
    pub node: String,
}

/// The port of a Service by its number.
pub fn port_of(service: &Object, port: u16) -> Option<&Value> {
    let mut all = service.at("spec.ports").items().iter();
    all.find(|p| p.int("port") == i64::from(port))
}

/// The Service with this address, its own or a load balancer's.
pub fn service_at<'a>(cluster: &'a Cluster, ip: &str) -> Option<&'a Object> {
    let has = |list: &Value| {
        list.items()
            .iter()
            .any(|i| i.text("ip") == ip || i.as_str() == Some(ip))
    };
    cluster.store.list("services", None).find(|s| {
        s.text("spec.clusterIP") == ip
            || has(s.at("status.loadBalancer.ingress"))
            || has(s.at("spec.externalIPs"))
    })
}

/// The EndpointSlices of a Service.
pub fn slices<'a>(cluster: &'a Cluster, service: &Object) -> Vec<&'a Object> {
    let all = cluster
        .store
        .list("endpointslices.discovery.k8s.io", Some(service.namespace()));
    all.filter(|s| s.label("kubernetes.io/service-name") == Some(service.name()))
        .collect()
}

/// The endpoints that a port of a Service leads to: the ready ones; if there is none, those that still serve while they end.
pub fn backends(cluster: &Cluster, service: &Object, port_name: &str) -> Vec<Backend> {
    let mut ready = Vec::new();
    let mut ending = Vec::new();
    for slice in slices(cluster, service) {
        let ports = slice.get("ports").items();
        let Some(port) = ports.iter().find(|p| p.text("name") == port_name) else {
            continue;
        };
        for e in slice.get("endpoints").items() {
            let conditions = e.get("conditions");
            let into = match (
                conditions.get("ready").as_bool(),
                conditions.flag("serving") && conditions.flag("terminating"),
            ) {
                (Some(false), true) => &mut ending,
                (Some(false), false) => continue,
                _ => &mut ready,
            };
            for a in e.get("addresses").items() {
                into.push(Backend {
                    ip: a.as_str().unwrap_or("").to_string(),
                    port: port.int("port") as u16,
                    node: e.text("nodeName").to_string(),
                });
            }
        }
    }
    if ready.is_empty() { ending } else { ready }
}
