//! The shell's machine: processes, pipes and scripts as one plain value that can be cloned.
//!
//! The real one is bash on a kernel. Here a running script is a stack of frames over a shared
//! syntax tree, so that a whole cluster of containers can be snapshotted in the middle of a
//! `while true` loop, and taken back. The caller moves time, input and output; `step` does a
//! bounded piece of work.
//!
//! Layout: `task` is what a process is, `io` pipes and files, `exec` the stack of frames, `compound`
//! the if, while and for among them, `simple` one command with its words and redirections, `expand` and `arith` what `$` means, `builtins`,
//! `test` and `printf` the commands inside the shell, `run` the round-robin over processes.
//!
//! `<(...)` runs to its end before the command that reads it starts; its output is a file in `/dev/fd`.

mod arith;
mod arrays;
mod builtins;
mod compound;
mod exec;
mod expand;
mod fields;
mod io;
mod jobs;
mod messages;
mod pace;
mod printf;
mod reader;
mod run;
mod signal;
mod simple;
mod spawn;
mod task;
mod test;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::fs::Fs;
use crate::syntax::{self, Aliases, Script, SyntaxError};

pub use builtins::names as builtin_names;
pub use io::StdinRead;
use io::{Ofd, Pipe};
pub use signal::Signal;
pub use task::Var;
use task::{Kind, Shell, Task};

pub type Pid = u32;
pub type Env = BTreeMap<String, String>;

/// Processes at one time; more is "fork: Resource temporarily unavailable".
pub(crate) const MAX_TASKS: usize = 128;
/// Output that the caller has not drained; whoever writes more has to wait.
const MAX_OUTPUT: usize = 1 << 20;
/// Lines that `history` remembers.
const MAX_HISTORY: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something was done; step again.
    Running,
    /// Nothing can be done until input comes, an external program acts, or this time is reached.
    Waiting { until_ms: Option<i64> },
    /// The line or the script has ended with this status.
    Done(i32),
}

/// How a name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A text tool of the machine if there is one, otherwise the host's.
    Default,
    /// Always the host's `spawn`.
    Host,
    /// Not installed here, even if the machine could run it (a distroless image has no `ls`).
    Missing,
}

/// The world outside of the machine: time, and programs that are not the machine's own.
pub trait Host {
    fn now_ms(&self) -> i64;

    /// Starts an external program; false means "command not found". `tty`: its standard output is
    /// the terminal. Bytes then move by `read_stdin`, `write` and `exited` of the machine.
    fn spawn(&mut self, pid: Pid, argv: &[String], env: &Env, cwd: &str, tty: bool) -> bool;

    /// The program has to end; the host answers with `Machine::exited` (now or later).
    fn kill(&mut self, pid: Pid, signal: Signal);

    /// Whether the program has asked to see this signal itself, and goes on.
    fn catches(&self, _pid: Pid, _signal: Signal) -> bool {
        false
    }

    /// The program is stopped, or goes on.
    fn pause(&mut self, _pid: Pid, _stopped: bool) {}

    /// For `type`, `command -v` and `which`: whether `spawn` would find it.
    fn has(&self, _name: &str) -> bool {
        false
    }

    fn lookup(&self, _name: &str) -> Lookup {
        Lookup::Default
    }
}

/// A host without programs, whose clock stands still: for filters and tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost {
    pub now_ms: i64,
}

impl Host for NoHost {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }
    fn spawn(&mut self, _: Pid, _: &[String], _: &Env, _: &str, _: bool) -> bool {
        false
    }
    fn kill(&mut self, _: Pid, _: Signal) {}
}

/// Output in the order in which it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// 1 or 2
    pub fd: u8,
    pub bytes: Vec<u8>,
}

/// Whose error words are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Bash,
    /// busybox ash: the shell of small images
    Busybox,
    /// Debian's sh
    Dash,
}

/// What `start` made of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    Started,
    /// More lines are needed: the prompt is `> `.
    Incomplete,
    /// A syntax error, already printed; the status is 2.
    Failed,
}

#[derive(Clone, Debug)]
pub struct Machine {
    tasks: BTreeMap<Pid, Task>,
    ofds: BTreeMap<u32, Ofd>,
    pipes: BTreeMap<u32, Pipe>,
    next_pid: Pid,
    next_id: u32,
    root: Pid,
    /// A session of lines, as opposed to one script that ends.
    interactive: bool,
    /// Signals sent inside a step, handled at its end.
    signals: Vec<(Pid, Signal)>,
    output: VecDeque<Chunk>,
    output_len: usize,
    stdin: VecDeque<u8>,
    stdin_closed: bool,
    /// File descriptors were closed: pipes may have lost their ends.
    fds_changed: bool,
    random: u64,
    /// The number of the last file made for a `<(...)`.
    last_file: u32,
    /// Lines that were typed, for `history`.
    history: Rc<Vec<String>>,
    pace: pace::Pace,
    /// Whether standard input and output are a terminal.
    pub tty_in: bool,
    pub tty_out: bool,
    pub columns: usize,
    pub dialect: Dialect,
    /// Process 1 of a container: signals without a trap do not reach it.
    pub init: bool,
    /// The shell's own name in its messages.
    pub name: Rc<str>,
}

