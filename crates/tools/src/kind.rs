//! kind: clusters whose nodes are containers. One cluster at a time is simulated: a new one takes the place of what was there.
//!
//! The real one is `kubernetes-sigs/kind`. Left out: several clusters at once, `export logs`, `build node-image`.

use std::rc::Rc;

use machinery::yaml;
use shell::{Candidate, CompletionRequest, Ctx};

use crate::minikube::KUBERNETES_VERSION;
use crate::options::{self, Options};
use crate::{ClusterSpec, World, docker};

const VERSION: &str = "v0.31.0";

pub async fn kind(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let words: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
    match run(&ctx, &*world, &words).await {
        Ok(()) => 0,
        Err(e) => {
            ctx.err(&format!("ERROR: {e}\n"));
            1
        }
    }
}

const HELP: &str = "kind creates and manages local Kubernetes clusters using Docker container 'nodes'\n\nUsage:\n  kind [command]\n\nAvailable Commands:\n  create      Creates one of [cluster]\n  delete      Deletes one of [cluster, clusters]\n  export      Exports one of [kubeconfig]\n  get         Gets one of [clusters, nodes, kubeconfig]\n  load        Loads images into nodes\n  version     Prints the kind CLI version\n";

/// The name of the kind cluster that is there.
fn current(world: &dyn World) -> Option<String> {
    let nodes = world.nodes();
    let name = nodes
        .iter()
        .find_map(|n| n.name.strip_suffix("-control-plane").map(String::from));
    name.filter(|_| !nodes.is_empty())
}

async fn run(ctx: &Ctx, world: &dyn World, words: &[String]) -> Result<(), String> {
    let plain: Vec<&str> = words.iter().map(String::as_str).collect();
    let table = "name/n= config= image= wait= kubeconfig= retain quiet/q verbosity/v= help/h nodes= internal all/A";
    let skip = plain
        .iter()
        .take(2)
        .take_while(|w| !w.starts_with('-'))
        .count();
    let options = options::parse(words.get(skip..).unwrap_or(&[]), table, false)?;
    if options.has("help") {
        ctx.out(HELP);
        return Ok(());
    }
    let name = match options.text("name") {
        "" => "kind",
        name => name,
    };
    match plain.get(..skip).unwrap_or(&[]) {
        ["create", "cluster"] => create(ctx, world, &options, name).await,
        ["delete", "cluster" | "clusters"] => {
            delete(
                ctx,
                world,
                options.args.first().map_or(name, String::as_str),
            )
            .await;
            Ok(())
        }
        ["get", "clusters"] => {
            match current(world) {
                Some(name) => ctx.out(&format!("{name}\n")),
                None => ctx.err("No kind clusters found.\n"),
            }
            Ok(())
        }
        ["get", "nodes"] => {
            match current(world).filter(|c| c == name) {
                Some(_) => world
                    .nodes()
                    .iter()
                    .for_each(|n| ctx.out(&format!("{}\n", n.name))),
                None => ctx.err(&format!("No kind nodes found for cluster {name:?}.\n")),
            }
            Ok(())
        }
        ["get" | "export", "kubeconfig"] => {
            if current(world).as_deref() != Some(name) {
                return Err(format!(
                    "could not locate any control plane nodes for cluster named '{name}'. Use the --name option to select a different cluster"
                ));
            }
            let home = ctx.env("HOME").unwrap_or_default();
            match plain.first() {
                Some(&"get") => {
                    let path = format!("{home}/.kube/config");
                    let text = ctx.with_fs(|fs| fs.read_text(&path)).unwrap_or_default();
                    ctx.out(&text);
                }
                _ => ctx.err(&format!("Set kubectl context to \"kind-{name}\"\n")),
            }
            Ok(())
        }
        ["load", "docker-image"] => load(ctx, world, &options.args, name).await,
        ["version"] | ["--version"] => {
            ctx.out(&format!("kind {VERSION} go1.25.5 linux/amd64\n"));
            Ok(())
        }
        [] if plain.first() == Some(&"--version") => {
            ctx.out(&format!(
                "kind version {}\n",
                VERSION.trim_start_matches('v')
            ));
            Ok(())
        }
        [] | ["help", ..] => {
            ctx.out(HELP);
            Ok(())
        }
        ["load", "image-archive"] | ["export", "logs"] | ["build", ..] => Err(format!(
            "bottleship does not simulate kind {}",
            plain.join(" ")
        )),
        [first, ..] => Err(format!("unknown command {first:?} for \"kind\"")),
    }
}

async fn delete(ctx: &Ctx, world: &dyn World, name: &str) {
    ctx.err(&format!("Deleting cluster {name:?} ...\n"));
    if current(world).as_deref() == Some(name) {
        ctx.sleep(1500).await;
        let nodes = world.nodes();
        let nodes: Vec<String> = nodes.iter().map(|n| format!("{:?}", n.name)).collect();
        world.minikube_delete();
        ctx.err(&format!("Deleted nodes: [{}]\n", nodes.join(" ")));
    }
}

