//! `create ingress NAME --rule=host/path=service:port[,tls[=secret]]`.

use super::*;
use machinery::value;

pub const COMMAND: Command = Command {
    name: "ingress",
    aliases: &["ing"],
    usage: "NAME --rule=host/path=service:port[,tls[=secret]]",
    short: "Create an ingress with the specified name",
    examples: &[Example(
        "Send a host's paths to a service",
        "kubectl create ingress site --rule='shop.example/*=web:80'",
    )],
    flags: &[
        &[
            Flag::text("class", "Ingress Class to be used."),
            Flag::array(
                "rule",
                "Rule in format host/path=service:port[,tls=secretname]. Paths ending in '*' match as prefix.",
            ),
            Flag::text(
                "default-backend",
                "Default service for backend, in format of svcname:port.",
            ),
            Flag::array(
                "annotation",
                "Annotation to insert in the ingress object, in the format annotation=value.",
            ),
        ],
        OUTPUT,
        DRY_RUN,
        &manager("kubectl-create"),
        VALIDATE,
        SAVE_CONFIG,
    ],
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    let name = name(&cx)?;
    if !cx.given("rule") && !cx.given("default-backend") {
        return Err(text(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let mut object = value!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": name }, "spec": {}, "status": { "loadBalancer": {} },
    });
    for a in cx.list("annotation") {
        let (k, v) = a.split_once('=').ok_or_else(|| {
            text(format!(
                "annotation {a} is invalid and should be in format key=[value]"
            ))
        })?;
        *object.place("metadata.annotations").field(k) = Value::str(v);
    }
    if cx.given("class") {
        object.set("spec.ingressClassName", cx.flag("class").to_string());
    }
    if cx.given("default-backend") {
        let backend = backend(cx.flag("default-backend"))
            .ok_or_else(|| text("default-backend should be in format servicename:serviceport"))?;
        object.set("spec.defaultBackend", backend);
    }
    let (mut rules, mut tls): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for rule in cx.list("rule") {
        let bad = || {
            text(format!(
                "rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        };
        let (main, secret) = match rule.split_once(',') {
            Some((m, t)) => (
                m,
                // Upstream's pattern takes any word here; only `tls` has an effect.
                t.strip_prefix("tls").map(|t| t.trim_start_matches('=')),
            ),
            None => (rule.as_str(), None),
        };
        let (place, service) = main.split_once('=').ok_or_else(bad)?;
        let (host, path) = place.split_once('/').ok_or_else(bad)?;
        let backend = backend(service).ok_or_else(bad)?;
        let (path, kind) = match path.strip_suffix('*') {
            Some(p) => (format!("/{p}"), "Prefix"),
            None => (format!("/{path}"), "Exact"),
        };
        let path = value!({ "path": path, "pathType": kind, "backend": backend });
        let known = rules.iter().position(|r| r.text("host") == host);
        match known.and_then(|i| rules.get_mut(i)) {
            Some(r) => r.place("http.paths").push(path),
            None => {
                let mut r = value!({ "http": { "paths": [path] } });
                if !host.is_empty() {
                    r.set("host", host.to_string());
                }
                rules.push(r);
            }
        }
        if let Some(secret) = secret {
            let mut t = Value::map();
            if !host.is_empty() {
                t.set("hosts", vec![host.to_string()]);
            }
            if !secret.is_empty() {
                t.set("secretName", secret.to_string());
            }
            tls.push(t);
        }
    }
    if !rules.is_empty() {
        object.set("spec.rules", rules);
    }
    if !tls.is_empty() {
        object.set("spec.tls", tls);
    }
    finish(&cx, Object(object), "failed to create ingress")
}

fn backend(service: &str) -> Option<Value> {
    let (name, port) = service.split_once(':')?;
    if name.is_empty() || port.is_empty() {
        return None;
    }
    let port = match port.parse::<i64>() {
        Ok(n) => value!({ "number": n }),
        Err(_) => value!({ "name": Value::str(port) }),
    };
    Some(value!({ "service": { "name": Value::str(name), "port": port } }))
}
