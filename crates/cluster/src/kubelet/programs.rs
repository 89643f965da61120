//! Programs in containers that are not the shell's own text tools: the image's server, and clients of the network.
//!
//! The list of client programs is [`CLIENTS`]; those of the network are in [`net`]. [`there`]: which programs an image has.
//! [`own`]: what an image's own program does when it is process 1. What it answers is in `server`.

pub mod net;
pub mod own;
pub mod there;

use super::catalogue::{App, Base, Image};
use super::process::drive::{Asked, Place};
use super::server::Server;
use crate::Cluster;
use crate::network::Origin;
use machinery::time::Millis;
use own::{Outcome, Vars, own, without_entrypoint};
use shell::Fs;
use std::cell::LazyCell;
use there::{has_clients, has_curl, tools};

/// A client program as it is run: in which container, with which words and files.
pub(super) struct Call<'a> {
    cluster: &'a mut Cluster,
    place: &'a Place<'a>,
    asked: &'a Asked,
    fs: &'a mut Fs,
    now: Millis,
}

impl<'a> Call<'a> {
    fn argv(&self) -> &'a [String] {
        &self.asked.argv
    }
    fn origin(&self) -> Origin {
        Origin::of(self.place.pod)
    }
}

type Client = fn(&mut Call) -> Done;

/// Client programs, with the images that have them.
pub(super) const CLIENTS: &[(&str, fn(&Image) -> bool, Client)] = &[
    ("nslookup", has_clients, net::nslookup),
    ("ping", |i| i.base != Base::Debian || tools(i), net::ping),
    (
        "getent",
        |i| i.base != Base::Scratch && i.base != Base::Busybox,
        net::getent,
    ),
    ("dig", tools, net::dig),
    ("host", tools, net::dig),
    ("curl", has_curl, net::curl),
    ("wget", has_clients, net::wget),
    ("nc", has_clients, net::nc),
    ("telnet", tools, net::nc),
    (
        "ps",
        |i| i.base == Base::Busybox || i.base == Base::Alpine,
        ps,
    ),
    ("redis-cli", |i| i.app == App::Redis, net::redis_cli),
    ("apt-get", |i| i.base == Base::Debian, no_packages),
    ("apt", |i| i.base == Base::Debian, no_packages),
    ("apk", |i| i.base == Base::Alpine, no_packages),
];

/// What a program that a script has asked for came to.
#[derive(Default)]
pub struct Done {
    pub output: Vec<(u8, Vec<u8>)>,
    /// Status and milliseconds until it ends; None: it runs on.
    pub ends: Option<(i32, i64)>,
    /// Said when it ends late.
    pub late: Vec<(u8, Vec<u8>)>,
    pub servers: Vec<Server>,
}

impl Done {
    fn said(out: impl Into<String>) -> Done {
        Done::with(0, out, "")
    }
    fn failed(code: i32, err: impl Into<String>) -> Done {
        Done::with(code, "", err)
    }
    fn with(code: i32, out: impl Into<String>, err: impl Into<String>) -> Done {
        let (out, err) = (out.into(), err.into());
        let mut output = Vec::new();
        if !out.is_empty() {
            output.push((1, out.into_bytes()));
        }
        if !err.is_empty() {
            output.push((2, err.into_bytes()));
        }
        Done {
            output,
            ends: Some((code, 0)),
            ..Done::default()
        }
    }
}

/// Runs a program for a script.
pub fn run(cluster: &mut Cluster, place: &Place, asked: &Asked, fs: &mut Fs, now: Millis) -> Done {
    let (argv, env) = (asked.argv.as_slice(), &asked.env);
    let name = argv.first().map_or("", |w| shell::fs::name(w)).to_string();
    let image = cluster
        .kubelets
        .container(place.uid, place.index)
        .and_then(|c| c.image);
    let Some(image) = image else {
        return Done::failed(127, "");
    };
    if let Some((_, _, client)) = CLIENTS
        .iter()
        .find(|(n, there, _)| *n == name && there(image))
    {
        let mut call = Call {
            cluster,
            place,
            asked,
            fs,
            now,
        };
        return client(&mut call);
    }
    if image.app == App::Nginx && argv.iter().any(|a| a == "-v" || a == "-V") {
        let version = super::server::web::version(cluster, place);
        return Done::failed(0, format!("nginx version: nginx/{version}\n"));
    }
    if image.app == App::Nginx && argv.iter().any(|a| a == "-t" || a == "-s") {
        let text = "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n";
        return Done::failed(0, text);
    }
    let vars: Vars = LazyCell::new(Box::new(|| env.clone()));
    match own(image, argv, &vars, machinery::NULL, now) {
        Some(Outcome::Serve {
            servers,
            log,
            boot: _,
        }) => {
            let said: String = log.iter().map(|l| format!("{l}\n")).collect();
            Done {
                output: vec![(1, said.into_bytes())],
                servers,
                ..Done::default()
            }
        }
        Some(Outcome::Print { text, code, .. }) => Done::with(code, text, ""),
        Some(Outcome::Wait) => Done::default(),
        None => Done::failed(1, format!("bottleship does not simulate {name} here\n")),
    }
}

/// Process 1 of the container, and who asks: what else runs beside is not told apart.
fn ps(call: &mut Call) -> Done {
    let (cluster, place) = (&*call.cluster, call.place);
    let run = cluster.kubelets.pod(place.uid);
    let c = run.and_then(|r| Some((r, r.containers.get(place.index)?)));
    let Some((run, c, image)) = c.and_then(|(r, c)| Some((r, c, c.image?))) else {
        return Done::failed(1, "");
    };
    let env = super::env::full(cluster, place.pod, run, place.index);
    let main =
        super::process::spawn::command_line(place.pod, c, image, &|name| env.get(name).cloned());
    let main = match image.app {
        App::Nginx => "nginx: master process nginx -g daemon off;".to_string(),
        _ => without_entrypoint(&main).join(" "),
    };
    Done::said(format!(
        "PID   USER     TIME  COMMAND\n    1 root      0:00 {main}\n   37 root      0:00 {}\n",
        call.argv().join(" ")
    ))
}

fn no_packages(call: &mut Call) -> Done {
    let name = call.argv().first().map_or("", |w| shell::fs::name(w));
    Done::failed(
        100,
        format!(
            "{name}: bottleship does not simulate package managers; images with the tools are nicolaka/netshoot and curlimages/curl\n"
        ),
    )
}
