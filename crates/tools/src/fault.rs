//! fault: breaks parts of the cluster on purpose, and mends them again.
//!
//! No cluster has such a command; its counterparts are chaos tools (Chaos Mesh, kube-monkey) and pulling the plug. It acts
//! below Kubernetes, on machines and processes: the cluster has to find out by itself. What is broken is part of the
//! session, so undo, reload and replay know it.

use std::rc::Rc;

use machinery::duration;
use shell::{Candidate, CompletionRequest, Ctx};

use crate::World;

/// What is to be broken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultAsk {
    /// The sub-command: `kill`, `cut`, `stop-component`.
    pub what: &'static str,
    /// What it takes, in the order of its usage.
    pub names: Vec<String>,
    /// "" means the kubeconfig's.
    pub namespace: String,
    /// "" means the pod's first.
    pub container: String,
    /// MiB a second, milliseconds, or times as slow.
    pub amount: i64,
}

/// One line of `fault list`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultLine {
    pub id: u32,
    pub age_ms: i64,
    pub text: String,
}

/// A sub-command that breaks something.
struct Fault {
    name: &'static str,
    /// What it takes; `POD` also takes -n and -c.
    takes: &'static [&'static str],
    /// The option that says how much, what it is for, and how much it is unless given.
    amount: Option<(&'static str, Unit, i64)>,
    about: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    MiB,
    Time,
    Times,
}

const POD: &[&str] = &["POD"];
const NODE: &[&str] = &["NODE"];

const FAULTS: &[Fault] = &[
    fault_of(
        "kill",
        POD,
        None,
        "kill a container's process, once (exit code 137)",
    ),
    fault_of(
        "crashloop",
        POD,
        None,
        "a container ends with status 1 soon after every start",
    ),
    fault_of(
        "leak",
        POD,
        Some(("--rate", Unit::MiB, 20)),
        "a container's memory grows every second, until its limit kills it",
    ),
    fault_of(
        "slow-start",
        POD,
        Some(("--delay", Unit::Time, 30_000)),
        "a container listens that much later, from its next start on",
    ),
    fault_of(
        "hang",
        POD,
        None,
        "a container answers nobody, though its process goes on",
    ),
    fault_of(
        "cut",
        NODE,
        None,
        "a node is cut off from the network; its containers go on",
    ),
    fault_of(
        "stop",
        NODE,
        None,
        "a node is switched off; healed, it starts its containers anew",
    ),
    fault_of(
        "slow",
        NODE,
        Some(("--factor", Unit::Times, 10)),
        "a node takes many times as long to pull images and to start containers",
    ),
    fault_of(
        "stop-component",
        &["COMPONENT"],
        None,
        "kube-scheduler or kube-controller-manager stops working",
    ),
    fault_of(
        "drop-image",
        &["NODE", "IMAGE"],
        None,
        "an image is removed from a node",
    ),
    fault_of(
        "partition",
        &["ZONE", "ZONE"],
        None,
        "nothing passes between the nodes of two zones (label topology.kubernetes.io/zone)",
    ),
];

const OTHERS: &[(&str, &str, &str)] = &[
    ("list", "", "what is broken now"),
    (
        "heal",
        "ALL|ID...",
        "mend it again: everything, or what has this number in the list",
    ),
];

const fn fault_of(
    name: &'static str,
    takes: &'static [&'static str],
    amount: Option<(&'static str, Unit, i64)>,
    about: &'static str,
) -> Fault {
    Fault {
        name,
        takes,
        amount,
        about,
    }
}

pub async fn fault(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let words: Vec<&str> = ctx.args.iter().skip(1).map(String::as_str).collect();
    let done = match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => Ok(help()),
        [name, "--help" | "-h", ..] => one(name),
        ["list" | "ls", ..] => Ok(list(&*world)),
        ["heal", rest @ ..] => heal(&*world, rest),
        [name, rest @ ..] => read(name, rest).and_then(|ask| {
            let text = world.fault(&ask)?;
            Ok(format!("{text}\n"))
        }),
    };
    match done {
        Ok(text) => {
            ctx.out(&text);
            0
        }
        Err(why) => {
            ctx.err(&format!("fault: {why}\n"));
            1
        }
    }
}

