//! The round-robin over processes: who runs, who waits, who has ended.

use std::rc::Rc;

use super::exec::{Cpu, Flow};
use super::io::{Ofd, StdinRead, Written};
use super::spawn::Launch;
use super::task::{Kind, Task, ToolTask};
use super::{Host, Machine, Pid, Progress, Signal};
use crate::filters::{Cx, Poll, ToolIo};
use crate::fs::Fs;

/// Frames, or pieces of a tool's work, in one turn of one process.
const TURN: usize = 64;
/// Bytes written at once: long texts are cut, so that a full pipe costs no copying of the rest.
const PIECE: usize = 16 << 10;

impl Machine {
    /// Does a bounded piece of work.
    pub fn step(&mut self, fs: &mut Fs, host: &mut dyn Host) -> Progress {
        fs.set_now(host.now_ms());
        if let Some(until) = self.pace.resting(host.now_ms()) {
            return Progress::Waiting {
                until_ms: Some(until),
            };
        }
        let pids: Vec<Pid> = self.tasks.keys().copied().collect();
        let mut ran = false;
        let mut turns = 0;
        let mut wake: Option<i64> = None;
        for pid in pids {
            match self.turn(pid, fs, host) {
                Flow::Blocked => {}
                Flow::Sleep(until) => wake = Some(wake.map_or(until, |wake| wake.min(until))),
                _ => {
                    ran = true;
                    turns += 1;
                }
            }
            while let Some((pid, signal)) = self.signals.pop() {
                ran |= self.deliver(pid, signal, host);
            }
            self.sweep();
        }
        if let Some(status) = self.exit_status() {
            self.kill_others(host);
            return Progress::Done(status);
        }
        self.bury();
        let alone = self
            .tasks
            .values()
            .all(|t| t.pid == self.root || t.status.is_some());
        if ran {
            match self.pace.worked(turns) {
                None => Progress::Running,
                until_ms => Progress::Waiting { until_ms },
            }
        } else if self.is_idle() && alone {
            Progress::Done(self.status())
        } else {
            Progress::Waiting { until_ms: wake }
        }
    }

    fn turn(&mut self, pid: Pid, fs: &mut Fs, host: &mut dyn Host) -> Flow {
        let Some(mut task) = self.tasks.remove(&pid) else {
            return Flow::Blocked;
        };
        let flow = match task.status {
            Some(_) => Flow::Blocked,
            None if task.stopped => Flow::Blocked,
            None => self.turn_task(&mut task, fs, host),
        };
        if let Flow::Exit(status) = flow {
            self.finish(&mut task, status);
        }
        self.tasks.insert(pid, task);
        flow
    }

    pub(super) fn finish(&mut self, task: &mut Task, status: i32) {
        task.status = Some(status & 0xFF);
        task.fds.clear();
        task.out.clear();
        self.fds_changed = true;
        if !matches!(task.kind, Kind::External) && task.pid != self.root {
            task.kind = Kind::External;
        }
    }

    fn turn_task(&mut self, task: &mut Task, fs: &mut Fs, host: &mut dyn Host) -> Flow {
        let flushed = self.flush(task, fs, host);
        if !task.out.is_empty() || matches!(flushed, Flow::Exit(_)) {
            return flushed;
        }
        if let Some(status) = task.ending {
            return Flow::Exit(status);
        }
        let kind = std::mem::replace(&mut task.kind, Kind::External);
        let flow = match kind {
            Kind::External => flushed.clone(),
            Kind::Tool(tool) => self.turn_tool(task, tool, fs, host),
            Kind::Shell(mut shell) => {
                let mut flow = Flow::Blocked;
                let mut worked = false;
                for _ in 0..TURN {
                    let mut cpu = Cpu {
                        machine: self,
                        task,
                        shell: &mut shell,
                        fs,
                        host,
                    };
                    flow = cpu.step();
                    worked |= matches!(flow, Flow::Ran);
                    if !matches!(flow, Flow::Ran) || !task.out.is_empty() {
                        break;
                    }
                }
                if !matches!(flow, Flow::Replaced) {
                    task.kind = Kind::Shell(shell);
                }
                if worked && !matches!(flow, Flow::Exit(_)) {
                    Flow::Ran
                } else {
                    flow
                }
            }
        };
        match (flushed, &flow) {
            // What was written last still has to go out.
            (_, Flow::Exit(status)) if !task.out.is_empty() => {
                task.ending = Some(*status);
                Flow::Ran
            }
            (Flow::Ran, Flow::Blocked | Flow::Sleep(_)) => Flow::Ran,
            _ => flow,
        }
    }

