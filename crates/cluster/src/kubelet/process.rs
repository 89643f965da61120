//! What runs in a container: a server of its image, a script in the shell's own interpreter, or something that just waits.
//!
//! All of it is plain data that can be cloned in the middle. A script is stepped whenever its time has come; programs
//! that need the world (curl, nginx) are asked for by the machine and run by [`super::programs`].
//! The real one is a Linux kernel with containerd above it.

use super::catalogue::{App, Base, Image};
use super::programs::{self, Outcome, Vars};
use super::run::{ContainerRun, PodRun};
use super::server::Server;
use super::{env, start, volumes};
use crate::Cluster;
use machinery::time::Millis;
use machinery::{Object, Str, Value};
use shell::machine::{Dialect, Lookup};
use shell::{Env, Fs, Host, Machine, Pid, Progress, Signal};
use std::cell::LazyCell;
use std::rc::Rc;

/// Pieces of work that a process may do at one instant; after that it is busy, and time goes on.
const STEPS_MAX: u32 = 400;
/// How long a busy process pauses; doubled while it stays busy, so that an endless loop costs little.
const BUSY_MS: i64 = 10;
const BUSY_MAX_MS: i64 = 2_000;

/// Process 1 of a container.
#[derive(Clone, Debug)]
pub enum Proc {
    /// A server of the image: acts only when it is asked. Ends with this status when told to stop.
    Server {
        on_term: Option<i32>,
    },
    /// Waits, until then or for ever; takes notice of TERM or not.
    Idle {
        until: Option<Millis>,
        on_term: Option<i32>,
    },
    /// Ends by itself.
    Ends {
        at: Millis,
        code: i32,
    },
    Script(Box<Script>),
    /// Told to stop, and gone then.
    Leaving {
        at: Millis,
        code: i32,
    },
}

/// A machine with what it waits for.
#[derive(Clone, Debug)]
pub struct Script {
    pub machine: Machine,
    /// Programs under way: when they end, and with what.
    pub pending: Vec<Pending>,
    pub wait: Option<Millis>,
    pub busy: u32,
}

#[derive(Clone, Debug)]
pub struct Pending {
    pub at: Millis,
    pub pid: Pid,
    pub code: i32,
    /// What it says when it ends: descriptor and bytes.
    pub late: Vec<(u8, Vec<u8>)>,
}

/// When the process of a container has something to do.
pub fn due(c: &ContainerRun) -> Option<Millis> {
    match c.proc.as_deref()? {
        Proc::Server { .. } => None,
        Proc::Idle { until, .. } => *until,
        Proc::Ends { at, .. } | Proc::Leaving { at, .. } => Some(*at),
        Proc::Script(s) => s.due(),
    }
}

impl Script {
    pub fn due(&self) -> Option<Millis> {
        self.pending.iter().map(|p| p.at).chain(self.wait).min()
    }
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
        entrypoint.push(programs::main_program(image).to_string());
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
        let argv = programs::without_entrypoint(&argv).to_vec();
        let spec = run.containers[i].spec(pod);
        let outcome = programs::own(image, &argv, &vars, spec, now);
        let env = match outcome.is_none() && idle(&argv, image, now).is_none() {
            true => vars.clone(),
            false => Env::default(),
        };
        (argv, outcome, env)
    };
    let argv = argv.as_slice();
    let c = &mut run.containers[i];
    let spec = c.spec(pod);
    if let Some(outcome) = outcome {
        return Ok(match outcome {
            Outcome::Serve {
                mut servers,
                log: lines,
                boot,
            } => {
                if image.app == App::Ingress {
                    crate::network::ingress::notice(cluster);
                }
                let c = &mut run.containers[i];
                if let (App::Nginx, Some(first)) = (image.app, servers.first().cloned())
                    && volumes::is_mounted(pod, c.spec(pod), "/etc/nginx")
                {
                    match nginx_ports(cluster, pod, run, i) {
                        Ok(ports) => {
                            servers = ports
                                .into_iter()
                                .map(|port| Server {
                                    port,
                                    ..first.clone()
                                })
                                .collect()
                        }
                        Err(error) => {
                            let log = run.containers[i].log_mut();
                            log.boot = Some((now, image.boot));
                            log.line(now, &format!("nginx: [emerg] {error}"));
                            return Ok(Proc::Ends {
                                at: now + 150,
                                code: 1,
                            });
                        }
                    }
                }
                let c = &mut run.containers[i];
                let log = c.log_mut();
                if boot {
                    log.boot = Some((now, image.boot));
                }
                lines.iter().for_each(|l| log.line(now, l));
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
                c.log_mut().write(now, text.as_bytes());
                Proc::Ends {
                    at: now + takes_ms,
                    code,
                }
            }
            Outcome::Wait => stress(pod, c, image, now).unwrap_or(Proc::Idle {
                until: None,
                on_term: image.on_term,
            }),
        });
    }
    let first = argv.first().map_or("", |w| w.as_str());
    if let Some(idle) = idle(argv, image, now) {
        return Ok(idle);
    }
    let tty = spec.flag("tty");
    let script = script(image, argv, env, &workdir(spec, image), tty);
    let fs = volumes::open(cluster, pod, run, i);
    if !programs::exists(image, first, &fs) {
        return Err(match first.contains('/') {
            true => format!("exec: \"{first}\": stat {first}: no such file or directory"),
            false => format!("exec: \"{first}\": executable file not found in $PATH"),
        });
    }
    let mut script = script;
    script.machine.init = true;
    if !spec.flag("stdin") {
        script.machine.close_stdin();
    }
    script.wait = Some(now);
    Ok(Proc::Script(Box::new(script)))
}

