//! How connections into containers are opened: what is asked for, and whether it can be.

use super::{Kind, Session, advance, total};
use crate::Cluster;
use crate::ip;
use crate::kubelet::logs::{self, Options};
use crate::kubelet::{ahead, env, images, process, programs, run, volumes};
use machinery::{Object, Request, Response, Status, Str, StreamId};

/// How long after its start a container's output is still given to who attaches.
const FRESH_MS: i64 = 3_000;

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
            ip::text(n.ip)
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
    if !programs::there::exists(image, &argv[0], &fs) {
        let id = images::hex64(&format!("{}/{}", pod.uid(), cluster.now));
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
            let c = cluster.kubelets.container(pod.uid(), index);
            if let Some(c) = c
                && let run::Phase::Running { since } = c.phase
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
