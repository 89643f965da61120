//! One session: cluster + shell + programs + lesson, behind plain-data messages.
//!
//! [`Playground`] is what the page, the native binary and the tests drive: send [`Input`]s, let real time pass, drain
//! [`Output`]s. It knows no browser and no real time.
//!
//! Layout, in reading order:
//! - [`message`]: the boundary; [`session`], [`shared`], `reach`: cluster and terminal moved through virtual time together.
//! - [`console`]: keys to command lines; [`tell`]: what is told to the page; [`look`], [`inspect`], [`why`]: reading the store.
//! - [`save`]: a session as text; [`replay`]: lessons' solutions; [`transcript`]: sessions in Markdown; [`bench`].
//! - [`editor`]: what Monaco asks about a manifest.

pub mod bench;
pub mod console;
pub mod editor;
mod faults;
pub mod inspect;
pub mod look;
pub mod message;

mod reach;
pub mod replay;
pub mod save;
pub mod session;
pub mod shared;
mod tell;
pub mod trace;
pub mod transcript;
pub mod why;

pub use message::{Input, Inspection, LessonView, Output, Ref, Speed, StepView, WhyCard};

use cluster::{Cluster, World};
use console::{Act, Console};
use lesson::{Index, Progress};
use machinery::time::Millis;
use session::{HOME, Session};
use shell::terminal::Snapshot as TerminalSnapshot;
use std::collections::BTreeSet;
use std::rc::Rc;

/// How many commands can be taken back.
const UNDO_MAX: usize = 50;
/// How far virtual time may fall behind before it is let go: the page was hidden, or the machine is too slow.
const BEHIND_MAX_MS: f64 = 120_000.0;

/// One learner's session.
pub struct Playground {
    pub(crate) session: Session,
    pub(crate) console: Console,
    pub(crate) lessons: Rc<Index>,
    pub(crate) progress: Option<Progress>,
    /// Slugs of lessons that were finished.
    pub(crate) finished: BTreeSet<String>,
    pub(crate) language: String,
    pub(crate) seed: u64,
    pub(crate) speed: Speed,
    /// Virtual milliseconds that real time has given and that are not yet lived.
    owed_ms: f64,
    undo: Vec<Snapshot>,
    pub(crate) record: save::Record,
    pub(crate) teller: tell::Teller,
    outputs: Vec<Output>,
    running: Option<String>,
}

/// All that a command can change.
struct Snapshot {
    cluster: Cluster,
    is_up: bool,
    terminal: TerminalSnapshot,
    progress: Option<Progress>,
    line: String,
}

impl Playground {
    /// A fresh session in the standard world (three nodes), open at a lesson ("" for none), in a language (`ko`, `en`).
    pub fn new(seed: u64, lesson: &str, language: &str) -> Playground {
        // The lessons are part of the program and held by a test; were they broken, the session is still a session.
        let lessons = Rc::new(lesson::built_in().unwrap_or_default());
        Playground::with_lessons(seed, lessons, lesson, language)
    }

    pub fn with_lessons(seed: u64, lessons: Rc<Index>, lesson: &str, language: &str) -> Playground {
        let chosen = lessons.get(lesson).cloned().map(Rc::new);
        let world = match &chosen {
            // There is no cluster until `minikube start`.
            Some(l) if l.minikube => World {
                seed,
                ..World::standard(0)
            },
            Some(l) => World {
                seed,
                ..World::standard(l.nodes)
            },
            None => World {
                seed,
                ..World::standard(3)
            },
        };
        let world = World {
            load_balancer: true,
            metrics: true,
            ..world
        };
        let session = Session::new(world, chosen.as_ref().is_none_or(|l| !l.minikube));
        session.shared.cluster.borrow_mut().listening = true;
        let mut session = session;
        session.terminal.set_tty(true);
        let mut playground = Playground {
            session,
            console: Console::new(),
            lessons,
            progress: chosen.map(Progress::new),
            finished: BTreeSet::new(),
            language: language.to_string(),
            seed,
            speed: Speed::Times(1),
            owed_ms: 0.0,
            undo: Vec::new(),
            record: save::Record::default(),
            teller: tell::Teller::default(),
            outputs: Vec::new(),
            running: None,
        };
        playground.lay_out_files();
        let hello = console::greeting(&playground.language);
        playground.outputs.push(Output::Screen(hello));
        playground.show_prompt();
        playground.tell_all();
        playground
    }

    fn lay_out_files(&mut self) {
        let lesson = self.progress.as_ref().map(|p| p.lesson.clone());
        let files = lesson.as_ref().map_or_else(
            || {
                vec![(
                    "nginx-pod.yaml".to_string(),
                    console::FIRST_FILE.to_string(),
                )]
            },
            |l| l.files.clone(),
        );
        for (name, text) in files {
            transcript::lay_out(&mut self.session, &name, &text);
        }
        if let Some(open) = lesson.map(|l| l.open.clone()).filter(|o| !o.is_empty()) {
            self.outputs.push(Output::OpenEditor {
                path: format!("{HOME}/{open}"),
            });
        }
    }

