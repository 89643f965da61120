//! Programs in containers that are not the shell's own text tools: the image's server, and clients of the network.
//!
//! The list of client programs is [`CLIENTS`]. What an image's own program does when it is process 1 follows from its
//! [`App`]; what it answers is in `server`.

use super::catalogue::{App, Base, Image};
use super::process::{Asked, Place};
use super::server::Server;
use crate::Cluster;
use crate::network::{self, Origin};
use machinery::Value;
use machinery::http::{Fetch, HttpRequest};
use machinery::time::Millis;
use shell::http_tools::{self, Around, Fetched};
use shell::machine::Lookup;
use shell::{Env, Fs};
use std::cell::{LazyCell, RefCell};

/// What an image's own program does when it is started.
pub enum Outcome {
    Serve {
        servers: Vec<Server>,
        log: Vec<String>,
        boot: bool,
    },
    Print {
        text: String,
        code: i32,
        takes_ms: i64,
    },
    Wait,
}

/// The one program in Perl that every tutorial has: `print bpi(2000)`.
fn perl(argv: &[String]) -> Option<Outcome> {
    let digits = argv.iter().find_map(|a| {
        a.split_once("bpi(")?
            .1
            .split_once(')')?
            .0
            .trim()
            .parse::<usize>()
            .ok()
    });
    let (text, code, takes_ms) = match digits {
        Some(n) if (2..=5_000).contains(&n) => (pi(n) + "\n", 0, 2_000 + 2 * n as i64),
        _ => (
            "bottleship does not simulate perl programs\n".to_string(),
            1,
            50,
        ),
    };
    Some(Outcome::Print {
        text,
        code,
        takes_ms,
    })
}

/// So many digits of pi, the last one rounded. The spigot of Rabinowitz and Wagon.
fn pi(digits: usize) -> String {
    let n = digits + 3;
    let mut boxes = vec![2u32; n * 10 / 3 + 1];
    let mut out: Vec<u8> = Vec::new();
    for _ in 0..n {
        let mut carry = 0u32;
        for i in (0..boxes.len()).rev() {
            let sum = boxes[i] * 10 + carry;
            let by = if i == 0 { 10 } else { 2 * i as u32 + 1 };
            boxes[i] = sum % by;
            carry = sum / by * if i == 0 { 1 } else { i as u32 };
        }
        // A ten carries into what was said before.
        let (ten, digit) = (carry / 10 > 0, (carry % 10) as u8);
        out.push(digit);
        let mut at = out.len() - 1;
        while ten && at > 0 {
            at -= 1;
            out[at] = (out[at] + 1) % 10;
            if out[at] != 0 {
                break;
            }
        }
    }
    if out.get(digits).is_some_and(|d| *d >= 5) {
        for d in out[..digits].iter_mut().rev() {
            *d = (*d + 1) % 10;
            if *d != 0 {
                break;
            }
        }
    }
    let text: String = out
        .iter()
        .take(digits)
        .map(|d| char::from(b'0' + d))
        .collect();
    format!("{}.{}", &text[..1], &text[1..])
}

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

type Client = fn(&mut Cluster, &Place, &Asked, &mut Fs, Millis) -> Done;

/// Client programs, with the images that have them.
const CLIENTS: &[(&str, fn(&Image) -> bool, Client)] = &[
    (
        "nslookup",
        |i| i.base == Base::Busybox || i.base == Base::Alpine || tools(i),
        nslookup,
    ),
    ("ping", |i| i.base != Base::Debian || tools(i), ping),
    (
        "getent",
        |i| i.base != Base::Scratch && i.base != Base::Busybox,
        getent,
    ),
    ("dig", tools, dig),
    ("host", tools, dig),
    ("curl", has_curl, curl),
    ("wget", has_wget, wget),
    (
        "nc",
        |i| i.base == Base::Busybox || i.base == Base::Alpine || tools(i),
        nc,
    ),
    ("telnet", tools, nc),
    (
        "ps",
        |i| i.base == Base::Busybox || i.base == Base::Alpine,
        ps,
    ),
    ("redis-cli", |i| i.app == App::Redis, redis_cli),
    ("apt-get", |i| i.base == Base::Debian, no_packages),
    ("apt", |i| i.base == Base::Debian, no_packages),
    ("apk", |i| i.base == Base::Alpine, no_packages),
];

