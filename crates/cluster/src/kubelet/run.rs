//! What a kubelet and its container runtime know of pods and machines: plain data, cheap to clone.
//!
//! The real one spreads this over the pod workers, the status manager, the probe managers, the image manager and
//! containerd. Upstream: `kubernetes:pkg/kubelet`, `cri-api`.

use super::catalogue::Image;
use super::probes::Probes;
use super::process::Proc;
use super::server::log::clf;
use crate::store::Uid;
use crate::store::index::{Index, Slab};
use machinery::Arrange;
use machinery::time::Millis;
use machinery::{Object, Str, Value};
use shell::Fs;
use shell::fs::Tree;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// Lines that one container keeps; a node rotates its log files too.
const LOG_MAX: usize = 5_000;
/// Among so many of the newest lines one is looked for that differs in its time alone.
const ALIKE_MAX: usize = 4;

/// One pod on its node.
#[derive(Clone, Debug, Default)]
pub struct PodRun {
    pub uid: Str,
    pub node: Str,
    pub namespace: Str,
    pub name: Str,
    /// 0 while there is no sandbox.
    pub ip: u32,
    pub stage: Stage,
    /// `status.startTime`.
    pub since: Millis,
    /// Init containers, containers, ephemeral containers, each in the order of the spec.
    pub containers: Vec<ContainerRun>,
    /// emptyDir volumes and what was made of ConfigMaps and Secrets, by volume name.
    pub volumes: BTreeMap<Str, Tree>,
    /// ConfigMaps and Secrets behind volumes as they were when the files were last made.
    pub sources: Vec<Object>,
    pub gathered_at: Millis,
    /// Files made of them, for pods whose processes look at files.
    pub made: BTreeMap<Str, Tree>,
    /// When a wake-up is queued.
    pub wake_at: Option<Millis>,
    /// When the status is to be written, if it has changed since.
    pub flush_at: Option<Millis>,
    /// Files of ConfigMaps and Secrets are made anew then.
    pub refresh_at: Option<Millis>,
    pub stopping: Option<Stopping>,
    /// The kubelet itself ended the pod: reason and message of `status` (Evicted, DeadlineExceeded).
    pub failed: Option<Rc<(Str, String)>>,
    /// Why the last status write happens, for its cause.
    pub why: &'static str,
    /// The pod has been told to go away; it never starts anything again.
    pub gone: bool,
    /// The generation of the spec that was acted upon.
    pub generation: i64,
    /// A resize that waits, or cannot be: reason and message of `PodResizePending`.
    pub resize: Option<Rc<(&'static str, String)>>,
    /// When a resize that is under way is done.
    pub resize_until: Option<Millis>,
    /// More was written than the limits of its storage allow: why it is to be evicted, at the next look of the kubelet.
    pub overfull: Option<Rc<(Millis, String)>>,
}

/// The pods' runs by uid.
#[derive(Clone, Default)]
pub(crate) struct Runs {
    /// A run that is being worked on is out of its place, which is kept.
    list: Slab<(Uid, Option<Rc<PodRun>>)>,
    index: Index,
}

impl Runs {
    fn find(&self, uid: &Uid) -> Option<u32> {
        let is = |i| self.list.get(i).is_some_and(|e| e.0 == *uid);
        self.index.find(uid.hash(), is)
    }
    pub fn get(&self, uid: &str) -> Option<&Rc<PodRun>> {
        self.list.get(self.find(&Uid::of(uid))?)?.1.as_ref()
    }
    pub fn get_mut(&mut self, uid: &str) -> Option<&mut Rc<PodRun>> {
        let i = self.find(&Uid::of(uid))?;
        self.list.get_mut(i)?.1.as_mut()
    }
    pub fn insert(&mut self, uid: Str, run: Rc<PodRun>) {
        let uid = Uid::of(&uid);
        if let Some(i) = self.find(&uid)
            && let Some(place) = self.list.get_mut(i)
        {
            place.1 = Some(run);
            return;
        }
        let hash = uid.hash();
        let i = self.list.add((uid, Some(run)));
        let list = &self.list;
        let of = |i| list.get(i).map_or(0, |e| e.0.hash());
        self.index.insert(hash, i, of);
    }
    /// Takes a run out that will be put back.
    pub fn take(&mut self, uid: &str) -> Option<Rc<PodRun>> {
        let i = self.find(&Uid::of(uid))?;
        self.list.get_mut(i)?.1.take()
    }
    pub fn remove(&mut self, uid: &str) -> Option<Rc<PodRun>> {
        let uid = Uid::of(uid);
        let i = self.find(&uid)?;
        let list = &self.list;
        let of = |i| list.get(i).map_or(0, |e| e.0.hash());
        self.index.remove(uid.hash(), i, of);
        self.list.remove(i)?.1
    }
    /// All of them, by uid.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &Rc<PodRun>)> {
        self.values().map(|run| (&run.uid, run))
    }
    pub fn values(&self) -> impl Iterator<Item = &Rc<PodRun>> {
        let mut all: Vec<&(Uid, Option<Rc<PodRun>>)> = self.list.iter().collect();
        all.arrange_by(|a, b| a.0.cmp(&b.0));
        all.into_iter().filter_map(|e| e.1.as_ref())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Seen, not yet worked on.
    #[default]
    New,
    /// Volumes are not there yet; tried again then. `told` is when the last event was written.
    Volumes {
        retry: Millis,
        told: Millis,
    },
    Sandbox {
        until: Millis,
    },
    Up,
}

/// A pod that is being deleted (or ended by the kubelet).
#[derive(Clone, Copy, Debug)]
pub struct Stopping {
    /// When whoever has not gone is killed.
    pub kill_at: Millis,
    /// When the end of all containers has been noticed.
    pub done_at: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Role {
    Init,
    Sidecar,
    #[default]
    Main,
    Ephemeral,
}

#[derive(Clone, Debug, Default)]
pub struct ContainerRun {
    pub role: Role,
    /// Index in its own list of the spec.
    pub at: usize,
    pub name: Str,
    pub phase: Phase,
    pub restarts: u32,
    pub ready: bool,
    /// Started as probes mean it: running, and the startup probe has succeeded.
    pub started: bool,
    /// The latest end before the present phase.
    pub last: Option<Rc<Ended>>,
    pub crash: Backoff,
    pub pull: Backoff,
    /// The image's back-off message, while pulling fails.
    pub pull_error: Option<Rc<str>>,
    pub image: Option<&'static Image>,
    /// The image as the spec had it when it was last acted upon: a change starts the container anew.
    pub tried: Str,
    /// After an end: when the next start is tried.
    pub again_at: Option<Millis>,
    pub probes: Option<Box<Probes>>,
    pub proc: Option<Rc<Proc>>,
    /// What listens on ports.
    pub servers: Vec<super::server::Server>,
    /// Set while a stop is under way: when the process is told (after preStop), and when it is killed.
    pub stop: Option<Stop>,
    pub log: Rc<Log>,
    pub previous_log: Option<Rc<Log>>,
    /// The files, once something was written; else the image's.
    pub fs: Option<Rc<Fs>>,
    /// Variables that came from ConfigMaps, Secrets and the like at its start.
    pub env: Option<Rc<Vec<(String, String)>>>,
    pub fault: Option<Box<super::faults::ContainerFault>>,
    /// ConfigMaps and Secrets as they were when it started, for mounts by `subPath`: those never follow.
    pub frozen: Option<Rc<Vec<Object>>>,
    /// The resources that it was given, where they are not those of the spec (a resize waits).
    pub given: Option<Value>,
}

#[derive(Clone, Copy, Debug)]
pub struct Stop {
    pub term_at: Millis,
    pub told: bool,
    pub kill_at: Millis,
}

#[derive(Clone, Debug)]
pub enum Phase {
    /// Not running; reason and message of `state.waiting`. It is looked at again at `retry`.
    Waiting {
        reason: &'static str,
        message: Option<Rc<str>>,
        retry: Option<Millis>,
    },
    Pulling {
        since: Millis,
        from: Millis,
        until: Millis,
    },
    Creating {
        until: Millis,
    },
    Running {
        since: Millis,
    },
    Ended {
        end: Rc<Ended>,
        noticed: bool,
    },
}

impl Default for Phase {
    fn default() -> Phase {
        Phase::Waiting {
            reason: "",
            message: None,
            retry: None,
        }
    }
}

/// `state.terminated`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub code: i32,
    pub reason: &'static str,
    pub message: String,
    pub since: Millis,
    pub at: Millis,
    /// How often it had been restarted before: makes its id.
    pub attempt: u32,
}

/// A delay that doubles. Upstream: `client-go:util/flowcontrol/backoff.go`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    pub delay: i64,
    pub updated: Millis,
}

