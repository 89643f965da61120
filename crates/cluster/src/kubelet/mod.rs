//! Kubelets: one state machine per pod on each node, with the container runtime below it.
//! Upstream: `kubernetes:pkg/kubelet`.
//!
//! Layout, in reading order:
//! - [`run`]: what is known of pods, containers, machines. [`sync`]: the life of a pod. [`start`]: the life of a container.
//!   [`stop`]: how both end. [`status`]: what is told to the API server.
//! - [`node`]: registration, heartbeats; [`pressure`]: too little memory. [`faults`]: what can be broken on purpose. [`metrics`]: what `kubectl top` shows.
//! - [`system`]: the control plane's own pods.
//! - [`catalogue`], [`images`]: what can be pulled. [`env`], [`volumes`]: what a container finds when it starts.
//! - [`process`], [`programs`], [`server`], [`nginx`]: what runs in containers. [`probes`]: how they are asked whether they are well.
//!   [`ahead`]: commands run to their end at once. [`endings`]: what containers leave behind; [`identity`]: as whom they run.
//! - [`logs`], [`exec`]: what clients see of containers.
//!
//! Left out: static pod files, image garbage collection, devices, user namespaces.

pub mod ahead;
pub mod built;
pub mod catalogue;
pub mod endings;
pub mod env;
pub mod exec;
pub mod faults;
pub mod identity;
pub mod images;
pub mod logs;
pub mod metrics;
pub mod nginx;
pub mod node;
pub mod pressure;
pub mod probes;
pub mod process;
pub mod programs;
pub mod redis;
pub mod resize;
pub mod run;
pub mod server;
pub mod start;
pub mod status;
pub mod stop;
pub mod sync;
pub mod system;
pub mod volumes;

use crate::Cluster;
use crate::cx::Cx;
use crate::event::Queue;
use crate::store::Change;
use machinery::time::Millis;
use machinery::{
    Object, Request, Response, Str, StreamId, StreamIn, StreamOut, Trigger, WatchType,
};
use run::{ContainerRun, NodeRun, PodRun, Runs};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What wakes a kubelet, beside changes of its pods.
#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    /// Look at the pod (or, with no pod, at the node).
    Sync,
    /// The lease and status of the node are due.
    Heartbeat,
    /// Static pods are to be there.
    Static,
    /// An open session (exec, attach) goes on.
    Session(StreamId),
}

/// All kubelets' state: pods, containers, processes, images on nodes, open streams.
#[derive(Clone, Default)]
pub struct State {
    pub(crate) pods: Runs,
    pub(crate) nodes: BTreeMap<Str, Rc<NodeRun>>,
    /// Which pods use a ConfigMap or Secret: (resource, namespace, name) → uids.
    pub(crate) users: BTreeMap<(Str, Str, Str), BTreeSet<Str>>,
    /// What is on PersistentVolumes, by name.
    pub(crate) disks: BTreeMap<Str, shell::fs::Tree>,
    pub(crate) sessions: BTreeMap<StreamId, exec::Session>,
    pub(crate) next_stream: u64,
    /// Files of images that were laid out, by repository and tag.
    pub(crate) bases: BTreeMap<(&'static str, &'static str), Rc<shell::Fs>>,
    /// Components of the control plane that were stopped on purpose.
    pub(crate) stopped: BTreeSet<Str>,
    /// What is broken on purpose now.
    pub(crate) broken: Vec<faults::Broken>,
    pub(crate) last_fault: u32,
    pub(crate) told: status::Told,
}

impl State {
    pub fn pod(&self, uid: &str) -> Option<&PodRun> {
        self.pods.get(uid).map(Rc::as_ref)
    }
    pub(crate) fn pod_mut(&mut self, uid: &str) -> Option<&mut PodRun> {
        self.pods.get_mut(uid).map(Rc::make_mut)
    }
    pub(crate) fn container(&self, uid: &str, i: usize) -> Option<&ContainerRun> {
        self.pod(uid)?.containers.get(i)
    }
    pub(crate) fn container_mut(&mut self, uid: &str, i: usize) -> Option<&mut ContainerRun> {
        self.pod_mut(uid)?.containers.get_mut(i)
    }
    pub fn node(&self, name: &str) -> Option<&NodeRun> {
        self.nodes.get(name).map(Rc::as_ref)
    }
    pub(crate) fn node_mut(&mut self, name: &str) -> Option<&mut NodeRun> {
        self.nodes.get_mut(name).map(Rc::make_mut)
    }
}

