//! The control plane: the API server with its store in the middle, everybody who talks to it around. Each call is a dot
//! from who made it, with its verb and path in the list below; what is stopped is dark.

use super::super::ui::{Act, Shown, Ui, use_size, use_ui};
use crate::i18n::T;
use crate::model::Model;
use crate::model::flow::Call;
use playground::{Input, Ref};
use std::collections::BTreeMap;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
}

/// Kubelets that have a box of their own.
const KUBELETS_MAX: usize = 8;
/// Calls in the list.
const LINES: usize = 7;
const BOX: (f64, f64) = (150.0, 52.0);
/// The width of a component of the control plane: its name on one line.
const WIDE: f64 = 184.0;
const SERVER: (f64, f64) = (184.0, 84.0);

/// Somebody who talks to the API server.
struct Party {
    id: String,
    label: String,
    note: String,
    /// None: nobody knows how it is.
    runs: bool,
    of: Option<Ref>,
    /// The command that stops it, or lets it go on: for what has no pod that could be opened.
    command: Option<String>,
    /// The middle of its box, and its width.
    at: (f64, f64),
    wide: f64,
}

#[component(Control)]
pub fn control(props: &Props) -> Html {
    let ui = use_ui();
    let holder = use_node_ref();
    let (width, height) = use_size(holder.clone());
    let model = props.shown.model.borrow();
    let size = (width.max(320.0), (height - 120.0).max(232.0));
    let (parties, centre) = parties(&ui, &model, size);
    let places: BTreeMap<&str, (f64, f64)> =
        parties.iter().map(|p| (p.id.as_str(), p.at)).collect();
    let many = model.cluster.nodes.len() > KUBELETS_MAX;
    let wire = |p: &Party| html! { <line class={classes!((!p.runs).then_some("dark"))} x1={num(p.at.0)} y1={num(p.at.1)} x2={num(centre.0)} y2={num(centre.1)} /> };
    let dot = |(seq, _, call): &(u64, f64, Call)| {
        let (x, y) = *places.get(party(call, many).as_str())?;
        let kind = classes!(
            "flying",
            (call.code >= 400).then_some("bad"),
            write(call.verb).then_some("write")
        );
        Some(
            html! { <i key={*seq} class={kind} style={format!("--x0:{x:.0}px;--y0:{y:.0}px;--x1:{:.0}px;--y1:{:.0}px", centre.0, centre.1)}></i> },
        )
    };
    let line = |(seq, _, call): &(u64, f64, Call)| html! { <li key={*seq} class={classes!((call.code >= 400).then_some("bad"))}><b>{ call.verb }</b><code>{ &call.path }</code><span>{ who(&ui, call) }</span><span class="code">{ if call.code == 0 { String::new() } else { call.code.to_string() } }</span></li> };
    html! {
        <div class="scroll control" ref={holder}>
            if width > 0.0 {
                <div class="stage" style={format!("height:{:.0}px", size.1)}>
                    <svg class="wires" width={num(size.0)} height={num(size.1)} aria-hidden="true">{ for parties.iter().map(wire) }</svg>
                    <div class="party server" style={spot(centre, SERVER)}>
                        <b>{ "kube-apiserver" }</b>
                        <span class="store"><b>{ "etcd" }</b>{ " " }{ ui.texts.count(T::objects, model.cluster.objects_known()) }</span>
                    </div>
                    { for parties.iter().map(|p| party_box(&ui, p)) }
                    <div class="flights" aria-hidden="true">{ for model.calls.recent.iter().filter_map(dot) }</div>
                </div>
                <div class="calls">
                    <h4>{ ui.t(T::calls) }<span>{ model.calls.total }</span></h4>
                    <ol>{ for model.last_calls(LINES).map(line) }</ol>
                </div>
            }
        </div>
    }
}

fn num(n: f64) -> String {
    format!("{n:.0}")
}
fn spot(at: (f64, f64), size: (f64, f64)) -> String {
    format!(
        "left:{:.0}px;top:{:.0}px;width:{:.0}px;height:{:.0}px",
        at.0 - size.0 / 2.0,
        at.1 - size.1 / 2.0,
        size.0,
        size.1
    )
}
/// Verbs as HTTP and as the API have them.
fn write(verb: &str) -> bool {
    !matches!(verb, "GET" | "get" | "list" | "watch")
}

