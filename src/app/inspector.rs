//! The inspector: one object as YAML and in words, its events, logs, the scheduler's table, and why it is as it is.

use super::icons;
use super::ui::{Act, Shown, Ui, use_ui};
use crate::i18n::T;
use crate::model::Model;
use crate::words;
use cluster::scheduler::Decision;
use playground::{Input, Inspection, Ref, WhyCard};
use yew::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sheet {
    Yaml,
    Describe,
    Events,
    Logs,
    Scheduling,
    Why,
}

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
    pub selected: Option<Ref>,
}

#[component(InspectorPane)]
pub fn inspector_pane(props: &Props) -> Html {
    let ui = use_ui();
    let sheet = use_state(|| Sheet::Describe);
    let model = props.shown.model.borrow();
    let Some(of) = &props.selected else {
        return html! { <p class="empty">{ ui.t(T::inspect_nothing) }</p> };
    };
    let found = model.inspection.as_ref().filter(|i| i.of == *of);
    let kind = found
        .map(|i| i.kind.clone())
        .filter(|k| !k.is_empty())
        .unwrap_or_else(|| words::singular(&of.resource).to_string());
    let is_pod = of.resource == "pods";
    let tab = |s: Sheet, label: T| {
        let on = *sheet == s;
        let sheet = sheet.clone();
        let go = Callback::from(move |_: MouseEvent| sheet.set(s));
        html! { <button role="tab" aria-selected={on.to_string()} class={classes!("tab", on.then_some("on"))} onclick={go}>{ ui.t(label) }</button> }
    };
    let body = match (*sheet, found) {
        (Sheet::Why, _) => why(
            &ui,
            model
                .why
                .as_ref()
                .filter(|(w, _)| w == of)
                .map(|(_, c)| c.as_slice()),
            model.now,
        ),
        (_, None) => html! { <p class="empty">{ ui.t(T::inspect_waiting) }</p> },
        (Sheet::Yaml, Some(i)) => {
            html! { <pre class="text yaml" tabindex="0">{ yaml(&i.yaml) }</pre> }
        }
        (Sheet::Describe, Some(i)) => {
            html! { <pre class="text" tabindex="0">{ &i.describe }</pre> }
        }
        (Sheet::Events, Some(i)) => events(&ui, i),
        (Sheet::Logs, Some(i)) => logs(&ui, i),
        (Sheet::Scheduling, Some(i)) => scheduling(&ui, i.decision.as_deref()),
    };
    html! {
        <div class="inspector">
            <div class="subject">
                { icons::kind(&kind) }
                <div class="names"><b>{ &of.name }</b><span>{ kind }{ if of.namespace.is_empty() { String::new() } else { format!(" · {}", of.namespace) } }</span></div>
                if found.is_some_and(|i| !i.exists) { <span class="gone">{ ui.t(T::inspect_gone) }</span> }
                { faults(&ui, &model, of) }
                <button class="plain" aria-label={ui.t(T::close)} onclick={ui.on(Act::Deselect)}>{ icons::icon("close") }</button>
            </div>
            <div class="tabs small" role="tablist">
                { tab(Sheet::Describe, T::sheet_describe) }
                { tab(Sheet::Yaml, T::sheet_yaml) }
                { tab(Sheet::Events, T::sheet_events) }
                if is_pod { { tab(Sheet::Logs, T::sheet_logs) } { tab(Sheet::Scheduling, T::sheet_scheduling) } }
                { tab(Sheet::Why, T::sheet_why) }
            </div>
            <div class="scroll inspected" role="tabpanel">{ body }</div>
        </div>
    }
}

/// What can be broken here, each as the command that does it.
fn faults(ui: &Ui, model: &Model, of: &Ref) -> Html {
    let (name, ns) = (&of.name, &of.namespace);
    let pod = |what: &str| format!("fault {what} {name} -n {ns}");
    let component = ["kube-scheduler", "kube-controller-manager"]
        .into_iter()
        .find(|c| ns == "kube-system" && name.starts_with(c));
    let all: Vec<(T, String)> = match (of.resource.as_str(), component) {
        ("pods", Some(component)) => vec![(
            T::fault_component,
            format!("fault stop-component {component}"),
        )],
        ("pods", None) => vec![
            (T::fault_kill, pod("kill")),
            (T::fault_crashloop, pod("crashloop")),
            (T::fault_leak, pod("leak")),
            (T::fault_slow, pod("slow-start")),
            (T::fault_hang, pod("hang")),
        ],
        ("nodes", _) => vec![
            (T::fault_cut, format!("fault cut {name}")),
            (T::fault_off, format!("fault stop {name}")),
            (T::fault_slow_node, format!("fault slow {name}")),
        ],
        _ => return html! {},
    };
    let item = |(label, command): &(T, String)| html! { <button class="fault" onclick={ui.input(Input::Run(command.clone()))}><span>{ ui.t(*label) }</span><code>{ command }</code></button> };
    let broken = model.faults.len();
    html! {
        <details class="faults">
            <summary class="quiet">{ icons::icon("break") }{ ui.t(T::break_it) }</summary>
            <div class="pop">
                <p>{ ui.t(T::fault_says) }</p>
                { for all.iter().map(item) }
                if broken > 0 {
                    <ul>{ for model.faults.iter().map(|(id, text)| html! { <li key={*id}>{ text }</li> }) }</ul>
                    <button class="fault" onclick={ui.input(Input::Run("fault heal ALL".into()))}><span>{ ui.texts.count(T::fault_heal, broken) }</span><code>{ "fault heal ALL" }</code></button>
                }
            </div>
        </details>
    }
}

