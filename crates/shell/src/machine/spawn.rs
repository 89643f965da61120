//! From a command line to a process: a text tool, another shell, a script file, or the host's.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::builtins;
use super::exec::Flow;
use super::io::Ofd;
use super::run::SharedEnv;
use super::task::{Frame, Kind, Reader, Shell, Task, ToolTask};
use super::{Dialect, Env, Host, Lookup, MAX_TASKS, Machine, Pid};
use crate::filters;
use crate::fs::{FileKind, Fs, name, resolve};
use crate::syntax;

type Fds = BTreeMap<u32, u32>;

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash"];
const BIN_FOLDERS: &[&str] = &["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"];

/// What is to run, and where.
#[derive(Clone, Copy)]
pub(super) struct Launch<'a> {
    pub argv: &'a [String],
    pub env: &'a SharedEnv,
    pub cwd: &'a Rc<str>,
    pub fds: &'a Fds,
}

impl Machine {
    /// Finds and starts a program. The error is what a shell says, with the exit status.
    pub(super) fn make_kind(
        &mut self,
        pid: Pid,
        launch: Launch,
        fs: &mut Fs,
        host: &mut dyn Host,
    ) -> Result<Kind, (String, i32)> {
        let mut kind = self.find_kind(pid, launch, fs, host)?;
        if let Kind::Shell(shell) = &mut kind {
            shell.shell_pid = pid;
        }
        Ok(kind)
    }

    fn find_kind(
        &mut self,
        pid: Pid,
        launch: Launch,
        fs: &mut Fs,
        host: &mut dyn Host,
    ) -> Result<Kind, (String, i32)> {
        let Some(asked) = launch.argv.first().filter(|word| !word.is_empty()) else {
            return Err((": command not found".into(), 127));
        };
        let mut argv = launch.argv.to_vec();
        let mut command = asked.clone();
        if asked.contains('/') {
            let path = resolve(launch.cwd, asked);
            match fs.stat(&path) {
                Ok(stat) if stat.kind == FileKind::Dir => {
                    return Err((format!("{asked}: Is a directory"), 126));
                }
                Ok(stat) if stat.mode & 0o111 == 0 => {
                    return Err((format!("{asked}: Permission denied"), 126));
                }
                Ok(_) if self.is_script(&path, fs) => {
                    let text = fs.read_text(&path).unwrap_or_default();
                    let interpreter = shebang(&text);
                    if !SHELLS.contains(&name(&interpreter)) {
                        // `#!/usr/bin/awk -f`: the interpreter gets the script's path.
                        let mut line: Vec<String> =
                            interpreter.split(' ').map(str::to_owned).collect();
                        line.push(asked.clone());
                        line.extend(argv.drain(1..));
                        line[0] = name(&line[0]).to_owned();
                        let launch = Launch {
                            argv: &line,
                            ..launch
                        };
                        return self.make_named(pid, launch, fs, host);
                    }
                    return self.make_script(asked, &text, launch);
                }
                found => {
                    let folder = crate::fs::parent(&path).to_owned();
                    if found.is_err() && !BIN_FOLDERS.contains(&folder.as_str()) {
                        return Err((format!("{asked}: No such file or directory"), 127));
                    }
                    command = name(&path).to_owned();
                }
            }
        }
        argv[0] = command;
        let launch = Launch {
            argv: &argv,
            ..launch
        };
        self.make_named(pid, launch, fs, host)
            .map_err(
                |(error, status)| match asked.contains('/') && status == 127 {
                    true => (format!("{asked}: No such file or directory"), 127),
                    false => (error, status),
                },
            )
    }

    /// Files in a container's `/bin` only stand for programs; a script says `#!` or has text.
    fn is_script(&self, path: &str, fs: &Fs) -> bool {
        let data = fs.read(path).unwrap_or_default();
        data.starts_with(b"#!") || !data.is_empty() && !data.contains(&0)
    }