    /// Moves what a process wrote into its pipes and files.
    fn flush(&mut self, task: &mut Task, fs: &mut Fs, host: &mut dyn Host) -> Flow {
        let mut flow = Flow::Blocked;
        while let Some((ofd, bytes)) = task.out.front_mut() {
            match self.write_ofd(*ofd, bytes, fs) {
                Written::Bytes(count) => {
                    flow = Flow::Ran;
                    if count >= bytes.len() {
                        task.out.pop_front();
                        self.fds_changed = true;
                    } else {
                        bytes.drain(..count);
                    }
                }
                Written::Full => break,
                Written::Broken => {
                    task.out.clear();
                    self.fds_changed = true;
                    if matches!(task.kind, Kind::External) {
                        host.kill(task.pid, Signal::Pipe);
                        return Flow::Ran;
                    }
                    return Flow::Exit(Signal::Pipe.status());
                }
                Written::Failed(error) => {
                    task.out.pop_front();
                    let name = task.title();
                    let name = name.split(' ').next().unwrap_or("");
                    self.emit(2, format!("{name}: write error: {error}\n").as_bytes());
                    task.ending = task.ending.map(|_| 1);
                    flow = Flow::Ran;
                }
            }
        }
        flow
    }

    fn turn_tool(
        &mut self,
        task: &mut Task,
        mut tool: Box<ToolTask>,
        fs: &mut Fs,
        host: &mut dyn Host,
    ) -> Flow {
        if let Some(child) = tool.child {
            match self.tasks.get(&child).map(|task| task.status) {
                Some(None) => {
                    let flow = match tool.deadline_ms {
                        Some(until) if host.now_ms() >= until => {
                            self.signals.push((child, Signal::Term));
                            tool.deadline_ms = None;
                            tool.timed_out = true;
                            Flow::Ran
                        }
                        Some(until) => Flow::Sleep(until),
                        None => Flow::Blocked,
                    };
                    task.kind = Kind::Tool(tool);
                    return flow;
                }
                status => {
                    self.tasks.remove(&child);
                    let status = status.flatten().unwrap_or(127);
                    tool.child_status = Some(if tool.timed_out { 124 } else { status });
                    tool.child = None;
                    tool.timed_out = false;
                }
            }
        }
        if let Some(until) = tool.wake_ms
            && host.now_ms() < until
        {
            task.kind = Kind::Tool(tool);
            return Flow::Sleep(until);
        }
        tool.wake_ms = None;
        let mut flow = Flow::Blocked;
        for _ in 0..TURN {
            let poll = self.poll_tool(task, &mut tool, fs, host.now_ms());
            flow = match poll {
                Poll::Again => Flow::Ran,
                Poll::NeedInput if matches!(flow, Flow::Ran) => break,
                Poll::NeedInput => Flow::Blocked,
                Poll::Sleep(until) => {
                    tool.wake_ms = Some(until);
                    Flow::Ran
                }
                Poll::Run {
                    argv,
                    deadline_ms,
                    null_stdin,
                } => {
                    let env = tool.env.clone();
                    let cwd = tool.cwd.clone();
                    let mut fds = task.fds.clone();
                    if null_stdin {
                        fds.insert(0, self.add_ofd(Ofd::Null));
                    }
                    let launch = Launch {
                        argv: &argv,
                        env: &env,
                        cwd: &cwd,
                        fds: &fds,
                    };
                    let child = self.spawn_child(task, launch, fs, host);
                    tool.child = Some(child);
                    tool.deadline_ms = deadline_ms;
                    Flow::Ran
                }
                Poll::Exec { argv, env } => {
                    let cwd = tool.cwd.clone();
                    return self.exec_into(task, &argv, &env, &cwd, fs, host);
                }
                Poll::Done(status) => {
                    task.ending = Some(status);
                    Flow::Ran
                }
            };
            let stop = tool.child.is_some() || tool.wake_ms.is_some() || task.ending.is_some();
            if !matches!(flow, Flow::Ran) || stop || !task.out.is_empty() {
                break;
            }
        }
        task.kind = Kind::Tool(tool);
        flow
    }

