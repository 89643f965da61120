//! The time bar under the cluster, as a player's: pause, speeds, one step, run until quiet, the history with a tick for
//! every write, the clock. A past moment is said plainly, with the ways out of it.

use super::icons::icon;
use super::ui::{Shown, Ui, use_ui};
use crate::i18n::T;
use crate::model::Model;
use crate::words;
use playground::{Input, Speed};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
}

/// Into how many parts the history is divided for its ticks.
const PARTS: usize = 160;

#[component(TimeBar)]
pub fn time_bar(props: &Props) -> Html {
    let ui = use_ui();
    let model = props.shown.model.borrow();
    let past = model.history.past;
    let paused = model.speed == Speed::Paused;
    let toggle = if paused {
        Speed::Times(1)
    } else {
        Speed::Paused
    };
    let speed = |times: u32| {
        let on = model.speed == Speed::Times(times);
        html! { <button class={classes!("speed", on.then_some("on"))} aria-pressed={on.to_string()} disabled={past.is_some()} onclick={ui.input(Input::Speed(Speed::Times(times)))}>{ format!("×{times}") }</button> }
    };
    let button = |name: &str, label: T, input: Input, disabled: bool| html! { <button class="plain" title={ui.t(label)} aria-label={ui.t(label)} {disabled} onclick={ui.input(input)}>{ icon(name) }</button> };
    let (name, label) = if paused {
        ("play", T::time_play)
    } else {
        ("pause", T::time_pause)
    };
    let away = past.is_some();
    html! {
        <>
            { past.map(|at| banner(&ui, &model, at)).unwrap_or_default() }
            <div class={classes!("timebar", paused.then_some("paused"), away.then_some("past"))} role="group" aria-label={ui.t(T::time)}>
                { button(name, label, Input::Speed(toggle), away) }
                <div class="speeds">{ speed(1) }{ speed(10) }{ speed(60) }</div>
                { button("step", T::time_step, Input::Step, away) }
                { button("settle", T::time_settle, Input::Settle, away) }
                { history(&ui, &model) }
                if paused && !away { <span class="state">{ ui.t(T::time_paused) }</span> }
                <span class="since" title={ui.t(T::time_since)}>{ "+" }{ words::elapsed(model.lived()) }</span>
                <time class="clock" title={ui.t(T::time_clock)}>{ words::clock(model.now) }</time>
            </div>
        </>
    }
}

/// What is shown is not how things are; the ways on.
fn banner(ui: &Ui, model: &Model, at: i64) -> Html {
    let ago = words::age(model.present() - at);
    html! {
        <div class={classes!("past-banner", model.history.wrote.then_some("wrote"))} role="status">
            <span>{ ui.texts.fill(T::past_shown, &[("age", &ago)]) }if model.history.wrote { { " " }{ ui.t(T::past_wrote) } }</span>
            <button class="primary" onclick={ui.input(Input::Past(None))}>{ ui.t(T::past_back) }</button>
            <button class="quiet" title={ui.t(T::past_branch_means)} onclick={ui.input(Input::Branch)}>{ ui.t(T::past_branch) }</button>
        </div>
    }
}

/// The slider over the ticks of all writes, and a step to the write before and after.
fn history(ui: &Ui, model: &Model) -> Html {
    let h = &model.history;
    let end = model.present();
    let at = h.past.unwrap_or(end);
    let act = ui.act.clone();
    let slide = Callback::from(move |e: InputEvent| {
        if let Some(input) = e.target_dyn_into::<web_sys::HtmlInputElement>() {
            let to = input.value().parse::<i64>().ok();
            let to = to.filter(|at| *at < end - (end / 1_000_000_000).min(50));
            act.emit(super::ui::Act::Input(Input::Past(to)));
        }
    });
    let bars = h.buckets(end, PARTS);
    let most = bars.iter().copied().max().unwrap_or(1).max(1);
    let bar = |(i, n): (usize, &u32)| {
        // Few writes are seen too; many are no wall.
        let tall = (f64::from(*n) / f64::from(most)).sqrt() * 11.0 + 3.0;
        format!("M{i} 16v-{tall:.1}")
    };
    let path: Vec<String> = bars
        .iter()
        .enumerate()
        .filter(|(_, n)| **n > 0)
        .map(bar)
        .collect();
    let step = |name: &str, label: T, to: Option<i64>| {
        let input = Input::Past(to);
        let disabled = to.is_none() && h.past.is_none();
        html! { <button class="plain small" title={ui.t(label)} aria-label={ui.t(label)} {disabled} onclick={ui.input(input)}>{ icon(name) }</button> }
    };
    let before = h.neighbour(at, false);
    let after = h.past.and_then(|at| h.neighbour(at, true));
    html! {
        <div class="history">
            { step("before", T::history_before, before.or(h.past)) }
            <div class="slide">
                <svg viewBox={format!("-0.5 0 {PARTS} 16")} preserveAspectRatio="none" aria-hidden="true"><path d={path.concat()} /></svg>
                <input type="range" min={h.oldest.to_string()} max={end.to_string()} step="any" value={at.to_string()}
                    aria-label={ui.t(T::history)} aria-valuetext={if h.past.is_some() { words::age(end - at) } else { ui.texts.get(T::history_now).to_string() }} oninput={slide} />
            </div>
            { step("after", T::history_after, after) }
        </div>
    }
}
