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

/// What the theme's colours are.
#[derive(Default)]
struct Colours {
    shade: String,
    known: BTreeMap<String, String>,
}

/// A browser's canvas has a largest height; more nodes than that are reached through the table.
const HEIGHT_MAX: f64 = 8000.0;

#[component(Dots)]
pub fn dots(props: &Props) -> Html {
    let ui = use_ui();
    let node = use_node_ref();
    // Asking for a colour has the browser settle all styles first: they are asked for once for each theme.
    let colours = use_mut_ref(Colours::default);
    let height = props.height.min(HEIGHT_MAX);
    {
        let (node, pods, colours) = (node.clone(), Rc::clone(&props.pods), Rc::clone(&colours));
        let model = Rc::clone(&props.shown.model);
        let size = (props.width, height);
        use_effect_with((props.shown.version, size), move |_| {
            let model = model.borrow();
            draw(
                &node,
                &pods,
                size,
                &|p| model.cluster.hue_of(p),
                &mut colours.borrow_mut(),
            );
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
    colours: &mut Colours,
) {
    let window = web_sys::window();
    let Some(canvas) = node.cast::<web_sys::HtmlCanvasElement>() else {
        return;
    };
    let context = canvas.get_context("2d").ok().flatten();
    let context = context.and_then(|c| c.dyn_into::<Context2d>().ok());
    let (Some(c), Some(window)) = (context, window) else {
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
    let root = window.document().and_then(|d| d.document_element());
    let shade = root.and_then(|r| r.get_attribute("data-shade"));
    let shade = shade.unwrap_or_default();
    if colours.shade != shade {
        *colours = Colours {
            shade,
            ..Colours::default()
        };
    }
    let mut colour = |name: String| -> String {
        let found = colours.known.entry(name);
        found
            .or_insert_with_key(|name| {
                let style = window.get_computed_style(&canvas).ok().flatten();
                let value = style.and_then(|s| s.get_property_value(name).ok());
                value.unwrap_or_default().trim().to_string()
            })
            .clone()
    };
    // A colour is set once for all that have it: to set it costs more than to draw.
    let mut states: BTreeMap<&str, (PodState, Vec<Rect>)> = BTreeMap::new();
    let mut bands: BTreeMap<u8, Vec<Rect>> = BTreeMap::new();
    for (pod, r) in pods {
        let all = states.entry(pod.state.class());
        all.or_insert((pod.state, Vec::new())).1.push(*r);
        if let (true, Some(hue)) = (r.w > 8.0, hue_of(pod)) {
            bands.entry(hue).or_default().push(*r);
        }
    }
    for (class, (state, all)) in states {
        let ink = colour(format!("--s-{class}"));
        c.set_fill_style_str(&ink);
        c.set_stroke_style_str(&ink);
        c.begin_path();
        all.iter().for_each(|r| mark(&c, state, r));
        match state {
            PodState::CrashLoop | PodState::ImagePull | PodState::Error | PodState::Evicted => {
                c.stroke()
            }
            _ => c.fill(),
        }
    }
    // Brothers of one ReplicaSet share a hue at their foot.
    for (hue, all) in bands {
        c.set_fill_style_str(&colour(format!("--h{hue}")));
        c.begin_path();
        for r in all {
            c.rect(r.x, r.y + r.h - 3.0, r.w, 3.0);
        }
        c.fill();
    }
}

/// The outline of one pod, for a path that is filled, or stroked for what fails. Ready is full, not ready half, what
/// comes or goes hollow, what fails a cross.
fn mark(c: &Context2d, state: PodState, r: &Rect) {
    let line = (r.w / 7.0).max(1.0);
    let hollow = || {
        c.rect(r.x, r.y, r.w, line);
        c.rect(r.x, r.y + r.h - line, r.w, line);
        c.rect(r.x, r.y + line, line, r.h - 2.0 * line);
        c.rect(r.x + r.w - line, r.y + line, line, r.h - 2.0 * line);
    };
    match state {
        PodState::Ready | PodState::Completed => c.rect(r.x, r.y, r.w, r.h),
        PodState::NotReady => {
            hollow();
            c.rect(r.x, r.y, r.w / 2.0, r.h);
        }
        PodState::CrashLoop | PodState::ImagePull | PodState::Error | PodState::Evicted => {
            c.set_line_width(line * 1.3);
            c.move_to(r.x + line, r.y + line);
            c.line_to(r.x + r.w - line, r.y + r.h - line);
            c.move_to(r.x + r.w - line, r.y + line);
            c.line_to(r.x + line, r.y + r.h - line);
        }
        PodState::Pending | PodState::Unknown => {
            let corner = line * 2.0;
            c.rect(r.x, r.y, corner, corner);
            c.rect(r.x + r.w - corner, r.y, corner, corner);
            c.rect(r.x, r.y + r.h - corner, corner, corner);
            c.rect(r.x + r.w - corner, r.y + r.h - corner, corner, corner);
        }
        PodState::Pulling | PodState::Starting | PodState::Terminating => hollow(),
    }
}
