//! Connections into containers: following logs, exec, attach, port-forward.
//!
//! A session is plain data: a machine beside the container's own process, on the same files. The client is asked to poll;
//! what waits for time is woken through the queue.
//! Upstream: `pkg/kubelet/server`, `cri-streaming`.

mod open;

pub use open::connect;

use super::Wake;
use super::logs::{self, Options};
use super::process::{self, Script, drive::Place};
use crate::Cluster;
use machinery::{Object, Str, StreamId, StreamIn, StreamOut};
use shell::Fs;
use shell::machine::Chunk;

/// An open connection.
#[derive(Clone, Debug)]
pub struct Session {
    pod: Str,
    container: usize,
    kind: Kind,
    out: Vec<(u8, Vec<u8>)>,
    ended: Option<Result<i32, String>>,
    /// When a wake-up is queued.
    wake_at: Option<i64>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Follows a log: how many lines of it were given, of which start of the container.
    Logs {
        options: Options,
        given: u64,
        attempt: u32,
    },
    Exec(Box<Script>),
    /// Sees the container's own output, and may speak to it.
    Attach,
    Forward {
        locals: Vec<u16>,
    },
}

fn total(c: &super::run::ContainerRun) -> u64 {
    let boot = c.log.boot.map_or(0, |(_, lines)| lines.len() as u64);
    boot + c.log.dropped + c.log.lines.len() as u64 - u64::from(c.log.open)
}

impl Session {
    fn new(pod: &Object, container: usize, kind: Kind) -> Session {
        Session {
            pod: Str::from(pod.uid()),
            container,
            kind,
            out: Vec::new(),
            ended: None,
            wake_at: None,
        }
    }
    /// A connection that ends with an error as soon as it is asked.
    fn failed(pod: &Object, error: String) -> Session {
        Session {
            ended: Some(Err(error)),
            ..Session::new(pod, 0, Kind::Attach)
        }
    }
}

/// Moves a session on: its processes, and what has come for it.
pub fn advance(cluster: &mut Cluster, id: StreamId) {
    let Some(mut session) = cluster.kubelets.sessions.remove(&id) else {
        return;
    };
    if session.ended.is_none() {
        session.advance(cluster, id);
    }
    cluster.kubelets.sessions.insert(id, session);
}

impl Session {
    fn advance(&mut self, cluster: &mut Cluster, id: StreamId) {
        match &mut self.kind {
            Kind::Exec(_) => self.run(cluster, id),
            Kind::Logs { .. } => self.follow_logs(cluster),
            Kind::Attach => {
                let c = cluster.kubelets.container(&self.pod, self.container);
                self.ended = match c.map(|c| &c.phase) {
                    Some(super::run::Phase::Running { .. }) => None,
                    Some(super::run::Phase::Ended { end, .. }) => Some(Ok(end.code)),
                    _ => Some(Ok(0)),
                };
            }
            Kind::Forward { locals } => {
                if cluster.kubelets.pod(&self.pod).is_none() {
                    for local in locals.iter() {
                        cluster.network.forwards.remove(local);
                    }
                    self.ended = Some(Err("lost connection to pod".into()));
                }
            }
        }
    }

    /// The processes of an exec: they go on until they wait, and are woken when they are due.
    fn run(&mut self, cluster: &mut Cluster, id: StreamId) {
        let now = cluster.now;
        let Kind::Exec(script) = &mut self.kind else {
            return;
        };
        let pod = cluster.store.by_uid(&self.pod).cloned();
        let node = cluster.kubelets.pod(&self.pod).map(|r| r.node.clone());
        let (Some(pod), Some(node)) = (pod, node) else {
            self.ended = Some(Ok(137));
            return;
        };
        let place = Place {
            pod: &pod,
            uid: &self.pod,
            index: self.container,
        };
        let over = match script.due() {
            Some(at) if at <= now => process::drive::drive(cluster, &place, script, now),
            _ => None,
        };
        let said = script.machine.drain().into_iter();
        self.out.extend(said.map(|c| (c.fd, c.bytes)));
        self.ended = over.map(Ok);
        let container = cluster.kubelets.container(&self.pod, self.container);
        if self.ended.is_none() && !container.is_some_and(|c| c.is_running()) {
            self.ended = Some(Ok(137));
        }
        if self.wake_at.is_some_and(|t| t <= now) {
            self.wake_at = None;
        }
        if let (Some(at), None) = (script.due(), &self.ended)
            && self.wake_at.is_none_or(|t| t > at)
        {
            let at = at.max(now + 1);
            self.wake_at = Some(at);
            let wake = Wake::Session(id);
            cluster.queue.kubelet(at, node, self.pod.clone(), wake);
        }
    }

