//! What wakes the app besides its buttons: frames, timers, keys of the page, the page being left.

use super::ui::Act;
use super::{App, Msg};
use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::{Interval, Timeout};
use playground::Input;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use yew::html::Scope;

/// Everything that wakes the app besides the learner.
pub struct Timers {
    link: Scope<App>,
    frame: Rc<Closure<dyn FnMut(f64)>>,
    _announce: Interval,
    _keep: Interval,
    _listeners: Vec<EventListener>,
    pub save: Option<Timeout>,
    pub mark: Option<Timeout>,
    pub editor: Option<Timeout>,
    pub docs: Option<Timeout>,
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
            docs: None,
        };
        timers.next_frame();
        timers
    }
    pub fn next_frame(&self) {
        if let Some(w) = web_sys::window() {
            let _ = w.request_animation_frame((*self.frame).as_ref().unchecked_ref());
        }
    }
    pub fn after(&self, ms: u32, msg: Msg) -> Timeout {
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
    out.push(EventListener::new(&window, "pointerdown", |e| {
        close_menus(e.target().and_then(|t| t.dyn_into().ok()).as_ref());
    }));
    out.push(EventListener::new(&window, "click", |e| {
        // What was chosen in a menu has been chosen.
        let target: Option<web_sys::Element> = e.target().and_then(|t| t.dyn_into().ok());
        if target.is_some_and(|t| t.closest("details.faults button").ok().flatten().is_some()) {
            close_menus(None);
        }
    }));
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
            if key.key() == "Escape" {
                close_menus(None);
            }
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

/// Menus close when something else is pressed; the keyboard goes back to what opened them.
fn close_menus(except: Option<&web_sys::Element>) {
    let document = web_sys::window().and_then(|w| w.document());
    let Some(open) = document.and_then(|d| d.query_selector("details.faults[open]").ok().flatten())
    else {
        return;
    };
    if except.is_some_and(|e| open.contains(Some(e))) {
        return;
    }
    let _ = open.remove_attribute("open");
    let summary = open.query_selector("summary").ok().flatten();
    let held = except.is_none() && open.matches(":focus-within").unwrap_or(false);
    if let Some(s) = summary
        .filter(|_| held)
        .and_then(|s| s.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = s.focus();
    }
}
