//! A pod's row in `kubectl get`: READY, STATUS and RESTARTS are worked out of the container statuses.
//! Upstream: `printPod` in `kubernetes:pkg/printers/internalversion/printers.go`.

use crate::kind::CellCx;
use crate::pod::{is_sidecar, is_terminal};
use machinery::{NULL, Object, Value};

/// What the row says.
pub struct Row {
    pub ready: usize,
    pub total: usize,
    pub status: String,
    pub restarts: i64,
    /// When the last of them was, RFC 3339; "" where none is known.
    pub last_restart: String,
}

pub fn cells(o: &Object, cx: &CellCx) -> Vec<Value> {
    let row = row(o);
    let restarts = if row.restarts != 0 && !row.last_restart.is_empty() {
        format!(
            "{} ({} ago)",
            row.restarts,
            crate::cells::since(&row.last_restart, cx)
        )
    } else {
        row.restarts.to_string()
    };
    let none = |s: &str| Value::from(crate::cells::or_none(s.to_string()));
    let ip = match o.at("status.podIPs").items().first() {
        Some(first) => first.text("ip"),
        None => o.text("status.podIP"),
    };
    vec![
        Value::str(o.name()),
        Value::from(format!("{}/{}", row.ready, row.total)),
        Value::from(row.status),
        Value::from(restarts),
        crate::cells::age(o, cx),
        none(ip),
        none(o.text("spec.nodeName")),
        none(o.text("status.nominatedNodeName")),
        Value::from(gates(o)),
    ]
}

/// The status word alone, as the STATUS column shows it.
pub fn status(o: &Object) -> String {
    row(o).status
}

pub fn row(o: &Object) -> Row {
    let spec = o.spec();
    let inits = spec.get("initContainers").items();
    let mut row = Row {
        ready: 0,
        total: spec.get("containers").items().len()
            + inits.iter().filter(|c| is_sidecar(c)).count(),
        status: match o.text("status.reason") {
            "" => o.text("status.phase").to_string(),
            reason => reason.to_string(),
        },
        restarts: 0,
        last_restart: String::new(),
    };
    if o.condition("PodScheduled").text("reason") == "SchedulingGated" {
        row.status = "SchedulingGated".into();
    }
    let mut sidecars = (0, String::new());
    let initializing = init_containers(o, &mut row, &mut sidecars);
    if !initializing || o.condition_is_true("Initialized") {
        (row.restarts, row.last_restart) = sidecars;
        containers(o, &mut row);
    }
    if o.is_deleting() {
        if o.text("status.reason") == "NodeLost" {
            row.status = "Unknown".into();
        } else if !is_terminal(o) {
            row.status = "Terminating".into();
        }
    }
    row
}

/// Reads the init containers' statuses; true while they are not all done.
fn init_containers(o: &Object, row: &mut Row, sidecars: &mut (i64, String)) -> bool {
    let inits = o.at("spec.initContainers").items();
    for (i, s) in o
        .at("status.initContainerStatuses")
        .items()
        .iter()
        .enumerate()
    {
        let spec = inits
            .iter()
            .find(|c| c.text("name") == s.text("name"))
            .unwrap_or(NULL);
        row.restarts += s.int("restartCount");
        let ended = s.text("lastState.terminated.finishedAt");
        later(&mut row.last_restart, ended);
        if is_sidecar(spec) {
            sidecars.0 += s.int("restartCount");
            later(&mut sidecars.1, ended);
        }
        let state = s.get("state");
        let terminated = state.get("terminated");
        if !terminated.is_null() && terminated.int("exitCode") == 0 {
            continue;
        }
        if is_sidecar(spec) && s.flag("started") {
            row.ready += usize::from(s.flag("ready"));
            continue;
        }
        let waiting = state.text("waiting.reason");
        row.status = if !terminated.is_null() {
            format!("Init:{}", why_terminated(terminated))
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{i}/{}", inits.len())
        };
        return true;
    }
    false
}

fn containers(o: &Object, row: &mut Row) {
    let mut running = false;
    for s in o.at("status.containerStatuses").items().iter().rev() {
        row.restarts += s.int("restartCount");
        later(
            &mut row.last_restart,
            s.text("lastState.terminated.finishedAt"),
        );
        let state = s.get("state");
        let waiting = state.text("waiting.reason");
        if !waiting.is_empty() {
            row.status = waiting.to_string();
        } else if !state.get("terminated").is_null() {
            row.status = why_terminated(state.get("terminated"));
        } else if s.flag("ready") && !state.get("running").is_null() {
            running = true;
            row.ready += 1;
        }
    }
    if row.status == "Completed" && running {
        row.status = if o.condition_is_true("Ready") {
            "Running"
        } else {
            "NotReady"
        }
        .into();
    }
}

fn why_terminated(t: &Value) -> String {
    match (t.text("reason"), t.int("signal")) {
        ("", 0) => format!("ExitCode:{}", t.int("exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_string(),
    }
}

/// Keeps the later of two RFC 3339 instants.
fn later(kept: &mut String, other: &str) {
    use machinery::time::parse_rfc3339;
    if parse_rfc3339(other) > parse_rfc3339(kept) {
        *kept = other.to_string();
    }
}

fn gates(o: &Object) -> String {
    let gates = o.at("spec.readinessGates").items();
    if gates.is_empty() {
        return "<none>".into();
    }
    let met = gates
        .iter()
        .filter(|g| o.condition_is_true(g.text("conditionType")))
        .count();
    format!("{met}/{}", gates.len())
}
