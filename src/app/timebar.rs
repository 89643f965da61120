//! The time bar under the cluster, as a player's: pause, speeds, one step, run until quiet, the clock.

use super::icons::icon;
use super::ui::{Shown, use_ui};
use crate::i18n::T;
use crate::words;
use playground::{Input, Speed};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
}

#[component(TimeBar)]
pub fn time_bar(props: &Props) -> Html {
    let ui = use_ui();
    let model = props.shown.model.borrow();
    let paused = model.speed == Speed::Paused;
    let toggle = if paused {
        Speed::Times(1)
    } else {
        Speed::Paused
    };
    let speed = |times: u32| {
        let on = model.speed == Speed::Times(times);
        html! { <button class={classes!("speed", on.then_some("on"))} aria-pressed={on.to_string()} onclick={ui.input(Input::Speed(Speed::Times(times)))}>{ format!("×{times}") }</button> }
    };
    let button = |name: &str, label: T, input: Input| html! { <button class="plain" title={ui.t(label)} aria-label={ui.t(label)} onclick={ui.input(input)}>{ icon(name) }</button> };
    let (name, label) = if paused {
        ("play", T::time_play)
    } else {
        ("pause", T::time_pause)
    };
    html! {
        <div class={classes!("timebar", paused.then_some("paused"))} role="group" aria-label={ui.t(T::time)}>
            { button(name, label, Input::Speed(toggle)) }
            <div class="speeds">{ speed(1) }{ speed(10) }{ speed(60) }</div>
            { button("step", T::time_step, Input::Step) }
            { button("settle", T::time_settle, Input::Settle) }
            <span class="grow"></span>
            if paused { <span class="state">{ ui.t(T::time_paused) }</span> }
            <span class="since" title={ui.t(T::time_since)}>{ "+" }{ words::elapsed(model.lived()) }</span>
            <time class="clock" title={ui.t(T::time_clock)}>{ words::clock(model.now) }</time>
        </div>
    }
}