    pub fn now(&self) -> Millis {
        self.session.now()
    }

    /// What happened since the last drain.
    pub fn drain(&mut self) -> Vec<Output> {
        self.tell();
        std::mem::take(&mut self.outputs)
    }

    pub fn input(&mut self, input: Input) {
        // All that was due comes first, so that a replay finds the same order.
        let now = self.now();
        self.advance(now, 100_000);
        self.record.note(self.now(), &input);
        match input {
            Input::Keys(keys) => self.keys(&keys),
            Input::Type(line) => {
                let acts = self
                    .console
                    .type_line(&line, self.running.is_some(), &mut self.session);
                self.act(acts);
            }
            Input::Run(line) => self.run(&line),
            Input::Resize { columns, rows } => {
                self.session.terminal.resize(columns.into(), rows.into());
                self.console.resize(columns.into());
            }
            Input::Save { path, text } => self.save_file(&path, &text),
            Input::Speed(speed) => self.speed = speed,
            Input::Step => {
                self.speed = Speed::Paused;
                let next = self.session.next_at();
                if let Some(at) = next {
                    self.advance(at, 1);
                }
            }
            Input::Settle => self.settle(),
            Input::Undo => self.take_back(),
            Input::Reset => {
                let slug = self
                    .progress
                    .as_ref()
                    .map(|p| p.lesson.slug.clone())
                    .unwrap_or_default();
                self.restart(&slug);
            }
            Input::Lesson(slug) => self.restart(&slug),
            Input::Language(language) => {
                self.language = language;
                self.teller.forget_lesson();
            }
            Input::Hint => {
                self.progress.iter_mut().for_each(Progress::hint);
                self.teller.forget_lesson();
            }
            Input::Browse(url) => self.browse(&url),
            Input::Inspect(of) => self.teller.inspect(of),
            Input::Why(of) => {
                let chain = why::why(&self.session.shared.cluster.borrow(), &of);
                self.outputs.push(Output::Why { of, chain });
            }
        }
        self.tell();
    }

    /// Lets real time pass: `elapsed_ms` × speed of virtual time, handling at most `budget` events now (the rest later).
    /// True if it is not behind.
    pub fn tick(&mut self, elapsed_ms: f64, budget: u64) -> bool {
        if let Speed::Times(n) = self.speed {
            self.owed_ms = (self.owed_ms + elapsed_ms.max(0.0) * f64::from(n)).min(BEHIND_MAX_MS);
        }
        let whole = self.owed_ms.floor();
        let until = self.now() + whole as i64;
        let before = self.now();
        let reached = self.advance(until, budget);
        self.owed_ms = (self.owed_ms - (self.now() - before) as f64).max(0.0);
        self.tell();
        reached
    }

    /// Moves virtual time, ending commands as they end. True if `until` was reached within the budget.
    pub(crate) fn advance(&mut self, until: Millis, budget: u64) -> bool {
        let start = self.session.shared.cluster.borrow().handled;
        loop {
            let used = self
                .session
                .shared
                .cluster
                .borrow()
                .handled
                .saturating_sub(start);
            let left = budget.saturating_sub(used);
            let reached = self.session.advance(until, left);
            self.show_output();
            if self.running.is_some() && self.session.terminal.is_idle() {
                self.end_command();
                continue;
            }
            let used = self
                .session
                .shared
                .cluster
                .borrow()
                .handled
                .saturating_sub(start);
            if reached || used >= budget {
                return reached;
            }
        }
    }

    /// Runs until only heartbeats are left, or for ten minutes of virtual time.
    fn settle(&mut self) {
        let (start, mut quiet) = (self.now(), 0);
        while quiet < 3 && self.now() < start + 600_000 {
            let before = self.session.shared.cluster.borrow().store.version();
            let until = self.now() + 1000;
            self.advance(until, u64::MAX);
            let cluster = self.session.shared.cluster.borrow();
            let news = cluster
                .store
                .since(before)
                .is_none_or(|mut l| l.any(|c| c.resource.as_str() != "leases.coordination.k8s.io"));
            quiet = if news { 0 } else { quiet + 1 };
        }
    }

    fn keys(&mut self, keys: &str) {
        let acts = self
            .console
            .keys(keys, self.running.is_some(), &mut self.session);
        self.act(acts);
    }

    /// Types a line and Enter: at the prompt, or into the program that runs. `^C` interrupts it.
    fn run(&mut self, line: &str) {
        let keys = if line == "^C" {
            "\x03".to_string()
        } else {
            format!("{line}\r")
        };
        self.keys(&keys);
    }

