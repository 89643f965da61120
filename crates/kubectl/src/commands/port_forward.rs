//! `kubectl port-forward`. The connection keeps local ports listening until it is closed; the page's browser pane and
//! `curl` reach them through the simulated network. Upstream: `kubectl:pkg/cmd/portforward`.

use super::*;
use crate::command::{Complete, Example, Run};
use crate::cx::Cx;
use crate::fail::{Fail, text, usage};
use crate::resources::Info;
use crate::stream;
use machinery::{Method, Object, Request, StreamIn, Value};

pub const COMMAND: Command = Command {
    name: "port-forward",
    group: TROUBLE,
    usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    short: "Forward one or more local ports to a pod",
    long: "Forwards ports of your machine to a pod, directly or by way of a Service or a Deployment. It goes on until you stop it.",
    examples: &[
        Example(
            "Port 8888 here to port 80 of a pod",
            "kubectl port-forward pod/web 8888:80",
        ),
        Example(
            "By way of a service",
            "kubectl port-forward service/web 8443:https",
        ),
    ],
    flags: &[&[
        Flag::list("address", "Addresses to listen on (comma separated).").or("localhost"),
        Flag::duration(
            "pod-running-timeout",
            "1m0s",
            "The length of time to wait until at least one pod is running.",
        ),
    ]],
    complete: Complete::Names("pods"),
    run: Some(|cx| -> Run { Box::pin(run(cx)) }),
    ..Command::NONE
};

async fn run(cx: Cx) -> Result<(), Fail> {
    if cx.args().len() < 2 {
        return Err(usage(
            "TYPE/NAME and list of ports are required for port-forward",
        ));
    }
    let info = stream::named(&cx, &cx.args()[..1]).await?;
    let pod = running(&cx, &info).await?;
    let mut ports = Vec::new();
    for spec in &cx.args()[1..] {
        ports.push(port(&info, &pod.object, spec)?);
    }
    let phase = pod.object.text("status.phase");
    if phase != "Running" {
        return Err(text(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let joined = |pick: fn(&(i64, i64)) -> i64| -> String {
        let list: Vec<String> = ports.iter().map(|p| pick(p).to_string()).collect();
        list.join(",")
    };
    let request = Request::new(Method::Post, format!("{}/portforward", pod.path()))
        .with("ports", joined(|p| p.1))
        .with("local", joined(|p| p.0));
    let id = stream::open(&cx, request)?;
    let api = cx.api.clone();
    cx.host.0.on_exit(move |_| {
        api.stream(id, StreamIn::Close);
    });
    let addresses = cx.list("address");
    for (local, remote) in &ports {
        for address in &addresses {
            match address.as_str() {
                "localhost" => {
                    cx.line(format!("Forwarding from 127.0.0.1:{local} -> {remote}"));
                    cx.line(format!("Forwarding from [::1]:{local} -> {remote}"));
                }
                a => cx.line(format!("Forwarding from {a}:{local} -> {remote}")),
            }
        }
    }
    loop {
        let out = cx.api.stream(id, StreamIn::Poll);
        for (fd, bytes) in &out.chunks {
            cx.host.bytes(*fd, bytes);
        }
        match out.ended {
            Some(Ok(_)) => return Err(text("lost connection to pod")),
            Some(Err(words)) => {
                cx.err(format!("{words}\n"));
                return Err(text("lost connection to pod"));
            }
            None => cx.host.changed().await,
        }
    }
}

/// The pod behind the object, once it runs.
async fn running(cx: &Cx, info: &Info) -> Result<Info, Fail> {
    if info.res.kind == "Service" && info.object.at("spec.selector").is_empty() {
        return Err(text(format!(
            "cannot attach to {}: invalid service '{}': Service is defined without a selector",
            "*v1.Service", info.name
        )));
    }
    let deadline = cx.now() + cx.millis("pod-running-timeout");
    loop {
        match stream::pods_of(cx, info, "attach to")?.into_iter().next() {
            Some(pod) if info.res.kind == "Pod" || pod.object.text("status.phase") == "Running" => {
                return Ok(pod);
            }
            _ => {}
        }
        if cx.now() >= deadline {
            return Err(text("timed out waiting for the condition"));
        }
        cx.host.changed_until(Some(deadline)).await;
    }
}

/// `8888:80`, `80`, `:80`, `8443:https` as (local, the pod's port).
fn port(info: &Info, pod: &Object, spec: &str) -> Result<(i64, i64), Fail> {
    let (local, remote) = spec.split_once(':').unwrap_or((spec, spec));
    let number = if info.res.kind == "Service" {
        of_service(info, pod, remote)?
    } else {
        match remote.parse::<i64>() {
            Ok(n) => n,
            Err(_) => named(pod, remote).ok_or_else(|| {
                text(format!(
                    "Pod '{}' does not have a named port '{remote}'",
                    pod.name()
                ))
            })?,
        }
    };
    let local = match local {
        // A free port is any that is not taken; this one is the pod's own, shifted out of the well-known range.
        "" | "0" => 30_000 + number % 10_000,
        l if l == remote && l.parse::<i64>().is_err() => number,
        l => l.parse::<i64>().map_err(|_| {
            text(format!(
                "error parsing local port '{l}': strconv.ParseUint: parsing \"{l}\": invalid syntax"
            ))
        })?,
    };
    let fits = |n: i64| (1..=65_535).contains(&n);
    if !fits(local) || !fits(number) {
        return Err(text(format!(
            "error parsing port '{spec}': value out of range"
        )));
    }
    Ok((local, number))
}

fn named(pod: &Object, name: &str) -> Option<i64> {
    let ports = pod
        .at("spec.containers")
        .items()
        .iter()
        .flat_map(|c| c.get("ports").items());
    let mut hit = ports.filter(|p| p.text("name") == name);
    hit.next().map(|p| p.int("containerPort"))
}

/// The pod's port behind a port of a Service.
fn of_service(info: &Info, pod: &Object, remote: &str) -> Result<i64, Fail> {
    let ports = info.object.at("spec.ports").items();
    let wanted = remote.parse::<i64>().ok();
    let hit = ports.iter().find(|p| match wanted {
        Some(n) => p.int("port") == n,
        None => p.text("name") == remote,
    });
    let Some(p) = hit else {
        return Err(text(match wanted {
            Some(n) => format!("Service {} does not have a service port {n}", info.name),
            None => format!(
                "Service '{}' does not have a named port '{remote}'",
                info.name
            ),
        }));
    };
    if info.object.text("spec.clusterIP") == "None" {
        return Ok(p.int("port"));
    }
    match p.get("targetPort") {
        Value::Str(name) => named(pod, name).ok_or_else(|| {
            text(format!(
                "Pod '{}' does not have a named port '{name}'",
                pod.name()
            ))
        }),
        v => Ok(v.as_i64().filter(|n| *n > 0).unwrap_or(p.int("port"))),
    }
}
