//! What can be broken on purpose, and mended again: plain data, applied to the runtime below the objects.
//! Controllers and kubelets then find out by themselves, as they do in a real cluster.
//!
//! What is broken now is a list ([`Broken`]), part of the cluster's value: undo, forks and replays know it too. What a
//! machine suffers from follows from that list alone ([`machines`]); [`containers`] act at once.

mod containers;
mod machines;

use super::system;
use crate::Cluster;
pub use containers::{started, strike};
use machinery::time::Millis;
use machinery::{Str, duration};

/// A fault. Those with `on` are taken back with `on: false`; the others happen once.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Process 1 of a container is killed from outside: exit code 137.
    KillProcess {
        namespace: String,
        pod: String,
        container: String,
    },
    /// The container ends with status 1 soon after every start.
    Crash {
        namespace: String,
        pod: String,
        container: String,
        on: bool,
    },
    /// The container's memory grows by so many MiB a second, until its limit kills it; 0 mends it.
    LeakMemory {
        namespace: String,
        pod: String,
        container: String,
        mib_per_s: i64,
    },
    /// The container answers nobody any more, but goes on.
    Hang {
        namespace: String,
        pod: String,
        container: String,
        on: bool,
    },
    /// The container listens only so much later after its next start; 0 mends it.
    SlowStart {
        namespace: String,
        pod: String,
        container: String,
        extra_ms: i64,
    },
    /// The node is cut off from the network: containers go on, nobody hears of it.
    CutNode { node: String, on: bool },
    /// The node is switched off; switched on again, all containers start anew.
    StopNode { node: String, on: bool },
    /// Whatever the node pulls and starts takes so many times as long; 1 mends it.
    SlowNode { node: String, factor: i64 },
    /// A component of the control plane (`kube-scheduler`) is stopped.
    StopComponent { component: String, on: bool },
    /// An image is removed from a node; taken back, it is there again.
    DropImage { node: String, image: String },
    /// No packet passes between the nodes of two zones. The control plane is in the zone of its node.
    Partition { a: String, b: String, on: bool },
}

/// Something that is broken now.
#[derive(Clone, Debug)]
pub struct Broken {
    pub id: u32,
    pub since: Millis,
    pub fault: Fault,
    /// The pod that it is about; with it the fault is gone.
    pod: Str,
}

/// What is wrong with a container.
#[derive(Clone, Debug, Default)]
pub struct ContainerFault {
    pub crash: bool,
    pub hang: bool,
    pub extra_start_ms: i64,
    /// MiB per second since then.
    pub leak: Option<(i64, Millis)>,
    /// How long the leak takes to reach the limit.
    pub lasts_ms: Option<i64>,
    /// Its program wants more memory than its limit gives.
    pub greedy: bool,
    /// When the leak or the crash ends the container.
    pub end_at: Option<Millis>,
}

impl ContainerFault {
    pub fn due(&self) -> Option<Millis> {
        self.end_at
    }
}

impl Fault {
    /// What it is, as a sentence.
    pub fn text(&self) -> String {
        use Fault::*;
        let of = |ns: &str, pod: &str, container: &str| match container {
            "" => format!("pod {ns}/{pod}"),
            c => format!("container {c} of pod {ns}/{pod}"),
        };
        match self {
            KillProcess {
                namespace,
                pod,
                container,
            } => {
                format!("the process of {} is killed", of(namespace, pod, container))
            }
            Crash {
                namespace,
                pod,
                container,
                ..
            } => {
                format!(
                    "{} ends with status 1 soon after every start",
                    of(namespace, pod, container)
                )
            }
            LeakMemory {
                namespace,
                pod,
                container,
                mib_per_s,
            } => {
                format!(
                    "{} leaks {mib_per_s} MiB of memory a second",
                    of(namespace, pod, container)
                )
            }
            Hang {
                namespace,
                pod,
                container,
                ..
            } => {
                format!("{} hangs: it answers nobody", of(namespace, pod, container))
            }
            SlowStart {
                namespace,
                pod,
                container,
                extra_ms,
            } => format!(
                "{} listens {} later, from its next start on",
                of(namespace, pod, container),
                duration::print(*extra_ms)
            ),
            CutNode { node, .. } => format!("node {node} is cut off from the network"),
            StopNode { node, .. } => format!("node {node} is switched off"),
            SlowNode { node, factor } => {
                format!("node {node} is slow: what it starts takes {factor} times as long")
            }
            StopComponent { component, .. } => format!("{component} is stopped"),
            DropImage { node, image } => format!("image {image} is removed from node {node}"),
            Partition { a, b, .. } => format!("zones {a} and {b} are cut off from each other"),
        }
    }
    /// The same fault taken back; None where it happens once.
    fn mended(&self) -> Option<Fault> {
        let mut back = self.clone();
        match &mut back {
            Fault::KillProcess { .. } | Fault::DropImage { .. } => return None,
            Fault::Crash { on, .. }
            | Fault::Hang { on, .. }
            | Fault::CutNode { on, .. }
            | Fault::StopNode { on, .. }
            | Fault::StopComponent { on, .. }
            | Fault::Partition { on, .. } => *on = false,
            Fault::LeakMemory { mib_per_s: n, .. } | Fault::SlowStart { extra_ms: n, .. } => *n = 0,
            Fault::SlowNode { factor, .. } => *factor = 1,
        }
        Some(back)
    }
    /// The pod and container that it is about.
    fn container(&self) -> Option<(&str, &str, &str)> {
        match self {
            Fault::KillProcess {
                namespace,
                pod,
                container,
            }
            | Fault::Crash {
                namespace,
                pod,
                container,
                ..
            }
            | Fault::LeakMemory {
                namespace,
                pod,
                container,
                ..
            }
            | Fault::Hang {
                namespace,
                pod,
                container,
                ..
            }
            | Fault::SlowStart {
                namespace,
                pod,
                container,
                ..
            } => Some((namespace, pod, container)),
            _ => None,
        }
    }
    /// Whether both are the same kind of fault of the same thing.
    fn same(&self, other: &Fault) -> bool {
        match (self, other) {
            (Fault::DropImage { .. }, _) => self == other,
            _ => self.mended().is_some() && self.mended() == other.mended(),
        }
    }
}

