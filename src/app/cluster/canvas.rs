//! Past fifteen hundred pods each is a few pixels on a canvas; a click finds the pod under it.

use super::super::run::pod_ref;
use super::super::ui::{Act, Shown, use_ui};
use crate::i18n::T;
use crate::layout::Rect;
use crate::model::pod::{Pod, PodState};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use yew::prelude::*;

#[derive(Properties)]
pub struct Props {
    pub shown: Shown,
    pub pods: Rc<Vec<(Rc<Pod>, Rect)>>,
    pub width: f64,
    pub height: f64,
}

impl PartialEq for Props {
    fn eq(&self, other: &Props) -> bool {
        self.shown == other.shown && (self.width, self.height) == (other.width, other.height)
    }
}

/// A browser's canvas has a largest height; more nodes than that are reached through the table.
const HEIGHT_MAX: f64 = 8000.0;

#[component(Dots)]
pub fn dots(props: &Props) -> Html {
    let ui = use_ui();
    let node = use_node_ref();
    let height = props.height.min(HEIGHT_MAX);
    {
        let (node, pods) = (node.clone(), Rc::clone(&props.pods));
        use_effect_with(props.shown.version, move |_| draw(&node, &pods));
    }
    let click = {
        let (act, pods) = (ui.act.clone(), Rc::clone(&props.pods));
        Callback::from(move |e: MouseEvent| {
            let (x, y) = (f64::from(e.offset_x()), f64::from(e.offset_y()));
            let hit = pods
                .iter()
                .find(|(_, r)| (r.x..=r.x + r.w).contains(&x) && (r.y..=r.y + r.h).contains(&y));
            if let Some((pod, _)) = hit {
                act.emit(Act::Select(pod_ref(pod)));
            }
        })
    };
    html! { <canvas class="dots" ref={node} role="img" aria-label={ui.t(T::dots_label)} width={format!("{:.0}", props.width)} height={format!("{height:.0}")} onclick={click}></canvas> }
}

fn draw(node: &NodeRef, pods: &[(Rc<Pod>, Rect)]) {
    let Some(canvas) = node.cast::<web_sys::HtmlCanvasElement>() else {
        return;
    };
    let context = canvas
        .get_context("2d")
        .ok()
        .flatten()
        .and_then(|c| c.dyn_into::<web_sys::CanvasRenderingContext2d>().ok());
    let (Some(c), Some(style)) = (
        context,
        web_sys::window().and_then(|w| w.get_computed_style(&canvas).ok().flatten()),
    ) else {
        return;
    };
    c.clear_rect(
        0.0,
        0.0,
        f64::from(canvas.width()),
        f64::from(canvas.height()),
    );
    let mut last = "";
    for (pod, r) in pods {
        let class = pod.state.class();
        if class != last {
            let colour = style
                .get_property_value(&format!("--s-{class}"))
                .unwrap_or_default();
            c.set_fill_style_str(colour.trim());
            last = class;
        }
        c.fill_rect(r.x, r.y, r.w, r.h);
        // What does not run is hollow: colour is never alone.
        if !matches!(
            pod.state,
            PodState::Ready | PodState::NotReady | PodState::Completed
        ) {
            c.clear_rect(r.x + 1.0, r.y + 1.0, r.w - 2.0, r.h - 2.0);
        }
    }
}
