//! The plain-data messages between a session and whoever shows it. The page sends [`Input`]s and is told [`Output`]s; it
//! never asks. The same boundary is where a web worker would go.

use cluster::scheduler::Decision;
use cluster::store::Change;
use machinery::http::{Fetch, Hop};
use machinery::time::Millis;
use std::rc::Rc;

/// How virtual time follows real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    Paused,
    /// ×1, ×10, ×60.
    Times(u32),
}

/// Names one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Ref {
    /// `pods`, `deployments.apps`
    pub resource: String,
    /// "" for cluster-scoped kinds.
    pub namespace: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// What xterm.js's `onData` gave: keys, escape sequences, pastes.
    Keys(String),
    /// Types a command line at the prompt without pressing Enter (a lesson's chip).
    Type(String),
    /// Types a command line and runs it.
    Run(String),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// The editor's text of a file was changed by the learner.
    Save {
        path: String,
        text: String,
    },
    Speed(Speed),
    /// Handles one event of the cluster, then pauses.
    Step,
    /// Runs until nothing is due but heartbeats (bounded), at once.
    Settle,
    /// Takes back the last command, whole.
    Undo,
    /// Shows the cluster as it was at a time (None: as it is). Time stands still meanwhile.
    Past(Option<Millis>),
    /// Goes on from the moment of the past that is shown, as if nothing had come after.
    Branch,
    /// A fresh cluster, shell and lesson.
    Reset,
    /// Opens a lesson by its slug (a fresh world as the lesson wants it), "" for the free playground.
    Lesson(String),
    /// `ko` or `en`: the language of lesson texts.
    Language(String),
    /// The learner asked for the next hint of the current step.
    Hint,
    /// The browser pane opens an address.
    Browse(String),
    /// The inspector shows this object from now on (None: nothing).
    Inspect(Option<Ref>),
    /// Ask for the chain of causes of an object.
    Why(Ref),
}

#[derive(Clone, Debug)]
pub enum Output {
    /// Text and escape sequences for the terminal.
    Screen(String),
    /// An object was written; `old`/`new` in the change say what.
    Change(Rc<Change>),
    Decision(Rc<Decision>),
    Call {
        at: Millis,
        actor: String,
        verb: &'static str,
        path: String,
        code: u16,
    },
    Traffic {
        at: Millis,
        hops: Vec<Hop>,
        status: u16,
    },
    /// A file came to be or was changed by a program (not by the editor).
    File {
        path: String,
        text: String,
    },
    FileRemoved {
        path: String,
    },
    /// `vi FILE`, `kubectl edit`: show this file in the editor.
    OpenEditor {
        path: String,
    },
    /// `minikube service`, `open URL`: show this address in the browser pane.
    OpenBrowser {
        url: String,
    },
    /// What the browser pane's address answered.
    Page {
        url: String,
        answer: Fetch,
        hops: Vec<Hop>,
    },
    Clock {
        now: Millis,
        speed: Speed,
        /// when the next event is due
        next: Option<Millis>,
    },
    /// The times of all writes that can be gone back to, and how far back that is. Later ones come as changes.
    History {
        oldest: Millis,
        at: Vec<Millis>,
    },
    /// From here on a moment of the past is shown (None: the present); the changes from one to the other follow.
    Past(Option<Millis>),
    /// What is broken on purpose, all of it: number and sentence.
    Faults(Vec<(u32, String)>),
    /// A node pulls an image for a pod, from when to when.
    Pull {
        uid: String,
        from: Millis,
        until: Millis,
    },
    /// Somebody tried to write in the past.
    PastWrite,
    /// Everything before is void (reset, undo, another lesson): all objects follow as changes.
    Fresh,
    Lesson(Box<LessonView>),
    Inspection(Box<Inspection>),
    Why {
        of: Ref,
        chain: Vec<WhyCard>,
    },
    /// Shown to the learner as it is: a bound was passed, a component loops.
    Alarm {
        at: Millis,
        text: String,
    },
    /// How many commands Undo can take back, and the newest of them.
    Undoable {
        count: usize,
        last: String,
    },
}

/// The lesson pane, in the language asked for. Texts are Markdown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LessonView {
    pub slug: String,
    pub title: String,
    pub intro: String,
    pub steps: Vec<StepView>,
    /// Index of the step to do now; = `steps.len()` when the lesson is done.
    pub current: usize,
    /// Shown at the end.
    pub outro: String,
    /// (slug, title, done) of every lesson, in order.
    pub index: Vec<(String, String, bool)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepView {
    pub id: String,
    pub title: String,
    pub body: String,
    /// Hints opened so far.
    pub hints: Vec<String>,
    pub hints_total: usize,
    /// The commands that solve it, for "show me".
    pub solution: Vec<String>,
    pub done: bool,
    /// For the current step: what is asked, each with whether it is met and how things stand, in words.
    pub checks: Vec<(bool, String)>,
}

/// What the inspector shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    pub of: Ref,
    pub kind: String,
    /// None: it is gone; the texts are of its last state.
    pub exists: bool,
    pub yaml: String,
    pub describe: String,
    /// (age, type, reason, message), newest last.
    pub events: Vec<(String, String, String, String)>,
    /// (container, text) for pods.
    pub logs: Vec<(String, String)>,
    pub decision: Option<Rc<Decision>>,
}

/// One link of the chain of causes, from effect to cause.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyCard {
    pub of: Ref,
    /// `created`, `changed`, `deleted`: what happened to it.
    pub what: &'static str,
    pub at: Millis,
    /// `replicaset-controller`, `kubectl`, `kubelet node-1`.
    pub actor: String,
    /// The command that was typed, if that was it.
    pub command: Option<String>,
    /// `wanted 3, had 2`.
    pub reason: String,
}
