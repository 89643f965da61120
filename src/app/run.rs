//! The session's side of the app: frames, effects of outputs, what the learner did.

use super::keep::{self, Narrow, Tab, View};
use super::ui::Act;
use super::{App, Msg, Start, bridge};
use crate::i18n::{Lang, T, Texts};
use crate::model::{Effect, Versions};
use gloo::timers::callback::Timeout;
use playground::session::HOME;
use playground::{Input, Output, Playground, Ref, Replay};
use std::collections::{BTreeMap, VecDeque};
use yew::prelude::*;

/// What the cluster may take of a frame, in milliseconds, and how many events are handled between two looks at the clock.
const FRAME_MS: f64 = 4.0;
const FRAME_EVENTS: u64 = 1;
/// A session on its way back may take more: nothing else is to be done meanwhile.
const REPLAY_MS: f64 = 10.0;
const REPLAY_EVENTS: u64 = 20;
/// What folding may take of a frame, and how many outputs are folded between two looks at the clock.
const FOLD_MS: f64 = 2.0;
const FOLD_MANY: usize = 16;
/// Drawing the cluster takes at most one part in so many of the time.
const DRAW_SHARE: f64 = 3.0;
/// More real time than this in one frame is a tab that slept: the cluster slept too.
const ELAPSED_MAX: f64 = 250.0;

/// The session and what is pending for it.
pub struct Run {
    pub(super) session: Playground,
    /// What is still to be done until the session is where it was.
    replay: Option<Replay>,
    last: Option<f64>,
    terminal_ready: bool,
    /// Screen text from before the terminal was there.
    screen: String,
    prompted: bool,
    /// Files that were edited and not yet saved.
    pub(super) unsaved: BTreeMap<String, String>,
    pub(super) dirty: bool,
    /// Lines of a solution that are still to be typed, and when the last one was.
    script: VecDeque<String>,
    typed_at: f64,
    /// The end of what the terminal shows.
    tail: String,
    /// What the learner did and the session has not been told yet.
    waiting: VecDeque<Input>,
    /// What the session said and the page has not folded yet.
    inbox: VecDeque<Output>,
    /// When the present frame began, and when the cluster may be drawn again.
    began: f64,
    draw_at: f64,
    /// What the session took of the present frame, and all until drawing.
    parts: (f64, f64),
    /// Whether the session is kept in this browser.
    keeps: bool,
    /// How far the replay is said to be, in percent.
    way_shown: Option<usize>,
}

