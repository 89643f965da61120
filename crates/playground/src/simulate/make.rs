//! The objects that operations make: small, various, and mostly sound.

use super::Sim;
use machinery::{Object, Value, value};

/// Images that run. The second of each pair is what it is updated to.
const GOOD: &[(&str, &str)] = &[
    ("nginx:1.25", "nginx:1.26"),
    ("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.10"),
    ("redis:6", "redis:7"),
    ("httpd:2.4", "httpd:2.4-alpine"),
];

/// `deployments` → `/apis/apps/v1/namespaces/NS/deployments`.
pub(super) fn path(resource: &str, namespace: &str) -> String {
    let (group, plural) = match resource {
        "deployments.apps" => ("/apis/apps/v1", "deployments"),
        "replicasets.apps" => ("/apis/apps/v1", "replicasets"),
        "statefulsets.apps" => ("/apis/apps/v1", "statefulsets"),
        "daemonsets.apps" => ("/apis/apps/v1", "daemonsets"),
        "jobs.batch" => ("/apis/batch/v1", "jobs"),
        "cronjobs.batch" => ("/apis/batch/v1", "cronjobs"),
        "poddisruptionbudgets.policy" => ("/apis/policy/v1", "poddisruptionbudgets"),
        "horizontalpodautoscalers.autoscaling" => {
            ("/apis/autoscaling/v2", "horizontalpodautoscalers")
        }
        "storageclasses.storage.k8s.io" => return "/apis/storage.k8s.io/v1/storageclasses".into(),
        "priorityclasses.scheduling.k8s.io" => {
            return "/apis/scheduling.k8s.io/v1/priorityclasses".into();
        }
        "namespaces" | "nodes" | "persistentvolumes" => return format!("/api/v1/{resource}"),
        plural => ("/api/v1", plural),
    };
    format!("{group}/namespaces/{namespace}/{plural}")
}

/// The path of one object.
pub(super) fn path_of(resource: &str, o: &Object) -> String {
    format!("{}/{}", path(resource, o.namespace()), o.name())
}

pub(super) fn meta(name: &str) -> Value {
    value!({ "name": Value::str(name), "labels": { "app": Value::str(name) } })
}

pub(super) fn selector(name: &str) -> Value {
    value!({ "matchLabels": { "app": Value::str(name) } })
}

/// An image that runs, or now and then one that does not.
pub(super) fn image(sim: &mut Sim) -> &'static str {
    if sim.chance(6) {
        sim.hopeless = true;
        return "nginx:no-such-tag";
    }
    let pair = sim.one_of(GOOD).unwrap_or(GOOD[0]);
    if sim.chance(50) { pair.0 } else { pair.1 }
}

/// What an image is updated to: the other one of its pair, or one that is not there.
pub(super) fn update(sim: &mut Sim, old: &str) -> &'static str {
    if sim.chance(6) {
        sim.hopeless = true;
        return "nginx:no-such-tag";
    }
    let pair = GOOD
        .iter()
        .find(|p| p.0 == old || p.1 == old)
        .unwrap_or(&GOOD[0]);
    if pair.0 == old { pair.1 } else { pair.0 }
}

fn requests(sim: &mut Sim) -> Value {
    let cpu = sim
        .one_of(&["", "10m", "50m", "100m", "100m", "300m", "700m", "1500m"])
        .unwrap_or("");
    let memory = sim
        .one_of(&["", "16Mi", "64Mi", "300Mi", "1Gi"])
        .unwrap_or("");
    let mut requests = Value::map();
    for (name, amount) in [("cpu", cpu), ("memory", memory)] {
        if !amount.is_empty() {
            requests.map_mut().insert(name, amount);
        }
    }
    value!({ "requests": requests })
}