impl Machine {
    pub fn new(env: Env, cwd: &str) -> Machine {
        let mut machine = Machine {
            tasks: BTreeMap::new(),
            ofds: BTreeMap::new(),
            pipes: BTreeMap::new(),
            next_pid: 1,
            next_id: 0,
            root: 1,
            interactive: true,
            signals: Vec::new(),
            output: VecDeque::new(),
            output_len: 0,
            stdin: VecDeque::new(),
            stdin_closed: false,
            fds_changed: false,
            random: 0x9E37_79B9_7F4A_7C15,
            last_file: 64,
            history: Rc::default(),
            pace: pace::Pace::default(),
            tty_in: false,
            tty_out: false,
            columns: 80,
            dialect: Dialect::Bash,
            init: false,
            name: "bash".into(),
        };
        let fds = BTreeMap::from([
            (0, machine.add_ofd(Ofd::Stdin)),
            (1, machine.add_ofd(Ofd::Output(1))),
            (2, machine.add_ofd(Ofd::Output(2))),
        ]);
        let shell = Shell::new(env, cwd);
        let pid = machine.take_pid();
        machine.root = pid;
        machine.tasks.insert(
            pid,
            Task::new(pid, 0, Kind::Shell(Box::new(shell)), fds, "bash"),
        );
        machine
    }

    /// The number that the next process gets, and the seed of `$RANDOM`.
    pub fn seed(&mut self, seed: u64) {
        self.random = seed ^ 0x9E37_79B9_7F4A_7C15;
    }

    /// Names process numbers as a long-running machine would; call it before anything starts.
    pub fn set_next_pid(&mut self, pid: Pid) {
        self.next_pid = self.next_pid.max(pid);
    }

    /// Starts a command line in the session's shell. Call it only when `is_idle`.
    pub fn start(&mut self, line: &str) -> Start {
        self.interactive = true;
        let aliases = self
            .root_shell()
            .map(|shell| shell.aliases.clone())
            .unwrap_or_default();
        let started = match syntax::parse(line, &aliases) {
            Ok(script) => {
                self.start_tree(script);
                Start::Started
            }
            Err(SyntaxError::Incomplete(_)) => return Start::Incomplete,
            Err(error) => {
                self.fail_start(line, &error);
                Start::Failed
            }
        };
        if !line.trim().is_empty() {
            let history = Rc::make_mut(&mut self.history);
            history.push(line.trim_end().to_owned());
            let spare = history.len().saturating_sub(MAX_HISTORY);
            history.drain(..spare);
        }
        started
    }

    /// As `start`, but a line that needs more is an error too: there is no more to come.
    pub fn start_last(&mut self, line: &str) -> Start {
        let aliases = self
            .root_shell()
            .map(|shell| shell.aliases.clone())
            .unwrap_or_default();
        match self.start(line) {
            Start::Incomplete => {
                if let Err(error) = syntax::parse(line, &aliases) {
                    self.fail_start(line, &error);
                }
                Start::Failed
            }
            other => other,
        }
    }

    /// A session at a prompt: messages carry no line numbers, errors do not end it.
    pub fn set_interactive(&mut self) {
        self.interactive = true;
        if let Some(shell) = self.root_shell_mut() {
            shell.options.interactive = true;
        }
    }

    /// Runs one script, as `sh -c SCRIPT ARGV0 ARGS...` does; `Done` comes when it has ended.
    pub fn start_script(&mut self, argv0: &str, script: &str, args: &[String]) -> Start {
        self.interactive = false;
        let argv0: Rc<str> = argv0.into();
        let parsed = syntax::parse(script, &Aliases::new());
        if let Some(shell) = self.root_shell_mut() {
            shell.argv0 = argv0;
            shell.args = Rc::new(args.to_vec());
        }
        match parsed {
            Ok(script) => {
                self.start_tree(script);
                Start::Started
            }
            Err(error) => {
                self.fail_start(script, &error);
                if let Some(task) = self.tasks.get_mut(&self.root) {
                    task.status = Some(2);
                }
                Start::Failed
            }
        }
    }

    /// Runs a program without a shell, as a container's `command:` does.
    pub fn start_argv(&mut self, argv: &[String]) -> Start {
        self.interactive = false;
        let root = self.root;
        if let Some(shell) = self.root_shell_mut() {
            shell.exec_argv(argv.to_vec());
        }
        if let (Some(task), Some(name)) = (self.tasks.get_mut(&root), argv.first()) {
            task.name = name.as_str().into();
        }
        Start::Started
    }

    fn start_tree(&mut self, script: Rc<Script>) {
        self.pace.wake();
        if let Some(shell) = self.root_shell_mut() {
            shell.push_script(script);
        }
    }

