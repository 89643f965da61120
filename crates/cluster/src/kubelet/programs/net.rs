//! Clients of the network in containers: names, reachability, HTTP.
//! curl and wget themselves are `shell::http_tools`; here are the pod's network and the container's files around them.

use super::super::catalogue::Base;
use super::super::{redis, volumes};
use super::own::flag;
use super::{Call, Done};
use crate::Cluster;
use crate::network::{self, Origin};
use machinery::http::{Fetch, HttpRequest};
use shell::http_tools::{self, Around, Fetched};
use std::cell::{Cell, RefCell};

pub(super) fn nslookup(call: &mut Call) -> Done {
    let (cluster, from) = (&*call.cluster, call.origin());
    let argv = call.argv();
    let Some(name) = argv.iter().skip(1).find(|a| !a.starts_with('-')) else {
        return Done::failed(1, "Usage: nslookup [HOST] [DNS_SERVER]\n");
    };
    let mut text = format!(
        "Server:\t\t{dns}\nAddress:\t{dns}:53\n\n",
        dns = network::DNS_IP
    );
    if asks_srv(argv) {
        let records = network::dns::srv(cluster, &from, name);
        let lines: String = records
            .iter()
            .map(|(n, t)| format!("{n}\tservice = {t}\n"))
            .collect();
        if !lines.is_empty() {
            return Done::said(format!("{text}{lines}\n"));
        }
    }
    let found = network::dns::answer(cluster, &from, name);
    if is_old(call) {
        return old_nslookup(cluster, name, found);
    }
    if crate::ip::parse(name).is_some() {
        let octets: Vec<&str> = name.split('.').rev().collect();
        let arpa = format!("{}.in-addr.arpa", octets.join("."));
        return match network::dns::pointer(cluster, name) {
            Some(pointer) => Done::said(format!("{text}{arpa}\tname = {pointer}\n\n")),
            None => {
                text.push_str(&format!("** server can't find {arpa}: NXDOMAIN\n\n"));
                Done::with(1, text, "")
            }
        };
    }
    let alias = network::dns::alias(cluster, &from, name);
    if found.addresses.is_empty() && alias.is_none() {
        text.push_str(&format!("** server can't find {name}: NXDOMAIN\n\n"));
        return Done::with(1, text, "");
    }
    if let Some((full, target)) = alias {
        text.push_str(&format!("{full}\tcanonical name = {target}\n"));
    }
    for ip in found.addresses {
        text.push_str(&format!("Name:\t{}\nAddress: {ip}\n", found.name));
    }
    Done::said(text + "\n")
}

/// busybox before 1.29 asks the C library, and tells the name of each address.
fn is_old(call: &Call) -> bool {
    let tag = super::super::server::web::tag(call.cluster, call.place);
    let minor = tag.strip_prefix("1.").and_then(|rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u32>().ok()
    });
    let c = (call.cluster.kubelets).container(call.place.uid, call.place.index);
    let image = c.and_then(|c| c.image);
    image.is_some_and(|i| {
        let is = |name: &str| i.repositories.iter().any(|r| r.contains(name));
        is("busyboxplus")
            || i.base == Base::Busybox && is("busybox") && minor.is_some_and(|m| m < 29)
    })
}

fn old_nslookup(cluster: &Cluster, name: &str, found: network::dns::Found) -> Done {
    let address = |n: usize, ip: &str| match network::dns::pointer(cluster, ip) {
        Some(name) => format!("Address {n}: {ip} {name}\n"),
        None => format!("Address {n}: {ip}\n"),
    };
    let dns = network::DNS_IP;
    let pointer = match network::dns::pointer(cluster, dns) {
        Some(name) => format!(" {name}"),
        None => String::new(),
    };
    let mut text = format!("Server:    {dns}\nAddress 1: {dns}{pointer}\n\n");
    if found.addresses.is_empty() {
        return Done::with(1, text, format!("nslookup: can't resolve '{name}'\n"));
    }
    text.push_str(&format!("Name:      {name}\n"));
    for (i, ip) in found.addresses.iter().enumerate() {
        text.push_str(&address(i + 1, ip));
    }
    Done::said(text)
}

/// `-type=srv`, `-q=SRV`, or dig's plain `SRV`.
fn asks_srv(argv: &[String]) -> bool {
    argv.iter().any(|a| {
        let kind = a.rsplit_once('=').map_or(a.as_str(), |(_, k)| k);
        kind.eq_ignore_ascii_case("srv")
    })
}

pub(super) fn getent(call: &mut Call) -> Done {
    let Some(name) = call.argv().get(2) else {
        return Done::failed(1, "");
    };
    let found = network::dns::answer(call.cluster, &call.origin(), name);
    match found.addresses.first() {
        Some(ip) => Done::said(format!("{ip:<15} {}\n", found.name)),
        None => Done::failed(2, ""),
    }
}

