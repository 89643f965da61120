//! Descriptions of pods and of the pod templates in other kinds.
//! Upstream: `describePod`, `DescribePodTemplate`, `describeContainers` in `kubectl:pkg/describe/describe.go`.

use crate::describe::{Describe, rfc1123};
use crate::pod_volumes::volumes;
use machinery::{NULL, Object, Quantity, Value};

pub fn pod(o: &Object, d: &mut Describe) {
    let (spec, status) = (o.spec(), o.status());
    d.head(o);
    head(o, d);
    d.labels_and_annotations(o);
    if o.is_deleting() && !crate::pod::is_terminal(o) {
        let lasts = d.since(o.text("metadata.deletionTimestamp"));
        d.line(0, format!("Status:\tTerminating (lasts {lasts})"));
        let grace = o.int("metadata.deletionGracePeriodSeconds");
        d.line(0, format!("Termination Grace Period:\t{grace}s"));
    } else {
        d.line(0, format!("Status:\t{}", status.text("phase")));
    }
    for (title, key) in [("Reason", "reason"), ("Message", "message")] {
        if !status.text(key).is_empty() {
            d.line(0, format!("{title}:\t{}", status.text(key)));
        }
    }
    seccomp(d, 0, 0, spec.get("securityContext"));
    d.line(0, format!("IP:\t{}", status.text("podIP")));
    match status.get("podIPs").items() {
        [] => d.line(0, "IPs:\t<none>"),
        ips => {
            d.line(0, "IPs:");
            for ip in ips {
                d.line(1, format!("IP:\t{}", ip.text("ip")));
            }
        }
    }
    d.controlled_by(o);
    if !status.text("nominatedNodeName").is_empty() {
        d.line(
            0,
            format!("NominatedNodeName:\t{}", status.text("nominatedNodeName")),
        );
    }
    if !spec.get("resources").is_null() {
        d.line(0, "Resources:");
        resources(d, 1, spec.get("resources"));
    }
    if !spec.get("initContainers").items().is_empty() {
        let statuses = status.get("initContainerStatuses");
        containers(
            d,
            "Init Containers",
            spec.get("initContainers"),
            statuses,
            Some(o),
            "",
        );
    }
    containers(
        d,
        "Containers",
        spec.get("containers"),
        status.get("containerStatuses"),
        Some(o),
        "",
    );
    if !spec.get("ephemeralContainers").items().is_empty() {
        let statuses = status.get("ephemeralContainerStatuses");
        containers(
            d,
            "Ephemeral Containers",
            spec.get("ephemeralContainers"),
            statuses,
            Some(o),
            "",
        );
    }
    conditions(o, d);
    volumes(d, spec.get("volumes"), "");
    let class = match status.text("qosClass") {
        "" => crate::pod::qos(spec),
        class => class,
    };
    d.line(0, format!("QoS Class:\t{class}"));
    d.labels("Node-Selectors", spec.get("nodeSelector"));
    tolerations(d, "", spec.get("tolerations"));
    spread(d, "", spec.get("topologySpreadConstraints"));
    d.events(o);
}

fn head(o: &Object, d: &mut Describe) {
    let spec = o.spec();
    if let Some(priority) = spec.get("priority").as_i64() {
        d.line(0, format!("Priority:\t{priority}"));
    }
    for (title, key) in [
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ] {
        if !spec.text(key).is_empty() {
            d.line(0, format!("{title}:\t{}", spec.text(key)));
        }
    }
    match spec.text("nodeName") {
        "" => d.line(0, "Node:\t<none>"),
        node => d.line(0, format!("Node:\t{node}/{}", o.text("status.hostIP"))),
    }
    if !o.text("status.startTime").is_empty() {
        d.line(
            0,
            format!("Start Time:\t{}", rfc1123(o.text("status.startTime"))),
        );
    }
}

fn conditions(o: &Object, d: &mut Describe) {
    let gates = o.at("spec.readinessGates").items();
    if !gates.is_empty() {
        d.line(0, "Readiness Gates:");
        d.line(1, "Type\tStatus");
        for g in gates {
            let kind = g.text("conditionType");
            let status = match o.condition(kind).text("status") {
                "" => "<none>",
                status => status,
            };
            d.line(1, format!("{kind} \t{status} "));
        }
    }
    let conditions = o.at("status.conditions").items();
    if !conditions.is_empty() {
        d.line(0, "Conditions:");
        d.line(1, "Type\tStatus");
        for c in conditions {
            d.line(1, format!("{} \t{} ", c.text("type"), c.text("status")));
        }
    }
}

