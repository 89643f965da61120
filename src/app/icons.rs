//! One set of our own symbols: the bottle, the page's buttons, the kinds, and a pod's states. Shapes carry the meaning;
//! colour comes from the style sheet.

use crate::model::pod::PodState;
use yew::prelude::*;

/// A stroked 20×20 symbol.
fn stroke(class: &'static str, d: &'static str) -> Html {
    html! { <svg class={classes!("icon", class)} viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d={d} /></svg> }
}

pub fn icon(name: &str) -> Html {
    let d = match name {
        "undo" => "M7 5 3.5 8.5 7 12 M4 8.5h7.5a4 4 0 0 1 0 8H8",
        "share" => "M10 12.5V3.5 M6.5 6.5 10 3l3.5 3.5 M5 10H4v6.5h12V10h-1",
        "reset" => "M15.8 7A6.5 6.5 0 1 0 16.5 11 M16.3 3.5V7.200h-3.7",
        "light" => {
            "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z M10 2v1.8 M10 16.200V18 M2 10h1.8 M16.2 10H18 M4.3 4.300l1.3 1.3 M14.4 14.400l1.3 1.3 M15.7 4.300l-1.3 1.3 M5.6 14.400l-1.3 1.3"
        }
        "dark" => "M16.5 12.200A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.700Z",
        "auto" => {
            "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z M10 3v14 M10 6h4.5 M10 9.300h6.5 M10 12.600h6"
        }
        "play" => "M6.5 4v12l9.5-6Z",
        "pause" => "M7 4.5v11 M13 4.5v11",
        "step" => "M5 4.5v11l7-5.5Z M14.5 4.5v11",
        "settle" => "M3.5 4.5v11L9 10Z M10 4.5v11l5.5-5.5Z M17 4.5v11",
        "menu" => "M3.5 5.5h13 M3.5 10h13 M3.5 14.5h13",
        "close" => "M5 5l10 10 M15 5 5 15",
        "check" => "M4 10.5 8.2 14.5 16 6",
        "open" => "M10 4.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z",
        "next" => "M7.5 4.5 13 10l-5.5 5.5",
        "down" => "M4.5 7.5 10 13l5.5-5.5",
        "prompt" => "M4.5 6 8.5 10l-4 4 M10.5 14.5h5",
        "reload" => "M15.5 7.5A6 6 0 1 0 16 10.5 M16 4v3.800h-3.8",
        "lesson" => {
            "M4 4.5h5a1.5 1.5 0 0 1 1 .5 1.5 1.5 0 0 1 1-.5h5v10.5h-5.5l-.5.5-.5-.5H4Z M10 5.5v9"
        }
        "cluster" => {
            "M10 2.8 16.3 6.400v7.200L10 17.2 3.7 13.600V6.400Z M10 10l6.3-3.6 M10 10v7.2 M10 10 3.7 6.4"
        }
        "editor" => "M4 16l.8-3.5L13.5 3.800l2.7 2.700L7.5 15.200Z M12 5.300l2.7 2.7",
        "hint" => {
            "M10 3a5 5 0 0 0-3 9c.7.6 1 1.3 1 2h4c0-.7.3-1.4 1-2a5 5 0 0 0-3-9Z M8.3 16.5h3.4"
        }
        "in" => {
            "M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10Z M12.2 12.200l4.3 4.3 M6.3 8.5h4.4 M8.5 6.300v4.4"
        }
        "out" => "M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10Z M12.2 12.200l4.3 4.3 M6.3 8.5h4.4",
        "before" => "M12.5 5 7.5 10l5 5 M5 5v10",
        "after" => "M7.5 5l5 5-5 5 M15 5v10",
        "break" => "M11 2.5 5.5 11h4l-1 6.5L14.5 9h-4Z",
        "more" => "M4.5 10h.2 M9.9 10h.2 M15.3 10h.2",
        "alarm" => "M10 3.5 17.5 16.5h-15Z M10 8.5v3.7 M10 14.200v.3",
        _ => "M4 4h12v12H4Z",
    };
    stroke("ui", d)
}

/// A kind, in the seven-sided frame that Kubernetes people know.
pub fn kind(kind: &str) -> Html {
    let inner = match kind {
        "Pod" => "M10 6.3 13.3 8v3.900L10 13.7 6.7 11.900V8Z M6.7 8 10 9.7 13.3 8 M10 9.700v4",
        "Deployment" => "M13 8.300A3.5 3.5 0 1 0 13.4 11 M13.4 6.600v2h-2",
        "ReplicaSet" => "M6.5 6.800h4.700v4.700H6.5Z M8.8 13.200h4.700V8.5",
        "DaemonSet" => "M6.5 6.5h7v3h-7Z M7 11.5h2.5v2H7Z M10.7 11.5h2.5v2h-2.5Z",
        "StatefulSet" => "M7 6.5h6v2.300H7Z M7 8.800h6v2.300H7Z M7 11.100h6v2.300H7Z",
        "Node" => "M6.5 6.5h7v7h-7Z M8.5 8.5h3v3h-3Z",
        "Service" => {
            "M10 6v2.5 M7 13v-2.300h6V13 M10 8.5v2.2 M9 5h2v1.5H9Z M6 12.5h2V14H6Z M12 12.5h2V14h-2Z"
        }
        "Job" => "M7 6.5h6v7H7Z M8.5 10l1.2 1.3 2-2.6",
        "ConfigMap" => "M7 6.5h6 M7 9h6 M7 11.5h4",
        "Secret" => "M7 9.5h6v4H7Z M8.3 9.5V8a1.7 1.7 0 0 1 3.4 0v1.5",
        _ => "M7.5 10h5",
    };
    html! {
        <svg class="icon kind" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path class="frame" d="M10 1.5 16.7 4.7 18.3 11.9 13.7 17.700H6.300L1.7 11.9 3.3 4.700Z" />
            <path d={inner} />
        </svg>
    }
}