impl Cluster {
    /// Breaks something, or mends it. False if what it names is not there.
    pub fn fault(&mut self, fault: Fault) -> bool {
        let done = match &fault {
            Fault::CutNode { node, .. } | Fault::SlowNode { node, .. } => {
                self.kubelets.node(node).is_some()
            }
            Fault::StopNode { node, on } => self.stop_node(node, *on),
            Fault::StopComponent { component, on } => system::stop(self, component, *on),
            Fault::DropImage { node, image } => self.image_on(node, image, false),
            Fault::Partition { a, b, .. } => a != b && self.has_zone(a) && self.has_zone(b),
            _ => containers::container_fault(self, &fault),
        };
        if !done {
            return false;
        }
        self.note(fault);
        self.look_at_machines();
        true
    }

    /// What is broken now, oldest first.
    pub fn faults(&self) -> impl Iterator<Item = &Broken> {
        let there = |b: &&Broken| match &b.fault {
            Fault::DropImage { node, image } => !self.has_image(node, image),
            _ => b.pod.is_empty() || self.kubelets.pod(&b.pod).is_some(),
        };
        self.kubelets.broken.iter().filter(there)
    }

    /// Mends what has this number in the list; says what is well again.
    pub fn heal(&mut self, id: u32) -> Option<String> {
        let fault = self.faults().find(|b| b.id == id)?.fault.clone();
        self.kubelets.broken.retain(|b| b.id != id);
        match fault.mended() {
            Some(back) => drop(self.fault(back)),
            None => {
                if let Fault::DropImage { node, image } = &fault {
                    self.image_on(node, image, true);
                }
            }
        }
        self.look_at_machines();
        Some(fault.text())
    }

    /// Enters a fault in the list, or takes it off.
    fn note(&mut self, fault: Fault) {
        let now = self.now;
        self.kubelets.broken.retain(|b| !b.fault.same(&fault));
        let once = matches!(fault, Fault::KillProcess { .. });
        if once || fault.mended().is_some_and(|back| back == fault) {
            return;
        }
        let pod = fault
            .container()
            .and_then(|(ns, pod, _)| self.store.get("pods", ns, pod))
            .map(|p| Str::from(p.uid()))
            .unwrap_or_default();
        self.kubelets.last_fault += 1;
        self.kubelets.broken.push(Broken {
            id: self.kubelets.last_fault,
            since: now,
            fault,
            pod,
        });
        if self.kubelets.broken.len() > BROKEN_MAX {
            // The oldest are forgotten only where their pods are gone.
            let gone: Vec<u32> = (self.kubelets.broken.iter())
                .filter(|b| !b.pod.is_empty() && self.kubelets.pod(&b.pod).is_none())
                .map(|b| b.id)
                .collect();
            self.kubelets.broken.retain(|b| !gone.contains(&b.id));
        }
    }
}

/// How many faults are kept before those of pods that are gone are swept out.
const BROKEN_MAX: usize = 200;