fn usage(f: &Fault) -> String {
    let mut text = format!("{} {}", f.name, f.takes.join(" "));
    if f.takes == POD {
        text.push_str(" [-n NAMESPACE] [-c CONTAINER]");
    }
    if let Some((option, unit, usual)) = f.amount {
        text.push_str(&format!(" [{option} {}]", shown(unit, usual)));
    }
    text
}

fn shown(unit: Unit, amount: i64) -> String {
    match unit {
        Unit::MiB => format!("{amount}Mi"),
        Unit::Time => duration::print(amount),
        Unit::Times => amount.to_string(),
    }
}

fn help() -> String {
    let mut text = String::from(
        "fault breaks something on purpose. It acts below Kubernetes: the cluster has to find out by itself.\n\nBreak:\n",
    );
    for f in FAULTS {
        text.push_str(&format!(
            "  {:<28} {}\n",
            format!("{} {}", f.name, f.takes.join(" ")),
            f.about
        ));
    }
    text.push_str("\nLook and mend:\n");
    for (name, takes, about) in OTHERS {
        text.push_str(&format!("  {:<28} {about}\n", format!("{name} {takes}")));
    }
    text.push_str(
        "\nOptions of those that take a POD: -n NAMESPACE, -c CONTAINER (otherwise the first one).\nfault NAME --help tells more. Whatever is broken can be mended; undo takes it back too.\n",
    );
    text
}

fn one(name: &str) -> Result<String, String> {
    if let Some(f) = FAULTS.iter().find(|f| f.name == name) {
        return Ok(format!("fault {}\n\n{}\n", usage(f), f.about));
    }
    let found = OTHERS
        .iter()
        .find(|o| o.0 == name)
        .ok_or_else(|| unknown(name))?;
    Ok(format!("fault {} {}\n\n{}\n", found.0, found.1, found.2))
}

fn unknown(name: &str) -> String {
    format!("there is no fault '{name}'; fault --help lists them")
}

/// The words behind the name of a fault.
fn read(name: &str, words: &[&str]) -> Result<FaultAsk, String> {
    let f = FAULTS
        .iter()
        .find(|f| f.name == name)
        .ok_or_else(|| unknown(name))?;
    let mut ask = FaultAsk {
        what: f.name,
        amount: f.amount.map_or(0, |a| a.2),
        ..FaultAsk::default()
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            ask.names.push((*word).to_owned());
            continue;
        }
        let (flag, attached) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (*word, None),
        };
        let value = attached
            .or_else(|| words.next().copied())
            .ok_or_else(|| format!("{flag} needs a value"))?;
        match flag {
            "-n" | "--namespace" if f.takes == POD => ask.namespace = value.to_owned(),
            "-c" | "--container" if f.takes == POD => ask.container = value.to_owned(),
            flag => {
                let wanted = f.amount.filter(|a| a.0 == flag);
                let unit = wanted
                    .ok_or_else(|| format!("unknown option {flag}; usage: fault {}", usage(f)))?
                    .1;
                ask.amount = amount(unit, value).ok_or_else(|| {
                    format!(
                        "{flag} takes something like {}, not '{value}'",
                        shown(unit, ask.amount)
                    )
                })?;
            }
        }
    }
    if ask.names.len() != f.takes.len() {
        return Err(format!("usage: fault {}", usage(f)));
    }
    // `pod/web`, `node/node-1`: as kubectl prints them.
    let first = f.takes.first().map_or("", |t| *t).to_lowercase();
    for name in &mut ask.names {
        if let Some(rest) = name.strip_prefix(&format!("{first}/")) {
            *name = rest.to_owned();
        }
    }
    Ok(ask)
}

