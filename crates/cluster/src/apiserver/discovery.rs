//! Which groups, versions and resources there are; health; version. Upstream: `apiserver:pkg/endpoints/discovery`.

use crate::Cluster;
use kinds::Kind;
use machinery::Arrange;
use machinery::{Accept, Request, Response, Status, Value, value};

pub(crate) fn serve(cluster: &mut Cluster, request: &Request) -> Result<Response, Status> {
    let path = request.path.trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["version"] => Ok(Response::ok(version())),
        ["healthz" | "livez" | "readyz", ..] => Ok(health(parts[0], request)),
        ["api"] if request.accept == Accept::Discovery => {
            Ok(Response::ok(aggregated(cluster, true)))
        }
        ["apis"] if request.accept == Accept::Discovery => {
            Ok(Response::ok(aggregated(cluster, false)))
        }
        ["api"] => Ok(Response::ok(value!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "172.18.0.2:6443" }],
        }))),
        ["apis"] => Ok(Response::ok(groups(cluster))),
        ["apis", group] => groups(cluster)
            .get("groups")
            .items()
            .iter()
            .find(|g| g.text("name") == *group)
            .map(|g| {
                let mut g = g.clone();
                g.set("kind", "APIGroup");
                g.set("apiVersion", "v1");
                Response::ok(g)
            })
            .ok_or_else(Status::no_resource),
        ["api", "v1"] => resources(cluster, "", "v1"),
        ["apis", group, version] => resources(cluster, group, version),
        [""] => Ok(Response::ok(
            value!({ "paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"] }),
        )),
        #[cfg(feature = "openapi")]
        ["openapi", rest @ ..] => super::openapi::serve(cluster, rest),
        _ => Err(Status::no_resource()),
    }
}

fn version() -> Value {
    value!({
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": "v1.36.2", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2026-06-11T00:00:00Z", "goVersion": "go1.26.4", "compiler": "gc", "platform": "linux/amd64",
    })
}

/// The checks that `?verbose` lists.
const CHECKS: &[&str] = &["ping", "log", "etcd"];

fn health(which: &str, request: &Request) -> Response {
    if request.param("verbose").is_none() {
        return Response::Text("ok".into());
    }
    let mut out = String::new();
    for c in CHECKS {
        out.push_str(&format!("[+]{c} ok\n"));
    }
    out.push_str(&format!("{which} check passed\n"));
    Response::Text(out)
}

/// Every kind that is served: the built-in ones and those of CustomResourceDefinitions.
pub(crate) fn served(cluster: &Cluster) -> Vec<&'static Kind> {
    let metrics: &[&'static Kind] = if crate::kubelet::metrics::available(cluster) {
        &crate::kubelet::metrics::KINDS
    } else {
        &[]
    };
    kinds::ALL
        .iter()
        .chain(metrics)
        .chain(cluster.api.custom.iter())
        .copied()
        .collect()
}

/// Groups (but core) with their versions, in order of first appearance.
fn group_versions(cluster: &Cluster) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut out: Vec<(&str, Vec<&str>)> = Vec::new();
    for k in served(cluster) {
        if k.group.is_empty() {
            continue;
        }
        match out.iter_mut().find(|g| g.0 == k.group) {
            Some((_, versions)) if !versions.contains(&k.version) => versions.push(k.version),
            Some(_) => {}
            None => out.push((k.group, vec![k.version])),
        }
    }
    for (_, versions) in &mut out {
        versions.arrange_by_key(|v| std::cmp::Reverse(rank(v)));
    }
    out
}

/// Stable versions before beta before alpha, later numbers first.
fn rank(version: &str) -> (u8, u64, u64) {
    let digits = |s: &str| {
        s.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap_or(0)
    };
    let rest = version.trim_start_matches('v');
    let major = digits(rest);
    let tail = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    match tail {
        "" => (3, major, 0),
        t if t.starts_with("beta") => (2, major, digits(&t[4..])),
        t if t.starts_with("alpha") => (1, major, digits(&t[5..])),
        _ => (0, major, 0),
    }
}

