//! What a kubelet tells the API server of a pod: phase, conditions, container statuses, addresses.
//! Upstream: `pkg/kubelet/kubelet_pods.go` (`generateAPIPodStatus`), `pkg/kubelet/status/generate.go`.

mod told;

use super::images;
use super::run::{ContainerRun, Ended, Phase, PodRun, Role};
use super::{actor, start, stop};
use crate::ip;

use crate::Cluster;
use machinery::Arrange;
use machinery::time::rfc3339;
use machinery::{Map, NULL, Object, Str, Trigger, Value, value};
use told::Shape;

pub(crate) use told::Told;

/// Writes the status if it is due and differs; then lets a pod go that is over.
pub fn flush(cluster: &mut Cluster, uid: &Str) {
    let now = cluster.now;
    if cluster
        .kubelets
        .pod(uid)
        .and_then(|r| r.flush_at)
        .is_none_or(|t| t > now)
    {
        return;
    }
    if let Some(run) = cluster.kubelets.pod_mut(uid) {
        run.flush_at = None;
    }
    let Some(run) = cluster.kubelets.pods.get(uid).cloned() else {
        return;
    };
    let Some(pod) = cluster.store.by_uid(uid).cloned() else {
        return;
    };
    let mut told = std::mem::take(&mut cluster.kubelets.told);
    let status = make(cluster, &mut told, &pod, &run);
    cluster.kubelets.told = told;
    let new = pod.edit(|v| v.set("status", status));
    if new != pod {
        let mut cx = actor(cluster, &run.node, Trigger::Timer);
        // A conflict cannot be: what is written was read just now. A refusal leaves the old status, as upstream does.
        let _ = cx.update_status(&kinds::pod::KIND, &new, run.why);
    }
    if run.gone {
        stop::release_object(cluster, uid);
    }
}

/// The whole status.
fn make(cluster: &Cluster, told: &mut Told, pod: &Object, run: &PodRun) -> Value {
    let old = pod.status();
    let mut s = old.clone();
    let phase = phase(pod, run);
    s.set("phase", phase);
    let generation = pod.generation();
    if generation > 0 {
        s.set("observedGeneration", generation);
    }
    if s.get("startTime").is_null() {
        s.set("startTime", told.stamp(run.since));
    }
    if s.get("hostIP").is_null() {
        let node = cluster.kubelets.node(&run.node);
        let (ip, list) = told.host(node.map_or((0, 0), |n| (n.index, n.ip)));
        s.set("hostIPs", list);
        s.set("hostIP", ip);
    }
    let over = run.gone || (run.stopping.is_some() && run.ip == 0);
    if run.ip != 0 && s.at("podIP").is_null() && !over {
        let ip = ip::text(run.ip);
        s.set("podIPs", value!([{ "ip": &ip }]));
        s.set("podIP", ip);
    }
    if let Some(failed) = &run.failed {
        s.set("reason", Value::from(failed.0.clone()));
        s.set("message", Value::str(&failed.1));
    }
    for (role, field) in [
        (0, "containerStatuses"),
        (1, "initContainerStatuses"),
        (2, "ephemeralContainerStatuses"),
    ] {
        let list = container_statuses(told, pod, run, role);
        if !list.is_empty() {
            s.set(field, list);
        }
    }
    let found = verdicts(pod, run, phase);
    let conditions = told.conditions(pod, found, generation, cluster.now);
    s.set(
        "conditions",
        with_rare_ones(conditions, pod, run, cluster.now),
    );
    s
}

/// Conditions that few pods ever have: of an eviction, of a resize. They stand before the others.
fn with_rare_ones(
    conditions: Value,
    pod: &Object,
    run: &PodRun,
    now: machinery::time::Millis,
) -> Value {
    let evicted = run.failed.as_ref().filter(|f| f.0 == *"Evicted");
    let resize = run.resize.is_some() || run.resize_until.is_some();
    let told = |kind: &str| conditions.items().iter().any(|c| c.text("type") == kind);
    if evicted.is_none() && !resize && !told("PodResizePending") && !told("PodResizeInProgress") {
        return conditions;
    }
    let mut out = conditions.items().to_vec();
    if let Some(f) = evicted.filter(|_| !told("DisruptionTarget")) {
        let first = value!({
            "lastProbeTime": null, "lastTransitionTime": rfc3339(now), "message": Value::str(&f.1),
            "observedGeneration": pod.generation(), "reason": "TerminationByKubelet", "status": "True",
            "type": "DisruptionTarget",
        });
        out.insert(0, first);
    }
    super::resize::conditions(pod, run, &rfc3339(now), &mut out);
    Value::from(out)
}

