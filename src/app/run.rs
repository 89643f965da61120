//! The session's side of the app: frames, effects of outputs, what the learner did.

use super::keep::{self, Narrow, Tab};
use super::ui::Act;
use super::{App, Msg, bridge};
use crate::i18n::{Lang, T, Texts};
use crate::model::Effect;
use crate::model::pod::PodState;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::{Interval, Timeout};
use playground::{Input, Output, Playground, Ref, editor};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use yew::html::Scope;
use yew::prelude::*;

/// What the cluster may take of a frame, in milliseconds, and how many events are handled between two looks at the clock.
const FRAME_MS: f64 = 4.0;
const FRAME_EVENTS: u64 = 64;
/// More real time than this in one frame is a tab that slept: the cluster slept too.
const ELAPSED_MAX: f64 = 250.0;

/// The session and what is pending for it.
pub struct Run {
    session: Playground,
    last: Option<f64>,
    terminal_ready: bool,
    /// Screen text from before the terminal was there.
    screen: String,
    prompted: bool,
    /// Files that were edited and not yet saved.
    unsaved: BTreeMap<String, String>,
    dirty: bool,
    /// Lines of a solution that are still to be typed, and when the last one was.
    script: VecDeque<String>,
    typed_at: f64,
    /// The end of what the terminal shows.
    tail: String,
}