pub const BACKOFF_FIRST_MS: i64 = 10_000;
pub const BACKOFF_MAX_MS: i64 = 300_000;

impl Backoff {
    /// Whether something that happened at `since` is still backed off.
    pub fn holds(&self, since: Millis, now: Millis) -> bool {
        self.delay > 0 && !self.expired(since) && now - since < self.delay
    }
    pub fn next(&mut self, since: Millis, now: Millis) {
        self.delay = match self.delay {
            d if d == 0 || self.expired(since) => BACKOFF_FIRST_MS,
            d => (d * 2).min(BACKOFF_MAX_MS),
        };
        self.updated = now;
    }
    fn expired(&self, since: Millis) -> bool {
        since - self.updated > 2 * BACKOFF_MAX_MS
    }
}

/// What a container has written.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The image's own start-up lines, made when they are read; written at this time.
    pub boot: Option<(Millis, &'static [&'static str])>,
    pub lines: VecDeque<Kept>,
    /// How many lines came before the first one kept.
    pub dropped: u64,
    /// The last line has no newline yet.
    pub open: bool,
}

/// A line as it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    pub at: Millis,
    pub text: Rc<str>,
}

/// A line as it is kept: those that differ in nothing but the time in them share their text. An hour of probes is hundreds
/// of these in every container.
#[derive(Clone, Debug)]
pub struct Kept {
    at: Millis,
    text: Rc<Text>,
}

