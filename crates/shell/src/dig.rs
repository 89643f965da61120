//! dig and host: the command lines and what they print; names are looked up by the caller.
//!
//! The real ones are BIND's. Records of A, SRV and CNAME exist; everything else is empty.

use crate::filters::date;

/// Records of a type: each a full name without its last dot, the type, and the data. `None`: there is no such name.
pub type Lookup<'a> = dyn Fn(&str, &str, bool) -> Option<Vec<(String, &'static str, String)>> + 'a;

const TYPES: &[&str] = &["A", "AAAA", "SRV", "CNAME", "TXT", "MX", "NS", "PTR", "ANY"];

struct Asked {
    name: String,
    kind: String,
    server: Option<String>,
    options: Vec<String>,
}

fn read(args: &[String]) -> Asked {
    let mut asked = Asked {
        name: String::new(),
        kind: "A".to_owned(),
        server: None,
        options: Vec::new(),
    };
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next() {
        let kind = arg.to_ascii_uppercase();
        if let Some(server) = arg.strip_prefix('@') {
            asked.server = Some(server.to_owned());
        } else if let Some(option) = arg.strip_prefix('+') {
            asked.options.push(option.to_owned());
        } else if arg == "-t" {
            asked.kind = args
                .next()
                .map_or("A".to_owned(), |kind| kind.to_ascii_uppercase());
        } else if arg == "-p" || arg == "-W" {
            args.next();
        } else if arg.starts_with('-') {
        } else if TYPES.contains(&kind.as_str()) {
            asked.kind = kind;
        } else if asked.name.is_empty() {
            asked.name.clone_from(arg);
        } else {
            asked.server = Some(arg.clone());
        }
    }
    asked
}

/// Status and text. `server` is the resolver that is asked if no other one is named.
pub fn dig(args: &[String], lookup: &Lookup<'_>, server: &str, now_ms: i64) -> (i32, String) {
    let asked = read(args);
    let host = args.first().is_some_and(|name| name.ends_with("host"));
    if asked.name.is_empty() {
        let text = "bottleship does not list the root servers; give a name\n";
        return (1, text.to_owned());
    }
    if asked
        .server
        .as_deref()
        .is_some_and(|other| other != server && !other.ends_with(".kube-system.svc.cluster.local"))
    {
        let other = asked.server.unwrap_or_default();
        let text = format!(
            ";; communications error to {other}#53: timed out\n;; no servers could be reached\n"
        );
        return (9, text);
    }
    let has = |option: &str| asked.options.iter().any(|o| o == option);
    let found = lookup(&asked.name, &asked.kind, has("search") || host);
    let records = found.clone().unwrap_or_default();
    if host {
        return match found {
            None => (1, format!("Host {} not found: 3(NXDOMAIN)\n", asked.name)),
            Some(_) => (0, records.iter().map(host_line).collect()),
        };
    }
    if has("short") {
        return (
            0,
            records
                .iter()
                .map(|(_, kind, data)| format!("{}\n", dotted(kind, data)))
                .collect(),
        );
    }
    let line = |(name, kind, data): &(String, &str, String)| {
        format!("{name}.\t30\tIN\t{kind}\t{}\n", dotted(kind, data))
    };
    let answer: String = records.iter().map(line).collect();
    if has("noall") {
        return (0, if has("answer") { answer } else { String::new() });
    }
    let status = if found.is_some() {
        "NOERROR"
    } else {
        "NXDOMAIN"
    };
    let name = asked.name.trim_end_matches('.');
    let id = name.bytes().fold(now_ms as u32, |h, b| {
        h.wrapping_mul(31).wrapping_add(u32::from(b))
    }) % 65_536;
    let mut text = format!(
        "\n; <<>> DiG 9.18.24 <<>> {}\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: {id}\n;; flags: qr aa rd ra; QUERY: 1, ANSWER: {}, AUTHORITY: 0, ADDITIONAL: 0\n\n;; QUESTION SECTION:\n;{name}.\t\tIN\t{}\n\n",
        args.get(1..).unwrap_or_default().join(" "),
        records.len(),
        asked.kind
    );
    if !answer.is_empty() {
        text.push_str(&format!(";; ANSWER SECTION:\n{answer}\n"));
    }
    let when = date::format(now_ms, "%a %b %d %H:%M:%S UTC %Y");
    text.push_str(&format!(
        ";; Query time: 0 msec\n;; SERVER: {server}#53({server}) (UDP)\n;; WHEN: {when}\n\n"
    ));
    (0, text)
}

fn dotted(kind: &str, data: &str) -> String {
    match kind {
        "A" => data.to_owned(),
        _ => format!("{data}."),
    }
}

fn host_line((name, kind, data): &(String, &str, String)) -> String {
    match *kind {
        "A" => format!("{name} has address {data}\n"),
        "CNAME" => format!("{name} is an alias for {data}.\n"),
        _ => format!("{name} has {kind} record {data}.\n"),
    }
}
