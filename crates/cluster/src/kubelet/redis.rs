//! A small Redis: strings, lists and counters, kept in the server's `dump.rdb`, so that they live as long as the volume
//! below `/data` does; replicas answer with what their leader has. The real one is redis-server and redis-cli.
//! Left out: everything else (expiry, hashes, sets, transactions, the protocol, RDB's own format; it is saved at once).

use super::process::drive::Place;
use super::process::spawn::command_line;
use super::programs::own::{flag, without_entrypoint};
use super::{env, volumes};
use crate::Cluster;
use crate::network::{self, Origin, Reach};
use machinery::{Object, Str};
use std::collections::BTreeMap;

const DUMP: &str = "/data/dump.rdb";
const READ_ONLY: &str = "(error) READONLY You can't write against a read only replica.";
const WRONG_TYPE: &str =
    "(error) WRONGTYPE Operation against a key holding the wrong kind of value";
/// Leaders of leaders.
const DEPTH_MAX: u32 = 4;

/// A value of a key: a string is a list of one that is not a list.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Text(String),
    List(Vec<String>),
}

type Keys = BTreeMap<String, Entry>;

/// Asks the server at an address; Err: there is none.
pub fn ask(
    cluster: &mut Cluster,
    from: &Origin,
    (host, port): (&str, u16),
    words: &[String],
) -> Result<Vec<String>, String> {
    let failed = |why: &str| {
        Err(format!(
            "Could not connect to Redis at {host}:{port}: {why}"
        ))
    };
    match network::reach(cluster, from, host, port) {
        Reach::Open(uid, _) => Ok(served(cluster, &uid, words, 0)),
        Reach::Refused => failed("Connection refused"),
        Reach::Timeout => failed("Connection timed out"),
        Reach::NoName => failed("Name or service not known"),
    }
}

/// What a server answers: lines as redis-cli prints them to a pipe.
fn served(cluster: &mut Cluster, uid: &Str, words: &[String], depth: u32) -> Vec<String> {
    let Some(server) = Server::of(cluster, uid) else {
        return vec!["(error) ERR no server".into()];
    };
    let name = words
        .first()
        .map_or(String::new(), |w| w.to_ascii_uppercase());
    if let Some(leader) = &server.leader {
        let from = Origin::of(&server.pod);
        let up = match network::reach(cluster, &from, &leader.0, leader.1) {
            Reach::Open(uid, _) if depth < DEPTH_MAX => Some(uid),
            _ => None,
        };
        match name.as_str() {
            "INFO" | "ROLE" => return replication(Some((leader, up.is_some()))),
            "PING" | "CONFIG" => {}
            _ if WRITES.contains(&name.as_str()) => return vec![READ_ONLY.into()],
            _ => {
                // It has received everything that its leader has taken in.
                if let Some(leader) = up.and_then(|uid| Server::of(cluster, &uid)) {
                    let known = leader.load(cluster);
                    if known != server.load(cluster) {
                        server.save(cluster, &known);
                    }
                }
            }
        }
    }
    match name.as_str() {
        "INFO" | "ROLE" => return replication(None),
        "CONFIG" => return server.config(cluster, words),
        _ => {}
    }
    let mut keys = server.load(cluster);
    let before = keys.clone();
    let lines = run(&mut keys, &name, words.get(1..).unwrap_or_default());
    if keys != before {
        server.save(cluster, &keys);
    }
    lines
}

fn replication(leader: Option<(&(String, u16), bool)>) -> Vec<String> {
    let mut lines = vec!["# Replication".to_string()];
    match leader {
        None => lines.push("role:master".into()),
        Some(((host, port), up)) => {
            lines.push("role:slave".into());
            lines.push(format!("master_host:{host}"));
            lines.push(format!("master_port:{port}"));
            let up = if up { "up" } else { "down" };
            lines.push(format!("master_link_status:{up}"));
        }
    }
    lines
}

/// A running server: its pod, its container, whom it follows, the file that it was started with.
struct Server {
    pod: Object,
    index: usize,
    leader: Option<(String, u16)>,
    file: Option<String>,
}

