//! The description of a node: its conditions, what it has, and what its pods take of that.
//! Upstream: `describeNode`, `describeNodeResource` in `kubectl:pkg/describe/describe.go`.

use crate::describe::{Describe, or_unset, rfc1123};
use crate::pod::Amounts;
use machinery::Arrange;
use machinery::{Object, Quantity, Value};

pub fn node(o: &Object, d: &mut Describe) {
    let (spec, status) = (o.spec(), o.status());
    d.line(0, format!("Name:\t{}", o.name()));
    d.line(
        0,
        format!(
            "Roles:\t{}",
            crate::cells::or_none(crate::node::roles(o).join(","))
        ),
    );
    d.labels_and_annotations(o);
    d.line(
        0,
        format!(
            "CreationTimestamp:\t{}",
            rfc1123(o.text("metadata.creationTimestamp"))
        ),
    );
    taints(d, spec.get("taints"));
    d.line(0, format!("Unschedulable:\t{}", spec.flag("unschedulable")));
    lease(o, d);
    conditions(o, d);
    d.line(0, "Addresses:");
    for a in status.get("addresses").items() {
        d.line(1, format!("{}:\t{}", a.text("type"), a.text("address")));
    }
    for (title, key) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        let amounts = status.get(key).entries();
        if !amounts.is_empty() {
            d.line(0, format!("{title}:"));
        }
        for (name, amount) in amounts {
            let amount = amount.as_str().unwrap_or("");
            // As Go writes a quantity: 8388608Ki is 8Gi.
            let canonical = machinery::quantity::Quantity::parse(amount)
                .map_or(amount.to_string(), |q| q.to_string());
            d.line(1, format!("{name}:\t{canonical}"));
        }
    }
    d.line(0, "System Info:");
    for (title, key) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        d.line(1, format!("{title}:\t{}", status.get("nodeInfo").text(key)));
    }
    if !spec.text("podCIDR").is_empty() {
        d.line(0, format!("PodCIDR:\t{}", spec.text("podCIDR")));
    }
    let cidrs: Vec<&str> = spec
        .get("podCIDRs")
        .items()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if !cidrs.is_empty() {
        d.line(0, format!("PodCIDRs:\t{}", cidrs.join(",")));
    }
    if !spec.text("providerID").is_empty() {
        d.line(0, format!("ProviderID:\t{}", spec.text("providerID")));
    }
    pods(o, d);
    if d.show_events {
        let mut events = d.related.events(o);
        // The kubelet writes a node's name where its uid belongs.
        let mut by_name = o.clone();
        by_name.0.set("metadata.uid", Value::str(o.name()));
        events.extend(d.related.events(&by_name));
        events.dedup_by(|a, b| a.uid() == b.uid());
        d.event_table(events);
    }
}

fn taints(d: &mut Describe, taints: &Value) {
    let mut all: Vec<&Value> = taints.items().iter().collect();
    all.arrange_by_key(|t| (t.text("effect"), t.text("key")));
    let one = |t: &&Value| match (t.text("value"), t.text("effect")) {
        ("", "") => t.text("key").to_string(),
        ("", effect) => format!("{}:{effect}", t.text("key")),
        (value, "") => format!("{}={value}:", t.text("key")),
        (value, effect) => format!("{}={value}:{effect}", t.text("key")),
    };
    d.multiline("", "Taints", all.iter().map(one).collect());
}

fn lease(o: &Object, d: &mut Describe) {
    let name = o.name();
    let Some(lease) = d
        .related
        .get("coordination.k8s.io/v1", "Lease", "kube-node-lease", name)
    else {
        let why = format!("leases.coordination.k8s.io \"{name}\" not found");
        d.line(0, format!("Lease:\tFailed to get lease: {why}"));
        return;
    };
    d.line(0, "Lease:");
    d.line(
        1,
        format!(
            "HolderIdentity:\t{}",
            or_unset(lease.text("spec.holderIdentity"))
        ),
    );
    for (title, key) in [("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")] {
        let time = match lease.spec().text(key) {
            "" => "<unset>".to_string(),
            t => rfc1123(t),
        };
        d.line(1, format!("{title}:\t{time}"));
    }
}

