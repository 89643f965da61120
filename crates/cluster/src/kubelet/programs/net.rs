//! Clients of the network in containers: names, reachability, HTTP.
//! curl and wget themselves are `shell::http_tools`; here are the pod's network and the container's files around them.

use super::super::process::drive::{Asked, Place};
use super::Done;
use super::own::flag;
use crate::Cluster;
use crate::network::{self, Origin};
use machinery::http::{Fetch, HttpRequest};
use machinery::time::Millis;
use shell::Fs;
use shell::http_tools::{self, Around, Fetched};
use std::cell::{Cell, RefCell};

pub(super) fn nslookup(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    _: &mut Fs,
    _: Millis,
) -> Done {
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

pub(super) fn getent(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    _: &mut Fs,
    _: Millis,
) -> Done {
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

pub(super) fn dig(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    _: &mut Fs,
    _: Millis,
) -> Done {
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

pub(super) fn ping(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    _: &mut Fs,
    _: Millis,
) -> Done {
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

/// `nc -z -v HOST PORT`: whether a port is open. Talking over it is not simulated.
pub(super) fn nc(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    _: &mut Fs,
    _: Millis,
) -> Done {
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
pub(super) fn redis_cli(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    _: &mut Fs,
    _: Millis,
) -> Done {
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

pub(super) fn curl(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    fs: &mut Fs,
    now: Millis,
) -> Done {
    http(cluster, place, asked, fs, now, http_tools::curl)
}

pub(super) fn wget(
    cluster: &mut Cluster,
    place: &Place,
    asked: &Asked,
    fs: &mut Fs,
    now: Millis,
) -> Done {
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
    let took = Cell::new(0);
    let outcome = {
        let cell = RefCell::new(cluster);
        let mut fetch = |r: &http_tools::HttpRequest| {
            let request = HttpRequest {
                method: r.method.clone(),
                url: r.url.clone(),
                headers: r.headers.clone(),
                body: r.body.clone(),
            };
            let answer = network::fetch(&mut cell.borrow_mut(), &from, &request);
            took.set(took.get() + network::took_ms(&cell.borrow()));
            match answer {
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
            // Standard input does not reach these programs.
            "-" => Some(String::new()),
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
    match outcome.wait_ms + took.get() {
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

fn origin(place: &Place) -> Origin {
    Origin::Pod {
        namespace: place.pod.namespace().to_string(),
        name: place.pod.name().to_string(),
    }
}
