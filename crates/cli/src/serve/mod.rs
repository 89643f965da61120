//! `bottleship serve`: the cluster's API behind HTTP on loopback, for real clients.
//!
//! One thread: the cluster is a value full of `Rc`, so the runtime is tokio's current-thread one, and every connection is
//! a local task. [`hub`] moves the cluster with the wall clock; [`answer`] turns an HTTP request into a request of the
//! pipeline and its answer back; [`negotiate`] reads the media types ([`protobuf`]
//! bodies too), [`who`] the credentials; [`follow`] are answers that
//! go on (watch, `logs -f`), [`socket`] connections into containers
//! ([`tty`] is the terminal between), [`forward`] forwarded ports ([`spdy`] is how kubectl does that).
//!
//! Left out: TLS (so a real kubectl sends no credentials: whoever reaches the port is the cluster's admin), HTTP/2,
//! protobuf answers, SPDY but for ports.

mod answer;
mod follow;
mod forward;
mod hub;
mod negotiate;
mod protobuf;
mod socket;
mod spdy;
mod tty;
mod who;

use crate::Outcome;
use crate::flags::Flags;
use hub::Hub;
use hyper_util::rt::TokioIo;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::rc::Rc;
use tokio::net::TcpListener;

/// What the command line says.
struct Options {
    port: u16,
    speed: f64,
    nodes: usize,
    kubeconfig: Option<String>,
    repl: bool,
    /// Seconds after which changes are forgotten; 0: as late as possible.
    compact: u64,
}

/// More machines than this take their time to start.
const NODES_MAX: usize = 5_000;

fn options(args: &[String]) -> Result<Options, String> {
    let valued = ["--port", "--speed", "--nodes", "--kubeconfig", "--compact"];
    let flags = Flags::read("serve", args, &valued, &["--repl"])?.alone()?;
    let nodes = format!("a number of nodes up to {NODES_MAX}");
    Ok(Options {
        port: flags.value("--port", 8001, "a port", |_| true)?,
        speed: flags.value("--speed", 1.0, "a number from 0 to 1000000", |s| {
            (0.0..=1e6).contains(s)
        })?,
        nodes: flags.value("--nodes", 3, &nodes, |n| *n <= NODES_MAX)?,
        compact: flags.value("--compact", 0, "seconds", |_| true)?,
        kubeconfig: flags.text("--kubeconfig").map(str::to_string),
        repl: flags.has("--repl"),
    })
}

/// `bottleship serve [--port N] [--speed S] [--nodes M] [--kubeconfig FILE] [--compact SECONDS] [--repl]`
pub fn serve(args: &[String]) -> Outcome {
    let options = options(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    tokio::task::LocalSet::new().block_on(&runtime, run(options))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(o: Options) -> Result<(), String> {
    let bind = |address: SocketAddr| async move {
        let bound = TcpListener::bind(address).await;
        bound.map_err(|e| {
            let hint = match e.kind() {
                ErrorKind::AddrInUse => "; --port takes another, 0 is any that is free",
                _ => "",
            };
            format!("bottleship serve: cannot listen on {address}: {e}{hint}")
        })
    };
    let four = bind((Ipv4Addr::LOCALHOST, o.port).into()).await?;
    let port = four.local_addr().map_err(|e| e.to_string())?.port();
    // A machine without IPv6 is served on IPv4 alone.
    let six = bind((Ipv6Addr::LOCALHOST, port).into()).await.ok();
    let config = kubeconfig(port);
    if let Some(path) = &o.kubeconfig {
        std::fs::write(path, &config).map_err(|e| format!("bottleship serve: {path}: {e}"))?;
    }
    let hub = Hub::new(o.nodes, o.speed);
    tokio::task::spawn_local(hub.clone().tick());
    if o.compact > 0 {
        tokio::task::spawn_local(hub.clone().compact(o.compact));
    }
    for listener in [Some(four), six].into_iter().flatten() {
        tokio::task::spawn_local(listen(hub.clone(), listener));
    }
    print!("{config}");
    eprintln!(
        "# serving {} nodes on http://127.0.0.1:{port}, time × {}",
        o.nodes, o.speed
    );
    if o.repl {
        hub::repl(&hub).await;
        return Ok(());
    }
    std::future::pending().await
}

async fn listen(hub: Rc<Hub>, listener: TcpListener) {
    loop {
        // A connection that fails while it is accepted is nobody's.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let hub = hub.clone();
        tokio::task::spawn_local(async move {
            let service = hyper::service::service_fn(move |request| {
                let hub = hub.clone();
                async move { Ok::<_, std::convert::Infallible>(answer::answer(hub, request).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            // A client that goes away in the middle is its own business.
            let _ = connection.await;
        });
    }
}

/// What points a client here.
fn kubeconfig(port: u16) -> String {
    machinery::yaml::print(&machinery::value!({
        "apiVersion": "v1", "kind": "Config", "current-context": "bottleship",
        "clusters": [{ "name": "bottleship", "cluster": { "server": format!("http://127.0.0.1:{port}") } }],
        "contexts": [{ "name": "bottleship", "context": { "cluster": "bottleship", "namespace": "default", "user": "kubernetes-admin" } }],
        "users": [{ "name": "kubernetes-admin", "user": {} }],
    }))
}
