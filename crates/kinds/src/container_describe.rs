//! Descriptions of containers: state, command, resources, probes, environment, mounts.
//! Upstream: `describeContainers` in `kubectl:pkg/describe/describe.go`.

use crate::describe::{Describe, rfc1123};
use machinery::Arrange;
use machinery::{NULL, Object, Quantity, Value};

pub fn containers(
    d: &mut Describe,
    title: &str,
    list: &Value,
    statuses: &Value,
    pod: Option<&Object>,
    space: &str,
) {
    let none = if list.items().is_empty() {
        " <none>"
    } else {
        ""
    };
    d.line(0, format!("{space}{title}:{none}"));
    for c in list.items() {
        let status = statuses
            .items()
            .iter()
            .find(|s| s.text("name") == c.text("name"));
        basics(d, c, status, space);
        for (title, key) in [("Command", "command"), ("Args", "args")] {
            let words = c.get(key).items();
            if !words.is_empty() {
                d.line(2, format!("{title}:"));
            }
            for line in words
                .iter()
                .flat_map(|w| w.as_str().unwrap_or("").split('\n'))
            {
                d.line(3, line);
            }
        }
        if let Some(status) = status {
            state(d, "State", status.get("state"));
            if !status.at("lastState.terminated").is_null() {
                state(d, "Last State", status.get("lastState"));
            }
            let ready = if status.flag("ready") {
                "True"
            } else {
                "False"
            };
            d.line(2, format!("Ready:\t{ready}"));
            d.line(2, format!("Restart Count:\t{}", status.int("restartCount")));
        }
        resources(d, 2, c.get("resources"));
        for (title, key) in [
            ("Liveness", "livenessProbe"),
            ("Readiness", "readinessProbe"),
            ("Startup", "startupProbe"),
        ] {
            if !c.get(key).is_null() {
                d.line(2, format!("{title}:\t{}", probe(c.get(key))));
            }
        }
        env_from(d, c);
        env(d, c, pod);
        mounts(d, c);
    }
}

fn basics(d: &mut Describe, c: &Value, status: Option<&Value>, space: &str) {
    let indent = if space.is_empty() { "" } else { " " };
    d.line(1, format!("{indent}{}:", c.text("name")));
    if let Some(s) = status {
        d.line(2, format!("Container ID:\t{}", s.text("containerID")));
    }
    d.line(2, format!("Image:\t{}", c.text("image")));
    if let Some(s) = status {
        d.line(2, format!("Image ID:\t{}", s.text("imageID")));
    }
    for (title, key) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let one = |p: &Value| {
            let port = format!("{}/{}", p.int(key), p.text("protocol"));
            if p.text("name").is_empty() {
                port
            } else {
                format!("{port} ({})", p.text("name"))
            }
        };
        let all: Vec<String> = c.get("ports").items().iter().map(one).collect();
        match all.len() {
            0 => d.line(2, format!("{title}:\t<none>")),
            1 => d.line(2, format!("{title}:\t{}", all.join(", "))),
            _ => d.line(2, format!("{title}s:\t{}", all.join(", "))),
        }
    }
    seccomp(d, 2, 3, c.get("securityContext"));
}

pub fn seccomp(d: &mut Describe, level: usize, inner: usize, context: &Value) {
    let profile = context.get("seccompProfile");
    if !profile.is_null() {
        d.line(level, format!("SeccompProfile:\t{}", profile.text("type")));
        if profile.text("type") == "Localhost" {
            d.line(
                inner,
                format!("LocalhostProfile:\t{}", profile.text("localhostProfile")),
            );
        }
    }
}

