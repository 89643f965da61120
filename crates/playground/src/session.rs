//! One cluster and one terminal, moved through virtual time together. Everything that happens is ordered by virtual time
//! alone: how finely the caller slices time changes nothing.

use crate::reach::Reach;
use crate::shared::Shared;
use cluster::{Cluster, World};
use machinery::Api;
use machinery::time::Millis;
use shell::machine::{Env, Start};
use shell::terminal::Chunk;
use shell::{Fs, Program, Terminal};
use std::cell::RefCell;
use std::rc::Rc;

/// The learner's home, where a session starts.
pub const HOME: &str = "/home/learner";

/// How long a cluster has been up when a session opens: nodes are Ready, everything has settled.
pub const UPTIME_MS: Millis = 300_000;

/// Steps of the terminal that are one unit of a budget.
const STEPS: usize = 100;
/// Units that the terminal may take at one instant; then a millisecond of virtual time has passed for it too, so that a
/// loop without end can be interrupted.
const BUSY_MAX: u32 = 200;

/// What is to be done next. A budget may run out anywhere between: the next call goes on from there, and nothing changes.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Programs look at the world.
    Poll,
    /// All that can be done now is done.
    Wait,
    /// The cluster handles what is due at the instant that it stands at.
    Instant,
}

pub struct Session {
    pub shared: Rc<Shared>,
    pub fs: Rc<RefCell<Fs>>,
    pub terminal: Terminal,
    phase: Phase,
    /// Units that the terminal took at this instant, and the instant.
    busy: (u32, Millis),
}