fn has_wget(i: &Image) -> bool {
    i.base == Base::Busybox || i.base == Base::Alpine || tools(i)
}

fn tools(i: &Image) -> bool {
    i.repositories.iter().any(|r| {
        r.contains("netshoot")
            || r.contains("dnsutils")
            || r.contains("multitool")
            || r.contains("net-tools")
    })
}

/// Whether a program exists that the shell has to ask for.
pub fn has(image: &Image, name: &str) -> bool {
    let name = shell::fs::name(name);
    CLIENTS
        .iter()
        .any(|(n, there, _)| *n == name && there(image))
        || is_own(image, name)
}

/// The program of an image that names none: called like its repository.
pub fn main_program(image: &Image) -> &'static str {
    image
        .repositories
        .first()
        .and_then(|r| r.rsplit('/').next())
        .unwrap_or("main")
}

/// The image's own program by name: `nginx`, `redis-server`, `python3`.
fn is_own(image: &Image, name: &str) -> bool {
    let words = image
        .entrypoint
        .iter()
        .chain(image.cmd)
        .filter(|w| !w.starts_with('-'));
    let listed = words
        .into_iter()
        .any(|w| shell::fs::name(w) == name && !["sh", "bash", "sleep"].contains(&name));
    let called = |r: &&str| r.rsplit('/').next() == Some(name);
    let unnamed = image.entrypoint.is_empty()
        && image.cmd.is_empty()
        && image.repositories.iter().any(called);
    let more: &[&str] = match image.app {
        App::Nginx => &["nginx"],
        App::Apache | App::Wordpress => &[
            "httpd",
            "apache2ctl",
            "apachectl",
            "httpd-foreground",
            "apache2-foreground",
        ],
        App::Redis => &["redis-server", "redis-cli"],
        App::Ingress => &["nginx-ingress-controller"],
        App::Python => &["python", "python3"],
        App::Node => &["node"],
        _ => &[],
    };
    listed || unnamed || more.contains(&name)
}

/// Where a name is looked up: a distroless image has nothing.
pub fn lookup(image: &Image, name: &str) -> Lookup {
    if image.base == Base::Scratch {
        return if is_own(image, name) {
            Lookup::Host
        } else {
            Lookup::Missing
        };
    }
    let bash_only_there = name == "bash" && !has_bash(image);
    let absent = ["kubectl", "helm", "minikube", "docker", "vi", "vim", "nano"].contains(&name)
        && image.base == Base::Debian;
    match name {
        _ if bash_only_there || absent => Lookup::Missing,
        "curl" if !has_curl(image) => Lookup::Missing,
        "wget" if !has_wget(image) => Lookup::Missing,
        "ps" | "free" | "uptime" if image.base == Base::Debian && image.app != App::Shell => {
            Lookup::Missing
        }
        _ if CLIENTS.iter().any(|(n, _, _)| *n == name) => Lookup::Host,
        _ => Lookup::Default,
    }
}

fn has_bash(image: &Image) -> bool {
    image.base == Base::Debian
        || tools(image)
        || image.repositories.iter().any(|r| r.ends_with("/bash"))
}

fn has_curl(image: &Image) -> bool {
    let named = image.repositories.iter().any(|r| r.contains("curl"));
    named
        || tools(image)
        || matches!(
            image.app,
            App::Nginx | App::Hostname | App::Echo | App::Podinfo | App::Agnhost
        )
}

/// Whether a program can be started in a container: what the runtime checks before it does.
pub fn exists(image: &Image, program: &str, fs: &Fs) -> bool {
    if program.is_empty() {
        return false;
    }
    let name = shell::fs::name(program);
    if program.contains('/') {
        return fs.is_file(program)
            || (lookup(image, name) != Lookup::Missing && in_bin(program) && known(image, name));
    }
    lookup(image, name) != Lookup::Missing && known(image, name)
        || ["/usr/local/bin", "/usr/bin", "/bin"]
            .iter()
            .any(|d| fs.is_file(&format!("{d}/{name}")))
}

