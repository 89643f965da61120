//! What can be broken on purpose, and mended again: plain data, applied to the runtime below the objects.
//! Controllers and kubelets then find out by themselves, as they do in a real cluster.

use super::process;
use super::{Wake, sync};
use crate::Cluster;
use crate::event::Event;
use machinery::Str;
use machinery::time::Millis;

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
    /// The container's memory grows by so many MiB a second, until its limit kills it.
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
    /// The container listens only so much later after its next start.
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
    /// A component of the control plane (`kube-scheduler`) is stopped; only where the world shows its pods.
    StopComponent { component: String, on: bool },
    /// An image is removed from a node.
    DropImage { node: String, image: String },
}

/// What is wrong with a container.
#[derive(Clone, Debug, Default)]
pub struct ContainerFault {
    pub crash: bool,
    pub hang: bool,
    pub extra_start_ms: i64,
    /// MiB per second since then.
    pub leak: Option<(i64, Millis)>,
    /// When the leak or the crash ends the container.
    pub end_at: Option<Millis>,
}

impl ContainerFault {
    pub fn due(&self) -> Option<Millis> {
        self.end_at
    }
}

impl Cluster {
    /// Breaks something, or mends it. False if what it names is not there.
    pub fn fault(&mut self, fault: Fault) -> bool {
        match fault {
            Fault::KillProcess {
                namespace,
                pod,
                container,
            } => with(self, &namespace, &pod, &container, |cluster, uid, i| {
                process::kill_now(cluster, uid, i, 137, None)
            }),
            Fault::Crash {
                namespace,
                pod,
                container,
                on,
            } => with(self, &namespace, &pod, &container, |cluster, uid, i| {
                mark(cluster, uid, i, |f| f.crash = on);
                if on {
                    process::kill_now(cluster, uid, i, 1, None);
                }
            }),
            Fault::Hang {
                namespace,
                pod,
                container,
                on,
            } => with(self, &namespace, &pod, &container, |cluster, uid, i| {
                mark(cluster, uid, i, |f| f.hang = on)
            }),
            Fault::SlowStart {
                namespace,
                pod,
                container,
                extra_ms,
            } => with(self, &namespace, &pod, &container, |cluster, uid, i| {
                mark(cluster, uid, i, |f| f.extra_start_ms = extra_ms)
            }),
            Fault::LeakMemory {
                namespace,
                pod,
                container,
                mib_per_s,
            } => with(self, &namespace, &pod, &container, |cluster, uid, i| {
                leak(cluster, uid, i, mib_per_s)
            }),
            Fault::CutNode { node, on } => self.node_fault(&node, |n| n.cut = on),
            Fault::StopNode { node, on } => self.stop_node(&node, on),
            Fault::StopComponent { component, on } => super::system::stop(self, &component, on),
            Fault::DropImage { node, image } => self.node_fault(&node, |n| {
                let full = super::images::parse(&image)
                    .map(|r| r.full())
                    .unwrap_or_default();
                std::rc::Rc::make_mut(&mut n.images).remove(full.as_str());
            }),
        }
    }

    fn node_fault(&mut self, name: &str, change: impl FnOnce(&mut super::run::NodeRun)) -> bool {
        let Some(node) = self.kubelets.node_mut(name) else {
            return false;
        };
        change(node);
        self.look_at_node(name);
        true
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
            let uids: Vec<Str> = self
                .kubelets
                .pods
                .iter()
                .filter(|(_, r)| r.node == *name)
                .map(|(uid, _)| uid.clone())
                .collect();
            for uid in uids {
                let count = self.kubelets.pod(&uid).map_or(0, |r| r.containers.len());
                (0..count).for_each(|i| process::kill_now(self, &uid, i, 255, Some("Unknown")));
            }
        }
        self.node_fault(name, |n| n.stopped = on)
    }
}

fn with(
    cluster: &mut Cluster,
    namespace: &str,
    pod: &str,
    container: &str,
    act: impl FnOnce(&mut Cluster, &str, usize),
) -> bool {
    let Some(object) = cluster.store.get("pods", namespace, pod).cloned() else {
        return false;
    };
    let uid = object.uid().to_string();
    let Some(run) = cluster.kubelets.pod(&uid) else {
        return false;
    };
    let found = if container.is_empty() {
        run.containers
            .iter()
            .position(|c| c.role == super::run::Role::Main)
    } else {
        run.container(container)
    };
    let (Some(i), node) = (found, run.node.clone()) else {
        return false;
    };
    act(cluster, &uid, i);
    sync::sync(cluster, &node, &Str::from(uid.as_str()));
    true
}

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
    f.end_at = match (left, mib_per_s) {
        (Some(left), rate) if rate > 0 => Some(now + left.max(0) * 1000 / rate),
        _ => None,
    };
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
            oom = f.leak.take().is_some();
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
pub fn started(c: &mut super::run::ContainerRun, now: Millis) {
    let Some(f) = &mut c.fault else { return };
    if f.crash {
        f.end_at = Some(now + 700);
    }
    for s in &mut c.servers {
        s.from += f.extra_start_ms;
    }
}
