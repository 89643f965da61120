//! What the world outside of the objects is like: nodes, delays, images. Data, given at the start of a session.

/// Delays in milliseconds, realistic by default.
#[derive(Clone, Debug)]
pub struct Delays {
    /// From a write to the wake-up of those who watch.
    pub watch_ms: i64,
    /// What a controller takes for one reconcile.
    pub reconcile_ms: i64,
    /// What the scheduler takes for one pod.
    pub schedule_ms: i64,
    /// Sandbox (network and pause container) of a pod.
    pub sandbox_ms: i64,
    /// Creating and starting one container.
    pub container_ms: i64,
    /// Status updates of a kubelet are sent at most this often.
    pub status_ms: i64,
    /// Registry bandwidth of a node, bytes per second.
    pub pull_bytes_per_s: i64,
    /// Latency of a pull before its first byte.
    pub pull_latency_ms: i64,
}

impl Default for Delays {
    fn default() -> Delays {
        Delays {
            watch_ms: 5,
            reconcile_ms: 5,
            schedule_ms: 5,
            sandbox_ms: 300,
            container_ms: 150,
            status_ms: 100,
            pull_bytes_per_s: 100_000_000,
            pull_latency_ms: 250,
        }
    }
}

/// One machine.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    pub name: String,
    /// Millicores.
    pub cpu_milli: i64,
    pub memory_bytes: i64,
    pub max_pods: i64,
    pub zone: String,
    /// Extra labels and taints come from objects later; a control-plane node gets its label and taint.
    pub control_plane: bool,
    /// More labels, and extended resources (`example.com/dongle`) with their amounts.
    pub labels: Vec<(String, String)>,
    pub extended: Vec<(String, String)>,
}

/// A fresh cluster.
#[derive(Clone, Debug)]
pub struct World {
    pub seed: u64,
    /// Virtual time at the start, milliseconds since 1970.
    pub start: i64,
    pub nodes: Vec<NodeSpec>,
    pub delays: Delays,
    /// Whether the control plane's own pods are there to be seen in kube-system.
    pub system_pods: bool,
    /// Services of type LoadBalancer get addresses, as with MetalLB or `minikube tunnel`; otherwise they stay `<pending>`.
    pub load_balancer: bool,
    /// A metrics server is installed: autoscalers (and `kubectl top`) know what pods use.
    pub metrics: bool,
}

impl World {
    /// `n` nodes `node-1`... of 4 CPU and 8Gi, 110 pods each: the world of the recorded transcripts.
    pub fn standard(n: usize) -> World {
        let node = |i: usize| NodeSpec {
            name: format!("node-{i}"),
            cpu_milli: 4000,
            memory_bytes: 8 << 30,
            max_pods: 110,
            zone: String::new(),
            control_plane: false,
            labels: Vec::new(),
            extended: Vec::new(),
        };
        World {
            seed: 1,
            start: 1_795_168_800_000,
            nodes: (1..=n).map(node).collect(),
            delays: Delays::default(),
            system_pods: false,
            load_balancer: false,
            metrics: false,
        }
    }
}