#[derive(Debug, PartialEq)]
struct Text {
    text: Box<str>,
    /// Where in the text the line's own time stands, as access logs write it.
    time: Option<usize>,
}

impl Kept {
    fn read(&self) -> LogLine {
        let text = &*self.text.text;
        let timed = self.text.time.and_then(|at| text.split_at_checked(at));
        LogLine {
            at: self.at,
            text: match timed {
                Some((before, after)) => format!("{before}{}{after}", clf(self.at)).into(),
                None => text.into(),
            },
        }
    }
}

impl Log {
    pub fn line(&mut self, at: Millis, text: &str) {
        let text = Text {
            text: text.into(),
            time: None,
        };
        self.push(at, Rc::new(text));
    }
    /// A line of an access log: it carries the time at which it was written.
    pub fn access(&mut self, at: Millis, line: &str) {
        let time = clf(at);
        let Some(place) = line.find(&time) else {
            return self.line(at, line);
        };
        let text = Text {
            text: line.replacen(&time, "", 1).into(),
            time: Some(place),
        };
        let mut lately = self.lines.iter().rev().take(ALIKE_MAX);
        let alike = lately.find(|l| *l.text == text).map(|l| l.text.clone());
        self.push(at, alike.unwrap_or_else(|| Rc::new(text)));
    }
    fn push(&mut self, at: Millis, text: Rc<Text>) {
        self.open = false;
        self.lines.push_back(Kept { at, text });
        if self.lines.len() > LOG_MAX {
            self.lines.pop_front();
            self.dropped += 1;
        }
    }
    /// Bytes as a program writes them: whole lines, and perhaps the beginning of one.
    pub fn write(&mut self, at: Millis, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for piece in text.split_inclusive('\n') {
            let (body, ended) = piece
                .strip_suffix('\n')
                .map_or((piece, false), |p| (p, true));
            match self.lines.back_mut() {
                Some(last) if self.open => {
                    let text = format!("{}{body}", last.read().text).into();
                    last.text = Rc::new(Text { text, time: None });
                }
                _ => self.line(at, body),
            }
            self.open = !ended;
        }
    }
    /// All lines with the start-up ones in front.
    pub fn all(&self) -> Vec<LogLine> {
        let boot = self.boot.iter().flat_map(|(at, lines)| {
            lines.iter().enumerate().map(move |(i, text)| LogLine {
                at: *at + i as i64,
                text: (*text).into(),
            })
        });
        boot.chain(self.lines.iter().map(Kept::read)).collect()
    }
}

impl ContainerRun {
    /// Its part of the pod's spec.
    pub fn spec<'a>(&self, pod: &'a Object) -> &'a Value {
        pod.spec()
            .get(self.role.list())
            .items()
            .get(self.at)
            .unwrap_or(machinery::NULL)
    }
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }
    pub fn ended(&self) -> Option<&Rc<Ended>> {
        match &self.phase {
            Phase::Ended { end, noticed: true } => Some(end),
            _ => None,
        }
    }
    pub fn succeeded(&self) -> bool {
        self.ended().is_some_and(|e| e.code == 0)
    }
    /// `spec.containers{web}`: what its events are about.
    pub fn field_path(&self) -> String {
        format!("spec.{}{{{}}}", self.role.list(), self.name)
    }
    pub fn log_mut(&mut self) -> &mut Log {
        Rc::make_mut(&mut self.log)
    }
}

impl Role {
    pub fn list(self) -> &'static str {
        match self {
            Role::Init | Role::Sidecar => "initContainers",
            Role::Main => "containers",
            Role::Ephemeral => "ephemeralContainers",
        }
    }
}

impl PodRun {
    /// Asks for a status write at `at` at the latest.
    pub fn dirty(&mut self, at: Millis, why: &'static str) {
        self.why = why;
        self.flush_at = Some(self.flush_at.map_or(at, |t| t.min(at)));
    }
    pub fn container(&self, name: &str) -> Option<usize> {
        self.containers.iter().position(|c| c.name == name)
    }
    pub fn is_up(&self) -> bool {
        self.stage == Stage::Up
    }
}

/// One machine.
#[derive(Clone, Debug, Default)]
pub struct NodeRun {
    pub name: Str,
    pub index: usize,
    pub ip: u32,
    /// The first address of its pod network.
    pub cidr: u32,
    /// The offset given last.
    pub last_ip: u32,
    /// Images by full reference, with what they are.
    pub images: Rc<BTreeMap<Str, &'static Image>>,
    /// Pulls run one after another.
    pub pull_free_at: Millis,
    pub pods: usize,
    /// Cut off from the network: nothing goes in or out, containers run on.
    pub cut: bool,
    /// Switched off.
    pub stopped: bool,
    /// Something that may take much memory has run here.
    pub heavy: bool,
    /// When there was too little memory last.
    pub pressed_at: Option<Millis>,
    /// What it pulls and starts takes so many times as long (0 and 1 are as usual).
    pub slow: i64,
    /// Counts wake-ups that were put off while the node was not reachable.
    pub heartbeat_at: Millis,
    /// The machine's own files (hostPath), once somebody has written there.
    pub files: Option<Rc<shell::Fs>>,
}