impl Run {
    /// Goes on with what the address or the browser holds, or begins afresh; says what went wrong, if it did.
    pub fn begin(shared: Option<String>, texts: &Texts) -> (Run, Option<String>) {
        let lang = texts.lang.code();
        let fresh = || Playground::new(seed(), FIRST_LESSON, lang);
        let from_link = shared.is_some();
        let (session, notice) = match shared.or_else(keep::session) {
            None => (fresh(), None),
            Some(saved) => match Playground::load(&saved, lang) {
                Ok(session) => (session, None),
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
            last: None,
            terminal_ready: false,
            screen: String::new(),
            prompted: false,
            unsaved: BTreeMap::new(),
            dirty: notice.is_some() || from_link,
            script: VecDeque::new(),
            typed_at: 0.0,
            tail: String::new(),
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
        self.session.input(input);
    }
    /// Lets real time pass, within the frame's budget.
    fn advance(&mut self, ts: f64) -> Vec<Output> {
        let elapsed = (ts - self.last.unwrap_or(ts)).clamp(0.0, ELAPSED_MAX);
        self.last = Some(ts);
        let begin = now();
        let mut done = self.session.tick(elapsed, FRAME_EVENTS);
        while !done && now() - begin < FRAME_MS {
            done = self.session.tick(0.0, FRAME_EVENTS);
        }
        self.session.drain()
    }
    /// Keeps the session in the browser, if anything was done since.
    pub fn keep(&mut self) {
        if std::mem::take(&mut self.dirty) {
            keep::keep_session(&self.session.save());
        }
    }
    /// Types the next line of a solution once the one before has ended, or a shell in a container waits at its prompt.
    fn type_next(&mut self, ts: f64) {
        const PAUSE_MS: f64 = 400.0;
        let waits = self.tail.trim_end().ends_with(['#', '$']);
        let ready = !self.session.is_running() || waits;
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

/// Everything that wakes the app besides the learner.
pub struct Timers {
    link: Scope<App>,
    frame: Rc<Closure<dyn FnMut(f64)>>,
    _announce: Interval,
    _keep: Interval,
    _listeners: Vec<EventListener>,
    save: Option<Timeout>,
    mark: Option<Timeout>,
    editor: Option<Timeout>,
}

impl Timers {
    pub fn start(link: &Scope<App>) -> Timers {
        let sender = link.clone();
        let frame = Closure::<dyn FnMut(f64)>::new(move |ts| sender.send_message(Msg::Frame(ts)));
        let every = |ms: u32, msg: fn() -> Msg| {
            let link = link.clone();
            Interval::new(ms, move || link.send_message(msg()))
        };
        let timers = Timers {
            link: link.clone(),
            frame: Rc::new(frame),
            _announce: every(2500, || Msg::Announce),
            _keep: every(2000, || Msg::Keep),
            _listeners: listeners(link),
            save: None,
            mark: None,
            editor: None,
        };
        timers.next_frame();
        timers
    }
    pub fn next_frame(&self) {
        if let Some(w) = web_sys::window() {
            let _ = w.request_animation_frame((*self.frame).as_ref().unchecked_ref());
        }
    }
    fn after(&self, ms: u32, msg: Msg) -> Timeout {
        let link = self.link.clone();
        Timeout::new(ms, move || link.send_message(msg))
    }
}

/// The page being left, and Ctrl/Cmd+Z outside of what has an undo of its own.
fn listeners(link: &Scope<App>) -> Vec<EventListener> {
    let mut out = Vec::new();
    let Some(window) = web_sys::window() else {
        return out;
    };
    let keep = link.clone();
    out.push(EventListener::new(&window, "pagehide", move |_| {
        keep.send_message(Msg::SaveFiles);
        keep.send_message(Msg::Keep);
    }));
    if let Ok(Some(dark)) = window.match_media("(prefers-color-scheme: dark)") {
        let link = link.clone();
        out.push(EventListener::new(&dark, "change", move |_| {
            link.send_message(Msg::Dress);
        }));
    }
    let undo = link.clone();
    let first = EventListenerOptions {
        phase: gloo::events::EventListenerPhase::Capture,
        passive: false,
    };
    out.push(EventListener::new_with_options(
        &window,
        "keydown",
        first,
        move |e| {
            let Some(key) = e.dyn_ref::<web_sys::KeyboardEvent>() else {
                return;
            };
            let pressed = (key.ctrl_key() || key.meta_key()) && !key.shift_key() && !key.alt_key();
            if !pressed || key.key() != "z" {
                return;
            }
            let own = e
                .target()
                .and_then(|t| t.dyn_into::<web_sys::Element>().ok())
                .and_then(|t| t.closest(".monaco-editor, input").ok().flatten());
            if own.is_none() {
                e.prevent_default();
                e.stop_propagation();
                undo.send_message(Msg::Act(Act::Input(Input::Undo)));
            }
        },
    ));
    out
}

impl App {
    /// One animation frame: time passes, what happened is folded, panes that show it draw anew.
    pub(super) fn frame(&mut self, ctx: &Context<App>, ts: f64) -> bool {
        let before = self.model.borrow().versions;
        self.run.type_next(ts);
        let outputs = self.run.advance(ts);
        let mut screen = String::new();
        let mut effects = Vec::new();
        {
            let mut model = self.model.borrow_mut();
            for output in outputs {
                match model.fold(output, ts) {
                    Some(Effect::Screen(text)) => screen.push_str(&text),
                    Some(effect) => effects.push(effect),
                    None => {}
                }
            }
            model.expire(ts);
            if model.settle_file() {
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
            }
        }
        self.model.borrow().versions != before
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
    /// Puts a file's text into the editor if it is the one shown.
    fn show_file(&mut self, path: &str) {
        let text = {
            let model = self.model.borrow();
            if model.open_file.as_deref() != Some(path) {
                return;
            }
            model.files.get(path).cloned().unwrap_or_default()
        };
        if self.editor_ready {
            bridge::editor_show(path, &text);
            self.mark();
        }
    }
    /// What is wrong in the shown file, marked where it is.
    pub(super) fn mark(&mut self) {
        let model = self.model.borrow();
        let Some(path) = &model.open_file else { return };
        if !self.editor_ready || !is_manifest(path) {
            return;
        }
        let text = model.files.get(path).map_or("", String::as_str);
        let json: Vec<String> = editor::markers(text).iter().map(marker_json).collect();
        bridge::editor_mark(path, &format!("[{}]", json.join(",")));
    }
    pub(super) fn save_files(&mut self) {
        for (path, text) in std::mem::take(&mut self.run.unsaved) {
            self.run.input(Input::Save { path, text });
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
            Act::Language(lang) => self.speak(lang),
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
        if matches!(input, Input::Type(_)) {
            bridge::terminal_focus();
            self.drawer = false;
            if self.narrow == Narrow::Lesson {
                self.narrow = Narrow::Terminal;
            }
        }
        self.run.input(input);
    }
    fn speak(&mut self, lang: Lang) {
        self.prefs.lang = lang;
        self.ui.texts = Rc::new(Texts::new(lang));
        self.run.input(Input::Language(lang.code().to_string()));
        self.dress();
    }
    fn open_file(&mut self, path: String) {
        {
            let mut model = self.model.borrow_mut();
            model.open_file = Some(path.clone());
            model.versions.files += 1;
        }
        self.show_file(&path);
    }
    fn edited(&mut self, path: String, text: String) -> bool {
        self.model
            .borrow_mut()
            .files
            .insert(path.clone(), text.clone());
        self.run.unsaved.insert(path, text);
        self.timers.save = Some(self.timers.after(400, Msg::SaveFiles));
        self.timers.mark = Some(self.timers.after(250, Msg::Mark));
        false
    }
    fn share(&mut self, ctx: &Context<App>) {
        self.save_files();
        let (text, link) = (self.run.session.save(), ctx.link().clone());
        let texts = Rc::clone(&self.ui.texts);
        wasm_bindgen_futures::spawn_local(async move {
            let url = bridge::share(text).await.ok().and_then(|u| u.as_string());
            let said = match url {
                Some(url) => texts.fill(T::link_copied, &[("url", &url)]),
                None => texts.get(T::link_failed).to_string(),
            };
            link.send_message(Msg::Notice(Some(said)));
        });
    }
    /// Tells those who listen what became of pods, a few words at a time.
    pub(super) fn announce(&mut self) -> bool {
        let news = std::mem::take(&mut self.model.borrow_mut().cluster.news);
        if news.is_empty() {
            return false;
        }
        let texts = &self.ui.texts;
        let mut last: BTreeMap<&str, (Option<PodState>, &str)> = BTreeMap::new();
        for n in &news {
            last.insert(&n.pod, (n.state, &n.word));
        }
        self.news = if last.len() <= 3 {
            let say = |(pod, (state, word)): (&&str, &(Option<PodState>, &str))| match state {
                None => texts.fill(T::news_gone, &[("pod", pod)]),
                Some(PodState::Ready) => texts.fill(T::news_ready, &[("pod", pod)]),
                Some(_) => texts.fill(T::news_state, &[("pod", pod), ("word", word)]),
            };
            last.iter().map(say).collect::<Vec<_>>().join(" ")
        } else {
            let ready = last
                .values()
                .filter(|(s, _)| *s == Some(PodState::Ready))
                .count();
            let (n, r) = (last.len().to_string(), ready.to_string());
            texts.fill(T::news_many, &[("n", &n), ("ready", &r)])
        };
        true
    }
}

fn moved(value: &mut i32, by: i32, (min, max): (i32, i32)) {
    *value = (*value + by).clamp(min, max);
}

pub fn is_manifest(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

fn marker_json(m: &editor::Marker) -> String {
    format!(
        r#"{{"line":{},"column":{},"endLine":{},"endColumn":{},"severity":{},"message":{}}}"#,
        m.line,
        m.column,
        m.end_line,
        m.end_column,
        machinery::json::quote(m.severity),
        machinery::json::quote(&m.message)
    )
}

/// The object of a pod's name, for selecting it.
pub fn pod_ref(pod: &crate::model::pod::Pod) -> Ref {
    Ref {
        resource: "pods".into(),
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
    }
}
