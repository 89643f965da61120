//! The network: names, Services, endpoints, pods. Every request's hops are reported. Upstream: kube-proxy, CoreDNS.
//!
//! A request travels at once: name → address ([`dns`]) → Service → endpoint ([`route`]) → pod, past NetworkPolicies
//! ([`policy`]), through [`ingress`] controllers on the way. Left out: UDP, IPv6, TLS, packets; a connection is one request and its answer.

pub mod dns;
pub mod ingress;
pub mod policy;
pub mod route;

use crate::Cluster;
use crate::ip;
use crate::kubelet::process::drive::Place;
use crate::kubelet::server::{self, Reply};
use crate::output::Output;
use machinery::http::{Fetch, Hop, HttpRequest, HttpResponse};
use machinery::time::Millis;
use machinery::{Object, Str};
use std::collections::BTreeMap;

/// The address of the cluster's DNS.
pub const DNS_IP: &str = "10.96.0.10";
/// Requests are counted in windows of this length, for CPU load.
const WINDOW_MS: i64 = 15_000;
/// Proxies behind proxies.
const DEPTH_MAX: u32 = 8;
/// The kernel gives a container its share of CPU anew in each period, in microseconds.
const PERIOD_US: i64 = 100_000;
/// What a container without a limit may use at once, in millicores.
const UNLIMITED_MILLI: i64 = 4_000;
/// Answers that come sooner take no time: what is seen of them is their content.
const QUICK_US: i64 = 5_000;
/// Looking up a name, connecting, starting a client: beside an answer that takes its time.
const WAY_US: i64 = 10_000;
/// Who has to wait longer is not served at all.
const PATIENCE_US: i64 = 30_000_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    Sync,
}

/// Pod addresses in use, open port-forwards, sessions.
#[derive(Clone, Default)]
pub struct State {
    /// Address → uid of the pod.
    pub(crate) pods: BTreeMap<u32, Str>,
    /// Address → name of the node.
    pub(crate) nodes: BTreeMap<u32, Str>,
    /// Port on the learner's machine → pod and port.
    pub(crate) forwards: BTreeMap<u16, (Str, u16)>,
    /// How many connections each Service has balanced.
    pub(crate) turns: BTreeMap<Str, u64>,
    /// (Service, client) → backend and when it was last used, for `sessionAffinity: ClientIP`.
    pub(crate) sticky: BTreeMap<(Str, String), (String, Millis)>,
    /// How many servers are asking on behalf of others right now: bounds loops of proxies.
    depth: u32,
    busy: BTreeMap<Str, Load>,
    /// How long the servers have worked for the request under way, in microseconds.
    took_us: i64,
}

/// The CPU that the requests to a pod have cost, in microseconds.
#[derive(Clone, Copy, Default)]
struct Load {
    window: i64,
    this: i64,
    before: i64,
    /// The last period in which something was used, and how much.
    period: i64,
    used: i64,
}

impl State {
    /// CPU load by requests, in millicores.
    pub fn load(&self, uid: &str, now: Millis) -> i64 {
        let window = now / WINDOW_MS;
        let us = match self.busy.get(uid) {
            Some(l) if l.window == window => l.this.max(l.before),
            Some(l) if l.window + 1 == window => l.this,
            _ => 0,
        };
        us / WINDOW_MS
    }
    /// A pod works for a request, as fast as its limit lets it; how long that takes.
    fn work(&mut self, uid: &Str, now: Millis, cost_us: i64, limit_milli: i64) -> i64 {
        let l = self.busy.entry(uid.clone()).or_default();
        let window = now / WINDOW_MS;
        if l.window != window {
            let before = if l.window + 1 == window { l.this } else { 0 };
            (l.window, l.this, l.before) = (window, 0, before);
        }
        l.this += cost_us;
        // The kernel knows no quota below a millisecond.
        let quota = (limit_milli * PERIOD_US / 1000).max(1000);
        let start = now * 1000;
        let (mut t, mut left) = (start.max(l.period * PERIOD_US), cost_us);
        while left > 0 && t - start < PATIENCE_US {
            let period = t / PERIOD_US;
            if period != l.period {
                (l.period, l.used) = (period, 0);
            }
            let end = (period + 1) * PERIOD_US;
            let run = left.min(quota - l.used).min(end - t).max(0);
            l.used += run;
            left -= run;
            t = if left > 0 { end } else { t + run };
        }
        t - start
    }
}

/// From where a request starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The learner's machine (browser pane, curl in the terminal).
    Host,
    /// A container of a pod.
    Pod { namespace: String, name: String },
}

impl Origin {
    pub fn of(pod: &Object) -> Origin {
        Origin::Pod {
            namespace: pod.namespace().to_string(),
            name: pod.name().to_string(),
        }
    }
}

