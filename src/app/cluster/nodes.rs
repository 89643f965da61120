//! The nodes view: compartments with their pods, the tray of the unscheduled above them. Places come from
//! [`crate::layout`]; an element moves by itself when its place changes.

use super::super::icons;
use super::super::run::pod_ref;
use super::super::ui::{Act, Shown, Ui, use_size, use_ui};
use super::canvas::Dots;
use super::popover::{About, popover};
use super::{is_shown, left};
use crate::i18n::T;
use crate::layout::{self, Grain, Layout, NodeBox, Rect};
use crate::model::Model;
use crate::model::node::Node;
use crate::model::pod::{Pip, Pod};
use crate::words;
use machinery::Arrange;
use playground::{Ref, Speed};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
    pub system: bool,
    pub selected: Option<Ref>,
}

#[component(Nodes)]
pub fn nodes(props: &Props) -> Html {
    let ui = use_ui();
    let holder = use_node_ref();
    let (width, height) = use_size(holder.clone());
    let about = use_state(|| None::<About>);
    let model = props.shown.model.borrow();
    let system = props.system;
    let shown = move |p: &Pod| is_shown(&p.namespace, system);
    let focus = use_state(|| None::<String>);
    // A node that is gone cannot be looked at closely.
    let close = focus
        .as_deref()
        .filter(|n| model.cluster.nodes.contains_key(*n));
    let mut layout = layout::nodes(&model.cluster, &shown, close, width, height);
    let speed = match model.speed {
        Speed::Paused | Speed::Times(0..=1) => "calm",
        Speed::Times(2..=10) => "brisk",
        Speed::Times(_) => "fast",
    };
    let ready = width > 0.0;
    // With many pods a node can be looked at closely, and left again.
    let zoom = (layout.grain != Grain::Capsule || close.is_some()).then(|| {
        let focus = focus.clone();
        Callback::from(move |name: Option<String>| focus.set(name))
    });
    let grain = match layout.grain {
        Grain::Capsule => "capsules",
        Grain::Square => "squares",
        Grain::Dot => "dots",
    };
    html! {
        <div class={classes!("scroll", "nodes-view", grain, speed)} ref={holder}>
            if ready {
                <div class="stage" style={format!("height:{:.0}px", layout.height)}>
                    { tray(&ui, &layout, model.cluster.pods.is_empty()) }
                    { for layout.nodes.iter().filter_map(|b| model.cluster.nodes.get(&b.name).map(|n| node(&ui, &model, n, b, &about, zoom.as_ref().map(|z| (z, close.is_some()))))) }
                    if layout.grain == Grain::Capsule { { pods(&model, &layout, props.selected.as_ref(), &about) } }
                    else { <Dots shown={props.shown.clone()} pods={Rc::new(std::mem::take(&mut layout.pods))} {width} height={layout.height} about={about.clone()} /> }
                    { about.as_ref().map(|a| popover(&ui, &model, a, width, height.max(layout.height))).unwrap_or_default() }
                </div>
            }
        </div>
    }
}

fn place(r: &Rect) -> String {
    format!(
        "transform:translate({:.1}px,{:.1}px);width:{:.1}px;height:{:.1}px",
        r.x, r.y, r.w, r.h
    )
}

fn tray(ui: &Ui, layout: &Layout, untouched: bool) -> Html {
    let waiting = layout
        .pods
        .iter()
        .filter(|(_, r)| r.y < layout.tray.y + layout.tray.h)
        .count();
    let title = match waiting {
        0 if untouched => ui.t(T::tray_first).to_string(),
        0 => ui.t(T::tray_empty).to_string(),
        _ => ui.texts.count(T::tray, waiting),
    };
    html! {
        <div class={classes!("tray", (waiting > 0 || untouched).then_some("some"))} style={place(&layout.tray)}>
            <span class="tray-title">{ title }</span>
        </div>
    }
}

