//! Ingress: what an ingress controller in a pod makes of Ingress objects: host and path to Service and port.
//! Upstream: `ingress-nginx:internal/ingress/controller`. Left out: canaries, authentication, rate limits.

use super::{Wake, route};
use crate::Cluster;
use crate::cx::Cx;
use crate::event::Event;
use crate::ip;
use crate::kubelet::catalogue::App;
use machinery::http::HttpResponse;
use machinery::{Object, Str, Trigger, Value, value};
use shell::regex::Regex;

const RESOURCE: &str = "ingresses.networking.k8s.io";
/// How long a controller takes to follow a change.
const SYNC_MS: i64 = 3_000;

/// Where a request goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Proxy { url: String, hop: String },
    Answer(HttpResponse),
}

/// The way for a request by host, path and query, as ingress-nginx chooses it.
pub fn choose(cluster: &Cluster, host: &str, port: u16, target: &str) -> Target {
    let name = host.split(':').next().unwrap_or("");
    let path = target.split('?').next().unwrap_or("/");
    let mut best: Option<(u32, usize, &Object, &Value, Option<String>)> = None;
    for ingress in cluster
        .store
        .list(RESOURCE, None)
        .filter(|i| is_ours(cluster, i))
    {
        for rule in ingress.at("spec.rules").items() {
            let Some(host_rank) = host_fits(rule.text("host"), name) else {
                continue;
            };
            for p in rule.at("http.paths").items() {
                let Some((rank, rewritten)) = path_fits(ingress, p, path) else {
                    continue;
                };
                let key = (host_rank * 10 + rank, p.text("path").len());
                if best.as_ref().is_none_or(|b| key > (b.0, b.1)) {
                    best = Some((key.0, key.1, ingress, p.get("backend"), rewritten));
                }
            }
        }
        let default = ingress.at("spec.defaultBackend");
        if best.is_none() && !default.is_null() {
            best = Some((0, 0, ingress, default, None));
        }
    }
    let Some((_, _, ingress, backend, rewritten)) = best else {
        return Target::Answer(page(404, "404 Not Found"));
    };
    let secure = ingress.at("spec.tls").items().iter().any(|t| {
        t.get("hosts")
            .items()
            .iter()
            .any(|h| h.as_str() == Some(name))
    });
    let redirect = ingress.annotation("nginx.ingress.kubernetes.io/ssl-redirect") != Some("false");
    if secure && redirect && port != 443 {
        let mut answer = page(308, "308 Permanent Redirect");
        answer
            .headers
            .push(("Location".into(), format!("https://{name}{target}")));
        return Target::Answer(answer);
    }
    let query = target
        .split_once('?')
        .map_or(String::new(), |(_, q)| format!("?{q}"));
    let path = format!("{}{query}", rewritten.unwrap_or_else(|| path.to_string()));
    proxy(cluster, ingress, backend, &path)
}

fn proxy(cluster: &Cluster, ingress: &Object, backend: &Value, path: &str) -> Target {
    let (ns, name) = (ingress.namespace(), backend.text("service.name"));
    let hop = format!("ingress/{ns}/{}", ingress.name());
    let Some(service) = cluster.store.get("services", ns, name) else {
        return Target::Answer(page(503, "503 Service Temporarily Unavailable"));
    };
    let wanted = backend.at("service.port");
    let ports = service.at("spec.ports").items();
    let port = ports.iter().find(|p| {
        p.get("port") == wanted.get("number")
            || !wanted.text("name").is_empty() && p.text("name") == wanted.text("name")
    });
    let Some(port) = port else {
        return Target::Answer(page(503, "503 Service Temporarily Unavailable"));
    };
    if route::backends(cluster, service, port.text("name")).is_empty() {
        return Target::Answer(page(503, "503 Service Temporarily Unavailable"));
    }
    Target::Proxy {
        url: format!(
            "http://{name}.{ns}.svc.cluster.local:{}{path}",
            port.int("port")
        ),
        hop,
    }
}

fn page(status: u16, title: &str) -> HttpResponse {
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    HttpResponse {
        status,
        headers: vec![
            ("Content-Type".into(), "text/html".into()),
            ("Content-Length".into(), body.len().to_string()),
        ],
        body,
    }
}

