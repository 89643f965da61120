//! The header: bottle, lesson and progress, language, theme, undo, share, reset.

use super::icons::{bottle, icon};
use super::keep::Theme;
use super::ui::{Act, Shown, Ui, use_ui};
use crate::i18n::{Lang, T};
use playground::Input;
use wasm_bindgen::JsCast;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
    pub theme: Theme,
    pub drawer: bool,
}

#[component(Header)]
pub fn header(props: &Props) -> Html {
    let ui = use_ui();
    let model = props.shown.model.borrow();
    let asking = use_state(|| false);
    let lang = ui.texts.lang;
    let language = |l: Lang, label: &'static str| html! { <button lang={l.code()} aria-pressed={(l == lang).to_string()} class={classes!((l == lang).then_some("on"))} onclick={ui.on(Act::Language(l))}>{ label }</button> };
    let (shade, next, said) = match props.theme {
        Theme::Auto => ("auto", Theme::Light, T::theme_auto),
        Theme::Light => ("light", Theme::Dark, T::theme_light),
        Theme::Dark => ("dark", Theme::Auto, T::theme_dark),
    };
    let (count, last) = &model.undoable;
    let undo_title = if *count == 0 {
        ui.t(T::undo_none)
    } else {
        AttrValue::from(ui.texts.fill(T::undo_last, &[("command", last)]))
    };
    let button = |name: &str, label: AttrValue, onclick: Callback<MouseEvent>, disabled: bool| html! { <button class="plain" title={label.clone()} aria-label={label} {onclick} {disabled}>{ icon(name) }</button> };
    let ask = {
        let asking = asking.clone();
        Callback::from(move |_| asking.set(!*asking))
    };
    let reset = {
        let (asking, act) = (asking.clone(), ui.act.clone());
        Callback::from(move |_: MouseEvent| {
            asking.set(false);
            act.emit(Act::Reset);
        })
    };
    html! {
        <header class="top">
            <button class="plain menu" aria-label={ui.t(T::pane_lesson)} aria-expanded={props.drawer.to_string()} onclick={ui.on(Act::Drawer(!props.drawer))}>{ icon("menu") }</button>
            <div class="brand">{ bottle() }<h1>{ "bottleship" }</h1></div>
            { lesson_title(&model) }
            <span class="grow"></span>
            <div class="languages" role="group" aria-label={ui.t(T::language)}>{ language(Lang::Ko, "한국어") }{ language(Lang::En, "English") }</div>
            { button(shade, ui.t(said), ui.on(Act::Theme(next)), false) }
            { button("undo", undo_title, ui.input(Input::Undo), *count == 0) }
            { button("share", ui.t(T::share), ui.on(Act::ShareLink), false) }
            { more(&ui) }
            <div class="ask">
                { button("reset", ui.t(T::reset), ask.clone(), false) }
                if *asking {
                    <div class="pop" role="dialog" aria-label={ui.t(T::reset)}>
                        <p>{ ui.t(T::reset_ask) }</p>
                        <button class="primary" onclick={reset}>{ ui.t(T::reset_yes) }</button>
                        <button class="quiet" onclick={ask}>{ ui.t(T::cancel) }</button>
                    </div>
                }
            </div>
        </header>
    }
}

/// What is done now and then: files in and out.
fn more(ui: &Ui) -> Html {
    let item = |label: T, act: Act| html! { <button class="fault" onclick={ui.on(act)}>{ ui.t(label) }</button> };
    let act = ui.act.clone();
    let apply = Callback::from(move |e: SubmitEvent| {
        e.prevent_default();
        let form = e.target_dyn_into::<web_sys::Element>();
        let area = form.and_then(|f| f.query_selector("textarea").ok().flatten());
        let area = area.and_then(|a| a.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
        if let Some(text) = area.map(|a| a.value()).filter(|t| !t.trim().is_empty()) {
            act.emit(Act::ApplyText(text));
        }
    });
    html! {
        <details class="faults more">
            <summary class="plain" title={ui.t(T::more)} aria-label={ui.t(T::more)}>{ icon("more") }</summary>
            <div class="pop">
                { item(T::session_save, Act::SaveSession) }
                { item(T::session_open, Act::OpenSession) }
                { item(T::branch_back, Act::Unshelve) }
                { item(T::yaml_export, Act::ExportYaml) }
                <form onsubmit={apply}>
                    <label>{ ui.t(T::yaml_paste) }<textarea rows="5" spellcheck="false" placeholder="apiVersion: v1" /></label>
                    <button class="quiet">{ ui.t(T::yaml_apply) }</button>
                </form>
            </div>
        </details>
    }
}

fn lesson_title(model: &crate::model::Model) -> Html {
    let Some(lesson) = &model.lesson else {
        return html! {};
    };
    if lesson.slug.is_empty() {
        return html! {};
    }
    let total = lesson.steps.len();
    let pip = |(i, step): (usize, &playground::StepView)| {
        let class = if step.done || i < lesson.current {
            "done"
        } else if i == lesson.current {
            "now"
        } else {
            ""
        };
        html! { <i class={class}></i> }
    };
    html! {
        <div class="progress">
            <span class="title">{ &lesson.title }</span>
            <span class="pips" aria-hidden="true">{ for lesson.steps.iter().enumerate().map(pip) }</span>
            <span class="count">{ format!("{}/{total}", lesson.current.min(total)) }</span>
        </div>
    }
}