fn node(
    ui: &Ui,
    model: &Model,
    n: &Node,
    b: &NodeBox,
    about: &UseStateHandle<Option<About>>,
    zoom: Option<(&Callback<Option<String>>, bool)>,
) -> Html {
    let verdict = model.moment.as_ref().and_then(|m| {
        let d = &m.decision;
        let v = d.nodes.iter().find(|v| v.node == n.name)?;
        Some((v, d.chosen.as_deref() == Some(n.name.as_str())))
    });
    let judged = verdict.map(|(v, chosen)| match (&v.refused, chosen) {
        (Some(_), _) => "refused",
        (None, true) => "chosen",
        (None, false) => "scored",
    });
    let of = Ref {
        resource: "nodes".into(),
        namespace: String::new(),
        name: n.name.clone(),
    };
    let bar = |label: &'static str, used: i64, of: i64, text: String| {
        let part = if of > 0 { used as f64 / of as f64 } else { 0.0 };
        html! { <span class={classes!("bar", (part > 0.9).then_some("full"))} title={text}><i>{ label }</i><b><u style={format!("width:{:.1}%", (part * 100.0).min(100.0))}></u></b></span> }
    };
    let state = if n.ready {
        ui.t(T::node_ready).to_string()
    } else {
        let since = n.since.map_or(0, |s| model.now - s);
        ui.texts
            .fill(T::node_notready, &[("age", &words::age(since))])
    };
    let hover = {
        let (about, name, rect) = (about.clone(), n.name.clone(), b.rect);
        Callback::from(move |_: MouseEvent| about.set(Some(About::Node(name.clone(), rect))))
    };
    let leave = {
        let about = about.clone();
        Callback::from(move |_: MouseEvent| about.set(None))
    };
    let roles = if n.roles.is_empty() {
        "worker".to_string()
    } else {
        n.roles.join(", ")
    };
    html! {
        <div key={n.name.clone()} class={classes!("node", n.cordoned.then_some("cordoned"), (!n.ready).then_some("notready"), judged)} style={place(&b.rect)}>
            <button class="node-head" onclick={ui.on(Act::Select(of))} onmouseenter={hover} onmouseleave={leave}>
                <span class="line"><b class="name">{ &n.name }</b><span class={classes!("lamp", n.ready.then_some("on"))}>{ state }</span></span>
                <span class="line small"><span class="roles">{ roles }</span>if n.cordoned { <span class="cordon">{ ui.t(T::node_cordoned) }</span> }<span class="grow"></span><span class="count">{ format!("{}/{}", b.pods, n.pods_max) }</span></span>
                <span class="bars">
                    { bar("CPU", b.cpu, n.cpu_milli, format!("CPU {} / {}", words::cpu(b.cpu), words::cpu(n.cpu_milli))) }
                    { bar("MEM", b.memory, n.memory, format!("{} / {}", words::bytes(b.memory), words::bytes(n.memory))) }
                </span>
            </button>
            { zoom.map(|(zoom, close)| {
                let (zoom, to) = (zoom.clone(), (!close).then(|| n.name.clone()));
                let label = if close { T::zoom_out } else { T::zoom_in };
                html! { <button class="zoom" title={ui.t(label)} aria-label={format!("{} {}", ui.texts.get(label), n.name)} onclick={Callback::from(move |_: MouseEvent| zoom.emit(to.clone()))}>{ icons::icon(if close { "out" } else { "in" }) }</button> }
            }).unwrap_or_default() }
            { verdict.map(|(v, _)| match &v.refused {
                Some((plugin, reasons)) => html! { <div class="verdict no"><b>{ plugin }</b><span>{ reasons.join(", ") }</span></div> },
                None => html! { <div class="verdict yes">{ ui.texts.fill(T::score, &[("n", &v.total.to_string())]) }</div> },
            }).unwrap_or_default() }
        </div>
    }
}

