//! What can be broken on purpose, and mended again: plain data, applied to the runtime below the objects.
//! Controllers and kubelets then find out by themselves, as they do in a real cluster.
//!
//! What is broken now is a list ([`Broken`]), part of the cluster's value: undo, forks and replays know it too. What a
//! machine suffers from follows from that list alone.

use super::{Wake, images, process, run, sync};
use crate::Cluster;
use crate::event::Event;
use machinery::time::Millis;
use machinery::{Str, duration};
use std::rc::Rc;

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
            Fault::StopComponent { component, on } => super::system::stop(self, component, *on),
            Fault::DropImage { node, image } => self.image_on(node, image, false),
            Fault::Partition { a, b, .. } => a != b && self.has_zone(a) && self.has_zone(b),
            _ => self.container_fault(&fault),
        };
        if !done {
            return false;
        }
        self.note(fault);
        self.look_at_machines();
        true
    }

    /// What is broken now, oldest first.
    /// From when to when an image is pulled for a pod, if one is.
    pub fn pull_of(&self, uid: &str) -> Option<(Millis, Millis)> {
        let run = self.kubelets.pod(uid)?;
        run.containers.iter().find_map(|c| match c.phase {
            super::run::Phase::Pulling { from, until, .. } => Some((from, until)),
            _ => None,
        })
    }

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

    /// What each machine suffers from follows from the list. Those that are reachable again are looked at.
    fn look_at_machines(&mut self) {
        let home = super::system::home(self).map(|n| self.zone_of(&n).to_string());
        let names: Vec<Str> = self.kubelets.nodes.keys().cloned().collect();
        for name in names {
            let zone = self.zone_of(&name);
            let (mut cut, mut stopped, mut slow) = (false, false, 1);
            for b in &self.kubelets.broken {
                match &b.fault {
                    Fault::CutNode { node, .. } => cut |= *node == *name,
                    Fault::StopNode { node, .. } => stopped |= *node == *name,
                    Fault::SlowNode { node, factor } if *node == *name => slow = *factor,
                    Fault::Partition { a, b, .. } => {
                        let home = home.as_deref().unwrap_or("");
                        cut |=
                            !home.is_empty() && (a == home && b == zone || b == home && a == zone);
                    }
                    _ => {}
                }
            }
            let Some(n) = self.kubelets.node_mut(&name) else {
                continue;
            };
            let was_away = n.cut || n.stopped;
            (n.cut, n.stopped, n.slow) = (cut, stopped, slow);
            if was_away && !cut && !stopped {
                self.look_at_node(&name);
            }
        }
    }

    /// Whether no packet passes between two nodes.
    pub(crate) fn apart(&self, a: &str, b: &str) -> bool {
        let cut = |n: &str| self.kubelets.node(n).is_some_and(|n| n.cut);
        if a == b || a.is_empty() || b.is_empty() {
            return a != b && (cut(a) || cut(b));
        }
        let between = |f: &Fault| match f {
            Fault::Partition { a: x, b: y, .. } => {
                let (za, zb) = (self.zone_of(a), self.zone_of(b));
                x == za && y == zb || y == za && x == zb
            }
            _ => false,
        };
        cut(a) || cut(b) || self.kubelets.broken.iter().any(|b| between(&b.fault))
    }

    /// The zone of a node: its label, as it is now.
    fn zone_of(&self, node: &str) -> &str {
        self.store
            .get("nodes", "", node)
            .and_then(|n| n.label("topology.kubernetes.io/zone"))
            .unwrap_or("")
    }
    fn has_zone(&self, zone: &str) -> bool {
        let nodes = &self.kubelets.nodes;
        !zone.is_empty() && nodes.keys().any(|n| self.zone_of(n) == zone)
    }

    /// The images on a node, by full reference.
    pub fn images_of(&self, node: &str) -> Vec<String> {
        let n = self.kubelets.node(node);
        n.map_or_else(Vec::new, |n| n.images.keys().map(Str::to_string).collect())
    }
    fn has_image(&self, node: &str, image: &str) -> bool {
        let full = images::parse(image).map(|r| r.full()).unwrap_or_default();
        (self.kubelets.node(node)).is_some_and(|n| n.images.contains_key(full.as_str()))
    }
    /// Puts an image on a node, or takes it away.
    fn image_on(&mut self, node: &str, image: &str, on: bool) -> bool {
        let Some(r) = images::parse(image) else {
            return false;
        };
        let Some(n) = self.kubelets.node_mut(node) else {
            return false;
        };
        let (all, full) = (Rc::make_mut(&mut n.images), r.full());
        match (on, images::find(&r)) {
            (true, Ok(found)) => all.insert(Str::from(full), found).is_none(),
            (true, Err(_)) => false,
            (false, _) => all.remove(full.as_str()).is_some(),
        }
    }

    fn look_at_node(&mut self, name: &str) {
        let event = Event::Kubelet {
            node: Str::from(name),
            uid: Str::default(),
            wake: Wake::Sync,
        };
        self.queue.push(self.now, event);
    }

    fn stop_node(&mut self, name: &str, on: bool) -> bool {
        if on {
            let runs = self.kubelets.pods.iter();
            let here = runs.filter(|(_, r)| r.node == *name);
            let uids: Vec<Str> = here.map(|(uid, _)| uid.clone()).collect();
            for uid in uids {
                let count = self.kubelets.pod(&uid).map_or(0, |r| r.containers.len());
                (0..count).for_each(|i| process::kill_now(self, &uid, i, 255, Some("Unknown")));
            }
        }
        self.kubelets.node(name).is_some()
    }

    fn container_fault(&mut self, fault: &Fault) -> bool {
        let Some((namespace, pod, container)) = fault.container() else {
            return false;
        };
        let Some(uid) = self
            .store
            .get("pods", namespace, pod)
            .map(|p| Str::from(p.uid()))
        else {
            return false;
        };
        let Some(run) = self.kubelets.pod(&uid) else {
            return false;
        };
        let found = match container {
            "" => (run.containers.iter()).position(|c| c.role == run::Role::Main),
            name => run.container(name),
        };
        let (Some(i), node) = (found, run.node.clone()) else {
            return false;
        };
        match fault {
            Fault::KillProcess { .. } => process::kill_now(self, &uid, i, 137, None),
            Fault::Crash { on, .. } => {
                mark(self, &uid, i, |f| {
                    f.crash = *on;
                    f.end_at = f.end_at.filter(|_| *on || f.leak.is_some());
                });
                if *on {
                    process::kill_now(self, &uid, i, 1, None);
                }
            }
            Fault::Hang { on, .. } => mark(self, &uid, i, |f| f.hang = *on),
            Fault::SlowStart { extra_ms, .. } => {
                mark(self, &uid, i, |f| f.extra_start_ms = *extra_ms)
            }
            Fault::LeakMemory { mib_per_s, .. } => leak(self, &uid, i, *mib_per_s),
            _ => return false,
        }
        sync::sync(self, &node, &uid);
        true
    }
}

