//! What runs in a container: a server of its image, a script in the shell's own interpreter, or something that just waits.
//!
//! All of it is plain data that can be cloned in the middle. A script is stepped whenever its time has come; programs
//! that need the world (curl, nginx) are asked for by the machine and run by [`super::programs`].
//! The real one is a Linux kernel with containerd above it.

pub mod drive;
pub mod spawn;

use super::catalogue::{App, Base, Image};
use super::run::{ContainerRun, PodRun};
use super::start;
use crate::Cluster;
use drive::{Place, PodHost, drive};
use machinery::time::Millis;
use machinery::{Str, Value};
use shell::machine::Dialect;
use shell::{Env, Fs, Machine, Pid, Signal};
use std::rc::Rc;

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

/// Moves the processes of a pod on: those whose time has come.
pub fn advance(cluster: &mut Cluster, uid: &Str) {
    let now = cluster.now;
    let count = cluster.kubelets.pod(uid).map_or(0, |r| r.containers.len());
    for i in 0..count {
        let ready = cluster.kubelets.container(uid, i).and_then(due);
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
    let Some(c) = cluster.kubelets.container_mut(uid, i) else {
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
            let Some(c) = cluster.kubelets.container_mut(uid, i) else {
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
            let mut host = PodHost::new(image, now);
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
    if let Some(c) = cluster.kubelets.container_mut(uid, i) {
        start::ended(c, now, code, reason);
    }
}

/// Whether an image's program is the kind that a shell can be opened beside.
pub fn has_shell(image: &Image) -> bool {
    image.base != Base::Scratch && image.app != App::Pause
}
