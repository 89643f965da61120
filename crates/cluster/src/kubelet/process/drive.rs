//! Scripts, stepped: what the machine asks for is run, what it writes is kept, and a busy one pauses.

use super::super::catalogue::Image;
use super::super::server::Server;
use super::super::{programs, volumes};
use super::{Pending, Script};
use crate::Cluster;
use machinery::Object;
use machinery::time::Millis;
use shell::machine::Lookup;
use shell::{Env, Fs, Host, Pid, Progress, Signal};

/// Pieces of work that a process may do at one instant; after that it is busy, and time goes on.
const STEPS_MAX: u32 = 400;

/// How long a busy process pauses; doubled while it stays busy, so that an endless loop costs little.
const BUSY_MS: i64 = 10;

const BUSY_MAX_MS: i64 = 2_000;

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
    let image = cluster.kubelets.container(place.uid, place.index)?.image?;
    volumes::base::warm_image(cluster, image);
    volumes::warm(cluster, place.pod, place.uid);
    let run = cluster.kubelets.pods.get(place.uid)?.clone();
    let mut fs = volumes::open(cluster, place.pod, &run, place.index);
    drop(run);
    let mut before = fs.version();
    let mut host = PodHost::new(image, clock);
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
    (pid, asked): (Pid, Asked),
) {
    let done = programs::run(cluster, place, &asked, fs, clock);
    if !done.servers.is_empty()
        && let Some(c) = cluster.kubelets.container_mut(place.uid, place.index)
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
    if let Some(c) = cluster.kubelets.container_mut(place.uid, place.index) {
        c.servers.retain(|s| s.pid != pid);
    }
    script.machine.exited(pid, 143);
}

/// A program that a script wants to be run.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub argv: Vec<String>,
    pub env: Env,
    pub cwd: String,
    pub tty: bool,
}

/// What a machine of a container asks the world for.
pub(super) struct PodHost<'a> {
    now: Millis,
    image: &'a Image,
    asked: Vec<(Pid, Asked)>,
    killed: Vec<Pid>,
}

impl PodHost<'_> {
    pub(super) fn new(image: &Image, now: Millis) -> PodHost<'_> {
        PodHost {
            now,
            image,
            asked: Vec::new(),
            killed: Vec::new(),
        }
    }
}

impl Host for PodHost<'_> {
    fn now_ms(&self) -> i64 {
        self.now
    }
    fn spawn(&mut self, pid: Pid, argv: &[String], env: &Env, cwd: &str, tty: bool) -> bool {
        let known = argv
            .first()
            .is_some_and(|name| programs::there::has(self.image, name));
        if known {
            let asked = Asked {
                argv: argv.to_vec(),
                env: env.clone(),
                cwd: cwd.to_string(),
                tty,
            };
            self.asked.push((pid, asked));
        }
        known
    }
    fn kill(&mut self, pid: Pid, _signal: Signal) {
        self.killed.push(pid);
    }
    fn has(&self, name: &str) -> bool {
        programs::there::has(self.image, name)
    }
    fn lookup(&self, name: &str) -> Lookup {
        programs::there::lookup(self.image, name)
    }
}
