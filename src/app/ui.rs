//! What every component has at hand: the texts, and a way to say what the learner did.

use super::keep::{Narrow, Tab, Theme, View};
use crate::i18n::{Lang, T, Texts};
use crate::model::Model;
use playground::{Input, Ref};
use std::cell::RefCell;
use std::rc::Rc;
use yew::prelude::*;

/// What the learner did.
#[derive(Clone, Debug)]
pub enum Act {
    Input(Input),
    /// Shows an object in the inspector.
    Select(Ref),
    Deselect,
    Language(Lang),
    Theme(Theme),
    View(View),
    System(bool),
    Tab(Tab),
    Narrow(Narrow),
    Drawer(bool),
    /// Dragged a splitter by so many pixels.
    Left(i32),
    Right(i32),
    Share(i32),
    OpenFile(String),
    Edited(String, String),
    TerminalReady,
    EditorReady,
    ShareLink,
    /// The session as a file, and back from one.
    SaveSession,
    OpenSession,
    /// Back to the session that was left by a branch; this one is kept in its place.
    Unshelve,
    /// The learner's objects as a file; a text of theirs as a file that is applied.
    ExportYaml,
    ApplyText(String),
    Reset,
    Dismiss,
    /// Types the lines of a solution, and runs each.
    ShowMe(Vec<String>),
}

#[derive(Clone, PartialEq)]
pub struct Ui {
    pub texts: Rc<Texts>,
    pub act: Callback<Act>,
}

impl Ui {
    pub fn t(&self, key: T) -> AttrValue {
        AttrValue::from(self.texts.get(key).to_string())
    }
    pub fn on<E>(&self, act: Act) -> Callback<E> {
        let emit = self.act.clone();
        Callback::from(move |_| emit.emit(act.clone()))
    }
    pub fn input<E>(&self, input: Input) -> Callback<E> {
        self.on(Act::Input(input))
    }
}

#[hook]
pub fn use_ui() -> Ui {
    use_context::<Ui>().unwrap_or_else(|| Ui {
        texts: Rc::new(Texts::read(Lang::default(), machinery::NULL)),
        act: Callback::noop(),
    })
}

/// The read model, and the version of the part that a component shows: it draws anew only when that moved.
#[derive(Clone)]
pub struct Shown {
    pub model: Rc<RefCell<Model>>,
    pub version: u64,
}

impl PartialEq for Shown {
    fn eq(&self, other: &Shown) -> bool {
        self.version == other.version
    }
}

/// Width and height of an element, followed.
#[hook]
pub fn use_size(node: NodeRef) -> (f64, f64) {
    use wasm_bindgen::JsCast;
    use wasm_bindgen::prelude::Closure;
    let size = use_state(|| (0.0, 0.0));
    let set = size.setter();
    use_effect_with(node, move |node| {
        let element = node.cast::<web_sys::Element>();
        let watched = element.clone();
        let heard = Closure::<dyn FnMut()>::new(move || {
            if let Some(e) = &watched {
                set.set((f64::from(e.client_width()), f64::from(e.client_height())));
            }
        });
        let observer = web_sys::ResizeObserver::new(heard.as_ref().unchecked_ref()).ok();
        if let (Some(o), Some(e)) = (&observer, &element) {
            o.observe(e);
        }
        move || {
            if let Some(o) = observer {
                o.disconnect();
            }
            drop(heard);
        }
    });
    *size
}