/// The ports of a mounted nginx configuration; the error is what nginx ends with.
fn nginx_ports(
    cluster: &Cluster,
    pod: &Object,
    run: &PodRun,
    i: usize,
) -> Result<Vec<u16>, String> {
    let fs = volumes::open(cluster, pod, run, i);
    let config = super::nginx::load(&fs)?;
    let from = crate::network::Origin::Pod {
        namespace: run.namespace.to_string(),
        name: run.name.to_string(),
    };
    for (host, place) in super::nginx::upstreams(&config) {
        if crate::network::resolve(cluster, &from, &host).is_empty() {
            return Err(format!("host not found in upstream \"{host}\" in {place}"));
        }
    }
    Ok(super::nginx::ports(&config))
}

/// A program that eats memory is killed as soon as it passes its limit.
fn stress(pod: &Object, c: &mut ContainerRun, image: &Image, now: Millis) -> Option<Proc> {
    let (_, mib) = super::metrics::stress(pod, c);
    let limit = c
        .spec(pod)
        .at("resources.limits")
        .get("memory")
        .as_str()
        .and_then(env::nano)?;
    if image.app != App::Stress || mib <= 0 || i128::from(mib) << 20 <= limit / 1_000_000_000 {
        return None;
    }
    c.fault.get_or_insert_default().end_at = Some(now + 1_200);
    c.fault.get_or_insert_default().leak = Some((mib, now));
    Some(Proc::Idle {
        until: None,
        on_term: None,
    })
}

pub fn workdir(spec: &Value, image: &Image) -> String {
    match spec.text("workingDir") {
        "" => image.workdir.to_string(),
        dir => dir.to_string(),
    }
}

/// A machine about to run a command line.
pub fn script(image: &Image, argv: &[String], env: Env, cwd: &str, tty: bool) -> Script {
    let mut machine = Machine::new(env, cwd);
    machine.dialect = dialect(image, argv.first().map_or("", |w| w.as_str()));
    machine.name = argv.first().map_or("sh", |w| shell::fs::name(w)).into();
    machine.tty_in = tty;
    machine.tty_out = tty;
    machine.start_argv(argv);
    Script {
        machine,
        pending: Vec::new(),
        wait: None,
        busy: 0,
    }
}

fn dialect(image: &Image, program: &str) -> Dialect {
    match (image.base, shell::fs::name(program)) {
        (_, "bash") => Dialect::Bash,
        (Base::Debian, _) => Dialect::Dash,
        _ => Dialect::Busybox,
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

/// A program that a script wants to be run.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub argv: Vec<String>,
    pub env: Env,
    pub cwd: String,
    pub tty: bool,
    pub stdin: Vec<u8>,
}

/// What a machine of a container asks the world for.
struct PodHost<'a> {
    now: Millis,
    image: &'a Image,
    asked: Vec<(Pid, Asked)>,
    killed: Vec<Pid>,
}