/// Whether the pod has come to its end.
pub fn is_terminal(pod: &Object, run: &PodRun) -> bool {
    matches!(phase(pod, run), "Succeeded" | "Failed")
}

/// The phase, from what the containers are. Upstream: `getPhase`.
fn phase(pod: &Object, run: &PodRun) -> &'static str {
    if matches!(pod.text("status.phase"), "Succeeded") {
        return "Succeeded";
    }
    if pod.text("status.phase") == "Failed" || run.failed.is_some() {
        return "Failed";
    }
    let stopping = run.stopping.is_some();
    let over = |c: &&ContainerRun| c.ended().is_some() && (stopping || !start::restarts(pod, c));
    let inits = run.containers.iter().filter(|c| c.role == Role::Init);
    if inits.clone().any(|c| over(&c) && !c.succeeded()) {
        return "Failed";
    }
    if inits.clone().any(|c| !c.succeeded()) {
        return if run.gone { "Failed" } else { "Pending" };
    }
    let mains = || run.containers.iter().filter(|c| c.role == Role::Main);
    let sidecars_run = run
        .containers
        .iter()
        .any(|c| c.role == Role::Sidecar && c.is_running());
    if mains().all(|c| over(&c)) && mains().count() > 0 && !sidecars_run {
        return if mains().all(|c| c.succeeded()) {
            "Succeeded"
        } else {
            "Failed"
        };
    }
    let touched = |c: &ContainerRun| {
        c.is_running()
            || matches!(c.phase, Phase::Ended { .. })
            || c.last.is_some()
            || c.restarts > 0
    };
    match mains().all(touched) {
        true => "Running",
        false => "Pending",
    }
}

fn container_statuses(told: &mut Told, pod: &Object, run: &PodRun, list: u8) -> Value {
    if let (0, [c]) = (list, run.containers.as_slice())
        && let Some(shape) = Shape::of(pod, c)
    {
        return told.container(shape, pod, run, c);
    }
    let of = |c: &&ContainerRun| {
        list == match c.role {
            Role::Main => 0,
            Role::Init | Role::Sidecar => 1,
            Role::Ephemeral => 2,
        }
    };
    let mut out: Vec<Value> = run
        .containers
        .iter()
        .filter(of)
        .map(|c| container_status(pod, run, c))
        .collect();
    if list == 0 {
        out.arrange_by(|a, b| a.text("name").cmp(b.text("name")));
    }
    Value::from(out)
}

/// `containerd://...` of an attempt.
fn container_id(run: &PodRun, c: &ContainerRun, attempt: u32) -> String {
    format!(
        "containerd://{}",
        images::hex64(&format!("{}/{}/{attempt}", run.uid, c.name))
    )
}