    fn act(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Screen(text) => self.outputs.push(Output::Screen(text)),
                Act::Line(line) => self.start(&line),
                Act::Stdin(text) => {
                    if let Some(p) = &mut self.progress {
                        text.lines().for_each(|l| p.ran(l.trim(), 0));
                    }
                    self.session.terminal.stdin(&text);
                }
                Act::Interrupt => self.session.terminal.interrupt(),
                Act::Eof => self.session.terminal.eof(),
            }
            // What a key set off happens now, before the next key.
            let now = self.now();
            self.advance(now, 10_000);
        }
    }

    fn start(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.show_prompt();
            let ahead = self.console.typed_ahead("");
            if !ahead.is_empty() {
                self.keys(&ahead);
            }
            return;
        }
        self.remember(line);
        match self.session.start(line) {
            shell::machine::Start::Incomplete => {
                self.undo.pop();
                let text = self.console.more(line);
                self.outputs.push(Output::Screen(text));
                let ahead = self.console.typed_ahead("");
                if !ahead.is_empty() {
                    self.keys(&ahead);
                }
            }
            _ => self.running = Some(line.to_string()),
        }
    }

    fn remember(&mut self, line: &str) {
        if self.undo.len() == UNDO_MAX {
            self.undo.remove(0);
        }
        self.undo.push(Snapshot {
            cluster: self.session.shared.cluster.borrow().clone(),
            is_up: self.session.shared.is_up.get(),
            terminal: self.session.terminal.snapshot(),
            progress: self.progress.clone(),
            line: line.trim().to_string(),
        });
        self.tell_undoable();
    }

    fn tell_undoable(&mut self) {
        let last = self.undo.last().map(|s| s.line.clone()).unwrap_or_default();
        self.outputs.push(Output::Undoable {
            count: self.undo.len(),
            last,
        });
    }

    /// Undo: the session as it was before the last command. What runs is ended.
    fn take_back(&mut self) {
        let Some(snapshot) = self.undo.pop() else {
            return;
        };
        if self.running.take().is_some() {
            self.session.terminal.interrupt();
            let now = self.now();
            self.session.terminal.poll(now);
        }
        self.session.terminal.drain();
        *self.session.shared.cluster.borrow_mut() = snapshot.cluster;
        self.session.shared.is_up.set(snapshot.is_up);
        self.session.terminal.restore(&snapshot.terminal);
        self.progress = snapshot.progress;
        self.owed_ms = 0.0;
        let text = console::taken_back(&self.language, &snapshot.line);
        self.outputs.push(Output::Screen(text));
        self.show_prompt();
        self.tell_all();
        self.tell_undoable();
    }

    /// A fresh session, at a lesson; progress in other lessons is kept.
    fn restart(&mut self, slug: &str) {
        let mut fresh =
            Playground::with_lessons(self.seed, self.lessons.clone(), slug, &self.language);
        fresh.finished = std::mem::take(&mut self.finished);
        fresh.speed = if self.speed == Speed::Paused {
            Speed::Times(1)
        } else {
            self.speed
        };
        fresh.console.resize(self.console.columns());
        fresh
            .outputs
            .insert(0, Output::Screen("\x1b[2J\x1b[3J\x1b[H".into()));
        let mut outputs = std::mem::take(&mut self.outputs);
        outputs.append(&mut fresh.outputs);
        fresh.outputs = outputs;
        fresh.teller.forget_lesson();
        fresh.tell_undoable();
        *self = fresh;
    }

    fn save_file(&mut self, path: &str, text: &str) {
        let path = shell::fs::resolve(HOME, path);
        let written = self.session.fs.borrow_mut().write(&path, text);
        match written {
            Ok(()) => self
                .teller
                .saw_file(&path, self.session.fs.borrow().changes(&path)),
            Err(e) => self.outputs.push(Output::Alarm {
                at: self.session.now(),
                text: format!("{path}: {e}"),
            }),
        }
    }

    fn browse(&mut self, url: &str) {
        use machinery::http::HttpRequest;
        let request = HttpRequest {
            url: url.to_string(),
            ..HttpRequest::default()
        };
        let (answer, hops) = self.session.shared.browse(&request);
        self.outputs.push(Output::Page {
            url: url.to_string(),
            answer,
            hops,
        });
    }

    fn show_output(&mut self) {
        let chunks = self.session.terminal.drain();
        if !chunks.is_empty() {
            let text: String = chunks.into_iter().map(|c| c.text).collect();
            self.outputs
                .push(Output::Screen(self.console.printed(&text)));
        }
    }

    fn end_command(&mut self) {
        let status = self.session.terminal.status();
        if let Some(line) = self.running.take()
            && let Some(p) = &mut self.progress
        {
            p.ran(&line, status);
        }
        self.show_prompt();
        let unread = self.session.terminal.take_input();
        let ahead = self.console.typed_ahead(&unread);
        if !ahead.is_empty() {
            self.keys(&ahead);
        }
    }

    fn show_prompt(&mut self) {
        let cwd = self.session.terminal.machine().cwd();
        let text = self.console.prompt(&cwd);
        self.outputs.push(Output::Screen(text));
    }

    /// Whether a command is running.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }
}