/// Registers the node objects of the world and starts their heartbeats.
pub(crate) fn start(cluster: &mut Cluster) {
    node::start(cluster);
    system::start(cluster);
}

/// A change was committed. Kubelets look at pods of their node, and at what those pods use.
pub(crate) fn on_change(cluster: &mut Cluster, change: &Change) {
    match change.resource.as_str() {
        "pods" => pod_changed(cluster, change),
        "configmaps" | "secrets" => volumes::source_changed(cluster, change),
        "ingresses.networking.k8s.io" if change.cause.actor != "nginx-ingress-controller" => {
            crate::network::ingress::notice(cluster)
        }
        _ => {}
    }
}

fn pod_changed(cluster: &mut Cluster, change: &Change) {
    let node = change.new.text("spec.nodeName");
    if node.is_empty() {
        return;
    }
    let relevant = match &change.old {
        _ if change.kind == WatchType::Deleted => true,
        None => true,
        Some(old) => {
            !old.spec().same(change.new.spec()) && old.spec() != change.new.spec()
                || (!change.new.spec().get("readinessGates").is_null()
                    && change.cause.actor != "kubelet")
                || old.is_deleting() != change.new.is_deleting()
                || old.at("metadata.deletionGracePeriodSeconds")
                    != change.new.at("metadata.deletionGracePeriodSeconds")
        }
    };
    if change.kind == WatchType::Deleted && system::is_mirror(&change.new) {
        system::wake(cluster, node);
    }
    if relevant {
        if !change.new.spec().get("readinessGates").is_null()
            && let Some(run) = cluster.kubelets.pod_mut(change.new.uid())
        {
            run.dirty(0, "a readiness gate has changed");
        }
        let (node, uid) = (Str::from(node), Str::from(change.new.uid()));
        let at = cluster.now + cluster.world.delays.watch_ms;
        cluster.queue.kubelet(at, node, uid, Wake::Sync);
    }
}

pub(crate) fn wake(cluster: &mut Cluster, node: &Str, uid: &Str, wake: &Wake) {
    match wake {
        Wake::Heartbeat => node::heartbeat(cluster, node),
        Wake::Static => system::sync(cluster, node),
        Wake::Session(id) => exec::advance(cluster, *id),
        Wake::Sync if uid.is_empty() => node::sync(cluster, node),
        Wake::Sync => sync::sync(cluster, node, uid),
    }
}

/// Queues a look at the pod at `at`, unless an earlier one is queued already.
pub(crate) fn wake_at(cluster: &mut Cluster, run: &mut PodRun, at: Millis) {
    wake_run(&mut cluster.queue, cluster.now, run, at);
}

fn wake_run(queue: &mut Queue, now: Millis, run: &mut PodRun, at: Millis) {
    let at = at.max(now);
    if run.wake_at.is_some_and(|t| t <= at && t > now) {
        return;
    }
    run.wake_at = Some(at);
    queue.kubelet(at, run.node.clone(), run.uid.clone(), Wake::Sync);
}

/// As [`wake_at`], for a pod whose run is in its place.
fn wake_pod_at(cluster: &mut Cluster, uid: &str, at: Millis) {
    if let Some(run) = cluster.kubelets.pod_mut(uid) {
        wake_run(&mut cluster.queue, cluster.now, run, at);
    }
}

/// Seconds of a spec as milliseconds; absurd ones are as good as for ever.
pub(crate) fn ms(seconds: i64) -> i64 {
    seconds.clamp(0, 1 << 40) * 1000
}

/// The kubelet of a node as an actor.
pub(crate) fn actor<'a>(cluster: &'a mut Cluster, node: &Str, trigger: Trigger) -> Cx<'a> {
    Cx {
        cluster,
        actor: "kubelet",
        host: node.clone(),
        trigger,
    }
}

/// `log`, `exec`, `attach`, `portforward` of a pod: the API server proxies to the node's kubelet. `pod` exists; the query is the request's.
pub(crate) fn connect(
    cluster: &mut Cluster,
    pod: &Object,
    subresource: &str,
    request: &Request,
) -> Response {
    exec::connect(cluster, pod, subresource, request)
}

pub(crate) fn stream(cluster: &mut Cluster, id: StreamId, input: StreamIn) -> StreamOut {
    exec::stream(cluster, id, input)
}
