//! Waiting, background jobs, signals and traps.

use std::rc::Rc;

use super::exec::{Cpu, Flow};
use super::fields::{Fields, to_text};
use super::io::StdinRead;
use super::task::{Frame, Into, Job, Kind, ReadFrame, Task};
use super::{Host, Machine, Pid, Signal};
use crate::fs::Fs;
use crate::syntax;

/// Finished jobs that nobody asked about.
const MAX_JOBS: usize = 64;

impl Cpu<'_> {
    pub(super) fn wait_for(&mut self, pids: Vec<Pid>, negated: bool) -> Flow {
        let done = |pid: &Pid| {
            self.machine
                .tasks
                .get(pid)
                .is_none_or(|task: &Task| task.status.is_some())
        };
        if !pids.iter().all(done) {
            self.shell.frames.push(Frame::Wait { pids, negated });
            return Flow::Blocked;
        }
        let mut status = 0;
        let mut failed = 0;
        let mut statuses = Vec::new();
        for pid in &pids {
            let task = self.machine.tasks.remove(pid);
            status = task.and_then(|task| task.status).unwrap_or(127);
            statuses.push(status);
            if status != 0 {
                failed = status;
            }
        }
        if let [_, _, ..] = pids.as_slice() {
            let statuses = statuses.iter().map(i32::to_string).collect();
            self.shell.set_list("PIPESTATUS", statuses);
        }
        if self.shell.options.pipefail && failed != 0 {
            status = failed;
        }
        self.shell.status = if negated {
            i32::from(status == 0)
        } else {
            status
        };
        Flow::Ran
    }

    /// `wait`: a trap's signal ends it early.
    pub(super) fn wait_any(&mut self, pids: Vec<Pid>, every: bool) -> Flow {
        self.reap_jobs();
        let finished = |pid: &Pid| {
            self.machine
                .tasks
                .get(pid)
                .is_none_or(|t| t.status.is_some())
        };
        let all = pids.iter().all(finished);
        if let Some(signal) = self.shell.pending.first() {
            self.shell.status = signal.status();
            return Flow::Ran;
        }
        if !all {
            self.shell.frames.push(Frame::WaitAny { pids, all: every });
            return Flow::Blocked;
        }
        if let Some(last) = pids.last() {
            let job = self.shell.jobs.iter().find(|job| job.pids.contains(last));
            let status = job.and_then(|job| job.status).unwrap_or(self.shell.status);
            // The status of a bare `wait` is 0, whatever the jobs did.
            self.shell.status = if every { 0 } else { status };
            self.shell
                .jobs
                .retain(|job| !pids.contains(job.pids.last().unwrap_or(&0)));
        }
        Flow::Ran
    }

    pub(super) fn add_job(&mut self, pids: Vec<Pid>, text: &Rc<str>) {
        let number = self
            .shell
            .jobs
            .iter()
            .map(|job| job.number)
            .max()
            .unwrap_or(0)
            + 1;
        let last = pids.last().copied().unwrap_or(0);
        self.shell.last_background = Some(last);
        if self.is_prompt() {
            let text = format!("[{number}] {last}\n");
            super::run::queue(self.task, 2, text.as_bytes());
        }
        self.shell.jobs.push(Job {
            number,
            pids,
            text: text.clone(),
            status: None,
            stopped: false,
        });
    }

    /// Notes which jobs have ended.
    pub(super) fn reap_jobs(&mut self) {
        if self.shell.jobs.is_empty() {
            return;
        }
        for job in &mut self.shell.jobs {
            let tasks = &self.machine.tasks;
            let done = |pid: &Pid| tasks.get(pid).is_none_or(|task| task.status.is_some());
            if job.status.is_none() && job.pids.iter().all(done) {
                for pid in &job.pids {
                    if let Some(task) = self.machine.tasks.remove(pid) {
                        job.status = task.status;
                    }
                }
                job.status = job.status.or(Some(127));
            }
        }
        if self.shell.jobs.len() > MAX_JOBS {
            let mut spare = self.shell.jobs.len() - MAX_JOBS;
            self.shell.jobs.retain(|job| {
                let keep = job.status.is_none() || spare == 0;
                spare -= usize::from(!keep);
                keep
            });
        }
    }

    /// Starts the action of a trap whose signal has come.
    pub(super) fn run_traps(&mut self) -> bool {
        if self.shell.pending.is_empty() {
            return false;
        }
        let signal = self.shell.pending.remove(0);
        let Some(action) = self.shell.traps.get(signal.name()).cloned() else {
            return false;
        };
        match syntax::parse(&action, &self.shell.aliases) {
            Ok(script) => {
                self.shell.frames.push(Frame::Trap {
                    status: self.shell.status,
                });
                self.shell.push_script(script);
            }
            Err(error) => self.complain(&error.to_string()),
        }
        true
    }

    /// `read`, until its line is whole.
    pub(super) fn reading(&mut self, mut frame: ReadFrame) -> Flow {
        let most = frame
            .most
            .map_or(65536, |most| most.saturating_sub(frame.line.len()).max(1));
        let stdin = self.task.fds.get(&0).copied().unwrap_or(u32::MAX);
        let mut ended = false;
        match self
            .machine
            .read_line_ofd(stdin, frame.delimiter, most, self.fs)
        {
            StdinRead::Data(bytes) => frame.line.extend(bytes),
            StdinRead::Empty => {
                let late = frame
                    .until_ms
                    .is_some_and(|until| self.host.now_ms() >= until);
                if late {
                    self.shell.status = Signal::Term.status() - 1;
                    return Flow::Ran;
                }
                let until = frame.until_ms;
                self.shell.frames.push(Frame::Read(Box::new(frame)));
                return until.map_or(Flow::Blocked, Flow::Sleep);
            }
            StdinRead::End => ended = true,
        }
        let complete = frame.line.last() == Some(&frame.delimiter);
        let joined = complete && !frame.raw && frame.line.iter().rev().nth(1) == Some(&b'\\');
        if joined {
            let keep = frame.line.len().saturating_sub(2);
            frame.line.truncate(keep);
        }
        let full = frame.most.is_some_and(|most| frame.line.len() >= most);
        if !ended && !full && (!complete || joined) && frame.line.len() < 1 << 20 {
            self.shell.frames.push(Frame::Read(Box::new(frame)));
            return Flow::Ran;
        }
        if complete && !joined {
            frame.line.pop();
        }
        let line = String::from_utf8_lossy(&frame.line).into_owned();
        self.assign_read(&frame, &line);
        self.shell.status = i32::from(ended && !matches!(frame.into, Into::Lines { .. }));
        Flow::Ran
    }

    fn assign_read(&mut self, frame: &ReadFrame, line: &str) {
        let ifs = self.shell.var("IFS").unwrap_or(" \t\n").to_owned();
        let blank = |c: char| ifs.contains(c) && c.is_ascii_whitespace();
        let mut rest: Vec<(char, bool)> = Vec::new();
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' if !frame.raw => rest.extend(chars.next().map(|c| (c, true))),
                c => rest.push((c, false)),
            }
        }
        let text = |part: &[(char, bool)]| part.iter().map(|(c, _)| *c).collect::<String>();
        if let (Into::Lines { strip }, Some(name)) = (frame.into, frame.names.first()) {
            let lines = line.split_inclusive('\n');
            let cut = |line: &str| match strip {
                true => line.trim_end_matches('\n').to_owned(),
                false => line.to_owned(),
            };
            self.shell.set_list(name, lines.map(cut).collect());
            return;
        }
        if let (Into::Words, Some(name)) = (frame.into, frame.names.first()) {
            let mut fields = Fields {
                split: true,
                ..Fields::default()
            };
            fields.push_split(&text(&rest), &ifs);
            let (done, _) = fields.finish();
            let words = done.iter().map(|field| to_text(field)).collect();
            self.shell.set_list(name, words);
            return;
        }
        if frame.names.is_empty() {
            let value = text(&rest);
            self.shell.set_var("REPLY", &value);
            return;
        }
        let mut rest = rest.as_slice();
        for (index, name) in frame.names.iter().enumerate() {
            while let Some((&(c, quoted), tail)) = rest.split_first()
                && !quoted
                && blank(c)
            {
                rest = tail;
            }
            let value = if index + 1 == frame.names.len() {
                while let Some((&(c, quoted), head)) = rest.split_last()
                    && !quoted
                    && blank(c)
                {
                    rest = head;
                }
                text(rest)
            } else {
                let end = rest
                    .iter()
                    .position(|&(c, quoted)| !quoted && ifs.contains(c));
                let (word, tail) = rest.split_at(end.unwrap_or(rest.len()));
                rest = tail.get(1..).unwrap_or_default();
                text(word)
            };
            self.shell.set_var(name, &value);
        }
    }
}