fn conditions(o: &Object, d: &mut Describe) {
    let conditions = o.at("status.conditions").items();
    if conditions.is_empty() {
        return;
    }
    d.line(0, "Conditions:");
    d.line(
        1,
        "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage",
    );
    d.line(
        1,
        "----\t------\t-----------------\t------------------\t------\t-------",
    );
    for c in conditions {
        let (kind, status) = (c.text("type"), c.text("status"));
        let (seen, changed) = (
            rfc1123(c.text("lastHeartbeatTime")),
            rfc1123(c.text("lastTransitionTime")),
        );
        let (reason, message) = (c.text("reason"), c.text("message"));
        d.line(
            1,
            format!("{kind} \t{status} \t{seen} \t{changed} \t{reason} \t{message}"),
        );
    }
}

fn pods(o: &Object, d: &mut Describe) {
    let all = d.related.list("v1", "Pod", "", "");
    let here = |p: &&Object| p.text("spec.nodeName") == o.name() && !crate::pod::is_terminal(p);
    let pods: Vec<&Object> = all.iter().filter(here).collect();
    let allocatable = match o.at("status.allocatable") {
        v if v.is_empty() => o.at("status.capacity"),
        v => v,
    };
    d.line(
        0,
        format!("Non-terminated Pods:\t({} in total)", pods.len()),
    );
    d.line(
        1,
        "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge",
    );
    d.line(
        1,
        "---------\t----\t\t------------\t----------\t---------------\t-------------\t---",
    );
    let (mut requests, mut limits) = (Amounts::default(), Amounts::default());
    for p in pods {
        let (r, l) = (
            Amounts::of_pod(p.spec(), "requests"),
            Amounts::of_pod(p.spec(), "limits"),
        );
        let share = |a: &Amounts, name: &str| share(a, allocatable, name);
        let age = d.since(p.text("metadata.creationTimestamp"));
        d.line(
            1,
            format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{age}",
                p.namespace(),
                p.name(),
                share(&r, "cpu"),
                share(&l, "cpu"),
                share(&r, "memory"),
                share(&l, "memory")
            ),
        );
        requests.add(&r);
        limits.add(&l);
    }
    d.line(0, "Allocated resources:");
    d.line(
        0,
        "  (Total limits may be over 100 percent, i.e., overcommitted.)",
    );
    d.line(1, "Resource\tRequests\tLimits");
    d.line(1, "--------\t--------\t------");
    let huge = |name: &str| name.starts_with("hugepages-");
    let names = allocatable.entries().iter().map(|(k, _)| k.as_str());
    let mut shared = vec!["cpu", "memory", "ephemeral-storage"];
    shared.extend(names.clone().filter(|n| huge(n)));
    for name in &shared {
        let (r, l) = (
            share(&requests, allocatable, name),
            share(&limits, allocatable, name),
        );
        d.line(1, format!("{name}\t{r}\t{l}"));
    }
    for name in names.filter(|n| !shared.contains(n) && *n != "pods") {
        d.line(
            1,
            format!("{name}\t{}\t{}", requests.get(name), limits.get(name)),
        );
    }
}

/// `250m (6%)`.
fn share(amounts: &Amounts, allocatable: &Value, name: &str) -> String {
    let whole = allocatable
        .get(name)
        .as_str()
        .and_then(|t| Quantity::parse(t).ok())
        .unwrap_or_default();
    let part = amounts.get(name);
    let (a, b) = match name {
        "cpu" => (part.milli_value(), whole.milli_value()),
        _ => (part.value(), whole.value()),
    };
    let percent = if b == 0 {
        0
    } else {
        i128::from(a) * 100 / i128::from(b)
    };
    format!("{part} ({percent}%)")
}
