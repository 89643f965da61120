//! minikube: the life of the cluster on the learner's machine.
//!
//! The real one is `cmd/minikube` of kubernetes/minikube. Left out: several profiles, drivers other
//! than docker, pausing, mounts, most addons: they say so.

mod more;
mod tables;

use std::rc::Rc;

use shell::{Candidate, CompletionRequest, Ctx};

use crate::World;
pub use more::storage_class;
use tables::{profiles, table};

pub const MINIKUBE_VERSION: &str = "v1.38.1";
pub const KUBERNETES_VERSION: &str = "v1.36.2";
const DOCKER_VERSION: &str = "28.5.2";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minikube {
    /// There is no cluster.
    Absent,
    Stopped,
    Running,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartOptions {
    pub nodes: Option<u32>,
    pub cpus: Option<String>,
    pub memory: Option<String>,
    pub kubernetes_version: Option<String>,
    pub addons: Vec<String>,
}

/// A Service and how it is reached from this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposed {
    pub namespace: String,
    pub name: String,
    /// `http/8080` or `8080`, and the address if the port is open on the node.
    pub ports: Vec<(String, Option<String>)>,
}

const COMMANDS: &[(&str, &str)] = &[
    ("addons", "Enable or disable a minikube addon"),
    ("config", "Modify persistent configuration values"),
    ("dashboard", "Access the Kubernetes dashboard"),
    ("delete", "Deletes a local Kubernetes cluster"),
    (
        "docker-env",
        "Provides instructions to point your terminal's docker-cli to the Docker Engine inside minikube",
    ),
    ("image", "Manage images"),
    ("ip", "Retrieves the IP address of the specified node"),
    (
        "kubectl",
        "Run a kubectl binary matching the cluster version",
    ),
    ("node", "Add, remove, or list additional nodes"),
    ("profile", "Get or list the current profiles (clusters)"),
    ("service", "Returns a URL to connect to a service"),
    ("ssh", "Log into the minikube environment (for debugging)"),
    ("start", "Starts a local Kubernetes cluster"),
    ("status", "Gets the status of a local Kubernetes cluster"),
    ("stop", "Stops a running local Kubernetes cluster"),
    ("tunnel", "Connect to LoadBalancer services"),
    ("version", "Print the version of minikube"),
];

pub async fn minikube(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let args: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => help(&ctx),
        ["start", rest @ ..] => start(&ctx, &*world, rest).await,
        ["status", ..] => status(&ctx, &*world),
        ["stop", ..] => stop(&ctx, &*world).await,
        ["delete", rest @ ..] => delete(&ctx, &*world, rest.contains(&"--all")).await,
        ["service", rest @ ..] => service(&ctx, &*world, rest),
        ["ip", ..] => ip(&ctx, &*world),
        ["version", rest @ ..] => {
            if rest.contains(&"--short") {
                ctx.out(&format!("{MINIKUBE_VERSION}\n"));
            } else {
                ctx.out(&format!("minikube version: {MINIKUBE_VERSION}\n"));
            }
            0
        }
        ["kubectl", rest @ ..] => {
            let rest = rest.strip_prefix(&["--"]).unwrap_or(rest);
            let argv = ["kubectl"]
                .iter()
                .chain(rest)
                .map(|word| (*word).to_owned())
                .collect();
            ctx.exec(argv).await
        }
        ["addons", rest @ ..] => more::addons(&ctx, &*world, rest).await,
        ["node", rest @ ..] => more::node(&ctx, &*world, rest).await,
        ["image", rest @ ..] => more::image(&ctx, &*world, rest).await,
        ["ssh", rest @ ..] => more::ssh(&ctx, &*world, rest),
        ["profile", "list", ..] => profiles(&ctx, &*world),
        ["profile", ..] => {
            ctx.out("minikube\n");
            0
        }
        [
            command @ ("dashboard" | "tunnel" | "mount" | "logs" | "config" | "pause" | "unpause"
            | "cache" | "docker-env" | "cp" | "update-check"),
            rest @ ..,
        ] => more::other(&ctx, &*world, command, rest).await,
        [command, ..] => {
            ctx.err(&format!(
                "Error: unknown command \"{command}\" for \"minikube\"\nRun 'minikube --help' for usage.\n"
            ));
            1
        }
    }
}

