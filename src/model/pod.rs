//! A pod as it is drawn: one state with one word, a pip per container, what it counts down to. Read from the object's
//! own status, as `kubectl get pods` reads its STATUS column.

use machinery::time::{Millis, parse_rfc3339};
use machinery::{Object, Value};

/// What a pod looks like. Each has its own shape; colour only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodState {
    Pending,
    Pulling,
    Starting,
    NotReady,
    Ready,
    CrashLoop,
    ImagePull,
    Error,
    Terminating,
    Completed,
    Evicted,
    Unknown,
}

impl PodState {
    /// Its class in the style sheet, and its name in tests.
    pub fn class(self) -> &'static str {
        match self {
            PodState::Pending => "pending",
            PodState::Pulling => "pulling",
            PodState::Starting => "starting",
            PodState::NotReady => "notready",
            PodState::Ready => "ready",
            PodState::CrashLoop => "crashloop",
            PodState::ImagePull => "imagepull",
            PodState::Error => "error",
            PodState::Terminating => "terminating",
            PodState::Completed => "completed",
            PodState::Evicted => "evicted",
            PodState::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipState {
    Waiting,
    Running,
    Ready,
    Done,
    Failed,
}

impl PipState {
    pub fn class(self) -> &'static str {
        match self {
            PipState::Waiting => "waiting",
            PipState::Running => "running",
            PipState::Ready => "ready",
            PipState::Done => "done",
            PipState::Failed => "failed",
        }
    }
}

/// One container.
#[derive(Clone, Debug, PartialEq)]
pub struct Pip {
    pub name: String,
    pub image: String,
    pub init: bool,
    pub state: PipState,
    pub restarts: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    pub uid: String,
    pub namespace: String,
    pub name: String,
    /// "" while it has none.
    pub node: String,
    pub state: PodState,
    /// As kubectl's STATUS column has it.
    pub word: String,
    pub ready: usize,
    pub pips: Vec<Pip>,
    pub restarts: i64,
    /// Why it waits, in the words of the object.
    pub message: String,
    pub owner: String,
    pub owner_kind: String,
    pub owner_name: String,
    pub cpu_milli: i64,
    pub memory: i64,
    pub created: Millis,
    /// From when to when a ring counts: back-off, grace, a pull.
    pub countdown: Option<(Millis, Millis)>,
    pub ip: String,
    /// Holds what it asks for on its node (it is neither done nor failed).
    pub holds: bool,
}

impl Pod {
    /// `pull`: the kubelet has said that it pulls an image, and not yet that it has it; from when to when, if known.
    pub fn read(o: &Object, pull: Option<Option<(Millis, Millis)>>) -> Pod {
        let pips = pips(o);
        let (state, word, message) = state(o, &pips, pull.is_some());
        let owner = o.controller();
        let (cpu_milli, memory) = requests(o.spec());
        let phase = o.text("status.phase");
        Pod {
            uid: o.uid().to_string(),
            namespace: o.namespace().to_string(),
            name: o.name().to_string(),
            node: o.text("spec.nodeName").to_string(),
            state,
            word,
            ready: pips
                .iter()
                .filter(|p| !p.init && p.state == PipState::Ready)
                .count(),
            restarts: pips.iter().map(|p| p.restarts).sum(),
            pips,
            message,
            owner: owner.text("uid").to_string(),
            owner_kind: owner.text("kind").to_string(),
            owner_name: owner.text("name").to_string(),
            cpu_milli,
            memory,
            created: o.created(),
            countdown: match (state, pull) {
                (PodState::Pulling, Some(known)) => known,
                _ => countdown(o, state),
            },
            ip: o.text("status.podIP").to_string(),
            holds: !matches!(phase, "Succeeded" | "Failed"),
        }
    }
    /// Containers that are not init containers.
    pub fn containers(&self) -> usize {
        self.pips.iter().filter(|p| !p.init).count()
    }
    /// The last part of the name, that tells it from its brothers.
    pub fn short(&self) -> &str {
        match self.name.rfind('-') {
            Some(i) if !self.owner.is_empty() => &self.name[i + 1..],
            _ => &self.name,
        }
    }
}

fn pips(o: &Object) -> Vec<Pip> {
    let mut out = Vec::new();
    for (list, statuses, init) in [
        ("initContainers", "initContainerStatuses", true),
        ("containers", "containerStatuses", false),
    ] {
        let all = o.status().get(statuses).items();
        for c in o.spec().get(list).items() {
            let name = c.text("name");
            let status = all
                .iter()
                .find(|s| s.text("name") == name)
                .unwrap_or(machinery::NULL);
            out.push(Pip {
                name: name.to_string(),
                image: c.text("image").to_string(),
                init,
                state: pip_state(status),
                restarts: status.int("restartCount"),
            });
        }
    }
    out
}

fn pip_state(status: &Value) -> PipState {
    let state = status.get("state");
    if state.has("terminated") {
        return match state.int("terminated.exitCode") {
            0 => PipState::Done,
            _ => PipState::Failed,
        };
    }
    if state.has("running") {
        return match status.flag("ready") {
            true => PipState::Ready,
            false => PipState::Running,
        };
    }
    match state.text("waiting.reason") {
        "CrashLoopBackOff" | "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" => {
            PipState::Failed
        }
        _ => PipState::Waiting,
    }
}

/// State, word and message, in the order in which kubectl's printer looks.
fn state(o: &Object, pips: &[Pip], pulling: bool) -> (PodState, String, String) {
    let status = o.status();
    let phase = status.text("phase");
    let plain = |s: PodState, word: &str| (s, word.to_string(), status.text("message").to_string());
    if o.is_deleting() {
        return plain(PodState::Terminating, "Terminating");
    }
    if status.text("reason") == "Evicted" {
        return plain(PodState::Evicted, "Evicted");
    }
    if phase == "Unknown" || status.text("reason") == "NodeLost" {
        return plain(PodState::Unknown, "Unknown");
    }
    if o.text("spec.nodeName").is_empty() {
        let said = o.condition("PodScheduled").text("message").to_string();
        return (PodState::Pending, "Pending".into(), said);
    }
    if let Some(found) = init_state(status, pips, pulling) {
        return found;
    }
    for s in status.get("containerStatuses").items().iter().rev() {
        let (waiting, ended) = (s.at("state.waiting"), s.at("state.terminated"));
        let reason = waiting.text("reason");
        if !reason.is_empty() {
            let state = waiting_state(reason, pulling);
            return (state, reason.into(), waiting.text("message").into());
        }
        if !ended.is_null() && phase != "Succeeded" {
            let reason = ended.text("reason");
            if reason == "Completed" && phase == "Running" {
                continue;
            }
            let state = if reason == "Completed" {
                PodState::Completed
            } else {
                PodState::Error
            };
            let word = if reason.is_empty() { "Error" } else { reason };
            return (state, word.into(), ended.text("message").into());
        }
    }
    match phase {
        "Succeeded" => plain(PodState::Completed, "Completed"),
        "Failed" => {
            let reason = status.text("reason");
            plain(
                PodState::Error,
                if reason.is_empty() { "Error" } else { reason },
            )
        }
        "Running" if o.condition_is_true("Ready") => plain(PodState::Ready, "Running"),
        "Running" => plain(PodState::NotReady, "Running"),
        _ if pulling => plain(PodState::Pulling, "ContainerCreating"),
        _ => plain(PodState::Starting, "ContainerCreating"),
    }
}

/// While init containers are not done, they speak for the pod: `Init:1/2`, `Init:CrashLoopBackOff`.
fn init_state(status: &Value, pips: &[Pip], pulling: bool) -> Option<(PodState, String, String)> {
    let statuses = status.get("initContainerStatuses").items();
    let total = pips.iter().filter(|p| p.init).count();
    for (i, s) in statuses.iter().enumerate() {
        let (waiting, ended) = (s.at("state.waiting"), s.at("state.terminated"));
        if !ended.is_null() && ended.int("exitCode") == 0 || s.flag("started") {
            continue;
        }
        let message = waiting.text("message").to_string();
        if !ended.is_null() {
            let word = format!("Init:{}", ended.text("reason"));
            return Some((PodState::Error, word, message));
        }
        let reason = waiting.text("reason");
        if !reason.is_empty() && reason != "PodInitializing" {
            return Some((
                waiting_state(reason, pulling),
                format!("Init:{reason}"),
                message,
            ));
        }
        return Some((PodState::Starting, format!("Init:{i}/{total}"), message));
    }
    None
}

fn waiting_state(reason: &str, pulling: bool) -> PodState {
    match reason {
        "CrashLoopBackOff" => PodState::CrashLoop,
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => {
            PodState::ImagePull
        }
        "ContainerCreating" | "PodInitializing" if pulling => PodState::Pulling,
        "ContainerCreating" | "PodInitializing" => PodState::Starting,
        _ => PodState::Error,
    }
}

/// What the ring of a state counts down: the grace period, or the back-off that the waiting message names.
fn countdown(o: &Object, state: PodState) -> Option<(Millis, Millis)> {
    match state {
        PodState::Terminating => {
            let end = parse_rfc3339(o.text("metadata.deletionTimestamp"))?;
            let grace = o.int("metadata.deletionGracePeriodSeconds") * 1000;
            (grace > 0).then_some((end - grace, end))
        }
        PodState::CrashLoop => o
            .at("status.containerStatuses")
            .items()
            .iter()
            .filter_map(back_off)
            .max_by_key(|(_, end)| *end),
        _ => None,
    }
}

/// `back-off 1m20s restarting failed container=...`, counted from when the last run ended.
fn back_off(status: &Value) -> Option<(Millis, Millis)> {
    let text = status.text("state.waiting.message");
    let word = text.strip_prefix("back-off ")?.split(' ').next()?;
    let start = parse_rfc3339(status.text("lastState.terminated.finishedAt"))?;
    let mut total = 0;
    let mut n = 0;
    for c in word.chars() {
        match c {
            '0'..='9' => n = n * 10 + i64::from(c as u8 - b'0'),
            'h' => total += std::mem::take(&mut n) * 3_600_000,
            'm' => total += std::mem::take(&mut n) * 60_000,
            's' => total += std::mem::take(&mut n) * 1000,
            _ => return None,
        }
        if n > 1_000_000 {
            return None;
        }
    }
    (total > 0).then_some((start, start + total))
}

/// CPU (millicores) and memory (bytes) that the scheduler counts: the sum of the containers, or the largest init container.
pub fn requests(spec: &Value) -> (i64, i64) {
    let of = |c: &Value, what: &str| {
        let amount = c.at("resources.requests").get(what);
        let text = amount
            .as_str()
            .map_or_else(|| format!("{amount:?}"), str::to_string);
        if amount.is_null() {
            0
        } else {
            quantity_milli(&text)
        }
    };
    let sum = |what: &str| -> i64 {
        let all: i64 = spec
            .get("containers")
            .items()
            .iter()
            .map(|c| of(c, what))
            .fold(0, i64::saturating_add);
        let init = spec.get("initContainers").items().iter();
        all.max(init.map(|c| of(c, what)).max().unwrap_or(0))
    };
    (sum("cpu"), sum("memory") / 1000)
}

/// A quantity in thousandths, near enough to draw a bar: `250m` is 250, `1Gi` is 2^30 × 1000. 0 for what is none.
pub fn quantity_milli(text: &str) -> i64 {
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let Ok(n) = number.parse::<f64>() else {
        return 0;
    };
    let factor: f64 = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        other => match other.strip_prefix(['e', 'E']).and_then(|e| e.parse().ok()) {
            Some(e) => 10f64.powi(e),
            None => return 0,
        },
    };
    (n * factor * 1000.0).ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use machinery::value;

