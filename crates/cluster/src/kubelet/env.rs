//! The environment of a container: its own variables from values, ConfigMaps, Secrets, the pod and its resources; what
//! the image sets; and the Services of the namespace. `$(NAME)` is expanded as upstream does.
//! Upstream: `pkg/kubelet/kubelet_pods.go` (`makeEnvironmentVariables`), `third_party/forked/golang/expansion`.

use super::catalogue::Image;
use super::run::PodRun;
use crate::Cluster;
use crate::ip;
use machinery::time::Millis;
use machinery::{Object, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

type Env = BTreeMap<String, String>;

/// The container's own variables if they have to be kept: those that come from elsewhere may change later. None where
/// the spec alone makes them. The error is the message of `CreateContainerConfigError`.
pub fn resolve(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    i: usize,
    image: &Image,
) -> Result<Option<Rc<Vec<(String, String)>>>, String> {
    let spec = run.containers[i].spec(pod);
    if spec.get("env").items().is_empty() && spec.get("envFrom").items().is_empty() {
        return Ok(None);
    }
    let base = base(cluster, pod, image, cluster.now);
    own(cluster, pod, run, spec, &base).map(|own| Some(Rc::new(own)))
}

/// All variables of a container, as its processes see them.
pub fn full(cluster: &Cluster, pod: &Object, run: &PodRun, i: usize) -> Env {
    let Some(c) = run.containers.get(i) else {
        return Env::new();
    };
    let Some(image) = c.image else {
        return Env::new();
    };
    let since = match c.phase {
        super::run::Phase::Running { since } => since,
        _ => cluster.now,
    };
    let mut env = base(cluster, pod, image, since);
    if super::identity::is_other(pod, c.spec(pod)) {
        env.insert("HOME".into(), "/".into());
    }
    if let Some(own) = &c.env {
        env.extend(own.iter().cloned());
    }
    env
}

/// What is there before the container's own: image, host name, Services that stood when it started.
fn base(cluster: &Cluster, pod: &Object, image: &Image, since: Millis) -> Env {
    let mut env: Env = machinery::arrange::gather(
        image
            .env
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string())),
    );
    env.insert("HOSTNAME".into(), super::volumes::base::hostname(pod));
    env.insert("HOME".into(), "/root".into());
    let links = pod
        .spec()
        .get("enableServiceLinks")
        .as_bool()
        .unwrap_or(true);
    for s in cluster.store.list("services", Some("default")) {
        if s.name() == "kubernetes" {
            service(&mut env, s);
        }
    }
    if links {
        for s in cluster.store.list("services", Some(pod.namespace())) {
            if s.created() <= since && !(s.name() == "kubernetes" && s.namespace() == "default") {
                service(&mut env, s);
            }
        }
    }
    env
}

/// `WEB_SERVICE_HOST`, `WEB_SERVICE_PORT`, `WEB_PORT_80_TCP_ADDR`, ...
fn service(env: &mut Env, s: &Object) {
    let ip = s.text("spec.clusterIP");
    if ip.is_empty() || ip == "None" {
        return;
    }
    let name = s.name().to_uppercase().replace('-', "_");
    let ports = s.at("spec.ports").items();
    env.insert(format!("{name}_SERVICE_HOST"), ip.to_string());
    for (i, p) in ports.iter().enumerate() {
        let (port, proto) = (
            p.int("port"),
            match p.text("protocol") {
                "" => "TCP",
                x => x,
            },
        );
        let url = format!("{}://{ip}:{port}", proto.to_lowercase());
        if i == 0 {
            env.insert(format!("{name}_SERVICE_PORT"), port.to_string());
            env.insert(format!("{name}_PORT"), url.clone());
        }
        if !p.text("name").is_empty() {
            let port_name = p.text("name").to_uppercase().replace('-', "_");
            env.insert(format!("{name}_SERVICE_PORT_{port_name}"), port.to_string());
        }
        let prefix = format!("{name}_PORT_{port}_{proto}");
        env.insert(prefix.clone(), url);
        env.insert(format!("{prefix}_PROTO"), proto.to_lowercase());
        env.insert(format!("{prefix}_PORT"), port.to_string());
        env.insert(format!("{prefix}_ADDR"), ip.to_string());
    }
}

fn own(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    spec: &Value,
    base: &Env,
) -> Result<Vec<(String, String)>, String> {
    let mut out: Vec<(String, String)> = Vec::new();
    for from in spec.get("envFrom").items() {
        env_from(cluster, pod, from, &mut out)?;
    }
    for e in spec.get("env").items() {
        let value = if e.has("value") || !e.has("valueFrom") {
            expand(e.text("value"), |name| lookup(&out, base, name))
        } else {
            match value_from(cluster, pod, run, spec, e.get("valueFrom"))? {
                Some(value) => value,
                None => continue,
            }
        };
        out.retain(|(k, _)| k != e.text("name"));
        out.push((e.text("name").to_string(), value));
    }
    Ok(out)
}

fn lookup(own: &[(String, String)], base: &Env, name: &str) -> Option<String> {
    own.iter()
        .rev()
        .find(|(k, _)| k == name)
        .map(|(_, v)| v.clone())
        .or_else(|| base.get(name).cloned())
}

fn env_from(
    cluster: &Cluster,
    pod: &Object,
    from: &Value,
    out: &mut Vec<(String, String)>,
) -> Result<(), String> {
    for (field, resource, what) in [
        ("configMapRef", "configmaps", "configmap"),
        ("secretRef", "secrets", "secret"),
    ] {
        let r = from.get(field);
        if r.is_null() {
            continue;
        }
        let Some(source) = cluster.store.get(resource, pod.namespace(), r.text("name")) else {
            if r.flag("optional") {
                continue;
            }
            return Err(format!("{what} \"{}\" not found", r.text("name")));
        };
        for (key, text) in data(source) {
            let name = format!("{}{key}", from.text("prefix"));
            out.retain(|(k, _)| *k != name);
            out.push((name, text));
        }
    }
    Ok(())
}