async fn load(ctx: &Ctx, world: &dyn World, wanted: &[String], name: &str) -> Result<(), String> {
    if current(world).as_deref() != Some(name) {
        return Err(format!("no nodes found for cluster {name:?}"));
    }
    if wanted.is_empty() {
        return Err("a list of image names is required".into());
    }
    let images = docker::images(ctx);
    for wanted in wanted {
        let tagged = if wanted.contains(':') {
            wanted.clone()
        } else {
            format!("{wanted}:latest")
        };
        let Some(image) = images.iter().find(|i| i.reference == tagged) else {
            return Err(format!("image: {wanted:?} not present locally"));
        };
        let shown = docker::digest(image);
        for node in world.nodes() {
            ctx.err(&format!(
                "Image: {wanted:?} with ID {shown:?} not yet present on node {:?}, loading...\n",
                node.name
            ));
            ctx.sleep(400).await;
        }
        world.load_image(image)?;
    }
    Ok(())
}

/// The nodes of a `--config` file: whether each is of the control plane.
fn nodes_of(ctx: &Ctx, options: &Options) -> Result<Vec<bool>, String> {
    let Some(file) = options.get("config") else {
        return Ok(vec![true]);
    };
    let text = match file {
        "-" => {
            return Err(
                "failed to create cluster: bottleship reads --config from files only".into(),
            );
        }
        file => ctx
            .with_fs(|fs| fs.read_text(&ctx.resolve(file)))
            .map_err(|e| {
                format!(
                    "failed to create cluster: error reading file: open {file}: {}",
                    e.to_string().to_lowercase()
                )
            })?,
    };
    let parsed = yaml::parse(&text).map_err(|e| {
        format!(
            "failed to create cluster: unable to decode config: {}",
            e.message
        )
    })?;
    if parsed.text("kind") != "Cluster" {
        return Err(format!(
            "failed to create cluster: unknown kind {} for apiVersion: {}",
            parsed.text("kind"),
            parsed.text("apiVersion")
        ));
    }
    let roles = parsed.get("nodes").items();
    let control: Vec<bool> = roles.iter().map(|n| n.text("role") != "worker").collect();
    match control.iter().any(|c| *c) || control.is_empty() {
        true => Ok(if control.is_empty() {
            vec![true]
        } else {
            control
        }),
        false => Err("failed to create cluster: must have at least one control-plane node".into()),
    }
}

async fn create(ctx: &Ctx, world: &dyn World, options: &Options, name: &str) -> Result<(), String> {
    let roles = nodes_of(ctx, options)?;
    if current(world).as_deref() == Some(name) {
        return Err(format!(
            "failed to create cluster: node(s) already exist for a cluster with the name {name:?}"
        ));
    }
    let (mut control, mut workers) = (0, 0);
    let nodes = roles.iter().map(|is_control| {
        let (count, word) = match is_control {
            true => (&mut control, "control-plane"),
            false => (&mut workers, "worker"),
        };
        *count += 1;
        match *count {
            1 => (format!("{name}-{word}"), *is_control),
            n => (format!("{name}-{word}{n}"), *is_control),
        }
    });
    let nodes: Vec<(String, bool)> = nodes.collect();
    let boxes = "📦 ".repeat(nodes.len());
    if !world.nodes().is_empty() {
        ctx.err("bottleship has one cluster at a time: this one takes the place of the present one (undo brings it back)\n");
    }
    ctx.err(&format!("Creating cluster {name:?} ...\n"));
    let image = options
        .get("image")
        .map_or(format!("kindest/node:{KUBERNETES_VERSION}"), String::from);
    let short = image.split('@').next().unwrap_or("").to_string();
    for (ms, line) in [
        (1500, format!("Ensuring node image ({short}) 🖼")),
        (2500, format!("Preparing nodes {boxes}")),
        (500, "Writing configuration 📜".to_string()),
    ] {
        ctx.sleep(ms).await;
        ctx.err(&format!(" ✓ {line}\n"));
    }
    world.start_cluster(&ClusterSpec {
        context: format!("kind-{name}"),
        nodes,
        cpus: 8,
        memory_mib: 16_384,
    })?;
    let steps = [
        "Starting control-plane 🕹️",
        "Installing CNI 🔌",
        "Installing StorageClass 💾",
    ];
    for line in steps {
        ctx.sleep(1500).await;
        ctx.err(&format!(" ✓ {line}\n"));
    }
    if roles.len() > 1 {
        ctx.sleep(1500).await;
        ctx.err(" ✓ Joining worker nodes 🚜\n");
    }
    crate::minikube::storage_class(world, "rancher.io/local-path");
    let limit = ctx.now_ms() + 120_000;
    while !world.minikube_is_ready() && ctx.now_ms() < limit && options.get("wait").is_some() {
        ctx.sleep(500).await;
    }
    ctx.err(&format!("Set kubectl context to \"kind-{name}\"\nYou can now use your cluster with:\n\nkubectl cluster-info --context kind-{name}\n\nHave a nice day! 👋\n"));
    Ok(())
}

pub fn complete(request: &CompletionRequest) -> Vec<Candidate> {
    let words: Vec<&str> = request.words.iter().skip(1).map(String::as_str).collect();
    let list: &[&str] = match words.as_slice() {
        [] => &["create", "delete", "export", "get", "load", "version"],
        ["create" | "delete"] => &["cluster"],
        ["get"] => &["clusters", "kubeconfig", "nodes"],
        ["export"] => &["kubeconfig"],
        ["load"] => &["docker-image"],
        _ => &["--name=", "--config=", "--wait="],
    };
    let fitting = list.iter().filter(|w| w.starts_with(&request.current));
    fitting.map(|w| Candidate::new(*w)).collect()
}