fn state(d: &mut Describe, title: &str, state: &Value) {
    let (running, terminated) = (state.get("running"), state.get("terminated"));
    if !running.is_null() {
        d.line(2, format!("{title}:\tRunning"));
        d.line(
            3,
            format!("Started:\t{}", rfc1123(running.text("startedAt"))),
        );
    } else if !state.get("waiting").is_null() || terminated.is_null() {
        d.line(2, format!("{title}:\tWaiting"));
        if !state.text("waiting.reason").is_empty() {
            d.line(3, format!("Reason:\t{}", state.text("waiting.reason")));
        }
    } else {
        d.line(2, format!("{title}:\tTerminated"));
        for (title, key) in [("Reason", "reason"), ("Message", "message")] {
            if !terminated.text(key).is_empty() {
                d.line(3, format!("{title}:\t{}", terminated.text(key)));
            }
        }
        d.line(3, format!("Exit Code:\t{}", terminated.int("exitCode")));
        if terminated.int("signal") > 0 {
            d.line(3, format!("Signal:\t{}", terminated.int("signal")));
        }
        d.line(
            3,
            format!("Started:\t{}", rfc1123(terminated.text("startedAt"))),
        );
        d.line(
            3,
            format!("Finished:\t{}", rfc1123(terminated.text("finishedAt"))),
        );
    }
}

pub fn resources(d: &mut Describe, level: usize, r: &Value) {
    for (title, key) in [("Limits", "limits"), ("Requests", "requests")] {
        let amounts = r.get(key).entries();
        if !amounts.is_empty() {
            d.line(level, format!("{title}:"));
        }
        for (name, amount) in amounts {
            d.line(
                level + 1,
                format!("{name}:\t{}", amount.as_str().unwrap_or("")),
            );
        }
    }
}

/// `http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3`.
pub fn probe(p: &Value) -> String {
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        p.int("initialDelaySeconds"),
        p.int("timeoutSeconds"),
        p.int("periodSeconds"),
        p.int("successThreshold"),
        p.int("failureThreshold")
    );
    let port = |v: &Value| match v {
        Value::Int(n) => n.to_string(),
        other => other.as_str().unwrap_or("").to_string(),
    };
    let (exec, http, tcp, grpc) = (
        p.get("exec"),
        p.get("httpGet"),
        p.get("tcpSocket"),
        p.get("grpc"),
    );
    if !exec.is_null() {
        let words: Vec<&str> = exec
            .get("command")
            .items()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        format!("exec [{}] {attributes}", words.join(" "))
    } else if !http.is_null() {
        let path = match http.text("path") {
            p if p.is_empty() || p.starts_with('/') => p.to_string(),
            p => format!("/{p}"),
        };
        let (scheme, host) = (http.text("scheme").to_lowercase(), http.text("host"));
        format!(
            "http-get {scheme}://{host}:{}{} {attributes}",
            port(http.get("port")),
            codec::percent(&path, b"-_.~$&+,/:;=@!'()*")
        )
    } else if !tcp.is_null() {
        format!(
            "tcp-socket {}:{} {attributes}",
            tcp.text("host"),
            port(tcp.get("port"))
        )
    } else if !grpc.is_null() {
        format!(
            "grpc <pod>:{} {} {attributes}",
            grpc.int("port"),
            grpc.text("service")
        )
    } else {
        format!("unknown {attributes}")
    }
}

fn env_from(d: &mut Describe, c: &Value) {
    let sources = c.get("envFrom").items();
    if sources.is_empty() {
        return;
    }
    d.line(2, "Environment Variables from:");
    for e in sources {
        let (kind, source) = match e.get("configMapRef") {
            Value::Null if e.get("secretRef").is_null() => ("", NULL),
            Value::Null => ("Secret", e.get("secretRef")),
            map => ("ConfigMap", map),
        };
        let (name, optional) = (source.text("name"), source.flag("optional"));
        match e.text("prefix") {
            "" => d.line(3, format!("{name}\t{kind}\tOptional: {optional}")),
            prefix => d.line(
                3,
                format!("{name}\t{kind} with prefix '{prefix}'\tOptional: {optional}"),
            ),
        }
    }
}