impl Server {
    fn of(cluster: &Cluster, uid: &Str) -> Option<Server> {
        let pod = cluster.store.by_uid(uid)?.clone();
        let run = cluster.kubelets.pod(uid)?;
        let is_redis = |c: &super::run::ContainerRun| {
            c.is_running()
                && (c.servers.iter()).any(|s| s.image.app == super::catalogue::App::Redis)
        };
        let index = run.containers.iter().position(is_redis)?;
        let c = run.containers.get(index)?;
        let vars = env::full(cluster, &pod, run, index);
        let argv = command_line(&pod, c, c.image?, &|name| vars.get(name).cloned());
        let argv = without_entrypoint(&argv);
        let after = |name: &str| {
            let at = argv
                .iter()
                .position(|w| w.trim_start_matches('-') == name)?;
            let port = argv.get(at + 2).and_then(|p| p.parse().ok());
            Some((argv.get(at + 1)?.clone(), port.unwrap_or(6379)))
        };
        let leader = after("replicaof").or_else(|| after("slaveof"));
        let file = argv.get(1).filter(|w| !w.starts_with('-')).cloned();
        Some(Server {
            pod,
            index,
            leader,
            file,
        })
    }

    fn fs(&self, cluster: &Cluster) -> shell::Fs {
        match cluster.kubelets.pod(self.pod.uid()) {
            Some(run) => volumes::open(cluster, &self.pod, run, self.index),
            None => shell::Fs::new(),
        }
    }

    fn load(&self, cluster: &Cluster) -> Keys {
        let text = self.fs(cluster).read_text(DUMP).unwrap_or_default();
        let row = |line: &str| {
            let mut words = line.split(' ').map(codec::unpercent);
            let (key, kind) = (words.next()?, words.next()?);
            let rest: Vec<String> = words.collect();
            let entry = match kind.as_str() {
                "list" => Entry::List(rest),
                _ => Entry::Text(rest.into_iter().next().unwrap_or_default()),
            };
            Some((key, entry))
        };
        text.lines().filter_map(row).collect()
    }

    fn save(&self, cluster: &mut Cluster, keys: &Keys) {
        let mut text = String::new();
        let word = |w: &str| codec::percent(w, b"-_.~");
        for (key, entry) in keys {
            let (kind, items) = match entry {
                Entry::Text(t) => ("string", std::slice::from_ref(t)),
                Entry::List(items) => ("list", items.as_slice()),
            };
            text.push_str(&format!("{} {kind}", word(key)));
            for item in items {
                text.push(' ');
                text.push_str(&word(item));
            }
            text.push('\n');
        }
        let mut fs = self.fs(cluster);
        let before = fs.version();
        let _ = fs.mkdir("/data", true);
        let _ = fs.write(DUMP, text);
        volumes::close(cluster, &self.pod, self.pod.uid(), self.index, &fs, before);
    }

    /// `CONFIG GET name`: what the file of the command line says, or the default.
    fn config(&self, cluster: &Cluster, words: &[String]) -> Vec<String> {
        let [_, get, name] = words else {
            return vec!["bottleship simulates only CONFIG GET of one name".into()];
        };
        if !get.eq_ignore_ascii_case("get") {
            return vec!["bottleship simulates only CONFIG GET of one name".into()];
        }
        let file = self.file.as_deref().unwrap_or_default();
        let text = self.fs(cluster).read_text(file).unwrap_or_default();
        let written = text.lines().find_map(|l| {
            let (key, value) = l.trim().split_once(char::is_whitespace)?;
            (key == name).then(|| value.trim().to_string())
        });
        let default = DEFAULTS
            .iter()
            .find(|d| d.0 == name)
            .map(|d| d.1.to_string());
        match written.map(|v| bytes(name, &v)).or(default) {
            Some(value) => vec![name.clone(), value],
            None => vec![String::new()],
        }
    }
}

const DEFAULTS: &[(&str, &str)] = &[
    ("maxmemory", "0"),
    ("maxmemory-policy", "noeviction"),
    ("appendonly", "no"),
    ("save", "3600 1 300 100 60 10000"),
    ("dir", "/data"),
    ("port", "6379"),
];

/// `2mb` is told as 2097152.
fn bytes(name: &str, value: &str) -> String {
    let low = value.to_ascii_lowercase();
    let digits = low.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &low[digits.len()..] {
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => 1i64,
    };
    match (name, digits.parse::<i64>()) {
        ("maxmemory", Ok(n)) => n.saturating_mul(unit).to_string(),
        _ => value.to_string(),
    }
}

const WRITES: &[&str] = &[
    "SET", "APPEND", "INCR", "DECR", "INCRBY", "DEL", "RPUSH", "LPUSH", "FLUSHALL", "FLUSHDB",
];

