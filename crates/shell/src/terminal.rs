//! One interactive session: a machine, the async programs that run in it, and their files.
//!
//! The real one is a terminal emulator with a shell in it. `poll` runs everything that can run at
//! one moment, in order of process number, so that the same inputs at the same virtual times give
//! the same bytes. Futures are polled when what they wait for has come; wakers do nothing.

mod host;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use host::TerminalHost;

use crate::complete::{self, Completion};
use crate::fs::Fs;
use crate::machine::{
    Chunk as MachineChunk, Env, Machine, Pid, Progress, Signal, Start, StdinRead,
};
use crate::program::{Child, ChildCommand, Ctx, LocalBoxFuture, Program};

/// Steps in one `poll`; what is left runs at the next.
const MAX_STEPS: usize = 2_000;

/// Output for the screen, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// 1 or 2
    pub fd: u8,
    pub text: String,
}

/// An idle session: what undo goes back to.
#[derive(Clone, Debug)]
pub struct Snapshot {
    machine: Machine,
    fs: Fs,
}

/// A program that is running.
struct Running {
    ctx: Ctx,
    future: Option<LocalBoxFuture<'static, i32>>,
    started: bool,
    /// Children that the machine runs for it: its number → the machine's.
    children: BTreeMap<u32, Pid>,
    killed: Option<Signal>,
    paused: bool,
}

pub struct Terminal {
    machine: Machine,
    fs: Rc<RefCell<Fs>>,
    programs: Rc<Vec<Program>>,
    running: BTreeMap<Pid, Running>,
    now_ms: i64,
    epoch: u64,
    rows: usize,
    wake: Option<i64>,
    /// Ends of multi-byte characters that have not come yet, by descriptor.
    partial: [Vec<u8>; 2],
    waiting_input: bool,
    /// What programs take the time for is so much later than this.
    pub behind_ms: i64,
}

impl Terminal {
    pub fn new(programs: Vec<Program>, fs: Rc<RefCell<Fs>>, env: Env) -> Terminal {
        let cwd = env.get("HOME").cloned().unwrap_or_else(|| "/".to_owned());
        let mut machine = Machine::new(env, &cwd);
        machine.set_interactive();
        machine.tty_in = true;
        machine.tty_out = true;
        Terminal {
            machine,
            fs,
            programs: Rc::new(programs),
            running: BTreeMap::new(),
            now_ms: 0,
            epoch: 0,
            rows: 24,
            wake: None,
            partial: [Vec::new(), Vec::new()],
            waiting_input: false,
            behind_ms: 0,
        }
    }

    /// For the native binary and for transcripts: output is no terminal (no columns, no prompts).
    pub fn set_tty(&mut self, tty: bool) {
        self.machine.tty_in = tty;
        self.machine.tty_out = tty;
    }

    /// Starts a command line. `Incomplete`: ask for another line, and give all of them together.
    pub fn run(&mut self, line: &str) -> Start {
        self.machine.reopen_stdin();
        self.machine.start(line)
    }

    /// As `run`, for a line after which no other one comes.
    pub fn run_last(&mut self, line: &str) -> Start {
        self.machine.reopen_stdin();
        self.machine.start_last(line)
    }

    /// Runs everything that can run at this time. `Running`: there is more to do at once.
    pub fn poll(&mut self, now_ms: i64) -> Progress {
        self.poll_some(now_ms, MAX_STEPS)
    }

    /// As `poll`, for so many steps at most.
    pub fn poll_some(&mut self, now_ms: i64, steps: usize) -> Progress {
        if now_ms > self.now_ms {
            self.now_ms = now_ms;
            self.epoch += 1;
        }
        let mut progress = Progress::Running;
        for _ in 0..steps {
            progress = self.step_machine();
            let worked = self.poll_programs();
            if !worked && progress != Progress::Running {
                break;
            }
            progress = Progress::Running;
        }
        self.wake = match progress {
            Progress::Running => Some(self.now_ms),
            Progress::Waiting { until_ms } => self.earliest(until_ms),
            Progress::Done(_) => None,
        };
        match progress {
            Progress::Waiting { .. } => Progress::Waiting {
                until_ms: self.wake,
            },
            progress => progress,
        }
    }

    fn earliest(&self, until_ms: Option<i64>) -> Option<i64> {
        let programs = self
            .running
            .values()
            .filter(|r| !r.paused)
            .filter_map(|r| r.ctx.process.wake_ms.get());
        programs.chain(until_ms).min()
    }

    fn step_machine(&mut self) -> Progress {
        let fs = self.fs.clone();
        let mut fs = fs.borrow_mut();
        let mut host = TerminalHost {
            programs: &self.programs,
            running: &mut self.running,
            fs: &self.fs,
            now_ms: self.now_ms,
        };
        self.machine.step(&mut fs, &mut host)
    }

