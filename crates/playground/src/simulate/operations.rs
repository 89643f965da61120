//! What a user does to a cluster, at random. To add an operation: its function and its line.

use super::make::{self, path, path_of};
use super::{NAMESPACES, Sim};
use machinery::{Method, Object, Value, value};

type Act = fn(&mut Sim) -> Option<()>;

/// Every operation, and how often it is chosen.
const OPERATIONS: &[(u64, Act)] = &[
    (14, create_deployment),
    (8, create_stateful_set),
    (4, create_daemon_set),
    (7, create_job),
    (3, create_cron_job),
    (4, create_pod),
    (5, create_budget),
    (3, create_quota),
    (3, create_autoscaler),
    (6, create_service),
    (12, scale),
    (12, update),
    (4, undo),
    (4, pause),
    (4, strategy),
    (3, suspend),
    (9, delete_pod),
    (6, delete_something),
    (6, evict),
    (4, drain),
    (4, cordon),
    (4, taint),
    (5, relabel_pod),
    (2, relabel_node),
    (2, reselect),
    (2, namespace_away),
    (2, quota_changed),
];

pub(super) fn one(sim: &mut Sim) {
    let sum = OPERATIONS.iter().map(|o| o.0).sum();
    for _ in 0..4 {
        let mut at = sim.below(sum);
        for (weight, act) in OPERATIONS {
            if at < *weight {
                if act(sim).is_some() {
                    return;
                }
                break;
            }
            at -= weight;
        }
    }
}

/// What every world has: a second namespace, a default StorageClass, a priority.
pub(super) fn furnish(sim: &mut Sim) {
    namespace(sim);
    let wait = if sim.chance(50) {
        "WaitForFirstConsumer"
    } else {
        "Immediate"
    };
    let class = value!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": { "name": "standard", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } },
        "provisioner": "k8s.io/minikube-hostpath", "volumeBindingMode": wait,
    });
    let _ = sim.ask(
        Method::Post,
        "/apis/storage.k8s.io/v1/storageclasses",
        Some(class),
    );
    let high = value!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": { "name": "high" }, "value": 1000,
    });
    let _ = sim.ask(
        Method::Post,
        "/apis/scheduling.k8s.io/v1/priorityclasses",
        Some(high),
    );
}

fn namespace(sim: &mut Sim) {
    let team =
        value!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACES[1] } });
    let _ = sim.ask(Method::Post, "/api/v1/namespaces", Some(team));
}

fn create(
    sim: &mut Sim,
    resource: &str,
    prefix: &str,
    make: fn(&mut Sim, &str) -> Value,
) -> Option<()> {
    sim.made += 1;
    let name = format!("{prefix}{}", sim.made);
    let ns = sim.namespace();
    let o = make(sim, &name);
    let _ = sim.ask(Method::Post, &path(resource, ns), Some(o));
    Some(())
}

fn create_deployment(sim: &mut Sim) -> Option<()> {
    create(sim, "deployments.apps", "web", make::deployment)
}
fn create_stateful_set(sim: &mut Sim) -> Option<()> {
    create(sim, "statefulsets.apps", "db", make::stateful_set)
}
fn create_daemon_set(sim: &mut Sim) -> Option<()> {
    create(sim, "daemonsets.apps", "ds", make::daemon_set)
}
fn create_job(sim: &mut Sim) -> Option<()> {
    create(sim, "jobs.batch", "job", make::job)
}
fn create_cron_job(sim: &mut Sim) -> Option<()> {
    create(sim, "cronjobs.batch", "cron", make::cron_job)
}
fn create_pod(sim: &mut Sim) -> Option<()> {
    create(sim, "pods", "pod", make::pod)
}
fn create_quota(sim: &mut Sim) -> Option<()> {
    create(sim, "resourcequotas", "quota", make::quota)
}

/// Something with pods: a Deployment, StatefulSet or DaemonSet.
fn workload(sim: &mut Sim) -> Option<(&'static str, Object)> {
    let resource = sim.one_of(&[
        "deployments.apps",
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
    ])?;
    let o = sim.any(resource)?;
    Some((resource, o))
}

fn create_for(
    sim: &mut Sim,
    resource: &str,
    make: fn(&mut Sim, &str, &str) -> Value,
) -> Option<()> {
    let (_, of) = workload(sim)?;
    sim.made += 1;
    let name = format!("for{}", sim.made);
    let o = make(sim, &name, of.name());
    let _ = sim.ask(Method::Post, &path(resource, of.namespace()), Some(o));
    Some(())
}