    fn make_named(
        &mut self,
        pid: Pid,
        launch: Launch,
        fs: &mut Fs,
        host: &mut dyn Host,
    ) -> Result<Kind, (String, i32)> {
        let Launch { argv, env, cwd, .. } = launch;
        let command = argv.first().map_or("", String::as_str);
        let missing = || Err((format!("{command}: command not found"), 127));
        let lookup = host.lookup(command);
        if lookup == Lookup::Missing {
            return missing();
        }
        if lookup == Lookup::Default {
            if SHELLS.contains(&command) {
                return self.make_shell(launch, fs);
            }
            if let Some(tool) = filters::find(command) {
                let tool = tool.start();
                return Ok(Kind::Tool(Box::new(ToolTask::new(tool, argv, env, cwd))));
            }
        }
        let tty = self.is_tty_ofd(launch.fds.get(&1));
        if host.spawn(pid, argv, env, cwd, tty) {
            self.pace.launched();
            return Ok(Kind::External);
        }
        // Builtins exist as programs too: `xargs echo`, `env printf`, `kubectl exec web -- test`.
        if builtins::find(command).is_some_and(|builtin| builtin.program) {
            let mut shell = Shell::new((**env).clone(), cwd);
            shell.subshell = true;
            shell.argv0 = command.into();
            let words = argv
                .iter()
                .map(|word| builtins::quote(word))
                .collect::<Vec<_>>();
            match syntax::parse(&words.join(" "), &syntax::Aliases::new()) {
                Ok(script) => shell.push_script(script),
                Err(_) => return missing(),
            }
            return Ok(Kind::Shell(Box::new(shell)));
        }
        // A script of one's own in a folder of $PATH.
        for folder in env.get("PATH").into_iter().flat_map(|path| path.split(':')) {
            let path = format!("{folder}/{command}");
            let stat = fs.stat(&path);
            if stat.is_ok_and(|s| s.kind == FileKind::File && s.mode & 0o111 != 0)
                && self.is_script(&path, fs)
            {
                let text = fs.read_text(&path).unwrap_or_default();
                return self.make_script(&path, &text, launch);
            }
        }
        missing()
    }

    /// `sh`, `sh -c TEXT`, `sh FILE`
    fn make_shell(&mut self, launch: Launch, fs: &mut Fs) -> Result<Kind, (String, i32)> {
        let Launch {
            argv,
            env,
            cwd,
            fds,
        } = launch;
        let own = argv.first().cloned().unwrap_or_default();
        let mut shell = Shell::new((**env).clone(), cwd);
        shell.argv0 = own.as_str().into();
        shell.subshell = true;
        let mut at = 1;
        let (mut inline, mut from_stdin, mut interactive) = (false, false, false);
        while let Some(flags) = argv.get(at).and_then(|arg| arg.strip_prefix('-')) {
            at += 1;
            match flags {
                "-" => break,
                "-login" | "-norc" | "-noprofile" | "-posix" => continue,
                "o" => {
                    if argv.get(at).is_some_and(|name| name == "pipefail") {
                        shell.options.pipefail = true;
                    }
                    at += 1;
                    continue;
                }
                _ => {}
            }
            for flag in flags.chars() {
                match flag {
                    'c' => inline = true,
                    'e' => shell.options.errexit = true,
                    'x' => shell.options.xtrace = true,
                    'u' => shell.options.nounset = true,
                    'f' => shell.options.noglob = true,
                    's' => from_stdin = true,
                    'i' => interactive = true,
                    'l' => {}
                    flag => return Err((format!("{own}: -{flag}: invalid option"), 2)),
                }
            }
            if inline {
                break;
            }
        }
        let rest = argv.get(at..).unwrap_or_default();
        if inline {
            let Some(text) = rest.first() else {
                return Err((format!("{own}: -c: option requires an argument"), 2));
            };
            if let Some(argv0) = rest.get(1) {
                shell.argv0 = argv0.as_str().into();
            }
            shell.args = Rc::new(rest.get(2..).unwrap_or_default().to_vec());
            return self.with_text(shell, text);
        }
        if let Some(file) = rest.first().filter(|_| !from_stdin) {
            let text = match fs.read_text(&resolve(cwd, file)) {
                Ok(text) => text,
                Err(error) => {
                    let error = match self.dialect {
                        Dialect::Bash => format!("{file}: {error}"),
                        _ => format!("can't open '{file}': {error}"),
                    };
                    return Err((error, 127));
                }
            };
            shell.argv0 = file.as_str().into();
            shell.args = Rc::new(rest.get(1..).unwrap_or_default().to_vec());
            return self.with_text(shell, &text);
        }
        let tty = self.is_tty_ofd(fds.get(&0)) && self.is_tty_ofd(fds.get(&1));
        let interactive = interactive || tty;
        shell.options.interactive = interactive;
        shell.args = Rc::new(rest.to_vec());
        shell.subshell = false;
        shell.reader = Some(Reader {
            interactive,
            ..Reader::default()
        });
        Ok(Kind::Shell(Box::new(shell)))
    }