fn help(ctx: &Ctx) -> i32 {
    let mut text =
        String::from("minikube runs a Kubernetes cluster on this machine.\n\nCommands:\n");
    for (name, summary) in COMMANDS {
        text.push_str(&format!("  {name:<14} {summary}\n"));
    }
    text.push_str("\nUsage:\n  minikube [flags] [options]\n");
    ctx.out(&text);
    0
}

/// Prints lines one after the other, each after its pause.
async fn lines(ctx: &Ctx, lines: &[(i64, String)]) {
    for (ms, line) in lines {
        if *ms > 0 {
            ctx.sleep(*ms).await;
        }
        ctx.out(&format!("{line}\n"));
    }
}

fn options(rest: &[&str]) -> Result<StartOptions, String> {
    let mut options = StartOptions::default();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (*word, None),
        };
        let mut value = || {
            let value = attached
                .clone()
                .or_else(|| words.next().map(|word| (*word).to_owned()));
            value.ok_or_else(|| format!("Error: flag needs an argument: {flag}"))
        };
        match flag {
            "--nodes" | "-n" => {
                let text = value()?;
                let count = text
                    .parse::<u32>()
                    .ok()
                    .filter(|count| (1..=100).contains(count));
                options.nodes = Some(count.ok_or_else(|| {
                    format!("Error: invalid argument \"{text}\" for \"-n, --nodes\" flag")
                })?);
            }
            "--cpus" => options.cpus = Some(value()?),
            "--memory" => options.memory = Some(value()?),
            "--kubernetes-version" => options.kubernetes_version = Some(value()?),
            "--addons" => options.addons.extend(value()?.split(',').map(String::from)),
            "--driver"
            | "--vm-driver"
            | "-p"
            | "--profile"
            | "--container-runtime"
            | "--cni"
            | "--wait"
            | "--disk-size"
            | "--extra-config" => {
                value()?;
            }
            flag if flag.starts_with("--") => {}
            flag => return Err(format!("Error: unknown flag: {flag}")),
        }
    }
    Ok(options)
}

