//! As whom a container runs: user and groups, and `runAsNonRoot`.
//! Upstream: `pkg/kubelet/kuberuntime/security_context.go`, `security_context_others.go`.

use super::catalogue::Image;
use super::run::{ContainerRun, PodRun};
use machinery::{Object, Value, value};

/// Images that do not run as root: part of the repository's name, and the user.
const USERS: &[(&str, &str)] = &[
    ("nginx-unprivileged", "101"),
    ("bitnami/", "1001"),
    ("grafana/grafana", "472"),
    ("prom/", "nobody"),
    ("registry.k8s.io/pause", "65535"),
    ("k8s.gcr.io/pause", "65535"),
    ("metrics-server", "65534"),
    ("jenkins/jenkins", "jenkins"),
    ("elasticsearch", "1000"),
];

fn image_user(image: &Image) -> &'static str {
    let named = |part: &str| image.repositories.iter().any(|r| r.contains(part));
    USERS.iter().find(|u| named(u.0)).map_or("", |u| u.1)
}

/// A setting of the container, or else of the pod.
fn setting(pod: &Object, c: &Value, key: &str) -> Value {
    match c.get("securityContext").get(key) {
        Value::Null => pod.spec().get("securityContext").get(key).clone(),
        own => own.clone(),
    }
}

/// Refuses to run as root where that is forbidden.
pub fn check(pod: &Object, run: &PodRun, i: usize, image: &Image) -> Result<(), String> {
    let Some(c) = run.containers.get(i).map(|c| c.spec(pod)) else {
        return Ok(());
    };
    if setting(pod, c, "runAsNonRoot").as_bool() != Some(true) {
        return Ok(());
    }
    let place = format!(
        "(pod: \"{}_{}({})\", container: {})",
        pod.name(),
        pod.namespace(),
        pod.uid(),
        c.text("name")
    );
    match (setting(pod, c, "runAsUser").as_i64(), image_user(image)) {
        (Some(0), _) => Err(format!(
            "container's runAsUser breaks non-root policy {place}"
        )),
        (Some(_), _) => Ok(()),
        (None, "" | "0" | "root") => Err(format!(
            "container has runAsNonRoot and image will run as root {place}"
        )),
        (None, user) if user.parse::<i64>().is_err() => Err(format!(
            "container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root {place}"
        )),
        _ => Ok(()),
    }
}

/// `user.linux` of a container status.
pub fn user(pod: &Object, c: &ContainerRun) -> Value {
    let spec = c.spec(pod);
    let image = c.image.map_or(0, |i| image_user(i).parse().unwrap_or(0));
    let uid = setting(pod, spec, "runAsUser").as_i64().unwrap_or(image);
    let gid = setting(pod, spec, "runAsGroup").as_i64().unwrap_or(0);
    let own = pod.spec().get("securityContext");
    let mut groups = vec![gid];
    let more = own.get("supplementalGroups").items().iter();
    let more = more
        .filter_map(Value::as_i64)
        .chain(own.get("fsGroup").as_i64());
    for g in more {
        if !groups.contains(&g) {
            groups.push(g);
        }
    }
    groups.sort_unstable();
    let groups: Vec<Value> = groups.into_iter().map(Value::from).collect();
    value!({ "linux": { "gid": gid, "supplementalGroups": Value::from(groups), "uid": uid } })
}
