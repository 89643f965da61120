//! Programs of the learner's machine that are not the shell's own: kubectl, curl, watch, minikube.
//!
//! A program is an async function of a `Ctx`. It waits for virtual time, for input, or for the
//! world to change, and never blocks anything; the terminal polls it. The real ones are processes;
//! what a process has (arguments, environment, standard streams, signals) is in `Ctx`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::fs::Fs;
use crate::machine::{Env, Signal};

pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
pub type Run = Rc<dyn Fn(Ctx) -> LocalBoxFuture<'static, i32>>;
pub type Complete = Rc<dyn Fn(&CompletionRequest) -> Vec<Candidate>>;

#[derive(Clone)]
pub struct Program {
    pub name: &'static str,
    /// One line for `help`.
    pub summary: &'static str,
    pub run: Run,
    pub complete: Option<Complete>,
}

impl Program {
    /// A program from an async function.
    pub fn new<F>(
        name: &'static str,
        summary: &'static str,
        run: impl Fn(Ctx) -> F + 'static,
    ) -> Program
    where
        F: Future<Output = i32> + 'static,
    {
        let run: Run = Rc::new(move |ctx| Box::pin(run(ctx)));
        Program {
            name,
            summary,
            run,
            complete: None,
        }
    }

    pub fn with_complete(
        mut self,
        complete: impl Fn(&CompletionRequest) -> Vec<Candidate> + 'static,
    ) -> Program {
        self.complete = Some(Rc::new(complete));
        self
    }
}

/// What a program is asked when Tab is pressed among its arguments.
#[derive(Clone)]
pub struct CompletionRequest {
    /// The words before the one being completed, the program's name first; quotes are taken off,
    /// aliases resolved.
    pub words: Vec<String>,
    /// What stands of the word being completed.
    pub current: String,
    pub env: Env,
    pub cwd: String,
    pub fs: Rc<RefCell<Fs>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The whole word, not only what is missing.
    pub text: String,
    /// Shown beside it in the list.
    pub description: String,
    /// No blank is put after it: `--image=`, `dir/`.
    pub partial: bool,
}

impl Candidate {
    pub fn new(text: impl Into<String>) -> Candidate {
        let text = text.into();
        let partial = text.ends_with('=') || text.ends_with('/');
        Candidate {
            text,
            description: String::new(),
            partial,
        }
    }

    pub fn described(text: impl Into<String>, description: impl Into<String>) -> Candidate {
        Candidate {
            description: description.into(),
            ..Candidate::new(text)
        }
    }
}

/// A running program's handle on its process. Cloning it gives another handle on the same one.
#[derive(Clone)]
pub struct Ctx {
    /// The arguments, the program's own name first.
    pub args: Rc<[String]>,
    pub(crate) process: Rc<Process>,
}