pub(super) fn dig(call: &mut Call) -> Done {
    let (cluster, from) = (&*call.cluster, call.origin());
    let lookup = |name: &str, kind: &str, search: bool| {
        let plain = name.trim_end_matches('.');
        // Only `host` and `+search` try the search path.
        let fits = |full: &str| search || full.eq_ignore_ascii_case(plain);
        if kind == "SRV" {
            let records = network::dns::srv(cluster, &from, name).into_iter();
            let records = records.filter(|(full, _)| fits(full));
            return Some(records.map(|(full, data)| (full, "SRV", data)).collect());
        }
        let alias = network::dns::alias(cluster, &from, name).filter(|(full, _)| fits(full));
        let found = network::dns::answer(cluster, &from, name);
        let mut records = Vec::new();
        if let Some((full, target)) = &alias {
            records.push((full.clone(), "CNAME", target.clone()));
        }
        if (kind == "A" || kind == "ANY") && (alias.is_some() || fits(&found.name)) {
            let record = |ip: &String| (found.name.clone(), "A", ip.clone());
            records.extend(found.addresses.iter().map(record));
        }
        let known = alias.is_some() || fits(&found.name) && !found.addresses.is_empty();
        known.then_some(records)
    };
    let (status, text) = shell::dig::dig(call.argv(), &lookup, network::DNS_IP, call.now);
    Done::with(status, text, "")
}

pub(super) fn ping(call: &mut Call) -> Done {
    let argv = call.argv();
    let count: i64 = flag(argv, "c").and_then(|n| n.parse().ok()).unwrap_or(4);
    let mut words = argv.iter().skip(1).rev();
    let target = words.find(|w| !w.starts_with('-') && w.parse::<i64>().is_err());
    let Some(target) = target else {
        return Done::failed(1, "ping: missing host\n");
    };
    let ips = network::resolve(call.cluster, &call.origin(), target);
    let Some(ip) = ips.first() else {
        return Done::failed(1, format!("ping: bad address '{target}'\n"));
    };
    let alive = network::answers_ping(call.cluster, ip);
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
    let (lost, back) = if alive { (0, count) } else { (100, 0) };
    text.push_str(&format!("\n--- {target} ping statistics ---\n{count} packets transmitted, {back} packets received, {lost}% packet loss\n"));
    let mut done = Done::said(text);
    done.ends = Some((i32::from(!alive), (count - 1) * 1000));
    done
}

pub(super) fn nc(call: &mut Call) -> Done {
    let container = (call.cluster.kubelets).container(call.place.uid, call.place.index);
    let busybox = (container.and_then(|c| c.image)).is_none_or(|image| !super::there::tools(image));
    http(call, |args, around| http_tools::nc(args, busybox, around))
}

/// `redis-cli`: what it prints to a pipe.
pub(super) fn redis_cli(call: &mut Call) -> Done {
    let done = match redis::cli(call.cluster, call.place, call.argv()) {
        Ok(lines) => Done::said(lines.iter().map(|l| format!("{l}\n")).collect::<String>()),
        Err(text) => Done::failed(1, text + "\n"),
    };
    // The server may be this very container, and have written.
    if let Some(run) = call.cluster.kubelets.pod(call.place.uid) {
        *call.fs = volumes::open(call.cluster, call.place.pod, run, call.place.index);
    }
    done
}

pub(super) fn curl(call: &mut Call) -> Done {
    http(call, http_tools::curl)
}

pub(super) fn wget(call: &mut Call) -> Done {
    http(call, |args, around| {
        http_tools::wget(args, http_tools::Flavour::Busybox, around)
    })
}

/// Runs an HTTP client with the pod's network and the container's files around it.
fn http(call: &mut Call, tool: impl FnOnce(&[String], &mut Around) -> http_tools::Outcome) -> Done {
    let (from, asked) = (call.origin(), call.asked);
    let took = Cell::new(0);
    let outcome = {
        let cell = RefCell::new(&mut *call.cluster);
        let fs = &*call.fs;
        let mut fetch = |r: &http_tools::HttpRequest| {
            let answer = ask(&mut cell.borrow_mut(), &from, r);
            took.set(took.get() + network::took_ms(&cell.borrow()));
            answer
        };
        let address = |name: &str| {
            let found = network::resolve(&cell.borrow(), &from, name);
            found.into_iter().next()
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
            now_ms: call.now,
        };
        tool(asked.argv.get(1..).unwrap_or_default(), &mut around)
    };
    let mut status = outcome.status;
    for (name, content) in &outcome.files {
        let path = shell::fs::resolve(&asked.cwd, name);
        if call.fs.write(&path, content).is_err() {
            status = 23;
        }
    }
    let said = outcome.output.into_iter();
    let said = said.map(|(fd, text)| (fd, text.into_bytes())).collect();
    let wait = outcome.wait_ms + took.get();
    let (output, late) = match wait {
        0 => (said, Vec::new()),
        _ => (Vec::new(), said),
    };
    Done {
        output,
        late,
        ends: Some((status, wait)),
        ..Done::default()
    }
}

/// One request, into the network of the cluster.
fn ask(cluster: &mut Cluster, from: &Origin, r: &http_tools::HttpRequest) -> Fetched {
    let request = HttpRequest {
        method: r.method.clone(),
        url: r.url.clone(),
        headers: r.headers.clone(),
        body: r.body.clone(),
    };
    match network::fetch(cluster, from, &request) {
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
}