/// Whether an Ingress belongs to ingress-nginx: by class, by the old annotation, or because no class is asked for.
fn is_ours(cluster: &Cluster, ingress: &Object) -> bool {
    let old = ingress.annotation("kubernetes.io/ingress.class");
    match ingress.text("spec.ingressClassName") {
        "" => old.is_none_or(|c| c == "nginx"),
        class => {
            let class = cluster
                .store
                .get("ingressclasses.networking.k8s.io", "", class);
            class.is_some_and(|c| c.text("spec.controller") == "k8s.io/ingress-nginx")
        }
    }
}

/// An exact host is worth more than a wildcard, and that more than none.
fn host_fits(rule: &str, host: &str) -> Option<u32> {
    match rule {
        "" => Some(0),
        r if r == host => Some(2),
        r => {
            let rest = r.strip_prefix('*')?;
            let first = host.strip_suffix(rest)?;
            (!first.is_empty() && !first.contains('.')).then_some(1)
        }
    }
}

/// Whether a path rule fits, how well, and what the path becomes.
fn path_fits(ingress: &Object, p: &Value, path: &str) -> Option<(u32, Option<String>)> {
    let rule = match p.text("path") {
        "" => "/",
        r => r,
    };
    let rewrite = ingress.annotation("nginx.ingress.kubernetes.io/rewrite-target");
    let regex = rewrite.is_some_and(|r| r.contains('$'))
        || ingress.annotation("nginx.ingress.kubernetes.io/use-regex") == Some("true");
    if regex {
        let compiled = Regex::new(&format!("^{rule}"), true, true).ok()?;
        let text: Vec<char> = path.chars().collect();
        let found = compiled.find_at(&text, 0)?;
        let group = |n: usize| {
            found
                .get(n)
                .copied()
                .flatten()
                .map_or(String::new(), |(a, b)| text[a..b].iter().collect())
        };
        let rewritten = rewrite
            .map(|r| (1..10).fold(r.to_string(), |r, n| r.replace(&format!("${n}"), &group(n))));
        return Some((1, rewritten));
    }
    let fits = match p.text("pathType") {
        "Exact" => path == rule,
        _ => {
            let base = rule.trim_end_matches('/');
            path == base || path.starts_with(&format!("{base}/"))
        }
    };
    let rank = if p.text("pathType") == "Exact" { 3 } else { 1 };
    fits.then(|| (rank, rewrite.map(str::to_string)))
}

/// The address of the node on which a controller runs and listens, if one does.
fn controller(cluster: &Cluster) -> Option<(String, Str)> {
    cluster.kubelets.pods.values().find_map(|run| {
        let serves = run
            .containers
            .iter()
            .any(|c| c.is_running() && c.ready && c.image.is_some_and(|i| i.app == App::Ingress));
        let node = cluster.kubelets.node(&run.node)?;
        serves.then(|| (ip::text(node.ip), run.uid.clone()))
    })
}

/// An Ingress has changed, or a controller has started: their status follows a little later.
pub(crate) fn notice(cluster: &mut Cluster) {
    let at = cluster.now + SYNC_MS;
    cluster.queue.push(at, Event::Network { wake: Wake::Sync });
}

/// Writes the controller's address into the Ingresses that are its own.
pub(super) fn sync(cluster: &mut Cluster) {
    let Some((ip, _)) = controller(cluster) else {
        return;
    };
    let wanted = value!([{ "ip": ip }]);
    let todo: Vec<Object> = cluster
        .store
        .list(RESOURCE, None)
        .filter(|i| is_ours(cluster, i) && i.at("status.loadBalancer.ingress") != &wanted)
        .cloned()
        .collect();
    for ingress in todo {
        let mut cx = Cx {
            cluster,
            actor: "nginx-ingress-controller",
            host: Str::default(),
            trigger: Trigger::Timer,
        };
        let new = ingress.edit(|v| v.set("status.loadBalancer.ingress", wanted.clone()));
        if cx
            .update_status(&kinds::ingress::KIND, &new, "the controller serves it")
            .is_ok()
        {
            cx.event(&ingress, "Normal", "Sync", "Scheduled for sync");
        }
    }
}