impl Machine {
    /// Whether there was anything to do.
    pub(super) fn deliver(&mut self, pid: Pid, signal: Signal, host: &mut dyn Host) -> bool {
        let Some(mut task) = self.tasks.remove(&pid) else {
            return false;
        };
        task.stopped = false;
        let mut taken = task.status.is_none();
        if taken {
            let is_root = pid == self.root;
            match &mut task.kind {
                Kind::External if task.ending.is_some() => {}
                Kind::External => host.kill(pid, signal),
                Kind::Tool(tool) => {
                    if let Some(child) = tool.child {
                        self.signals.push((child, signal));
                    }
                    if is_root && self.init && signal != Signal::Kill {
                        taken = false;
                    } else {
                        self.finish(&mut task, signal.status());
                    }
                }
                Kind::Shell(shell) => {
                    let trap = shell.traps.get(signal.name());
                    match trap {
                        _ if signal == Signal::Kill => self.finish(&mut task, signal.status()),
                        Some(action) if action.is_empty() => {}
                        Some(_) if shell.pending.len() < 16 => shell.pending.push(signal),
                        Some(_) => {}
                        None if is_root && self.init => taken = false,
                        None if shell.options.interactive && !shell.subshell => {
                            if signal == Signal::Int {
                                self.interrupt_shell(&mut task);
                            }
                        }
                        None => self.finish(&mut task, signal.status()),
                    }
                }
            }
        }
        self.tasks.insert(pid, task);
        taken
    }