impl Run {
    /// Goes on with what the address or the browser holds, or begins afresh; says what went wrong, if it did.
    pub fn begin(start: &Start, texts: &Texts) -> (Run, Option<String>) {
        let lang = texts.lang.code();
        let lessons = &start.assets.lessons;
        let lesson = start.lesson.as_deref();
        let from_link = start.shared.is_some();
        let fresh = || {
            let slug = lesson.unwrap_or(FIRST_LESSON);
            Playground::with_lessons(seed(), lessons.clone(), slug, lang)
        };
        // In another page's frame, and where a lesson is asked for, what is kept here is left alone.
        let keeps = start.embed.is_none() && lesson.is_none();
        let kept = || keep::session().filter(|_| keeps);
        let mut replay = None;
        let (session, notice) = match start.shared.clone().or_else(kept) {
            None => (fresh(), None),
            Some(saved) => match Replay::begin(&saved, lang, lessons) {
                Ok((session, on_its_way)) => {
                    replay = Some(on_its_way);
                    (session, None)
                }
                Err(why) => {
                    let key = if from_link {
                        T::bad_link
                    } else {
                        T::bad_session
                    };
                    (fresh(), Some(texts.fill(key, &[("why", &why)])))
                }
            },
        };
        let run = Run {
            session,
            replay,
            last: None,
            terminal_ready: false,
            screen: String::new(),
            prompted: false,
            unsaved: BTreeMap::new(),
            dirty: notice.is_some() || from_link,
            script: VecDeque::new(),
            typed_at: 0.0,
            tail: String::new(),
            waiting: VecDeque::new(),
            inbox: VecDeque::new(),
            began: 0.0,
            draw_at: 0.0,
            parts: (0.0, 0.0),
            keeps: start.embed.is_none(),
            way_shown: None,
        };
        (run, notice)
    }
    pub fn input(&mut self, input: Input) {
        self.dirty = true;
        // What the learner types ends what is typed for them.
        let own = matches!(
            input,
            Input::Keys(_) | Input::Type(_) | Input::Undo | Input::Reset | Input::Lesson(_)
        );
        if own {
            self.script.clear();
        }
        // Dragging through history: only where the hand is now counts.
        if matches!(input, Input::Past(_)) {
            self.waiting.retain(|i| !matches!(i, Input::Past(_)));
        }
        self.waiting.push_back(input);
    }
    /// Lets real time pass, within the frame's budget; what the learner did comes as soon as nothing else is due.
    fn advance(&mut self, ts: f64) {
        let mut elapsed = (ts - self.last.unwrap_or(ts)).clamp(0.0, ELAPSED_MAX);
        self.last = Some(ts);
        if !self.is_back() {
            return;
        }
        loop {
            if !self.session.is_due()
                && let Some(input) = self.waiting.pop_front()
            {
                self.session.begin(input);
            }
            let done = self.session.tick(elapsed, FRAME_EVENTS);
            elapsed = 0.0;
            if (done && self.waiting.is_empty()) || now() - self.began > FRAME_MS {
                break;
            }
        }
        self.inbox.extend(self.session.drain());
    }
    fn took(&self, all: f64) {
        let (lived, folded) = self.parts;
        bridge::frame_took(all, lived, folded - lived);
    }
    /// Whether the session is where it was when it was saved; a part of the way is gone otherwise.
    fn is_back(&mut self) -> bool {
        let Some(replay) = &mut self.replay else {
            return true;
        };
        let back = loop {
            if replay.go_on(&mut self.session, &mut { REPLAY_EVENTS }) {
                break true;
            }
            if now() - self.began > REPLAY_MS {
                break false;
            }
        };
        let percent = replay.percent();
        if back {
            self.replay = None;
            if self.way_shown.take().is_some() {
                self.inbox.push_back(Output::Screen("\r\x1b[K".into()));
            }
        } else if self.way_shown != Some(percent) {
            self.way_shown = Some(percent);
            let text = format!("\r\x1b[2m{percent:3} %\x1b[0m\x1b[K");
            self.inbox.push_back(Output::Screen(text));
        }
        back
    }
    /// Another session takes the place of this one, in parts.
    pub(super) fn take_up(&mut self, session: Playground, replay: Replay) {
        self.session.replace(session);
        self.replay = Some(replay);
        self.dirty = true;
    }
    /// Keeps the session in the browser, if anything was done since.
    pub fn keep(&mut self) {
        if self.replay.is_none() && std::mem::take(&mut self.dirty) && self.keeps {
            keep::keep_session(&self.session.save());
        }
    }
    /// Types the next line of a solution once the one before has ended, or a shell in a container waits at its prompt.
    fn type_next(&mut self, ts: f64) {
        const PAUSE_MS: f64 = 400.0;
        let waits = self.tail.trim_end().ends_with(['#', '$']);
        let ready = self.waiting.is_empty() && (!self.session.is_running() || waits);
        if ready
            && ts - self.typed_at > PAUSE_MS
            && let Some(line) = self.script.pop_front()
        {
            self.typed_at = ts;
            self.tail.clear();
            self.input(Input::Run(line));
        }
    }
    fn write(&mut self, text: &str) {
        if let Some((at, _)) = text.char_indices().rev().nth(40) {
            self.tail = text.get(at..).unwrap_or_default().to_string();
        } else {
            self.tail.push_str(text);
            let cut = self.tail.char_indices().rev().nth(200).map_or(0, |c| c.0);
            self.tail.drain(..cut);
        }
        if self.terminal_ready {
            bridge::terminal_write(text);
        } else {
            self.screen.push_str(text);
        }
    }
}

/// Where a first visit begins.
pub const FIRST_LESSON: &str = "first-pod";

