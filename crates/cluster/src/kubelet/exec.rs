//! Connections into containers: following logs, exec, attach, port-forward.
//!
//! A session is plain data: a machine beside the container's own process, on the same files. The client is asked to poll;
//! what waits for time is woken through the queue.
//! Upstream: `pkg/kubelet/server`, `cri-streaming`.

use super::logs::{self, Options};
use super::process::{self, Place, Script};
use super::{Wake, ahead, env, programs, volumes};
use crate::Cluster;
use crate::event::Event;
use crate::network;
use machinery::{Object, Request, Response, Status, Str, StreamId, StreamIn, StreamOut};
use shell::Fs;
use shell::machine::Chunk;

/// How long after its start a container's output is still given to who attaches.
const FRESH_MS: i64 = 3_000;

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

/// Opens what is asked for.
pub fn connect(
    cluster: &mut Cluster,
    pod: &Object,
    subresource: &str,
    request: &Request,
) -> Response {
    let opened = match subresource {
        "log" => return log(cluster, pod, request),
        "exec" => exec(cluster, pod, request),
        "attach" => attach(cluster, pod, request),
        "portforward" => forward(cluster, pod, request),
        other => Err(Status::internal(format!(
            "bottleship does not simulate pods/{other}"
        ))),
    };
    match opened {
        Ok(session) => Response::Stream(open(cluster, session)),
        Err(status) => Response::err(status),
    }
}

fn open(cluster: &mut Cluster, session: Session) -> StreamId {
    cluster.kubelets.next_stream += 1;
    let id = StreamId(cluster.kubelets.next_stream);
    cluster.kubelets.sessions.insert(id, session);
    advance(cluster, id);
    id
}

/// The kubelet of the pod's node must be there to talk to.
fn reachable(cluster: &Cluster, pod: &Object) -> Result<(), Status> {
    let node = pod.text("spec.nodeName");
    if node.is_empty() {
        return Err(Status::bad_request(format!(
            "pod {} does not have a host assigned",
            pod.name()
        )));
    }
    match cluster.kubelets.node(node) {
        Some(n) if !n.cut && !n.stopped => Ok(()),
        Some(n) => Err(Status::internal(format!(
            "error dialing backend: dial tcp {}:10250: connect: no route to host",
            network::text_ip(n.ip)
        ))),
        None => Err(Status::not_found("", "nodes", node)),
    }
}