    /// Ctrl+C at an interactive shell: what runs is given up, redirections are undone.
    fn interrupt_shell(&mut self, task: &mut Task) {
        let Kind::Shell(shell) = &mut task.kind else {
            return;
        };
        while let Some(frame) = shell.frames.pop() {
            match frame {
                Frame::Restore(saved) => {
                    for (fd, old) in saved.fds {
                        match old {
                            Some(old) => task.fds.insert(fd, old),
                            None => task.fds.remove(&fd),
                        };
                    }
                    for (name, var) in saved.vars.into_iter().rev() {
                        shell.put_var(&name, var);
                    }
                }
                Frame::Call { args, locals, .. } => {
                    shell.args = args;
                    for (name, var) in locals.into_iter().rev() {
                        shell.put_var(&name, var);
                    }
                }
                Frame::Source { args: Some(args) } => shell.args = args,
                _ => {}
            }
        }
        if let Some(reader) = &mut shell.reader {
            reader.buffer.clear();
            reader.line.clear();
            reader.prompted = false;
        }
        shell.captured.clear();
        shell.status = Signal::Int.status();
        task.out.clear();
        self.fds_changed = true;
    }

    pub(super) fn deliver_from_outside(
        &mut self,
        signal: Signal,
        fs: &mut Fs,
        host: &mut dyn Host,
    ) -> bool {
        fs.set_now(host.now_ms());
        self.pace.wake();
        let targets: Vec<Pid> = match signal {
            // The terminal sends it to the whole foreground.
            Signal::Int if self.interactive || self.tty_in => self
                .tasks
                .values()
                .filter(|task| !task.background)
                .map(|task| task.pid)
                .collect(),
            _ => vec![self.root],
        };
        let mut taken = false;
        // A shell waits on for a program that goes on after the signal.
        let caught = targets.iter().any(|pid| host.catches(*pid, signal));
        for pid in targets {
            if !(caught && pid == self.root) {
                taken |= self.deliver(pid, signal, host);
            }
        }
        while let Some((pid, signal)) = self.signals.pop() {
            self.deliver(pid, signal, host);
        }
        self.sweep();
        taken
    }

