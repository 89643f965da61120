//! A real kubectl, if one is on the PATH: what it shows and does must follow from what it is served.

use bottleship_clients::{Server, Step};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::Duration;

/// Seconds that one command may take.
const STEP_S: u64 = 60;

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: nginx, image: 'nginx:1.27', ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

struct Kubectl<'a>(&'a Server);

impl Kubectl<'_> {
    fn start(&self, line: &str) -> Step {
        let mut command = Command::new("kubectl");
        command
            .args(words(line))
            .env("KUBECONFIG", &self.0.config)
            .env("KUBECACHEDIR", self.0.config.with_extension("cache"));
        Step::start(&format!("kubectl {line}"), &mut command)
    }
    fn output(&self, line: &str, stdin: &str) -> Output {
        self.start(line).output(stdin, STEP_S)
    }
    /// What a command prints; it must succeed.
    fn run(&self, line: &str) -> String {
        self.with(line, "")
    }
    fn with(&self, line: &str, stdin: &str) -> String {
        let out = self.output(line, stdin);
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        let err = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "kubectl {line}: {said}{err}");
        said
    }
    /// What a command says as it fails with this status.
    fn fail(&self, code: i32, line: &str, stdin: &str) -> String {
        let out = self.output(line, stdin);
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(code), "kubectl {line}: {err}");
        format!("{}{err}", String::from_utf8_lossy(&out.stdout))
    }
    /// The output must hold each of these.
    fn shows(&self, line: &str, wanted: &[&str]) {
        let said = self.run(line);
        for w in wanted {
            assert!(said.contains(w), "kubectl {line}: no {w:?} in\n{said}");
        }
    }
}

/// The words of a command line, with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (i, part) in line.split('\'').enumerate() {
        match i % 2 {
            0 => out.extend(part.split_whitespace().map(str::to_string)),
            _ => out.push(part.to_string()),
        }
    }
    out
}

/// Runs a test against a server of its own, or says that there is no kubectl.
fn with_kubectl(name: &str, test: impl FnOnce(Kubectl)) {
    let there = Command::new("kubectl")
        .args(["version", "--client"])
        .output();
    if !there.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no kubectl on the PATH");
        return;
    }
    let server = Server::start(name, &["--speed", "5"]);
    test(Kubectl(&server));
}

#[test]
fn applies_and_shows_in_every_form() {
    with_kubectl("kubectl-get", |k| {
        assert_eq!(
            k.with("apply -f -", WEB),
            "deployment.apps/web created\nservice/web created\n"
        );
        assert_eq!(
            k.with("apply -f -", WEB),
            "deployment.apps/web unchanged\nservice/web unchanged\n"
        );
        k.shows(
            "rollout status deployment/web",
            &["successfully rolled out"],
        );
        k.shows(
            "wait --for=condition=Available deployment/web",
            &["condition met"],
        );
        k.shows(
            "get deployment web",
            &["READY   UP-TO-DATE   AVAILABLE", "2/2"],
        );
        k.shows("get deployment web -o wide", &["nginx:1.27", "app=web"]);
        assert_eq!(
            k.run("get deployment,service -l app=web -o name"),
            "deployment.apps/web\n"
        );
        assert_eq!(
            k.run("get deployment web -o jsonpath={.spec.replicas}"),
            "2"
        );
        k.shows(
            "get deployment web -o yaml",
            &["kind: Deployment", "resourceVersion:"],
        );
        k.shows(
            "get pods -o json",
            &["\"kind\": \"List\"", "\"phase\": \"Running\""],
        );
        let custom =
            k.run("get pods -o custom-columns=IMAGE:.spec.containers[*].image --no-headers");
        assert_eq!(custom, "nginx:1.27\nnginx:1.27\n");
        k.shows(
            "get pods -A --show-labels --sort-by=.metadata.name",
            &["kube-system", "k8s-app="],
        );
        assert_eq!(k.run("get pods --chunk-size=1 -o name").lines().count(), 2);
        k.shows(
            "describe deployment web",
            &["StrategyType:", "ScalingReplicaSet"],
        );
        k.shows("describe service web", &["Endpoints:", ":80"]);
        k.shows(
            "describe node node-1",
            &["Allocatable:", "Non-terminated Pods:"],
        );
        k.shows("events --for deployment/web", &["ScalingReplicaSet"]);
        k.shows("top nodes", &["CPU(cores)", "node-3"]);
        k.shows(
            "explain deployment.spec.strategy",
            &["KIND:       Deployment", "rollingUpdate"],
        );
        k.shows(
            "api-resources --api-group=apps",
            &["deploy", "statefulsets"],
        );
        k.shows("get --raw /readyz", &["ok"]);
    });
}