/// How many faults are kept before those of pods that are gone are swept out.
const BROKEN_MAX: usize = 200;

fn mark(cluster: &mut Cluster, uid: &str, i: usize, change: impl FnOnce(&mut ContainerFault)) {
    if let Some(c) = cluster
        .kubelets
        .pod_mut(uid)
        .and_then(|r| r.containers.get_mut(i))
    {
        change(c.fault.get_or_insert_default());
    }
}

fn leak(cluster: &mut Cluster, uid: &str, i: usize, mib_per_s: i64) {
    let mib_per_s = mib_per_s.clamp(0, 1 << 20);
    let now = cluster.now;
    let Some(pod) = cluster.store.by_uid(uid).cloned() else {
        return;
    };
    let Some(c) = cluster
        .kubelets
        .pod_mut(uid)
        .and_then(|r| r.containers.get_mut(i))
    else {
        return;
    };
    let limit = c
        .spec(&pod)
        .at("resources.limits")
        .get("memory")
        .as_str()
        .and_then(super::env::nano);
    let base = c.image.map_or(16, |image| image.memory_mi);
    let left = limit.map(|n| (n / 1_000_000_000) as i64 / (1 << 20) - base);
    let f = c.fault.get_or_insert_default();
    f.leak = (mib_per_s > 0).then_some((mib_per_s, now));
    f.lasts_ms = match (left, mib_per_s) {
        (Some(left), rate) if rate > 0 => Some(left.max(0) * 1000 / rate),
        _ => None,
    };
    f.end_at = f.lasts_ms.map(|ms| now + ms);
    let node = cluster.kubelets.pod(uid).map(|r| r.node.clone());
    if let Some(node) = node.and_then(|n| cluster.kubelets.node_mut(&n)) {
        node.heavy = true;
    }
}

/// Containers whose fault ends them by now.
pub fn strike(cluster: &mut Cluster, uid: &Str) {
    let now = cluster.now;
    let Some(run) = cluster.kubelets.pod(uid) else {
        return;
    };
    let due: Vec<usize> = (0..run.containers.len())
        .filter(|i| {
            let c = &run.containers[*i];
            c.is_running()
                && c.fault
                    .as_ref()
                    .is_some_and(|f| f.end_at.is_some_and(|t| t <= now))
        })
        .collect();
    for i in due {
        let mut oom = false;
        mark(cluster, uid, i, |f| {
            f.end_at = None;
            oom = f.leak.is_some();
        });
        let (code, reason) = if oom {
            (137, Some("OOMKilled"))
        } else {
            (1, None)
        };
        process::kill_now(cluster, uid, i, code, reason);
    }
}

/// A container with faults has started.
pub fn started(c: &mut run::ContainerRun, now: Millis, slow: i64) {
    for s in &mut c.servers {
        s.from = now + (s.from - now) * slow;
    }
    let Some(f) = &mut c.fault else { return };
    if let Some((_, since)) = &mut f.leak {
        *since = now;
        f.end_at = f.lasts_ms.map(|ms| now + ms);
    }
    if f.crash {
        f.end_at = Some(now + 700);
    }
    for s in &mut c.servers {
        s.from += f.extra_start_ms;
    }
}
