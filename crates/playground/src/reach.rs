//! What curl, minikube and the editors reach from the learner's machine: `tools::World` over the session's cluster.

use crate::message::Output;
use crate::shared::Shared;
use cluster::kubelet::built;
use cluster::network::{self, Origin};
use cluster::world::NodeSpec;
use cluster::{Cluster, World};
use machinery::http::{Fetch, HttpRequest};
use machinery::time::Millis;
use machinery::{Api, BuiltImage, Method, Request, Response, Value};
use shell::Fs;
use std::cell::RefCell;
use std::rc::Rc;
use tools::{ClusterSpec, Exposed, Minikube, NodeFacts, StartOptions};

pub struct Reach {
    pub shared: Rc<Shared>,
    pub fs: Rc<RefCell<Fs>>,
    /// Where the kubeconfig is.
    pub config: String,
}

/// minikube's one node: 2 CPU and 4 GB unless asked otherwise.
fn minikube_world(seed: u64, start: Millis, options: &StartOptions) -> World {
    let cpus = options
        .cpus
        .as_deref()
        .and_then(|text| text.parse::<i64>().ok())
        .unwrap_or(2)
        .clamp(1, 64);
    let memory = options
        .memory
        .as_deref()
        .and_then(megabytes)
        .unwrap_or(4000)
        .clamp(1000, 1 << 20);
    let count = options.nodes.unwrap_or(1).clamp(1, 20);
    let plain = World::standard(1).nodes;
    let node = |at: u32| NodeSpec {
        name: if at == 0 {
            "minikube".to_string()
        } else {
            format!("minikube-m{:02}", at + 1)
        },
        cpu_milli: cpus * 1000,
        memory_bytes: memory << 20,
        labels: if at == 0 {
            vec![
                ("minikube.k8s.io/name".to_string(), "minikube".to_string()),
                (
                    "node-role.kubernetes.io/control-plane".to_string(),
                    String::new(),
                ),
            ]
        } else {
            Vec::new()
        },
        ..plain.first().cloned().unwrap_or_else(|| NodeSpec {
            name: String::new(),
            cpu_milli: 0,
            memory_bytes: 0,
            max_pods: 110,
            zone: String::new(),
            control_plane: false,
            labels: Vec::new(),
            extended: Vec::new(),
        })
    };
    World {
        seed,
        start,
        nodes: (0..count).map(node).collect(),
        system_pods: true,
        ..World::standard(0)
    }
}

/// `4000`, `4000mb`, `4g`
fn megabytes(text: &str) -> Option<i64> {
    let lower = text.to_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: i64 = digits.parse().ok()?;
    match &lower[digits.len()..] {
        "" | "m" | "mb" | "mi" => Some(number),
        "g" | "gb" | "gi" => number.checked_mul(1024),
        _ => None,
    }
}

impl Reach {
    /// Puts another cluster in the place of the present one; the page forgets what it knew.
    fn replace(&self, world: World) {
        let mut cluster = Cluster::new(world);
        cluster.listening = self.shared.cluster.borrow().listening;
        // Events are counted over the whole session.
        cluster.handled += self.shared.cluster.borrow().handled;
        *self.shared.cluster.borrow_mut() = cluster;
        self.shared.asked.borrow_mut().push(Output::Fresh);
    }
    /// Asks the page for something; false if nobody listens.
    fn ask(&self, output: Output) -> bool {
        let listening = self.shared.cluster.borrow().listening;
        if listening {
            self.shared.asked.borrow_mut().push(output);
        }
        listening
    }
    /// The kubeconfig with one context, cluster and user of this name.
    fn write_config(&self, name: &str) -> Result<(), String> {
        let text = kubectl::config::fresh_text();
        let text = text
            .replace("kubernetes-admin@kubernetes", name)
            .replace("kubernetes-admin", name);
        let text = text.replace(": kubernetes\n", &format!(": {name}\n"));
        let written = self.fs.borrow_mut().install(&self.config, text);
        written.map_err(|e| format!("Exiting due to HOST_KUBECONFIG: {}: {e}", self.config))
    }
    fn ask_api(&self, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let mut request = Request::new(method, path);
        if let Some(body) = body {
            request = request.body(body);
        }
        match self.shared.request(request) {
            Response::Ok { body, .. } => Some(body),
            _ => None,
        }
    }
    fn forget_config(&self) {
        let _ = self.fs.borrow_mut().remove(&self.config, false);
    }
}

