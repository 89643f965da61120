//! What containers use, for `kubectl top` and autoscalers: follows from the image, the load and the faults.
//! The real one reads cgroups (`pkg/kubelet/stats`), and metrics-server passes it on, if it is installed: here, if the
//! world says so or a pod of its image runs.

use super::catalogue::App;
use super::run::{ContainerRun, PodRun};
use crate::Cluster;
use crate::apiserver::rbac;
use kinds::Kind;
use machinery::selector::Selector;
use machinery::time::rfc3339;
use machinery::{Method, Object, Request, Response, Status, Value, value};

/// CPU in millicores and memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub cpu_milli: i64,
    pub memory_bytes: i64,
}

const NODES: Kind = Kind {
    group: GROUP,
    version: "v1beta1",
    kind: "NodeMetrics",
    plural: "nodes",
    namespaced: false,
    verbs: &["get", "list"],
    ..Kind::NONE
};
const PODS: Kind = Kind {
    group: GROUP,
    version: "v1beta1",
    kind: "PodMetrics",
    plural: "pods",
    verbs: &["get", "list"],
    ..Kind::NONE
};
const GROUP: &str = "metrics.k8s.io";

/// What discovery shows of the metrics API.
pub(crate) static KINDS: [&Kind; 2] = [&NODES, &PODS];

/// Whether somebody serves the metrics API.
pub fn available(cluster: &Cluster) -> bool {
    let server = |image: &super::catalogue::Image| {
        image
            .repositories
            .iter()
            .any(|r| r.ends_with("/metrics-server"))
    };
    cluster.world.metrics
        || cluster.store.list("pods", Some("kube-system")).any(|p| {
            let run = cluster.kubelets.pod(p.uid());
            run.is_some_and(|r| {
                r.containers
                    .iter()
                    .any(|c| c.is_running() && c.ready && c.image.is_some_and(server))
            })
        })
}

/// Answers requests to `metrics.k8s.io`; None: the request is none of them.
pub(crate) fn serve(cluster: &mut Cluster, request: &Request) -> Result<Option<Response>, Status> {
    let Some(rest) = request
        .path
        .trim_matches('/')
        .strip_prefix("apis/metrics.k8s.io/v1beta1/")
    else {
        return Ok(None);
    };
    if !available(cluster) {
        return Err(Status::no_resource());
    }
    if request.method != Method::Get {
        return Err(Status::method_not_allowed(
            GROUP,
            "pods",
            request.method.as_str(),
        ));
    }
    rbac::authorize_path(cluster, &request.user, &request.path, "get")?;
    let parts: Vec<&str> = rest.split('/').collect();
    let wanted = Selector::parse(request.param("labelSelector").unwrap_or(""))
        .map_err(Status::bad_request)?;
    let pods = |namespace: Option<&str>| -> Vec<Value> {
        let fits = |p: &&Object| wanted.matches(p.labels());
        cluster
            .store
            .list("pods", namespace)
            .filter(fits)
            .filter_map(|p| pod_metrics(cluster, p))
            .collect()
    };
    let list = |kind: &'static str, items: Vec<Value>| {
        Ok(Some(Response::ok(
            value!({ "kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": Value::from(items) }),
        )))
    };
    match parts.as_slice() {
        ["nodes"] => list(
            "NodeMetricsList",
            cluster
                .store
                .list("nodes", None)
                .map(|n| node_metrics(cluster, n))
                .collect(),
        ),
        ["nodes", name] => match cluster.store.get("nodes", "", name) {
            Some(n) => Ok(Some(Response::ok(node_metrics(cluster, n)))),
            None => Err(Status::not_found(GROUP, "nodes", name)),
        },
        ["pods"] => list("PodMetricsList", pods(None)),
        ["namespaces", ns, "pods"] => list("PodMetricsList", pods(Some(ns))),
        ["namespaces", ns, "pods", name] => match cluster
            .store
            .get("pods", ns, name)
            .and_then(|p| pod_metrics(cluster, p))
        {
            Some(m) => Ok(Some(Response::ok(m))),
            None => Err(Status::not_found(GROUP, "pods", &format!("{ns}/{name}"))),
        },
        _ => Err(Status::no_resource()),
    }
}

fn usage_value(u: Usage) -> Value {
    value!({ "cpu": format!("{}m", u.cpu_milli), "memory": format!("{}Ki", u.memory_bytes / 1024) })
}

