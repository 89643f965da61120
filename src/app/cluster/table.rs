//! The cluster's text twin: every pod as a row.

use super::super::run::pod_ref;
use super::super::ui::{Act, Shown, use_ui};
use super::is_shown;
use crate::i18n::T;
use crate::words;
use machinery::Arrange;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
    pub system: bool,
}

/// Rows that are shown; more are told by number.
const ROWS_MAX: usize = 500;

#[component(PodTable)]
pub fn pod_table(props: &Props) -> Html {
    let ui = use_ui();
    let model = props.shown.model.borrow();
    let mut pods: Vec<_> = model
        .cluster
        .pods
        .values()
        .filter(|p| is_shown(&p.namespace, props.system))
        .collect();
    pods.arrange_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    let more = pods.len().saturating_sub(ROWS_MAX);
    let row = |p: &&std::rc::Rc<crate::model::pod::Pod>| {
        html! {
            <tr key={p.uid.clone()}>
                <th scope="row"><button class="link" onclick={ui.on(Act::Select(pod_ref(p)))}>{ &p.name }</button></th>
                <td>{ &p.namespace }</td>
                <td class="num">{ format!("{}/{}", p.ready, p.containers()) }</td>
                <td><span class={classes!("dot", p.state.class())}></span>{ &p.word }</td>
                <td class="num">{ p.restarts }</td>
                <td>{ if p.node.is_empty() { "—" } else { &p.node } }</td>
                <td class="num">{ words::age(model.now - p.created) }</td>
            </tr>
        }
    };
    let head = |label: T| html! { <th scope="col">{ ui.t(label) }</th> };
    html! {
        <div class="scroll" tabindex="0">
            <table class="grid pods">
                <thead><tr>{ head(T::col_pod) }{ head(T::col_namespace) }{ head(T::col_ready) }{ head(T::col_status) }{ head(T::col_restarts) }{ head(T::col_node) }{ head(T::col_age) }</tr></thead>
                <tbody>{ for pods.iter().take(ROWS_MAX).map(row) }</tbody>
            </table>
            if pods.is_empty() { <p class="empty">{ ui.t(T::no_pods) }</p> }
            if more > 0 { <p class="empty">{ ui.texts.count(T::more_pods, more) }</p> }
        </div>
    }
}