    fn fail_start(&mut self, line: &str, error: &SyntaxError) {
        let text = self.syntax_message(line, error, self.interactive);
        self.emit(2, text.as_bytes());
        if let Some(shell) = self.root_shell_mut() {
            shell.status = 2;
        }
    }

    /// Whether the session's shell waits for a line (jobs may run in the background).
    pub fn is_idle(&self) -> bool {
        match self.tasks.get(&self.root) {
            Some(task) => task.status.is_some() || task.is_idle(),
            None => true,
        }
    }

    /// Whether the session's shell is gone: `exit` was typed, or the script has ended.
    pub fn exit_status(&self) -> Option<i32> {
        match self.tasks.get(&self.root) {
            Some(task) => task.status,
            None => Some(0),
        }
    }

    /// `$?`
    pub fn status(&self) -> i32 {
        self.exit_status()
            .or_else(|| self.root_shell().map(|s| s.status))
            .unwrap_or(0)
    }

    pub fn cwd(&self) -> String {
        self.root_shell()
            .map_or_else(|| "/".to_owned(), |shell| shell.cwd.to_string())
    }

    pub fn set_cwd(&mut self, cwd: &str) {
        if let Some(shell) = self.root_shell_mut() {
            shell.cwd = cwd.into();
            shell.set_var("PWD", cwd);
        }
    }

    pub fn var(&self, name: &str) -> Option<String> {
        self.root_shell()?.var(name).map(str::to_owned)
    }

    /// Sets and exports a variable of the session's shell.
    pub fn set_env(&mut self, name: &str, value: &str) {
        if let Some(shell) = self.root_shell_mut() {
            shell.export(name, Some(value));
        }
    }

    /// The exported variables of the session's shell.
    pub fn env(&self) -> Env {
        self.root_shell().map(Shell::env).unwrap_or_default()
    }

    /// The names of all variables: for completion.
    pub fn var_names(&self) -> Vec<String> {
        self.root_shell()
            .map_or_else(Vec::new, |shell| shell.vars.keys().cloned().collect())
    }

    pub fn function_names(&self) -> Vec<String> {
        let names = |shell: &Shell| {
            shell
                .functions
                .keys()
                .map(|name| name.to_string())
                .collect()
        };
        self.root_shell().map_or_else(Vec::new, names)
    }

    pub fn alias(&mut self, name: &str, text: &str) {
        if let Some(shell) = self.root_shell_mut() {
            Rc::make_mut(&mut shell.aliases).insert(name.to_owned(), text.to_owned());
        }
    }

    pub fn aliases(&self) -> Aliases {
        self.root_shell()
            .map(|shell| (*shell.aliases).clone())
            .unwrap_or_default()
    }

    /// Standard input for whoever reads it.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.stdin.extend(bytes);
    }

    /// Ends standard input. `reopen_stdin` undoes it: at a terminal Ctrl+D ends one reader only.
    pub fn close_stdin(&mut self) {
        self.stdin_closed = true;
    }

    pub fn reopen_stdin(&mut self) {
        self.stdin_closed = false;
        self.stdin.clear();
    }

    /// Takes back what was fed and nobody has read.
    pub fn take_input(&mut self) -> Vec<u8> {
        self.stdin.drain(..).collect()
    }

    /// Takes what was written to standard output and standard error since the last time.
    pub fn drain(&mut self) -> Vec<Chunk> {
        self.output_len = 0;
        self.output.drain(..).collect()
    }

    /// A signal as the terminal or the kubelet sends it: INT to the foreground, others to the
    /// first process. False if nobody takes notice (process 1 without a trap).
    pub fn signal(&mut self, signal: Signal, fs: &mut Fs, host: &mut dyn Host) -> bool {
        self.deliver_from_outside(signal, fs, host)
    }

    /// Whether the first process has a trap for this signal.
    pub fn has_trap(&self, signal: Signal) -> bool {
        self.root_shell()
            .is_some_and(|shell| shell.traps.contains_key(signal.name()))
    }

    /// The processes that live: number and command line, oldest first.
    pub fn processes(&self) -> Vec<(Pid, String)> {
        let alive = self.tasks.values().filter(|task| task.status.is_none());
        alive.map(|task| (task.pid, task.title())).collect()
    }

    fn root_shell(&self) -> Option<&Shell> {
        match &self.tasks.get(&self.root)?.kind {
            Kind::Shell(shell) => Some(shell),
            _ => None,
        }
    }

    fn root_shell_mut(&mut self) -> Option<&mut Shell> {
        match &mut self.tasks.get_mut(&self.root)?.kind {
            Kind::Shell(shell) => Some(shell),
            _ => None,
        }
    }

    fn take_pid(&mut self) -> Pid {
        let pid = self.next_pid;
        self.next_pid = self.next_pid.wrapping_add(1).max(1);
        pid
    }

    fn next_random(&mut self) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.random >> 33) & 0x7FFF
    }
}