/// The browser's clock, in milliseconds: used for budgets and for what is shown for a moment, never by the cluster.
fn now() -> f64 {
    web_sys::window()
        .and_then(|w| w.performance())
        .map_or(0.0, |p| p.now())
}
fn seed() -> u64 {
    (js_sys::Math::random() * 4_294_967_295.0) as u64
}

impl App {
    /// One animation frame: time passes, what happened is folded, panes that show it draw anew.
    pub(super) fn frame(&mut self, ctx: &Context<App>, ts: f64) -> bool {
        self.run.began = now();
        self.run.type_next(ts);
        self.run.advance(ts);
        let lived = now() - self.run.began;
        let mut screen = String::new();
        let mut effects = Vec::new();
        {
            let mut model = self.model.borrow_mut();
            let begin = now();
            let mut folded = 0;
            while let Some(output) = self.run.inbox.pop_front() {
                folded += 1;
                if folded % FOLD_MANY == 0 && now() - begin > FOLD_MS {
                    self.run.inbox.push_front(output);
                    break;
                }
                match model.fold(output, ts) {
                    Some(Effect::Screen(text)) => screen.push_str(&text),
                    Some(effect) => effects.push(effect),
                    None => {}
                }
            }
            model.expire(ts);
            if self.run.inbox.is_empty() && model.settle_file() {
                let open = model.open_file.clone();
                effects.extend(open.map(Effect::File));
            }
        }
        for effect in effects {
            self.effect(ctx, effect);
        }
        if !screen.is_empty() {
            self.run.write(&screen);
            if !std::mem::replace(&mut self.run.prompted, true) {
                // The editor is big: it comes once the first prompt is on the screen.
                self.timers.editor = Some(self.timers.after(150, Msg::LoadEditor));
                let link = ctx.link().clone();
                self.timers.docs = Some(Timeout::new(2500, move || super::files::fetch_docs(link)));
            }
        }
        self.run.parts = (lived, now() - self.run.began);
        let drawn = self.publish();
        if !drawn {
            self.run.took(now() - self.run.began);
        }
        drawn
    }
    /// Shows what moved; the cluster only as often as drawing it leaves time for all else. True if there is any.
    fn publish(&mut self) -> bool {
        let versions = self.model.borrow().versions;
        let before = self.shown;
        let cluster = match now() >= self.run.draw_at {
            true => versions.cluster,
            false => before.cluster,
        };
        // What travels unseen is no reason to draw.
        let (calls, traffic) = match self.prefs.view {
            View::Control => (versions.calls, 0),
            View::Network => (0, versions.traffic),
            _ => (0, 0),
        };
        self.shown = Versions {
            cluster,
            calls,
            traffic,
            ..versions
        };
        self.shown != before
    }
    /// Everything is drawn: what it took decides when the cluster is drawn next.
    pub(super) fn drawn(&mut self) {
        if self.run.began == 0.0 {
            return;
        }
        let end = now();
        let took = end - self.run.began;
        self.run.draw_at = end + (took - FRAME_MS).max(0.0) * DRAW_SHARE;
        self.run.took(took);
        self.run.began = 0.0;
    }
    fn effect(&mut self, ctx: &Context<App>, effect: Effect) {
        match effect {
            Effect::Screen(text) => self.run.write(&text),
            Effect::File(path) => self.show_file(&path),
            Effect::Forget(path) => {
                self.run.unsaved.remove(&path);
                bridge::editor_forget(&path);
            }
            Effect::OpenEditor(path) => {
                self.tab = Tab::Editor;
                self.narrow = Narrow::Editor;
                self.show_file(&path);
                bridge::editor_focus();
            }
            Effect::OpenBrowser(url) => {
                self.tab = Tab::Browser;
                ctx.link()
                    .send_message(Msg::Act(Act::Input(Input::Browse(url))));
            }
            Effect::Fresh => self.run.unsaved.clear(),
        }
    }
    pub(super) fn act(&mut self, ctx: &Context<App>, act: Act) -> bool {
        match act {
            Act::Input(input) => self.pass(input),
            Act::Select(of) => {
                self.tab = Tab::Inspector;
                self.run.input(Input::Inspect(Some(of.clone())));
                self.run.input(Input::Why(of.clone()));
                self.selected = Some(of);
            }
            Act::Deselect => {
                self.run.input(Input::Inspect(None));
                self.selected = None;
            }
            Act::Language(lang) => self.speak(ctx, lang),
            Act::Theme(theme) => {
                self.prefs.theme = theme;
                self.dress();
            }
            Act::View(view) => self.prefs.view = view,
            Act::System(on) => self.prefs.system = on,
            Act::Tab(tab) => self.tab = tab,
            Act::Narrow(narrow) => {
                self.narrow = narrow;
                if narrow == Narrow::Terminal {
                    bridge::terminal_focus();
                }
            }
            Act::Drawer(open) => self.drawer = open,
            Act::Left(d) => moved(&mut self.prefs.left, d, keep::LEFT),
            Act::Right(d) => moved(&mut self.prefs.right, d, keep::RIGHT),
            Act::Share(d) => moved(&mut self.prefs.share, d, keep::SHARE),
            Act::OpenFile(path) => self.open_file(path),
            Act::Edited(path, text) => return self.edited(path, text),
            Act::TerminalReady => {
                self.run.terminal_ready = true;
                let screen = std::mem::take(&mut self.run.screen);
                self.run.write(&screen);
                return false;
            }
            Act::EditorReady => {
                self.editor_ready = true;
                let open = self.model.borrow().open_file.clone();
                if let Some(path) = open {
                    self.show_file(&path);
                }
            }
            Act::ShareLink => {
                self.share(ctx);
                return false;
            }
            Act::SaveSession => {
                self.save_files();
                bridge::download("bottleship.json", &self.run.session.save());
            }
            Act::OpenSession => {
                let link = ctx.link().clone();
                wasm_bindgen_futures::spawn_local(async move {
                    let text = bridge::choose().await.ok().and_then(|t| t.as_string());
                    if let Some(text) = text.filter(|t| !t.is_empty()) {
                        link.send_message(Msg::Open(text));
                    }
                });
            }
            Act::Unshelve => self.unshelve(&ctx.props().assets),
            Act::ExportYaml => {
                bridge::download("bottleship.yaml", &self.run.session.export_yaml());
            }
            Act::ApplyText(text) => {
                let path = format!("{HOME}/pasted.yaml");
                self.run.input(Input::Save { path, text });
                self.run
                    .input(Input::Run("kubectl apply -f pasted.yaml".into()));
            }
            Act::Reset => {
                self.run.input(Input::Reset);
                self.notice = None;
            }
            Act::Dismiss => {
                if self.notice.take().is_none() {
                    self.model.borrow_mut().alarms.clear();
                }
            }
            Act::ShowMe(lines) => {
                self.save_files();
                self.run.script = lines.into();
            }
        }
        self.prefs.keep();
        true
    }
    fn pass(&mut self, input: Input) {
        // What is in the editor is what a command reads.
        if matches!(&input, Input::Keys(k) if k.contains(['\r', '\n']))
            || matches!(input, Input::Run(_))
        {
            self.save_files();
        }
        if matches!(input, Input::Branch) {
            // What came later is not lost: it can be gone back to.
            keep::shelve(&self.run.session.save());
            self.notice = Some(self.ui.texts.get(T::branch_kept).to_string());
        }
        if matches!(input, Input::Type(_)) {
            bridge::terminal_focus();
            self.drawer = false;
            if self.narrow == Narrow::Lesson {
                self.narrow = Narrow::Terminal;
            }
        }
        self.run.input(input);
    }
    fn speak(&mut self, ctx: &Context<App>, lang: Lang) {
        self.prefs.lang = lang;
        self.ui.texts = ctx.props().assets.texts(lang);
        self.run.input(Input::Language(lang.code().to_string()));
        bridge::terminal_label(self.ui.texts.get(T::terminal_label));
        self.dress();
    }
}

fn moved(value: &mut i32, by: i32, (min, max): (i32, i32)) {
    *value = (*value + by).clamp(min, max);
}

/// The object of a pod's name, for selecting it.
pub fn pod_ref(pod: &crate::model::pod::Pod) -> Ref {
    Ref {
        resource: "pods".into(),
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
    }
}