fn groups(cluster: &Cluster) -> Value {
    let one = |(name, versions): (&'static str, Vec<&'static str>)| {
        let v = |v: &&'static str| value!({ "groupVersion": format!("{name}/{v}"), "version": *v });
        let list: Vec<Value> = versions.iter().map(v).collect();
        let preferred = list.first().cloned().unwrap_or_default();
        value!({ "name": name, "versions": Value::from(list), "preferredVersion": preferred })
    };
    let list: Vec<Value> = group_versions(cluster).into_iter().map(one).collect();
    value!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": Value::from(list) })
}

fn strings(list: &[&'static str]) -> Value {
    Value::from(list.iter().map(|s| Value::from(*s)).collect::<Vec<_>>())
}

fn resources(cluster: &Cluster, group: &str, version: &str) -> Result<Response, Status> {
    let mut list = Vec::new();
    let mut known = false;
    for k in served(cluster) {
        if k.group != group || k.version != version {
            continue;
        }
        known = true;
        let mut r = value!({
            "name": k.plural, "singularName": k.singular, "namespaced": k.namespaced, "kind": k.kind, "verbs": strings(k.verbs),
        });
        if !k.short.is_empty() {
            r.set("shortNames", strings(k.short));
        }
        if !k.categories.is_empty() {
            r.set("categories", strings(k.categories));
        }
        list.push(r);
        for s in k.subresources {
            let mut r = value!({
                "name": format!("{}/{}", k.plural, s.name), "singularName": "", "namespaced": k.namespaced,
                "kind": if s.kind.is_empty() { k.kind } else { s.kind }, "verbs": strings(s.verbs),
            });
            if let Some((g, v)) = s.group_version.split_once('/') {
                r.set("group", g);
                r.set("version", v);
            }
            list.push(r);
        }
    }
    if !known {
        return Err(Status::no_resource());
    }
    let gv = if group.is_empty() {
        version.to_string()
    } else {
        format!("{group}/{version}")
    };
    Ok(Response::ok(value!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": gv, "resources": Value::from(list),
    })))
}

/// `apidiscovery.k8s.io/v2 APIGroupDiscoveryList`: all in one document.
fn aggregated(cluster: &Cluster, core: bool) -> Value {
    let groups = if core {
        vec![("", vec!["v1"])]
    } else {
        group_versions(cluster)
    };
    let kinds = served(cluster);
    let items: Vec<Value> = groups
        .into_iter()
        .map(|(group, versions)| {
            let one = |version: &&'static str| {
                let own = kinds.iter().filter(|k| k.group == group && k.version == *version);
                let list: Vec<Value> = own.map(|k| aggregated_resource(k)).collect();
                value!({ "version": *version, "freshness": "Current", "resources": Value::from(list) })
            };
            let list: Vec<Value> = versions.iter().map(one).collect();
            let metadata = if group.is_empty() {
                value!({ "creationTimestamp": null })
            } else {
                value!({ "name": group, "creationTimestamp": null })
            };
            value!({ "metadata": metadata, "versions": Value::from(list) })
        })
        .collect();
    value!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": Value::from(items),
    })
}

fn aggregated_resource(k: &'static Kind) -> Value {
    let kind = |group: &'static str, version: &'static str, kind: &'static str| value!({ "group": group, "version": version, "kind": kind });
    let mut r = value!({
        "resource": k.plural, "responseKind": kind(k.group, k.version, k.kind),
        "scope": if k.namespaced { "Namespaced" } else { "Cluster" }, "singularResource": k.singular, "verbs": strings(k.verbs),
    });
    if !k.short.is_empty() {
        r.set("shortNames", strings(k.short));
    }
    if !k.categories.is_empty() {
        r.set("categories", strings(k.categories));
    }
    let sub = |s: &kinds::Subresource| {
        let response = match (s.kind, s.group_version.split_once('/')) {
            ("", _) => kind(k.group, k.version, k.kind),
            (own, Some((g, v))) => {
                value!({ "group": Value::str(g), "version": Value::str(v), "kind": own })
            }
            (own, None) => value!({ "group": "", "version": s.group_version, "kind": own }),
        };
        value!({ "subresource": s.name, "responseKind": response, "verbs": strings(s.verbs) })
    };
    if !k.subresources.is_empty() {
        r.set(
            "subresources",
            Value::from(k.subresources.iter().map(sub).collect::<Vec<_>>()),
        );
    }
    r
}