    fn make_script(
        &mut self,
        asked: &str,
        text: &str,
        launch: Launch,
    ) -> Result<Kind, (String, i32)> {
        let mut shell = Shell::new((**launch.env).clone(), launch.cwd);
        shell.subshell = true;
        shell.argv0 = asked.into();
        shell.args = Rc::new(launch.argv.get(1..).unwrap_or_default().to_vec());
        self.with_text(shell, text)
    }

    fn with_text(&mut self, mut shell: Shell, text: &str) -> Result<Kind, (String, i32)> {
        match syntax::parse(text, &syntax::Aliases::new()) {
            Ok(script) => {
                shell.push_script(script);
                Ok(Kind::Shell(Box::new(shell)))
            }
            Err(error) => {
                let message = self.syntax_message(text, &error, false);
                shell.frames.push(Frame::Fail { message, status: 2 });
                Ok(Kind::Shell(Box::new(shell)))
            }
        }
    }

    /// A process of a tool's own.
    pub(super) fn spawn_child(
        &mut self,
        parent: &Task,
        launch: Launch,
        fs: &mut Fs,
        host: &mut dyn Host,
    ) -> Pid {
        let pid = self.take_pid();
        let made = match self.tasks.len() < MAX_TASKS {
            true => self.make_kind(pid, launch, fs, host),
            false => Err(("fork: Resource temporarily unavailable".to_owned(), 126)),
        };
        let (name, fds) = (launch.argv.join(" "), launch.fds.clone());
        let task = match made {
            Ok(kind) => Task::new(pid, parent.pid, kind, fds, &name),
            Err((error, status)) => {
                let own = parent.title();
                let own = own.split(' ').next().unwrap_or("");
                let error = exec_words(&error);
                let mut task = Task::new(pid, parent.pid, Kind::External, fds, &name);
                super::run::queue(&mut task, 2, format!("{own}: {error}\n").as_bytes());
                task.ending = Some(status);
                task
            }
        };
        self.tasks.insert(pid, task);
        pid
    }

    /// A process becomes another program.
    pub(super) fn exec_into(
        &mut self,
        task: &mut Task,
        argv: &[String],
        env: &SharedEnv,
        cwd: &Rc<str>,
        fs: &mut Fs,
        host: &mut dyn Host,
    ) -> Flow {
        self.fds_changed = true;
        let launch = Launch {
            argv,
            env,
            cwd,
            fds: &task.fds,
        };
        match self.make_kind(task.pid, launch, fs, host) {
            Ok(kind) => {
                task.kind = kind;
                task.name = argv.join(" ").into();
                Flow::Replaced
            }
            Err((error, status)) => {
                let own = task.title();
                let own = own.split(' ').next().unwrap_or("sh");
                let error = exec_words(&error);
                super::run::queue(task, 2, format!("{own}: {error}\n").as_bytes());
                task.kind = Kind::External;
                task.ending = Some(status);
                Flow::Replaced
            }
        }
    }

