//! Past a hundred and fifty pods each is a small square on a canvas, past fifteen hundred a few pixels. A state is a shape
//! as well as a colour; the pointer finds the pod under it. The table lists the same pods for those who do not see them.

use super::super::run::pod_ref;
use super::super::ui::{Act, Shown, use_ui};
use super::popover::About;
use crate::i18n::T;
use crate::layout::Rect;
use crate::model::pod::{Pod, PodState};
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::CanvasRenderingContext2d as Context2d;
use yew::prelude::*;

#[derive(Properties)]
pub struct Props {
    pub shown: Shown,
    pub pods: Rc<Vec<(Rc<Pod>, Rect)>>,
    pub width: f64,
    pub height: f64,
    pub about: UseStateHandle<Option<About>>,
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
        let model = Rc::clone(&props.shown.model);
        let size = (props.width, height);
        use_effect_with((props.shown.version, size), move |_| {
            let model = model.borrow();
            draw(&node, &pods, size, &|p| model.cluster.hue_of(p));
        });
    }
    let pods = Rc::clone(&props.pods);
    let hit = move |e: &MouseEvent| {
        let (x, y) = (f64::from(e.offset_x()), f64::from(e.offset_y()));
        pods.iter()
            .find(|(_, r)| (r.x..=r.x + r.w).contains(&x) && (r.y..=r.y + r.h).contains(&y))
            .cloned()
    };
    let click = {
        let (act, hit) = (ui.act.clone(), hit.clone());
        Callback::from(move |e: MouseEvent| {
            if let Some((pod, _)) = hit(&e) {
                act.emit(Act::Select(pod_ref(&pod)));
            }
        })
    };
    let over = {
        let about = props.about.clone();
        Callback::from(move |e: MouseEvent| {
            let found = hit(&e).map(|(pod, rect)| About::Pod(pod.uid.clone(), rect));
            if *about != found {
                about.set(found);
            }
        })
    };
    let leave = {
        let about = props.about.clone();
        Callback::from(move |_: MouseEvent| about.set(None))
    };
    html! { <canvas class="dots" ref={node} role="img" aria-label={ui.t(T::dots_label)} style={format!("width:{:.0}px;height:{height:.0}px", props.width)} onclick={click} onmousemove={over} onmouseleave={leave}></canvas> }
}

fn draw(
    node: &NodeRef,
    pods: &[(Rc<Pod>, Rect)],
    (width, height): (f64, f64),
    hue_of: &dyn Fn(&Pod) -> Option<u8>,
) {
    let window = web_sys::window();
    let Some(canvas) = node.cast::<web_sys::HtmlCanvasElement>() else {
        return;
    };
    let style = window
        .as_ref()
        .and_then(|w| w.get_computed_style(&canvas).ok().flatten());
    let context = canvas.get_context("2d").ok().flatten();
    let context = context.and_then(|c| c.dyn_into::<Context2d>().ok());
    let (Some(c), Some(style), Some(window)) = (context, style, window) else {
        return;
    };
    let scale = window.device_pixel_ratio().clamp(1.0, 2.0);
    let size = ((width * scale) as u32, (height * scale) as u32);
    if (canvas.width(), canvas.height()) != size {
        canvas.set_width(size.0);
        canvas.set_height(size.1);
    }
    let _ = c.set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0);
    c.clear_rect(0.0, 0.0, width, height);
    let mut colours: BTreeMap<String, String> = BTreeMap::new();
    let mut colour = |name: String| -> String {
        let found = colours.entry(name);
        found
            .or_insert_with_key(|name| {
                let value = style.get_property_value(name).unwrap_or_default();
                value.trim().to_string()
            })
            .clone()
    };
    for (pod, r) in pods {
        let ink = colour(format!("--s-{}", pod.state.class()));
        let hue = hue_of(pod).map(|h| colour(format!("--h{h}")));
        mark(&c, pod.state, r, &ink, hue.as_deref());
    }
}

/// One pod. Ready is full, not ready half, what comes or goes hollow, what fails a cross.
fn mark(c: &Context2d, state: PodState, r: &Rect, ink: &str, hue: Option<&str>) {
    c.set_fill_style_str(ink);
    let hollow = |line: f64| {
        c.fill_rect(r.x, r.y, r.w, r.h);
        c.clear_rect(r.x + line, r.y + line, r.w - 2.0 * line, r.h - 2.0 * line);
    };
    let line = (r.w / 7.0).max(1.0);
    match state {
        PodState::Ready | PodState::Completed => c.fill_rect(r.x, r.y, r.w, r.h),
        PodState::NotReady => {
            hollow(line);
            c.fill_rect(r.x, r.y, r.w / 2.0, r.h);
        }
        PodState::CrashLoop | PodState::ImagePull | PodState::Error | PodState::Evicted => {
            c.set_stroke_style_str(ink);
            c.set_line_width(line * 1.3);
            c.begin_path();
            c.move_to(r.x + line, r.y + line);
            c.line_to(r.x + r.w - line, r.y + r.h - line);
            c.move_to(r.x + r.w - line, r.y + line);
            c.line_to(r.x + line, r.y + r.h - line);
            c.stroke();
        }
        PodState::Pending | PodState::Unknown => {
            c.fill_rect(r.x, r.y, line * 2.0, line * 2.0);
            c.fill_rect(r.x + r.w - line * 2.0, r.y, line * 2.0, line * 2.0);
            c.fill_rect(r.x, r.y + r.h - line * 2.0, line * 2.0, line * 2.0);
            let corner = (r.x + r.w - line * 2.0, r.y + r.h - line * 2.0);
            c.fill_rect(corner.0, corner.1, line * 2.0, line * 2.0);
        }
        PodState::Pulling | PodState::Starting | PodState::Terminating => hollow(line),
    }
    // Brothers of one ReplicaSet share a hue at their foot.
    if let (Some(hue), true) = (hue, r.w > 8.0) {
        c.set_fill_style_str(hue);
        c.fill_rect(r.x, r.y + r.h - 3.0, r.w, 3.0);
    }
}