/// `20`, `20Mi`, `30s`; what makes no sense is none.
fn amount(unit: Unit, text: &str) -> Option<i64> {
    let number = |text: &str| text.parse::<i64>().ok();
    let found = match unit {
        Unit::MiB => number(text.trim_end_matches("/s").trim_end_matches("Mi")),
        Unit::Time => match number(text) {
            Some(seconds) => seconds.checked_mul(1000),
            None => duration::parse(text).ok(),
        },
        Unit::Times => number(text),
    };
    found.filter(|n| (1..=1_000_000_000).contains(n))
}

fn list(world: &dyn World) -> String {
    let lines = world.faults();
    if lines.is_empty() {
        return "nothing is broken on purpose\n".to_owned();
    }
    let mut text = format!("{:<5}{:<7}FAULT\n", "ID", "AGE");
    for line in lines {
        text.push_str(&format!(
            "{:<5}{:<7}{}\n",
            line.id,
            duration::human(line.age_ms),
            line.text
        ));
    }
    text
}

fn heal(world: &dyn World, words: &[&str]) -> Result<String, String> {
    let all: Vec<u32> = world.faults().iter().map(|l| l.id).collect();
    let wanted: Vec<u32> = match words {
        [] if all.len() == 1 => all,
        [] => return Err("usage: fault heal ALL|ID...".to_owned()),
        ["all" | "ALL" | "--all"] => all,
        ids => {
            let number = |id: &&str| {
                id.parse()
                    .map_err(|_| format!("'{id}' is no number of fault list"))
            };
            ids.iter().map(number).collect::<Result<_, _>>()?
        }
    };
    if wanted.is_empty() {
        return Ok("nothing is broken on purpose\n".to_owned());
    }
    let mut text = String::new();
    for id in wanted {
        let was = world
            .heal(id)
            .ok_or_else(|| format!("{text}fault list has no number {id}"))?;
        text.push_str(&format!("healed: {was}\n"));
    }
    Ok(text)
}

pub fn complete(request: &CompletionRequest, world: &dyn World) -> Vec<Candidate> {
    let words: Vec<&str> = request.words.iter().skip(1).map(String::as_str).collect();
    let described = |name: &str, about: &str| Candidate::described(name, about);
    let all: Vec<Candidate> = match words.as_slice() {
        [] => (FAULTS.iter().map(|f| (f.name, f.about)))
            .chain(OTHERS.iter().map(|o| (o.0, o.2)))
            .map(|(name, about)| described(name, about))
            .collect(),
        ["heal", ..] => (world.faults().iter())
            .map(|l| described(&l.id.to_string(), &l.text))
            .chain([described("ALL", "everything")])
            .collect(),
        [name, rest @ ..] => match FAULTS.iter().find(|f| f.name == *name) {
            Some(f) => arguments(f, rest, &request.current, world),
            None => Vec::new(),
        },
    };
    all.into_iter()
        .filter(|c| c.text.starts_with(&request.current))
        .collect()
}

fn arguments(f: &Fault, words: &[&str], current: &str, world: &dyn World) -> Vec<Candidate> {
    let plain = |name: String| Candidate::new(name);
    let (mut given, mut namespace, mut before) = (Vec::new(), "", "");
    for word in words {
        match before {
            "-n" | "--namespace" => namespace = word,
            "-c" | "--container" => {}
            b if b.starts_with("--") => {}
            _ if !word.starts_with('-') => given.push(*word),
            _ => {}
        }
        before = if before.starts_with('-') { "" } else { word };
    }
    let names = |what: &str| {
        world
            .breakable(what, namespace)
            .into_iter()
            .map(plain)
            .collect()
    };
    match before {
        "-n" | "--namespace" => return names("NAMESPACE"),
        "-c" | "--container" => {
            return names(&format!("CONTAINER {}", given.first().unwrap_or(&"")));
        }
        _ => {}
    }
    if current.starts_with('-') {
        let of_pods = ["-n", "-c"].into_iter().filter(|_| f.takes == POD);
        let amount = f.amount.map(|a| a.0);
        return of_pods.chain(amount).map(Candidate::new).collect();
    }
    f.takes
        .get(given.len())
        .map(|what| names(what))
        .unwrap_or_default()
}
