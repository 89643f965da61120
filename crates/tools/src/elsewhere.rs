//! Programs that tutorials name and that have nothing to do here: package managers, whose packages are here already or are
//! not, and programs of another machine, refused plainly.

use shell::{Ctx, Program};

/// What is refused, and why in a word.
const REFUSED: &[(&str, &str)] = &[
    (
        "ssh",
        "other machines: see minikube ssh and kubectl debug node/NAME",
    ),
    ("scp", "other machines: see kubectl cp"),
    (
        "git",
        "repositories: nothing can be cloned, this machine is not on the internet",
    ),
    ("systemctl", "the services of a node: see fault stop NODE"),
    (
        "journalctl",
        "the journal of a node: see minikube logs, kubectl events",
    ),
    (
        "crictl",
        "the runtime's own client: see minikube ssh, kubectl debug node/NAME",
    ),
    (
        "kubeadm",
        "setting machines up: see minikube start and kind create cluster",
    ),
    ("etcdctl", "etcd behind the API server"),
    ("python3", "Python on this machine"),
    ("node", "Node.js on this machine"),
    (
        "top",
        "the load of this machine: see kubectl top pods and kubectl top nodes",
    ),
    ("iptables", "packets: see kubectl get endpointslices"),
    (
        "netstat",
        "the sockets of this machine: see nc -zv HOST PORT",
    ),
    ("ss", "the sockets of this machine: see nc -zv HOST PORT"),
];

/// Package managers, with the word before what they install.
const MANAGERS: &[&str] = &["apt-get", "apt", "brew", "snap", "yum", "dnf"];

pub fn programs() -> Vec<Program> {
    let refused = REFUSED.iter().map(|(name, what)| {
        Program::new(name, "not simulated", move |ctx: Ctx| async move {
            ctx.err(&format!("{name}: bottleship does not simulate {what}\n"));
            1
        })
    });
    let managers = MANAGERS
        .iter()
        .map(|name| Program::new(name, "packages that are here already", install));
    refused.chain(managers).collect()
}

/// The programs of packages, where the names differ.
const PACKAGES: &[(&str, &str)] = &[
    ("dnsutils", "dig"),
    ("bind9-dnsutils", "dig"),
    ("apache2-utils", "ab"),
    ("netcat", "nc"),
    ("netcat-openbsd", "nc"),
    ("iputils-ping", "ping"),
    ("gettext-base", "envsubst"),
    ("coreutils", "ls"),
    ("docker.io", "docker"),
    ("kubernetes-cli", "kubectl"),
    ("bash-completion", "bash"),
];

async fn install(ctx: Ctx) -> i32 {
    let name = ctx.args.first().cloned().unwrap_or_default();
    let words: Vec<&String> = (ctx.args.iter().skip(1))
        .filter(|a| !a.starts_with('-'))
        .collect();
    let Some((verb, packages)) = words.split_first() else {
        ctx.err(&format!("{name}: say what to do: {name} install PACKAGE\n"));
        return 1;
    };
    if ["update", "upgrade"].contains(&verb.as_str()) {
        ctx.out(&format!(
            "{name}: nothing to fetch, this machine is not on the internet\n"
        ));
        return 0;
    }
    if verb.as_str() != "install" {
        ctx.err(&format!(
            "{name}: bottleship does not simulate {name} {verb}\n"
        ));
        return 1;
    }
    let mut status = 0;
    for package in packages {
        let known = PACKAGES.iter().find(|(known, _)| known == package);
        let program = known.map_or(package.as_str(), |(_, program)| program);
        if ctx
            .capture(&format!("command -v '{}'", program.replace('\'', "")))
            .await
            .0
            == 0
        {
            ctx.out(&format!("{package} is already the newest version.\n"));
        } else {
            ctx.err(&format!("E: Unable to locate package {package}\n"));
            status = 100;
        }
    }
    status
}
