//! What a pod asks of a node, read from its spec once per attempt. Upstream: `pkg/scheduler/framework/types.go`.

use super::groups::Spread;
use super::plugins::affinity::Neighbours;
use super::plugins::basic;
use super::volumes::Volumes;
use machinery::{Object, Str, Value};
use std::collections::BTreeMap;

/// Amounts: cpu in thousandths, the rest in units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amounts {
    pub cpu: i64,
    pub memory: i64,
    pub disk: i64,
    /// Extended resources.
    pub other: BTreeMap<Str, i64>,
}

/// A pod without requests still uses something: for scoring each of its containers counts as much.
const CPU_ASSUMED: i64 = 100;
const MEMORY_ASSUMED: i64 = 200 << 20;

#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub pod: Object,
    pub uid: Str,
    /// `spec.nodeName`.
    pub node_name: Str,
    pub requests: Amounts,
    /// cpu and memory with assumed amounts where nothing is requested.
    pub assumed: (i64, i64),
    /// (address, protocol, port) on the host.
    pub ports: Vec<(Str, Str, i64)>,
    /// `nodeSelector` and required node affinity, `null` where there is none.
    pub selector: Value,
    pub node_affinity: Value,
    /// Preferred node affinity.
    pub preferred: Value,
    /// The one node that a required affinity by name leaves (what a DaemonSet's pods carry).
    pub only_node: Option<Str>,
    pub tolerations: Value,
    pub spreads: Vec<Spread>,
    pub neighbours: Neighbours,
    pub volumes: Volumes,
    pub images: Vec<Str>,
}

impl Ask {
    pub fn of(pod: &Object) -> Ask {
        let spec = pod.spec();
        let affinity = spec.at("affinity.nodeAffinity");
        let required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution");
        let (requests, assumed) = amounts(spec);
        let containers = spec.get("containers").items();
        Ask {
            pod: pod.clone(),
            uid: Str::from(pod.uid()),
            node_name: Str::from(pod.text("spec.nodeName")),
            requests,
            assumed,
            ports: host_ports(spec),
            selector: spec.get("nodeSelector").clone(),
            node_affinity: required.clone(),
            preferred: affinity
                .get("preferredDuringSchedulingIgnoredDuringExecution")
                .clone(),
            only_node: only_node(required),
            tolerations: spec.get("tolerations").clone(),
            images: containers
                .iter()
                .map(|c| Str::from(basic::full_name(c.text("image"))))
                .collect(),
            ..Ask::default()
        }
    }
}

/// Requests of the whole pod: the containers and sidecars together, or the largest init container (with the sidecars
/// started before it) if that is more; plus overhead.
pub fn amounts(spec: &Value) -> (Amounts, (i64, i64)) {
    let mut sum = Amounts::default();
    let mut assumed = (0, 0);
    for c in spec.get("containers").items() {
        add_container(&mut sum, &mut assumed, c);
    }
    let mut sidecars = Amounts::default();
    let mut sidecars_assumed = (0, 0);
    let mut peak = Amounts::default();
    let mut peak_assumed = (0, 0);
    for c in spec.get("initContainers").items() {
        if c.text("restartPolicy") == "Always" {
            add_container(&mut sidecars, &mut sidecars_assumed, c);
            add_container(&mut sum, &mut assumed, c);
        } else {
            let mut here = sidecars.clone();
            let mut here_assumed = sidecars_assumed;
            add_container(&mut here, &mut here_assumed, c);
            peak = larger(peak, here);
            peak_assumed = (
                peak_assumed.0.max(here_assumed.0),
                peak_assumed.1.max(here_assumed.1),
            );
        }
    }
    let mut all = larger(sum, peak);
    let mut assumed = (assumed.0.max(peak_assumed.0), assumed.1.max(peak_assumed.1));
    let whole = spec.at("resources.requests");
    for (k, v) in whole.entries() {
        set(&mut all, k, read(k, v));
    }
    for (k, v) in spec.get("overhead").entries() {
        let n = read(k, v);
        add(&mut all, k, n);
        match k.as_str() {
            "cpu" => assumed.0 += n,
            "memory" => assumed.1 += n,
            _ => {}
        }
    }
    (all, assumed)
}

