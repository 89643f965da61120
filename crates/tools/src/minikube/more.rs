//! minikube's commands around a running cluster: addons, nodes, images, ssh, config and their kin.

use machinery::{Value, value};
use shell::Ctx;

use super::{Minikube, absent, stopped};
use crate::options::{self, Options};
use crate::{World, docker};

/// An addon: its name, who keeps it, what it runs, and the objects that are made for it.
struct Addon {
    name: &'static str,
    keeper: &'static str,
    images: &'static [&'static str],
}

const fn addon(name: &'static str, keeper: &'static str, images: &'static [&'static str]) -> Addon {
    Addon {
        name,
        keeper,
        images,
    }
}

const INGRESS: &str = "registry.k8s.io/ingress-nginx/controller:v1.14.1";
const METRICS: &str = "registry.k8s.io/metrics-server/metrics-server:v0.8.0";
const DASHBOARD: &str = "docker.io/kubernetesui/dashboard:v2.7.0";

/// In the order in which `addons list` shows them.
const ADDONS: &[Addon] = &[
    addon("dashboard", "Kubernetes", &[DASHBOARD]),
    addon("default-storageclass", "Kubernetes", &[]),
    addon("ingress", "Kubernetes", &[INGRESS]),
    addon("metrics-server", "Kubernetes", &[METRICS]),
    addon(
        "storage-provisioner",
        "minikube",
        &["gcr.io/k8s-minikube/storage-provisioner:v5"],
    ),
];

/// What says that an addon is on: an object of its own.
fn sign(name: &str) -> &'static str {
    match name {
        "dashboard" => {
            "/apis/apps/v1/namespaces/kubernetes-dashboard/deployments/kubernetes-dashboard"
        }
        "ingress" => "/apis/apps/v1/namespaces/ingress-nginx/deployments/ingress-nginx-controller",
        "metrics-server" => "/apis/apps/v1/namespaces/kube-system/deployments/metrics-server",
        _ => "/apis/storage.k8s.io/v1/storageclasses/standard",
    }
}

fn deployment(namespace: &str, name: &str, image: &str, port: i64) -> Value {
    let labels = value!({ "app.kubernetes.io/name": Value::str(name) });
    value!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": Value::str(name), "namespace": Value::str(namespace), "labels": (labels.clone()) },
        "spec": { "replicas": 1, "selector": { "matchLabels": (labels.clone()) }, "template": {
            "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "controller", "image": Value::str(image), "ports": [{ "containerPort": port }] }] }
        } }
    })
}

fn service(
    namespace: &str,
    name: &str,
    app: &str,
    kind: &'static str,
    port: i64,
    target: i64,
) -> Value {
    value!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": Value::str(name), "namespace": Value::str(namespace) },
        "spec": { "type": kind, "selector": { "app.kubernetes.io/name": Value::str(app) }, "ports": [{ "port": port, "targetPort": target }] }
    })
}

fn named(api_version: &'static str, kind: &'static str, name: &str) -> Value {
    value!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": Value::str(name) } })
}

/// The default class of storage, as minikube and kind bring it.
pub fn storage_class(world: &dyn World, provisioner: &'static str) {
    let mut class = named("storage.k8s.io/v1", "StorageClass", "standard");
    let annotations = class.place("metadata.annotations").map_mut();
    annotations.insert("storageclass.kubernetes.io/is-default-class", "true");
    class.set("provisioner", provisioner);
    class.set("reclaimPolicy", "Delete");
    let mode = match provisioner.starts_with("rancher") {
        true => "WaitForFirstConsumer",
        false => "Immediate",
    };
    class.set("volumeBindingMode", mode);
    world.create("/apis/storage.k8s.io/v1/storageclasses", class);
}