async fn start(ctx: &Ctx, world: &dyn World, rest: &[&str]) -> i32 {
    let options = match options(rest) {
        Ok(options) => options,
        Err(error) => {
            ctx.err(&format!(
                "{error}\nSee 'minikube start --help' for usage.\n"
            ));
            return 1;
        }
    };
    let asked = options
        .kubernetes_version
        .as_deref()
        .map(|v| v.trim_start_matches('v').to_owned());
    if asked.is_some_and(|asked| {
        asked != KUBERNETES_VERSION[1..] && asked != "stable" && asked != "latest"
    }) {
        ctx.err(&format!(
            "minikube: bottleship simulates Kubernetes {KUBERNETES_VERSION} only\n"
        ));
        return 1;
    }
    let before = world.minikube();
    let based = match before {
        Minikube::Absent => "✨  Automatically selected the docker driver",
        _ => "✨  Using the docker driver based on existing profile",
    };
    let memory = options.memory.clone().unwrap_or_else(|| "4000".to_owned());
    let memory = memory
        .trim_end_matches("mb")
        .trim_end_matches("MB")
        .trim_end_matches('m')
        .to_owned();
    let cpus = options.cpus.clone().unwrap_or_else(|| "2".to_owned());
    let container = match before {
        Minikube::Absent => {
            format!("🔥  Creating docker container (CPUs={cpus}, Memory={memory}MB) ...")
        }
        Minikube::Stopped => {
            "🔄  Restarting existing docker container for \"minikube\" ...".to_owned()
        }
        Minikube::Running => {
            "🏃  Updating the running docker \"minikube\" container ...".to_owned()
        }
    };
    lines(
        ctx,
        &[
            (
                0,
                format!("😄  minikube {MINIKUBE_VERSION} on Debian 12 (amd64)"),
            ),
            (300, based.to_owned()),
            (
                400,
                "👍  Starting control plane node minikube in cluster minikube".to_owned(),
            ),
            (300, "🚜  Pulling base image ...".to_owned()),
            (1500, container),
        ],
    )
    .await;
    ctx.sleep(2500).await;
    if let Err(error) = world.minikube_start(&options) {
        ctx.err(&format!("\n❌  {error}\n"));
        return 1;
    }
    lines(
        ctx,
        &[
            (
                0,
                format!(
                    "🐳  Preparing Kubernetes {KUBERNETES_VERSION} on Docker {DOCKER_VERSION} ..."
                ),
            ),
            (
                1500,
                "🔗  Configuring bridge CNI (Container Networking Interface) ...".to_owned(),
            ),
            (500, "🔎  Verifying Kubernetes components...".to_owned()),
            (
                500,
                "    ▪ Using image gcr.io/k8s-minikube/storage-provisioner:v5".to_owned(),
            ),
        ],
    )
    .await;
    // As `--wait` does, for six minutes at most.
    let limit = ctx.now_ms() + 360_000;
    while !world.minikube_is_ready() {
        if ctx.now_ms() >= limit {
            ctx.err("\n❌  Exiting due to GUEST_START: wait 6m0s for node: timed out waiting for the condition\n");
            return 80;
        }
        ctx.sleep(500).await;
    }
    if !world.exists("/apis/storage.k8s.io/v1/storageclasses/standard") {
        storage_class(world, "k8s.io/minikube-hostpath");
    }
    let mut on = vec![
        "storage-provisioner".to_owned(),
        "default-storageclass".to_owned(),
    ];
    for addon in &options.addons {
        more::addons(ctx, world, &["enable", addon]).await;
        on.push(addon.clone());
    }
    ctx.out(&format!("🌟  Enabled addons: {}\n", on.join(", ")));
    ctx.out("🏄  Done! kubectl is now configured to use \"minikube\" cluster and \"default\" namespace by default\n");
    0
}

/// What every command says that needs a cluster.
fn absent(ctx: &Ctx) -> i32 {
    ctx.out("🤷  Profile \"minikube\" not found. Run \"minikube profile list\" to view all profiles.\n👉  To start a cluster, run: \"minikube start\"\n");
    85
}

fn stopped(ctx: &Ctx) -> i32 {
    ctx.out("🤷  The control-plane node minikube host is not running: state=Stopped\n👉  To start a cluster, run: \"minikube start\"\n");
    83
}

fn status(ctx: &Ctx, world: &dyn World) -> i32 {
    let (state, kubeconfig, code) = match world.minikube() {
        Minikube::Absent => return absent(ctx),
        Minikube::Stopped => ("Stopped", "Stopped", 7),
        Minikube::Running => ("Running", "Configured", 0),
    };
    ctx.out(&format!(
        "minikube\ntype: Control Plane\nhost: {state}\nkubelet: {state}\napiserver: {state}\nkubeconfig: {kubeconfig}\n\n"
    ));
    code
}

async fn stop(ctx: &Ctx, world: &dyn World) -> i32 {
    if world.minikube() == Minikube::Absent {
        return absent(ctx);
    }
    ctx.out("✋  Stopping node \"minikube\"  ...\n");
    if world.minikube() == Minikube::Running {
        ctx.sleep(500).await;
        ctx.out("🛑  Powering off \"minikube\" via SSH ...\n");
        ctx.sleep(3000).await;
        world.minikube_stop();
    }
    ctx.out("🛑  1 node stopped.\n");
    0
}

