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

/// A command line without the script that images put in front of their program.
pub fn without_entrypoint(argv: &[String]) -> &[String] {
    match argv {
        [first, _, ..] if first.ends_with("entrypoint.sh") => &argv[1..],
        _ => argv,
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
