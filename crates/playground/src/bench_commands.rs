//! What command lines cost on a cluster full of pods: each is typed, and timed from Enter to the prompt.

use crate::bench::{DEPLOYMENTS, Done, Watch, deployment, template};
use crate::session::Session;
use cluster::World;
use machinery::{Method, Request};

const LINES: &[&str] = &[
    "kubectl get pods",
    "kubectl get pods -A -o wide",
    "kubectl get pods -o yaml",
    "kubectl get pods -o json",
    "kubectl get pods -o name",
    "kubectl get pods --sort-by=.metadata.name",
    "kubectl get pods -l app=web",
    "kubectl get all -A",
    "kubectl get events -A",
    "kubectl describe pods",
    "kubectl describe nodes",
    "kubectl describe deployment web",
    "kubectl top pods",
    "kubectl rollout status deployment web",
    "kubectl get pods -o jsonpath='{.items[*].metadata.name}'",
    "kubectl get pods | grep Running | wc -l",
];
/// What stands before the cursor when Tab is pressed.
const AHEAD: &[&str] = &["kubectl get pods web-", "kubectl logs "];
/// A command may take so long, in virtual time.
const LIMIT_MS: i64 = 60_000;

pub fn commands(pods: usize, nodes: usize, watch: &mut Watch) -> Done {
    let mut world = World::standard(nodes);
    for node in &mut world.nodes {
        node.max_pods = node.max_pods.max((pods / nodes.max(1) + 30) as i64);
    }
    let mut session = Session::new(world, true);
    let body = deployment(pods, template("nginx:1.25"));
    let create = Request::new(Method::Post, DEPLOYMENTS).body(body);
    session.shared.cluster.borrow_mut().request(create);
    let settled = session.now() + 600_000;
    while !session.advance(settled, &mut { u64::MAX }) {}
    let from = watch.start(&session.shared.cluster.borrow());
    let mut parts = Vec::new();
    for line in LINES {
        let at = (watch.clock)();
        let _ = session.run(line, LIMIT_MS);
        parts.push((*line, (watch.clock)() - at));
    }
    for line in AHEAD {
        let at = (watch.clock)();
        let _ = session.terminal.complete(line, line.len());
        parts.push((*line, (watch.clock)() - at));
    }
    let cluster = session.shared.cluster.borrow();
    let done = watch.done(&cluster, from, cluster.store.count("pods"));
    Done { parts, ..done }
}