impl Host for PodHost<'_> {
    fn now_ms(&self) -> i64 {
        self.now
    }
    fn spawn(&mut self, pid: Pid, argv: &[String], env: &Env, cwd: &str, tty: bool) -> bool {
        let known = argv
            .first()
            .is_some_and(|name| programs::has(self.image, name));
        if known {
            let asked = Asked {
                argv: argv.to_vec(),
                env: env.clone(),
                cwd: cwd.to_string(),
                tty,
                stdin: Vec::new(),
            };
            self.asked.push((pid, asked));
        }
        known
    }
    fn kill(&mut self, pid: Pid, _signal: Signal) {
        self.killed.push(pid);
    }
    fn has(&self, name: &str) -> bool {
        programs::has(self.image, name)
    }
    fn lookup(&self, name: &str) -> Lookup {
        programs::lookup(self.image, name)
    }
}

/// Where a script runs.
pub struct Place<'a> {
    pub pod: &'a Object,
    pub uid: &'a str,
    pub index: usize,
}

/// Steps a script until it waits or ends. `clock` is its time: later than the cluster's where it runs ahead (probes, hooks).
pub fn drive(
    cluster: &mut Cluster,
    place: &Place,
    script: &mut Script,
    clock: Millis,
) -> Option<i32> {
    let image = cluster
        .kubelets
        .pod(place.uid)?
        .containers
        .get(place.index)?
        .image?;
    volumes::warm_image(cluster, image);
    volumes::warm(cluster, place.pod, place.uid);
    let run = cluster.kubelets.pods.get(place.uid)?.clone();
    let mut fs = volumes::open(cluster, place.pod, &run, place.index);
    drop(run);
    let mut before = fs.version();
    let mut host = PodHost {
        now: clock,
        image,
        asked: Vec::new(),
        killed: Vec::new(),
    };
    script.wait = None;
    finish_pending(script, clock);
    for _ in 0..STEPS_MAX {
        let progress = script.machine.step(&mut fs, &mut host);
        let asked = std::mem::take(&mut host.asked);
        let killed = std::mem::take(&mut host.killed);
        let acted = !asked.is_empty() || !killed.is_empty();
        if acted {
            volumes::close(cluster, place.pod, place.uid, place.index, &fs, before);
            before = fs.version();
            asked.into_iter().for_each(|(pid, asked)| {
                external(cluster, place, script, &mut fs, clock, (pid, asked))
            });
            killed
                .into_iter()
                .for_each(|pid| kill(cluster, place, script, pid));
            finish_pending(script, clock);
        }
        match progress {
            Progress::Done(code) => {
                volumes::close(cluster, place.pod, place.uid, place.index, &fs, before);
                return Some(code);
            }
            Progress::Waiting { until_ms } if !acted => {
                volumes::close(cluster, place.pod, place.uid, place.index, &fs, before);
                script.wait = until_ms.map(|t| t.max(clock + 1));
                script.busy = 0;
                return None;
            }
            _ => {}
        }
    }
    volumes::close(cluster, place.pod, place.uid, place.index, &fs, before);
    let pause = (BUSY_MS << script.busy.min(8)).min(BUSY_MAX_MS);
    script.busy += 1;
    script.wait = Some(clock + pause);
    None
}

fn finish_pending(script: &mut Script, clock: Millis) {
    let (over, still): (Vec<Pending>, Vec<Pending>) = std::mem::take(&mut script.pending)
        .into_iter()
        .partition(|p| p.at <= clock);
    script.pending = still;
    for p in over {
        for (fd, bytes) in &p.late {
            script.machine.write(p.pid, u32::from(*fd), bytes);
        }
        script.machine.exited(p.pid, p.code);
    }
}

/// Runs a program that the machine has asked for.
fn external(
    cluster: &mut Cluster,
    place: &Place,
    script: &mut Script,
    fs: &mut Fs,
    clock: Millis,
    (pid, mut asked): (Pid, Asked),
) {
    if programs::reads_stdin(&asked.argv)
        && let shell::machine::StdinRead::Data(bytes) = script.machine.read_stdin(pid, fs)
    {
        asked.stdin = bytes;
    }
    let done = programs::run(cluster, place, &asked, fs, clock);
    if !done.servers.is_empty()
        && let Some(c) = cluster
            .kubelets
            .pod_mut(place.uid)
            .and_then(|r| r.containers.get_mut(place.index))
    {
        c.servers
            .extend(done.servers.into_iter().map(|s| Server { pid, ..s }));
    }
    for (fd, bytes) in done.output {
        script.machine.write(pid, u32::from(fd), &bytes);
    }
    match done.ends {
        None => {}
        Some((code, 0)) => script.machine.exited(pid, code),
        Some((code, takes)) => script.pending.push(Pending {
            at: clock + takes,
            pid,
            code,
            late: done.late,
        }),
    }
}