    /// Polls the programs for which something has come. True if anything happened.
    fn poll_programs(&mut self) -> bool {
        let mut worked = false;
        let pids: Vec<Pid> = self.running.keys().copied().collect();
        self.waiting_input = false;
        for pid in pids {
            worked |= self.poll_one(pid);
        }
        worked
    }

    fn poll_one(&mut self, pid: Pid) -> bool {
        let Some(mut running) = self.running.remove(&pid) else {
            return false;
        };
        let process = running.ctx.process.clone();
        process.now_ms.set(self.now_ms - self.behind_ms);
        process.epoch.set(self.epoch);
        process.columns.set(self.machine.columns);
        process.rows.set(self.rows);
        process.tty_in.set(self.machine.is_tty(pid, 0));
        process.tty_out.set(self.machine.is_tty(pid, 1));
        if let Some(signal) = running.killed {
            self.end_killed(pid, &mut running, signal);
            return true;
        }
        if running.paused {
            self.running.insert(pid, running);
            return false;
        }
        self.move_input(pid, &running);
        let ready = self.is_ready(&mut running);
        if !ready {
            self.waiting_input |= process.wants_input.get();
            self.running.insert(pid, running);
            return false;
        }
        running.started = true;
        process.wake_ms.set(None);
        process.wants_change.set(false);
        process.wants_input.set(false);
        let mut context = Context::from_waker(Waker::noop());
        let polled = match &mut running.future {
            Some(future) => future.as_mut().poll(&mut context),
            None => Poll::Ready(0),
        };
        if !self.move_output(pid, &running) {
            running.future = None;
            running.killed = Some(Signal::Pipe);
            self.end_killed(pid, &mut running, Signal::Pipe);
            return true;
        }
        match polled {
            Poll::Ready(status) => {
                self.drop_children(&running);
                self.machine.exited(pid, status);
            }
            Poll::Pending => {
                self.start_children(pid, &mut running);
                self.waiting_input |= process.wants_input.get();
                self.running.insert(pid, running);
            }
        }
        true
    }

    fn is_ready(&mut self, running: &mut Running) -> bool {
        let process = &running.ctx.process;
        let time = process
            .wake_ms
            .get()
            .is_some_and(|wake| wake <= self.now_ms);
        let change = process.wants_change.get() && process.changed_since_poll();
        let input = process.wants_input.get() && process.input_since_poll();
        let mut ready = !running.started || time || change || input || process.take_nudge();
        let ended: Vec<(u32, Pid)> = running
            .children
            .iter()
            .map(|(id, pid)| (*id, *pid))
            .collect();
        for (id, child) in ended {
            if let Some((status, output)) = self.machine.child_status(child) {
                running.children.remove(&id);
                let end = Child::Ended { status, output };
                process.children.borrow_mut().insert(id, end);
                ready = true;
            }
        }
        if ready {
            process.note_poll();
        }
        ready
    }

    fn move_input(&mut self, pid: Pid, running: &Running) {
        let process = &running.ctx.process;
        if !process.wants_input.get() || process.input_end.get() {
            return;
        }
        let fs = self.fs.borrow();
        match self.machine.read_stdin(pid, &fs) {
            StdinRead::Data(bytes) => process.input.borrow_mut().extend(bytes),
            StdinRead::Empty => {}
            StdinRead::End => process.input_end.set(true),
        }
    }

    /// False if nobody reads the output any more.
    fn move_output(&mut self, pid: Pid, running: &Running) -> bool {
        let process = &running.ctx.process;
        let out = std::mem::take(&mut *process.out.borrow_mut());
        for (fd, bytes) in out {
            if !self.machine.write(pid, u32::from(fd), &bytes) {
                process.broken.set(true);
                return false;
            }
        }
        true
    }

    fn start_children(&mut self, pid: Pid, running: &mut Running) {
        let wanted: Vec<(u32, ChildCommand, bool)> = {
            let children = running.ctx.process.children.borrow();
            let wanted = children.iter().filter_map(|(id, child)| match child {
                Child::Wanted { command, capture } => Some((*id, command.clone(), *capture)),
                _ => None,
            });
            wanted.collect()
        };
        for (id, command, capture) in wanted {
            let fs = self.fs.clone();
            let mut fs = fs.borrow_mut();
            let mut host = TerminalHost {
                programs: &self.programs,
                running: &mut self.running,
                fs: &self.fs,
                now_ms: self.now_ms,
            };
            let line = match &command {
                ChildCommand::Line(line) => Ok(line.as_str()),
                ChildCommand::Argv(argv) => Err(argv.as_slice()),
            };
            let process = running.ctx.process.clone();
            let place = (&process.env, process.cwd.as_str());
            let started = self
                .machine
                .spawn_for(pid, line, place, capture, &mut fs, &mut host);
            let mut children = running.ctx.process.children.borrow_mut();
            match started {
                Some(child) => {
                    running.children.insert(id, child);
                    children.insert(id, Child::Running);
                }
                None => {
                    children.insert(
                        id,
                        Child::Ended {
                            status: 126,
                            output: Vec::new(),
                        },
                    );
                    running.ctx.process.nudge();
                }
            }
        }
    }

