//! The lesson pane: what is asked now, live checks, hints one by one, the steps done, the index.

use super::icons::icon;
use super::prose::{prose, spans};
use super::ui::{Act, Shown, Ui, use_ui};
use crate::i18n::T;
use crate::markdown::inline;
use playground::{Input, LessonView, StepView};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
}

#[component(Lesson)]
pub fn lesson(props: &Props) -> Html {
    let ui = use_ui();
    let index_open = use_state(|| false);
    let current = use_node_ref();
    let model = props.shown.model.borrow();
    let now = model
        .lesson
        .as_ref()
        .map(|l| (l.slug.clone(), l.current))
        .unwrap_or_default();
    {
        // The step to do comes into sight when it changes, and not at other times.
        let current = current.clone();
        use_effect_with(now, move |(_, step)| {
            if let Some(e) = current.cast::<web_sys::Element>().filter(|_| *step > 0) {
                e.scroll_into_view();
            }
        });
    }
    let Some(view) = &model.lesson else {
        return html! { <div class="empty">{ ui.t(T::lesson_loading) }</div> };
    };
    let toggle = {
        let open = index_open.clone();
        Callback::from(move |_| open.set(!*open))
    };
    let close = {
        let open = index_open.clone();
        Callback::from(move |_: MouseEvent| open.set(false))
    };
    html! {
        <>
            <div class="lesson-head">
                <button class="quiet index" aria-expanded={index_open.to_string()} onclick={toggle}>{ icon("lesson") }{ ui.t(T::lesson_index) }{ icon("down") }</button>
                <button class="plain drawer-close" aria-label={ui.t(T::close)} onclick={ui.on(Act::Drawer(false))}>{ icon("close") }</button>
            </div>
            if *index_open { { index(&ui, view, close) } } else { { body(&ui, view, &current) } }
        </>
    }
}

fn index(ui: &Ui, view: &LessonView, close: Callback<MouseEvent>) -> Html {
    let item = |(slug, title, done): &(String, String, bool)| {
        let here = *slug == view.slug;
        let open = ui.input::<MouseEvent>(Input::Lesson(slug.clone()));
        let close = close.clone();
        let go = Callback::from(move |e: MouseEvent| {
            open.emit(e.clone());
            close.emit(e);
        });
        html! {
            <li key={slug.clone()}>
                <button class={classes!(here.then_some("on"))} aria-current={here.then_some("true")} onclick={go}>
                    <span class={classes!("tick", done.then_some("done"))}>{ icon(if *done { "check" } else { "open" }) }</span>
                    { title }
                    if *done { <span class="sr">{ ui.t(T::done) }</span> }
                </button>
            </li>
        }
    };
    let free = ui.input::<MouseEvent>(Input::Lesson(String::new()));
    let shut = close.clone();
    let leave = Callback::from(move |e: MouseEvent| {
        free.emit(e.clone());
        shut.emit(e);
    });
    html! {
        <div class="scroll lesson-index">
            <ol>{ for view.index.iter().map(item) }</ol>
            <button class="quiet" onclick={leave}>{ ui.t(T::lesson_free) }</button>
        </div>
    }
}

fn body(ui: &Ui, view: &LessonView, current: &NodeRef) -> Html {
    if view.slug.is_empty() && view.steps.is_empty() {
        return html! { <div class="scroll prose"><h2>{ ui.t(T::free_title) }</h2><p>{ ui.t(T::free_body) }</p>{ prose(ui, &view.intro) }</div> };
    }
    let finished = view.current >= view.steps.len();
    let step = |(i, s): (usize, &StepView)| {
        if i < view.current {
            html! { <details class="step past" key={s.id.clone()}><summary>{ icon("check") }<span>{ spans(&inline(&s.title)) }</span></summary><div class="prose">{ prose(ui, &s.body) }</div></details> }
        } else if i == view.current {
            html! { <section class="step now" key={s.id.clone()} ref={current.clone()} aria-current="step"><h3><b>{ i + 1 }</b><span>{ spans(&inline(&s.title)) }</span></h3>{ now_step(ui, s) }</section> }
        } else {
            html! { <div class="step next" key={s.id.clone()}>{ icon("open") }<span>{ spans(&inline(&s.title)) }</span></div> }
        }
    };
    html! {
        <div class="scroll">
            <h2 class="lesson-title">{ &view.title }</h2>
            <div class="prose intro">{ prose(ui, &view.intro) }</div>
            <div class="steps">{ for view.steps.iter().enumerate().map(step) }</div>
            if finished { { outro(ui, view, current) } }
        </div>
    }
}

fn now_step(ui: &Ui, s: &StepView) -> Html {
    let check = |(met, words): &(bool, String)| html! { <li class={classes!(met.then_some("met"))}>{ icon(if *met { "check" } else { "open" }) }<span>{ spans(&inline(words)) }</span></li> };
    let hint = |(i, text): (usize, &String)| html! { <div class="hint" key={i}>{ icon("hint") }<div class="prose">{ prose(ui, text) }</div></div> };
    let left = s.hints_total.saturating_sub(s.hints.len());
    html! {
        <>
            <div class="prose">{ prose(ui, &s.body) }</div>
            if !s.checks.is_empty() { <ul class="checks" aria-label={ui.t(T::checks)}>{ for s.checks.iter().map(check) }</ul> }
            { for s.hints.iter().enumerate().map(hint) }
            <div class="helps">
                if left > 0 { <button class="quiet" onclick={ui.input(Input::Hint)}>{ icon("hint") }{ ui.texts.count(T::hint, left) }</button> }
                if !s.solution.is_empty() { <button class="quiet" onclick={ui.on(Act::ShowMe(s.solution.clone()))}>{ icon("play") }{ ui.t(T::show_me) }</button> }
            </div>
        </>
    }
}

fn outro(ui: &Ui, view: &LessonView, current: &NodeRef) -> Html {
    let here = view.index.iter().position(|(slug, ..)| *slug == view.slug);
    let next = here.and_then(|i| view.index.get(i + 1));
    html! {
        <section class="step outro" ref={current.clone()}>
            <h3>{ icon("check") }{ ui.t(T::lesson_done) }</h3>
            <div class="prose">{ prose(ui, &view.outro) }</div>
            if let Some((slug, title, _)) = next {
                <button class="primary" onclick={ui.input(Input::Lesson(slug.clone()))}>{ ui.t(T::lesson_next) }{ ": " }{ title }{ icon("next") }</button>
            }
        </section>
    }
}