/// A command that a program runs through the shell.
pub(crate) enum Child {
    Wanted {
        command: ChildCommand,
        capture: bool,
    },
    Running,
    Ended {
        status: i32,
        output: Vec<u8>,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum ChildCommand {
    Line(String),
    Argv(Vec<String>),
}

type Cleanup = Box<dyn FnOnce(&Ctx)>;

/// What the terminal and the program share. Interior mutability by field: no borrow outlives a
/// line, so none can be held over an await.
pub(crate) struct Process {
    pub env: Env,
    pub cwd: String,
    pub fs: Rc<RefCell<Fs>>,
    pub out: RefCell<Vec<(u8, Vec<u8>)>>,
    pub input: RefCell<VecDeque<u8>>,
    pub input_end: Cell<bool>,
    pub wants_input: Cell<bool>,
    pub now_ms: Cell<i64>,
    pub epoch: Cell<u64>,
    pub wake_ms: Cell<Option<i64>>,
    pub wants_change: Cell<bool>,
    pub broken: Cell<bool>,
    pub interrupted: Cell<Option<Signal>>,
    pub catches_interrupt: Cell<bool>,
    pub on_exit: RefCell<Vec<Cleanup>>,
    pub tty_in: Cell<bool>,
    pub tty_out: Cell<bool>,
    pub columns: Cell<usize>,
    pub rows: Cell<usize>,
    pub children: RefCell<BTreeMap<u32, Child>>,
    pub next_child: Cell<u32>,
    /// What the last poll saw: the epoch, and the length of the input.
    pub seen: Cell<(u64, usize, bool)>,
    pub nudged: Cell<bool>,
}

impl Process {
    pub fn changed_since_poll(&self) -> bool {
        self.epoch.get() != self.seen.get().0
    }

    pub fn input_since_poll(&self) -> bool {
        let (_, length, ended) = self.seen.get();
        self.input.borrow().len() != length || self.input_end.get() != ended || ended
    }

    pub fn note_poll(&self) {
        self.seen.set((
            self.epoch.get(),
            self.input.borrow().len(),
            self.input_end.get(),
        ));
    }

    /// Polls the program once more, whatever it waits for.
    pub fn nudge(&self) {
        self.nudged.set(true);
    }

    pub fn take_nudge(&self) -> bool {
        self.nudged.replace(false)
    }
}

impl Ctx {
    pub(crate) fn new(args: Vec<String>, env: Env, cwd: String, fs: Rc<RefCell<Fs>>) -> Ctx {
        let process = Process {
            env,
            cwd,
            fs,
            out: RefCell::default(),
            input: RefCell::default(),
            input_end: Cell::new(false),
            wants_input: Cell::new(false),
            now_ms: Cell::new(0),
            epoch: Cell::new(0),
            wake_ms: Cell::new(None),
            wants_change: Cell::new(false),
            broken: Cell::new(false),
            interrupted: Cell::new(None),
            catches_interrupt: Cell::new(false),
            on_exit: RefCell::default(),
            tty_in: Cell::new(false),
            tty_out: Cell::new(false),
            columns: Cell::new(80),
            rows: Cell::new(24),
            children: RefCell::default(),
            next_child: Cell::new(1),
            seen: Cell::new((0, 0, false)),
            nudged: Cell::new(false),
        };
        Ctx {
            args: args.into(),
            process: Rc::new(process),
        }
    }

    /// The same process with other arguments: how one program calls another (`minikube kubectl`).
    pub fn with_args(&self, args: Vec<String>) -> Ctx {
        Ctx {
            args: args.into(),
            process: self.process.clone(),
        }
    }

    pub fn env(&self, name: &str) -> Option<String> {
        self.process.env.get(name).cloned()
    }

    /// All exported variables.
    pub fn environment(&self) -> Env {
        self.process.env.clone()
    }

    pub fn cwd(&self) -> &str {
        &self.process.cwd
    }

    /// A path as the program was given it, made absolute.
    pub fn resolve(&self, path: &str) -> String {
        crate::fs::resolve(&self.process.cwd, path)
    }

    pub fn out(&self, text: &str) {
        self.write(1, text.as_bytes());
    }

    pub fn err(&self, text: &str) {
        self.write(2, text.as_bytes());
    }

    /// Writes bytes to standard output (1) or standard error (2).
    pub fn write(&self, fd: u8, bytes: &[u8]) {
        if bytes.is_empty() || self.process.broken.get() {
            return;
        }
        let mut out = self.process.out.borrow_mut();
        match out.last_mut() {
            Some((last, buffer)) if *last == fd => buffer.extend_from_slice(bytes),
            _ => out.push((fd, bytes.to_vec())),
        }
    }

    pub fn is_tty_out(&self) -> bool {
        self.process.tty_out.get()
    }

    pub fn is_tty_in(&self) -> bool {
        self.process.tty_in.get()
    }

    pub fn columns(&self) -> usize {
        self.process.columns.get()
    }

    pub fn rows(&self) -> usize {
        self.process.rows.get()
    }

    pub fn now_ms(&self) -> i64 {
        self.process.now_ms.get()
    }

    pub fn with_fs<T>(&self, f: impl FnOnce(&mut Fs) -> T) -> T {
        f(&mut self.process.fs.borrow_mut())
    }

    /// The next line of standard input, without its line break; `None` at its end.
    pub async fn read_line(&self) -> Option<String> {
        loop {
            let line = {
                let mut input = self.process.input.borrow_mut();
                match input.iter().position(|byte| *byte == b'\n') {
                    Some(at) => Some(input.drain(..=at).take(at).collect::<Vec<u8>>()),
                    None if self.process.input_end.get() && !input.is_empty() => {
                        Some(input.drain(..).collect())
                    }
                    None if self.process.input_end.get() => return None,
                    None => None,
                }
            };
            match line {
                Some(line) => return Some(String::from_utf8_lossy(&line).into_owned()),
                None => {
                    self.wait(Wait {
                        input: true,
                        ..Wait::default()
                    })
                    .await
                }
            }
        }
    }

    pub async fn read_all(&self) -> Vec<u8> {
        while !self.process.input_end.get() {
            self.wait(Wait {
                input: true,
                ..Wait::default()
            })
            .await;
        }
        self.process.input.borrow_mut().drain(..).collect()
    }

    /// What has come on standard input so far: `None` if nothing, empty at its end. Combine it
    /// with `wait(Wait { input: true, .. })`.
    pub fn stdin_ready(&self) -> Option<Vec<u8>> {
        let bytes: Vec<u8> = self.process.input.borrow_mut().drain(..).collect();
        (!bytes.is_empty() || self.process.input_end.get()).then_some(bytes)
    }

    pub async fn sleep(&self, ms: i64) {
        let until_ms = Some(self.now_ms().saturating_add(ms.max(0)));
        self.wait(Wait {
            until_ms,
            ..Wait::default()
        })
        .await;
    }

    /// Resolves the next time the world was advanced or time passed.
    pub async fn changed(&self) {
        self.wait(Wait {
            change: true,
            ..Wait::default()
        })
        .await;
    }

    /// Resolves when any of what is asked for has come.
    pub fn wait(&self, wait: Wait) -> impl Future<Output = ()> + use<> {
        let since = self.process.epoch.get();
        let had = self.process.input.borrow().len();
        Waiting {
            process: self.process.clone(),
            wait,
            since,
            had,
            first: true,
        }
    }

    /// The signal that came, for a program that has called `catch_interrupt`.
    pub fn interrupted(&self) -> bool {
        self.process.interrupted.get().is_some()
    }

    /// As [`Ctx::interrupted`], and the next one will be seen too.
    pub fn take_interrupt(&self) -> bool {
        self.process.interrupted.take().is_some()
    }

    /// From now on Ctrl+C does not end the program: it sees it by `interrupted`, and `wait` and
    /// `changed` resolve. A second Ctrl+C ends it.
    pub fn catch_interrupt(&self) {
        self.process.catches_interrupt.set(true);
    }

    /// Runs when the program is ended by a signal or by a closed pipe, not when it returns.
    pub fn on_exit(&self, cleanup: impl FnOnce(&Ctx) + 'static) {
        self.process.on_exit.borrow_mut().push(Box::new(cleanup));
    }

    /// Runs a command line in a shell of its own, and gives its status, and what it wrote to both
    /// streams.
    pub async fn capture(&self, line: &str) -> (i32, Vec<u8>) {
        self.child(ChildCommand::Line(line.to_owned()), true).await
    }

    /// Runs a program with this one's streams: `sudo`, `time`.
    pub async fn exec(&self, argv: Vec<String>) -> i32 {
        self.child(ChildCommand::Argv(argv), false).await.0
    }

    async fn child(&self, command: ChildCommand, capture: bool) -> (i32, Vec<u8>) {
        let id = self.process.next_child.get();
        self.process.next_child.set(id + 1);
        self.process
            .children
            .borrow_mut()
            .insert(id, Child::Wanted { command, capture });
        ChildEnd {
            process: self.process.clone(),
            id,
        }
        .await
    }
}

/// What to wait for; anything set ends the wait.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wait {
    pub until_ms: Option<i64>,
    /// The world was advanced, or time passed.
    pub change: bool,
    /// Standard input has something new, or has ended.
    pub input: bool,
}

struct Waiting {
    process: Rc<Process>,
    wait: Wait,
    since: u64,
    had: usize,
    first: bool,
}

impl Future for Waiting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let process = &this.process;
        let time = this
            .wait
            .until_ms
            .is_some_and(|until| process.now_ms.get() >= until);
        let change = this.wait.change && process.epoch.get() != this.since;
        let input =
            this.wait.input && (process.input.borrow().len() > this.had || process.input_end.get());
        let signal = process.interrupted.get().is_some() && !this.first;
        this.first = false;
        if time || change || input || signal {
            return Poll::Ready(());
        }
        let earlier = |a: Option<i64>, b: i64| Some(a.map_or(b, |a| a.min(b)));
        if let Some(until) = this.wait.until_ms {
            process.wake_ms.set(earlier(process.wake_ms.get(), until));
        }
        process
            .wants_change
            .set(process.wants_change.get() || this.wait.change);
        process
            .wants_input
            .set(process.wants_input.get() || this.wait.input);
        Poll::Pending
    }
}

struct ChildEnd {
    process: Rc<Process>,
    id: u32,
}

impl Future for ChildEnd {
    type Output = (i32, Vec<u8>);

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let mut children = self.process.children.borrow_mut();
        match children.get(&self.id) {
            Some(Child::Ended { .. }) => match children.remove(&self.id) {
                Some(Child::Ended { status, output }) => Poll::Ready((status, output)),
                _ => Poll::Ready((1, Vec::new())),
            },
            Some(_) => Poll::Pending,
            None => Poll::Ready((1, Vec::new())),
        }
    }
}