fn in_bin(program: &str) -> bool {
    ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"]
        .contains(&shell::fs::parent(program))
}

fn known(image: &Image, name: &str) -> bool {
    has(image, name)
        || TOOLS.contains(&name)
        || (name == "bash" && has_bash(image))
        || (name == "curl" && has_curl(image))
}

/// Programs that every image with a shell has.
const TOOLS: &[&str] = &[
    "[",
    "ash",
    "awk",
    "base64",
    "basename",
    "cat",
    "chmod",
    "chown",
    "cp",
    "cut",
    "date",
    "dd",
    "df",
    "dirname",
    "du",
    "echo",
    "egrep",
    "env",
    "expr",
    "false",
    "fgrep",
    "find",
    "free",
    "grep",
    "gzip",
    "head",
    "hostname",
    "id",
    "kill",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mktemp",
    "mv",
    "nproc",
    "od",
    "printenv",
    "printf",
    "ps",
    "pwd",
    "readlink",
    "realpath",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sh",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "sync",
    "tac",
    "tail",
    "tar",
    "tee",
    "test",
    "time",
    "timeout",
    "touch",
    "tr",
    "true",
    "tty",
    "uname",
    "uniq",
    "uptime",
    "wc",
    "which",
    "whoami",
    "xargs",
    "yes",
];

/// Files that stand for programs in an image.
pub fn paths(image: &Image) -> Vec<String> {
    if image.base == Base::Scratch {
        return Vec::new();
    }
    let mut out: Vec<String> = TOOLS
        .iter()
        .filter(|t| lookup(image, t) != Lookup::Missing)
        .map(|t| format!("/bin/{t}"))
        .collect();
    if has_bash(image) {
        out.push("/bin/bash".into());
    }
    out
}

/// A command line without the script that images put in front of their program.
pub fn without_entrypoint(argv: &[String]) -> &[String] {
    match argv {
        [first, _, ..] if first.ends_with("entrypoint.sh") => &argv[1..],
        _ => argv,
    }
}

/// A container's variables, put together only when somebody asks for one.
pub type Vars<'a> = LazyCell<Env, Box<dyn FnOnce() -> Env + 'a>>;

