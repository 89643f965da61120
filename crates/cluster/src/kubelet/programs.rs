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
use machinery::time::Millis;
use own::{Outcome, Vars, own, without_entrypoint};
use shell::Fs;
use std::cell::LazyCell;
use there::{has_curl, has_wget, tools};

type Client = fn(&mut Cluster, &Place, &Asked, &mut Fs, Millis) -> Done;

/// Client programs, with the images that have them.
pub(super) const CLIENTS: &[(&str, fn(&Image) -> bool, Client)] = &[
    (
        "nslookup",
        |i| i.base == Base::Busybox || i.base == Base::Alpine || tools(i),
        net::nslookup,
    ),
    ("ping", |i| i.base != Base::Debian || tools(i), net::ping),
    (
        "getent",
        |i| i.base != Base::Scratch && i.base != Base::Busybox,
        net::getent,
    ),
    ("dig", tools, net::dig),
    ("host", tools, net::dig),
    ("curl", has_curl, net::curl),
    ("wget", has_wget, net::wget),
    (
        "nc",
        |i| i.base == Base::Busybox || i.base == Base::Alpine || tools(i),
        net::nc,
    ),
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
        return Done::with(127, "", "");
    };
    if let Some((_, _, client)) = CLIENTS
        .iter()
        .find(|(n, there, _)| *n == name && there(image))
    {
        return client(cluster, place, asked, fs, now);
    }
    if image.app == App::Nginx && argv.iter().any(|a| a == "-v" || a == "-V") {
        return Done::with(
            0,
            "",
            format!(
                "nginx version: nginx/{}\n",
                super::server::web::version(cluster, place)
            ),
        );
    }
    if image.app == App::Nginx && argv.iter().any(|a| a == "-t" || a == "-s") {
        let text = "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n";
        return Done::with(0, "", text);
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
        None => Done::with(1, "", format!("bottleship does not simulate {name} here\n")),
    }
}

/// Process 1 of the container, and who asks: what else runs beside is not told apart.
fn ps(cluster: &mut Cluster, place: &Place, asked: &Asked, _: &mut Fs, _: Millis) -> Done {
    let Some(run) = cluster.kubelets.pod(place.uid) else {
        return Done::with(1, "", "");
    };
    let Some((c, image)) = run
        .containers
        .get(place.index)
        .and_then(|c| Some((c, c.image?)))
    else {
        return Done::with(1, "", "");
    };
    let env = super::env::full(cluster, place.pod, run, place.index);
    let main =
        super::process::spawn::command_line(place.pod, c, image, &|name| env.get(name).cloned());
    let main = match image.app {
        App::Nginx => "nginx: master process nginx -g daemon off;".to_string(),
        _ => without_entrypoint(&main).join(" "),
    };
    let text = format!(
        "PID   USER     TIME  COMMAND\n    1 root      0:00 {main}\n   37 root      0:00 {}\n",
        asked.argv.join(" ")
    );
    Done::with(0, text, "")
}

fn no_packages(_: &mut Cluster, _: &Place, asked: &Asked, _: &mut Fs, _: Millis) -> Done {
    let name = asked.argv.first().map_or("", |w| shell::fs::name(w));
    Done::with(
        100,
        "",
        format!(
            "{name}: bottleship does not simulate package managers; images with the tools are nicolaka/netshoot and curlimages/curl\n"
        ),
    )
}