impl tools::World for Reach {
    fn fetch(&self, request: &HttpRequest) -> Fetch {
        match self.shared.is_up.get() {
            true => self.shared.browse(request).0,
            // Without a cluster nothing listens on this machine, and no name of it is known.
            false if request.url.contains("localhost") || request.url.contains("127.0.0.1") => {
                Fetch::Refused
            }
            false => Fetch::UnknownHost,
        }
    }
    fn took_ms(&self) -> i64 {
        network::took_ms(&self.shared.cluster.borrow())
    }
    fn resolve(&self, name: &str) -> Vec<String> {
        network::resolve(&self.shared.cluster.borrow(), &Origin::Host, name)
    }
    fn answers_ping(&self, address: &str) -> bool {
        address.starts_with("127.")
            || self.shared.is_up.get()
                && network::answers_ping(&self.shared.cluster.borrow(), address)
    }
    fn open_editor(&self, path: &str) -> bool {
        self.ask(Output::OpenEditor {
            path: path.to_string(),
        })
    }
    fn open_browser(&self, url: &str) -> bool {
        self.ask(Output::OpenBrowser {
            url: url.to_string(),
        })
    }
    fn minikube(&self) -> Minikube {
        match self.shared.is_up.get() {
            true => Minikube::Running,
            false if self.shared.cluster.borrow().world.nodes.is_empty() => Minikube::Absent,
            false => Minikube::Stopped,
        }
    }
    fn minikube_start(&self, options: &StartOptions) -> Result<(), String> {
        if self.minikube() == Minikube::Absent {
            let (seed, now) = {
                let cluster = self.shared.cluster.borrow();
                (cluster.world.seed, cluster.now)
            };
            self.replace(minikube_world(seed, now, options));
        }
        if !self.shared.is_up.replace(true) {
            self.shared.asked.borrow_mut().push(Output::Fresh);
            self.write_config("minikube")?;
        }
        Ok(())
    }
    fn minikube_is_ready(&self) -> bool {
        let cluster = self.shared.cluster.borrow();
        let mut nodes = cluster.store.list("nodes", None).peekable();
        nodes.peek().is_some() && nodes.all(|node| node.condition_is_true("Ready"))
    }
    fn minikube_stop(&self) {
        self.shared.is_up.set(false);
        self.forget_config();
        self.shared.asked.borrow_mut().push(Output::Fresh);
    }
    fn minikube_delete(&self) {
        let (seed, now) = {
            let cluster = self.shared.cluster.borrow();
            (cluster.world.seed, cluster.now)
        };
        self.shared.is_up.set(false);
        self.forget_config();
        self.replace(World {
            seed,
            start: now,
            ..World::standard(0)
        });
    }
    fn minikube_ip(&self) -> String {
        let cluster = self.shared.cluster.borrow();
        let node = cluster.store.list("nodes", None).next();
        let addresses = node
            .map(|node| node.at("status.addresses").clone())
            .unwrap_or_default();
        let inside = addresses
            .items()
            .iter()
            .find(|a| a.text("type") == "InternalIP");
        inside
            .map(|a| a.text("address").to_string())
            .unwrap_or_default()
    }
    fn fault(&self, ask: &tools::FaultAsk) -> Result<String, String> {
        self.break_it(ask)
    }
    fn faults(&self) -> Vec<tools::FaultLine> {
        self.broken()
    }
    fn heal(&self, id: u32) -> Option<String> {
        self.shared.cluster.borrow_mut().heal(id)
    }
    fn breakable(&self, what: &str, namespace: &str) -> Vec<String> {
        self.breakable_names(what, namespace)
    }
    fn nodes(&self) -> Vec<NodeFacts> {
        let cluster = self.shared.cluster.borrow();
        let ip = |node: &machinery::Object| {
            let addresses = node.at("status.addresses").items();
            let inside = addresses.iter().find(|a| a.text("type") == "InternalIP");
            inside.map(|a| a.text("address").to_string())
        };
        let nodes = cluster.store.list("nodes", None);
        nodes
            .map(|node| NodeFacts {
                name: node.name().to_string(),
                ip: ip(node).unwrap_or_default(),
            })
            .collect()
    }
    fn add_node(&self, name: &str) -> bool {
        let mut cluster = self.shared.cluster.borrow_mut();
        let Some(first) = cluster.world.nodes.first().cloned() else {
            return false;
        };
        if cluster.world.nodes.len() >= 20 {
            return false;
        }
        cluster.join_node(NodeSpec {
            name: name.to_string(),
            labels: Vec::new(),
            control_plane: false,
            ..first
        });
        true
    }
    fn start_cluster(&self, spec: &ClusterSpec) -> Result<(), String> {
        let (seed, now) = {
            let cluster = self.shared.cluster.borrow();
            (cluster.world.seed, cluster.now)
        };
        let alone = spec.nodes.len() == 1;
        let plain = World::standard(1).nodes;
        let node = |(name, control): &(String, bool)| {
            let first = plain.first().cloned()?;
            let mark = (
                "node-role.kubernetes.io/control-plane".to_string(),
                String::new(),
            );
            Some(NodeSpec {
                name: name.clone(),
                cpu_milli: spec.cpus * 1000,
                memory_bytes: spec.memory_mib << 20,
                control_plane: *control && !alone,
                labels: if *control && alone {
                    vec![mark]
                } else {
                    Vec::new()
                },
                ..first
            })
        };
        self.replace(World {
            seed,
            start: now,
            nodes: spec.nodes.iter().filter_map(node).collect(),
            system_pods: true,
            ..World::standard(0)
        });
        self.shared.is_up.set(true);
        self.write_config(&spec.context)
    }
    fn image(&self, reference: &str) -> Result<BuiltImage, bool> {
        built::facts(reference)
    }
    fn load_image(&self, i: &BuiltImage) -> Result<(), String> {
        match self.shared.cluster.borrow_mut().load_image(i) {
            true => Ok(()),
            false => Err(format!(
                "bottleship cannot run {}: its base {} is not known",
                i.reference, i.base
            )),
        }
    }
    fn node_images(&self) -> Vec<String> {
        let first = self.nodes().into_iter().next().unwrap_or_default();
        self.shared.cluster.borrow().images_of(&first.name)
    }
    fn create(&self, path: &str, object: Value) {
        self.ask_api(Method::Post, path, Some(object));
    }
    fn delete(&self, path: &str) {
        self.ask_api(Method::Delete, path, None);
    }
    fn exists(&self, path: &str) -> bool {
        self.ask_api(Method::Get, path, None).is_some()
    }
    fn is_available(&self, path: &str) -> bool {
        let found = self.ask_api(Method::Get, path, None);
        found.is_some_and(|d| d.int("status.availableReplicas") > 0)
    }
    fn set_metrics(&self, on: bool) {
        Rc::make_mut(&mut self.shared.cluster.borrow_mut().world).metrics = on;
    }
    fn set_load_balancer(&self, on: bool) {
        Rc::make_mut(&mut self.shared.cluster.borrow_mut().world).load_balancer = on;
    }
    fn services(&self, namespace: Option<&str>) -> Vec<Exposed> {
        let ip = self.minikube_ip();
        let cluster = self.shared.cluster.borrow();
        let exposed = |service: &machinery::Object| {
            let ports = service.at("spec.ports").items().iter().map(|port| {
                let number = port.int("port");
                let title = match port.text("name") {
                    "" => number.to_string(),
                    name => format!("{name}/{number}"),
                };
                let open = port.int("nodePort");
                (title, (open > 0).then(|| format!("http://{ip}:{open}")))
            });
            Exposed {
                namespace: service.namespace().to_string(),
                name: service.name().to_string(),
                ports: ports.collect(),
            }
        };
        cluster
            .store
            .list("services", namespace)
            .map(exposed)
            .collect()
    }
}
