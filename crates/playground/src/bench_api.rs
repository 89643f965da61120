//! What requests cost: objects created from YAML through the whole pipeline, and a long list as a Table.

use crate::bench::{Done, Watch};
use cluster::{Cluster, World};
use machinery::{Accept, Body, Method, Request, Response};

/// As many ConfigMaps and as many Pods, each sent as YAML.
pub fn create(pods: usize, nodes: usize, watch: &mut Watch) -> Done {
    let mut cluster = fresh(nodes);
    let from = watch.start(&cluster);
    let made =
        send(&mut cluster, pods, "configmaps", config_map) + send(&mut cluster, pods, "pods", pod);
    watch.done(&cluster, from, made)
}

/// A list of that many pods as a Table, as `kubectl get pods` asks for it.
pub fn list(pods: usize, nodes: usize, watch: &mut Watch) -> Done {
    let mut cluster = fresh(nodes);
    send(&mut cluster, pods, "pods", pod);
    let from = watch.start(&cluster);
    let request = Request::get("/api/v1/namespaces/default/pods").accept(Accept::Table);
    let rows = match cluster.request(request) {
        Response::Ok { body, .. } => body.get("rows").items().len(),
        _ => 0,
    };
    watch.done(&cluster, from, rows)
}

fn fresh(nodes: usize) -> Cluster {
    let mut cluster = Cluster::new(World::standard(nodes));
    let next = cluster.now + 2000;
    cluster.advance(next, u64::MAX);
    cluster
}

/// How many were created.
fn send(cluster: &mut Cluster, n: usize, plural: &str, text: fn(usize) -> String) -> usize {
    let path = format!("/api/v1/namespaces/default/{plural}");
    let mut made = 0;
    for i in 0..n {
        let mut request = Request::new(Method::Post, path.as_str());
        request.body = Body::Text(text(i));
        made += usize::from(matches!(cluster.request(request), Response::Ok { .. }));
    }
    made
}

fn config_map(i: usize) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{i}\n  labels: {{app: web}}\ndata:\n  number: \"{i}\"\n  mode: production\n"
    )
}

fn pod(i: usize) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod-{i}\n  labels: {{app: web}}\nspec:\n  containers:\n  - name: web\n    image: nginx:1.25\n    ports:\n    - containerPort: 80\n    resources:\n      requests: {{cpu: 10m, memory: 16Mi}}\n"
    )
}