/// Makes (or takes away) what an addon is.
fn switch(world: &dyn World, name: &str, on: bool) {
    let deployments = |n: &str| format!("/apis/apps/v1/namespaces/{n}/deployments");
    let services = |n: &str| format!("/api/v1/namespaces/{n}/services");
    match (name, on) {
        ("ingress", true) => {
            let ns = "ingress-nginx";
            world.create("/api/v1/namespaces", named("v1", "Namespace", ns));
            let mut class = named("networking.k8s.io/v1", "IngressClass", "nginx");
            class.set("spec.controller", "k8s.io/ingress-nginx");
            let annotations = class.place("metadata.annotations").map_mut();
            annotations.insert("ingressclass.kubernetes.io/is-default-class", "true");
            world.create("/apis/networking.k8s.io/v1/ingressclasses", class);
            let app = "ingress-nginx-controller";
            let mut controller = deployment(ns, app, INGRESS, 80);
            // The node's own ports lead to it.
            let ports = value!([
                { "name": "http", "containerPort": 80, "hostPort": 80, "protocol": "TCP" },
                { "name": "https", "containerPort": 443, "hostPort": 443, "protocol": "TCP" },
            ]);
            let spec = controller.place("spec.template.spec.containers").list_mut();
            if let Some(c) = spec.first_mut() {
                c.set("ports", ports);
            }
            world.create(&deployments(ns), controller);
            let mut front = service(ns, app, app, "NodePort", 80, 80);
            front.set(
                "spec.ports",
                value!([
                    { "name": "http", "port": 80, "targetPort": "http", "appProtocol": "http" },
                    { "name": "https", "port": 443, "targetPort": "https", "appProtocol": "https" },
                ]),
            );
            world.create(&services(ns), front);
        }
        ("ingress", false) => {
            world.delete("/apis/networking.k8s.io/v1/ingressclasses/nginx");
            world.delete("/api/v1/namespaces/ingress-nginx");
            world.delete(sign(name));
        }
        ("metrics-server", true) => {
            let ns = "kube-system";
            world.create(
                &deployments(ns),
                deployment(ns, "metrics-server", METRICS, 10_250),
            );
            world.create(
                &services(ns),
                service(
                    ns,
                    "metrics-server",
                    "metrics-server",
                    "ClusterIP",
                    443,
                    10_250,
                ),
            );
            world.set_metrics(true);
        }
        ("metrics-server", false) => {
            world.delete(sign(name));
            world.delete("/api/v1/namespaces/kube-system/services/metrics-server");
            world.set_metrics(false);
        }
        ("dashboard", true) => {
            let ns = "kubernetes-dashboard";
            world.create("/api/v1/namespaces", named("v1", "Namespace", ns));
            world.create(&deployments(ns), deployment(ns, ns, DASHBOARD, 9090));
            world.create(&services(ns), service(ns, ns, ns, "ClusterIP", 80, 9090));
        }
        ("dashboard", false) => {
            world.delete("/api/v1/namespaces/kubernetes-dashboard");
            world.delete(sign(name));
        }
        (_, true) => storage_class(world, "k8s.io/minikube-hostpath"),
        (_, false) => world.delete(sign(name)),
    }
}

fn ready(ctx: &Ctx, world: &dyn World) -> Option<i32> {
    match world.minikube() {
        Minikube::Absent => Some(absent(ctx)),
        Minikube::Stopped => Some(stopped(ctx)),
        Minikube::Running => None,
    }
}

pub async fn addons(ctx: &Ctx, world: &dyn World, rest: &[&str]) -> i32 {
    if let Some(status) = ready(ctx, world) {
        return status;
    }
    match rest {
        ["list", ..] => {
            let rule = "|-----------------------------|----------|--------------|--------------------------------|\n";
            let mut text = format!(
                "{rule}|         ADDON NAME          | PROFILE  |    STATUS    |           MAINTAINER           |\n{rule}"
            );
            for a in ADDONS {
                let status = if world.exists(sign(a.name)) {
                    "enabled ✅  "
                } else {
                    "disabled    "
                };
                text.push_str(&format!(
                    "| {:<27} | minikube | {status} | {:<30} |\n",
                    a.name, a.keeper
                ));
            }
            ctx.out(&(text + rule));
            0
        }
        [way @ ("enable" | "disable"), name, ..] => {
            let Some(addon) = ADDONS.iter().find(|a| a.name == *name) else {
                ctx.err(&format!("\n❌  Exiting due to MK_ADDON_ENABLE: bottleship does not simulate the addon {name:?}; it has {}\n\n", ADDONS.iter().map(|a| a.name).collect::<Vec<_>>().join(", ")));
                return 10;
            };
            let on = *way == "enable";
            if !on {
                switch(world, name, false);
                ctx.out(&format!("🌑  \"The '{name}' addon is disabled\n"));
                return 0;
            }
            ctx.out(&format!("💡  {name} is an addon maintained by {}. For any concerns contact minikube on GitHub.\nYou can view the list of minikube maintainers at: https://github.com/kubernetes/minikube/blob/master/OWNERS\n", addon.keeper));
            for image in addon.images {
                ctx.out(&format!("    ▪ Using image {image}\n"));
            }
            switch(world, name, true);
            if *name == "ingress" {
                ctx.out("🔎  Verifying ingress addon...\n");
                let limit = ctx.now_ms() + 180_000;
                while !world.is_available(sign(name)) && ctx.now_ms() < limit {
                    ctx.sleep(500).await;
                }
            }
            ctx.out(&format!("🌟  The '{name}' addon is enabled\n"));
            0
        }
        _ => {
            ctx.err("bottleship knows: minikube addons list | enable NAME | disable NAME\n");
            1
        }
    }
}