/// What process 1 does if it is the image's own program; None: a script has to be run.
pub fn own(
    image: &'static Image,
    argv: &[String],
    env: &Vars,
    spec: &Value,
    now: Millis,
) -> Option<Outcome> {
    let name = shell::fs::name(argv.first()?);
    if name == "perl" && image.repositories.iter().any(|r| r.ends_with("/perl")) {
        return perl(argv);
    }
    if !is_own(image, name) && (image.app != App::Pause || name != "pause") {
        return match argv {
            [one] if one.ends_with("entrypoint.sh") => Some(Outcome::Wait),
            _ => None,
        };
    }
    if !image.wants.is_empty() && !image.wants.iter().any(|w| env.contains_key(*w)) {
        return Some(Outcome::Print {
            text: lines(image.refusal),
            code: 1,
            takes_ms: 300,
        });
    }
    let serve = |ports: &[u16]| {
        let from = now + image.start_ms;
        let servers = ports
            .iter()
            .map(|port| Server::new(image, *port, from))
            .collect();
        Some(Outcome::Serve {
            servers,
            log: Vec::new(),
            boot: true,
        })
    };
    match image.app {
        App::Shell => None,
        App::Pause => Some(Outcome::Wait),
        App::HelloWorld => Some(Outcome::Print {
            text: lines(HELLO_WORLD),
            code: 0,
            takes_ms: 20,
        }),
        App::HttpEcho => {
            let text = flag(argv, "text")
                .unwrap_or_else(|| env.get("ECHO_TEXT").cloned().unwrap_or_default());
            let port = flag(argv, "listen")
                .and_then(|l| l.rsplit(':').next()?.parse().ok())
                .unwrap_or(5678);
            if text.is_empty() {
                return Some(Outcome::Print {
                    text: "Missing -text option!\n".into(),
                    code: 127,
                    takes_ms: 10,
                });
            }
            let server = Server {
                text: Some(text.into()),
                ..Server::new(image, port, now + image.start_ms)
            };
            Some(Outcome::Serve {
                servers: vec![server],
                log: vec![format!("[INFO] server is listening on :{port}")],
                boot: false,
            })
        }
        App::Whoami => {
            let port = flag(argv, "port")
                .or_else(|| env.get("WHOAMI_PORT_NUMBER").cloned())
                .and_then(|p| p.parse().ok())
                .unwrap_or(80);
            let log = vec![format!("Starting up on port {port}")];
            Some(Outcome::Serve {
                servers: vec![Server::new(image, port, now + image.start_ms)],
                log,
                boot: false,
            })
        }
        App::Agnhost => agnhost(image, argv, now),
        App::Hello { .. } | App::Podinfo | App::Echo => {
            let port = env
                .get("PORT")
                .or(env.get("HTTP_PORT"))
                .and_then(|p| p.parse().ok());
            let port = flag(argv, "port").and_then(|p| p.parse().ok()).or(port);
            let ports: Vec<u16> = port.map_or_else(|| image.ports.to_vec(), |p| vec![p]);
            serve(&ports)
        }
        App::Redis if name == "redis-cli" => None,
        App::Redis | App::Database => {
            let port = flag(argv, "port").and_then(|p| p.parse().ok());
            port.map_or_else(|| serve(image.ports), |p| serve(&[p]))
        }
        App::Python | App::Node => interpreter(image, argv, now),
        App::Stress => Some(Outcome::Wait),
        App::Agent | App::Page => {
            let declared: Vec<u16> = spec
                .get("ports")
                .items()
                .iter()
                .filter_map(|p| u16::try_from(p.int("containerPort")).ok())
                .collect();
            let ports = if image.ports.is_empty() {
                declared
            } else {
                image.ports.to_vec()
            };
            if ports.is_empty() {
                Some(Outcome::Wait)
            } else {
                serve(&ports)
            }
        }
        App::Nginx | App::Apache | App::Wordpress | App::Hostname | App::Kuard | App::Ingress => {
            serve(image.ports)
        }
    }
}

fn agnhost(image: &'static Image, argv: &[String], now: Millis) -> Option<Outcome> {
    let sub = argv.get(1).map_or("pause", String::as_str);
    let port = match sub {
        "pause" => return Some(Outcome::Wait),
        "netexec" => flag(argv, "http-port")
            .and_then(|p| p.parse().ok())
            .unwrap_or(8080),
        "serve-hostname" => flag(argv, "port")
            .and_then(|p| p.parse().ok())
            .unwrap_or(9376),
        "liveness" => 8080,
        _ => return Some(Outcome::Wait),
    };
    let server = Server {
        text: Some(sub.into()),
        ..Server::new(image, port, now + image.start_ms)
    };
    Some(Outcome::Serve {
        servers: vec![server],
        log: vec![format!("Started HTTP server on port {port}")],
        boot: false,
    })
}

/// `python -m http.server 8000`; everything else an interpreter would do is said not to be simulated.
fn interpreter(image: &'static Image, argv: &[String], now: Millis) -> Option<Outcome> {
    let rest: Vec<&str> = argv.iter().skip(1).map(String::as_str).collect();
    match rest.as_slice() {
        [] => Some(Outcome::Print {
            text: String::new(),
            code: 0,
            takes_ms: 50,
        }),
        ["--version" | "-V", ..] if image.app == App::Python => Some(Outcome::Print {
            text: "Python 3.13.7\n".into(),
            code: 0,
            takes_ms: 20,
        }),
        ["--version" | "-v", ..] => Some(Outcome::Print {
            text: "v22.20.0\n".into(),
            code: 0,
            takes_ms: 20,
        }),
        ["-m", "http.server", more @ ..] => {
            let port = more.first().and_then(|p| p.parse().ok()).unwrap_or(8000);
            let log = vec![format!(
                "Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ..."
            )];
            Some(Outcome::Serve {
                servers: vec![Server::new(image, port, now + 200)],
                log,
                boot: false,
            })
        }
        _ => Some(Outcome::Print {
            text: format!(
                "bottleship does not simulate {} programs\n",
                shell::fs::name(&argv[0])
            ),
            code: 1,
            takes_ms: 50,
        }),
    }
}

