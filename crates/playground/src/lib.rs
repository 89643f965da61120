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
mod bench_api;
mod bench_commands;
pub mod console;
pub mod editor;
mod export;
mod faults;
pub mod inspect;
pub mod look;
pub mod message;
pub mod past;
mod proxy;
mod reach;
pub mod replay;
pub mod save;
pub mod session;
pub mod shared;
#[cfg(feature = "simulate")]
pub mod simulate;
mod tell;
mod time;
pub mod trace;
pub mod transcript;
pub mod why;

pub use message::{Input, Inspection, LessonView, Output, Ref, Speed, StepView, WhyCard};
pub use save::Replay;

use cluster::{Cluster, World};
use console::{Act, Console};
use lesson::{Index, Progress};
pub use lesson::{Index as Lessons, built_in as built_in_lessons};
use machinery::time::Millis;
use session::{HOME, Session};
use shell::terminal::Snapshot as TerminalSnapshot;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

/// How many commands can be taken back.
const UNDO_MAX: usize = 50;

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
    /// What keys came to and is not done yet.
    acts: VecDeque<Act>,
    /// The moment of the past that is looked at.
    past: Option<Millis>,
    settling: Option<time::Settling>,
    /// When the learner came: what the cluster did before is no history of theirs.
    pub(crate) began: Millis,
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
            began: session.now(),
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
            acts: VecDeque::new(),
            past: None,
            settling: None,
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

    /// Takes an input and does at once all that it sets off at this instant.
    pub fn input(&mut self, input: Input) {
        // All that was due comes first, so that a replay finds the same order.
        let now = self.now();
        self.live(now, &mut { u64::MAX });
        self.begin(input);
        let now = self.now();
        self.live(now, &mut { u64::MAX });
        while self.settling.is_some() {
            self.settle(&mut { u64::MAX });
        }
        self.tell();
    }

    /// Whether something is still to be done at this very instant: the next input has to wait for it.
    pub fn is_due(&self) -> bool {
        !self.acts.is_empty() || self.session.is_due()
    }

    /// Takes an input when nothing [is due](Playground::is_due); what it sets off is done by the ticks that follow.
    pub fn begin(&mut self, input: Input) {
        self.session.poke();
        self.settling = None;
        self.record.note(self.now(), &input);
        match input {
            Input::Keys(keys) => self.keys(&keys),
            Input::Type(line) => {
                let acts = self
                    .console
                    .type_line(&line, self.running.is_some(), &mut self.session);
                self.acts.extend(acts);
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
                    // Enough for the programs to look, too little for a second event.
                    self.live(at, &mut 2);
                }
            }
            Input::Settle => {
                self.settling = Some(time::Settling {
                    start: self.now(),
                    quiet: 0,
                    version: self.session.shared.cluster.borrow().store.version(),
                    until: self.now() + 1000,
                });
            }
            Input::Past(at) => self.look_back(at),
            Input::Branch => self.branch(),
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
                let chain = self.session.shared.seen(|c| why::why(c, &of));
                self.outputs.push(Output::Why { of, chain });
            }
        }
    }

    fn keys(&mut self, keys: &str) {
        let acts = self
            .console
            .keys(keys, self.running.is_some(), &mut self.session);
        self.acts.extend(acts);
    }
    /// Keys that were typed ahead: they come before all that is still to be done.
    fn ahead(&mut self, keys: &str) {
        let later = std::mem::take(&mut self.acts);
        self.keys(keys);
        self.acts.extend(later);
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

    fn act(&mut self, act: Act) {
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
            Act::Suspend => {
                self.session.terminal.suspend();
            }
            Act::Eof => {
                // Ctrl+D leaves a shell as its word does.
                self.progress.iter_mut().for_each(|p| p.ran("exit", 0));
                self.session.terminal.eof();
            }
        }
        self.session.poke();
    }

    fn start(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.show_prompt();
            let ahead = self.console.typed_ahead("");
            if !ahead.is_empty() {
                self.ahead(&ahead);
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
                    self.ahead(&ahead);
                }
            }
            _ => {
                // It counts from when it runs: a shell in a pod is entered, not left.
                if let Some(p) = &mut self.progress {
                    p.ran(line, 0);
                }
                self.running = Some(line.to_string());
            }
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

    /// Whatever of the past was looked at, no longer: everything is told anew by the caller.
    fn present(&mut self) {
        if self.past.take().is_some() {
            self.session.shared.look_back(None);
            self.session.terminal.behind_ms = 0;
            self.outputs.push(Output::Past(None));
        }
    }

    /// Undo: the session as it was before the last command. What runs is ended.
    fn take_back(&mut self) {
        let Some(snapshot) = self.undo.pop() else {
            return;
        };
        self.present();
        if self.running.take().is_some() {
            self.session.terminal.interrupt();
            let now = self.now();
            self.session.terminal.poll(now);
        }
        self.acts.clear();
        self.session.poke();
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
        self.present();
        self.replace(fresh);
    }

    /// Another session takes the place of this one, on a clean screen.
    pub fn replace(&mut self, mut other: Playground) {
        other
            .outputs
            .insert(0, Output::Screen("\x1b[2J\x1b[3J\x1b[H".into()));
        let mut outputs = std::mem::take(&mut self.outputs);
        outputs.append(&mut other.outputs);
        other.outputs = outputs;
        *other.session.shared.docs.borrow_mut() = self.docs();
        other.teller.forget_lesson();
        other.tell_undoable();
        *self = other;
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
        self.running = None;
        self.show_prompt();
        let unread = self.session.terminal.take_input();
        let ahead = self.console.typed_ahead(&unread);
        if !ahead.is_empty() {
            self.ahead(&ahead);
        }
    }

    fn show_prompt(&mut self) {
        let cwd = self.session.terminal.machine().cwd();
        let text = self.console.prompt(&cwd);
        self.outputs.push(Output::Screen(text));
    }

    /// What the API says of its fields (`kubectl explain`, hover), if the page was given it.
    pub fn docs(&self) -> Rc<machinery::schema::Docs> {
        self.session.shared.docs.borrow().clone()
    }
    /// The text of the documentation has been fetched.
    pub fn give_docs(&mut self, text: &str) {
        let docs = Rc::new(machinery::schema::Docs::parse(text));
        *self.session.shared.docs.borrow_mut() = docs;
    }

    /// Whether a command is running, or about to.
    pub fn is_running(&self) -> bool {
        self.running.is_some() || !self.acts.is_empty()
    }
}