/// The mark of a pod's state, 20×20; `left` is what remains of a countdown (1 to 0).
pub fn state(state: PodState, left: Option<f64>) -> Html {
    let ring = |part: f64| {
        let length = 2.0 * std::f64::consts::PI * 8.0;
        html! { <circle class="count" cx="10" cy="10" r="8" transform="rotate(-90 10 10)" stroke-dasharray={format!("{:.1} {length:.1}", length * part.clamp(0.0, 1.0))} /> }
    };
    let body = match state {
        PodState::Pending => html! { <circle class="dash" cx="10" cy="10" r="7.5" /> },
        PodState::Pulling => {
            html! { <><circle class="track" cx="10" cy="10" r="8" />{ ring(left.map_or(0.0, |l| 1.0 - l)) }<path class="line" d="M10 5.5v7 M7 10l3 3 3-3" /></> }
        }
        PodState::Starting => {
            html! { <><circle class="track" cx="10" cy="10" r="8" /><circle class="turn" cx="10" cy="10" r="8" pathLength="100" /><circle class="solid" cx="10" cy="10" r="2.2" /></> }
        }
        PodState::NotReady => {
            html! { <><circle class="edge" cx="10" cy="10" r="7.5" /><path class="solid" d="M10 2.5a7.5 7.5 0 0 0 0 15Z" /></> }
        }
        PodState::Ready => {
            html! { <><circle class="solid" cx="10" cy="10" r="8" /><path class="cut" d="M6.3 10.3 9 12.900l4.8-5.4" /></> }
        }
        PodState::CrashLoop => {
            html! { <>{ ring(left.unwrap_or(0.0)) }<path class="solid" d="M7.7 4.5h4.600l3.2 3.200v4.600l-3.2 3.200H7.700l-3.2-3.200V7.700Z" /><path class="cut" d="M10 6.800v4 M10 12.800v.4" /></> }
        }
        PodState::ImagePull => {
            html! { <><path class="edge" d="M2.8 4.5h14.400v4l-2.4 1.3-2.4-1.6-2.4 1.6-2.4-1.6-2.4 1.6-2.4-1.300Z" /><path class="edge" d="M2.8 11.7 5.2 13l2.4-1.600L10 13l2.4-1.600L14.8 13l2.4-1.300v4H2.800Z" /></> }
        }
        PodState::Error => {
            html! { <><circle class="solid" cx="10" cy="10" r="8" /><path class="cut" d="M7.2 7.200l5.6 5.6 M12.8 7.200l-5.6 5.6" /></> }
        }
        PodState::Terminating => {
            html! { <><circle class="track" cx="10" cy="10" r="8" />{ ring(left.unwrap_or(1.0)) }<path class="line" d="M6.5 10h7" /></> }
        }
        PodState::Completed => {
            html! { <><circle class="edge" cx="10" cy="10" r="7.5" /><path class="line" d="M6.3 10.3 9 12.900l4.8-5.4" /></> }
        }
        PodState::Evicted => {
            html! { <><circle class="edge" cx="10" cy="10" r="7.5" /><path class="line" d="M10 13.5V7 M7.2 9.5 10 6.700l2.8 2.8" /></> }
        }
        PodState::Unknown => {
            html! { <><circle class="dash" cx="10" cy="10" r="7.5" /><path class="line" d="M7.8 8a2.2 2.2 0 1 1 3.3 1.900c-.8.5-1.1.9-1.1 1.7 M10 13.800v.4" /></> }
        }
    };
    html! { <svg class={classes!("mark", state.class())} viewBox="0 0 20 20" aria-hidden="true" focusable="false">{ body }</svg> }
}

/// A ship in a bottle.
pub fn bottle() -> Html {
    html! {
        <svg class="bottle" viewBox="0 0 44 24" aria-hidden="true" focusable="false">
            <path class="glass" d="M5 3h22c3.2 0 4.5 5 7.5 5H39v8h-4.5c-3 0-4.3 5-7.5 5H5a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3Z" />
            <path class="sea" d="M2.7 15.200c2-1.4 4-1.4 6 0s4 1.4 6 0 4-1.4 6 0 4 1.4 6 0l3.6.300c-1.1 2.8-2.1 4.8-3.5 4.800H5.200a2.5 2.5 0 0 1-2.5-2.5Z" />
            <path class="hull" d="M8.5 13.200h13.300l-2.3 3.600h-8.700Z" />
            <path class="sail" d="M14.6 4.800v7.400H9.900Z" />
            <path class="sail far" d="M16 6v6.200h4.200Z" />
            <path class="cork" d="M39 8.600h3.5v6.800H39Z" />
        </svg>
    }
}
