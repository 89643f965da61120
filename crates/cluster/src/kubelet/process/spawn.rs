//! How process 1 of a container starts: its command line, and what that comes to.

use super::super::catalogue::{App, Base, Image};
use super::super::programs;
use super::super::programs::own::{Outcome, Vars};
use super::super::run::{ContainerRun, PodRun};
use super::super::server::Server;
use super::super::{env, metrics, nginx, volumes};
use super::{Proc, script, workdir};
use crate::Cluster;
use machinery::time::Millis;
use machinery::{Object, Value};
use shell::Env;
use std::cell::LazyCell;

/// Starts process 1 of a container; the error is the runtime's.
pub fn spawn(
    cluster: &mut Cluster,
    pod: &Object,
    run: &mut PodRun,
    i: usize,
) -> Result<Proc, String> {
    let now = cluster.now;
    let Some(image) = run.containers[i].image else {
        return Err("no image".into());
    };
    run.containers[i].servers = Vec::new();
    let (argv, outcome, env) = {
        let vars: Vars = LazyCell::new(Box::new(|| env::full(cluster, pod, run, i)));
        let argv = command_line(pod, &run.containers[i], image, &|n| vars.get(n).cloned());
        if argv.is_empty() {
            return Err("no command specified".into());
        }
        let argv = programs::own::without_entrypoint(&argv).to_vec();
        let spec = run.containers[i].spec(pod);
        let outcome = programs::own::own(image, &argv, &vars, spec, now);
        let env = match outcome.is_none() && idle(&argv, image, now).is_none() {
            true => vars.clone(),
            false => Env::default(),
        };
        (argv, outcome, env)
    };
    let argv = argv.as_slice();
    if let Some(outcome) = outcome {
        return Ok(own_program(cluster, pod, run, i, image, outcome));
    }
    let spec = run.containers[i].spec(pod);
    let first = argv.first().map_or("", |w| w.as_str());
    if let Some(idle) = idle(argv, image, now) {
        return Ok(idle);
    }
    let tty = spec.flag("tty");
    let mut script = script(image, argv, env, &workdir(spec, image), tty);
    let fs = volumes::open(cluster, pod, run, i);
    if !programs::there::exists(image, first, &fs) {
        return Err(match first.contains('/') {
            true => format!("exec: \"{first}\": stat {first}: no such file or directory"),
            false => format!("exec: \"{first}\": executable file not found in $PATH"),
        });
    }
    script.machine.init = true;
    if !spec.flag("stdin") {
        script.machine.close_stdin();
    }
    script.wait = Some(now);
    Ok(Proc::Script(Box::new(script)))
}

/// Process 1 is the image's own program.
fn own_program(
    cluster: &mut Cluster,
    pod: &Object,
    run: &mut PodRun,
    i: usize,
    image: &'static Image,
    outcome: Outcome,
) -> Proc {
    let now = cluster.now;
    match outcome {
        Outcome::Serve { servers, log, boot } => {
            if image.app == App::Ingress {
                crate::network::ingress::notice(cluster);
            }
            let servers = match configured(cluster, pod, run, i, servers) {
                Ok(servers) => servers,
                Err(error) => {
                    let log = run.containers[i].log_mut();
                    log.boot = Some((now, image.boot));
                    log.line(now, &format!("nginx: [emerg] {error}"));
                    return Proc::Ends {
                        at: now + 150,
                        code: 1,
                    };
                }
            };
            let c = &mut run.containers[i];
            let kept = c.log_mut();
            if boot {
                kept.boot = Some((now, image.boot));
            }
            log.iter().for_each(|l| kept.line(now, l));
            c.servers = servers;
            Proc::Server {
                on_term: image.on_term,
            }
        }
        Outcome::Print {
            text,
            code,
            takes_ms,
        } => {
            let c = &mut run.containers[i];
            c.log_mut().write(now, text.as_bytes());
            Proc::Ends {
                at: now + takes_ms,
                code,
            }
        }
        Outcome::Wait => stress(pod, &mut run.containers[i], image, now).unwrap_or(Proc::Idle {
            until: None,
            on_term: image.on_term,
        }),
    }
}