impl Session {
    /// A session in a settled cluster of this world.
    pub fn new(world: World, is_up: bool) -> Session {
        let mut cluster = Cluster::new(world);
        let ready = cluster.now + UPTIME_MS;
        cluster.advance(ready, u64::MAX);
        let shared = Rc::new(Shared::new(cluster, is_up));
        let mut fs = Fs::new();
        fs.set_now(shared.cluster.borrow().now);
        // The home folder is ours to make; these cannot fail on an empty file system.
        let _ = fs.mkdir(HOME, true);
        let _ = fs.mkdir("/tmp", true);
        let _ = fs.mkdir("/usr/local/bin", true);
        if is_up {
            let _ = fs.install(
                &format!("{HOME}/.kube/config"),
                kubectl::config::fresh_text(),
            );
        }
        let fs = Rc::new(RefCell::new(fs));
        let mut terminal = Terminal::new(programs(&shared, &fs), fs.clone(), environment());
        terminal.set_tty(false);
        terminal.machine().alias("k", "kubectl");
        Session {
            shared,
            fs,
            terminal,
            phase: Phase::Poll,
            busy: (0, 0),
        }
    }
    pub fn now(&self) -> Millis {
        self.shared.cluster.borrow().now
    }
    /// Starts a command line at the prompt; its cause is remembered with all that it writes.
    pub fn start(&mut self, line: &str) -> Start {
        *self.shared.command.borrow_mut() = line.trim().to_string();
        self.phase = Phase::Poll;
        self.terminal.run(line)
    }
    /// Somebody else touched the terminal or the cluster: programs have to look again before time passes.
    pub fn poke(&mut self) {
        self.phase = Phase::Poll;
    }
    /// Whether something is still to be done at this very instant.
    pub fn is_due(&self) -> bool {
        let due = || self.shared.cluster.borrow().next_at();
        self.phase == Phase::Instant
            || (self.phase == Phase::Poll && !self.terminal.is_quiet())
            || due().is_some_and(|at| at <= self.now())
    }
    /// Moves virtual time to `until`, within a budget of the cluster's events and the terminal's steps. True if `until` was
    /// reached. Returns early (false) when the running command ends, so that the caller can show the prompt at that very
    /// instant.
    pub fn advance(&mut self, until: Millis, left: &mut u64) -> bool {
        let idle_at_first = self.terminal.is_idle();
        loop {
            match self.phase {
                Phase::Poll if self.terminal.is_quiet() => {
                    let done = self.cluster_until(until, left);
                    let mut fs = self.fs.borrow_mut();
                    fs.set_now(self.shared.cluster.borrow().now);
                    return done;
                }
                Phase::Poll => {
                    if *left == 0 {
                        return false;
                    }
                    *left -= 1;
                    if self.poll() {
                        self.phase = Phase::Wait;
                    }
                    if self.terminal.is_idle() && !idle_at_first {
                        return false;
                    }
                }
                Phase::Wait => {
                    let now = self.now();
                    let next = self.next_at().unwrap_or(until).max(now);
                    if next > until {
                        self.set_now(until);
                        return true;
                    }
                    if *left == 0 {
                        return false;
                    }
                    self.set_now(next);
                    self.phase = Phase::Instant;
                }
                Phase::Instant => {
                    let now = self.now();
                    if !self.cluster_until(now, left) {
                        return false;
                    }
                    *left = left.saturating_sub(1);
                    self.terminal.world_changed();
                    self.phase = Phase::Poll;
                }
            }
        }
    }
    /// Lets programs run for a while. True if there is nothing more for them to do now.
    fn poll(&mut self) -> bool {
        let now = self.now();
        if self.busy.1 != now {
            self.busy = (0, now);
        }
        self.busy.0 += 1;
        let more = self.terminal.poll_some(now, STEPS) == shell::machine::Progress::Running;
        !more || self.busy.0 > BUSY_MAX
    }
    fn cluster_until(&mut self, until: Millis, left: &mut u64) -> bool {
        let mut cluster = self.shared.cluster.borrow_mut();
        let before = cluster.handled;
        let done = cluster.advance(until, *left);
        *left = left.saturating_sub(cluster.handled - before);
        done
    }
    fn set_now(&mut self, until: Millis) {
        let mut cluster = self.shared.cluster.borrow_mut();
        cluster.now = cluster.now.max(until);
        self.fs.borrow_mut().set_now(until);
    }
    /// When something is due: in the cluster, or for a running program.
    pub fn next_at(&self) -> Option<Millis> {
        let cluster = self.shared.cluster.borrow().next_at();
        // A loop that took all of its instant goes on in the next one.
        let terminal = self.terminal.next_wake().map(|at| match self.busy {
            (n, now) if n > BUSY_MAX => at.max(now + 1),
            _ => at,
        });
        match (cluster, terminal) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
    /// Runs a command line to its end, or for `limit_ms` of virtual time; then it is interrupted. Returns what it printed
    /// and its status (130 if interrupted).
    pub fn run(&mut self, line: &str, limit_ms: i64) -> (Vec<Chunk>, i32) {
        self.run_with(line, None, limit_ms)
    }
    /// As [`Session::run`], with a text as standard input.
    pub fn run_with(
        &mut self,
        line: &str,
        input: Option<&str>,
        limit_ms: i64,
    ) -> (Vec<Chunk>, i32) {
        let end = self.now() + limit_ms;
        *self.shared.command.borrow_mut() = line.trim().to_string();
        self.phase = Phase::Poll;
        self.terminal.run_last(line);
        if let Some(text) = input {
            self.terminal.stdin(text);
        }
        self.terminal.eof();
        let mut printed = Vec::new();
        loop {
            let reached = self.advance(end, &mut { u64::MAX });
            printed.append(&mut self.terminal.drain());
            if self.terminal.is_idle() {
                return (printed, self.terminal.status());
            }
            if reached {
                self.terminal.interrupt();
                let now = self.now();
                self.terminal.poll(now);
                printed.append(&mut self.terminal.drain());
                return (printed, 130);
            }
        }
    }
}

/// The programs on the learner's machine.
fn programs(shared: &Rc<Shared>, fs: &Rc<RefCell<Fs>>) -> Vec<Program> {
    let api: Rc<dyn Api> = shared.clone();
    let config = format!("{HOME}/.kube/config");
    let reach = Rc::new(Reach {
        shared: shared.clone(),
        fs: fs.clone(),
        config,
    });
    let mut all = vec![kubectl::program(api.clone())];
    all.extend(tools::programs(reach, api));
    all
}

fn environment() -> Env {
    let pairs = [
        ("HOME", HOME),
        ("USER", "learner"),
        ("HOSTNAME", "bottleship"),
        ("SHELL", "/bin/bash"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("LANG", "C.UTF-8"),
        ("TERM", "xterm-256color"),
    ];
    pairs
        .into_iter()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect()
}
