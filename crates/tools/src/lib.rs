//! The other programs on the learner's machine: helm, minikube, kind, docker, curl, wget, jq, watch, help, the editors.
//!
//! Each is an async function on `shell::Ctx`; what they reach outside of the shell (the network, the
//! page, the cluster's life) is the one trait `World`, which `playground` implements. To add a
//! program: its function, and one line in `programs`.

mod docker;
mod editor;
mod elsewhere;
mod fault;
mod helm;
mod help;
mod http;
mod jq;
mod kind;
mod load;
mod minikube;
mod network;
mod options;
mod system;
mod watch;

use std::rc::Rc;

use machinery::http::{Fetch, HttpRequest};
use machinery::{Api, BuiltImage, Value};
use shell::{Ctx, Program};

pub use fault::{FaultAsk, FaultLine};
pub use minikube::{Exposed, MINIKUBE_VERSION, Minikube, StartOptions};

/// What the programs reach. All of it answers at once; waiting is the programs' own.
pub trait World {
    /// A request from the learner's machine.
    fn fetch(&self, request: &HttpRequest) -> Fetch;
    /// How long the last answer took.
    fn took_ms(&self) -> i64 {
        0
    }
    /// The addresses of a name, as the learner's machine resolves it.
    fn resolve(&self, name: &str) -> Vec<String>;
    /// Whether an address answers to ping.
    fn answers_ping(&self, address: &str) -> bool;
    /// Shows a file in the page's editor; false if there is none.
    fn open_editor(&self, path: &str) -> bool;
    /// Shows an address in the browser pane; false if there is none.
    fn open_browser(&self, url: &str) -> bool;

    fn minikube(&self) -> Minikube;
    /// Begins to start the cluster and writes the kubeconfig; `minikube_is_ready` tells when it is
    /// there. The error is printed as it is.
    fn minikube_start(&self, options: &StartOptions) -> Result<(), String>;
    /// Nodes are Ready, the API answers.
    fn minikube_is_ready(&self) -> bool;
    /// The cluster keeps its objects, but nothing answers.
    fn minikube_stop(&self);
    /// The cluster is gone, and its entry in the kubeconfig.
    fn minikube_delete(&self);
    /// The node's address.
    fn minikube_ip(&self) -> String;
    /// The machines of the cluster.
    fn nodes(&self) -> Vec<NodeFacts> {
        Vec::new()
    }
    /// One more worker; false if none can be added.
    fn add_node(&self, _name: &str) -> bool {
        false
    }
    /// Puts a cluster of this shape in the place of the present one, and writes the kubeconfig.
    fn start_cluster(&self, _spec: &ClusterSpec) -> Result<(), String> {
        Err("there is no cluster here".to_owned())
    }
    /// What a registry knows of an image; the error: whether it knows the repository.
    fn image(&self, _reference: &str) -> Result<BuiltImage, bool> {
        Err(false)
    }
    /// Puts an image on every node.
    fn load_image(&self, _image: &BuiltImage) -> Result<(), String> {
        Err("there is no cluster here".to_owned())
    }
    /// The images on the cluster's first node.
    fn node_images(&self) -> Vec<String> {
        Vec::new()
    }
    /// Objects of the cluster, for addons: by collection, or by their own path.
    fn create(&self, _path: &str, _object: Value) {}
    fn delete(&self, _path: &str) {}
    fn exists(&self, _path: &str) -> bool {
        false
    }
    /// Whether a Deployment is available.
    fn is_available(&self, _path: &str) -> bool {
        false
    }
    fn set_metrics(&self, _on: bool) {}
    /// Whether Services of type LoadBalancer get addresses.
    fn set_load_balancer(&self, _on: bool) {}
    /// Services and how they are reached from this machine; `None` means all namespaces.
    fn services(&self, namespace: Option<&str>) -> Vec<Exposed>;

