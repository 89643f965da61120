//! What containers use, for `kubectl top` and autoscalers: follows from the image, the load and the faults.
//! The real one reads cgroups (`pkg/kubelet/stats`), and metrics-server passes it on.

use super::catalogue::App;
use super::run::{ContainerRun, PodRun};
use crate::Cluster;
use machinery::Object;

/// CPU in millicores and memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub cpu_milli: i64,
    pub memory_bytes: i64,
}

/// The containers of a pod with their usage; nothing while none runs.
pub fn pod(cluster: &Cluster, pod: &Object) -> Vec<(String, Usage)> {
    let Some(run) = cluster.kubelets.pod(pod.uid()) else { return Vec::new() };
    let running = run.containers.iter().filter(|c| c.is_running());
    running.map(|c| (c.name.to_string(), container(cluster, pod, run, c))).collect()
}

/// A node with all that runs on it, and the machine's own share.
pub fn node(cluster: &Cluster, name: &str) -> Usage {
    let mut sum = Usage { cpu_milli: 60, memory_bytes: 480 << 20 };
    for p in cluster.store.on_node(name) {
        for (_, u) in pod(cluster, p) {
            sum.cpu_milli += u.cpu_milli;
            sum.memory_bytes += u.memory_bytes;
        }
    }
    sum
}

fn container(cluster: &Cluster, pod: &Object, run: &PodRun, c: &ContainerRun) -> Usage {
    let Some(image) = c.image else { return Usage::default() };
    let limit = |name: &str| c.spec(pod).at("resources.limits").get(name).as_str().and_then(super::env::nano);
    let wobble = (run.uid.bytes().map(i64::from).sum::<i64>() + cluster.now / 15_000) % 3;
    let busy = match c.proc.as_deref() {
        Some(super::process::Proc::Script(s)) if s.busy > 0 => 1000,
        _ => 0,
    };
    let stress = if image.app == App::Stress { stress(pod, c) } else { (0, 0) };
    let load = cluster.network.load(&run.uid, cluster.now);
    let mut cpu = image.cpu_milli + busy + stress.0 + load + if image.cpu_milli > 2 { wobble } else { 0 };
    if let Some(limit) = limit("cpu") {
        cpu = cpu.min((limit / 1_000_000) as i64);
    }
    let leaked = c.fault.as_ref().and_then(|f| f.leak).map_or(0, |(rate, since)| rate * (cluster.now - since) / 1000);
    let memory = image.memory_mi + leaked + stress.1 + wobble.min(1);
    Usage { cpu_milli: cpu, memory_bytes: memory << 20 }
}

/// `-cpus 2 -mem-total 950Mi`, `--vm 1 --vm-bytes 150M`: (millicores, MiB).
pub fn stress(pod: &Object, c: &ContainerRun) -> (i64, i64) {
    let spec = c.spec(pod);
    let words: Vec<String> = ["command", "args"].iter().flat_map(|k| spec.get(k).items()).map(|w| w.as_str().unwrap_or("").to_string()).collect();
    let number = |name: &str| super::programs::flag(&words, name).and_then(|v| v.parse::<i64>().ok());
    let bytes = super::programs::flag(&words, "mem-total").or_else(|| super::programs::flag(&words, "vm-bytes"));
    let mib = bytes.and_then(|b| super::env::nano(&b)).map_or(0, |n| (n / 1_000_000_000) as i64 >> 20);
    (number("cpus").or_else(|| number("cpu")).unwrap_or(0) * 1000, mib)
}