/// All pods in one layer, in an order that does not change when they move: so the elements stay, and travel.
fn pods(
    model: &Model,
    layout: &Layout,
    selected: Option<&Ref>,
    about: &UseStateHandle<Option<About>>,
) -> Html {
    let mut all: Vec<&(Rc<Pod>, Rect)> = layout.pods.iter().collect();
    all.arrange_by(|a, b| (a.0.created, &a.0.name).cmp(&(b.0.created, &b.0.name)));
    let one = |(pod, rect): &&(Rc<Pod>, Rect)| {
        let is_selected = selected.is_some_and(|s| {
            s.resource == "pods" && s.name == pod.name && s.namespace == pod.namespace
        });
        let left = left(pod, model.now).map(|part| (part * 200.0) as u8);
        html! { <PodView key={pod.uid.clone()} pod={Rc::clone(pod)} rect={*rect} hue={model.cluster.hue_of(pod)} {is_selected} {left} about={about.clone()} /> }
    };
    html! { <div class="pods-layer">{ for all.iter().map(one) }</div> }
}

/// One pod, drawn anew only when something of it moved.
#[derive(Properties)]
pub struct PodProps {
    pod: Rc<Pod>,
    rect: Rect,
    hue: Option<u8>,
    is_selected: bool,
    /// What is left of its countdown, 200 to 0.
    left: Option<u8>,
    about: UseStateHandle<Option<About>>,
}

impl PartialEq for PodProps {
    fn eq(&self, other: &PodProps) -> bool {
        Rc::ptr_eq(&self.pod, &other.pod)
            && self.rect == other.rect
            && (self.hue, self.is_selected, self.left) == (other.hue, other.is_selected, other.left)
    }
}

#[component(PodView)]
fn pod_view(props: &PodProps) -> Html {
    let ui = use_ui();
    let PodProps { pod, rect, .. } = props;
    let class = classes!(
        "pod",
        pod.state.class(),
        props.hue.map(|h| format!("hue-{h}")),
        props.is_selected.then_some("selected"),
        pod.node.is_empty().then_some("waiting"),
    );
    let about = &props.about;
    let (seen, focused) = (
        About::Pod(pod.uid.clone(), *rect),
        About::Pod(pod.uid.clone(), *rect),
    );
    let (enter, focus, leave, blur) = (about.clone(), about.clone(), about.clone(), about.clone());
    html! {
        <button {class} style={place(rect)} onclick={ui.on(Act::Select(pod_ref(pod)))}
            onmouseenter={Callback::from(move |_: MouseEvent| enter.set(Some(seen.clone())))} onfocus={Callback::from(move |_: FocusEvent| focus.set(Some(focused.clone())))}
            onmouseleave={Callback::from(move |_: MouseEvent| leave.set(None))} onblur={Callback::from(move |_: FocusEvent| blur.set(None))}>
            <span class="inner">{ capsule(pod, props.left.map(|n| f64::from(n) / 200.0)) }</span>
        </button>
    }
}

fn capsule(pod: &Pod, left: Option<f64>) -> Html {
    let pip = |p: &Pip| html! { <i class={classes!("pip", p.state.class(), p.init.then_some("init"))}></i> };
    let (inits, others): (Vec<&Pip>, Vec<&Pip>) = pod.pips.iter().partition(|p| p.init);
    html! {
        <>
            { icons::state(pod.state, left) }
            <span class="text">
                { name(pod) }{ " " }
                <span class="word">{ if pod.node.is_empty() && !pod.message.is_empty() { pod.message.clone() } else { pod.word.clone() } }</span>
            </span>
            <span class="side">
                <span class="sr">{ format!(" {}/{} ", pod.ready, pod.containers()) }</span>
                <span class="pips">
                    { for inits.into_iter().map(pip) }
                    if pod.pips.iter().any(|p| p.init) { <i class="divider"></i> }
                    { for others.into_iter().map(pip) }
                </span>
                if pod.restarts > 0 { <span class="restarts">{ format!("↻{}", pod.restarts) }</span> }
            </span>
        </>
    }
}

/// The end of a generated name tells brothers apart: it is never cut.
fn name(pod: &Pod) -> Html {
    let short = pod.short();
    let head = &pod.name[..pod.name.len() - short.len()];
    html! { <span class="name"><span class="head">{ head }</span><b>{ short.to_string() }</b></span> }
}
