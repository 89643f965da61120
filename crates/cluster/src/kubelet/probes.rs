//! Probes: startup, liveness, readiness, by exec, httpGet, tcpSocket and grpc, each in its own rhythm.
//! Upstream: `pkg/kubelet/prober`.

use super::ahead::{self, Hook};
use super::process::drive::Place;
use super::run::{ContainerRun, PodRun};
use super::{actor, ms, stop};
use crate::Cluster;
use crate::ip;
use crate::network;
use machinery::http::{Fetch, HttpRequest};
use machinery::time::Millis;
use machinery::{Object, Str, Trigger, Value};
use std::rc::Rc;

/// The first probe comes this long after the start, if no delay is asked for.
const FIRST_MS: i64 = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Startup,
    Liveness,
    Readiness,
}

impl What {
    const ALL: [What; 3] = [What::Startup, What::Liveness, What::Readiness];
    fn field(self) -> &'static str {
        match self {
            What::Startup => "startupProbe",
            What::Liveness => "livenessProbe",
            What::Readiness => "readinessProbe",
        }
    }
    fn word(self) -> &'static str {
        match self {
            What::Startup => "Startup",
            What::Liveness => "Liveness",
            What::Readiness => "Readiness",
        }
    }
}

/// The probes of one container.
#[derive(Clone, Debug, Default)]
pub struct Probes {
    list: Vec<Probe>,
    /// The postStart hook runs until then; nothing is probed before.
    hold: Millis,
}

#[derive(Clone, Debug)]
struct Probe {
    what: What,
    next: Millis,
    good: i64,
    bad: i64,
}

impl Probes {
    pub fn due(&self) -> Option<Millis> {
        let startup = self.list.iter().any(|p| p.what == What::Startup);
        let asked = self
            .list
            .iter()
            .filter(|p| !startup || p.what == What::Startup);
        asked.map(|p| p.next).min()
    }
    /// A hook holds everything up.
    pub fn delay(&mut self, ms: i64) {
        self.list.iter_mut().for_each(|p| p.next += ms);
        self.hold += ms;
    }
}

/// A container has started.
pub fn begin(pod: &Object, c: &mut ContainerRun, now: Millis) {
    let spec = c.spec(pod);
    let mut list = Vec::new();
    for what in What::ALL {
        let p = spec.get(what.field());
        if !p.is_null() {
            let first = ms(p.int("initialDelaySeconds")).max(FIRST_MS);
            list.push(Probe {
                what,
                next: now + first,
                good: 0,
                bad: 0,
            });
        }
    }
    let has = |what: What| list.iter().any(|p| p.what == what);
    c.started = !has(What::Startup);
    c.ready = c.started && !has(What::Readiness);
    c.probes = (!list.is_empty()).then(|| Box::new(Probes { list, hold: now }));
}

/// Runs the probes of a pod that are due.
pub fn advance(cluster: &mut Cluster, pod: &Object, uid: &Str) {
    let now = cluster.now;
    let Some(run) = cluster.kubelets.pod(uid) else {
        return;
    };
    if run.containers.iter().all(|c| c.probes.is_none()) {
        return;
    }
    let stopping = run.stopping.is_some();
    for i in 0..run.containers.len() {
        for what in What::ALL {
            let Some(c) = cluster.kubelets.container(uid, i) else {
                continue;
            };
            let Some(probes) = c.probes.as_ref().filter(|_| c.is_running()) else {
                continue;
            };
            let startup = probes.list.iter().any(|p| p.what == What::Startup);
            let due = probes.list.iter().any(|p| p.what == what && p.next <= now);
            // Until the startup probe has succeeded, the others wait; while a pod ends, only readiness is asked.
            let blocked = startup && what != What::Startup
                || stopping && what != What::Readiness
                || c.stop.is_some() && what != What::Readiness;
            if due && !blocked {
                probe(cluster, pod, uid, i, what);
            } else if due {
                put_off(cluster, uid, i, what);
            }
        }
    }
}

fn period(spec: &Value) -> i64 {
    match spec.int("periodSeconds") {
        0 => 10_000,
        s => ms(s),
    }
}

fn put_off(cluster: &mut Cluster, uid: &Str, i: usize, what: What) {
    let now = cluster.now;
    let Some(c) = cluster.kubelets.container_mut(uid, i) else {
        return;
    };
    if let Some(p) = c
        .probes
        .as_mut()
        .and_then(|p| p.list.iter_mut().find(|p| p.what == what))
    {
        p.next = now + 1000;
    }
}