/// `-name=value`, `--name value`, `-name value`.
pub fn flag(argv: &[String], name: &str) -> Option<String> {
    for (i, word) in argv.iter().enumerate() {
        let bare = word.trim_start_matches('-');
        if bare.len() == word.len() {
            continue;
        }
        if let Some(value) = bare.strip_prefix(name).and_then(|r| r.strip_prefix('=')) {
            return Some(value.to_string());
        }
        if bare == name {
            return argv.get(i + 1).cloned();
        }
    }
    None
}

fn lines(list: &[&str]) -> String {
    list.iter().map(|l| format!("{l}\n")).collect()
}

const HELLO_WORLD: &[&str] = &[
    "",
    "Hello from Docker!",
    "This message shows that your installation appears to be working correctly.",
];

/// Whether a program is given its standard input.
pub fn reads_stdin(_argv: &[String]) -> bool {
    false
}

/// Runs a program for a script.
pub fn run(cluster: &mut Cluster, place: &Place, asked: &Asked, fs: &mut Fs, now: Millis) -> Done {
    let (argv, env) = (asked.argv.as_slice(), &asked.env);
    let name = argv.first().map_or("", |w| shell::fs::name(w)).to_string();
    let image = cluster
        .kubelets
        .pod(place.uid)
        .and_then(|r| r.containers.get(place.index))
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
                super::server::version(cluster, place)
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

fn origin(place: &Place) -> Origin {
    Origin::Pod {
        namespace: place.pod.namespace().to_string(),
        name: place.pod.name().to_string(),
    }
}

fn nslookup(cluster: &mut Cluster, place: &Place, asked: &Asked, _: &mut Fs, _: Millis) -> Done {
    let argv = asked.argv.as_slice();
    let Some(name) = argv.iter().skip(1).find(|a| !a.starts_with('-')) else {
        return Done::with(1, "", "Usage: nslookup [HOST] [DNS_SERVER]\n");
    };
    let head = format!(
        "Server:\t\t{dns}\nAddress:\t{dns}:53\n\n",
        dns = network::DNS_IP
    );
    if asks_srv(argv) {
        let records = network::dns::srv(cluster, &origin(place), name);
        let lines: String = records
            .iter()
            .map(|(n, t)| format!("{n}\tservice = {t}\n"))
            .collect();
        if !lines.is_empty() {
            return Done::with(0, format!("{head}{lines}\n"), "");
        }
    }
    let mut head = head;
    if let Some((full, target)) = network::dns::alias(cluster, &origin(place), name) {
        head.push_str(&format!("{full}\tcanonical name = {target}\n"));
        if network::dns::answer(cluster, &origin(place), name)
            .addresses
            .is_empty()
        {
            return Done::with(0, head + "\n", "");
        }
    }
    let found = network::dns::answer(cluster, &origin(place), name);
    if found.addresses.is_empty() {
        return Done::with(
            1,
            format!("{head}** server can't find {name}: NXDOMAIN\n\n"),
            "",
        );
    }
    let mut text = head;
    for ip in found.addresses {
        text.push_str(&format!("Name:\t{}\nAddress: {ip}\n", found.name));
    }
    Done::with(0, text + "\n", "")
}

/// `-type=srv`, `-q=SRV`, or dig's plain `SRV`.
fn asks_srv(argv: &[String]) -> bool {
    argv.iter().any(|a| {
        let kind = a.rsplit_once('=').map_or(a.as_str(), |(_, k)| k);
        kind.eq_ignore_ascii_case("srv")
    })
}

fn getent(cluster: &mut Cluster, place: &Place, asked: &Asked, _: &mut Fs, _: Millis) -> Done {
    let argv = asked.argv.as_slice();
    let Some(name) = argv.get(2) else {
        return Done::with(1, "", "");
    };
    let found = network::dns::answer(cluster, &origin(place), name);
    match found.addresses.first() {
        Some(ip) => Done::with(0, format!("{ip:<15} {}\n", found.name), ""),
        None => Done::with(2, "", ""),
    }
}

fn dig(cluster: &mut Cluster, place: &Place, asked: &Asked, _: &mut Fs, _: Millis) -> Done {
    let argv = asked.argv.as_slice();
    let Some(name) = argv.iter().skip(1).find(|a| {
        !a.starts_with(['-', '+', '@']) && !matches!(a.as_str(), "SRV" | "srv" | "A" | "a")
    }) else {
        return Done::with(1, "", "");
    };
    if asks_srv(argv) {
        let short = argv.iter().any(|a| a == "+short");
        let line = |(n, t): &(String, String)| match short {
            true => format!("{t}.\n"),
            false => format!("{n}.\t30\tIN\tSRV\t{t}.\n"),
        };
        let records = network::dns::srv(cluster, &origin(place), name);
        return Done::with(0, records.iter().map(line).collect::<String>(), "");
    }
    let found = network::dns::answer(cluster, &origin(place), name);
    let host = shell::fs::name(&argv[0]) == "host";
    if found.addresses.is_empty() && host {
        return Done::with(1, format!("Host {name} not found: 3(NXDOMAIN)\n"), "");
    }
    let one = |ip: &String| match host {
        true => format!("{} has address {ip}\n", found.name),
        false if argv.iter().any(|a| a == "+short") => format!("{ip}\n"),
        false => format!("{}.\t\t30\tIN\tA\t{ip}\n", found.name),
    };
    Done::with(0, found.addresses.iter().map(one).collect::<String>(), "")
}

fn ping(cluster: &mut Cluster, place: &Place, asked: &Asked, _: &mut Fs, _: Millis) -> Done {
    let argv = asked.argv.as_slice();
    let words: Vec<&String> = argv.iter().skip(1).collect();
    let count: i64 = flag(argv, "c").and_then(|n| n.parse().ok()).unwrap_or(4);
    let target = words
        .iter()
        .rev()
        .find(|w| !w.starts_with('-') && w.parse::<i64>().is_err());
    let Some(target) = target else {
        return Done::with(1, "", "ping: missing host\n");
    };
    let ips = network::resolve(cluster, &origin(place), target);
    let Some(ip) = ips.first() else {
        return Done::with(1, "", format!("ping: bad address '{target}'\n"));
    };
    let alive = network::answers_ping(cluster, ip);
    let mut text = format!("PING {target} ({ip}): 56 data bytes\n");
    let count = count.clamp(1, 20);
    if alive {
        for n in 0..count {
            text.push_str(&format!(
                "64 bytes from {ip}: seq={n} ttl=63 time=0.0{} ms\n",
                60 + n % 7
            ));
        }
    }
    let lost = if alive { 0 } else { 100 };
    let back = if alive { count } else { 0 };
    text.push_str(&format!("\n--- {target} ping statistics ---\n{count} packets transmitted, {back} packets received, {lost}% packet loss\n"));
    let mut done = Done::with(i32::from(!alive), text, "");
    done.ends = Some((i32::from(!alive), (count - 1) * 1000));
    done
}

fn curl(cluster: &mut Cluster, place: &Place, asked: &Asked, fs: &mut Fs, now: Millis) -> Done {
    http(cluster, place, asked, fs, now, http_tools::curl)
}

fn wget(cluster: &mut Cluster, place: &Place, asked: &Asked, fs: &mut Fs, now: Millis) -> Done {
    http(cluster, place, asked, fs, now, |args, around| {
        http_tools::wget(args, http_tools::Flavour::Busybox, around)
    })
}

/// Runs an HTTP client with the pod's network and the container's files around it.
fn http(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    fs: &mut Fs,
    now: Millis,
    tool: impl FnOnce(&[String], &mut Around) -> http_tools::Outcome,
) -> Done {
    let from = origin(place);
    let outcome = {
        let cell = RefCell::new(cluster);
        let mut fetch = |r: &http_tools::HttpRequest| {
            let request = HttpRequest {
                method: r.method.clone(),
                url: r.url.clone(),
                headers: r.headers.clone(),
                body: r.body.clone(),
            };
            match network::fetch(&mut cell.borrow_mut(), &from, &request) {
                Fetch::Answer(a) => Fetched::Answer(http_tools::HttpResponse {
                    status: a.status,
                    headers: a.headers,
                    body: a.body,
                }),
                Fetch::UnknownHost => Fetched::UnknownHost,
                Fetch::Refused => Fetched::Refused,
                Fetch::Timeout => Fetched::Timeout,
                Fetch::Reset => Fetched::Reset,
            }
        };
        let address = |name: &str| {
            network::resolve(&cell.borrow(), &from, name)
                .first()
                .cloned()
        };
        let read = |path: &str| match path {
            "-" => Some(String::from_utf8_lossy(&asked.stdin).into_owned()),
            path => fs.read_text(&shell::fs::resolve(&asked.cwd, path)).ok(),
        };
        let mut around = Around {
            fetch: &mut fetch,
            address: &address,
            read: &read,
            tty_out: asked.tty,
            now_ms: now,
        };
        tool(asked.argv.get(1..).unwrap_or_default(), &mut around)
    };
    let mut status = outcome.status;
    for (name, content) in &outcome.files {
        if fs
            .write(&shell::fs::resolve(&asked.cwd, name), content)
            .is_err()
        {
            status = 23;
        }
    }
    let output: Vec<(u8, Vec<u8>)> = outcome
        .output
        .into_iter()
        .map(|(fd, text)| (fd, text.into_bytes()))
        .collect();
    match outcome.wait_ms {
        0 => Done {
            output,
            ends: Some((status, 0)),
            ..Done::default()
        },
        wait => Done {
            late: output,
            ends: Some((status, wait)),
            ..Done::default()
        },
    }
}

/// `nc -z -v HOST PORT`: whether a port is open. Talking over it is not simulated.
fn nc(cluster: &mut Cluster, place: &Place, asked: &Asked, _: &mut Fs, _: Millis) -> Done {
    let words: Vec<&String> = asked
        .argv
        .iter()
        .skip(1)
        .filter(|w| !w.starts_with('-'))
        .collect();
    let [.., host, port] = words.as_slice() else {
        return Done::with(1, "", "bottleship simulates only nc -z HOST PORT\n");
    };
    let Ok(number) = port.parse::<u16>() else {
        return Done::with(1, "", format!("nc: bad port '{port}'\n"));
    };
    let Some(ip) = network::resolve(cluster, &origin(place), host)
        .first()
        .cloned()
    else {
        return Done::with(1, "", format!("nc: bad address '{host}'\n"));
    };
    let verbose = asked
        .argv
        .iter()
        .any(|w| w.starts_with('-') && w.contains('v'));
    match network::reaches(cluster, &origin(place), host, number) {
        true if verbose => Done::with(0, "", format!("{host} ({ip}:{number}) open\n")),
        true => Done::with(0, "", ""),
        false => Done::with(
            1,
            "",
            if verbose {
                format!("nc: {host} ({ip}:{number}): Connection refused\n")
            } else {
                String::new()
            },
        ),
    }
}

/// Only whether the server is there: keys are not kept.
fn redis_cli(cluster: &mut Cluster, place: &Place, asked: &Asked, _: &mut Fs, _: Millis) -> Done {
    let host = flag(&asked.argv, "h").unwrap_or_else(|| "127.0.0.1".into());
    let port = flag(&asked.argv, "p")
        .and_then(|p| p.parse().ok())
        .unwrap_or(6379);
    let there = match host.as_str() {
        "127.0.0.1" | "localhost" => network::is_open(cluster, place.uid, port),
        host => network::reaches(cluster, &origin(place), host, port),
    };
    match asked.argv.last().map(|w| w.to_ascii_lowercase()).as_deref() {
        _ if !there => Done::with(
            1,
            "",
            format!("Could not connect to Redis at {host}:{port}: Connection refused\n"),
        ),
        Some("ping") => Done::with(0, "PONG\n", ""),
        _ => Done::with(1, "", "bottleship simulates only redis-cli ping\n"),
    }
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
    let main = super::process::command_line(place.pod, c, image, &|name| env.get(name).cloned());
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