fn add_container(to: &mut Amounts, assumed: &mut (i64, i64), container: &Value) {
    let requests = container.at("resources.requests");
    for (k, v) in requests.entries() {
        add(to, k, read(k, v));
    }
    assumed.0 += match requests.get("cpu") {
        Value::Null => CPU_ASSUMED,
        v => read("cpu", v),
    };
    assumed.1 += match requests.get("memory") {
        Value::Null => MEMORY_ASSUMED,
        v => read("memory", v),
    };
}

pub fn add(to: &mut Amounts, resource: &str, n: i64) {
    match resource {
        "cpu" => to.cpu += n,
        "memory" => to.memory += n,
        "ephemeral-storage" => to.disk += n,
        _ => *to.other.entry(Str::from(resource)).or_default() += n,
    }
}

fn set(to: &mut Amounts, resource: &str, n: i64) {
    match resource {
        "cpu" => to.cpu = n,
        "memory" => to.memory = n,
        "ephemeral-storage" => to.disk = n,
        _ => *to.other.entry(Str::from(resource)).or_default() = n,
    }
}

fn larger(a: Amounts, b: Amounts) -> Amounts {
    let mut other = a.other;
    for (k, v) in b.other {
        let have = other.entry(k).or_default();
        *have = v.max(*have);
    }
    Amounts {
        cpu: a.cpu.max(b.cpu),
        memory: a.memory.max(b.memory),
        disk: a.disk.max(b.disk),
        other,
    }
}

/// An amount of a resource: thousandths for cpu, units otherwise, rounded up.
pub fn read(resource: &str, v: &Value) -> i64 {
    let scale = if resource == "cpu" { 1000 } else { 1 };
    match v {
        Value::Int(n) => n.saturating_mul(scale),
        Value::Str(s) => quantity(s, scale),
        Value::Float(_) => quantity(&machinery::json::print(v), scale),
        _ => 0,
    }
}

/// The plain forms (`2`, `100m`, `64Mi`) are read without detour; they are nearly all.
fn quantity(s: &str, scale: i64) -> i64 {
    let end = s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
    let plain = s.get(..end).and_then(|d| d.parse::<i64>().ok());
    let shifted = |n: i64, bits: u32| n.checked_mul(1 << bits)?.checked_mul(scale);
    let quick = plain.and_then(|n| match s.get(end..)? {
        "" => n.checked_mul(scale),
        "m" if scale == 1000 => Some(n),
        "Ki" => shifted(n, 10),
        "Mi" => shifted(n, 20),
        "Gi" => shifted(n, 30),
        _ => None,
    });
    quick.unwrap_or_else(|| {
        let nanos = kinds::quantity::parse(s).map_or(0, |(n, _)| n);
        let unit = 1_000_000_000 / i128::from(scale);
        i64::try_from((nanos + unit - 1) / unit).unwrap_or(i64::MAX)
    })
}

/// The ports that a pod takes on its node.
pub fn host_ports(spec: &Value) -> Vec<(Str, Str, i64)> {
    let containers = spec.get("containers").items().iter();
    let sidecars = spec.get("initContainers").items().iter();
    let sidecars = sidecars.filter(|c| c.text("restartPolicy") == "Always");
    containers
        .chain(sidecars)
        .flat_map(|c| c.get("ports").items())
        .filter(|p| p.int("hostPort") > 0)
        .map(|p| {
            let or = |s: &str, d: &'static str| {
                if s.is_empty() {
                    Str::lit(d)
                } else {
                    Str::from(s)
                }
            };
            let address = or(p.text("hostIP"), "0.0.0.0");
            (address, or(p.text("protocol"), "TCP"), p.int("hostPort"))
        })
        .collect()
}

/// `matchFields: metadata.name In [x]` in the only term.
fn only_node(required: &Value) -> Option<Str> {
    let [term] = required.get("nodeSelectorTerms").items() else {
        return None;
    };
    let field = term.get("matchFields").items().first()?;
    let one = field.text("key") == "metadata.name" && field.text("operator") == "In";
    match field.get("values").items() {
        [v] if one => v.as_str().map(Str::from),
        _ => None,
    }
}