/// A pod template that runs until it is told to end.
pub(super) fn template(sim: &mut Sim, app: &str) -> Value {
    let image = image(sim);
    let mut c = value!({ "name": "main", "image": image, "resources": requests(sim) });
    if image.starts_with("nginx") || image.starts_with("httpd") {
        c.set("ports", value!([{ "containerPort": 80, "name": "http" }]));
        if sim.chance(30) {
            let delay = sim.below(8) as i64;
            c.set("readinessProbe", value!({ "httpGet": { "path": "/", "port": 80 }, "initialDelaySeconds": delay, "periodSeconds": 5 }));
        }
        if sim.chance(15) {
            c.set(
                "livenessProbe",
                value!({ "tcpSocket": { "port": 80 }, "periodSeconds": 5 }),
            );
        }
    }
    if sim.chance(10) {
        c.set(
            "lifecycle",
            value!({ "preStop": { "sleep": { "seconds": 5 } } }),
        );
    }
    let mut spec = value!({ "containers": [c] });
    if sim.chance(15) {
        spec.set("initContainers", value!([{ "name": "init", "image": "busybox:1.36", "command": ["sh", "-c", "sleep 2"] }]));
    } else if sim.chance(10) {
        spec.set("initContainers", value!([{ "name": "beside", "image": "registry.k8s.io/pause:3.9", "restartPolicy": "Always" }]));
    }
    let grace = sim.one_of(&[0i64, 1, 5, 30]).unwrap_or(30);
    spec.set("terminationGracePeriodSeconds", grace);
    if sim.chance(12) {
        spec.set("affinity.podAntiAffinity", value!({
            "requiredDuringSchedulingIgnoredDuringExecution": [{ "labelSelector": selector(app), "topologyKey": "kubernetes.io/hostname" }],
        }));
    } else if sim.chance(12) {
        spec.set("topologySpreadConstraints", value!([{
            "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector(app),
        }]));
    }
    if sim.chance(10) {
        spec.set("tolerations", value!([{ "operator": "Exists" }]));
    } else if sim.chance(20) {
        let s = sim.below(60) as i64;
        spec.set("tolerations", value!([
            { "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": s },
        ]));
    }
    if sim.chance(10) {
        spec.set("priorityClassName", "high");
    }
    value!({ "metadata": { "labels": { "app": Value::str(app) } }, "spec": spec })
}

fn amount(sim: &mut Sim, zero: bool) -> Value {
    match sim.below(4) {
        0 if zero => Value::from(0),
        0 | 1 => Value::from(1 + sim.below(3) as i64),
        2 => Value::from("25%"),
        _ => Value::from("50%"),
    }
}

pub(super) fn strategy(sim: &mut Sim) -> Value {
    if sim.chance(20) {
        return value!({ "type": "Recreate", "rollingUpdate": null });
    }
    // Never both zero.
    let surge = amount(sim, true);
    let zero = surge.as_i64() != Some(0);
    let unavailable = amount(sim, zero);
    value!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": surge, "maxUnavailable": unavailable } })
}

pub(super) fn deployment(sim: &mut Sim, name: &str) -> Value {
    let mut spec = value!({
        "replicas": sim.below(7) as i64, "selector": selector(name), "template": template(sim, name), "strategy": strategy(sim),
    });
    if sim.chance(20) {
        spec.set("minReadySeconds", sim.below(12) as i64);
    }
    value!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name), "spec": spec })
}

pub(super) fn stateful_set(sim: &mut Sim, name: &str) -> Value {
    let mut spec = value!({
        "replicas": sim.below(5) as i64, "selector": selector(name), "template": template(sim, name), "serviceName": Value::str(name),
        "podManagementPolicy": if sim.chance(30) { "Parallel" } else { "OrderedReady" },
    });
    if sim.chance(25) {
        spec.set(
            "updateStrategy",
            value!({ "rollingUpdate": { "partition": sim.below(3) as i64 } }),
        );
    } else if sim.chance(15) {
        spec.set("updateStrategy", value!({ "type": "OnDelete" }));
    }
    if sim.chance(30) {
        spec.set("volumeClaimTemplates", value!([{
            "metadata": { "name": "data" },
            "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
        }]));
    }
    value!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta(name), "spec": spec })
}

pub(super) fn daemon_set(sim: &mut Sim, name: &str) -> Value {
    let mut spec = value!({ "selector": selector(name), "template": template(sim, name) });
    spec.place("template.spec").remove("affinity");
    spec.place("template.spec")
        .remove("topologySpreadConstraints");
    if sim.chance(30) {
        spec.set(
            "updateStrategy",
            value!({ "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } }),
        );
    }
    value!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta(name), "spec": spec })
}

