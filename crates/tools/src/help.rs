//! help: what there is on this machine, and what to try.

use shell::filters::TOOLS;
use shell::{Candidate, CompletionRequest, Ctx};

/// Programs with what to try; the text tools follow from the shell's own list.
const ENTRIES: &[(&str, &str, &[&str])] = &[
    (
        "kubectl",
        "talk to the cluster (also as k)",
        &[
            "kubectl get pods",
            "kubectl apply -f nginx-pod.yaml",
            "kubectl explain pod.spec",
            "kubectl --help",
        ],
    ),
    (
        "minikube",
        "start, stop and delete the cluster",
        &[
            "minikube start",
            "minikube status",
            "minikube service NAME --url",
            "minikube delete --all",
        ],
    ),
    (
        "helm",
        "install charts into the cluster",
        &[
            "helm create web",
            "helm install web ./web --wait",
            "helm list",
            "helm repo add bitnami https://charts.bitnami.com/bitnami",
        ],
    ),
    (
        "kind",
        "clusters whose nodes are containers",
        &[
            "kind create cluster --name dev",
            "kind load docker-image web:v1 --name dev",
        ],
    ),
    (
        "docker",
        "build images for the cluster",
        &["docker build -t web:v1 .", "docker images"],
    ),
    (
        "jq",
        "compute with JSON",
        &["kubectl get pods -o json | jq -r '.items[].metadata.name'"],
    ),
    (
        "yq",
        "compute with YAML",
        &[
            "yq '.spec.replicas' deploy.yaml",
            "yq -i '.spec.replicas = 3' deploy.yaml",
        ],
    ),
    (
        "curl",
        "send an HTTP request",
        &[
            "curl localhost:8080",
            "curl -s -o /dev/null -w '%{http_code}\\n' localhost:8080",
            "curl -v localhost:8080",
        ],
    ),
    ("wget", "fetch a page", &["wget -q -O- localhost:8080"]),
    (
        "fault",
        "break something on purpose, and mend it again",
        &[
            "fault kill POD",
            "fault stop NODE",
            "fault list",
            "fault heal ALL",
            "fault --help",
        ],
    ),
    (
        "watch",
        "run a command again and again, until Ctrl+C",
        &[
            "watch kubectl get pods",
            "watch -n 1 kubectl get pods -o wide",
        ],
    ),
    (
        "ping",
        "ask whether an address answers",
        &["ping -c 3 10.244.1.2"],
    ),
    (
        "nslookup",
        "look a name up (also dig, host)",
        &["nslookup example.com", "dig +short example.com"],
    ),
    (
        "nc",
        "ask whether a port is open",
        &["nc -zv localhost 8080"],
    ),
    (
        "hey",
        "send many requests (also ab)",
        &[
            "hey -n 1000 -c 10 http://localhost:8080",
            "ab -n 1000 -c 10 http://localhost:8080/",
        ],
    ),
    (
        "vi",
        "open a file in the editor (also vim, nano, code, edit)",
        &["vi nginx-pod.yaml"],
    ),
    (
        "open",
        "open an address in the browser pane",
        &["open http://localhost:8080"],
    ),
    (
        "sudo",
        "run a command (you may do everything here)",
        &["sudo dpkg -i minikube_latest_amd64.deb"],
    ),
    ("clear", "clear the screen (also Ctrl+L)", &["clear"]),
    (
        "history",
        "the lines typed before (also the arrow up, and Ctrl+R)",
        &["history"],
    ),
    (
        "help",
        "this list, or more about one program",
        &["help watch", "help grep"],
    ),
];

pub async fn help(ctx: Ctx) -> i32 {
    match ctx.args.get(1) {
        Some(name) => one(&ctx, name),
        None => {
            all(&ctx);
            0
        }
    }
}

fn all(ctx: &Ctx) {
    let mut text = String::from("Programs on this machine (help NAME tells more):\n\n");
    for (name, summary, _) in ENTRIES {
        text.push_str(&format!("  {name:<10} {summary}\n"));
    }
    text.push_str("\nText tools and files:\n\n");
    let mut line = String::from(" ");
    for tool in TOOLS {
        if line.len() + tool.name.len() >= 76 {
            text.push_str(&format!("{line}\n"));
            line = String::from(" ");
        }
        line.push(' ');
        line.push_str(tool.name);
    }
    text.push_str(&format!("{line}\n\nThe shell knows pipes |, files < > >>, && || ; &, $variables, $(commands), for, while, if, functions.\nTab completes, Ctrl+C ends, Ctrl+Z puts aside (fg, bg), Ctrl+R searches what was typed before.\n"));
    ctx.out(&text);
}

fn one(ctx: &Ctx, name: &str) -> i32 {
    let name = match name {
        "k" => "kubectl",
        "vim" | "nano" | "code" | "edit" => "vi",
        "xdg-open" => "open",
        "dig" | "host" => "nslookup",
        "ab" => "hey",
        name => name,
    };
    if let Some((_, summary, examples)) = ENTRIES.iter().find(|(known, ..)| *known == name) {
        ctx.out(&format!("{name}: {summary}\n\nTry:\n"));
        for example in *examples {
            ctx.out(&format!("  {example}\n"));
        }
        return 0;
    }
    if let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) {
        ctx.out(&format!("{name}: {}\n", tool.summary));
        return 0;
    }
    ctx.err(&format!("help: no help for '{name}'; try: help\n"));
    1
}

pub fn complete(request: &CompletionRequest) -> Vec<Candidate> {
    let entries = ENTRIES.iter().map(|(name, summary, _)| (*name, *summary));
    let tools = TOOLS.iter().map(|tool| (tool.name, tool.summary));
    let all = entries
        .chain(tools)
        .filter(|(name, _)| name.starts_with(&request.current));
    all.map(|(name, summary)| Candidate::described(name, summary))
        .collect()
}