    /// A signal has ended the program: its cleanups run, what they wrote still goes out.
    fn end_killed(&mut self, pid: Pid, running: &mut Running, signal: Signal) {
        running.future = None;
        self.drop_children(running);
        let cleanups = std::mem::take(&mut *running.ctx.process.on_exit.borrow_mut());
        for cleanup in cleanups {
            cleanup(&running.ctx);
        }
        if signal != Signal::Pipe {
            self.move_output(pid, running);
        }
        self.machine.exited(pid, signal.status());
    }

    fn drop_children(&mut self, running: &Running) {
        for child in running.children.values() {
            self.machine.kill_child(*child);
        }
    }

    /// Tells programs that wait by `changed` that the world is another one.
    pub fn world_changed(&mut self) {
        self.epoch += 1;
    }

    pub fn drain(&mut self) -> Vec<Chunk> {
        let mut out = Vec::new();
        for MachineChunk { fd, bytes } in self.machine.drain() {
            let Some(partial) = self.partial.get_mut(usize::from(fd).saturating_sub(1)) else {
                continue;
            };
            partial.extend(bytes);
            let keep = match std::str::from_utf8(partial) {
                Err(error) if error.error_len().is_none() => error.valid_up_to(),
                _ => partial.len(),
            };
            let head: Vec<u8> = partial.drain(..keep).collect();
            let text = String::from_utf8_lossy(&head).into_owned();
            if !text.is_empty() {
                out.push(Chunk { fd, text });
            }
        }
        out
    }

    /// Ctrl+C
    pub fn interrupt(&mut self) {
        let fs = self.fs.clone();
        let mut fs = fs.borrow_mut();
        let mut host = TerminalHost {
            programs: &self.programs,
            running: &mut self.running,
            fs: &self.fs,
            now_ms: self.now_ms,
        };
        self.machine.signal(Signal::Int, &mut fs, &mut host);
    }

    /// Ctrl+Z
    pub fn suspend(&mut self) -> bool {
        let mut host = TerminalHost {
            programs: &self.programs,
            running: &mut self.running,
            fs: &self.fs,
            now_ms: self.now_ms,
        };
        self.machine.suspend(&mut host)
    }

    /// Lines typed while something runs.
    pub fn stdin(&mut self, text: &str) {
        self.machine.feed(text.as_bytes());
    }

    /// Ctrl+D while something runs.
    pub fn eof(&mut self) {
        self.machine.close_stdin();
    }

    pub fn resize(&mut self, cols: usize, rows: usize) {
        self.machine.columns = cols.max(1);
        self.rows = rows.max(1);
    }

    /// When `poll` has something to do again by itself.
    pub fn next_wake(&self) -> Option<i64> {
        self.wake
    }

    pub fn is_idle(&self) -> bool {
        self.machine.is_idle()
    }

    /// Nothing runs, not even in the background.
    pub fn is_quiet(&self) -> bool {
        self.is_idle() && self.running.is_empty() && self.machine.processes().len() <= 1
    }

    /// What was typed and nobody has read: it goes back to the prompt.
    pub fn take_input(&mut self) -> String {
        let bytes = self.machine.take_input();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether a program in the foreground waits for input.
    pub fn wants_input(&self) -> bool {
        self.waiting_input
    }

    pub fn status(&self) -> i32 {
        self.machine.status()
    }

    /// `exit` was typed.
    pub fn exited(&self) -> Option<i32> {
        self.machine.exit_status()
    }

    /// What is to be printed before the next prompt about jobs that have ended.
    pub fn job_notices(&mut self) -> String {
        self.machine.job_notices()
    }

    pub fn machine(&mut self) -> &mut Machine {
        &mut self.machine
    }

    pub fn fs(&self) -> &Rc<RefCell<Fs>> {
        &self.fs
    }

    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// What Tab offers. `cursor` is a byte offset.
    pub fn complete(&self, line: &str, cursor: usize) -> Completion {
        complete::complete(line, cursor, &self.machine, &self.programs, &self.fs)
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            machine: self.machine.clone(),
            fs: self.fs.borrow().clone(),
        }
    }

    /// Goes back to a snapshot; programs that run are dropped.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        let columns = self.machine.columns;
        self.running.clear();
        self.machine = snapshot.machine.clone();
        self.machine.columns = columns;
        *self.fs.borrow_mut() = snapshot.fs.clone();
        self.wake = None;
    }
}