async fn delete(ctx: &Ctx, world: &dyn World, all: bool) -> i32 {
    if world.minikube() == Minikube::Absent {
        if !all {
            ctx.out("🙄  \"minikube\" profile does not exist, trying anyways.\n");
            ctx.out("💀  Removed all traces of the \"minikube\" cluster.\n");
            return 0;
        }
        ctx.out("🔥  Successfully deleted all profiles\n");
        return 0;
    }
    let home = ctx.env("HOME").unwrap_or_default();
    ctx.out("🔥  Deleting \"minikube\" in docker ...\n");
    ctx.sleep(1500).await;
    world.minikube_delete();
    ctx.out(&format!(
        "🔥  Removing {home}/.minikube/machines/minikube ...\n"
    ));
    ctx.sleep(300).await;
    ctx.out("💀  Removed all traces of the \"minikube\" cluster.\n");
    if all {
        ctx.out("🔥  Successfully deleted all profiles\n");
    }
    0
}

fn ip(ctx: &Ctx, world: &dyn World) -> i32 {
    match world.minikube() {
        Minikube::Absent => absent(ctx),
        Minikube::Stopped => stopped(ctx),
        Minikube::Running => {
            ctx.out(&format!("{}\n", world.minikube_ip()));
            0
        }
    }
}

fn service(ctx: &Ctx, world: &dyn World, rest: &[&str]) -> i32 {
    match world.minikube() {
        Minikube::Absent => return absent(ctx),
        Minikube::Stopped => return stopped(ctx),
        Minikube::Running => {}
    }
    let (mut only_url, mut namespace, mut name) = (false, None, None);
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match *word {
            "--url" => only_url = true,
            "-n" | "--namespace" => namespace = words.next().map(|word| (*word).to_owned()),
            word if word.starts_with("--namespace=") => namespace = Some(word[12..].to_owned()),
            word if word.starts_with('-') => {}
            word => name = Some(word.to_owned()),
        }
    }
    let Some(name) = name else {
        ctx.err("\n❌  Exiting due to MK_USAGE: You must specify a service name\n\n");
        return 14;
    };
    if name == "list" {
        let rows = world.services(namespace.as_deref());
        ctx.out(&table(&rows));
        return 0;
    }
    let namespace = namespace.unwrap_or_else(|| "default".to_owned());
    let found = world
        .services(Some(&namespace))
        .into_iter()
        .find(|service| service.name == name);
    let Some(found) = found else {
        ctx.err(&format!(
            "\n❌  Exiting due to SVC_NOT_FOUND: Service '{name}' was not found in '{namespace}' namespace.\nYou may select another namespace by using 'minikube service {name} -n <namespace>'. Or list out all the services using 'minikube service list'\n\n"
        ));
        return 115;
    };
    let urls: Vec<String> = found
        .ports
        .iter()
        .filter_map(|(_, url)| url.clone())
        .collect();
    if only_url {
        if urls.is_empty() {
            ctx.err(&format!(
                "😿  service {namespace}/{name} has no node port\n"
            ));
        }
        for url in urls {
            ctx.out(&format!("{url}\n"));
        }
        return 0;
    }
    ctx.out(&table(std::slice::from_ref(&found)));
    if urls.is_empty() {
        ctx.out(&format!(
            "😿  service {namespace}/{name} has no node port\n"
        ));
        return 0;
    }
    for url in urls {
        ctx.out(&format!(
            "🎉  Opening service {namespace}/{name} in default browser...\n"
        ));
        if !world.open_browser(&url) {
            ctx.out(&format!("👉  {url}\n"));
        }
    }
    0
}

pub fn complete(request: &CompletionRequest) -> Vec<Candidate> {
    let words: Vec<&str> = request.words.iter().map(String::as_str).collect();
    let list: &[(&str, &str)] = match words.as_slice() {
        [_] => COMMANDS,
        [_, "delete", ..] => &[("--all", "")],
        [_, "service", ..] => &[("list", ""), ("--url", ""), ("--namespace=", "")],
        [_, "start", ..] => &[
            ("--cpus=", ""),
            ("--memory=", ""),
            ("--nodes=", ""),
            ("--driver=", ""),
        ],
        [_, "addons" | "profile"] => &[("list", "")],
        _ => &[],
    };
    let fitting = list
        .iter()
        .filter(|(name, _)| name.starts_with(&request.current));
    fitting
        .map(|(name, about)| Candidate::described(*name, *about))
        .collect()
}