    fn poll_tool(&mut self, task: &mut Task, tool: &mut ToolTask, fs: &mut Fs, now: i64) -> Poll {
        let tty_out = self.is_tty_ofd(task.fds.get(&1));
        let columns = self.columns;
        let busybox = self.dialect == super::Dialect::Busybox;
        let stdin = task.fds.get(&0).copied();
        let mut io = Io {
            machine: self,
            stdin,
        };
        let (argv, env, cwd) = (tool.argv.clone(), tool.env.clone(), tool.cwd.clone());
        let mut cx = Cx {
            args: &argv,
            env: &env,
            cwd: &cwd,
            fs,
            now_ms: now,
            tty_out,
            columns,
            io: &mut io,
            child_status: tool.child_status.take(),
            written: Vec::new(),
            busybox,
        };
        let poll = tool.tool.poll(&mut cx);
        for (fd, bytes) in std::mem::take(&mut cx.written) {
            queue(task, u32::from(fd), &bytes);
        }
        poll
    }

    /// Finished processes that nobody will ask for any more.
    fn bury(&mut self) {
        let orphan = |task: &Task| {
            task.status.is_some()
                && !task.watched
                && task.pid != self.root
                && self
                    .tasks
                    .get(&task.parent)
                    .is_none_or(|p| p.status.is_some())
        };
        let dead: Vec<Pid> = self
            .tasks
            .values()
            .filter(|t| orphan(t))
            .map(|t| t.pid)
            .collect();
        for pid in dead {
            self.tasks.remove(&pid);
        }
    }

    /// The first process has ended, and with it everything else.
    fn kill_others(&mut self, host: &mut dyn Host) {
        let root = self.root;
        for task in self.tasks.values() {
            if task.pid != root && task.status.is_none() && matches!(task.kind, Kind::External) {
                host.kill(task.pid, Signal::Kill);
            }
        }
        self.tasks.retain(|pid, _| *pid == root);
        self.fds_changed = true;
        self.sweep();
    }

    /// Input of an external program.
    pub fn read_stdin(&mut self, pid: Pid, fs: &Fs) -> StdinRead {
        match self
            .tasks
            .get(&pid)
            .and_then(|task| task.fds.get(&0))
            .copied()
        {
            Some(ofd) => self.read_ofd(ofd, PIECE, fs),
            None => StdinRead::End,
        }
    }

    /// Output of an external program. False: nobody reads it any more, the program has to end.
    pub fn write(&mut self, pid: Pid, fd: u32, bytes: &[u8]) -> bool {
        let Some(mut task) = self.tasks.remove(&pid) else {
            return false;
        };
        let broken = task.fds.get(&fd).is_some_and(|ofd| self.is_broken(*ofd));
        if !broken {
            queue(&mut task, fd, bytes);
        }
        self.tasks.insert(pid, task);
        !broken
    }

    /// An external program has ended; what it wrote still goes out.
    pub fn exited(&mut self, pid: Pid, status: i32) {
        if let Some(task) = self.tasks.get_mut(&pid)
            && matches!(task.kind, Kind::External)
        {
            task.ending = Some(status);
        }
    }
}

/// Takes output from a process; `flush` brings it to where it goes.
pub(super) fn queue(task: &mut Task, fd: u32, bytes: &[u8]) {
    let Some(ofd) = task.fds.get(&fd).copied() else {
        return;
    };
    for piece in bytes.chunks(PIECE) {
        match task.out.back_mut() {
            Some((last, buffer)) if *last == ofd && buffer.len() + piece.len() <= PIECE => {
                buffer.extend_from_slice(piece);
            }
            _ => task.out.push_back((ofd, piece.to_vec())),
        }
    }
}

struct Io<'a> {
    machine: &'a mut Machine,
    stdin: Option<u32>,
}

impl ToolIo for Io<'_> {
    fn read(&mut self, fs: &Fs, most: usize) -> StdinRead {
        match self.stdin {
            Some(ofd) => self.machine.read_ofd(ofd, most, fs),
            None => StdinRead::End,
        }
    }

    fn processes(&self) -> Vec<(Pid, String)> {
        self.machine.processes()
    }

    fn random(&mut self) -> u64 {
        self.machine.next_random()
    }
}

/// The environment as tools share it.
pub(super) type SharedEnv = Rc<super::Env>;