pub async fn node(ctx: &Ctx, world: &dyn World, rest: &[&str]) -> i32 {
    if let Some(status) = ready(ctx, world) {
        return status;
    }
    let nodes = world.nodes();
    match rest {
        ["list", ..] => {
            nodes
                .iter()
                .for_each(|n| ctx.out(&format!("{}\t{}\n", n.name, n.ip)));
            0
        }
        ["add", ..] => {
            let name = format!("minikube-m{:02}", nodes.len() + 1);
            let short = name.trim_start_matches("minikube-").to_string();
            ctx.out(&format!("😄  Adding node {short} to cluster minikube as [worker]\n👍  Starting worker node {name} in cluster minikube\n🚜  Pulling base image ...\n🔥  Creating docker container (CPUs=2, Memory=2200MB) ...\n"));
            ctx.sleep(4000).await;
            if !world.add_node(&name) {
                ctx.err("❌  bottleship cannot add another node here\n");
                return 1;
            }
            ctx.out("🔎  Verifying Kubernetes components...\n");
            let limit = ctx.now_ms() + 120_000;
            while !world.minikube_is_ready() && ctx.now_ms() < limit {
                ctx.sleep(500).await;
            }
            ctx.out(&format!("🏄  Successfully added {short} to minikube!\n"));
            0
        }
        [what, ..] => {
            ctx.err(&format!("minikube: bottleship does not simulate minikube node {what}; try: kubectl drain, kubectl delete node, fault\n"));
            1
        }
        [] => {
            ctx.out("Usage: minikube node [add|list]\n");
            0
        }
    }
}

pub async fn image(ctx: &Ctx, world: &dyn World, rest: &[&str]) -> i32 {
    if let Some(status) = ready(ctx, world) {
        return status;
    }
    match rest {
        ["ls" | "list", ..] => {
            world
                .node_images()
                .iter()
                .rev()
                .for_each(|i| ctx.out(&format!("{i}\n")));
            0
        }
        ["load", names @ ..] => {
            let images = docker::images(ctx);
            for wanted in names.iter().filter(|n| !n.starts_with('-')) {
                let tagged = if wanted.contains(':') {
                    (*wanted).to_string()
                } else {
                    format!("{wanted}:latest")
                };
                let own = images.iter().find(|i| i.reference == tagged).cloned();
                let Some(found) = own.or_else(|| world.image(wanted).ok()) else {
                    ctx.err(&format!("\n❌  Exiting due to GUEST_IMAGE_LOAD: Failed to load image: save to dir: caching images: {tagged}: image not found\n\n"));
                    return 80;
                };
                ctx.sleep(1500).await;
                if let Err(e) = world.load_image(&found) {
                    ctx.err(&format!("{e}\n"));
                    return 80;
                }
            }
            0
        }
        ["build", words @ ..] => {
            let argv = ["docker", "build"]
                .iter()
                .chain(words)
                .map(|w| (*w).to_string());
            let status = ctx.exec(argv.collect()).await;
            let tag = words
                .iter()
                .skip_while(|w| !["-t", "--tag"].contains(*w))
                .nth(1);
            match (status, tag) {
                (0, Some(tag)) => Box::pin(image(ctx, world, &["load", tag])).await,
                (status, _) => status,
            }
        }
        _ => {
            ctx.err("bottleship knows: minikube image ls | load NAME | build -t NAME .\n");
            1
        }
    }
}

/// A command on the node: a few that tutorials use.
pub fn ssh(ctx: &Ctx, world: &dyn World, rest: &[&str]) -> i32 {
    if let Some(status) = ready(ctx, world) {
        return status;
    }
    let words: Vec<&str> = rest.iter().copied().filter(|w| *w != "--").collect();
    let line = words.join(" ");
    let line = line.trim_start_matches("sudo ");
    let node = world.nodes().first().cloned().unwrap_or_default();
    match line {
        "" => {
            ctx.err("minikube: bottleship has no shell on the node; give a command: minikube ssh -- hostname\n");
            1
        }
        "hostname" => {
            ctx.out(&format!("{}\n", node.name));
            0
        }
        "hostname -I" => {
            ctx.out(&format!("{} \n", node.ip));
            0
        }
        "whoami" => {
            ctx.out("docker\n");
            0
        }
        "uname" | "uname -s" => {
            ctx.out("Linux\n");
            0
        }
        "docker images" | "crictl images" => {
            world
                .node_images()
                .iter()
                .for_each(|i| ctx.out(&format!("{i}\n")));
            0
        }
        other => {
            ctx.err(&format!("minikube: bottleship's node knows hostname, whoami, uname, crictl images; not {other:?}. To look into a node: kubectl debug node/{}\n", node.name));
            1
        }
    }
}

