//! The app: one struct that owns the session, lets it run inside animation frames, folds what it says into the read
//! model, and passes what the learner does back. All panes below it are thin.

mod bridge;
mod browser;
mod cluster;
mod editor;
mod files;
mod header;
mod icons;
mod inspector;
mod keep;
mod lesson;
mod measure;
mod news;
mod prose;
mod run;
mod splitter;
mod start;
mod terminal;
mod timebar;
mod timers;
mod ui;

pub use start::start;

use crate::assets::Assets;
use crate::i18n::T;
use crate::model::{Model, Versions};
use keep::{Narrow, Prefs, Tab, Theme, View};
use machinery::schema::Docs;
use playground::Ref;
use run::Run;
use std::cell::RefCell;
use std::rc::Rc;
use timers::Timers;
use ui::{Act, Shown, Ui};
use yew::prelude::*;

/// What the page starts with.
#[derive(Clone, PartialEq, Properties)]
pub struct Start {
    pub assets: Assets,
    /// A session that came with the address.
    pub shared: Option<String>,
    /// In a frame of another page: `lesson` shows the lesson too. Nothing is kept.
    pub embed: Option<String>,
    /// Open at this lesson ("" for none) unless a session goes on.
    pub lesson: Option<String>,
}

pub enum Msg {
    Frame(f64),
    Act(Act),
    /// The editor's text has been still for a moment.
    SaveFiles,
    LoadEditor,
    /// The documentation of the API has come.
    Docs(String),
    /// The learner chose a file with a session.
    Open(String),
    Mark,
    Announce,
    Keep,
    /// The system changed between light and dark.
    Dress,
    Notice(Option<String>),
}

pub struct App {
    run: Run,
    model: Rc<RefCell<Model>>,
    /// The versions of the model that are drawn.
    shown: Versions,
    prefs: Prefs,
    ui: Ui,
    tab: Tab,
    narrow: Narrow,
    drawer: bool,
    selected: Option<Ref>,
    editor_wanted: bool,
    editor_ready: bool,
    /// What hover shows; Monaco holds it too.
    docs: Rc<RefCell<Rc<Docs>>>,
    /// A line that is shown until it is dismissed: storage was corrupt, a link was copied.
    notice: Option<String>,
    /// What those who listen are told.
    news: String,
    timers: Timers,
}

impl Component for App {
    type Message = Msg;
    type Properties = Start;

    fn create(ctx: &Context<App>) -> App {
        let prefs = Prefs::load();
        let texts = ctx.props().assets.texts(prefs.lang);
        let (run, notice) = Run::begin(ctx.props(), &texts);
        let app = App {
            run,
            model: Rc::new(RefCell::new(Model::default())),
            shown: Versions::default(),
            ui: Ui {
                texts,
                act: ctx.link().callback(Msg::Act),
            },
            prefs,
            tab: Tab::Editor,
            narrow: Narrow::Lesson,
            drawer: false,
            selected: None,
            editor_wanted: false,
            editor_ready: false,
            docs: Rc::default(),
            notice,
            news: String::new(),
            timers: Timers::start(ctx.link()),
        };
        app.dress();
        app
    }
    fn update(&mut self, ctx: &Context<App>, msg: Msg) -> bool {
        match msg {
            Msg::Frame(ts) => {
                self.timers.next_frame();
                self.frame(ctx, ts)
            }
            Msg::Act(act) => self.act(ctx, act),
            Msg::SaveFiles => {
                self.save_files();
                false
            }
            Msg::LoadEditor => {
                bridge::rest_later();
                !std::mem::replace(&mut self.editor_wanted, true)
            }
            Msg::Docs(text) => {
                self.give_docs(&text);
                false
            }
            Msg::Open(text) => self.open_session(&text, &ctx.props().assets),
            Msg::Mark => {
                self.mark();
                false
            }
            Msg::Announce => self.announce(),
            Msg::Keep => {
                self.run.keep();
                false
            }
            Msg::Dress => {
                self.dress();
                false
            }
            Msg::Notice(text) => {
                self.notice = text;
                true
            }
        }
    }
    fn rendered(&mut self, _ctx: &Context<App>, _first: bool) {
        self.drawn();
    }
    fn view(&self, ctx: &Context<App>) -> Html {
        let v = self.shown;
        let at = |version: u64| Shown {
            model: Rc::clone(&self.model),
            version,
        };
        let columns = format!(
            "--left:{}px;--right:{}px;--share:{}",
            self.prefs.left,
            self.prefs.right,
            f64::from(self.prefs.share) / 1000.0
        );
        let t = |k: T| self.ui.t(k);
        let embed = ctx.props().embed.as_ref().map(|what| match what.as_str() {
            "lesson" => "embed with-lesson",
            _ => "embed",
        });
        html! {
            <ContextProvider<Ui> context={self.ui.clone()}>
                if ctx.props().embed.is_none() { <header::Header shown={at(v.lesson + v.session)} theme={self.prefs.theme} drawer={self.drawer} /> }
                { self.notice() }
                <main class={classes!("panes", self.narrow.class(), self.drawer.then_some("drawer"), embed)} style={columns}>
                    <section class="pane lesson" id="lesson" aria-label={t(T::pane_lesson)}>
                        <lesson::Lesson shown={at(v.lesson)} />
                    </section>
                    <splitter::Splitter class="one" vertical=true label={t(T::split_lesson)} value={self.prefs.left} range={keep::LEFT} moved={self.ui.act.reform(Act::Left)} />
                    <div class="middle">
                        <section class="pane cluster" aria-label={t(T::pane_cluster)}>
                            <cluster::ClusterPane shown={at(self.cluster_version())} view={self.prefs.view} system={self.prefs.system} selected={self.selected.clone()} />
                            <timebar::TimeBar shown={at(v.clock + v.history)} />
                        </section>
                        <splitter::Splitter class="two" vertical=false label={t(T::split_cluster)} value={self.prefs.share} range={keep::SHARE} moved={self.ui.act.reform(Act::Share)} />
                        <section class="pane terminal" aria-label={t(T::pane_terminal)}>
                            <terminal::TerminalPane />
                        </section>
                    </div>
                    <splitter::Splitter class="three" vertical=true label={t(T::split_right)} value={self.prefs.right} range={keep::RIGHT} moved={self.ui.act.reform(|d: i32| Act::Right(-d))} />
                    <section class="pane right" aria-label={t(T::pane_right)}>
                        { self.tabs() }
                        <div class="sheet" role="tabpanel" hidden={self.tab != Tab::Editor}>
                            <editor::EditorPane shown={at(v.files)} wanted={self.editor_wanted} ready={self.editor_ready} docs={Rc::clone(&self.docs)} />
                        </div>
                        <div class="sheet" role="tabpanel" hidden={self.tab != Tab::Inspector}>
                            <inspector::InspectorPane shown={at(v.inspection)} selected={self.selected.clone()} />
                        </div>
                        <div class="sheet" role="tabpanel" hidden={self.tab != Tab::Browser}>
                            <browser::BrowserPane shown={at(v.page)} />
                        </div>
                    </section>
                </main>
                { self.bottom_bar() }
                <div class="sr" role="status" aria-live="polite">{ &self.news }</div>
            </ContextProvider<Ui>>
        }
    }
}