/// An nginx with a mounted configuration listens where that says; the error is what it ends with.
fn configured(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    i: usize,
    servers: Vec<Server>,
) -> Result<Vec<Server>, String> {
    let spec = run.containers[i].spec(pod);
    let Some(first) = servers.first().filter(|s| s.image.app == App::Nginx) else {
        return Ok(servers);
    };
    if !volumes::is_mounted(pod, spec, "/etc/nginx") {
        return Ok(servers);
    }
    let ports = nginx_ports(cluster, pod, run, i)?.into_iter();
    Ok(ports
        .map(|port| Server {
            port,
            ..first.clone()
        })
        .collect())
}

/// The command line of a container: the spec's, or the image's.
pub fn command_line(
    pod: &Object,
    c: &ContainerRun,
    image: &Image,
    env: &dyn Fn(&str) -> Option<String>,
) -> Vec<String> {
    let spec = c.spec(pod);
    let words = |list: &Value| -> Vec<String> {
        let one = |w: &Value| env::expand(w.as_str().unwrap_or(""), env);
        list.items().iter().map(one).collect()
    };
    let own = |list: &[&str]| list.iter().map(|w| w.to_string()).collect::<Vec<_>>();
    let (command, args) = (words(spec.get("command")), words(spec.get("args")));
    let mut entrypoint = own(image.entrypoint);
    if entrypoint.is_empty() && image.cmd.is_empty() {
        entrypoint.push(programs::there::main_program(image).to_string());
    }
    match (command.is_empty(), args.first()) {
        (false, _) => [command, args].concat(),
        // What images' entrypoint scripts do with options alone: they put their program before them.
        (true, Some(first))
            if first.starts_with('-')
                && entrypoint
                    .last()
                    .is_some_and(|e| e.ends_with("entrypoint.sh")) =>
        {
            [own(&image.cmd[..image.cmd.len().min(1)]), args].concat()
        }
        (true, Some(_)) => [entrypoint, args].concat(),
        (true, None) => [entrypoint, own(image.cmd)].concat(),
    }
}

/// Programs that do nothing but wait need no machine.
fn idle(argv: &[String], image: &Image, now: Millis) -> Option<Proc> {
    if image.base == Base::Scratch {
        return None;
    }
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let (program, rest) = words.split_first()?;
    match (shell::fs::name(program), rest) {
        ("sleep", ["infinity" | "inf"]) | ("tail", ["-f" | "-F", "/dev/null"]) => {
            Some(Proc::Idle {
                until: None,
                on_term: None,
            })
        }
        ("sleep", [one]) => {
            let (number, unit) = match one.as_bytes().last()? {
                b's' => (&one[..one.len() - 1], 1000),
                b'm' => (&one[..one.len() - 1], 60_000),
                b'h' => (&one[..one.len() - 1], 3_600_000),
                b'd' => (&one[..one.len() - 1], 86_400_000),
                _ => (*one, 1000),
            };
            let n = number.parse::<u32>().ok()?;
            Some(Proc::Idle {
                until: Some(now + i64::from(n) * unit),
                on_term: None,
            })
        }
        _ => None,
    }
}

/// The ports of a mounted nginx configuration; the error is what nginx ends with.
fn nginx_ports(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    i: usize,
) -> Result<Vec<u16>, String> {
    let fs = volumes::open(cluster, pod, run, i);
    let config = nginx::load(&fs)?;
    let from = crate::network::Origin::of(pod);
    for (host, place) in nginx::upstreams(&config) {
        if crate::network::resolve(cluster, &from, &host).is_empty() {
            return Err(format!("host not found in upstream \"{host}\" in {place}"));
        }
    }
    Ok(nginx::ports(&config))
}

/// How long a program that eats memory takes to pass its limit.
const STRESS_MS: i64 = 1_200;

/// A program that eats memory is killed as soon as it passes its limit.
fn stress(pod: &Object, c: &mut ContainerRun, image: &Image, now: Millis) -> Option<Proc> {
    let (_, mib) = metrics::stress(pod, c);
    let limit = c
        .spec(pod)
        .at("resources.limits")
        .get("memory")
        .as_str()
        .and_then(env::nano)?;
    if image.app != App::Stress || mib <= 0 || i128::from(mib) << 20 <= limit / 1_000_000_000 {
        return None;
    }
    let fault = c.fault.get_or_insert_default();
    fault.lasts_ms = Some(STRESS_MS);
    // It grows no further: what it has is counted as its own.
    fault.leak = Some((0, now));
    Some(Proc::Idle {
        until: None,
        on_term: None,
    })
}