/// Sends a request through the simulated network and reports its hops as `Output::Traffic`.
pub fn fetch(cluster: &mut Cluster, from: &Origin, request: &HttpRequest) -> Fetch {
    let mut hops = vec![route::start_hop(from)];
    cluster.network.took_us = 0;
    let answer = route::travel(cluster, from, request, &mut hops);
    let status = match &answer {
        Fetch::Answer(a) => a.status,
        _ => 0,
    };
    let at = cluster.now;
    cluster.emit(Output::Traffic { at, hops, status });
    answer
}

/// How long the last answer took; answers of servers that have little to do take no time.
pub fn took_ms(cluster: &Cluster) -> Millis {
    match cluster.network.took_us {
        us if us < QUICK_US => 0,
        us => (us + WAY_US) / 1000,
    }
}

/// Resolves a name as the pod's (or the host's) resolver would; addresses as text.
pub fn resolve(cluster: &Cluster, from: &Origin, name: &str) -> Vec<String> {
    dns::answer(cluster, from, name).addresses
}

pub(crate) fn wake(cluster: &mut Cluster, wake: &Wake) {
    match wake {
        Wake::Sync => ingress::sync(cluster),
    }
}

/// What becomes of a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Reach {
    /// This pod accepts it on this port.
    Open(Str, u16),
    Refused,
    Timeout,
    NoName,
}

/// Whether something at `host` (a name or an address) accepts connections on `port`.
pub fn reach(cluster: &Cluster, from: &Origin, host: &str, port: u16) -> Reach {
    let client = route::client_of(cluster, from);
    let ips = match host {
        "localhost" => vec!["127.0.0.1".to_string()],
        host => resolve(cluster, from, host),
    };
    let Some(ip) = ips.first().and_then(|ip| ip::parse(ip)) else {
        return Reach::NoName;
    };
    let pod = |uid: &Str, port: u16| {
        let (Some(pod), Some(run)) = (cluster.store.by_uid(uid), cluster.kubelets.pod(uid)) else {
            return Reach::Timeout;
        };
        let away = cluster.apart(&run.node, &client.node);
        if away || policy::allows(cluster, &client, pod, port).is_err() {
            return Reach::Timeout;
        }
        match is_open(cluster, uid, port) {
            true => Reach::Open(uid.clone(), port),
            false => Reach::Refused,
        }
    };
    if ip >> 24 == 127 {
        return match is_open(cluster, &client.uid, port) {
            true => Reach::Open(client.uid.clone(), port),
            false => Reach::Refused,
        };
    }
    if let Some(uid) = cluster.network.pods.get(&ip) {
        return pod(uid, port);
    }
    let Some(service) = route::service_at(cluster, &ip::text(ip)) else {
        return Reach::Timeout;
    };
    let Some(p) = route::port_of(service, port) else {
        return Reach::Timeout;
    };
    let backends = route::backends(cluster, service, p.text("name"));
    let mut tried = backends.iter().filter_map(|b| {
        let uid = cluster.network.pods.get(&ip::parse(&b.ip)?)?;
        Some(pod(uid, b.port))
    });
    let first = tried.next().unwrap_or(Reach::Refused);
    match first {
        Reach::Open(..) => first,
        _ => tried
            .find(|r| matches!(r, Reach::Open(..)))
            .unwrap_or(first),
    }
}

/// Whether a pod listens on a port.
pub fn is_open(cluster: &Cluster, uid: &str, port: u16) -> bool {
    let now = cluster.now;
    let Some(run) = cluster.kubelets.pod(uid) else {
        return false;
    };
    run.containers
        .iter()
        .any(|c| c.is_running() && c.servers.iter().any(|s| s.port == port && s.from <= now))
}

/// Whether an address answers a ping: pods and nodes do, Services do not.
pub fn answers_ping(cluster: &Cluster, ip: &str) -> bool {
    let Some(ip) = ip::parse(ip) else {
        return false;
    };
    ip >> 24 == 127
        || cluster.network.pods.contains_key(&ip)
        || cluster
            .network
            .nodes
            .get(&ip)
            .and_then(|n| cluster.kubelets.node(n))
            .is_some_and(|n| !n.stopped && !n.cut)
}