/// `Pod Template:` of a controller.
pub fn template(d: &mut Describe, template: &Value) {
    d.line(0, "Pod Template:");
    if template.is_null() {
        d.write(1, "<unset>");
        return;
    }
    let spec = template.get("spec");
    d.labels("  Labels", template.at("metadata.labels"));
    if !template.at("metadata.annotations").is_empty() {
        d.annotations("  Annotations", template.at("metadata.annotations"));
    }
    if !spec.text("serviceAccountName").is_empty() {
        d.line(
            1,
            format!("Service Account:\t{}", spec.text("serviceAccountName")),
        );
    }
    if !spec.get("initContainers").items().is_empty() {
        containers(
            d,
            "Init Containers",
            spec.get("initContainers"),
            NULL,
            None,
            "  ",
        );
    }
    containers(d, "Containers", spec.get("containers"), NULL, None, "  ");
    volumes(d, spec.get("volumes"), "  ");
    spread(d, "  ", spec.get("topologySpreadConstraints"));
    if !spec.text("priorityClassName").is_empty() {
        d.line(
            1,
            format!("Priority Class Name:\t{}", spec.text("priorityClassName")),
        );
    }
    d.labels("  Node-Selectors", spec.get("nodeSelector"));
    tolerations(d, "  ", spec.get("tolerations"));
}

fn spread(d: &mut Describe, space: &str, constraints: &Value) {
    let mut all: Vec<&Value> = constraints.items().iter().collect();
    all.sort_by_key(|c| c.text("topologyKey"));
    for (i, c) in all.iter().enumerate() {
        let head = if i == 0 {
            "Topology Spread Constraints:"
        } else {
            ""
        };
        let mut text = format!(
            "{}:{} when max skew {} is exceeded",
            c.text("topologyKey"),
            c.text("whenUnsatisfiable"),
            c.int("maxSkew")
        );
        if !c.get("labelSelector").is_null() {
            text.push_str(&format!(
                " for selector {}",
                crate::cells::selector(c.get("labelSelector"))
            ));
        }
        d.line(0, format!("{space}{head}\t{text}"));
    }
}

fn tolerations(d: &mut Describe, space: &str, tolerations: &Value) {
    let mut all: Vec<&Value> = tolerations.items().iter().collect();
    all.sort_by_key(|t| t.text("key"));
    let one = |t: &&Value| {
        let mut text = t.text("key").to_string();
        if !t.text("value").is_empty() {
            text.push_str(&format!("={}", t.text("value")));
        }
        if !t.text("effect").is_empty() {
            text.push_str(&format!(":{}", t.text("effect")));
        }
        if t.text("operator") == "Exists" && t.text("value").is_empty() {
            text.push_str(if text.is_empty() {
                "op=Exists"
            } else {
                " op=Exists"
            });
        }
        if let Some(seconds) = t.get("tolerationSeconds").as_i64() {
            text.push_str(&format!(" for {seconds}s"));
        }
        text
    };
    let lines = all.iter().map(one).collect();
    // The title carries the indent; the lines after it do not.
    d.multiline("", &format!("{space}Tolerations"), lines);
}

fn containers(
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

fn seccomp(d: &mut Describe, level: usize, inner: usize, context: &Value) {
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

/// `http-get http://:80/ delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=3`.
pub fn probe(p: &Value) -> String {
    let attributes = format!(
        "delay={}s timeout={}s period={}s successThreshold={} failureThreshold={}",
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
            escape_path(&path)
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

/// A path in a URL: what may not stand there is written in hexadecimal, as Go does.
fn escape_path(path: &str) -> String {
    let mut out = String::new();
    for b in path.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!'()*".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
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

/// A field of the pod's metadata as the downward API gives it; "" for those that only the kubelet knows.
pub fn metadata_field(pod: &Object, path: &str) -> String {
    let pairs = |map: &Value| {
        let lines = map
            .entries()
            .iter()
            .map(|(k, v)| format!("{k}={}", machinery::json::quote(v.as_str().unwrap_or(""))));
        lines.collect::<Vec<_>>().join("\n")
    };
    for (prefix, map) in [
        ("metadata.labels", "metadata.labels"),
        ("metadata.annotations", "metadata.annotations"),
    ] {
        if path == prefix {
            return pairs(pod.at(map));
        }
        let key = path
            .strip_prefix(prefix)
            .and_then(|k| k.strip_prefix("['"))
            .and_then(|k| k.strip_suffix("']"));
        if let Some(key) = key {
            return pod.at(map).get(key).as_str().unwrap_or("").to_string();
        }
    }
    match path {
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
    let divisor = if divisor == 0 { unit } else { divisor };
    ((have.saturating_add(divisor - 1)) / divisor).to_string()
}

fn mounts(d: &mut Describe, c: &Value) {
    let sorted = |key: &str, path: &str| {
        let mut all: Vec<Value> = c.get(key).items().to_vec();
        all.sort_by(|a, b| a.text(path).cmp(b.text(path)));
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