#[test]
fn changes_and_deletes() {
    with_kubectl("kubectl-change", |k| {
        // Typed clients: their bodies are protobuf.
        k.run("create deployment web --image=nginx:1.27 --replicas=2 --port=80");
        assert_eq!(
            k.run("get deployment web -o jsonpath={.spec.template.spec.containers[0].ports[0]}"),
            r#"{"containerPort":80,"protocol":"TCP"}"#
        );
        k.run("create configmap c --from-literal=a=b");
        k.run("create secret generic s --from-literal=password=x");
        assert_eq!(k.run("get secret s -o jsonpath={.data.password}"), "eA==");
        k.run("create role reader --verb=get,list --resource=pods");
        k.run("create rolebinding r --role=reader --user=jane");
        assert_eq!(k.run("auth can-i list pods --as=jane"), "yes\n");
        assert!(
            k.fail(1, "auth can-i delete pods --as=jane", "")
                .starts_with("no")
        );
        let denied = k.fail(1, "get nodes --as=jane", "");
        assert!(
            denied.contains(
                r#"User "jane" cannot list resource "nodes" in API group "" at the cluster scope"#
            ),
            "{denied}"
        );
        k.run("rollout status deployment/web");
        k.run("scale deployment web --replicas=3");
        k.run("set image deployment/web nginx=nginx:1.28");
        k.run("rollout status deployment/web");
        k.shows("rollout history deployment/web", &["1", "2"]);
        k.run("rollout undo deployment/web");
        k.run("rollout status deployment/web");
        assert_eq!(
            k.run("get deployment web -o jsonpath={.spec.replicas},{..image}"),
            "3,nginx:1.27"
        );
        k.run("label deployment web tier=front");
        k.run("annotate deployment web note=this");
        k.run("patch deployment web --type=json -p '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":2}]'");
        k.run("expose deployment web --port=80 --name=front");
        k.run("autoscale deployment web --min=1 --max=4 --cpu-percent=50");
        let diff = k.fail(1, "diff -f -", &WEB.replace("replicas: 2", "replicas: 7"));
        assert!(diff.contains("+  replicas: 7"), "{diff}");
        let unknown = k.fail(1, "apply -f -", &WEB.replace("replicas", "replcas"));
        assert!(
            unknown.contains("unknown field \"spec.replcas\""),
            "{unknown}"
        );
        k.run("cordon node-1");
        k.run("drain node-1 --ignore-daemonsets --delete-emptydir-data --force");
        k.run("uncordon node-1");
        k.run("delete deployment web --wait");
        assert!(k.fail(1, "get deployment web", "").contains("NotFound"));
        k.run("wait --for=delete pod -l app=web --timeout=60s");
    });
}

#[test]
fn talks_to_containers() {
    with_kubectl("kubectl-exec", |k| {
        k.with("apply -f -", WEB);
        k.run("rollout status deployment/web");
        k.shows("logs deployment/web --tail=50", &["ready for start up"]);
        assert_eq!(k.run("exec deployment/web -- echo hello"), "hello\n");
        assert_eq!(
            k.with("exec -i deployment/web -- sh", "echo $((6*7))\n"),
            "42\n"
        );
        assert!(
            k.fail(3, "exec deployment/web -- sh -c 'exit 3'", "")
                .contains("exit code 3")
        );
        let missing = k.fail(1, "exec nope -- ls", "");
        assert!(missing.contains("pods \"nope\" not found"), "{missing}");
        let wrong = k.fail(1, "exec deployment/web -c nope -- ls", "");
        assert!(
            wrong.contains("container nope is not valid for pod web-"),
            "{wrong}"
        );
        k.run("run once --image=busybox --restart=Never -- sh -c 'echo done'");
        k.run("wait --for=jsonpath={.status.phase}=Succeeded pod/once --timeout=60s");
        assert_eq!(k.run("logs once"), "done\n");
        assert_eq!(k.run("logs -f once"), "done\n");
    });
}

/// What a path answers at a local port, on a connection of its own.
fn asked(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("kubectl listens");
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).expect("a limit is set");
    let request = format!("GET {path} HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n");
    let sent = stream.write_all(request.as_bytes());
    sent.expect("the request is sent");
    let mut said = Vec::new();
    // A connection that is reset has said what it had to say.
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn forwards_ports() {
    with_kubectl("kubectl-forward", |k| {
        k.with("apply -f -", WEB);
        k.run("rollout status deployment/web");
        let forward = |to: &str| {
            let mut step = k.start(&format!("port-forward {to}"));
            let line = step.line(STEP_S);
            let port = line.split([':', ' ']).find_map(|w| w.parse().ok());
            (step, port.unwrap_or_else(|| panic!("no port in {line:?}")))
        };
        let (web, port) = forward("deployment/web :80");
        for _ in 0..3 {
            let page = asked(port, "/");
            assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
            assert!(page.contains("Welcome to nginx!"), "{page}");
        }
        assert!(asked(port, "/nothing").starts_with("HTTP/1.1 404"));
        let (closed, port) = forward("deployment/web :81");
        assert_eq!(asked(port, "/"), "");
        let out = closed.output("", STEP_S);
        let why = String::from_utf8_lossy(&out.stderr);
        assert!(why.contains("error forwarding port 81 to pod"), "{why}");
        k.run("delete deployment web");
        k.run("wait --for=delete pod -l app=web --timeout=60s");
        let why = web.output("", STEP_S).stderr;
        let why = String::from_utf8_lossy(&why);
        assert!(why.contains("lost connection to pod"), "{why}");
    });
}
