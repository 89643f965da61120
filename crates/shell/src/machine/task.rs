//! What a process is: a shell with its stack of frames, a text tool, or a program of the host.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

pub use super::arrays::Items;
use super::{Env, Pid, Signal};
use crate::filters::Tool;
use crate::syntax::{Aliases, Command, Script};

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub pid: Pid,
    pub parent: Pid,
    pub kind: Kind,
    /// File descriptor → open file.
    pub fds: BTreeMap<u32, u32>,
    /// Written, but not yet taken by the open file. The task waits until this is empty.
    pub out: VecDeque<(u32, Vec<u8>)>,
    pub status: Option<i32>,
    /// It has ended, but its output is still on the way.
    pub ending: Option<i32>,
    pub name: Rc<str>,
    pub background: bool,
    /// By Ctrl+Z; it does nothing until `fg` or `bg`.
    pub stopped: bool,
    /// The caller asks for its status (`child_status`); no shell waits for it.
    pub watched: bool,
    /// Where its output is collected, for such a caller.
    pub capture: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Shell(Box<Shell>),
    Tool(Box<ToolTask>),
    External,
}

#[derive(Clone, Debug)]
pub(super) struct ToolTask {
    pub tool: Box<dyn Tool>,
    pub argv: Rc<[String]>,
    pub env: Rc<Env>,
    pub cwd: Rc<str>,
    pub wake_ms: Option<i64>,
    /// A child that the tool runs (xargs, timeout), and when to kill it.
    pub child: Option<Pid>,
    pub deadline_ms: Option<i64>,
    pub timed_out: bool,
    pub child_status: Option<i32>,
}

impl Task {
    pub fn new(pid: Pid, parent: Pid, kind: Kind, fds: BTreeMap<u32, u32>, name: &str) -> Task {
        Task {
            pid,
            parent,
            kind,
            fds,
            out: VecDeque::new(),
            status: None,
            ending: None,
            name: name.into(),
            background: false,
            stopped: false,
            watched: false,
            capture: None,
        }
    }

    pub fn is_idle(&self) -> bool {
        match &self.kind {
            Kind::Shell(shell) => {
                // A shell that reads its standard input is waiting, not idle.
                shell.reader.is_none()
                    && shell.frames.is_empty()
                    && shell.pending.is_empty()
                    && self.out.is_empty()
            }
            _ => false,
        }
    }

