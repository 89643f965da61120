//! The browser pane: an address, what came back (in a frame without any rights), and the way that the request took.

use super::icons::icon;
use super::ui::{Act, Shown, Ui, use_ui};
use crate::i18n::T;
use crate::model::Page;
use crate::words;
use machinery::http::{Fetch, Hop};
use playground::Input;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
}

#[component(BrowserPane)]
pub fn browser_pane(props: &Props) -> Html {
    let ui = use_ui();
    let model = props.shown.model.borrow();
    let page = model.page.clone();
    let typed = use_state(|| None::<String>);
    let url = typed
        .as_ref()
        .cloned()
        .or_else(|| page.as_ref().map(|p| p.url.clone()))
        .unwrap_or_default();
    {
        // A page that was opened by a command takes the address bar.
        let typed = typed.clone();
        use_effect_with(page.as_ref().map(|p| p.url.clone()), move |_| {
            typed.set(None);
        });
    }
    let write = {
        let typed = typed.clone();
        Callback::from(move |e: InputEvent| {
            if let Some(input) = e.target_dyn_into::<web_sys::HtmlInputElement>() {
                typed.set(Some(input.value()));
            }
        })
    };
    let go = {
        let (act, url) = (ui.act.clone(), url.clone());
        Callback::from(move |e: SubmitEvent| {
            e.prevent_default();
            if !url.trim().is_empty() {
                act.emit(Act::Input(Input::Browse(url.trim().to_string())));
            }
        })
    };
    html! {
        <div class="browser">
            <form class="address" onsubmit={go}>
                <button class="plain" aria-label={ui.t(T::browser_reload)} title={ui.t(T::browser_reload)}>{ icon("reload") }</button>
                <input aria-label={ui.t(T::browser_address)} placeholder={ui.t(T::browser_placeholder)} spellcheck="false" autocomplete="off" value={url} oninput={write} />
            </form>
            { match &page { Some(page) => answer(&ui, page), None => html! { <p class="empty">{ ui.t(T::browser_empty) }</p> } } }
        </div>
    }
}

fn answer(ui: &Ui, page: &Page) -> Html {
    let failed = |title: T, body: T, code: &str| html! { <div class="fetch-failed"><h3>{ ui.t(title) }</h3><p>{ ui.t(body) }</p><code>{ code }</code></div> };
    let content = match &page.answer {
        Fetch::Answer(r) => {
            let html = r
                .headers
                .iter()
                .any(|(k, v)| k.eq_ignore_ascii_case("content-type") && v.contains("html"))
                || r.body.trim_start().starts_with('<');
            if html {
                html! { <iframe class="content" sandbox="" title={page.url.clone()} srcdoc={r.body.clone()}></iframe> }
            } else {
                html! { <pre class="content text" tabindex="0">{ &r.body }</pre> }
            }
        }
        Fetch::UnknownHost => failed(
            T::fetch_unknown,
            T::fetch_unknown_body,
            "DNS_PROBE_FINISHED_NXDOMAIN",
        ),
        Fetch::Refused => failed(
            T::fetch_refused,
            T::fetch_refused_body,
            "ERR_CONNECTION_REFUSED",
        ),
        Fetch::Timeout => failed(
            T::fetch_timeout,
            T::fetch_timeout_body,
            "ERR_CONNECTION_TIMED_OUT",
        ),
        Fetch::Reset => failed(T::fetch_reset, T::fetch_reset_body, "ERR_EMPTY_RESPONSE"),
    };
    let status = match &page.answer {
        Fetch::Answer(r) => {
            let class = if r.status < 400 { "good" } else { "bad" };
            html! { <span class={classes!("status", class)}>{ r.status }</span> }
        }
        _ => html! {},
    };
    let hop = |h: &Hop| {
        let (at, note) = words::hop(&ui.texts, h);
        html! { <li><b>{ at }</b>if !note.is_empty() { <span>{ note }</span> }</li> }
    };
    // Where a request begins and ends is one line.
    let hops = page.hops.iter().enumerate();
    let way = hops.filter(|(i, h)| {
        let next = page.hops.get(i + 1);
        !(h.note.is_empty() && next.is_some_and(|n| n.at == h.at))
    });
    html! {
        <>
            { content }
            <div class="way"><h4>{ ui.t(T::browser_way) }{ status }</h4><ol>{ for way.map(|(_, h)| hop(h)) }</ol></div>
        </>
    }
}