/// Whose call it is, as the id of its box.
fn party(call: &Call, many: bool) -> String {
    let actor = call.actor.as_str();
    match actor.split_once(' ') {
        Some(("kubelet", _)) if many => "kubelets".into(),
        Some(("kubelet", _)) => actor.into(),
        _ if actor.ends_with("-scheduler") => "kube-scheduler".into(),
        _ if actor.contains("controller") => "kube-controller-manager".into(),
        _ => "kubectl".into(),
    }
}
fn who(ui: &Ui, call: &Call) -> String {
    match call.actor.as_str() {
        "kubernetes-admin" | "kubectl" => ui.texts.get(T::actor_you).to_string(),
        actor => actor
            .rsplit_once("system:serviceaccount:")
            .map_or(actor, |(_, rest)| rest)
            .to_string(),
    }
}

/// Everybody and where they stand, and where the API server does.
fn parties(ui: &Ui, model: &Model, (w, h): (f64, f64)) -> (Vec<Party>, (f64, f64)) {
    let centre = (w / 2.0, h * 0.5);
    let top = BOX.1 / 2.0 + 14.0;
    let component = |name: &str, at, wide: f64| {
        let pods = &model.cluster.pods;
        let pod = pods
            .values()
            .find(|p| p.namespace == "kube-system" && p.name.starts_with(name));
        let said = format!("{name} is stopped");
        let stopped = model.faults.iter().find(|(_, text)| *text == said);
        Party {
            id: name.into(),
            label: name.into(),
            note: String::new(),
            runs: model.cluster.runs(name) && stopped.is_none(),
            of: pod.map(|p| super::super::run::pod_ref(p)),
            command: pod.is_none().then(|| match stopped {
                Some((id, _)) => format!("fault heal {id}"),
                None => format!("fault stop-component {name}"),
            }),
            at,
            wide,
        }
    };
    // On a narrow pane components stand higher than the server, beside what the learner types.
    let narrow = w < 2.0 * WIDE + SERVER.0 + 60.0;
    let half = if narrow {
        (w - BOX.0 - 24.0) / 2.0
    } else {
        WIDE
    };
    let wide = half.clamp(90.0, WIDE);
    let side = (w * 0.17).max(wide / 2.0 + 8.0);
    let beside = if narrow { top } else { centre.1 - 20.0 };
    let mut all = vec![
        Party {
            id: "kubectl".into(),
            label: "kubectl".into(),
            note: ui.texts.get(T::actor_you).to_string(),
            runs: true,
            of: None,
            command: None,
            at: (w / 2.0, top),
            wide: if narrow { BOX.0.min(w / 4.0) } else { BOX.0 },
        },
        component("kube-scheduler", (side, beside), wide),
        component("kube-controller-manager", (w - side, beside), wide),
    ];
    let nodes = &model.cluster.nodes;
    let bottom = h - BOX.1 / 2.0 - 12.0;
    if nodes.len() > KUBELETS_MAX {
        let down = nodes.values().filter(|n| !n.ready).count();
        all.push(Party {
            id: "kubelets".into(),
            label: format!("{} kubelets", nodes.len()),
            note: match down {
                0 => String::new(),
                n => format!("{n} NotReady"),
            },
            runs: true,
            of: None,
            command: None,
            at: (w / 2.0, bottom),
            wide: BOX.0,
        });
    }
    let step = w / nodes.len().max(1) as f64;
    for (i, node) in nodes
        .values()
        .enumerate()
        .take_while(|_| nodes.len() <= KUBELETS_MAX)
    {
        all.push(Party {
            id: format!("kubelet {}", node.name),
            label: "kubelet".into(),
            note: node.name.clone(),
            runs: node.ready,
            of: Some(Ref {
                resource: "nodes".into(),
                namespace: String::new(),
                name: node.name.clone(),
            }),
            command: None,
            at: (step * (i as f64 + 0.5), bottom),
            wide: BOX.0.min(step - 8.0),
        });
    }
    (all, centre)
}

fn party_box(ui: &Ui, p: &Party) -> Html {
    let body = html! {
        <>
            <b>{ &p.label }</b>
            if !p.runs { <span class="stopped">{ ui.t(T::stopped) }if !p.note.is_empty() { { " · " }{ &p.note } }</span> }
            else if !p.note.is_empty() { <span>{ &p.note }</span> }
            if let Some(command) = &p.command {
                <button class="switch" title={command.clone()} onclick={ui.input(Input::Run(command.clone()))}>{ ui.t(if p.runs { T::component_stop } else { T::component_start }) }</button>
            }
        </>
    };
    let class = classes!("party", (!p.runs).then_some("dark"));
    match &p.of {
        Some(of) => {
            html! { <button key={p.id.clone()} {class} style={spot(p.at, (p.wide, BOX.1))} onclick={ui.on(Act::Select(of.clone()))}>{ body }</button> }
        }
        None => {
            html! { <div key={p.id.clone()} {class} style={spot(p.at, (p.wide, BOX.1))}>{ body }</div> }
        }
    }
}