    /// Ctrl+Z: what runs in the foreground stops and becomes a job. False if nothing can be stopped.
    pub fn suspend(&mut self, host: &mut dyn Host) -> bool {
        self.pace.wake();
        let Some(mut task) = self.tasks.remove(&self.root) else {
            return false;
        };
        let waits = match &task.kind {
            Kind::Shell(shell) => match shell.frames.last() {
                Some(Frame::Wait { pids, .. }) => {
                    let item = shell.frames.iter().find_map(|frame| match frame {
                        Frame::List { script, item, .. } => script.items.get(*item),
                        _ => None,
                    });
                    let text = item.map_or_else(|| task.name.clone(), |item| item.text.clone());
                    Some((pids.clone(), text))
                }
                _ => None,
            },
            _ => None,
        };
        let stopped = waits.is_some();
        if let Some((pids, text)) = waits {
            self.interrupt_shell(&mut task);
            if let Kind::Shell(shell) = &mut task.kind {
                shell.status = 148;
                let number = shell.jobs.iter().map(|job| job.number).max().unwrap_or(0) + 1;
                let job = Job {
                    number,
                    pids: pids.clone(),
                    text,
                    status: None,
                    stopped,
                };
                let line = format!("\n{}", describe(&job, number));
                shell.jobs.push(job);
                super::run::queue(&mut task, 2, line.as_bytes());
            }
            self.set_stopped(&pids, true, true, host);
        }
        self.tasks.insert(self.root, task);
        stopped
    }

    /// Stops processes with all that they have started, or lets them go on.
    pub(super) fn set_stopped(
        &mut self,
        pids: &[Pid],
        stopped: bool,
        background: bool,
        host: &mut dyn Host,
    ) {
        let mut all = pids.to_vec();
        // Children have higher numbers than their parents.
        for (pid, task) in &self.tasks {
            if all.contains(&task.parent) && !all.contains(pid) {
                all.push(*pid);
            }
        }
        for pid in all {
            if let Some(task) = self.tasks.get_mut(&pid) {
                task.stopped = stopped;
                task.background = background;
                if matches!(task.kind, Kind::External) {
                    host.pause(pid, stopped);
                }
            }
        }
    }

    /// `[1]+  Done   sleep 5`: what a shell says before its prompt about jobs that have ended.
    pub fn job_notices(&mut self) -> String {
        let root = self.root;
        let Some(mut task) = self.tasks.remove(&root) else {
            return String::new();
        };
        let mut text = String::new();
        if let Kind::Shell(shell) = &mut task.kind {
            for job in &mut shell.jobs {
                let done = |pid: &Pid| self.tasks.get(pid).is_none_or(|t| t.status.is_some());
                if job.status.is_none() && job.pids.iter().all(done) {
                    let last = job
                        .pids
                        .iter()
                        .filter_map(|pid| self.tasks.remove(pid))
                        .last();
                    job.status = last.and_then(|task| task.status).or(Some(127));
                }
            }
            let last = shell.jobs.last().map_or(0, |job| job.number);
            for job in shell.jobs.iter().filter(|job| job.status.is_some()) {
                text.push_str(&describe(job, last));
            }
            shell.jobs.retain(|job| job.status.is_none());
        }
        self.tasks.insert(root, task);
        text
    }
}

/// One line of `jobs`.
pub(super) fn describe(job: &Job, last: u32) -> String {
    let mark = if job.number == last { '+' } else { '-' };
    let state = match job.status {
        None if job.stopped => "Stopped".to_owned(),
        None => "Running".to_owned(),
        Some(0) => "Done".to_owned(),
        Some(130) => "Interrupt".to_owned(),
        Some(143) => "Terminated".to_owned(),
        Some(137) => "Killed".to_owned(),
        Some(status) => format!("Exit {status}"),
    };
    let running = job.status.is_none() && !job.stopped;
    let running = if running { " &" } else { "" };
    format!("[{}]{mark}  {state:<24}{}{running}\n", job.number, job.text)
}
