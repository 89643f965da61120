//! All nodes, pods and owners, folded from changes: nothing is kept but what is drawn.

use super::node::Node;
use super::owner::Owner;
use super::pod::{Pod, PodState};
use cluster::store::Change;
use machinery::Arrange;
use machinery::{Object, WatchType};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How many hues there are for ReplicaSets.
pub const HUES: u8 = 8;
/// How much news is kept until it is read.
const NEWS_MAX: usize = 400;

/// Pods behind a Service: name and whether it is ready.
pub type Backends = Vec<(String, bool)>;

/// A Service, for the short list of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub namespace: String,
    pub name: String,
    pub kind: String,
    pub cluster_ip: String,
    pub external: String,
    /// `80:31080/TCP`
    pub ports: Vec<String>,
    /// Pods behind it: name and whether it is ready.
    pub endpoints: Backends,
}

/// What happened to a pod, for those who listen rather than look.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    pub pod: String,
    /// None: it is gone.
    pub state: Option<PodState>,
    pub word: String,
}

#[derive(Default)]
pub struct Cluster {
    pub nodes: BTreeMap<String, Node>,
    /// By uid.
    pub pods: BTreeMap<String, Rc<Pod>>,
    objects: BTreeMap<String, Object>,
    /// By uid: from when to when an image is pulled, as far as that is known.
    pulling: BTreeMap<String, Option<(i64, i64)>>,
    /// By uid: Deployments, ReplicaSets, DaemonSets and others that own pods.
    pub owners: BTreeMap<String, Owner>,
    pub services: BTreeMap<(String, String), Service>,
    /// EndpointSlice (namespace, name) → (service, pods).
    slices: BTreeMap<(String, String), (String, Backends)>,
    pub namespaces: BTreeSet<String>,
    /// (namespace, name) → (host and path, Service).
    pub ingresses: BTreeMap<(String, String), Vec<(String, String)>>,
    /// Objects of all kinds.
    known: usize,
    counting: usize,
    pub news: Vec<News>,
}

