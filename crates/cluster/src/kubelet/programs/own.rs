//! What an image's own program does when it is process 1: it follows from its [`App`].

use super::super::catalogue::{App, Image};
use super::super::server::Server;
use super::there::is_own;
use machinery::Value;
use machinery::time::Millis;
use shell::Env;
use std::cell::LazyCell;

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

impl Outcome {
    fn print(text: impl Into<String>, code: i32, takes_ms: i64) -> Option<Outcome> {
        Some(Outcome::Print {
            text: text.into(),
            code,
            takes_ms,
        })
    }
    /// One server, which says so.
    fn serve(server: Server, line: String) -> Option<Outcome> {
        Some(Outcome::Serve {
            servers: vec![server],
            log: vec![line],
            boot: false,
        })
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
        return Outcome::print(lines(image.refusal), 1, 300);
    }
    let listen = |ports: &[u16]| {
        let from = now + image.start_ms;
        let servers = ports.iter().map(|port| Server::new(image, *port, from));
        Some(Outcome::Serve {
            servers: servers.collect(),
            log: Vec::new(),
            boot: true,
        })
    };
    match image.app {
        App::Shell => None,
        App::Pause | App::Stress => Some(Outcome::Wait),
        App::HelloWorld => Outcome::print(lines(HELLO_WORLD), 0, 20),
        App::HttpEcho => http_echo(image, argv, env, now),
        App::Whoami => {
            let port = port_flag(argv, "port")
                .or_else(|| env.get("WHOAMI_PORT_NUMBER")?.parse().ok())
                .unwrap_or(80);
            let server = Server::new(image, port, now + image.start_ms);
            Outcome::serve(server, format!("Starting up on port {port}"))
        }
        App::Agnhost => agnhost(image, argv, now),
        App::Hello { .. } | App::Podinfo | App::Echo => {
            let named = || env.get("PORT").or(env.get("HTTP_PORT"))?.parse().ok();
            let port = port_flag(argv, "port").or_else(named);
            port.map_or_else(|| listen(image.ports), |p| listen(&[p]))
        }
        App::Redis if name == "redis-cli" => None,
        App::Redis | App::Database => {
            let port = port_flag(argv, "port");
            port.map_or_else(|| listen(image.ports), |p| listen(&[p]))
        }
        App::Python | App::Node => interpreter(image, argv, now),
        App::Agent | App::Page => {
            let declared = spec.get("ports").items().iter();
            let declared = declared.filter_map(|p| u16::try_from(p.int("containerPort")).ok());
            match image.ports {
                [] => match declared.collect::<Vec<u16>>().as_slice() {
                    [] => Some(Outcome::Wait),
                    ports => listen(ports),
                },
                ports => listen(ports),
            }
        }
        App::Nginx
        | App::Apache
        | App::Wordpress
        | App::Guestbook
        | App::Hostname
        | App::Kuard
        | App::Ingress => listen(image.ports),
    }
}

fn http_echo(image: &'static Image, argv: &[String], env: &Vars, now: Millis) -> Option<Outcome> {
    let text =
        flag(argv, "text").unwrap_or_else(|| env.get("ECHO_TEXT").cloned().unwrap_or_default());
    let port = flag(argv, "listen").and_then(|l| l.rsplit(':').next()?.parse().ok());
    let port = port.unwrap_or(5678);
    if text.is_empty() {
        return Outcome::print("Missing -text option!\n", 127, 10);
    }
    let server = Server {
        text: Some(text.into()),
        ..Server::new(image, port, now + image.start_ms)
    };
    Outcome::serve(server, format!("[INFO] server is listening on :{port}"))
}

fn agnhost(image: &'static Image, argv: &[String], now: Millis) -> Option<Outcome> {
    let sub = argv.get(1).map_or("pause", String::as_str);
    let port = match sub {
        "netexec" => port_flag(argv, "http-port").unwrap_or(8080),
        "serve-hostname" => port_flag(argv, "port").unwrap_or(9376),
        "liveness" => 8080,
        _ => return Some(Outcome::Wait),
    };
    let server = Server {
        text: Some(sub.into()),
        ..Server::new(image, port, now + image.start_ms)
    };
    Outcome::serve(server, format!("Started HTTP server on port {port}"))
}

/// `python -m http.server 8000`; everything else an interpreter would do is said not to be simulated.
fn interpreter(image: &'static Image, argv: &[String], now: Millis) -> Option<Outcome> {
    let rest: Vec<&str> = argv.iter().skip(1).map(String::as_str).collect();
    match rest.as_slice() {
        [] => Outcome::print("", 0, 50),
        ["--version" | "-V", ..] if image.app == App::Python => {
            Outcome::print("Python 3.13.7\n", 0, 20)
        }
        ["--version" | "-v", ..] => Outcome::print("v22.20.0\n", 0, 20),
        ["-m", "http.server", more @ ..] => {
            let port = more.first().and_then(|p| p.parse().ok()).unwrap_or(8000);
            let line = format!("Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ...");
            Outcome::serve(Server::new(image, port, now + 200), line)
        }
        _ => {
            let name = argv.first().map_or("", |w| shell::fs::name(w));
            let text = format!("bottleship does not simulate {name} programs\n");
            Outcome::print(text, 1, 50)
        }
    }
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
    match digits {
        Some(n) if (2..=5_000).contains(&n) => {
            Outcome::print(pi(n) + "\n", 0, 2_000 + 2 * n as i64)
        }
        _ => Outcome::print("bottleship does not simulate perl programs\n", 1, 50),
    }
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

/// A command line without the script that images put in front of their program.
pub fn without_entrypoint(argv: &[String]) -> &[String] {
    match argv {
        [first, _, ..] if first.ends_with("entrypoint.sh") => &argv[1..],
        _ => argv,
    }
}

fn port_flag(argv: &[String], name: &str) -> Option<u16> {
    flag(argv, name)?.parse().ok()
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
