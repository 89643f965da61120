//! What the browser keeps between visits: the session, and how the page was set up. A browser that keeps nothing
//! (private windows, blocked storage) is served all the same.

use crate::i18n::Lang;

const SESSION: &str = "bottleship.session";
const SHELF: &str = "bottleship.shelf";
const PREFS: &str = "bottleship.prefs";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
pub fn session() -> Option<String> {
    storage()?
        .get_item(SESSION)
        .ok()
        .flatten()
        .filter(|s| !s.is_empty())
}
pub fn keep_session(text: &str) {
    if let Some(s) = storage() {
        // A full store is no reason to stop: the session goes on, it is only not kept.
        let _ = s.set_item(SESSION, text);
    }
}

/// The session that was left for another: by a branch from the past.
pub fn shelf() -> Option<String> {
    storage()?.get_item(SHELF).ok().flatten()
}
pub fn shelve(text: &str) {
    if let Some(s) = storage() {
        let _ = s.set_item(SHELF, text);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Auto,
    Light,
    Dark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Nodes,
    Workloads,
    Network,
    Control,
    Table,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Editor,
    Inspector,
    Browser,
}

/// Which pane a narrow page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrow {
    Lesson,
    Cluster,
    Terminal,
    Editor,
}

impl Narrow {
    pub fn class(self) -> &'static str {
        match self {
            Narrow::Lesson => "at-lesson",
            Narrow::Cluster => "at-cluster",
            Narrow::Terminal => "at-terminal",
            Narrow::Editor => "at-editor",
        }
    }
}

/// How the page is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefs {
    pub lang: Lang,
    pub theme: Theme,
    pub view: View,
    pub system: bool,
    /// Pixels of the left and right panes, per mille of the cluster's share of the middle.
    pub left: i32,
    pub right: i32,
    pub share: i32,
}

pub const LEFT: (i32, i32) = (240, 620);
pub const RIGHT: (i32, i32) = (280, 900);
pub const SHARE: (i32, i32) = (200, 850);

impl Prefs {
    pub fn load() -> Prefs {
        let text = storage()
            .and_then(|s| s.get_item(PREFS).ok().flatten())
            .unwrap_or_default();
        let get = |key: &str| {
            text.split(';')
                .filter_map(|p| p.split_once('='))
                .find(|(k, _)| *k == key)
                .map(|(_, v)| v)
        };
        let number = |key: &str, default: i32, (min, max): (i32, i32)| {
            get(key)
                .and_then(|v| v.parse().ok())
                .unwrap_or(default)
                .clamp(min, max)
        };
        let browser = || {
            let w = web_sys::window();
            w.and_then(|w| w.navigator().language())
                .unwrap_or_else(|| "ko".into())
        };
        // What a first visit gets: the cluster keeps room for three nodes side by side.
        let page = web_sys::window()
            .and_then(|w| w.inner_width().ok()?.as_f64())
            .unwrap_or(1440.0);
        let part = |of: f64, least: i32, most: i32| ((page * of) as i32).clamp(least, most);
        Prefs {
            lang: get("lang").map_or_else(|| Lang::of(&browser()), Lang::of),
            theme: match get("theme") {
                Some("light") => Theme::Light,
                Some("dark") => Theme::Dark,
                _ => Theme::Auto,
            },
            view: match get("view") {
                Some("workloads") => View::Workloads,
                Some("network") => View::Network,
                Some("control") => View::Control,
                Some("table") => View::Table,
                _ => View::Nodes,
            },
            system: get("system") == Some("1"),
            left: number("left", part(0.25, 280, 340), LEFT),
            right: number("right", part(0.28, 320, 520), RIGHT),
            share: number("share", 560, SHARE),
        }
    }
    pub fn keep(&self) {
        let theme = match self.theme {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let view = match self.view {
            View::Nodes => "nodes",
            View::Workloads => "workloads",
            View::Network => "network",
            View::Control => "control",
            View::Table => "table",
        };
        let text = format!(
            "lang={};theme={theme};view={view};system={};left={};right={};share={}",
            self.lang.code(),
            i32::from(self.system),
            self.left,
            self.right,
            self.share
        );
        if let Some(s) = storage() {
            let _ = s.set_item(PREFS, &text);
        }
    }
}
