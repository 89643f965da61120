//! Files in and out: the editor's, the shared link, saved sessions, the API's documentation.

use super::bridge;
use super::{App, Msg};
use crate::assets::Assets;
use crate::i18n::T;
use playground::{Input, Replay, editor};
use std::rc::Rc;
use yew::prelude::*;

impl App {
    /// Puts a file's text into the editor if it is the one shown.
    pub(super) fn show_file(&mut self, path: &str) {
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
    pub(super) fn open_file(&mut self, path: String) {
        {
            let mut model = self.model.borrow_mut();
            model.open_file = Some(path.clone());
            model.versions.files += 1;
        }
        self.show_file(&path);
    }
    pub(super) fn edited(&mut self, path: String, text: String) -> bool {
        self.model
            .borrow_mut()
            .files
            .insert(path.clone(), text.clone());
        self.run.unsaved.insert(path, text);
        self.timers.save = Some(self.timers.after(400, Msg::SaveFiles));
        self.timers.mark = Some(self.timers.after(250, Msg::Mark));
        false
    }
    pub(super) fn share(&mut self, ctx: &Context<App>) {
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
    pub(super) fn give_docs(&mut self, text: &str) {
        self.run.session.give_docs(text);
        *self.docs.borrow_mut() = self.run.session.docs();
    }
    /// Goes on with a session from a file; says plainly if it is none.
    pub(super) fn open_session(&mut self, text: &str, assets: &Assets) -> bool {
        let lang = self.prefs.lang.code();
        match Replay::begin(text, lang, &assets.lessons) {
            Ok((session, replay)) => {
                self.run.take_up(session, replay);
                self.notice = None;
            }
            Err(why) => {
                let texts = &self.ui.texts;
                self.notice = Some(texts.fill(T::bad_file, &[("why", &why)]));
            }
        }
        true
    }
    /// The session on the shelf and this one change places.
    pub(super) fn unshelve(&mut self, assets: &Assets) {
        let Some(kept) = super::keep::shelf() else {
            self.notice = Some(self.ui.texts.get(T::branch_none).to_string());
            return;
        };
        let here = self.run.session.save();
        self.open_session(&kept, assets);
        if self.notice.is_none() {
            super::keep::shelve(&here);
            // It was left while a moment of the past was looked at.
            self.run.input(Input::Past(None));
        }
    }
}

pub fn fetch_docs(link: yew::html::Scope<App>) {
    wasm_bindgen_futures::spawn_local(async move {
        // Without them hover and explain show the fields alone.
        if let Some(text) = bridge::api_docs().await.ok().and_then(|t| t.as_string()) {
            link.send_message(Msg::Docs(text));
        }
    });
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