/// A template that comes to an end.
fn task(sim: &mut Sim) -> Value {
    let fails = sim.chance(25);
    let command = if fails {
        "sleep 3; exit 1"
    } else {
        "sleep 5; echo done"
    };
    let restart = if sim.chance(30) { "OnFailure" } else { "Never" };
    value!({
        "metadata": { "labels": { "app": "task" } },
        "spec": {
            "containers": [{ "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", command], "resources": requests(sim) }],
            "restartPolicy": restart,
        },
    })
}

pub(super) fn job_spec(sim: &mut Sim) -> Value {
    let mut spec = value!({
        "template": task(sim), "backoffLimit": sim.below(3) as i64, "completions": 1 + sim.below(5) as i64, "parallelism": 1 + sim.below(3) as i64,
    });
    if sim.chance(35) {
        spec.set("completionMode", "Indexed");
    }
    if sim.chance(15) {
        spec.set("activeDeadlineSeconds", 20 + sim.below(60) as i64);
    }
    if sim.chance(20) {
        spec.set("ttlSecondsAfterFinished", sim.below(100) as i64);
    }
    spec
}

pub(super) fn job(sim: &mut Sim, name: &str) -> Value {
    value!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": meta(name), "spec": job_spec(sim) })
}

pub(super) fn cron_job(sim: &mut Sim, name: &str) -> Value {
    let policy = sim
        .one_of(&["Allow", "Forbid", "Replace"])
        .unwrap_or("Allow");
    value!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta(name),
        "spec": { "schedule": "*/1 * * * *", "concurrencyPolicy": policy, "jobTemplate": { "spec": job_spec(sim) } },
    })
}

pub(super) fn budget(sim: &mut Sim, name: &str, app: &str) -> Value {
    let field = if sim.chance(50) {
        "minAvailable"
    } else {
        "maxUnavailable"
    };
    let mut spec = value!({ "selector": selector(app) });
    let n = amount(sim, true);
    spec.set(field, n);
    if sim.chance(30) {
        spec.set("unhealthyPodEvictionPolicy", "AlwaysAllow");
    }
    value!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta(name), "spec": spec })
}

pub(super) fn quota(sim: &mut Sim, name: &str) -> Value {
    let mut hard = Value::map();
    if sim.chance(80) {
        hard.map_mut()
            .insert("pods", (2 + sim.below(12)).to_string());
    }
    if hard.is_empty() || sim.chance(30) {
        hard.map_mut()
            .insert("count/deployments.apps", (1 + sim.below(3)).to_string());
        hard.map_mut()
            .insert("services", (1 + sim.below(3)).to_string());
    }
    value!({ "apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta(name), "spec": { "hard": hard } })
}

pub(super) fn autoscaler(sim: &mut Sim, name: &str, of: &str) -> Value {
    let (min, max) = (1 + sim.below(3) as i64, 3 + sim.below(4) as i64);
    value!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta(name),
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": Value::str(of) },
            "minReplicas": min, "maxReplicas": max,
            "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 50 } } }],
        },
    })
}

pub(super) fn service(sim: &mut Sim, name: &str, app: &str) -> Value {
    let kind = sim
        .one_of(&["ClusterIP", "ClusterIP", "NodePort", "LoadBalancer"])
        .unwrap_or("ClusterIP");
    let mut spec =
        value!({ "selector": { "app": Value::str(app) }, "ports": [{ "port": 80 }], "type": kind });
    if kind == "ClusterIP" && sim.chance(30) {
        spec.set("clusterIP", "None");
    }
    if sim.chance(15) {
        spec.set("publishNotReadyAddresses", true);
    }
    value!({ "apiVersion": "v1", "kind": "Service", "metadata": meta(name), "spec": spec })
}

pub(super) fn pod(sim: &mut Sim, name: &str) -> Value {
    let mut t = template(sim, name);
    t.set("apiVersion", "v1");
    t.set("kind", "Pod");
    t.set("metadata", meta(name));
    t
}
