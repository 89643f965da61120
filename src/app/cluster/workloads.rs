//! The workloads view: Deployments, their ReplicaSets, their pods; a rollout as a bar between its bounds.

use super::super::icons;
use super::super::run::pod_ref;
use super::super::ui::{Act, Shown, Ui, use_ui};
use super::{is_shown, left};
use crate::i18n::T;
use crate::model::Model;
use crate::model::owner::Owner;
use crate::model::pod::{Pod, PodState};
use machinery::Arrange;
use playground::Ref;
use std::collections::BTreeMap;
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub shown: Shown,
    pub system: bool,
    pub selected: Option<Ref>,
}

/// Pods that one row shows; more are told by number.
const ROW_MAX: usize = 200;

type ByOwner<'a> = BTreeMap<&'a str, Vec<&'a Rc<Pod>>>;

#[component(Workloads)]
pub fn workloads(props: &Props) -> Html {
    let ui = use_ui();
    let model = props.shown.model.borrow();
    let mut pods: ByOwner = BTreeMap::new();
    for p in model.cluster.pods.values() {
        if is_shown(&p.namespace, props.system) {
            let known = model.cluster.owners.contains_key(&p.owner);
            pods.entry(if known { &p.owner } else { "" })
                .or_default()
                .push(p);
        }
    }
    for list in pods.values_mut() {
        list.arrange_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
    }
    let mut roots: Vec<&Owner> = model
        .cluster
        .owners
        .values()
        .filter(|o| is_shown(&o.namespace, props.system))
        .filter(|o| !model.cluster.owners.contains_key(&o.owner))
        .collect();
    roots.arrange_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    let alone = pods.get("").cloned().unwrap_or_default();
    let empty = roots.is_empty() && alone.is_empty();
    html! {
        <div class="scroll workloads">
            if empty { <p class="empty">{ ui.t(T::no_workloads) }</p> }
            { for roots.iter().map(|o| root(&ui, &model, o, &pods)) }
            if !alone.is_empty() {
                <section class="work"><div class="object flat"><span class="names"><b>{ ui.t(T::pods_alone) }</b></span></div>{ row(&ui, &model, &alone) }</section>
            }
        </div>
    }
}

fn owner_ref(o: &Owner) -> Ref {
    Ref {
        resource: o.resource.clone(),
        namespace: o.namespace.clone(),
        name: o.name.clone(),
    }
}

fn root(ui: &Ui, model: &Model, o: &Owner, pods: &ByOwner) -> Html {
    let mut sets: Vec<&Owner> = model
        .cluster
        .owners
        .values()
        .filter(|c| c.owner == o.uid)
        .collect();
    sets.arrange_by_key(|s| std::cmp::Reverse(s.revision));
    html! {
        <section class="work" key={o.uid.clone()}>
            <button class="object" onclick={ui.on(Act::Select(owner_ref(o)))}>
                { icons::kind(&o.kind) }
                <span class="names"><b>{ &o.name }</b><span>{ &o.kind }if o.paused { { " · " }{ ui.t(T::paused) } }</span></span>
                <span class="numbers"><b>{ o.ready }</b>{ "/" }{ o.wanted }{ " " }{ ui.t(T::sum_ready) }</span>
            </button>
            if o.kind == "Deployment" { { bar(ui, o, &sets, pods) } }
            if sets.is_empty() { { row(ui, model, pods.get(o.uid.as_str()).map_or(&[], Vec::as_slice)) } }
            { for sets.iter().map(|s| set(ui, model, s, pods.get(s.uid.as_str()).map_or(&[], Vec::as_slice))) }
        </section>
    }
}

/// Pods of each revision side by side, between what must be there and what may be there at most.
fn bar(ui: &Ui, o: &Owner, sets: &[&Owner], pods: &ByOwner) -> Html {
    let (most, least) = o.bounds.unwrap_or((o.wanted, 0));
    let have: i64 = sets.iter().map(|s| s.have).sum();
    let scale = most.max(have).max(1) as f64;
    let part = |s: &&Owner| {
        let ready = pods.get(s.uid.as_str()).map_or(0, |l| {
            l.iter().filter(|p| p.state == PodState::Ready).count()
        }) as f64;
        let waiting = (s.have as f64 - ready).max(0.0);
        html! { <><i class={format!("hue-{}", s.hue)} style={format!("width:{:.2}%", ready / scale * 100.0)}></i><i class={format!("hue-{} waiting", s.hue)} style={format!("width:{:.2}%", waiting / scale * 100.0)}></i></> }
    };
    let mark = |at: i64, class: &'static str, label: T| html! { <span class={classes!("mark", class)} style={format!("left:{:.2}%", at as f64 / scale * 100.0)} title={format!("{} {at}", ui.texts.get(label))}></span> };
    html! {
        <div class="rollout" role="img" aria-label={ui.texts.fill(T::rollout_label, &[("updated", &o.updated.to_string()), ("wanted", &o.wanted.to_string()), ("most", &most.to_string()), ("least", &least.to_string())])}>
            <div class="track">{ for sets.iter().rev().map(part) }</div>
            if o.bounds.is_some() { { mark(least, "least", T::bound_least) } }
            { mark(o.wanted, "wanted", T::bound_wanted) }
            if most > o.wanted { { mark(most, "most", T::bound_most) } }
        </div>
    }
}

fn set(ui: &Ui, model: &Model, s: &Owner, pods: &[&Rc<Pod>]) -> Html {
    let old = s.wanted == 0 && pods.is_empty();
    html! {
        <div class={classes!("set", format!("hue-{}", s.hue), old.then_some("old"))} key={s.uid.clone()}>
            <button class="object" onclick={ui.on(Act::Select(owner_ref(s)))}>
                { icons::kind(&s.kind) }
                <span class="names"><b>{ &s.name }</b><span>{ ui.texts.fill(T::revision, &[("n", &s.revision.to_string())]) }{ " · " }{ &s.image }if !s.change_cause.is_empty() { { " · " }{ &s.change_cause } }</span></span>
                <span class="numbers"><b>{ s.ready }</b>{ "/" }{ s.wanted }</span>
            </button>
            if !pods.is_empty() { { row(ui, model, pods) } }
        </div>
    }
}

fn row(ui: &Ui, model: &Model, pods: &[&Rc<Pod>]) -> Html {
    let one = |p: &&Rc<Pod>| {
        html! {
            <button key={p.uid.clone()} class={classes!("leaf", p.state.class())} title={format!("{} · {}", p.name, p.word)} onclick={ui.on(Act::Select(pod_ref(p)))}>
                { icons::state(p.state, left(p, model.now)) }<span>{ p.short().to_string() }</span>
            </button>
        }
    };
    let more = pods.len().saturating_sub(ROW_MAX);
    html! { <div class="leaves">{ for pods.iter().take(ROW_MAX).map(one) }if more > 0 { <span class="more">{ format!("+{more}") }</span> }</div> }
}
