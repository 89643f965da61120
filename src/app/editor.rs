//! The editor: tabs of files over Monaco, which is loaded once the first prompt stands. Markers, completion and hover
//! are answered by the playground's own reading of manifests.

use super::bridge;
use super::ui::{Act, Shown, use_ui};
use crate::i18n::T;
use machinery::json::quote;
use machinery::schema::Docs;
use playground::editor;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::{Closure, JsValue};
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

#[derive(Properties)]
pub struct Props {
    pub shown: Shown,
    pub wanted: bool,
    pub ready: bool,
    pub docs: Rc<RefCell<Rc<Docs>>>,
}

impl PartialEq for Props {
    fn eq(&self, other: &Props) -> bool {
        self.shown == other.shown && (self.wanted, self.ready) == (other.wanted, other.ready)
    }
}

#[component(EditorPane)]
pub fn editor_pane(props: &Props) -> Html {
    let ui = use_ui();
    let holder = use_node_ref();
    let failed = use_state(|| false);
    {
        let (holder, act, failed) = (holder.clone(), ui.act.clone(), failed.clone());
        let docs = Rc::clone(&props.docs);
        let (lang, label) = (
            ui.texts.lang.code().to_string(),
            ui.texts.get(T::tab_editor).to_string(),
        );
        use_effect_with(props.wanted, move |wanted| {
            let element = holder.cast::<web_sys::Element>();
            if let (true, Some(element)) = (*wanted, element) {
                spawn_local(async move {
                    let (change, complete, hover) = hooks(act.clone(), docs);
                    match bridge::editor_load(element, lang, label, change, complete, hover).await {
                        Ok(_) => act.emit(Act::EditorReady),
                        Err(_) => failed.set(true),
                    }
                });
            }
        });
    }
    {
        let act = ui.act.clone();
        let (lang, label) = (
            ui.texts.lang.code().to_string(),
            ui.texts.get(T::tab_editor).to_string(),
        );
        use_effect_with((ui.texts.lang, props.ready), move |(_, ready)| {
            if *ready {
                spawn_local(async move {
                    let made = bridge::editor_language(lang, label).await;
                    if made.is_ok_and(|made| made.is_truthy()) {
                        act.emit(Act::EditorReady);
                    }
                });
            }
        });
    }
    let model = props.shown.model.borrow();
    let tab = |path: &String| {
        let on = model.open_file.as_ref() == Some(path);
        let name = path.rsplit('/').next().unwrap_or(path).to_string();
        html! { <button key={path.clone()} class={classes!("file", on.then_some("on"))} aria-pressed={on.to_string()} title={path.clone()} onclick={ui.on(Act::OpenFile(path.clone()))}>{ name }</button> }
    };
    html! {
        <div class="editor">
            <div class="files" role="group" aria-label={ui.t(T::files)}>{ for model.files.keys().map(tab) }</div>
            <div class="monaco-frame">
                <div class="monaco-holder monaco-component" ref={holder}></div>
                if *failed { <p class="empty">{ ui.t(T::editor_failed) }</p> }
                else if !props.ready { { skeleton() } }
            </div>
            if model.files.is_empty() { <p class="empty">{ ui.t(T::no_files) }</p> }
        </div>
    }
}

fn skeleton() -> Html {
    const LINES: [u32; 10] = [30, 24, 38, 20, 34, 28, 46, 40, 52, 36];
    html! { <div class="skeleton" aria-hidden="true">{ for LINES.iter().map(|w| html! { <i style={format!("width:{w}%")}></i> }) }</div> }
}

/// What Monaco calls; they live as long as the page.
fn hooks(act: Callback<Act>, docs: Rc<RefCell<Rc<Docs>>>) -> (JsValue, JsValue, JsValue) {
    let change = Closure::<dyn FnMut(String, String)>::new(move |path, text| {
        act.emit(Act::Edited(path, text));
    });
    let complete =
        Closure::<dyn FnMut(String, u32, u32) -> String>::new(|text: String, line, column| {
            completions_json(&text, line, column)
        });
    let hover = Closure::<dyn FnMut(String, u32, u32) -> Option<String>>::new(
        move |text: String, line, column| editor::hover(&text, line, column, &docs.borrow()),
    );
    (
        change.into_js_value(),
        complete.into_js_value(),
        hover.into_js_value(),
    )
}

fn completions_json(text: &str, line: u32, column: u32) -> String {
    let one = |c: &editor::Completion| {
        format!(
            r#"{{"label":{},"detail":{},"documentation":{},"insert":{}}}"#,
            quote(&c.label),
            quote(&c.detail),
            quote(&c.documentation),
            quote(&c.insert)
        )
    };
    let found = editor::complete(text, line, column);
    format!("[{}]", found.iter().map(one).collect::<Vec<_>>().join(","))
}
