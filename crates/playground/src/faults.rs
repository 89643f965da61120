//! What the program `fault` reaches: the names that were typed, as faults of the cluster.

use crate::reach::Reach;
use cluster::kubelet::faults::Fault;
use cluster::kubelet::system;
use machinery::{Arrange, yaml};
use tools::{FaultAsk, FaultLine};

impl Reach {
    /// The namespace of the kubeconfig's current context.
    fn namespace(&self) -> String {
        let text = self.fs.borrow().read_text(&self.config);
        let config = yaml::parse(&text.unwrap_or_default()).unwrap_or_default();
        let current = config.text("current-context");
        let contexts = config.get("contexts").items();
        let found = contexts.iter().find(|c| c.text("name") == current);
        match found.map_or("", |c| c.text("context.namespace")) {
            "" => "default".to_string(),
            ns => ns.to_string(),
        }
    }

    pub(crate) fn break_it(&self, ask: &FaultAsk) -> Result<String, String> {
        if !self.shared.is_up.get() {
            return Err("there is no cluster".to_string());
        }
        let name = |at: usize| ask.names.get(at).cloned().unwrap_or_default();
        let namespace = match ask.namespace.as_str() {
            "" => self.namespace(),
            given => given.to_string(),
        };
        let (pod, container, node, on) = (name(0), ask.container.clone(), name(0), true);
        let fault = match ask.what {
            "kill" => Fault::KillProcess {
                namespace,
                pod,
                container,
            },
            "crashloop" => Fault::Crash {
                namespace,
                pod,
                container,
                on,
            },
            "leak" => Fault::LeakMemory {
                namespace,
                pod,
                container,
                mib_per_s: ask.amount,
            },
            "slow-start" => Fault::SlowStart {
                namespace,
                pod,
                container,
                extra_ms: ask.amount,
            },
            "hang" => Fault::Hang {
                namespace,
                pod,
                container,
                on,
            },
            "cut" => Fault::CutNode { node, on },
            "stop" => Fault::StopNode { node, on },
            "slow" => Fault::SlowNode {
                node,
                factor: ask.amount,
            },
            "stop-component" => Fault::StopComponent {
                component: name(0),
                on,
            },
            "drop-image" => Fault::DropImage {
                node,
                image: name(1),
            },
            "partition" => Fault::Partition {
                a: name(0),
                b: name(1),
                on,
            },
            other => return Err(format!("there is no fault '{other}'")),
        };
        let text = fault.text();
        let done = self.shared.cluster.borrow_mut().fault(fault);
        done.then_some(text).ok_or_else(|| self.refusal(ask))
    }

    /// Why nothing was broken.
    fn refusal(&self, ask: &FaultAsk) -> String {
        let first = ask.names.first().map_or("", String::as_str);
        let second = ask.names.get(1).map_or("", String::as_str);
        let cluster = self.shared.cluster.borrow();
        let has_node = |name: &str| cluster.store.get("nodes", "", name).is_some();
        match ask.what {
            "stop-component" if system::names().any(|n| n == first) => {
                format!("bottleship does not simulate stopping {first}")
            }
            "stop-component" => format!("there is no component '{first}' of the control plane"),
            "partition" if first == second => "a zone cannot be cut off from itself".to_string(),
            "partition" => format!(
                "no nodes are labelled topology.kubernetes.io/zone={first} or none {second}"
            ),
            "cut" | "stop" | "slow" | "drop-image" if !has_node(first) => {
                format!("there is no node '{first}'")
            }
            "drop-image" => format!("node {first} does not have the image '{second}'"),
            _ => {
                let namespace = match ask.namespace.as_str() {
                    "" => self.namespace(),
                    given => given.to_string(),
                };
                match cluster.store.get("pods", &namespace, first) {
                    None => format!("there is no pod '{first}' in namespace {namespace}"),
                    Some(_) if !ask.container.is_empty() => {
                        format!("pod {first} has no container '{}' on a node", ask.container)
                    }
                    Some(_) => format!("pod {first} is not on a node yet"),
                }
            }
        }
    }

    pub(crate) fn broken(&self) -> Vec<FaultLine> {
        let cluster = self.shared.cluster.borrow();
        let line = |b: &cluster::kubelet::faults::Broken| FaultLine {
            id: b.id,
            age_ms: cluster.now - b.since,
            text: b.fault.text(),
        };
        cluster.faults().map(line).collect()
    }

    /// Names that Tab offers.
    pub(crate) fn breakable_names(&self, what: &str, namespace: &str) -> Vec<String> {
        let namespace = match namespace {
            "" => self.namespace(),
            given => given.to_string(),
        };
        let cluster = self.shared.cluster.borrow();
        let store = &cluster.store;
        let named = |resource: &str| {
            store
                .list(resource, None)
                .map(|o| o.name().to_string())
                .collect()
        };
        let (what, of) = what.split_once(' ').unwrap_or((what, ""));
        match what {
            "POD" => (store.list("pods", Some(&namespace)))
                .map(|o| o.name().to_string())
                .collect(),
            "CONTAINER" => (store.get("pods", &namespace, of).into_iter())
                .flat_map(|p| p.at("spec.containers").items())
                .map(|c| c.text("name").to_string())
                .collect(),
            "NODE" => named("nodes"),
            "NAMESPACE" => named("namespaces"),
            "COMPONENT" => system::names()
                .filter(|n| system::can_stop(n))
                .map(str::to_string)
                .collect(),
            "IMAGE" => {
                let images = store
                    .list("nodes", None)
                    .flat_map(|n| cluster.images_of(n.name()));
                let mut all: Vec<String> = images.collect();
                all.arrange();
                all.dedup();
                all
            }
            "ZONE" => {
                let zones = store
                    .list("nodes", None)
                    .filter_map(|n| n.label("topology.kubernetes.io/zone"));
                let mut all: Vec<String> = zones.map(str::to_string).collect();
                all.arrange();
                all.dedup();
                all
            }
            _ => Vec::new(),
        }
    }
}