fn container_status(pod: &Object, run: &PodRun, c: &ContainerRun) -> Value {
    let spec = c.spec(pod);
    let created = c.is_running() || matches!(c.phase, Phase::Ended { .. }) || c.last.is_some();
    let image = spec.text("image");
    let reference = if created { images::parse(image) } else { None };
    let mut m = Map::with_capacity(14);
    // What it was given; while a resize is carried out the spec is ahead.
    let resources = c.given.as_ref().unwrap_or(spec.get("resources"));
    if !resources.get("requests").is_null() && created {
        m.insert("allocatedResources", resources.get("requests").clone());
    }
    let attempt = match &c.phase {
        Phase::Ended { end, .. } => end.attempt,
        Phase::Running { .. } => c.restarts,
        _ => c.last.as_ref().map_or(0, |e| e.attempt),
    };
    if created {
        m.insert("containerID", container_id(run, c, attempt));
    }
    m.insert(
        "image",
        reference
            .as_ref()
            .map_or_else(|| image.to_string(), |r| r.full()),
    );
    m.insert(
        "imageID",
        reference.as_ref().map_or_else(String::new, |r| r.id()),
    );
    m.insert(
        "lastState",
        c.last
            .as_ref()
            .filter(|last| c.ended() != Some(last))
            .map_or_else(Value::map, |e| terminated(run, c, e)),
    );
    m.insert("name", c.name.clone());
    let done = c.role == Role::Init && c.succeeded();
    m.insert("ready", c.ready && c.is_running() || done);
    if created {
        m.insert(
            "resources",
            if resources.is_null() {
                Value::map()
            } else {
                resources.clone()
            },
        );
    }
    m.insert("restartCount", i64::from(c.restarts));
    m.insert("started", c.started && c.is_running());
    m.insert("state", state(pod, run, c));
    if created {
        m.insert("user", super::identity::user(pod, c));
    }
    let mounts = spec.get("volumeMounts").items();
    if !mounts.is_empty() && created {
        m.insert(
            "volumeMounts",
            Value::from(mounts.iter().map(mount_status).collect::<Vec<_>>()),
        );
    }
    Value::from(m)
}

fn mount_status(mount: &Value) -> Value {
    let mut v = value!({ "mountPath": mount.get("mountPath"), "name": mount.get("name") });
    if mount.flag("readOnly") {
        v.set("readOnly", true);
        v.set("recursiveReadOnly", "Disabled");
    }
    v
}

fn state(pod: &Object, run: &PodRun, c: &ContainerRun) -> Value {
    match &c.phase {
        Phase::Running { since } => value!({ "running": { "startedAt": rfc3339(*since) } }),
        Phase::Ended { end, noticed: true } => terminated(run, c, end),
        Phase::Ended { end, .. } if run.stopping.is_none() => {
            value!({ "running": { "startedAt": rfc3339(end.since) } })
        }
        Phase::Ended { end, .. } => value!({ "running": { "startedAt": rfc3339(end.since) } }),
        Phase::Waiting { reason: "", .. } if c.last.is_some() => c
            .last
            .as_ref()
            .map_or_else(Value::map, |e| terminated(run, c, e)),
        Phase::Waiting {
            reason, message, ..
        } => {
            let reason = if reason.is_empty() {
                waiting_reason(pod, c)
            } else {
                reason
            };
            let mut v = value!({ "waiting": { "reason": reason } });
            if let Some(message) = message {
                v.set("waiting.message", Value::str(message));
            }
            v
        }
        _ if c.last.is_some() => c
            .last
            .as_ref()
            .map_or_else(Value::map, |e| terminated(run, c, e)),
        _ => value!({ "waiting": { "reason": waiting_reason(pod, c) } }),
    }
}

fn waiting_reason(pod: &Object, c: &ContainerRun) -> &'static str {
    match c.role {
        Role::Main | Role::Ephemeral if pod.spec().get("initContainers").items().is_empty() => {
            "ContainerCreating"
        }
        _ => "PodInitializing",
    }
}

fn terminated(run: &PodRun, c: &ContainerRun, end: &Ended) -> Value {
    let mut v = value!({
        "containerID": container_id(run, c, end.attempt), "exitCode": i64::from(end.code), "finishedAt": rfc3339(end.at),
        "reason": end.reason, "startedAt": rfc3339(end.since),
    });
    if !end.message.is_empty() {
        v.set("message", Value::str(&end.message));
    }
    value!({ "terminated": v })
}

const OWN: [&str; 5] = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];

/// What the kubelet's conditions come to, in their order.
fn verdicts(pod: &Object, run: &PodRun, phase: &'static str) -> [Verdict; 5] {
    let sandbox = run.is_up() && !run.gone && !matches!(phase, "Succeeded" | "Failed");
    let containers = containers_ready(run, phase);
    let ready = ready(pod, &containers);
    [
        Verdict::of(sandbox),
        initialized(run, phase),
        ready,
        containers,
        Verdict::of(true),
    ]
}