    pub fn title(&self) -> String {
        match &self.kind {
            Kind::Tool(tool) => tool.argv.join(" "),
            _ => self.name.to_string(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Var {
    pub value: String,
    /// Of an array; the value above is element 0.
    pub items: Option<Rc<Items>>,
    pub exported: bool,
    pub read_only: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Shell {
    pub vars: Rc<BTreeMap<String, Var>>,
    pub functions: Rc<BTreeMap<Rc<str>, Rc<Command>>>,
    pub aliases: Rc<Aliases>,
    pub cwd: Rc<str>,
    pub argv0: Rc<str>,
    pub args: Rc<Vec<String>>,
    pub frames: Vec<Frame>,
    pub status: i32,
    pub options: Options,
    pub traps: Rc<BTreeMap<String, Rc<str>>>,
    pub jobs: Vec<Job>,
    pub last_background: Option<Pid>,
    /// Signals for which there is a trap, not run yet.
    pub pending: Vec<Signal>,
    /// Results of the command substitutions of the word that is being expanded.
    pub captured: Vec<Rc<str>>,
    pub capture_status: Option<i32>,
    /// Reads its commands from standard input: `sh` without arguments.
    pub reader: Option<Reader>,
    /// A forked copy: it ends when its frames do.
    pub subshell: bool,
    /// `$$`, which subshells inherit.
    pub shell_pid: Pid,
    pub line: u32,
    pub exiting: bool,
    /// `getopts`: the argument it has come to, and the letter in it.
    pub getopts: (usize, usize),
    /// `pushd`
    pub folders: Vec<Rc<str>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    pub buffer: String,
    pub line: Vec<u8>,
    pub prompted: bool,
    pub interactive: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub errexit: bool,
    pub xtrace: bool,
    pub nounset: bool,
    pub noglob: bool,
    /// Commands are typed: messages carry no line numbers.
    pub interactive: bool,
    pub pipefail: bool,
    pub nullglob: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Job {
    pub number: u32,
    pub pids: Vec<Pid>,
    pub text: Rc<str>,
    pub status: Option<i32>,
    pub stopped: bool,
}

/// Where a compound command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Start,
    Condition,
    Body,
    Step,
}

#[derive(Clone, Debug)]
pub(super) enum Frame {
    List {
        script: Rc<Script>,
        item: usize,
        part: usize,
    },
    /// One item of a list, in the background.
    Item {
        script: Rc<Script>,
        item: usize,
        part: usize,
    },
    Negate,
    Command(Rc<Command>),
    Simple(Box<SimpleFrame>),
    /// A compound command whose redirections are being expanded.
    Redirecting {
        command: Rc<Command>,
        targets: Vec<String>,
    },
    Restore(Box<Saved>),
    Wait {
        pids: Vec<Pid>,
        negated: bool,
    },
    /// Waits for a command substitution; its output goes to `captured`.
    Capture {
        pid: Pid,
        ofd: u32,
        /// `<(...)`: what was collected becomes a file.
        file: bool,
    },
    If {
        command: Rc<Command>,
        arm: usize,
        stage: Stage,
    },
    Loop {
        command: Rc<Command>,
        stage: Stage,
        status: i32,
    },
    For {
        command: Rc<Command>,
        word: usize,
        values: Vec<String>,
        at: usize,
        ready: bool,
    },
    ForArith {
        command: Rc<Command>,
        stage: Stage,
    },
    Case {
        command: Rc<Command>,
        subject: Option<String>,
        arm: usize,
        pattern: usize,
    },
    Arith {
        command: Rc<Command>,
    },
    Condition {
        command: Rc<Command>,
        words: Vec<String>,
    },
    Call {
        name: Rc<str>,
        args: Rc<Vec<String>>,
        locals: Vec<(String, Option<Var>)>,
    },
    /// The edge of a sourced file, for `return`.
    Source {
        args: Option<Rc<Vec<String>>>,
    },
    /// A trap's action is running; `$?` comes back afterwards.
    Trap {
        status: i32,
    },
    Read(Box<ReadFrame>),
    WaitAny {
        pids: Vec<Pid>,
        all: bool,
    },
    /// Replaces the process by a program.
    Exec {
        argv: Vec<String>,
        env: Option<Rc<Env>>,
    },
    Exit(i32),
    /// Prints and ends: a script that could not be parsed.
    Fail {
        message: String,
        status: i32,
    },
}

#[derive(Clone, Debug)]
pub(super) struct SimpleFrame {
    pub command: Rc<Command>,
    /// Next of words, then redirections, then assignments to expand.
    pub at: usize,
    pub argv: Vec<String>,
    pub targets: Vec<String>,
    pub values: Vec<String>,
    /// Of the array that is being assigned: which word comes next, and what those before came to.
    pub item: usize,
    pub items: Vec<(Option<String>, String)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    /// What the file descriptors were before.
    pub fds: Vec<(u32, Option<u32>)>,
    pub vars: Vec<(String, Option<Var>)>,
}

/// Where what was read goes: variables, one array of its words (`read -a`), one of its lines (`mapfile`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Into {
    Names,
    Words,
    Lines { strip: bool },
}

#[derive(Clone, Debug)]
pub(super) struct ReadFrame {
    pub names: Vec<String>,
    pub into: Into,
    pub raw: bool,
    pub line: Vec<u8>,
    pub delimiter: u8,
    pub most: Option<usize>,
    pub until_ms: Option<i64>,
}

impl Shell {
    pub fn new(env: Env, cwd: &str) -> Shell {
        let var = |value| Var {
            value,
            exported: true,
            ..Var::default()
        };
        // Not collected, which would sort: a sort is made anew for each type, and costs the page kilobytes.
        let mut vars: BTreeMap<String, Var> = BTreeMap::new();
        vars.extend(env.into_iter().map(|(name, value)| (name, var(value))));
        vars.insert("PWD".to_owned(), var(cwd.to_owned()));
        let plain = |value: &str| Var {
            value: value.to_owned(),
            ..Var::default()
        };
        vars.entry("IFS".to_owned())
            .or_insert_with(|| plain(" \t\n"));
        Shell {
            vars: Rc::new(vars),
            functions: Rc::default(),
            aliases: Rc::default(),
            cwd: cwd.into(),
            argv0: "bash".into(),
            args: Rc::default(),
            frames: Vec::new(),
            status: 0,
            options: Options::default(),
            traps: Rc::default(),
            jobs: Vec::new(),
            last_background: None,
            pending: Vec::new(),
            captured: Vec::new(),
            capture_status: None,
            reader: None,
            subshell: false,
            shell_pid: 1,
            line: 1,
            exiting: false,
            getopts: (1, 0),
            folders: Vec::new(),
        }
    }

    /// A forked copy that shares everything and runs something else.
    pub fn fork(&self, frames: Vec<Frame>) -> Shell {
        Shell {
            vars: self.vars.clone(),
            functions: self.functions.clone(),
            aliases: self.aliases.clone(),
            cwd: self.cwd.clone(),
            argv0: self.argv0.clone(),
            args: self.args.clone(),
            frames,
            status: self.status,
            options: self.options,
            traps: Rc::default(),
            jobs: Vec::new(),
            last_background: self.last_background,
            pending: Vec::new(),
            captured: Vec::new(),
            capture_status: None,
            reader: None,
            subshell: true,
            shell_pid: self.shell_pid,
            line: self.line,
            exiting: false,
            getopts: self.getopts,
            folders: self.folders.clone(),
        }
    }

    pub fn push_script(&mut self, script: Rc<Script>) {
        self.frames.push(Frame::List {
            script,
            item: 0,
            part: 0,
        });
    }

    pub fn exec_argv(&mut self, argv: Vec<String>) {
        self.subshell = true;
        self.frames.push(Frame::Exec { argv, env: None });
    }

    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(|var| var.value.as_str())
    }

    /// False if the variable is read-only.
    pub fn set_var(&mut self, name: &str, value: &str) -> bool {
        match self.vars.get(name) {
            Some(var) if var.read_only => return false,
            Some(var) if var.value == value => return true,
            _ => {}
        }
        let vars = Rc::make_mut(&mut self.vars);
        let var = vars.entry(name.to_owned()).or_default();
        var.value = value.to_owned();
        if var.items.is_some() {
            return self.set_element(name, "0", Some(value));
        }
        true
    }

    pub fn export(&mut self, name: &str, value: Option<&str>) -> bool {
        if let Some(value) = value
            && !self.set_var(name, value)
        {
            return false;
        }
        Rc::make_mut(&mut self.vars)
            .entry(name.to_owned())
            .or_default()
            .exported = true;
        true
    }

    pub fn put_var(&mut self, name: &str, var: Option<Var>) {
        let vars = Rc::make_mut(&mut self.vars);
        match var {
            Some(var) => vars.insert(name.to_owned(), var),
            None => vars.remove(name),
        };
    }

    pub fn env(&self) -> Env {
        let exported = (self.vars.iter()).filter(|(_, var)| var.exported && var.items.is_none());
        let mut env = Env::default();
        env.extend(exported.map(|(name, var)| (name.clone(), var.value.clone())));
        env
    }
}
