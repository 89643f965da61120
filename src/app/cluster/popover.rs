//! The small explanation beside what the pointer or the focus is on.

use super::super::ui::Ui;
use crate::i18n::T;
use crate::layout::Rect;
use crate::model::Model;
use crate::model::pod::Pod;
use crate::words;
use yew::prelude::*;

/// What is explained, and where it stands.
#[derive(Clone, PartialEq)]
pub enum About {
    Pod(String, Rect),
    Node(String, Rect),
}

const WIDTH: f64 = 268.0;

/// `width` and `height` of the view: what is explained near its foot is explained above.
pub fn popover(ui: &Ui, model: &Model, about: &About, width: f64, height: f64) -> Html {
    let (rect, body) = match about {
        About::Pod(uid, rect) => match model.cluster.pods.get(uid) {
            Some(pod) => (rect, pod_words(ui, model, pod)),
            None => return html! {},
        },
        About::Node(name, rect) => match model.cluster.nodes.get(name) {
            Some(node) => (
                rect,
                html! {
                    <>
                        <b>{ &node.name }</b>
                        <p>{ ui.t(match (node.ready, node.cordoned) { (false, _) => T::means_node_notready, (true, true) => T::means_node_cordoned, _ => T::means_node }) }</p>
                        if !node.taints.is_empty() { <p class="fact">{ "taints: " }{ node.taints.join(", ") }</p> }
                    </>
                },
            ),
            None => return html! {},
        },
    };
    // Below the thing; to the left where the right has no room.
    let x = rect.x.min(width - WIDTH - 12.0).max(8.0);
    let (y, up) = match about {
        About::Pod(..) if rect.y + rect.h + 150.0 > height && rect.y > 150.0 => {
            (rect.y - 6.0, " translateY(-100%)")
        }
        About::Pod(..) => (rect.y + rect.h + 6.0, ""),
        About::Node(..) => (rect.y + 72.0, ""),
    };
    html! { <div class={classes!("popover", (!up.is_empty()).then_some("up"))} role="tooltip" style={format!("transform:translate({x:.0}px,{y:.0}px){up};width:{WIDTH}px")}>{ body }</div> }
}

fn pod_words(ui: &Ui, model: &Model, pod: &Pod) -> Html {
    let wait = pod
        .countdown
        .map(|(_, end)| words::age((end - model.now).max(0)));
    html! {
        <>
            <b>{ &pod.name }</b>
            <p>{ words::state_means(&ui.texts, pod) }</p>
            if let Some(wait) = wait { <p class="fact">{ ui.texts.fill(T::fact_left, &[("age", &wait)]) }</p> }
            if !pod.message.is_empty() { <p class="message">{ &pod.message }</p> }
            <dl>
                if !pod.owner_name.is_empty() { <dt>{ &pod.owner_kind }</dt><dd>{ &pod.owner_name }</dd> }
                if !pod.ip.is_empty() { <dt>{ "IP" }</dt><dd>{ &pod.ip }</dd> }
                { for pod.pips.iter().map(|p| html! { <><dt>{ &p.name }</dt><dd>{ &p.image }</dd></> }) }
                if pod.restarts > 0 { <dt>{ ui.t(T::col_restarts) }</dt><dd>{ pod.restarts }</dd> }
            </dl>
        </>
    }
}