fn create_budget(sim: &mut Sim) -> Option<()> {
    create_for(sim, "poddisruptionbudgets.policy", make::budget)
}
fn create_service(sim: &mut Sim) -> Option<()> {
    create_for(sim, "services", make::service)
}
fn create_autoscaler(sim: &mut Sim) -> Option<()> {
    let of = sim.any("deployments.apps")?;
    sim.made += 1;
    let name = format!("hpa{}", sim.made);
    let o = make::autoscaler(sim, &name, of.name());
    let _ = sim.ask(
        Method::Post,
        &path("horizontalpodautoscalers.autoscaling", of.namespace()),
        Some(o),
    );
    Some(())
}

fn scale(sim: &mut Sim) -> Option<()> {
    let resource = sim.one_of(&["deployments.apps", "deployments.apps", "statefulsets.apps"])?;
    let o = sim.any(resource)?;
    let n = sim.below(8) as i64;
    let _ = sim.merge(
        &path_of(resource, &o),
        value!({ "spec": { "replicas": n } }),
    );
    Some(())
}

fn update(sim: &mut Sim) -> Option<()> {
    let (resource, o) = workload(sim)?;
    let old = o.at("spec.template.spec.containers").items();
    let image = make::update(sim, old.first().map_or("", |c| c.text("image")));
    let mut v = o.0.clone();
    for c in v.place("spec.template.spec.containers").list_mut() {
        c.set("image", image);
    }
    let _ = sim.ask(Method::Put, &path_of(resource, &o), Some(v));
    Some(())
}

/// As `kubectl rollout undo` does: the template of an older ReplicaSet.
fn undo(sim: &mut Sim) -> Option<()> {
    let o = sim.any("deployments.apps")?;
    let sets: Vec<Object> = sim
        .cluster
        .store
        .owned("replicasets.apps", o.uid())
        .cloned()
        .collect();
    let at = sim.below(sets.len() as u64) as usize;
    let mut template = sets.get(at)?.at("spec.template").clone();
    template
        .place("metadata.labels")
        .remove("pod-template-hash");
    let mut v = o.0.clone();
    v.set("spec.template", template);
    let _ = sim.ask(Method::Put, &path_of("deployments.apps", &o), Some(v));
    Some(())
}

fn pause(sim: &mut Sim) -> Option<()> {
    let o = sim.any("deployments.apps")?;
    let paused = !o.flag("spec.paused");
    let _ = sim.merge(
        &path_of("deployments.apps", &o),
        value!({ "spec": { "paused": paused } }),
    );
    Some(())
}

fn strategy(sim: &mut Sim) -> Option<()> {
    let o = sim.any("deployments.apps")?;
    let strategy = make::strategy(sim);
    let _ = sim.merge(
        &path_of("deployments.apps", &o),
        value!({ "spec": { "strategy": strategy } }),
    );
    Some(())
}

fn suspend(sim: &mut Sim) -> Option<()> {
    let resource = sim.one_of(&["jobs.batch", "cronjobs.batch"])?;
    let o = sim.any(resource)?;
    let suspended = !o.flag("spec.suspend");
    let _ = sim.merge(
        &path_of(resource, &o),
        value!({ "spec": { "suspend": suspended } }),
    );
    Some(())
}

fn options(sim: &mut Sim) -> Value {
    let how = sim
        .one_of(&["Background", "Background", "Foreground", "Orphan"])
        .unwrap_or("Background");
    value!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": how })
}

fn delete_something(sim: &mut Sim) -> Option<()> {
    let resource = sim.one_of(&[
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "cronjobs.batch",
        "services",
        "replicasets.apps",
        "poddisruptionbudgets.policy",
        "resourcequotas",
        "horizontalpodautoscalers.autoscaling",
        "persistentvolumeclaims",
    ])?;
    let o = sim.any(resource).filter(|o| o.name() != "kubernetes")?;
    let how = options(sim);
    let _ = sim.ask(Method::Delete, &path_of(resource, &o), Some(how));
    Some(())
}

fn delete_pod(sim: &mut Sim) -> Option<()> {
    let p = sim.any("pods")?;
    let mut how = value!({ "apiVersion": "v1", "kind": "DeleteOptions" });
    if sim.chance(40) {
        how.set("gracePeriodSeconds", sim.below(3) as i64);
    }
    let _ = sim.ask(Method::Delete, &path_of("pods", &p), Some(how));
    Some(())
}

fn evict(sim: &mut Sim) -> Option<()> {
    let p = sim.any("pods")?;
    evict_pod(sim, &p);
    Some(())
}

fn evict_pod(sim: &mut Sim, p: &Object) {
    let body = value!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": Value::str(p.name()), "namespace": Value::str(p.namespace()) },
    });
    let path = format!("{}/eviction", path_of("pods", p));
    let before = super::truth::budgets_of(&sim.cluster, p);
    let asked = sim.ask(Method::Post, &path, Some(body));
    if asked.is_ok() {
        sim.memory.evicted(&sim.cluster, p, &before);
    }
}