    /// Lines that the container has written since; over when it is, or when it starts anew.
    fn follow_logs(&mut self, cluster: &Cluster) {
        let Kind::Logs {
            options,
            given,
            attempt,
        } = &mut self.kind
        else {
            return;
        };
        let Some(c) = cluster.kubelets.container(&self.pod, self.container) else {
            self.ended = Some(Ok(0));
            return;
        };
        let same = c.restarts == *attempt;
        let all = total(c);
        let new = (all - (*given).min(all)) as usize;
        if same && new > 0 {
            let fresh = Options {
                tail: Some(new + usize::from(c.log.open)),
                since: None,
                limit_bytes: None,
                ..options.clone()
            };
            let text = logs::text(c, &fresh);
            let whole: String = text.split_inclusive('\n').take(new).collect();
            self.out.push((1, whole.into_bytes()));
            *given = all;
        }
        if !c.is_running() || !same {
            self.ended = Some(Ok(0));
        }
    }
}

/// What a client says, and what has come for it.
pub fn stream(cluster: &mut Cluster, id: StreamId, input: StreamIn) -> StreamOut {
    let now = cluster.now;
    if input == StreamIn::Close {
        close(cluster, id);
        return StreamOut {
            chunks: Vec::new(),
            ended: Some(Ok(0)),
        };
    }
    let Some(session) = cluster.kubelets.sessions.get_mut(&id) else {
        return StreamOut {
            chunks: Vec::new(),
            ended: Some(Err("no such stream".into())),
        };
    };
    let (uid, index) = (session.pod.clone(), session.container);
    // What has come is given to those who ask for it; saying something takes nothing away.
    let asks = input == StreamIn::Poll;
    let mut wake_container = false;
    match (&mut session.kind, input) {
        (Kind::Exec(s), input) => speak(s, input, now),
        (Kind::Attach, input) => {
            if let Some(c) = cluster.kubelets.container_mut(&uid, index)
                && let Some(proc) = c.proc.as_mut()
                && let process::Proc::Script(s) = std::rc::Rc::make_mut(proc)
                && input != StreamIn::Poll
            {
                speak(s, input, now);
                s.wait = Some(now);
                wake_container = true;
            }
        }
        _ => {}
    }
    if wake_container && let Some(node) = cluster.kubelets.pod(&uid).map(|r| r.node.clone()) {
        super::sync::sync(cluster, &node, &uid);
    }
    advance(cluster, id);
    let Some(session) = cluster.kubelets.sessions.get_mut(&id) else {
        return StreamOut::default();
    };
    if !asks {
        return StreamOut::default();
    }
    let out = StreamOut {
        chunks: std::mem::take(&mut session.out),
        ended: session.ended.clone(),
    };
    if out.ended.is_some() {
        close(cluster, id);
    }
    out
}

fn speak(script: &mut Script, input: StreamIn, now: i64) {
    if input != StreamIn::Poll {
        script.wait = Some(now);
    }
    match input {
        StreamIn::Stdin(bytes) => script.machine.feed(&bytes),
        StreamIn::CloseStdin => script.machine.close_stdin(),
        StreamIn::Resize { columns, .. } => script.machine.columns = usize::from(columns),
        StreamIn::Interrupt => {
            let mut host = shell::machine::NoHost { now_ms: now };
            let mut fs = Fs::new();
            script
                .machine
                .signal(shell::Signal::Int, &mut fs, &mut host);
            // Programs under way are told too: they end as Ctrl+C ends them.
            script
                .pending
                .iter_mut()
                .for_each(|p| (p.at, p.code) = (now, 130));
        }
        StreamIn::Close | StreamIn::Poll => {}
    }
}

fn close(cluster: &mut Cluster, id: StreamId) {
    if let Some(session) = cluster.kubelets.sessions.remove(&id)
        && let Kind::Forward { locals } = session.kind
    {
        for local in locals {
            cluster.network.forwards.remove(&local);
        }
    }
}

/// A container has written: whoever is attached sees it.
pub fn show(cluster: &mut Cluster, uid: &str, index: usize, chunks: &[Chunk]) {
    for s in cluster.kubelets.sessions.values_mut() {
        if s.pod == *uid && s.container == index && matches!(s.kind, Kind::Attach) {
            s.out.extend(chunks.iter().map(|c| (c.fd, c.bytes.clone())));
        }
    }
}

/// A pod is gone: its sessions end when they are asked next.
pub fn pod_gone(cluster: &mut Cluster, uid: &str) {
    let ids: Vec<StreamId> = cluster
        .kubelets
        .sessions
        .iter()
        .filter(|(_, s)| s.pod == *uid)
        .map(|(id, _)| *id)
        .collect();
    ids.into_iter().for_each(|id| advance(cluster, id));
}