impl Cluster {
    /// Folds one change; true if anything that is drawn changed.
    pub fn fold(&mut self, change: &Change) -> bool {
        let gone = change.kind == WatchType::Deleted;
        let o = &change.new;
        let key = || (o.namespace().to_string(), o.name().to_string());
        match change.kind {
            WatchType::Added => self.known += 1,
            WatchType::Deleted => self.known = self.known.saturating_sub(1),
            _ => {}
        }
        match change.resource.as_str() {
            "pods" => self.pod(o, gone),
            "nodes" => {
                let node = Node::read(o);
                let same = self.nodes.get(&node.name) == Some(&node);
                if gone {
                    self.nodes.remove(&node.name);
                } else {
                    self.nodes.insert(node.name.clone(), node);
                }
                !same || gone
            }
            "deployments.apps" | "replicasets.apps" | "daemonsets.apps" | "statefulsets.apps"
            | "jobs.batch" => self.owner(&change.resource, o, gone),
            "namespaces" => match gone {
                true => self.namespaces.remove(o.name()),
                false => self.namespaces.insert(o.name().to_string()),
            },
            "events" => self.event(o, gone),
            "services" => {
                if gone {
                    self.services.remove(&key());
                } else {
                    self.services.insert(key(), service(o));
                    self.join(o.namespace(), o.name());
                }
                true
            }
            "ingresses.networking.k8s.io" => {
                if gone {
                    self.ingresses.remove(&key());
                } else {
                    self.ingresses.insert(key(), ingress(o));
                }
                true
            }
            "endpointslices.discovery.k8s.io" => {
                let of = o.label("kubernetes.io/service-name").unwrap_or("");
                if gone {
                    self.slices.remove(&key());
                } else {
                    self.slices.insert(key(), (of.to_string(), endpoints(o)));
                }
                self.join(o.namespace(), of);
                true
            }
            _ => false,
        }
    }
    fn pod(&mut self, o: &Object, gone: bool) -> bool {
        let uid = o.uid().to_string();
        let old = self.pods.get(&uid).cloned();
        if gone {
            self.objects.remove(&uid);
            self.pulling.remove(&uid);
            if let Some(p) = self.pods.remove(&uid) {
                self.counting -= usize::from(p.countdown.is_some());
                self.tell(&p.name, None, "");
            }
            return old.is_some();
        }
        self.objects.insert(uid.clone(), o.clone());
        let pod = Pod::read(o, self.pulling.get(&uid).copied());
        if old.as_deref() == Some(&pod) {
            return false;
        }
        if old.as_ref().map(|p| p.state) != Some(pod.state) {
            self.tell(&pod.name, Some(pod.state), &pod.word);
        }
        self.counting += usize::from(pod.countdown.is_some());
        self.counting -= usize::from(old.is_some_and(|p| p.countdown.is_some()));
        self.pods.insert(uid, Rc::new(pod));
        true
    }
    fn tell(&mut self, pod: &str, state: Option<PodState>, word: &str) {
        if self.news.len() < NEWS_MAX {
            self.news.push(News {
                pod: pod.to_string(),
                state,
                word: word.to_string(),
            });
        }
    }
    fn owner(&mut self, resource: &str, o: &Object, gone: bool) -> bool {
        let uid = o.uid();
        if gone {
            return self.owners.remove(uid).is_some();
        }
        let hue = match self.owners.get(uid) {
            Some(known) => known.hue,
            None => self.hue(o),
        };
        let owner = Owner::read(resource, o, hue);
        if self.owners.get(uid) == Some(&owner) {
            return false;
        }
        self.owners.insert(uid.to_string(), owner);
        true
    }
    /// Brothers never share a hue while there are enough: the first free one after what the family's name gives.
    fn hue(&self, o: &Object) -> u8 {
        let parent = o.controller();
        let family = match parent.text("name") {
            "" => o.name(),
            name => name,
        };
        let base = family
            .bytes()
            .fold(0u8, |h, b| h.wrapping_mul(31).wrapping_add(b))
            % HUES;
        let taken: BTreeSet<u8> = match parent.text("uid") {
            "" => BTreeSet::new(),
            uid => {
                let family = self.owners.values().filter(|w| w.owner == uid);
                machinery::arrange::gather(family.map(|w| w.hue))
            }
        };
        (0..HUES)
            .map(|i| (base + i * 3) % HUES)
            .find(|h| !taken.contains(h))
            .unwrap_or(base)
    }
    /// Pulls are told by events only; the pod's status does not know them.
    fn event(&mut self, o: &Object, gone: bool) -> bool {
        let about = o.get("involvedObject");
        if about.text("kind") != "Pod" {
            return false;
        }
        let uid = about.text("uid");
        let moved = match o.text("reason") {
            // An event that goes is one that is taken back.
            "Pulling" if gone => self.pulling.remove(uid).is_some(),
            "Pulled" if gone => self.pulling.insert(uid.to_string(), None).is_none(),
            _ if gone => false,
            "Pulling" => self.pulling.insert(uid.to_string(), None).is_none(),
            "Pulled" | "Failed" | "BackOff" | "Created" => self.pulling.remove(uid).is_some(),
            _ => false,
        };
        match self.objects.get(uid).cloned() {
            Some(pod) if moved => self.pod(&pod, false),
            _ => false,
        }
    }
    /// How long a pull takes is known.
    pub fn pull(&mut self, uid: &str, from: i64, until: i64) -> bool {
        match self.objects.get(uid).cloned() {
            Some(pod) => {
                self.pulling.insert(uid.to_string(), Some((from, until)));
                self.pod(&pod, false)
            }
            None => false,
        }
    }
    fn join(&mut self, namespace: &str, service: &str) {
        let mut all: Vec<(String, bool)> = Vec::new();
        for ((ns, _), (of, pods)) in &self.slices {
            if ns == namespace && of == service {
                all.extend(pods.iter().cloned());
            }
        }
        all.arrange();
        let key = (namespace.to_string(), service.to_string());
        if let Some(s) = self.services.get_mut(&key) {
            s.endpoints = all;
        }
    }
    /// How many objects of all kinds there are.
    pub fn objects_known(&self) -> usize {
        self.known
    }
    pub fn pod_named(&self, namespace: &str, name: &str) -> Option<&Rc<Pod>> {
        self.pods
            .values()
            .find(|p| p.name == name && p.namespace == namespace)
    }
    /// Whether a component of the control plane runs, by its pod; what has no pod is taken to run.
    pub fn runs(&self, component: &str) -> bool {
        let mut pods = self.pods.values().filter(|p| p.namespace == "kube-system");
        let has_others = pods.any(|p| p.name.starts_with("kube-apiserver"));
        let mut own = self
            .pods
            .values()
            .filter(|p| p.namespace == "kube-system" && p.name.starts_with(component));
        !has_others || own.any(|p| p.state == PodState::Ready)
    }
    /// Whether some ring counts down with the clock.
    pub fn is_counting(&self) -> bool {
        self.counting > 0
    }
    /// The hue of a pod's owner, None for a pod of its own.
    pub fn hue_of(&self, pod: &Pod) -> Option<u8> {
        self.owners.get(&pod.owner).map(|o| o.hue)
    }
    /// CPU (milli), memory (bytes) and number of the pods that a node holds.
    pub fn requested(&self, node: &str) -> (i64, i64, usize) {
        self.pods
            .values()
            .filter(|p| p.node == node && p.holds)
            .fold((0, 0, 0), |(c, m, n), p| {
                (c + p.cpu_milli, m + p.memory, n + 1)
            })
    }
}

fn service(o: &Object) -> Service {
    let spec = o.spec();
    let port = |p: &machinery::Value| {
        let protocol = match p.text("protocol") {
            "" => "TCP",
            x => x,
        };
        match p.int("nodePort") {
            0 => format!("{}/{protocol}", p.int("port")),
            node => format!("{}:{node}/{protocol}", p.int("port")),
        }
    };
    let ingress = o.at("status.loadBalancer.ingress").items();
    Service {
        namespace: o.namespace().to_string(),
        name: o.name().to_string(),
        kind: spec.text("type").to_string(),
        cluster_ip: spec.text("clusterIP").to_string(),
        external: ingress.first().map_or("", |i| i.text("ip")).to_string(),
        ports: spec.get("ports").items().iter().map(port).collect(),
        endpoints: Vec::new(),
    }
}

/// Host and path of each rule with the Service behind it.
fn ingress(o: &Object) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for rule in o.spec().get("rules").items() {
        for path in rule.at("http.paths").items() {
            out.push((
                format!("{}{}", rule.text("host"), path.text("path")),
                path.text("backend.service.name").to_string(),
            ));
        }
    }
    let default = o.text("spec.defaultBackend.service.name");
    if !default.is_empty() {
        out.push(("*".into(), default.to_string()));
    }
    out
}

fn endpoints(o: &Object) -> Vec<(String, bool)> {
    let one = |e: &machinery::Value| {
        let name = match e.text("targetRef.name") {
            "" => e.get("addresses").items().first().and_then(|a| a.as_str()),
            name => Some(name),
        };
        (name.unwrap_or("").to_string(), e.flag("conditions.ready"))
    };
    o.get("endpoints").items().iter().map(one).collect()
}