/// Asks a pod directly: what a probe does, and the last step of every way.
pub fn ask_pod(
    cluster: &mut Cluster,
    uid: &str,
    port: u16,
    request: &HttpRequest,
    client: &str,
) -> Fetch {
    let now = cluster.now;
    let Some(pod) = cluster.store.by_uid(uid).cloned() else {
        return Fetch::Timeout;
    };
    let Some(run) = cluster.kubelets.pod(uid) else {
        return Fetch::Timeout;
    };
    if cluster.kubelets.node(&run.node).is_none_or(|n| n.stopped) {
        return Fetch::Timeout;
    }
    let listens = |c: &crate::kubelet::run::ContainerRun| {
        c.servers
            .iter()
            .find(|s| s.port == port && s.from <= now)
            .cloned()
    };
    let found = run
        .containers
        .iter()
        .enumerate()
        .filter(|(_, c)| c.is_running())
        .find_map(|(i, c)| Some((i, listens(c)?)));
    let Some((index, server)) = found else {
        return Fetch::Refused;
    };
    if run.containers[index].fault.as_ref().is_some_and(|f| f.hang) {
        return Fetch::Timeout;
    }
    let uid = run.uid.clone();
    // A connection that says nothing, and one whose server speaks something else, end without an answer.
    if request.method == shell::http_tools::CONNECT {
        return Fetch::Reset;
    }
    let limit = run.containers[index].spec(&pod);
    let limit = (limit.at("resources.limits").get("cpu").as_str())
        .and_then(crate::kubelet::env::nano)
        .map_or(UNLIMITED_MILLI, |n| (n / 1_000_000) as i64);
    let took = cluster
        .network
        .work(&uid, now, server.image.request_us, limit);
    if took >= PATIENCE_US {
        return Fetch::Timeout;
    }
    cluster.network.took_us += took;
    if !server.is_http() {
        return Fetch::Reset;
    }
    let place = Place {
        pod: &pod,
        uid: &uid,
        index,
    };
    let mut answer = match server::reply(cluster, &place, &server, request, client) {
        Reply::Asks => server::behind::answer(cluster, &place, server.image.app, request),
        Reply::Answer(answer) => answer,
        Reply::Proxy { url, hop } => proxied(cluster, &pod, request, url, hop, client),
    };
    if let Some(line) = server::log_line(cluster, &place, &server, request, client, &answer)
        && let Some(c) = cluster.kubelets.container_mut(&uid, index)
    {
        c.log_mut().access(now, &line);
    }
    if request.method == "HEAD" {
        answer.body.clear();
    }
    Fetch::Answer(answer)
}

/// A server asks on behalf of its client.
fn proxied(
    cluster: &mut Cluster,
    pod: &Object,
    request: &HttpRequest,
    url: String,
    via: String,
    client: &str,
) -> HttpResponse {
    let failed = |status: u16, title: &str| HttpResponse {
        status,
        headers: vec![("Content-Type".into(), "text/html".into())],
        body: format!(
            "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        ),
    };
    if cluster.network.depth >= DEPTH_MAX {
        return failed(502, "Bad Gateway");
    }
    let mut headers = request.headers.clone();
    headers.push(("X-Forwarded-For".into(), client.to_string()));
    let onward = HttpRequest {
        method: request.method.clone(),
        url,
        headers,
        body: request.body.clone(),
    };
    let from = Origin::of(pod);
    cluster.network.depth += 1;
    let mut hops = vec![route::start_hop(&from)];
    if !via.is_empty() {
        hops.push(hop(via, ""));
    }
    let answer = route::travel(cluster, &from, &onward, &mut hops);
    cluster.network.depth -= 1;
    let (at, status) = (
        cluster.now,
        if let Fetch::Answer(a) = &answer {
            a.status
        } else {
            0
        },
    );
    cluster.emit(Output::Traffic { at, hops, status });
    match answer {
        Fetch::Answer(a) => a,
        Fetch::Timeout => failed(504, "Gateway Time-out"),
        _ => failed(502, "Bad Gateway"),
    }
}

/// Gives a pod its address: the next free one of its node, or the node's own with `hostNetwork`.
pub fn assign(cluster: &mut Cluster, pod: &Object, node: &Str, uid: &Str) -> u32 {
    let Some(n) = cluster.kubelets.node(node) else {
        return 0;
    };
    let (base, host, mut last) = (n.cidr, n.ip, n.last_ip);
    if pod.at("spec.hostNetwork").as_bool() == Some(true) {
        return host;
    }
    for _ in 0..253 {
        last = if last >= 254 { 2 } else { last + 1 };
        if let std::collections::btree_map::Entry::Vacant(e) =
            cluster.network.pods.entry(base + last)
        {
            e.insert(uid.clone());
            if let Some(n) = cluster.kubelets.node_mut(node) {
                n.last_ip = last;
            }
            return base + last;
        }
    }
    0
}

/// A pod's address is free again.
pub fn release(cluster: &mut Cluster, uid: &Str, ip: u32) {
    if cluster.network.pods.get(&ip) == Some(uid) {
        cluster.network.pods.remove(&ip);
    }
    cluster.network.busy.remove(uid);
}

/// The address of the node with this number; 0 is a control plane.
pub fn node_ip(index: usize) -> u32 {
    (172 << 24 | 18 << 16) + index as u32 + 2
}

/// The first address of the pod network of the node with this number.
pub fn node_cidr(index: usize) -> u32 {
    let i = index as u32;
    match i {
        0..256 => 10 << 24 | 244 << 16 | i << 8,
        _ => 10 << 24 | (128 + (i >> 8)) << 16 | (i & 255) << 8,
    }
}

/// A hop of a way.
pub(crate) fn hop(at: impl Into<String>, note: impl Into<String>) -> Hop {
    Hop {
        at: at.into(),
        note: note.into(),
    }
}
