//! Services and the pods behind each: the short list, until the network is drawn.

use super::super::icons;
use super::super::ui::{Act, Shown, use_ui};
use super::is_shown;
use crate::i18n::T;
use crate::model::cluster::Service;
use playground::Ref;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
    pub system: bool,
}

#[component(Services)]
pub fn services(props: &Props) -> Html {
    let ui = use_ui();
    let model = props.shown.model.borrow();
    let one = |s: &Service| {
        let of = Ref {
            resource: "services".into(),
            namespace: s.namespace.clone(),
            name: s.name.clone(),
        };
        let end = |(name, ready): &(String, bool)| {
            let of = Ref {
                resource: "pods".into(),
                namespace: s.namespace.clone(),
                name: name.clone(),
            };
            let class = if *ready { "ready" } else { "notready" };
            html! { <button class={classes!("endpoint", class)} onclick={ui.on(Act::Select(of))}><span class={classes!("dot", class)}></span>{ name }</button> }
        };
        html! {
            <li key={format!("{}/{}", s.namespace, s.name)} class="service">
                <button class="object" onclick={ui.on(Act::Select(of))}>{ icons::kind("Service") }<span class="names"><b>{ &s.name }</b><span>{ format!("{} · {}", s.kind, s.cluster_ip) }{ if s.external.is_empty() { String::new() } else { format!(" · {}", s.external) } }</span></span><code>{ s.ports.join(", ") }</code></button>
                <div class="ends">{ for s.endpoints.iter().map(end) }if s.endpoints.is_empty() { <span class="none">{ ui.t(T::no_endpoints) }</span> }</div>
            </li>
        }
    };
    let shown: Vec<&Service> = model
        .cluster
        .services
        .values()
        .filter(|s| is_shown(&s.namespace, props.system))
        .collect();
    html! {
        <div class="scroll">
            if shown.is_empty() { <p class="empty">{ ui.t(T::no_services) }</p> }
            <ul class="services">{ for shown.into_iter().map(one) }</ul>
        </div>
    }
}
