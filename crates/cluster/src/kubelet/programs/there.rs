//! Which programs an image has: its own, those of its base, and clients of the network.

use super::super::catalogue::{App, Base, Image};
use super::CLIENTS;
use shell::Fs;
use shell::machine::Lookup;

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
pub(super) fn is_own(image: &Image, name: &str) -> bool {
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
        App::Apache | App::Wordpress | App::Guestbook => &[
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
        "wget" if !has_clients(image) => Lookup::Missing,
        "ps" | "free" | "uptime" if image.base == Base::Debian && image.app != App::Shell => {
            Lookup::Missing
        }
        _ if CLIENTS.iter().any(|(n, _, _)| *n == name) => Lookup::Host,
        _ => Lookup::Default,
    }
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

fn has_bash(image: &Image) -> bool {
    image.base == Base::Debian
        || tools(image)
        || image.repositories.iter().any(|r| r.ends_with("/bash"))
}

pub(super) fn has_curl(image: &Image) -> bool {
    let named = image.repositories.iter().any(|r| r.contains("curl"));
    named
        || tools(image)
        || matches!(
            image.app,
            App::Nginx | App::Hostname | App::Echo | App::Podinfo | App::Agnhost
        )
}

/// wget, nslookup, nc: busybox has them.
pub(super) fn has_clients(i: &Image) -> bool {
    i.base == Base::Busybox || i.base == Base::Alpine || tools(i)
}

pub(super) fn tools(i: &Image) -> bool {
    i.repositories.iter().any(|r| {
        r.contains("netshoot")
            || r.contains("dnsutils")
            || r.contains("multitool")
            || r.contains("net-tools")
    })
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
    "cmp",
    "comm",
    "cp",
    "cut",
    "date",
    "dd",
    "df",
    "diff",
    "dirname",
    "du",
    "echo",
    "egrep",
    "env",
    "expr",
    "false",
    "fgrep",
    "find",
    "fold",
    "free",
    "grep",
    "gunzip",
    "gzip",
    "head",
    "hostname",
    "id",
    "install",
    "kill",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mktemp",
    "mv",
    "nl",
    "nproc",
    "od",
    "paste",
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
    "shuf",
    "sleep",
    "sort",
    "split",
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
    "truncate",
    "tty",
    "uname",
    "uniq",
    "uptime",
    "wc",
    "which",
    "whoami",
    "xargs",
    "yes",
    "zcat",
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