fn node_metrics(cluster: &Cluster, n: &Object) -> Value {
    value!({
        "kind": "NodeMetrics", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": { "name": Value::str(n.name()), "labels": n.at("metadata.labels") },
        "timestamp": rfc3339(cluster.now), "window": "15s", "usage": usage_value(node(cluster, n.name())),
    })
}

fn pod_metrics(cluster: &Cluster, p: &Object) -> Option<Value> {
    let all = pod(cluster, p);
    let one = |(name, u): &(String, Usage)| value!({ "name": name, "usage": usage_value(*u) });
    (!all.is_empty()).then(|| value!({
        "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": { "name": Value::str(p.name()), "namespace": Value::str(p.namespace()), "labels": p.at("metadata.labels") },
        "timestamp": rfc3339(cluster.now), "window": "15s", "containers": Value::from(all.iter().map(one).collect::<Vec<_>>()),
    }))
}

/// The containers of a pod with their usage; nothing while none runs.
pub fn pod(cluster: &Cluster, pod: &Object) -> Vec<(String, Usage)> {
    let Some(run) = cluster.kubelets.pod(pod.uid()) else {
        return Vec::new();
    };
    let running = run.containers.iter().filter(|c| c.is_running());
    running
        .map(|c| (c.name.to_string(), container(cluster, pod, run, c)))
        .collect()
}

/// A node with all that runs on it, and the machine's own share.
pub fn node(cluster: &Cluster, name: &str) -> Usage {
    let mut sum = Usage {
        cpu_milli: 60,
        memory_bytes: 480 << 20,
    };
    for p in cluster.store.on_node(name) {
        for (_, u) in pod(cluster, p) {
            sum.cpu_milli += u.cpu_milli;
            sum.memory_bytes += u.memory_bytes;
        }
    }
    sum
}

fn container(cluster: &Cluster, pod: &Object, run: &PodRun, c: &ContainerRun) -> Usage {
    let Some(image) = c.image else {
        return Usage::default();
    };
    let limit = |name: &str| {
        c.spec(pod)
            .at("resources.limits")
            .get(name)
            .as_str()
            .and_then(super::env::nano)
    };
    let wobble = (run.uid.bytes().map(i64::from).sum::<i64>() + cluster.now / 15_000) % 3;
    let busy = match c.proc.as_deref() {
        Some(super::process::Proc::Script(s)) if s.busy > 0 => 1000,
        _ => 0,
    };
    let stress = if image.app == App::Stress {
        stress(pod, c)
    } else {
        (0, 0)
    };
    let load = cluster.network.load(&run.uid, cluster.now);
    let mut cpu =
        image.cpu_milli + busy + stress.0 + load + if image.cpu_milli > 2 { wobble } else { 0 };
    if let Some(limit) = limit("cpu") {
        cpu = cpu.min((limit / 1_000_000) as i64);
    }
    let leaked = c
        .fault
        .as_ref()
        .and_then(|f| f.leak)
        .map_or(0, |(rate, since)| rate * (cluster.now - since) / 1000);
    let memory = image.memory_mi + leaked + stress.1 + wobble.min(1);
    Usage {
        cpu_milli: cpu,
        memory_bytes: memory << 20,
    }
}

/// `-cpus 2 -mem-total 950Mi`, `--vm 1 --vm-bytes 150M`: (millicores, MiB).
pub fn stress(pod: &Object, c: &ContainerRun) -> (i64, i64) {
    let spec = c.spec(pod);
    let words: Vec<String> = ["command", "args"]
        .iter()
        .flat_map(|k| spec.get(k).items())
        .map(|w| w.as_str().unwrap_or("").to_string())
        .collect();
    let number =
        |name: &str| super::programs::own::flag(&words, name).and_then(|v| v.parse::<i64>().ok());
    let bytes = super::programs::own::flag(&words, "mem-total")
        .or_else(|| super::programs::own::flag(&words, "vm-bytes"));
    let mib = bytes
        .and_then(|b| super::env::nano(&b))
        .map_or(0, |n| (n / 1_000_000_000) as i64 >> 20);
    (
        number("cpus")
            .or_else(|| number("cpu"))
            .unwrap_or(0)
            .clamp(0, 1 << 20)
            * 1000,
        mib.clamp(0, 1 << 30),
    )
}