fn drain(sim: &mut Sim) -> Option<()> {
    let node = sim.any("nodes")?;
    let _ = sim.merge(
        &path_of("nodes", &node),
        value!({ "spec": { "unschedulable": true } }),
    );
    let there: Vec<Object> = sim.cluster.store.on_node(node.name()).cloned().collect();
    for p in there {
        if p.controller().text("kind") != "DaemonSet" {
            evict_pod(sim, &p);
        }
    }
    Some(())
}

fn cordon(sim: &mut Sim) -> Option<()> {
    let node = sim.any("nodes")?;
    let to = !node.flag("spec.unschedulable");
    let _ = sim.merge(
        &path_of("nodes", &node),
        value!({ "spec": { "unschedulable": to } }),
    );
    Some(())
}

fn taint(sim: &mut Sim) -> Option<()> {
    let node = sim.any("nodes")?;
    let effect = sim.one_of(&["NoSchedule", "NoExecute", "PreferNoSchedule"])?;
    let mut taints = node.at("spec.taints").items().to_vec();
    let had = taints.len();
    taints.retain(|t| t.text("key") != "sim");
    if taints.len() == had {
        taints.push(value!({ "key": "sim", "value": "x", "effect": effect }));
    }
    let _ = sim.merge(
        &path_of("nodes", &node),
        value!({ "spec": { "taints": taints } }),
    );
    Some(())
}

fn relabel_pod(sim: &mut Sim) -> Option<()> {
    let p = sim.any("pods")?;
    let to = if sim.chance(60) {
        "other".to_string()
    } else {
        workload(sim)?.1.name().to_string()
    };
    let _ = sim.merge(
        &path_of("pods", &p),
        value!({ "metadata": { "labels": { "app": to } } }),
    );
    Some(())
}

fn relabel_node(sim: &mut Sim) -> Option<()> {
    let node = sim.any("nodes")?;
    let zone = sim.one_of(&["a", "b", "c"])?;
    let _ = sim.merge(
        &path_of("nodes", &node),
        value!({ "metadata": { "labels": { "topology.kubernetes.io/zone": zone } } }),
    );
    Some(())
}

fn reselect(sim: &mut Sim) -> Option<()> {
    let service = sim.any("services").filter(|s| s.name() != "kubernetes")?;
    let (_, of) = workload(sim)?;
    let _ = sim.merge(
        &path_of("services", &service),
        value!({ "spec": { "selector": { "app": Value::str(of.name()) } } }),
    );
    Some(())
}

fn namespace_away(sim: &mut Sim) -> Option<()> {
    match sim
        .cluster
        .store
        .get("namespaces", "", NAMESPACES[1])
        .is_some()
    {
        true => drop(sim.ask(
            Method::Delete,
            &format!("/api/v1/namespaces/{}", NAMESPACES[1]),
            None,
        )),
        false => namespace(sim),
    }
    Some(())
}

fn quota_changed(sim: &mut Sim) -> Option<()> {
    let q = sim.any("resourcequotas")?;
    let n = (2 + sim.below(14)).to_string();
    let _ = sim.merge(
        &path_of("resourcequotas", &q),
        value!({ "spec": { "hard": { "pods": n } } }),
    );
    Some(())
}

/// Nothing new begins by itself, and every node takes pods.
pub(super) fn calm(sim: &mut Sim) {
    let crons: Vec<Object> = sim
        .cluster
        .store
        .list("cronjobs.batch", None)
        .cloned()
        .collect();
    for c in crons {
        let _ = sim.merge(
            &path_of("cronjobs.batch", &c),
            value!({ "spec": { "suspend": true } }),
        );
    }
    let nodes: Vec<Object> = sim.cluster.store.list("nodes", None).cloned().collect();
    for n in nodes {
        let mut taints = n.at("spec.taints").items().to_vec();
        taints.retain(|t| {
            t.text("key") != "sim" && t.text("key") != "node.kubernetes.io/unschedulable"
        });
        let spec = value!({ "spec": { "unschedulable": null, "taints": taints } });
        let _ = sim.merge(&path_of("nodes", &n), spec);
    }
}

/// Everything that was made is deleted.
pub(super) fn clear(sim: &mut Sim) {
    for resource in [
        "cronjobs.batch",
        "jobs.batch",
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "replicasets.apps",
        "pods",
        "services",
        "poddisruptionbudgets.policy",
        "resourcequotas",
        "horizontalpodautoscalers.autoscaling",
        "persistentvolumeclaims",
    ] {
        let all: Vec<Object> = sim.cluster.store.list(resource, None).cloned().collect();
        for o in all.iter().filter(|o| {
            o.name() != "kubernetes"
                && o.controller().is_null()
                && !o.namespace().starts_with("kube-")
        }) {
            let how = value!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background" });
            let _ = sim.ask(Method::Delete, &path_of(resource, o), Some(how));
        }
    }
    let _ = sim.ask(
        Method::Delete,
        &format!("/api/v1/namespaces/{}", NAMESPACES[1]),
        None,
    );
}
