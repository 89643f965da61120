//! The network: who asks, Ingresses, Services, the pods behind them. Each request is a dot along the way that it really
//! took, and ends where it was answered or refused.

use super::super::icons;
use super::super::ui::{Act, Shown, Ui, use_size, use_ui};
use super::is_shown;
use crate::i18n::T;
use crate::model::Model;
use crate::model::cluster::Service;
use crate::model::flow::Flight;
use playground::Ref;
use std::collections::BTreeMap;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
    pub system: bool,
}

/// Pods of one Service that are drawn; more are told by number.
const PODS_MAX: usize = 12;
const ROW: f64 = 30.0;
const PAD: f64 = 12.0;

/// A box: what hops call it, its place, how it is drawn.
struct Place {
    id: String,
    rect: (f64, f64, f64, f64),
    class: &'static str,
    of: Option<Ref>,
    body: Html,
}

#[derive(Default)]
struct Drawing {
    places: Vec<Place>,
    /// From, to, whether traffic goes there.
    edges: Vec<((f64, f64), (f64, f64), bool)>,
    height: f64,
}

#[component(Network)]
pub fn network(props: &Props) -> Html {
    let ui = use_ui();
    let holder = use_node_ref();
    let (width, height) = use_size(holder.clone());
    let model = props.shown.model.borrow();
    let drawing = draw(&ui, &model, props.system, width);
    let at: BTreeMap<&str, (f64, f64)> = drawing
        .places
        .iter()
        .map(|p| {
            (
                p.id.as_str(),
                (p.rect.0 + p.rect.2 / 2.0, p.rect.1 + p.rect.3 / 2.0),
            )
        })
        .collect();
    let edge = |((x1, y1), (x2, y2), live): &((f64, f64), (f64, f64), bool)| {
        let middle = f64::midpoint(*x1, *x2);
        html! { <path class={classes!((!live).then_some("off"))} d={format!("M{x1:.0} {y1:.0}C{middle:.0} {y1:.0} {middle:.0} {y2:.0} {x2:.0} {y2:.0}")} /> }
    };
    let empty = !model
        .cluster
        .services
        .values()
        .any(|s| is_shown(&s.namespace, props.system) && s.name != "kubernetes");
    let tall = drawing.height.max(height - 4.0);
    html! {
        <div class="scroll network" ref={holder} tabindex="0">
            if width > 0.0 {
                <div class="stage" style={format!("height:{tall:.0}px")}>
                    <svg class="wires" width={format!("{width:.0}")} height={format!("{tall:.0}")} aria-hidden="true">{ for drawing.edges.iter().map(edge) }</svg>
                    { for drawing.places.iter().map(|p| place(&ui, p)) }
                    if empty { <p class="empty low">{ ui.t(T::no_services) }</p> }
                    <div class="flights" aria-hidden="true">{ for model.traffic.recent.iter().map(|(seq, _, f)| flight(*seq, f, &at)) }</div>
                </div>
            }
        </div>
    }
}

fn place(ui: &Ui, p: &Place) -> Html {
    let (x, y, w, h) = p.rect;
    let style = format!("left:{x:.0}px;top:{y:.0}px;width:{w:.0}px;height:{h:.0}px");
    match &p.of {
        Some(of) => {
            html! { <button key={p.id.clone()} class={classes!("place", p.class)} {style} onclick={ui.on(Act::Select(of.clone()))}>{ p.body.clone() }</button> }
        }
        None => {
            html! { <div key={p.id.clone()} class={classes!("place", p.class)} {style}>{ p.body.clone() }</div> }
        }
    }
}

/// A request on its way. Hops without a box of their own (DNS, a node's port) are passed through.
fn flight(seq: u64, f: &Flight, at: &BTreeMap<&str, (f64, f64)>) -> Html {
    let mut way: Vec<(f64, f64)> = Vec::new();
    for (i, hop) in f.hops.iter().enumerate() {
        // A pod that asks and is behind no Service stands where clients stand.
        let place = at
            .get(hop.at.as_str())
            .or_else(|| at.get("host").filter(|_| i == 0));
        if let Some(p) = place.filter(|p| way.last() != Some(p)) {
            way.push(*p);
        }
    }
    if way.len() == 1 {
        // Refused before it came anywhere: a step out, and back.
        let (x, y) = way[0];
        way.push((x + 60.0, y));
    }
    let path: Vec<String> = way.iter().map(|(x, y)| format!("{x:.0} {y:.0}")).collect();
    let good = (1..400).contains(&f.status);
    let word = match f.status {
        0 => "✕".to_string(),
        n => n.to_string(),
    };
    let steps = way.len().saturating_sub(1).max(1);
    html! { <i key={seq} class={classes!("flying", "along", (!good).then_some("bad"))} style={format!("offset-path:path(\"M{}\");animation-duration:{}ms", path.join("L"), 420 * steps)}><em>{ word }</em></i> }
}