fn probe(cluster: &mut Cluster, pod: &Object, uid: &Str, i: usize, what: What) {
    let now = cluster.now;
    let Some(c) = cluster.kubelets.container(uid, i) else {
        return;
    };
    let spec = c.spec(pod).get(what.field()).clone();
    let result = ask(cluster, pod, uid, i, &spec);
    let success = match spec.int("successThreshold") {
        0 => 1,
        n => n,
    };
    let failure = match spec.int("failureThreshold") {
        0 => 3,
        n => n,
    };
    let Some(run) = cluster.kubelets.pod_mut(uid) else {
        return;
    };
    let Some(c) = run.containers.get_mut(i) else {
        return;
    };
    let Some(p) = c
        .probes
        .as_mut()
        .and_then(|p| p.list.iter_mut().find(|p| p.what == what))
    else {
        return;
    };
    p.next = now + period(&spec);
    let reached = match &result {
        Ok(()) => {
            (p.good, p.bad) = (p.good + 1, 0);
            p.good == success || p.good > success && what == What::Readiness && !c.ready
        }
        Err(_) => {
            (p.good, p.bad) = (0, p.bad + 1);
            p.bad >= failure
        }
    };
    if let Err(message) = &result {
        let path = c.field_path();
        let text = format!("{} probe failed: {message}", what.word());
        let node = run.node.clone();
        let mut cx = actor(cluster, &node, Trigger::Probe(text.clone()));
        cx.event_at(pod, &path, "Warning", "Unhealthy", &text);
    }
    if reached {
        verdict(cluster, pod, uid, i, what, result.is_ok(), &spec);
    }
}

/// A threshold has been reached.
fn verdict(
    cluster: &mut Cluster,
    pod: &Object,
    uid: &Str,
    i: usize,
    what: What,
    good: bool,
    spec: &Value,
) {
    let now = cluster.now;
    let Some(run) = cluster.kubelets.pod_mut(uid) else {
        return;
    };
    let Some(c) = run.containers.get_mut(i) else {
        return;
    };
    match (what, good) {
        (What::Readiness, good) => {
            if c.ready != good {
                c.ready = good;
                run.dirty(
                    now,
                    if good {
                        "the readiness probe succeeded"
                    } else {
                        "the readiness probe failed"
                    },
                );
            }
        }
        (What::Startup, true) => {
            c.started = true;
            if let Some(p) = &mut c.probes {
                p.list.retain(|p| p.what != What::Startup);
                p.list
                    .iter_mut()
                    .for_each(|p| p.next = p.next.min(now + 100));
                c.ready = !p.list.iter().any(|p| p.what == What::Readiness);
            }
            run.dirty(now, "the startup probe succeeded");
        }
        (What::Liveness, true) => {}
        (What::Liveness | What::Startup, false) => {
            let message = format!(
                "Container {} failed {} probe, will be restarted",
                c.name,
                what.word().to_lowercase()
            );
            let grace = match spec.get("terminationGracePeriodSeconds").as_i64() {
                Some(s) => s,
                None => pod
                    .spec()
                    .get("terminationGracePeriodSeconds")
                    .as_i64()
                    .unwrap_or(30),
            };
            let node = run.node.clone();
            let Some(run) = cluster.kubelets.pods.take(uid) else {
                return;
            };
            let mut run: PodRun = Rc::unwrap_or_clone(run);
            let mut cx = actor(cluster, &node, Trigger::Probe(what.word().into()));
            stop::container_with(&mut cx, pod, &mut run, i, ms(grace), &message);
            cluster.kubelets.pods.insert(uid.clone(), Rc::new(run));
        }
    }
}