fn kill(cluster: &mut Cluster, place: &Place, script: &mut Script, pid: Pid) {
    script.pending.retain(|p| p.pid != pid);
    if let Some(c) = cluster
        .kubelets
        .pod_mut(place.uid)
        .and_then(|r| r.containers.get_mut(place.index))
    {
        c.servers.retain(|s| s.pid != pid);
    }
    script.machine.exited(pid, 143);
}

/// Moves the processes of a pod on: those whose time has come.
pub fn advance(cluster: &mut Cluster, uid: &Str) {
    let now = cluster.now;
    let count = cluster.kubelets.pod(uid).map_or(0, |r| r.containers.len());
    for i in 0..count {
        let ready = cluster
            .kubelets
            .pod(uid)
            .and_then(|r| r.containers.get(i))
            .and_then(due);
        if ready.is_some_and(|t| t <= now) {
            advance_one(cluster, uid, i);
        }
    }
}

fn advance_one(cluster: &mut Cluster, uid: &Str, i: usize) {
    let now = cluster.now;
    let Some(pod) = cluster.store.by_uid(uid).cloned() else {
        return;
    };
    let Some(c) = cluster
        .kubelets
        .pod_mut(uid)
        .and_then(|r| r.containers.get_mut(i))
    else {
        return;
    };
    if !c.is_running() {
        return;
    }
    let Some(proc) = c.proc.take() else { return };
    match Rc::unwrap_or_clone(proc) {
        Proc::Server { .. } => {}
        Proc::Idle { .. } => start::ended(c, now, 0, None),
        Proc::Ends { code, .. } | Proc::Leaving { code, .. } => start::ended(c, now, code, None),
        Proc::Script(mut script) => {
            let place = Place {
                pod: &pod,
                uid,
                index: i,
            };
            let over = drive(cluster, &place, &mut script, now);
            let chunks = script.machine.drain();
            super::exec::show(cluster, uid, i, &chunks);
            let Some(c) = cluster
                .kubelets
                .pod_mut(uid)
                .and_then(|r| r.containers.get_mut(i))
            else {
                return;
            };
            for chunk in chunks {
                c.log_mut().write(now, &chunk.bytes);
            }
            match over {
                Some(code) => start::ended(c, now, code, None),
                None => c.proc = Some(Rc::new(Proc::Script(script))),
            }
        }
    }
}

/// Sends TERM to process 1. Who has no handler for it takes no notice, as the kernel has it for process 1.
pub fn terminate(cluster: &mut Cluster, run: &mut PodRun, i: usize, gone_at: Millis) {
    let now = cluster.now;
    let Some(image) = run.containers[i].image else {
        return;
    };
    let Some(proc) = run.containers[i].proc.take() else {
        return;
    };
    let left = match Rc::unwrap_or_clone(proc) {
        Proc::Server {
            on_term: Some(code),
        }
        | Proc::Idle {
            on_term: Some(code),
            ..
        } => Proc::Leaving { at: gone_at, code },
        Proc::Script(mut script) => {
            let mut fs = Fs::new();
            let mut host = PodHost {
                now,
                image,
                asked: Vec::new(),
                killed: Vec::new(),
            };
            let serves = run.containers[i].servers.iter().any(|s| s.pid != 0);
            // `sh -c "... exec nginx"`, or a shell whose last command is the server: it gets the signal as a group would not,
            // so only a trap or an exec'd server reacts.
            let exec_server = serves && script.machine.processes().len() <= 1;
            if exec_server {
                Proc::Leaving {
                    at: gone_at,
                    code: 0,
                }
            } else {
                script.machine.signal(Signal::Term, &mut fs, &mut host);
                script.wait = Some(now);
                Proc::Script(script)
            }
        }
        other => other,
    };
    run.containers[i].proc = Some(Rc::new(left));
}

/// The last resort of faults: process 1 ends now.
pub fn kill_now(
    cluster: &mut Cluster,
    uid: &str,
    i: usize,
    code: i32,
    reason: Option<&'static str>,
) {
    let now = cluster.now;
    if let Some(c) = cluster
        .kubelets
        .pod_mut(uid)
        .and_then(|r| r.containers.get_mut(i))
    {
        start::ended(c, now, code, reason);
    }
}

/// Whether an image's program is the kind that a shell can be opened beside.
pub fn has_shell(image: &Image) -> bool {
    image.base != Base::Scratch && image.app != App::Pause
}