/// The kubelet's conditions in upstream's order, after those that others own.
fn conditions(old: &Value, found: &[Verdict; 5], generation: i64, now: &Value) -> Value {
    let old = old.items();
    let mut out: Vec<Value> = old
        .iter()
        .filter(|c| !OWN.contains(&c.text("type")))
        .cloned()
        .collect();
    for (kind, verdict) in OWN.into_iter().zip(found) {
        let before = old.iter().find(|c| c.text("type") == kind).unwrap_or(NULL);
        let status = if verdict.holds { "True" } else { "False" };
        let mut c = Map::with_capacity(6);
        c.lit("lastProbeTime", Value::Null);
        let since = match before.text("status") == status {
            true => before.get("lastTransitionTime"),
            false => now,
        };
        c.lit("lastTransitionTime", since.clone());
        if !verdict.message.is_empty() {
            c.lit("message", Value::str(&verdict.message));
        }
        if generation > 0 {
            c.lit("observedGeneration", Value::Int(generation));
        }
        if !verdict.reason.is_empty() {
            c.lit("reason", Value::from(verdict.reason));
        }
        c.lit("status", Value::from(status));
        c.lit("type", Value::from(kind));
        let c = Value::from(c);
        out.push(if &c == before { before.clone() } else { c });
    }
    Value::from(out)
}

#[derive(Clone, PartialEq)]
struct Verdict {
    holds: bool,
    reason: &'static str,
    message: String,
}

impl Verdict {
    fn of(holds: bool) -> Verdict {
        Verdict {
            holds,
            reason: "",
            message: String::new(),
        }
    }
    fn not(reason: &'static str, message: String) -> Verdict {
        Verdict {
            holds: false,
            reason,
            message,
        }
    }
}

fn names<'a>(containers: impl Iterator<Item = &'a ContainerRun>) -> String {
    let names: Vec<&str> = containers.map(|c| c.name.as_str()).collect();
    format!("[{}]", names.join(" "))
}

fn initialized(run: &PodRun, phase: &str) -> Verdict {
    let waits = |c: &&ContainerRun| match c.role {
        Role::Init => !c.succeeded(),
        Role::Sidecar => !c.started,
        _ => false,
    };
    let any = run
        .containers
        .iter()
        .any(|c| matches!(c.role, Role::Init | Role::Sidecar));
    if phase == "Succeeded" {
        return Verdict {
            holds: true,
            reason: "PodCompleted",
            message: String::new(),
        };
    }
    // Once a main container has run, the pod stays initialised.
    let begun = run.containers.iter().any(|c| {
        c.role == Role::Main && (c.is_running() || matches!(c.phase, Phase::Ended { .. }))
    });
    if !any || begun || !run.containers.iter().any(|c| waits(&c)) {
        return Verdict::of(true);
    }
    let message = format!(
        "containers with incomplete status: {}",
        names(run.containers.iter().filter(waits))
    );
    Verdict::not("ContainersNotInitialized", message)
}

fn containers_ready(run: &PodRun, phase: &str) -> Verdict {
    match phase {
        "Succeeded" => return Verdict::not("PodCompleted", String::new()),
        "Failed" => return Verdict::not("PodFailed", String::new()),
        _ => {}
    }
    let counted = |c: &&ContainerRun| matches!(c.role, Role::Main | Role::Sidecar);
    let unready = |c: &&ContainerRun| counted(c) && !(c.ready && c.is_running());
    if !run.containers.iter().any(|c| unready(&c)) {
        return Verdict::of(true);
    }
    let message = format!(
        "containers with unready status: {}",
        names(run.containers.iter().filter(unready))
    );
    Verdict::not("ContainersNotReady", message)
}

fn ready(pod: &Object, containers: &Verdict) -> Verdict {
    if !containers.holds {
        return Verdict {
            holds: false,
            reason: containers.reason,
            message: containers.message.clone(),
        };
    }
    for gate in pod.spec().get("readinessGates").items() {
        let kind = gate.text("conditionType");
        let condition = pod.condition(kind);
        if condition.is_null() {
            let message =
                format!("corresponding condition of pod readiness gate \"{kind}\" does not exist.");
            return Verdict::not("ReadinessGatesNotReady", message);
        }
        if condition.text("status") != "True" {
            let message = format!(
                "the status of pod readiness gate \"{kind}\" is not \"True\", but {}",
                condition.text("status")
            );
            return Verdict::not("ReadinessGatesNotReady", message);
        }
    }
    Verdict::of(true)
}
