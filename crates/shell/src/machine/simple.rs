//! One simple command: expand its words, open its redirections, then run a function, a builtin or
//! a program.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::builtins;
use super::exec::{Cpu, Flow};
use super::expand::Stop;
use super::io::Ofd;
use super::run::queue;
use super::spawn::Launch;
use super::task::{Frame, Saved, SimpleFrame};
use super::{Dialect, MAX_TASKS};
use crate::fs::{FileKind, FsError, resolve};
use crate::syntax::{Assign, Command, CommandKind, Part, Redirect, RedirectOp, Word, is_name};

type Fds = BTreeMap<u32, u32>;

impl Cpu<'_> {
    pub(super) fn simple(&mut self, mut frame: SimpleFrame) -> Flow {
        let command = frame.command.clone();
        let CommandKind::Simple { assigns, words } = &command.kind else {
            return Flow::Ran;
        };
        let total = words.len() + command.redirects.len() + assigns.len();
        while frame.at < total {
            if let Err(stop) = self.expand_next(&mut frame, &command, assigns, words) {
                return self.stop(Frame::Simple(Box::new(frame)), stop);
            }
            frame.at += 1;
        }
        if self.shell.options.xtrace {
            self.trace(assigns, &frame);
        }
        let SimpleFrame {
            argv,
            targets,
            values,
            ..
        } = frame;
        let assigned: Vec<(&str, &str)> = assigns
            .iter()
            .zip(values.iter().map(String::as_str))
            .filter(|(assign, _)| assign.items.is_none() && assign.index.is_none())
            .map(|(assign, value)| (&*assign.name, value))
            .collect();
        let Some(name) = argv.first().cloned() else {
            return self.assign_only(&command, &targets, &assigned);
        };
        if let Some(body) = self.shell.functions.get(name.as_str()).cloned() {
            return match self.redirect_with_vars(&command, &targets, &assigned) {
                Ok(saved) => {
                    self.shell.frames.push(Frame::Restore(Box::new(saved)));
                    let args = Rc::new(argv.get(1..).unwrap_or_default().to_vec());
                    let args = std::mem::replace(&mut self.shell.args, args);
                    self.shell.frames.push(Frame::Call {
                        name: name.as_str().into(),
                        args,
                        locals: Vec::new(),
                    });
                    self.shell.frames.push(Frame::Command(body));
                    Flow::Ran
                }
                Err(flow) => flow,
            };
        }
        if let Some(builtin) = builtins::find(&name) {
            if name == "exec" {
                return self.exec_builtin(&command, argv, &targets, &assigned);
            }
            return match self.redirect_with_vars(&command, &targets, &assigned) {
                Ok(saved) => {
                    self.shell.frames.push(Frame::Restore(Box::new(saved)));
                    (builtin.run)(self, &argv)
                }
                Err(flow) => flow,
            };
        }
        self.program(&command, argv, &targets, &assigned)
    }

    /// Expands the next of words, redirections and assignments, in this order.
    fn expand_next(
        &mut self,
        frame: &mut SimpleFrame,
        command: &Command,
        assigns: &[Assign],
        words: &[Word],
    ) -> Result<(), Stop> {
        if let Some(word) = words.get(frame.at) {
            let declares = matches!(
                frame.argv.first().map(String::as_str),
                Some("export" | "readonly" | "local" | "declare" | "typeset" | "alias")
            );
            if declares && is_assignment(word) {
                frame.argv.push(self.expand_text(word)?);
            } else {
                frame.argv.extend(self.expand_fields(word)?);
            }
            return Ok(());
        }
        let at = frame.at - words.len();
        if let Some(redirect) = command.redirects.get(at) {
            frame.targets.push(self.redirect_target(redirect)?);
            return Ok(());
        }
        if let Some(assign) = assigns.get(at - command.redirects.len()) {
            if assign.items.is_some() || assign.index.is_some() {
                self.assign_array(frame, assign)?;
                frame.values.push(String::new());
                return Ok(());
            }
            let mut value = self.expand_text(&assign.value)?;
            if assign.append {
                value.insert_str(0, self.shell.var(&assign.name).unwrap_or(""));
            }
            // Without a command, `a=1 b=$a` sees the new value.
            if words.is_empty() && !self.shell.set_var(&assign.name, &value) {
                return Err(Stop::Error(format!("{}: readonly variable", assign.name)));
            }
            frame.values.push(value);
        }
        Ok(())
    }

    fn assign_only(
        &mut self,
        command: &Command,
        targets: &[String],
        _assigned: &[(&str, &str)],
    ) -> Flow {
        self.shell.status = self.shell.capture_status.take().unwrap_or(0);
        match self.redirect_here(&command.redirects, targets) {
            Ok(saved) => self.undo(Frame::Restore(Box::new(saved))),
            Err(error) => {
                self.complain(&error);
                self.shell.status = 1;
            }
        }
        Flow::Ran
    }

    /// Redirections and temporary variables for what runs inside this shell.
    fn redirect_with_vars(
        &mut self,
        command: &Command,
        targets: &[String],
        assigned: &[(&str, &str)],
    ) -> Result<Saved, Flow> {
        let mut saved = match self.redirect_here(&command.redirects, targets) {
            Ok(saved) => saved,
            Err(error) => {
                self.complain(&error);
                self.shell.status = 1;
                return Err(Flow::Ran);
            }
        };
        for (name, value) in assigned {
            saved
                .vars
                .push(((*name).to_owned(), self.shell.vars.get(*name).cloned()));
            self.shell.export(name, Some(value));
        }
        Ok(saved)
    }

    fn exec_builtin(
        &mut self,
        command: &Command,
        argv: Vec<String>,
        targets: &[String],
        assigned: &[(&str, &str)],
    ) -> Flow {
        let mut fds = self.task.fds.clone();
        if let Err(error) = self.redirect(&command.redirects, targets, &mut fds) {
            self.complain(&error);
            self.shell.status = 1;
            return self.abort();
        }
        self.task.fds = fds;
        self.machine.fds_changed = true;
        self.shell.status = 0;
        if argv.len() < 2 {
            return Flow::Ran;
        }
        let mut env = self.shell.env();
        env.extend(
            assigned
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        let argv = argv.get(1..).unwrap_or_default().to_vec();
        let cwd = self.shell.cwd.clone();
        self.machine
            .exec_into(self.task, &argv, &Rc::new(env), &cwd, self.fs, self.host)
    }

    /// Starts a program in a process of its own, or in this one if it has nothing else to do.
    fn program(
        &mut self,
        command: &Command,
        argv: Vec<String>,
        targets: &[String],
        assigned: &[(&str, &str)],
    ) -> Flow {
        let mut fds = self.task.fds.clone();
        if let Err(error) = self.redirect(&command.redirects, targets, &mut fds) {
            self.complain(&error);
            self.shell.status = 1;
            return Flow::Ran;
        }
        let mut env = self.shell.env();
        env.extend(
            assigned
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        let env = Rc::new(env);
        let cwd = self.shell.cwd.clone();
        let last = self.shell.subshell
            && self.shell.frames.is_empty()
            && self.shell.traps.is_empty()
            && self.shell.reader.is_none();
        self.machine.fds_changed = true;
        let pid = if last {
            self.task.pid
        } else {
            self.machine.take_pid()
        };
        if !last && self.machine.tasks.len() >= MAX_TASKS {
            self.complain("fork: retry: Resource temporarily unavailable");
            self.shell.status = 254;
            return self.abort();
        }
        let launch = Launch {
            argv: &argv,
            env: &env,
            cwd: &cwd,
            fds: &fds,
        };
        let made = self.machine.make_kind(pid, launch, self.fs, self.host);
        match made {
            Ok(kind) if last => {
                self.task.fds = fds;
                self.task.kind = kind;
                self.task.name = argv.join(" ").into();
                Flow::Replaced
            }
            Ok(kind) => {
                let name = argv.join(" ");
                let mut task = super::Task::new(pid, self.task.pid, kind, fds, &name);
                task.background = self.task.background;
                self.machine.tasks.insert(pid, task);
                self.shell.frames.push(Frame::Wait {
                    pids: vec![pid],
                    negated: false,
                });
                Flow::Ran
            }
            Err((error, status)) => {
                let message = self.not_started(&error);
                // The message goes where the command's own standard error went.
                let saved = std::mem::replace(&mut self.task.fds, fds);
                queue(self.task, 2, message.as_bytes());
                self.task.fds = saved;
                self.shell.status = status;
                Flow::Ran
            }
        }
    }

    fn not_started(&self, error: &str) -> String {
        let error = match (
            self.machine.dialect,
            error.strip_suffix(": command not found"),
        ) {
            (Dialect::Busybox | Dialect::Dash, Some(name)) => format!("{name}: not found"),
            _ => error.to_owned(),
        };
        format!("{}{error}\n", self.message_prefix())
    }

    pub(super) fn message_prefix(&self) -> String {
        let name = match self.is_named() {
            true => self.shell.argv0.to_string(),
            false => self.machine.name.to_string(),
        };
        match self.machine.dialect {
            _ if self.shell.options.interactive => format!("{name}: "),
            Dialect::Bash => format!("{name}: line {}: ", self.shell.line),
            Dialect::Dash => format!("{name}: {}: ", self.shell.line),
            Dialect::Busybox => format!("{name}: "),
        }
    }

    fn is_named(&self) -> bool {
        !self.shell.argv0.is_empty() && !self.shell.options.interactive
    }

    /// An error message of the shell itself.
    pub(super) fn complain(&mut self, error: &str) {
        let text = format!("{}{error}\n", self.message_prefix());
        queue(self.task, 2, text.as_bytes());
    }

    pub(super) fn put(&mut self, text: &str) {
        queue(self.task, 1, text.as_bytes());
    }

    fn trace(&mut self, assigns: &[Assign], frame: &SimpleFrame) {
        let mut text = String::from("+");
        if frame.argv.is_empty() {
            for (assign, value) in assigns.iter().zip(&frame.values) {
                text.push_str(&format!(" {}={}", assign.name, builtins::quote(value)));
            }
        }
        for word in &frame.argv {
            text.push(' ');
            text.push_str(&builtins::quote(word));
        }
        text.push('\n');
        queue(self.task, 2, text.as_bytes());
    }

    pub(super) fn redirect_target(&mut self, redirect: &Redirect) -> Result<String, Stop> {
        match &redirect.here {
            Some(body) => match body.get() {
                Some(body) => self.expand_text(body),
                None => Ok(String::new()),
            },
            None if redirect.op == RedirectOp::HereString => self.expand_text(&redirect.target),
            None => {
                let fields = self.expand_fields(&redirect.target)?;
                match fields.as_slice() {
                    [one] => Ok(one.clone()),
                    _ => {
                        let (text, _) = redirect.target.delimiter();
                        Err(Stop::Error(format!("{text}: ambiguous redirect")))
                    }
                }
            }
        }
    }

    /// Redirects this shell itself; says how to undo it.
    pub(super) fn redirect_here(
        &mut self,
        redirects: &[Redirect],
        targets: &[String],
    ) -> Result<Saved, String> {
        if redirects.is_empty() {
            return Ok(Saved::default());
        }
        let mut fds = self.task.fds.clone();
        self.redirect(redirects, targets, &mut fds)?;
        let before = std::mem::replace(&mut self.task.fds, fds);
        let mut saved = Saved::default();
        for fd in before.keys().chain(self.task.fds.keys()) {
            let (old, new) = (before.get(fd), self.task.fds.get(fd));
            if old != new && !saved.fds.iter().any(|(known, _)| known == fd) {
                saved.fds.push((*fd, old.copied()));
            }
        }
        self.machine.fds_changed = true;
        Ok(saved)
    }

    fn redirect(
        &mut self,
        redirects: &[Redirect],
        targets: &[String],
        fds: &mut Fds,
    ) -> Result<(), String> {
        for (redirect, target) in redirects.iter().zip(targets) {
            let default = match redirect.op {
                RedirectOp::Read
                | RedirectOp::ReadWrite
                | RedirectOp::HereDoc
                | RedirectOp::HereString => 0,
                _ => 1,
            };
            let fd = redirect.fd.unwrap_or(default);
            match redirect.op {
                RedirectOp::HereDoc => {
                    let ofd = Ofd::Data {
                        bytes: target.as_bytes().into(),
                        offset: 0,
                    };
                    fds.insert(fd, self.machine.add_ofd(ofd));
                }
                RedirectOp::HereString => {
                    let bytes = format!("{target}\n");
                    let ofd = Ofd::Data {
                        bytes: bytes.as_bytes().into(),
                        offset: 0,
                    };
                    fds.insert(fd, self.machine.add_ofd(ofd));
                }
                RedirectOp::Dup => match target.as_str() {
                    "-" => {
                        fds.remove(&fd);
                    }
                    target => match target.parse::<u32>() {
                        Ok(from) => {
                            let ofd = fds.get(&from).copied();
                            let ofd = ofd.ok_or(format!("{from}: Bad file descriptor"))?;
                            fds.insert(fd, ofd);
                        }
                        Err(_) if redirect.fd.is_none() => {
                            let ofd = self.open(target, RedirectOp::Write, fds)?;
                            fds.insert(1, ofd);
                            fds.insert(2, ofd);
                        }
                        Err(_) => return Err(format!("{target}: ambiguous redirect")),
                    },
                },
                RedirectOp::Both | RedirectOp::BothAppend => {
                    let op = match redirect.op {
                        RedirectOp::Both => RedirectOp::Write,
                        _ => RedirectOp::Append,
                    };
                    let ofd = self.open(target, op, fds)?;
                    fds.insert(1, ofd);
                    fds.insert(2, ofd);
                }
                op => {
                    let ofd = self.open(target, op, fds)?;
                    fds.insert(fd, ofd);
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, target: &str, op: RedirectOp, fds: &Fds) -> Result<u32, String> {
        let failed = |error: FsError| match self.machine.dialect {
            Dialect::Bash => format!("{target}: {error}"),
            _ => {
                let error = match error {
                    FsError::NotFound if op == RedirectOp::Read => "no such file".to_owned(),
                    FsError::NotFound => "nonexistent directory".to_owned(),
                    error => error.to_string(),
                };
                match op {
                    RedirectOp::Read => format!("can't open {target}: {error}"),
                    _ => format!("can't create {target}: {error}"),
                }
            }
        };
        if target.is_empty() {
            return Err(failed(FsError::NotFound));
        }
        let path = resolve(&self.shell.cwd, target);
        let device = match path.as_str() {
            "/dev/null" => Some(Ofd::Null),
            "/dev/zero" => Some(Ofd::Zero),
            "/dev/tty" => Some(Ofd::Output(1)),
            _ => None,
        };
        if let Some(device) = device {
            return Ok(self.machine.add_ofd(device));
        }
        let own = match path.as_str() {
            "/dev/stdin" | "/proc/self/fd/0" => Some(0),
            "/dev/stdout" | "/proc/self/fd/1" | "/proc/1/fd/1" => Some(1),
            "/dev/stderr" | "/proc/self/fd/2" | "/proc/1/fd/2" => Some(2),
            _ => None,
        };
        if let Some(ofd) = own.and_then(|fd| fds.get(&fd)) {
            return Ok(*ofd);
        }
        let stat = self.fs.stat(&path);
        let is_dir = matches!(&stat, Ok(stat) if stat.kind == FileKind::Dir);
        let opened = match op {
            RedirectOp::Read => stat.map(|_| ()),
            _ if is_dir => Err(FsError::IsDir),
            RedirectOp::Write => self.fs.write(&path, ""),
            _ => self.fs.append(&path, ""),
        };
        opened.map_err(failed)?;
        let append = op == RedirectOp::Append;
        Ok(self.machine.add_ofd(Ofd::File {
            path: path.into(),
            offset: 0,
            append,
        }))
    }
}

fn is_assignment(word: &Word) -> bool {
    match word.parts.first() {
        Some(Part::Lit(text)) => text.split_once('=').is_some_and(|(name, _)| is_name(name)),
        _ => false,
    }
}