/// YAML with its keys in another colour: all that helps reading without an editor.
fn yaml(text: &str) -> Html {
    let line = |l: &str| {
        let indent = l.len() - l.trim_start_matches([' ', '-']).len();
        let (lead, rest) = l.split_at(indent);
        match rest.split_once(':') {
            Some((key, value)) if !key.contains(' ') && !key.contains('"') => {
                html! { <>{ lead }<span class="key">{ key }</span>{ ":" }{ value }{ "\n" }</> }
            }
            _ => html! { <>{ l }{ "\n" }</> },
        }
    };
    text.lines().map(line).collect()
}

fn events(ui: &Ui, i: &Inspection) -> Html {
    if i.events.is_empty() {
        return html! { <p class="empty">{ ui.t(T::no_events) }</p> };
    }
    let row = |(age, kind, reason, message): &(String, String, String, String)| {
        html! { <tr class={classes!((kind == "Warning").then_some("warning"))}><td class="num">{ age }</td><td>{ kind }</td><td><b>{ reason }</b></td><td>{ message }</td></tr> }
    };
    html! {
        <table class="grid">
            <thead><tr><th>{ ui.t(T::col_age) }</th><th>{ ui.t(T::col_type) }</th><th>{ ui.t(T::col_reason) }</th><th>{ ui.t(T::col_message) }</th></tr></thead>
            <tbody>{ for i.events.iter().map(row) }</tbody>
        </table>
    }
}

fn logs(ui: &Ui, i: &Inspection) -> Html {
    if i.logs.iter().all(|(_, text)| text.is_empty()) {
        return html! { <p class="empty">{ ui.t(T::no_logs) }</p> };
    }
    let one = |(container, text): &(String, String)| html! { <div key={container.clone()}><h4>{ container }</h4><pre class="text" tabindex="0">{ text }</pre></div> };
    i.logs.iter().map(one).collect()
}

/// The scheduler's table: what each node was refused for, or how it scored.
fn scheduling(ui: &Ui, decision: Option<&Decision>) -> Html {
    let Some(d) = decision else {
        return html! { <p class="empty">{ ui.t(T::no_decision) }</p> };
    };
    let mut plugins: Vec<&str> = Vec::new();
    for n in &d.nodes {
        for (plugin, _) in &n.scores {
            if !plugins.contains(plugin) {
                plugins.push(plugin);
            }
        }
    }
    let row = |n: &cluster::scheduler::NodeVerdict| {
        let chosen = d.chosen.as_deref() == Some(n.node.as_str());
        let cells: Html = match &n.refused {
            Some((plugin, reasons)) => {
                html! { <td class="refusal" colspan={(plugins.len() + 1).to_string()}><b>{ plugin }</b>{ ": " }{ reasons.join(", ") }</td> }
            }
            None => {
                let score = |p: &&str| {
                    n.scores
                        .iter()
                        .find(|(name, _)| name == p)
                        .map_or(String::new(), |(_, s)| s.to_string())
                };
                html! { <>{ for plugins.iter().map(|p| html! { <td class="num">{ score(p) }</td> }) }<td class="num total">{ n.total }</td></> }
            }
        };
        html! { <tr class={classes!(chosen.then_some("chosen"), n.refused.is_some().then_some("refused"))}><th scope="row">{ &n.node }{ if chosen { icons::icon("check") } else { html! {} } }</th>{ cells }</tr> }
    };
    html! {
        <>
            <p class="lead">{ match &d.chosen { Some(node) => ui.texts.fill(T::decision_chosen, &[("node", node)]), None => ui.t(T::decision_none).to_string() } }</p>
            if !d.message.is_empty() { <pre class="text">{ &d.message }</pre> }
            <table class="grid scores">
                <thead><tr><th>{ ui.t(T::col_node) }</th>{ for plugins.iter().map(|p| html! { <th class="plugin"><span>{ p }</span></th> }) }<th>{ ui.t(T::col_total) }</th></tr></thead>
                <tbody>{ for d.nodes.iter().map(row) }</tbody>
            </table>
        </>
    }
}

/// Cards from effect to cause.
fn why(ui: &Ui, chain: Option<&[WhyCard]>, now: i64) -> Html {
    let Some(chain) = chain.filter(|c| !c.is_empty()) else {
        return html! { <p class="empty">{ ui.t(T::no_why) }</p> };
    };
    let card = |(i, c): (usize, &WhyCard)| {
        let (head, because) = words::why(&ui.texts, c);
        html! {
            <li key={i}>
                <button class="why" onclick={ui.on(Act::Select(c.of.clone()))}>
                    { icons::kind(words::singular(&c.of.resource)) }
                    <span><b>{ head }</b>if !because.is_empty() { <span class="because">{ because }</span> }</span>
                    <span class="when">{ ui.texts.fill(T::ago, &[("age", &words::age(now - c.at))]) }</span>
                </button>
            </li>
        }
    };
    html! { <ol class="chain">{ for chain.iter().enumerate().map(card) }</ol> }
}