    /// Runs a line or a program as a child of an external program, with its environment and folder; ask `child_status` for its end.
    /// With `capture`, both its streams are collected for `take_child_output`.
    pub fn spawn_for(
        &mut self,
        parent: Pid,
        line: Result<&str, &[String]>,
        place: (&Env, &str),
        capture: bool,
        fs: &mut Fs,
        host: &mut dyn Host,
    ) -> Option<Pid> {
        let shell = self.root_shell()?;
        let mut shell = shell.fork(Vec::new());
        shell.options.interactive = true;
        let cwd: Rc<str> = place.1.into();
        shell.cwd = cwd.clone();
        for (name, value) in place.0 {
            shell.export(name, Some(value));
        }
        let env = Rc::new(place.0.clone());
        let parent_task = self.tasks.remove(&parent)?;
        let mut fds = parent_task.fds.clone();
        if capture {
            let ofd = self.add_ofd(Ofd::Capture(Vec::new()));
            fds.insert(1, ofd);
            fds.insert(2, ofd);
            fds.insert(0, self.add_ofd(Ofd::Null));
        }
        let pid = match line {
            Ok(line) => {
                let pid = self.take_pid();
                let mut task = Task::new(pid, parent, Kind::External, fds, line);
                match syntax::parse(line, &shell.aliases) {
                    Ok(script) => {
                        shell.frames.push(Frame::List {
                            script,
                            item: 0,
                            part: 0,
                        });
                        task.kind = Kind::Shell(Box::new(shell));
                    }
                    Err(error) => {
                        let message = self.syntax_message(line, &error, true);
                        super::run::queue(&mut task, 2, message.as_bytes());
                        task.ending = Some(2);
                    }
                }
                self.tasks.insert(pid, task);
                pid
            }
            Err(argv) => {
                let launch = Launch {
                    argv,
                    env: &env,
                    cwd: &cwd,
                    fds: &fds,
                };
                self.spawn_child(&parent_task, launch, fs, host)
            }
        };
        self.tasks.insert(parent, parent_task);
        if let Some(task) = self.tasks.get_mut(&pid) {
            task.watched = true;
            task.capture = task.fds.get(&1).copied().filter(|_| capture);
        }
        Some(pid)
    }

    /// The external program that wanted this child has ended.
    pub fn kill_child(&mut self, pid: Pid) {
        self.signals.push((pid, super::Signal::Kill));
        if let Some(task) = self.tasks.get_mut(&pid) {
            task.watched = false;
        }
    }

    /// The status of a child made by `spawn_for`, and what it wrote; `None` while it runs.
    pub fn child_status(&mut self, pid: Pid) -> Option<(i32, Vec<u8>)> {
        let status = match self.tasks.get(&pid) {
            Some(task) => task.status?,
            None => return Some((127, Vec::new())),
        };
        let capture = self.tasks.remove(&pid).and_then(|task| task.capture);
        let output = capture
            .map(|ofd| self.take_capture(ofd))
            .unwrap_or_default();
        Some((status, output))
    }
}

impl ToolTask {
    fn new(
        tool: Box<dyn filters::Tool>,
        argv: &[String],
        env: &SharedEnv,
        cwd: &Rc<str>,
    ) -> ToolTask {
        ToolTask {
            tool,
            argv: argv.into(),
            env: env.clone(),
            cwd: cwd.clone(),
            wake_ms: None,
            child: None,
            deadline_ms: None,
            timed_out: false,
            child_status: None,
        }
    }
}

/// What `env`, `xargs` and a container runtime say where a shell says "command not found".
fn exec_words(error: &str) -> String {
    match error.strip_suffix(": command not found") {
        Some(name) => format!("{name}: No such file or directory"),
        None => error.to_owned(),
    }
}

/// The interpreter of a script: `sh` if the first line names none.
fn shebang(text: &str) -> String {
    let first = text.lines().next().unwrap_or("");
    let Some(line) = first.strip_prefix("#!") else {
        return "sh".to_owned();
    };
    let mut words = line.split_whitespace();
    let mut program = words.next().unwrap_or("sh").to_owned();
    if name(&program) == "env" {
        program = words.next().unwrap_or("sh").to_owned();
    }
    let rest: Vec<&str> = words.collect();
    match SHELLS.contains(&name(&program)) || rest.is_empty() {
        true => program,
        false => format!("{program} {}", rest.join(" ")),
    }
}
