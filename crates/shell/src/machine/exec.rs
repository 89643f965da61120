//! The stack of frames: one `step` takes the top frame, does the next thing, and puts it back if
//! it is not done. Whatever a frame waits for is above it, so a clone of the stack is a clone of
//! the running script.

use std::rc::Rc;

use super::expand::Stop;
use super::io::Ofd;
use super::run::queue;
use super::task::{Frame, Kind, Saved, Shell, SimpleFrame, Stage, Task};
use super::{Host, MAX_TASKS, Machine, Pid};
use crate::fs::Fs;
use crate::syntax::{self, Command, CommandKind, Connector, Item, Pipeline, Script};

/// Functions in functions; more is an error, as in bash with FUNCNEST.
const MAX_FRAMES: usize = 4000;

#[derive(Clone, Debug)]
pub(super) enum Flow {
    Ran,
    Blocked,
    Sleep(i64),
    Exit(i32),
    /// The process has become another program.
    Replaced,
}

/// One shell process at work.
pub(super) struct Cpu<'a> {
    pub machine: &'a mut Machine,
    pub task: &'a mut Task,
    pub shell: &'a mut Shell,
    pub fs: &'a mut Fs,
    pub host: &'a mut dyn Host,
}

impl Cpu<'_> {
    pub(super) fn step(&mut self) -> Flow {
        if self.shell.frames.len() > MAX_FRAMES {
            self.complain("maximum function nesting level exceeded");
            self.shell.status = 1;
            return self.abort();
        }
        let Some(frame) = self.shell.frames.pop() else {
            return self.at_rest();
        };
        match frame {
            Frame::List { script, item, part } => self.list(script, item, part, false),
            Frame::Item { script, item, part } => self.list(script, item, part, true),
            Frame::Negate => {
                self.shell.status = i32::from(self.shell.status == 0);
                Flow::Ran
            }
            Frame::Command(command) => self.command(command),
            Frame::Simple(frame) => self.simple(*frame),
            Frame::Redirecting { command, targets } => self.redirecting(command, targets),
            Frame::Restore(saved) => self.restore(*saved),
            Frame::Wait { pids, negated } => self.wait_for(pids, negated),
            Frame::Capture { pid, ofd, file } => self.captured(pid, ofd, file),
            Frame::If {
                command,
                arm,
                stage,
            } => self.if_clause(command, arm, stage),
            Frame::Loop {
                command,
                stage,
                status,
            } => self.while_loop(command, stage, status),
            Frame::For {
                command,
                word,
                values,
                at,
                ready,
            } => self.for_loop(command, word, values, at, ready),
            Frame::ForArith { command, stage } => self.for_arith(command, stage),
            Frame::Case {
                command,
                subject,
                arm,
                pattern,
            } => self.case(command, subject, arm, pattern),
            Frame::Arith { command } => self.arith_command(command),
            Frame::Condition { command, words } => self.condition(command, words),
            Frame::Call { args, locals, .. } => {
                self.shell.args = args;
                for (name, var) in locals.into_iter().rev() {
                    self.shell.put_var(&name, var);
                }
                Flow::Ran
            }
            Frame::Source { args } => {
                if let Some(args) = args {
                    self.shell.args = args;
                }
                Flow::Ran
            }
            Frame::Trap { status } => {
                self.shell.status = status;
                Flow::Ran
            }
            Frame::Read(frame) => self.reading(*frame),
            Frame::WaitAny { pids, all } => self.wait_any(pids, all),
            Frame::Exec { argv, env } => {
                let env = env.unwrap_or_else(|| Rc::new(self.shell.env()));
                let cwd = self.shell.cwd.clone();
                self.machine
                    .exec_into(self.task, &argv, &env, &cwd, self.fs, self.host)
            }
            Frame::Exit(status) => self.exit(status),
            Frame::Fail { message, status } => {
                queue(self.task, 2, message.as_bytes());
                self.shell.frames.push(Frame::Exit(status));
                Flow::Ran
            }
        }
    }

    /// No frames left: a copy ends, a reader reads on, the session waits.
    fn at_rest(&mut self) -> Flow {
        if self.shell.reader.is_some() {
            return self.read_commands();
        }
        let session = self.machine.interactive && self.task.pid == self.machine.root;
        if self.shell.subshell || !session {
            return self.exit(self.shell.status);
        }
        self.reap_jobs();
        match self.run_traps() {
            true => Flow::Ran,
            false => Flow::Blocked,
        }
    }

    /// Ends this shell, after its EXIT trap.
    pub(super) fn exit(&mut self, status: i32) -> Flow {
        self.shell.frames.clear();
        self.shell.status = status;
        self.machine.fds_changed = true;
        if let Some(action) = Rc::make_mut(&mut self.shell.traps).remove("EXIT")
            && let Ok(script) = syntax::parse(&action, &self.shell.aliases)
        {
            self.shell.frames.push(Frame::Exit(status));
            self.shell.push_script(script);
            return Flow::Ran;
        }
        Flow::Exit(status & 0xFF)
    }

    /// An error that ends a script, and at a prompt the command line.
    pub(super) fn abort(&mut self) -> Flow {
        self.shell.captured.clear();
        if self.is_prompt() {
            self.unwind();
            return Flow::Ran;
        }
        self.exit(self.shell.status)
    }

    /// Takes all frames off, undoing redirections on the way.
    pub(super) fn unwind(&mut self) {
        while let Some(frame) = self.shell.frames.pop() {
            self.undo(frame);
        }
    }

    /// What leaving a frame early has to put back.
    pub(super) fn undo(&mut self, frame: Frame) {
        match frame {
            Frame::Restore(saved) => {
                self.restore(*saved);
            }
            Frame::Call { args, locals, .. } => {
                self.shell.args = args;
                for (name, var) in locals.into_iter().rev() {
                    self.shell.put_var(&name, var);
                }
            }
            Frame::Source { args: Some(args) } => self.shell.args = args,
            _ => {}
        }
    }

    pub(super) fn is_prompt(&self) -> bool {
        self.shell.options.interactive && !self.shell.subshell
    }

    fn list(&mut self, script: Rc<Script>, item: usize, part: usize, single: bool) -> Flow {
        if part == 0 && (self.shell.exiting || !self.shell.pending.is_empty()) {
            self.shell.frames.push(again(&script, item, part, single));
            if self.run_traps() {
                return Flow::Ran;
            }
            self.shell.frames.pop();
        }
        let Some(current) = script.items.get(item) else {
            return Flow::Ran;
        };
        let last = current.rest.len();
        if current.background && !single {
            self.shell.frames.push(again(&script, item + 1, 0, false));
            return self.background(&script, item, current);
        }
        if part == 0 {
            self.reap_jobs();
            self.shell.frames.push(again(&script, item, 1, single));
            return self.pipeline(&current.first);
        }
        if let Some((connector, pipeline)) = current.rest.get(part - 1) {
            let runs = (*connector == Connector::And) == (self.shell.status == 0);
            if runs || part < last {
                self.shell
                    .frames
                    .push(again(&script, item, part + 1, single));
            } else if !single {
                self.shell.frames.push(again(&script, item + 1, 0, false));
            }
            return if runs {
                self.pipeline(pipeline)
            } else {
                Flow::Ran
            };
        }
        // The last pipeline of the and-or list did run.
        if !single {
            self.shell.frames.push(again(&script, item + 1, 0, false));
        }
        let negated = current
            .rest
            .last()
            .map_or(current.first.negated, |(_, p)| p.negated);
        if self.shell.status == 0 || negated || self.status_is_tested() {
            return Flow::Ran;
        }
        let status = self.shell.status;
        let handled = |frame: &Frame| matches!(frame, Frame::Trap { .. } | Frame::Exit(_));
        let action = match self.shell.frames.iter().any(handled) {
            true => None,
            false => self.shell.traps.get("ERR").cloned(),
        };
        let action = action.and_then(|text| syntax::parse(&text, &self.shell.aliases).ok());
        match (action, self.shell.options.errexit) {
            (Some(script), errexit) => {
                self.shell.frames.push(match errexit {
                    true => Frame::Exit(status),
                    false => Frame::Trap { status },
                });
                self.shell.push_script(script);
            }
            (None, true) => return self.exit(status),
            _ => {}
        }
        Flow::Ran
    }

    /// Whether a failure now is looked at by `if`, `while`, `&&`, `||` or `!`: then `set -e` rests.
    fn status_is_tested(&self) -> bool {
        self.shell.frames.iter().any(|frame| match frame {
            Frame::If { stage, .. } | Frame::Loop { stage, .. } => *stage == Stage::Condition,
            Frame::Negate | Frame::Wait { negated: true, .. } => true,
            Frame::List { script, item, part } | Frame::Item { script, item, part } => {
                let rest = script.items.get(*item).map_or(0, |item| item.rest.len());
                *part > 0 && *part <= rest
            }
            _ => false,
        })
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Flow {
        if let [command] = pipeline.commands.as_slice() {
            if pipeline.negated {
                self.shell.frames.push(Frame::Negate);
            }
            self.shell.frames.push(Frame::Command(command.clone()));
            return Flow::Ran;
        }
        let Some(pids) = self.fork_pipeline(pipeline, false) else {
            return self.fork_failed();
        };
        self.shell.frames.push(Frame::Wait {
            pids,
            negated: pipeline.negated,
        });
        Flow::Ran
    }

    pub(super) fn fork_failed(&mut self) -> Flow {
        self.complain("fork: Resource temporarily unavailable");
        self.shell.status = 254;
        self.abort()
    }

    fn fork_pipeline(&mut self, pipeline: &Pipeline, background: bool) -> Option<Vec<Pid>> {
        if self.machine.tasks.len() + pipeline.commands.len() > MAX_TASKS {
            return None;
        }
        let mut pids = Vec::new();
        let mut input = None;
        let count = pipeline.commands.len();
        for (index, command) in pipeline.commands.iter().enumerate() {
            let mut fds = self.task.fds.clone();
            if let Some(input) = input {
                fds.insert(0, input);
            }
            input = None;
            if index + 1 < count {
                let (read, write) = self.machine.add_pipe();
                fds.insert(1, write);
                input = Some(read);
            }
            let frames = vec![Frame::Command(command.clone())];
            pids.push(self.fork(frames, fds, background));
        }
        Some(pids)
    }

    /// A copy of this shell that runs `frames` and ends.
    pub(super) fn fork(
        &mut self,
        frames: Vec<Frame>,
        fds: std::collections::BTreeMap<u32, u32>,
        background: bool,
    ) -> Pid {
        let pid = self.machine.take_pid();
        let shell = self.shell.fork(frames);
        let name = self.task.name.clone();
        let mut task = Task::new(pid, self.task.pid, Kind::Shell(Box::new(shell)), fds, &name);
        task.background = background || self.task.background;
        self.machine.tasks.insert(pid, task);
        pid
    }

    fn background(&mut self, script: &Rc<Script>, item: usize, current: &Item) -> Flow {
        if self.machine.tasks.len() + 2 > MAX_TASKS {
            return self.fork_failed();
        }
        let mut fds = self.task.fds.clone();
        let null = self.machine.add_ofd(Ofd::Null);
        fds.insert(0, null);
        let pids = if current.rest.is_empty() && !current.first.negated {
            let saved = std::mem::replace(&mut self.task.fds, fds);
            let pids = self.fork_pipeline(&current.first, true);
            self.task.fds = saved;
            match pids {
                Some(pids) => pids,
                None => return self.fork_failed(),
            }
        } else {
            let frame = Frame::Item {
                script: script.clone(),
                item,
                part: 0,
            };
            vec![self.fork(vec![frame], fds, true)]
        };
        self.machine.fds_changed = true;
        self.add_job(pids, &current.text);
        self.shell.status = 0;
        Flow::Ran
    }

    fn command(&mut self, command: Rc<Command>) -> Flow {
        self.shell.line = command.line;
        match &command.kind {
            CommandKind::Simple { .. } => {
                self.shell.capture_status = None;
                let frame = SimpleFrame {
                    command,
                    at: 0,
                    argv: Vec::new(),
                    targets: Vec::new(),
                    values: Vec::new(),
                    item: 0,
                    items: Vec::new(),
                };
                self.shell.frames.push(Frame::Simple(Box::new(frame)));
                Flow::Ran
            }
            CommandKind::Function { name, body } => {
                Rc::make_mut(&mut self.shell.functions).insert(name.clone(), body.clone());
                self.shell.status = 0;
                Flow::Ran
            }
            _ if !command.redirects.is_empty() => {
                self.shell.frames.push(Frame::Redirecting {
                    command,
                    targets: Vec::new(),
                });
                Flow::Ran
            }
            _ => self.compound(command),
        }
    }

    fn redirecting(&mut self, command: Rc<Command>, mut targets: Vec<String>) -> Flow {
        while let Some(redirect) = command.redirects.get(targets.len()) {
            match self.redirect_target(redirect) {
                Ok(target) => targets.push(target),
                Err(stop) => return self.stop(Frame::Redirecting { command, targets }, stop),
            }
        }
        match self.redirect_here(&command.redirects, &targets) {
            Ok(saved) => {
                self.shell.frames.push(Frame::Restore(Box::new(saved)));
                self.compound(command)
            }
            Err(error) => {
                self.complain(&error);
                self.shell.status = 1;
                Flow::Ran
            }
        }
    }

    /// A word could not be expanded yet, or not at all.
    pub(super) fn stop(&mut self, frame: Frame, stop: Stop) -> Flow {
        match stop {
            Stop::Need(script, file) => {
                if self.machine.tasks.len() >= MAX_TASKS {
                    return self.fork_failed();
                }
                self.shell.frames.push(frame);
                let ofd = self.machine.add_ofd(Ofd::Capture(Vec::new()));
                let mut fds = self.task.fds.clone();
                fds.insert(1, ofd);
                let frames = vec![Frame::List {
                    script,
                    item: 0,
                    part: 0,
                }];
                let pid = self.fork(frames, fds, false);
                self.shell.frames.push(Frame::Capture { pid, ofd, file });
                Flow::Ran
            }
            Stop::Error(error) => {
                self.complain(&error);
                self.shell.status = 1;
                self.abort()
            }
        }
    }

    fn captured(&mut self, pid: Pid, ofd: u32, file: bool) -> Flow {
        match self.machine.tasks.get(&pid).map(|task| task.status) {
            Some(None) => {
                self.shell.frames.push(Frame::Capture { pid, ofd, file });
                Flow::Blocked
            }
            status => {
                self.machine.tasks.remove(&pid);
                let bytes = self.machine.take_capture(ofd);
                if file {
                    let path = self.machine.next_file();
                    // A read-only file system has no such file; the command will say so.
                    let _ = self.fs.mkdir("/dev/fd", true);
                    let _ = self.fs.write(&path, bytes);
                    self.shell.captured.push(path.into());
                    return Flow::Ran;
                }
                let text = String::from_utf8_lossy(&bytes).replace('\0', "");
                self.shell.captured.push(text.trim_end_matches('\n').into());
                self.shell.capture_status = Some(status.flatten().unwrap_or(0));
                Flow::Ran
            }
        }
    }

    fn restore(&mut self, saved: Saved) -> Flow {
        for (fd, old) in saved.fds {
            match old {
                Some(old) => self.task.fds.insert(fd, old),
                None => self.task.fds.remove(&fd),
            };
            self.machine.fds_changed = true;
        }
        for (name, var) in saved.vars.into_iter().rev() {
            self.shell.put_var(&name, var);
        }
        Flow::Ran
    }
}

fn again(script: &Rc<Script>, item: usize, part: usize, single: bool) -> Frame {
    let script = script.clone();
    match single {
        true => Frame::Item { script, item, part },
        false => Frame::List { script, item, part },
    }
}
