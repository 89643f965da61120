//! The cluster pane: nodes with their pods, workloads as a tree, the network, the control plane, and a table.

mod canvas;
mod control;
mod network;
mod nodes;
mod popover;
mod table;
mod workloads;

use super::keep::View;
use super::ui::{Act, Shown, use_ui};
use crate::i18n::T;
use crate::model::pod::{Pod, PodState};
use playground::Ref;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
    pub view: View,
    pub system: bool,
    pub selected: Option<Ref>,
}

/// Namespaces of the system are shown when asked for.
pub fn is_shown(namespace: &str, system: bool) -> bool {
    system || !namespace.starts_with("kube-")
}

#[component(ClusterPane)]
pub fn cluster_pane(props: &Props) -> Html {
    let ui = use_ui();
    let tab = |view: View, label: T| {
        let on = props.view == view;
        html! { <button role="tab" aria-selected={on.to_string()} class={classes!("tab", on.then_some("on"))} onclick={ui.on(Act::View(view))}>{ ui.t(label) }</button> }
    };
    let (total, ready, bad) = {
        let model = props.shown.model.borrow();
        let pods = model.cluster.pods.values();
        pods.filter(|p| is_shown(&p.namespace, props.system))
            .fold((0, 0, 0), |(n, r, b), p| {
                (
                    n + 1,
                    r + usize::from(p.state == PodState::Ready),
                    b + usize::from(is_bad(p)),
                )
            })
    };
    let has_system = props
        .shown
        .model
        .borrow()
        .cluster
        .pods
        .values()
        .any(|p| p.namespace.starts_with("kube-"));
    let v = props.shown.model.borrow().versions;
    // What travels is drawn as soon as it sets out.
    let flowing = |version: u64| Shown {
        model: std::rc::Rc::clone(&props.shown.model),
        version,
    };
    html! {
        <>
            <div class="cluster-head">
                <div class="tabs" role="tablist" aria-label={ui.t(T::pane_cluster)}>
                    { tab(View::Nodes, T::view_nodes) }
                    { tab(View::Workloads, T::view_workloads) }
                    { tab(View::Network, T::view_network) }
                    { tab(View::Control, T::view_control) }
                    { tab(View::Table, T::view_table) }
                </div>
                <span class="grow"></span>
                if has_system { <button class={classes!("quiet", "toggle", props.system.then_some("on"))} aria-pressed={props.system.to_string()} onclick={ui.on(Act::System(!props.system))}>{ "kube-system" }</button> }
                <span class="sum"><b>{ ready }</b>{ "/" }{ total }{ " " }{ ui.t(T::sum_ready) }
                    if bad > 0 { <span class="bad">{ " · " }{ ui.texts.count(T::sum_bad, bad) }</span> }
                </span>
            </div>
            { match props.view {
                View::Nodes => html! { <nodes::Nodes shown={props.shown.clone()} system={props.system} selected={props.selected.clone()} /> },
                View::Workloads => html! { <workloads::Workloads shown={props.shown.clone()} system={props.system} selected={props.selected.clone()} /> },
                View::Network => html! { <network::Network shown={flowing(v.cluster + v.traffic)} system={props.system} /> },
                View::Control => html! { <control::Control shown={flowing(v.cluster + v.calls)} /> },
                View::Table => html! { <table::PodTable shown={props.shown.clone()} system={props.system} /> },
            } }
        </>
    }
}

pub fn is_bad(p: &Pod) -> bool {
    matches!(
        p.state,
        PodState::CrashLoop
            | PodState::ImagePull
            | PodState::Error
            | PodState::Unknown
            | PodState::Evicted
    )
}

/// What is left of a countdown, 1 to 0.
pub fn left(pod: &Pod, now: i64) -> Option<f64> {
    let (start, end) = pod.countdown?;
    Some(((end - now) as f64 / (end - start).max(1) as f64).clamp(0.0, 1.0))
}