    /// Breaks something on purpose; says what is broken now, or why nothing is.
    fn fault(&self, _ask: &FaultAsk) -> Result<String, String> {
        Err("there is no cluster".to_owned())
    }
    /// What is broken on purpose.
    fn faults(&self) -> Vec<FaultLine> {
        Vec::new()
    }
    /// Mends what has this number; what it was, if there was any.
    fn heal(&self, _id: u32) -> Option<String> {
        None
    }
    /// Names of a kind of thing (`POD`, `NODE`, `IMAGE`, ...) that can be broken, of the namespace at hand.
    fn breakable(&self, _what: &str, _namespace: &str) -> Vec<String> {
        Vec::new()
    }
}

/// A machine of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    pub name: String,
    pub ip: String,
}

/// A cluster to be made: its context, and its nodes with whether they are of the control plane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterSpec {
    pub context: String,
    pub nodes: Vec<(String, bool)>,
    pub cpus: i64,
    pub memory_mib: i64,
}

/// All programs but kubectl, in the order in which `help` shows them.
pub fn programs(world: Rc<dyn World>, api: Rc<dyn Api>) -> Vec<Program> {
    let (helm_api, asked) = (api.clone(), api);
    let mut all = vec![
        Program::new("helm", "install charts into the cluster", move |ctx| {
            helm::helm(ctx, helm_api.clone())
        })
        .with_complete(move |request| helm::complete(request, &asked)),
        with(
            &world,
            "minikube",
            "start, stop and delete the cluster",
            minikube::minikube,
        )
        .with_complete(minikube::complete),
        with(
            &world,
            "kind",
            "clusters whose nodes are containers",
            kind::kind,
        )
        .with_complete(kind::complete),
        with(
            &world,
            "docker",
            "build images for the cluster",
            docker::docker,
        )
        .with_complete(docker::complete),
        with(&world, "curl", "send an HTTP request", http::curl),
        with(&world, "wget", "fetch a page", http::wget),
        with(
            &world,
            "fault",
            "break something on purpose, and mend it again",
            fault::fault,
        )
        .with_complete({
            let world = world.clone();
            move |request| fault::complete(request, &*world)
        }),
        Program::new("jq", "compute with JSON", jq::jq),
        Program::new("yq", "compute with YAML", jq::yq),
        Program::new("watch", "run a command again and again", watch::watch),
        with(
            &world,
            "ping",
            "ask whether an address answers",
            network::ping,
        ),
        with(&world, "nslookup", "look a name up", network::nslookup),
        with(&world, "dig", "look a name up", network::dig),
        with(&world, "host", "look a name up", network::dig),
        with(&world, "nc", "ask whether a port is open", http::nc),
        with(&world, "ab", "send many requests", load::load),
        with(&world, "hey", "send many requests", load::load),
        with(
            &world,
            "open",
            "open an address in the browser pane",
            editor::open,
        ),
        with(
            &world,
            "xdg-open",
            "open an address in the browser pane",
            editor::open,
        ),
        with(&world, "code", "open a file in the editor", editor::edit),
        with(&world, "edit", "open a file in the editor", editor::edit),
        with(&world, "nano", "open a file in the editor", editor::edit),
        with(&world, "vi", "open a file in the editor", editor::edit),
        with(&world, "vim", "open a file in the editor", editor::edit),
        Program::new("clear", "clear the screen", system::clear),
        Program::new("reset", "clear the screen", system::clear),
        Program::new(
            "sudo",
            "run a command (you may do everything here)",
            system::sudo,
        ),
        Program::new(
            "dpkg",
            "install a package that was downloaded",
            system::dpkg,
        ),
        Program::new("help", "what there is, and what to try", help::help)
            .with_complete(help::complete),
        Program::new("man", "the same as help NAME", help::help).with_complete(help::complete),
    ];
    all.extend(elsewhere::programs());
    all
}

/// A program that needs the world.
fn with<F>(
    world: &Rc<dyn World>,
    name: &'static str,
    summary: &'static str,
    run: fn(Ctx, Rc<dyn World>) -> F,
) -> Program
where
    F: Future<Output = i32> + 'static,
{
    let world = world.clone();
    Program::new(name, summary, move |ctx| run(ctx, world.clone()))
}
