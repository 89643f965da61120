//! Descriptions of pods and of the pod templates in other kinds.
//! Upstream: `describePod`, `DescribePodTemplate`, `describeContainers` in `kubectl:pkg/describe/describe.go`.

use crate::container_describe::{containers, resources, seccomp};
use crate::describe::{Describe, rfc1123};
use crate::pod_volumes::volumes;
use machinery::Arrange;
use machinery::{NULL, Object, Value};

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
    all.arrange_by_key(|c| c.text("topologyKey"));
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
    all.arrange_by_key(|t| t.text("key"));
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