impl App {
    /// What the shown view of the cluster follows.
    fn cluster_version(&self) -> u64 {
        let v = self.shown;
        match self.prefs.view {
            View::Network => v.cluster + v.traffic,
            View::Control => v.cluster + v.calls,
            _ => v.cluster,
        }
    }
    /// Language and colours, on the document itself.
    fn dress(&self) {
        let Some(window) = web_sys::window() else {
            return;
        };
        let Some(root) = window.document().and_then(|d| d.document_element()) else {
            return;
        };
        let prefers_dark = window
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
            .is_some_and(|m| m.matches());
        let shade = match (self.prefs.theme, prefers_dark) {
            (Theme::Dark, _) | (Theme::Auto, true) => "dark",
            _ => "light",
        };
        let _ = root.set_attribute("lang", self.prefs.lang.code());
        let _ = root.set_attribute("data-shade", shade);
        bridge::retheme();
    }
    fn notice(&self) -> Html {
        let (alarm, text) = match &self.notice {
            Some(text) => (false, text.clone()),
            None => match self.model.borrow().alarms.last() {
                Some((_, text)) => (true, text.clone()),
                None => return html! {},
            },
        };
        html! {
            <div class={classes!("notice", alarm.then_some("alarm"))} role="status">
                { if alarm { icons::icon("alarm") } else { html! {} } }
                <span>{ text }</span>
                <button class="plain" onclick={self.ui.on(Act::Dismiss)} aria-label={self.ui.t(T::close)}>{ icons::icon("close") }</button>
            </div>
        }
    }
    fn tabs(&self) -> Html {
        let tab = |tab: Tab, label: T| {
            let on = self.tab == tab;
            html! { <button role="tab" aria-selected={on.to_string()} class={classes!("tab", on.then_some("on"))} onclick={self.ui.on(Act::Tab(tab))}>{ self.ui.t(label) }</button> }
        };
        html! {
            <div class="tabs" role="tablist" aria-label={self.ui.t(T::pane_right)}>
                { tab(Tab::Editor, T::tab_editor) }
                { tab(Tab::Inspector, T::tab_inspector) }
                { tab(Tab::Browser, T::tab_browser) }
            </div>
        }
    }
    fn bottom_bar(&self) -> Html {
        let item = |n: Narrow, label: T| {
            let on = self.narrow == n;
            let name = match n {
                Narrow::Lesson => "lesson",
                Narrow::Cluster => "cluster",
                Narrow::Terminal => "prompt",
                Narrow::Editor => "editor",
            };
            html! { <button class={classes!(on.then_some("on"))} aria-pressed={on.to_string()} onclick={self.ui.on(Act::Narrow(n))}>{ icons::icon(name) }<span>{ self.ui.t(label) }</span></button> }
        };
        html! {
            <nav class="bottom" aria-label={self.ui.t(T::panes)}>
                { item(Narrow::Lesson, T::pane_lesson) }
                { item(Narrow::Cluster, T::pane_cluster) }
                { item(Narrow::Terminal, T::pane_terminal) }
                { item(Narrow::Editor, T::tab_editor) }
            </nav>
        }
    }
}