/// The text entries of a ConfigMap or Secret.
fn data(o: &Object) -> Vec<(String, String)> {
    let secret = o.kind() == "Secret";
    let entries = o.get("data").entries().iter();
    entries
        .map(|(k, v)| {
            let v = v.as_str().unwrap_or("");
            let text = if secret {
                String::from_utf8_lossy(&codec::decode_base64(v).unwrap_or_default()).into_owned()
            } else {
                v.to_string()
            };
            (k.to_string(), text)
        })
        .collect()
}

fn value_from(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    spec: &Value,
    from: &Value,
) -> Result<Option<String>, String> {
    let keyed = [
        ("configMapKeyRef", "configmaps", "configmap", "ConfigMap"),
        ("secretKeyRef", "secrets", "secret", "Secret"),
    ];
    for (field, resource, what, kind) in keyed {
        let r = from.get(field);
        if r.is_null() {
            continue;
        }
        let (name, key, optional) = (r.text("name"), r.text("key"), r.flag("optional"));
        let Some(source) = cluster.store.get(resource, pod.namespace(), name) else {
            return if optional {
                Ok(None)
            } else {
                Err(format!("{what} \"{name}\" not found"))
            };
        };
        return match data(source).into_iter().find(|(k, _)| k == key) {
            Some((_, text)) => Ok(Some(text)),
            None if optional => Ok(None),
            None => Err(format!(
                "couldn't find key {key} in {kind} {}/{name}",
                pod.namespace()
            )),
        };
    }
    if !from.get("fieldRef").is_null() {
        return Ok(Some(field(
            cluster,
            pod,
            run,
            from.at("fieldRef").text("fieldPath"),
        )));
    }
    let r = from.get("resourceFieldRef");
    if !r.is_null() {
        let other = r.text("containerName");
        let all = pod
            .spec()
            .get("containers")
            .items()
            .iter()
            .chain(pod.spec().get("initContainers").items());
        let holder = all
            .into_iter()
            .find(|c| c.text("name") == other)
            .unwrap_or(spec);
        return Ok(Some(resource(cluster, run, holder, r)));
    }
    Ok(Some(String::new()))
}

/// A field of the pod, as the downward API gives it.
pub fn field(cluster: &Cluster, pod: &Object, run: &PodRun, path: &str) -> String {
    let ip = || {
        if run.ip == 0 {
            String::new()
        } else {
            ip::text(run.ip)
        }
    };
    let host = || ip::text(cluster.kubelets.node(&run.node).map_or(0, |n| n.ip));
    let subscript = |prefix: &str| {
        path.strip_prefix(prefix)?
            .strip_prefix("['")?
            .strip_suffix("']")
    };
    match path {
        "metadata.name" => pod.name().to_string(),
        "metadata.namespace" => pod.namespace().to_string(),
        "metadata.uid" => pod.uid().to_string(),
        "spec.nodeName" => run.node.to_string(),
        "spec.serviceAccountName" => pod.text("spec.serviceAccountName").to_string(),
        "status.podIP" | "status.podIPs" => ip(),
        "status.hostIP" | "status.hostIPs" => host(),
        "metadata.labels" => pairs(pod.labels()),
        "metadata.annotations" => pairs(pod.at("metadata.annotations").entries()),
        _ => match (
            subscript("metadata.labels"),
            subscript("metadata.annotations"),
        ) {
            (Some(key), _) => pod.label(key).unwrap_or("").to_string(),
            (_, Some(key)) => pod.annotation(key).unwrap_or("").to_string(),
            _ => String::new(),
        },
    }
}

fn pairs(entries: &[(machinery::Str, Value)]) -> String {
    let line = |(k, v): &(machinery::Str, Value)| {
        format!("{k}={}", machinery::json::quote(v.as_str().unwrap_or("")))
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A resource of a container in units of the divisor, rounded up; the node's where no limit is set.
pub fn resource(cluster: &Cluster, run: &PodRun, spec: &Value, r: &Value) -> String {
    let path = r.text("resource");
    let (list, name) = path.split_once('.').unwrap_or(("", path));
    let set = spec
        .get("resources")
        .get(list)
        .get(name)
        .as_str()
        .and_then(nano);
    let node = || {
        let node = cluster.store.get("nodes", "", &run.node);
        node.and_then(|n| n.at("status.allocatable").get(name).as_str().and_then(nano))
            .unwrap_or(0)
    };
    let amount = match (set, list) {
        (Some(n), _) => n,
        (None, "limits") => node(),
        _ => 0,
    };
    let divisor = r
        .get("divisor")
        .as_str()
        .and_then(nano)
        .filter(|d| *d > 0)
        .unwrap_or(1_000_000_000);
    ((amount + divisor - 1) / divisor).to_string()
}

/// A quantity in billionths.
pub fn nano(text: &str) -> Option<i128> {
    kinds::quantity::parse(text).map(|q| q.0)
}

/// `$(NAME)` of a known name becomes its value, `$$` a dollar; all else stays.
pub fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            match value(name) {
                Some(v) => out.push_str(&v),
                None => out.push_str(&format!("$({name})")),
            }
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion_follows_upstream() {
        let value = |name: &str| (name == "A").then(|| "x".to_string());
        for (text, expected) in [
            ("$(A) and $(B)", "x and $(B)"),
            ("$$(A) $A $", "$(A) $A $"),
            ("$(A", "$(A"),
        ] {
            assert_eq!(expand(text, value), expected, "{text}");
        }
    }
}