fn run(keys: &mut Keys, name: &str, args: &[String]) -> Vec<String> {
    let one = |text: &str| vec![text.to_string()];
    let few = || {
        vec![
            format!(
                "ERR wrong number of arguments for '{}' command",
                name.to_lowercase()
            ),
            String::new(),
        ]
    };
    let arg = |n: usize| args.get(n).cloned();
    match (name, arg(0), arg(1)) {
        ("PING", None, _) => one("PONG"),
        ("PING" | "ECHO", Some(text), _) => one(&text),
        ("DBSIZE", ..) => one(&keys.len().to_string()),
        ("FLUSHALL" | "FLUSHDB", ..) => {
            keys.clear();
            one("OK")
        }
        ("KEYS", Some(pattern), _) => {
            let fits = |k: &&String| shell::glob::matches(&pattern, k);
            let found: Vec<String> = keys.keys().filter(fits).cloned().collect();
            if found.is_empty() { one("") } else { found }
        }
        ("SET", Some(key), Some(value)) => {
            keys.insert(key, Entry::Text(value));
            one("OK")
        }
        ("GET", Some(key), _) => match keys.get(&key) {
            Some(Entry::Text(text)) => one(text),
            Some(_) => one(WRONG_TYPE),
            None => one(""),
        },
        ("APPEND", Some(key), Some(more)) => {
            match keys.entry(key).or_insert(Entry::Text(String::new())) {
                Entry::Text(text) => {
                    text.push_str(&more);
                    one(&text.len().to_string())
                }
                Entry::List(_) => one(WRONG_TYPE),
            }
        }
        ("INCR" | "DECR" | "INCRBY", Some(key), by) => {
            let by = match name {
                "INCR" => 1,
                "DECR" => -1,
                _ => by.and_then(|b| b.parse::<i64>().ok()).unwrap_or(0),
            };
            let old = match keys.get(&key) {
                None => Some(0),
                Some(Entry::Text(text)) => text.parse::<i64>().ok(),
                Some(_) => return one(WRONG_TYPE),
            };
            match old.and_then(|n| n.checked_add(by)) {
                Some(n) => {
                    keys.insert(key, Entry::Text(n.to_string()));
                    one(&n.to_string())
                }
                None => one("ERR value is not an integer or out of range"),
            }
        }
        ("DEL" | "EXISTS", Some(_), _) => {
            let there = args.iter().filter(|k| keys.contains_key(*k)).count();
            if name == "DEL" {
                args.iter().for_each(|k| drop(keys.remove(k)));
            }
            one(&there.to_string())
        }
        ("RPUSH" | "LPUSH", Some(key), Some(_)) => {
            match keys.entry(key).or_insert(Entry::List(Vec::new())) {
                Entry::List(items) => {
                    for item in args.get(1..).unwrap_or_default() {
                        let at = if name == "RPUSH" { items.len() } else { 0 };
                        items.insert(at, item.clone());
                    }
                    one(&items.len().to_string())
                }
                Entry::Text(_) => one(WRONG_TYPE),
            }
        }
        ("LLEN", Some(key), _) => match keys.get(&key) {
            None => one("0"),
            Some(Entry::List(items)) => one(&items.len().to_string()),
            Some(_) => one(WRONG_TYPE),
        },
        ("LRANGE", Some(key), Some(from)) => match keys.get(&key) {
            Some(Entry::List(items)) => {
                let len = items.len() as i64;
                let at = |t: &str| {
                    let n = t.parse::<i64>().unwrap_or(0);
                    if n < 0 { (len + n).max(0) } else { n.min(len) }
                };
                let to = at(arg(2).as_deref().unwrap_or("-1")).min(len - 1);
                let some = items.iter().skip(at(&from) as usize);
                some.take((to - at(&from) + 1).max(0) as usize)
                    .cloned()
                    .collect()
            }
            None => one(""),
            Some(_) => one(WRONG_TYPE),
        },
        _ if WRITES.contains(&name)
            || ["GET", "KEYS", "EXISTS", "LLEN", "LRANGE", "ECHO"].contains(&name) =>
        {
            few()
        }
        _ => vec![format!("bottleship does not simulate redis's {name}")],
    }
}

/// `redis-cli [-h HOST] [-p PORT] COMMAND...`: lines, and whether the server was there.
pub fn cli(cluster: &mut Cluster, place: &Place, argv: &[String]) -> Result<Vec<String>, String> {
    let host = flag(argv, "h").unwrap_or_else(|| "127.0.0.1".into());
    let port = flag(argv, "p").and_then(|p| p.parse().ok()).unwrap_or(6379);
    let mut words = argv.get(1..).unwrap_or_default();
    while let [first, rest @ ..] = words
        && first.starts_with('-')
    {
        let valued = ["-h", "-p", "-a", "-n", "--user", "--pass"].contains(&first.as_str());
        words = if valued {
            rest.get(1..).unwrap_or_default()
        } else {
            rest
        };
    }
    if words.is_empty() {
        return Ok(vec![
            "bottleship simulates redis-cli only with a command".into(),
        ]);
    }
    let from = Origin::of(place.pod);
    ask(cluster, &from, (&host, port), words)
}