fn log(cluster: &mut Cluster, pod: &Object, request: &Request) -> Response {
    let options = Options::read(request, cluster.now);
    let run = cluster.kubelets.pod(pod.uid());
    let (name, index) = match logs::container(pod, run, request) {
        Ok(found) => found,
        Err(status) => return Response::err(status),
    };
    if pod.text("spec.nodeName").is_empty() {
        // Not scheduled yet: upstream answers with nothing.
        return Response::Text(String::new());
    }
    if let Err(status) = reachable(cluster, pod) {
        return Response::err(status);
    }
    let c = run.zip(index).and_then(|(r, i)| r.containers.get(i));
    if let Err(status) = logs::check(pod, &name, c, options.previous) {
        return Response::err(status);
    }
    let Some(c) = c else {
        return Response::Text(String::new());
    };
    let text = logs::text(c, &options);
    if !options.follow || options.previous {
        return Response::Text(text);
    }
    let given = total(c);
    let attempt = c.restarts;
    let session = Session {
        pod: Str::from(pod.uid()),
        container: index.unwrap_or(0),
        kind: Kind::Logs {
            options,
            given,
            attempt,
        },
        out: if text.is_empty() {
            Vec::new()
        } else {
            vec![(1, text.into_bytes())]
        },
        ended: None,
        wake_at: None,
    };
    Response::Stream(open(cluster, session))
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

/// The container of a session if it runs. Err(Ok(..)) is a connection that fails in the kubelet's words.
fn running(
    cluster: &Cluster,
    pod: &Object,
    request: &Request,
) -> Result<usize, Result<Session, Status>> {
    let run = cluster.kubelets.pod(pod.uid());
    let (name, index) = logs::container(pod, run, request).map_err(Err)?;
    reachable(cluster, pod).map_err(Err)?;
    let c = run
        .zip(index)
        .and_then(|(r, i)| r.containers.get(i).map(|c| (i, c)));
    match c {
        Some((i, c)) if c.is_running() => Ok(i),
        _ => Err(Ok(Session::failed(
            pod,
            format!("unable to upgrade connection: container not found (\"{name}\")"),
        ))),
    }
}

fn exec(cluster: &mut Cluster, pod: &Object, request: &Request) -> Result<Session, Status> {
    let argv: Vec<String> = request
        .query
        .iter()
        .filter(|(k, _)| k == "command")
        .map(|(_, v)| v.clone())
        .collect();
    let flag = |name: &str| request.param(name).is_some_and(|v| v == "true" || v == "1");
    if argv.is_empty() {
        return Err(Status::bad_request(
            "you must specify at least 1 command for the container",
        ));
    }
    let index = match running(cluster, pod, request) {
        Ok(index) => index,
        Err(other) => return other,
    };
    let Some(run) = cluster.kubelets.pods.get(pod.uid()).cloned() else {
        return Err(Status::internal("the pod is gone"));
    };
    let Some(image) = run.containers.get(index).and_then(|c| c.image) else {
        return Err(Status::internal("the container is gone"));
    };
    let fs = volumes::open(cluster, pod, &run, index);
    let tty = flag("tty");
    let env = env::full(cluster, pod, &run, index);
    let cwd = process::workdir(run.containers[index].spec(pod), image);
    let mut script = process::script(image, &argv, env, &cwd, tty);
    script.machine.set_next_pid(30);
    if !programs::exists(image, &argv[0], &fs) {
        let id = super::images::hex64(&format!("{}/{}", pod.uid(), cluster.now));
        let why = ahead::oci_exec_error(&argv[0]);
        let error = format!(
            "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec \"{id}\": {why}"
        );
        return Ok(Session::failed(pod, error));
    }
    if !flag("stdin") {
        script.machine.close_stdin();
    }
    script.wait = Some(cluster.now);
    Ok(Session::new(pod, index, Kind::Exec(Box::new(script))))
}

fn attach(cluster: &mut Cluster, pod: &Object, request: &Request) -> Result<Session, Status> {
    match running(cluster, pod, request) {
        Ok(index) => {
            let mut session = Session::new(pod, index, Kind::Attach);
            // Who attaches while a container starts (`kubectl run -it`) sees what it has said until now.
            let c = cluster
                .kubelets
                .pod(pod.uid())
                .and_then(|r| r.containers.get(index));
            if let Some(c) = c
                && let super::run::Phase::Running { since } = c.phase
                && cluster.now - since < FRESH_MS
                && (c.spec(pod).flag("stdin") || c.spec(pod).flag("tty"))
            {
                session
                    .out
                    .push((1, logs::text(c, &Options::default()).into_bytes()));
            }
            Ok(session)
        }
        Err(other) => other,
    }
}

fn forward(cluster: &mut Cluster, pod: &Object, request: &Request) -> Result<Session, Status> {
    reachable(cluster, pod)?;
    if pod.text("status.phase") != "Running" {
        let phase = pod.text("status.phase");
        return Err(Status::bad_request(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let all = |name: &str| -> Vec<u16> {
        let values = request.query.iter().filter(|(k, _)| k == name);
        values
            .flat_map(|(_, v)| v.split(','))
            .filter_map(|p| p.parse().ok())
            .collect()
    };
    let (ports, locals) = (all("ports"), all("local"));
    let locals: Vec<u16> = ports
        .iter()
        .enumerate()
        .map(|(i, p)| locals.get(i).copied().unwrap_or(*p))
        .collect();
    for (port, local) in ports.iter().zip(&locals) {
        if cluster.network.forwards.contains_key(local) {
            return Err(Status::bad_request(format!(
                "unable to listen on port {local}: listen tcp4 127.0.0.1:{local}: bind: address already in use"
            )));
        }
        cluster
            .network
            .forwards
            .insert(*local, (Str::from(pod.uid()), *port));
    }
    Ok(Session::new(pod, 0, Kind::Forward { locals }))
}

/// Moves a session on: its processes, and what has come for it.
pub fn advance(cluster: &mut Cluster, id: StreamId) {
    let now = cluster.now;
    let Some(mut session) = cluster.kubelets.sessions.remove(&id) else {
        return;
    };
    if session.ended.is_some() {
        cluster.kubelets.sessions.insert(id, session);
        return;
    }
    let pod = cluster.store.by_uid(&session.pod).cloned();
    let alive = cluster.kubelets.pod(&session.pod).is_some();
    match (&mut session.kind, &pod) {
        (Kind::Exec(script), Some(pod)) if alive => {
            let place = Place {
                pod,
                uid: &session.pod,
                index: session.container,
            };
            let over = match script.due() {
                Some(at) if at <= now => process::drive(cluster, &place, script, now),
                _ => None,
            };
            session
                .out
                .extend(script.machine.drain().into_iter().map(|c| (c.fd, c.bytes)));
            session.ended = over.map(Ok);
            let container = cluster
                .kubelets
                .pod(&session.pod)
                .and_then(|r| r.containers.get(session.container));
            if session.ended.is_none() && !container.is_some_and(|c| c.is_running()) {
                session.ended = Some(Ok(137));
            }
            if session.wake_at.is_some_and(|t| t <= now) {
                session.wake_at = None;
            }
            if let (Some(at), None) = (script.due(), &session.ended)
                && session.wake_at.is_none_or(|t| t > at)
            {
                session.wake_at = Some(at.max(now + 1));
                let node = cluster
                    .kubelets
                    .pod(&session.pod)
                    .map(|r| r.node.clone())
                    .unwrap_or_default();
                cluster.queue.push(
                    at.max(now + 1),
                    Event::Kubelet {
                        node,
                        uid: session.pod.clone(),
                        wake: Wake::Session(id),
                    },
                );
            }
        }
        (Kind::Exec(_), _) => session.ended = Some(Ok(137)),
        (
            Kind::Logs {
                options,
                given,
                attempt,
            },
            _,
        ) => {
            let run = cluster.kubelets.pod(&session.pod);
            let c = run.and_then(|r| r.containers.get(session.container));
            match c {
                None => session.ended = Some(Ok(0)),
                Some(c) => {
                    if c.restarts == *attempt {
                        let all = total(c);
                        let new = (all - (*given).min(all)) as usize;
                        if new > 0 {
                            let fresh = Options {
                                tail: Some(new + usize::from(c.log.open)),
                                since: None,
                                limit_bytes: None,
                                ..options.clone()
                            };
                            let text = logs::text(c, &fresh);
                            let whole: String = text.split_inclusive('\n').take(new).collect();
                            session.out.push((1, whole.into_bytes()));
                            *given = all;
                        }
                    }
                    if !c.is_running() || c.restarts != *attempt {
                        session.ended = Some(Ok(0));
                    }
                }
            }
        }
        (Kind::Attach, _) => {
            let c = cluster
                .kubelets
                .pod(&session.pod)
                .and_then(|r| r.containers.get(session.container));
            match c.map(|c| (&c.phase, c.is_running())) {
                Some((_, true)) => {}
                Some((super::run::Phase::Ended { end, .. }, _)) => {
                    session.ended = Some(Ok(end.code))
                }
                _ => session.ended = Some(Ok(0)),
            }
        }
        (Kind::Forward { locals }, _) => {
            if !alive {
                for local in locals.iter() {
                    cluster.network.forwards.remove(local);
                }
                session.ended = Some(Err("lost connection to pod".into()));
            }
        }
    }
    cluster.kubelets.sessions.insert(id, session);
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
            if let Some(c) = cluster
                .kubelets
                .pod_mut(&uid)
                .and_then(|r| r.containers.get_mut(index))
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