/// What is left: one word each.
pub async fn other(ctx: &Ctx, world: &dyn World, command: &str, rest: &[&str]) -> i32 {
    match command {
        "docker-env" => {
            ctx.out("export DOCKER_TLS_VERIFY=\"1\"\nexport DOCKER_HOST=\"tcp://127.0.0.1:32769\"\nexport MINIKUBE_ACTIVE_DOCKERD=\"minikube\"\n\n# To point your shell to minikube's docker-daemon, run:\n# eval $(minikube -p minikube docker-env)\n# (in bottleship builds stay on this machine: minikube image load NAME)\n");
            0
        }
        "update-check" => {
            let version = super::MINIKUBE_VERSION;
            ctx.out(&format!(
                "CurrentVersion: {version}\nLatestVersion: {version}\n"
            ));
            0
        }
        "dashboard" => {
            if let Some(status) = ready(ctx, world) {
                return status;
            }
            if !world.exists(sign("dashboard")) {
                ctx.err("🔌  Enabling dashboard ...\n");
                switch(world, "dashboard", true);
            }
            ctx.err("🤔  Verifying dashboard health ...\n🎉  The cluster view of this page is the dashboard here: it shows nodes, pods and their owners as they are.\n");
            0
        }
        "tunnel" => {
            if let Some(status) = ready(ctx, world) {
                return status;
            }
            world.set_load_balancer(true);
            ctx.out("✅  Tunnel successfully started\n\n📌  NOTE: Please do not close this terminal as this process must stay alive for the tunnel to be accessible ...\n\n");
            ctx.catch_interrupt();
            while !ctx.interrupted() {
                ctx.sleep(3_600_000).await;
            }
            world.set_load_balancer(false);
            ctx.out("✋  Stopped tunnel for service.\n");
            0
        }
        "config" => config(ctx, rest),
        "logs" => {
            ctx.err("minikube: bottleship does not simulate minikube logs; try: kubectl get events -A, kubectl logs -n kube-system POD\n");
            1
        }
        _ => {
            ctx.err(&format!(
                "minikube: bottleship does not simulate minikube {command}\n"
            ));
            1
        }
    }
}

fn config(ctx: &Ctx, rest: &[&str]) -> i32 {
    let home = ctx.env("HOME").unwrap_or_default();
    let path = format!("{home}/.minikube/config/config.json");
    let text = ctx.with_fs(|fs| fs.read_text(&path)).unwrap_or_default();
    let mut v = machinery::json::parse(&text).unwrap_or_default();
    let words: Vec<String> = rest.iter().map(|w| (*w).to_string()).collect();
    let options: Options = options::parse(&words, "", false).unwrap_or_default();
    match (options.arg(0), options.arg(1), options.arg(2)) {
        ("set", key, value) if !value.is_empty() => {
            *v.field(key) = value.parse::<i64>().map_or(Value::str(value), Value::Int);
            let _ = ctx.with_fs(|fs| fs.install(&path, machinery::json::print_indented(&v, 4)));
            ctx.out("❗  These changes will take effect upon a minikube delete and then a minikube start\n");
            0
        }
        ("get", key, _) if v.has(key) => {
            ctx.out(&format!("{}\n", machinery::gotemplate::go(v.get(key))));
            0
        }
        ("get", ..) => {
            ctx.err("\nError: specified key could not be found in config\n");
            1
        }
        ("unset", key, _) => {
            v.map_mut().remove(key);
            let _ = ctx.with_fs(|fs| fs.install(&path, machinery::json::print_indented(&v, 4)));
            0
        }
        ("view", ..) => {
            v.entries()
                .iter()
                .for_each(|(k, x)| ctx.out(&format!("- {k}: {}\n", machinery::gotemplate::go(x))));
            0
        }
        _ => {
            ctx.err("Usage: minikube config SET|GET|UNSET|VIEW\n");
            1
        }
    }
}