fn env(d: &mut Describe, c: &Value, pod: Option<&Object>) {
    let vars = c.get("env").items();
    d.line(
        2,
        if vars.is_empty() {
            "Environment:\t<none>"
        } else {
            "Environment:"
        },
    );
    for e in vars {
        let (name, from) = (e.text("name"), e.get("valueFrom"));
        if from.is_null() {
            for (i, line) in e.text("value").split('\n').enumerate() {
                d.line(
                    3,
                    if i == 0 {
                        format!("{name}:\t{line}")
                    } else {
                        format!("\t{line}")
                    },
                );
            }
            continue;
        }
        let (field, resource) = (from.get("fieldRef"), from.get("resourceFieldRef"));
        let (secret, map) = (from.get("secretKeyRef"), from.get("configMapKeyRef"));
        if !field.is_null() {
            let path = field.text("fieldPath");
            let value = pod.map_or(String::new(), |p| metadata_field(p, path));
            d.line(
                3,
                format!("{name}:\t{value} ({}:{path})", field.text("apiVersion")),
            );
        } else if !resource.is_null() {
            let which = resource.text("resource");
            let mut value = resource_field(c, resource);
            if value == "0" && matches!(which, "limits.cpu" | "limits.memory") {
                value = "node allocatable".into();
            }
            d.line(3, format!("{name}:\t{value} ({which})"));
        } else if !secret.is_null() {
            let (key, of, optional) = (
                secret.text("key"),
                secret.text("name"),
                secret.flag("optional"),
            );
            d.line(
                3,
                format!("{name}:\t<set to the key '{key}' in secret '{of}'>\tOptional: {optional}"),
            );
        } else if !map.is_null() {
            let (key, of, optional) = (map.text("key"), map.text("name"), map.flag("optional"));
            d.line(
                3,
                format!(
                    "{name}:\t<set to the key '{key}' of config map '{of}'>\tOptional: {optional}"
                ),
            );
        }
    }
}

/// A field of the pod's metadata; "" for single labels and annotations and for what only the kubelet knows: so upstream.
pub fn metadata_field(pod: &Object, path: &str) -> String {
    let pairs = |map: &Value| {
        let lines = map
            .entries()
            .iter()
            .map(|(k, v)| format!("{k}={}", machinery::json::quote(v.as_str().unwrap_or(""))));
        lines.collect::<Vec<_>>().join("\n")
    };
    match path {
        "metadata.labels" | "metadata.annotations" => pairs(pod.at(path)),
        "metadata.name" | "metadata.namespace" | "metadata.uid" => pod.text(path).to_string(),
        _ => String::new(),
    }
}

/// A limit or request of the container, divided by the divisor and rounded up.
pub fn resource_field(container: &Value, field: &Value) -> String {
    let Some((what, name)) = field.text("resource").split_once('.') else {
        return String::new();
    };
    let amount = |v: &Value| {
        v.as_str()
            .and_then(|t| Quantity::parse(t).ok())
            .unwrap_or_default()
    };
    let have = amount(container.get("resources").get(what).get(name));
    let divisor = amount(field.get("divisor"));
    // CPU is counted in thousandths, all else in ones.
    let (have, divisor) = match name {
        "cpu" => (have.milli_value(), divisor.milli_value()),
        _ => (have.value(), divisor.value()),
    };
    let unit = if name == "cpu" { 1000 } else { 1 };
    let divisor = if divisor <= 0 { unit } else { divisor };
    ((have.saturating_add(divisor - 1)) / divisor).to_string()
}

fn mounts(d: &mut Describe, c: &Value) {
    let sorted = |key: &str, path: &str| {
        let mut all: Vec<Value> = c.get(key).items().to_vec();
        all.arrange_by(|a, b| a.text(path).cmp(b.text(path)));
        all
    };
    let mounts = sorted("volumeMounts", "mountPath");
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    d.line(2, format!("Mounts:{none}"));
    for m in mounts {
        let mut flags = if m.flag("readOnly") { "ro" } else { "rw" }.to_string();
        if !m.text("subPath").is_empty() {
            flags.push_str(&format!(
                ",path={}",
                machinery::json::quote(m.text("subPath"))
            ));
        }
        d.line(
            3,
            format!("{} from {} ({flags})", m.text("mountPath"), m.text("name")),
        );
    }
    let devices = sorted("volumeDevices", "devicePath");
    if !devices.is_empty() {
        d.line(2, format!("Devices:{none}"));
    }
    for v in devices {
        d.line(
            3,
            format!("{} from {}", v.text("devicePath"), v.text("name")),
        );
    }
}