    fn check(spec: Value, status: Value, expected: &str) {
        let mut o = Object::new("v1", "Pod", "default", "web-1");
        o.0.set("spec", spec);
        o.0.set("status", status);
        let p = Pod::read(&o, None);
        assert_eq!(format!("{} {}", p.state.class(), p.word), expected);
    }

    #[test]
    fn states_are_those_of_the_status_column() {
        let spec = || value!({ "nodeName": "n", "containers": [{ "name": "a" }] });
        check(value!({}), value!({}), "pending Pending");
        check(
            spec(),
            value!({ "phase": "Pending" }),
            "starting ContainerCreating",
        );
        check(
            spec(),
            value!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] }),
            "ready Running",
        );
        check(spec(), value!({ "phase": "Running" }), "notready Running");
        check(
            spec(),
            value!({ "phase": "Running", "containerStatuses": [{ "name": "a", "state": { "waiting": { "reason": "CrashLoopBackOff" } } }] }),
            "crashloop CrashLoopBackOff",
        );
        check(
            spec(),
            value!({ "phase": "Pending", "initContainerStatuses": [{ "name": "i", "state": { "running": {} } }] }),
            "starting Init:0/0",
        );
        check(
            spec(),
            value!({ "phase": "Succeeded" }),
            "completed Completed",
        );
        check(
            spec(),
            value!({ "phase": "Failed", "reason": "Evicted" }),
            "evicted Evicted",
        );
    }

    #[test]
    fn a_back_off_counts_from_the_end_of_the_last_run() {
        let status = value!({
            "state": { "waiting": { "message": "back-off 1m20s restarting failed container=a pod=b" } },
            "lastState": { "terminated": { "finishedAt": "1970-01-01T00:00:10Z" } },
        });
        assert_eq!(back_off(&status), Some((10_000, 90_000)));
    }

    #[test]
    fn quantities_near_enough_to_draw() {
        for (text, milli) in [
            ("250m", 250),
            ("1", 1000),
            ("1.5", 1500),
            ("1Ki", 1_024_000),
            ("2e3", 2_000_000),
            ("x", 0),
        ] {
            assert_eq!(quantity_milli(text), milli, "{text}");
        }
    }
}