/// Asks once. The error is the event's text after `probe failed: `.
fn ask(
    cluster: &mut Cluster,
    pod: &Object,
    uid: &Str,
    i: usize,
    spec: &Value,
) -> Result<(), String> {
    let place = Place { pod, uid, index: i };
    let timeout = match spec.int("timeoutSeconds") {
        0 => 1,
        s => s,
    };
    if fault_hangs(cluster, &place) {
        return Err(hang_message(cluster, &place, spec));
    }
    let command = spec.at("exec.command").items();
    if !command.is_empty() {
        let argv: Vec<String> = command
            .iter()
            .map(|w| w.as_str().unwrap_or("").to_string())
            .collect();
        return match ahead::run_ahead(cluster, &place, &argv, ms(timeout)) {
            Err(error) => Err(error),
            Ok(ran) if ran.timed_out => Err(format!(
                "command timed out: {:?} timed out after {timeout}s",
                argv.join(" ")
            )),
            Ok(ran) if ran.code == 0 => Ok(()),
            Ok(ran) => Err(ran.output.trim_end_matches('\n').to_string()),
        };
    }
    if !spec.get("httpGet").is_null() {
        return http(cluster, &place, spec.get("httpGet"));
    }
    let ip = cluster.kubelets.pod(uid).map_or(0, |r| r.ip);
    let ip = ip::text(ip);
    for (field, what) in [("tcpSocket", "tcp"), ("grpc", "grpc")] {
        let s = spec.get(field);
        if s.is_null() {
            continue;
        }
        let port = port_of(cluster, &place, s.get("port"));
        return match (network::is_open(cluster, uid, port), what) {
            (true, _) => Ok(()),
            (false, "tcp") => Err(format!("dial tcp {ip}:{port}: connect: connection refused")),
            (false, _) => Err(format!(
                "timeout: failed to connect service \"{ip}:{port}\" within {timeout}s: context deadline exceeded"
            )),
        };
    }
    Ok(())
}

fn fault_hangs(cluster: &Cluster, place: &Place) -> bool {
    let c = cluster.kubelets.container(place.uid, place.index);
    c.and_then(|c| c.fault.as_ref()).is_some_and(|f| f.hang)
}

fn hang_message(cluster: &Cluster, place: &Place, spec: &Value) -> String {
    let get = spec.get("httpGet");
    if get.is_null() {
        return "context deadline exceeded".into();
    }
    let url = url_of(cluster, place, get);
    format!(
        "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    )
}

fn url_of(cluster: &Cluster, place: &Place, get: &Value) -> String {
    let ip = cluster.kubelets.pod(place.uid).map_or(0, |r| r.ip);
    let host = match get.text("host") {
        "" => ip::text(ip),
        host => host.to_string(),
    };
    let scheme = match get.text("scheme") {
        "" => "http".to_string(),
        s => s.to_lowercase(),
    };
    let path = get.text("path");
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!(
        "{scheme}://{host}:{}{slash}{path}",
        port_of(cluster, place, get.get("port"))
    )
}

/// A port by number or by the name it has in the container.
fn port_of(cluster: &Cluster, place: &Place, port: &Value) -> u16 {
    if let Some(n) = port.as_i64() {
        return u16::try_from(n).unwrap_or(0);
    }
    let name = port.as_str().unwrap_or("");
    let c = cluster.kubelets.container(place.uid, place.index);
    let ports = c.map_or(&[][..], |c| c.spec(place.pod).get("ports").items());
    let found = ports.iter().find(|p| p.text("name") == name);
    found.map_or_else(
        || name.parse().unwrap_or(0),
        |p| u16::try_from(p.int("containerPort")).unwrap_or(0),
    )
}

fn http(cluster: &mut Cluster, place: &Place, get: &Value) -> Result<(), String> {
    let url = url_of(cluster, place, get);
    let mut headers = vec![("User-Agent".to_string(), "kube-probe/1.36".to_string())];
    for h in get.get("httpHeaders").items() {
        headers.push((h.text("name").to_string(), h.text("value").to_string()));
    }
    let port = port_of(cluster, place, get.get("port"));
    let request = HttpRequest {
        method: "GET".into(),
        url: url.clone(),
        headers,
        body: String::new(),
    };
    let ip = ip::text(cluster.kubelets.pod(place.uid).map_or(0, |r| r.ip));
    match network::ask_pod(cluster, place.uid, port, &request, &node_ip(cluster, place)) {
        Fetch::Answer(a) if (200..400).contains(&a.status) => Ok(()),
        Fetch::Answer(a) => Err(format!("HTTP probe failed with statuscode: {}", a.status)),
        Fetch::Timeout => Err(format!(
            "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        )),
        Fetch::Reset => Err(format!("Get \"{url}\": EOF")),
        Fetch::Refused | Fetch::UnknownHost => Err(format!(
            "Get \"{url}\": dial tcp {ip}:{port}: connect: connection refused"
        )),
    }
}

fn node_ip(cluster: &Cluster, place: &Place) -> String {
    let node = cluster
        .kubelets
        .pod(place.uid)
        .and_then(|r| cluster.kubelets.node(&r.node));
    // What reaches a pod from its own node has the bridge's address.
    ip::text(node.map_or(0, |n| n.cidr + 1))
}

/// A lifecycle hook that asks by HTTP.
pub fn http_hook(cluster: &mut Cluster, place: &Place, get: &Value) -> Hook {
    Hook {
        result: http(cluster, place, get),
        took_ms: 5,
    }
}
