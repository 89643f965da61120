//! As whom a container runs: user and groups, and `runAsNonRoot`.
//! Upstream: `pkg/kubelet/kuberuntime/security_context.go`, `security_context_others.go`.

use super::images;
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
    ("curlimages/curl", "curl_user"),
    ("memcached", "memcache"),
    ("podinfo", "app"),
];

/// The user that an image names, by the repository it was asked for under.
fn image_user(spec: &Value) -> &'static str {
    let repository = images::parse(spec.text("image")).map_or_else(String::new, |r| r.repository);
    let named = |part: &str| repository.contains(part);
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
pub fn check(pod: &Object, run: &PodRun, i: usize) -> Result<(), String> {
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
    match (setting(pod, c, "runAsUser").as_i64(), image_user(c)) {
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
    let (uid, gid, groups) = ids(pod, spec);
    let groups: Vec<Value> = groups.into_iter().map(Value::from).collect();
    value!({ "linux": { "gid": gid, "supplementalGroups": Value::from(groups), "uid": uid } })
}

/// User, group and all groups of a container's processes.
fn ids(pod: &Object, spec: &Value) -> (i64, i64, Vec<i64>) {
    let image = image_user(spec).parse().unwrap_or(0);
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
    (uid, gid, groups)
}

/// Whether a container's processes are somebody else than root.
pub fn is_other(pod: &Object, spec: &Value) -> bool {
    ids(pod, spec).0 != 0
}

/// What `/proc/self/status` says of a container's processes where they are not plainly root.
pub fn process_status(pod: &Object, spec: &Value) -> Option<String> {
    let (uid, gid, groups) = ids(pod, spec);
    if uid == 0 && gid == 0 && groups == [0] {
        return None;
    }
    let groups: Vec<String> = groups.iter().map(i64::to_string).collect();
    let four = |n: i64| format!("{n}\t{n}\t{n}\t{n}");
    Some(format!(
        "Uid:\t{}\nGid:\t{}\nGroups:\t{} \n",
        four(uid),
        four(gid),
        groups.join(" ")
    ))
}