fn draw(ui: &Ui, model: &Model, system: bool, width: f64) -> Drawing {
    let mut out = Drawing::default();
    let column = (width - 2.0 * PAD) / 4.0;
    let x = |i: usize| PAD + column * i as f64;
    let wide = (column - if width < 640.0 { 18.0 } else { 34.0 }).max(84.0);
    let title = |i: usize, key: T| Place {
        id: format!("title {i}"),
        rect: (x(i), 8.0, wide, 18.0),
        class: "title",
        of: None,
        body: html! { ui.t(key) },
    };
    out.places.extend([
        title(0, T::net_clients),
        title(1, T::net_ingress),
        title(2, T::net_services),
        title(3, T::net_pods),
    ]);
    let mut y = 36.0;
    let mut centres: BTreeMap<(String, String), (f64, f64)> = BTreeMap::new();
    for s in model.cluster.services.values() {
        if is_shown(&s.namespace, system) && s.name != "kubernetes" {
            let middle = service(ui, model, s, (x(2), x(3), wide), &mut y, &mut out);
            centres.insert((s.namespace.clone(), s.name.clone()), (x(2), middle));
        }
    }
    let mut iy = 36.0;
    let host = (x(0) + wide, 36.0 + 27.0);
    for ((ns, name), targets) in &model.cluster.ingresses {
        if !is_shown(ns, system) {
            continue;
        }
        out.places.push(Place {
            id: format!("ingress/{ns}/{name}"),
            rect: (x(1), iy, wide, 54.0),
            class: "ingress",
            of: Some(object("ingresses.networking.k8s.io", ns, name)),
            body: html! { <>{ icons::kind("Ingress") }<span class="names"><b>{ name }</b><span>{ targets.first().map(|t| t.0.clone()).unwrap_or_default() }</span></span></> },
        });
        let middle = iy + 27.0;
        out.edges.push((host, (x(1), middle), true));
        for (_, service) in targets {
            if let Some(to) = centres.get(&(ns.clone(), service.clone())) {
                out.edges.push(((x(1) + wide, middle), *to, true));
            }
        }
        iy += 66.0;
    }
    for s in model.cluster.services.values() {
        // What can be reached from outside by itself.
        if let Some(to) = centres.get(&(s.namespace.clone(), s.name.clone()))
            && s.kind != "ClusterIP"
        {
            out.edges.push((host, *to, true));
        }
    }
    out.places.push(Place {
        id: "host".into(),
        rect: (x(0), 36.0, wide, 54.0),
        class: "client",
        of: None,
        body: html! { <>{ icons::icon("cluster") }<span class="names"><b>{ ui.t(T::net_you) }</b><span>{ "curl · " }{ ui.t(T::tab_browser) }</span></span></> },
    });
    out.height = y.max(iy).max(110.0) + PAD;
    out
}

fn object(resource: &str, namespace: &str, name: &str) -> Ref {
    Ref {
        resource: resource.into(),
        namespace: namespace.into(),
        name: name.into(),
    }
}

/// A Service and the pods behind it; returns the height of its middle.
fn service(
    ui: &Ui,
    model: &Model,
    s: &Service,
    (left, right, wide): (f64, f64, f64),
    y: &mut f64,
    out: &mut Drawing,
) -> f64 {
    let shown = s.endpoints.len().min(PODS_MAX);
    let more = s.endpoints.len() - shown;
    let rows = (shown + usize::from(more > 0)).max(1) as f64;
    let tall = (rows * ROW).max(58.0);
    let middle = *y + tall / 2.0;
    let address = match s.external.as_str() {
        "" => s.cluster_ip.clone(),
        ip => ip.to_string(),
    };
    out.places.push(Place {
        id: format!("service/{}/{}", s.namespace, s.name),
        rect: (left, middle - 29.0, wide, 58.0),
        class: "service",
        of: Some(object("services", &s.namespace, &s.name)),
        body: html! { <>{ icons::kind("Service") }<span class="names"><b>{ &s.name }</b><span>{ format!("{} · {address}", s.kind) }</span><span class="ports">{ s.ports.join(" ") }</span></span></> },
    });
    for (i, (name, ready)) in s.endpoints.iter().take(shown).enumerate() {
        let py = *y + (tall - rows * ROW) / 2.0 + i as f64 * ROW;
        let pod = model.cluster.pod_named(&s.namespace, name);
        let hue = pod.and_then(|p| model.cluster.hue_of(p));
        let short = pod.map_or(name.as_str(), |p| {
            if p.owner.is_empty() {
                p.name.as_str()
            } else {
                p.short()
            }
        });
        out.places.push(Place {
            id: format!("pod/{}/{name}", s.namespace),
            rect: (right, py + 2.0, wide, ROW - 4.0),
            class: if *ready { "end ready" } else { "end notready" },
            of: Some(object("pods", &s.namespace, name)),
            body: html! { <><i class={classes!("band", hue.map(|h| format!("hue-{h}")))}></i><span class={classes!("dot", pod.map_or("unknown", |p| p.state.class()))}></span><span>{ short.to_string() }</span></> },
        });
        out.edges
            .push(((left + wide, middle), (right, py + ROW / 2.0), *ready));
    }
    if more > 0 || shown == 0 {
        out.places.push(Place {
            id: format!("more {}/{}", s.namespace, s.name),
            rect: (right, *y + (tall - rows * ROW) / 2.0 + shown as f64 * ROW + 2.0, wide, ROW - 4.0),
            class: "none",
            of: None,
            body: html! { if more > 0 { { format!("+{more}") } } else { { ui.t(T::no_endpoints) } } },
        });
    }
    *y += tall + 14.0;
    middle
}
