//! DefaultPreemption: where no node has room, would one have it without some less important pods?
//! Upstream: `pkg/scheduler/framework/preemption`, `plugins/defaultpreemption`.
//!
//! For every node that refused the pod for a reason that evictions could change, all pods of lower priority are thought
//! away; if the pod would fit then, as many as possible are thought back, the more important first. The node whose
//! victims are least important wins. They are deleted, and the pod waits for the room, which is reserved for it.

use super::framework::{Refusal, Verdict, histogram};
use super::plugins::PLUGINS;
use super::rows::{Row, Snapshot};
use crate::conditions;
use crate::cx::Cx;
use machinery::Arrange;
use machinery::{Object, Str, time};
use std::rc::Rc;

#[derive(Default)]
pub struct Outcome {
    /// What the FailedScheduling text ends in.
    pub tail: String,
    pub nominated: Option<Str>,
}

/// Nodes that are tried at most; upstream takes 10 % but at least 100.
const CANDIDATES_MAX: usize = 100;

pub fn try_for(cx: &mut Cx, pod: &Object, snapshot: &Snapshot, verdict: &Verdict) -> Outcome {
    // Refused before any node was looked at: upstream's text ends in this bare word.
    if verdict.pre_refused.is_some() {
        return Outcome {
            tail: "not found".into(),
            nominated: None,
        };
    }
    let say = |text: String| Outcome {
        tail: format!("no new claims to deallocate, preemption: {text}"),
        nominated: None,
    };
    if pod.text("spec.preemptionPolicy") == "Never" {
        return say("not eligible due to preemptionPolicy=Never.".into());
    }
    if still_making_room(cx, pod) {
        return say("not eligible due to a terminating pod on the nominated node.".into());
    }
    let budgets: Vec<Object> = cx
        .store()
        .list("poddisruptionbudgets.policy", None)
        .cloned()
        .collect();
    let mut useless: Vec<Refusal> = Vec::new();
    let mut best: Option<(Cost, Str, Vec<Object>)> = None;
    let mut tried = 0;
    for (node, _, refusal) in &verdict.refused {
        let hopeless = |text: &'static str| Refusal {
            reasons: vec![Str::lit(text)],
            hopeless: true,
        };
        if refusal.hopeless {
            useless.push(hopeless("Preemption is not helpful for scheduling"));
            continue;
        }
        let Some(row) = snapshot.row(node).filter(|_| tried < CANDIDATES_MAX) else {
            continue;
        };
        tried += 1;
        match victims(cx, pod, snapshot, row, &budgets) {
            Ok((list, broken)) => {
                let cost = Cost::of(&list, broken);
                if best.as_ref().is_none_or(|b| cost < b.0) {
                    best = Some((cost, node.clone(), list));
                }
            }
            Err(Some(r)) => useless.push(r),
            Err(None) => {
                useless.push(hopeless("No preemption victims found for incoming pod"));
            }
        }
    }
    let Some((_, node, list)) = best else {
        let reasons = histogram(useless.iter());
        return say(format!(
            "0/{} nodes are available:{reasons}",
            snapshot.total
        ));
    };
    for v in &list {
        evict(cx, pod, v, &node);
    }
    let mine = (Str::from(pod.uid()), node.clone(), pod.clone());
    let s = &mut cx.cluster.scheduler;
    s.nominated.retain(|n| n.0 != mine.0);
    s.nominated.push(mine);
    Outcome {
        tail: String::new(),
        nominated: Some(node),
    }
}

/// Victims of an earlier preemption are still going: more evictions would be too many.
fn still_making_room(cx: &Cx, pod: &Object) -> bool {
    let node = pod.text("status.nominatedNodeName");
    let mine = pod.int("spec.priority");
    let going = |p: &Object| p.is_deleting() && p.int("spec.priority") < mine;
    !node.is_empty() && cx.store().on_node(node).any(going)
}

fn feasible(snapshot: &Snapshot, row: &Row) -> Option<Refusal> {
    let mut filters = PLUGINS.iter().filter_map(|p| p.filter);
    filters.find_map(|f| f(snapshot, row).err())
}

/// The pods that would have to go, or why that would not help (`None`: there is nobody less important).
fn victims(
    cx: &Cx,
    pod: &Object,
    snapshot: &Snapshot,
    row: &Rc<Row>,
    budgets: &[Object],
) -> Result<(Vec<Object>, usize), Option<Refusal>> {
    let mine = pod.int("spec.priority");
    if row.pods == 0 || row.least >= mine {
        return Err(None);
    }
    let mut lower: Vec<Object> = cx
        .store()
        .on_node(&row.name)
        .filter(|p| p.int("spec.priority") < mine && super::rows::counts(p))
        .cloned()
        .collect();
    if lower.is_empty() {
        return Err(None);
    }
    let mut row = (**row).clone();
    for p in &lower {
        row.take(p, -1);
    }
    row.without = lower.clone();
    if let Some(refusal) = feasible(snapshot, &row) {
        return Err(Some(refusal));
    }
    // Back come the more important, then the longer running, as long as the pod still fits.
    let started = |p: &Object| time::parse_rfc3339(p.text("status.startTime")).unwrap_or(i64::MAX);
    lower.arrange_by_key(|p| (-p.int("spec.priority"), started(p)));
    // Those whose loss would break a budget come back before all others.
    let (broken, others) = by_budgets(lower, budgets);
    let protected = broken.len();
    let mut violations = 0;
    let mut out = Vec::new();
    for (i, p) in broken.into_iter().chain(others).enumerate() {
        row.take(&p, 1);
        row.without.retain(|w| w.uid() != p.uid());
        if feasible(snapshot, &row).is_some() {
            row.take(&p, -1);
            row.without.push(p.clone());
            violations += usize::from(i < protected);
            out.push(p);
        }
    }
    match out.is_empty() {
        true => Err(None),
        false => Ok((out, violations)),
    }
}

/// Parts the pods into those whose eviction some PodDisruptionBudget forbids, and the rest.
fn by_budgets(pods: Vec<Object>, budgets: &[Object]) -> (Vec<Object>, Vec<Object>) {
    let mut left: Vec<i64> = budgets
        .iter()
        .map(|b| b.int("status.disruptionsAllowed"))
        .collect();
    pods.into_iter().partition(|p| {
        let mut broken = false;
        for (b, left) in budgets.iter().zip(&mut left) {
            let mine = b.namespace() == p.namespace()
                && machinery::labels::matches(b.at("spec.selector"), p.at("metadata.labels"));
            if mine && !b.at("status.disruptedPods").has(p.name()) {
                *left -= 1;
                broken |= *left < 0;
            }
        }
        broken
    })
}

/// What a set of victims costs: budgets broken, their highest priority, the sum, their number, how long the most important
/// has run (negated start).
#[derive(PartialEq, PartialOrd)]
struct Cost(usize, i64, i128, usize, i64);

impl Cost {
    fn of(victims: &[Object], broken: usize) -> Cost {
        let priorities = || victims.iter().map(|p| p.int("spec.priority"));
        let sum = priorities().map(|p| i128::from(p) + (1 << 31)).sum();
        let top = priorities().max().unwrap_or(i64::MIN);
        let most = victims.iter().filter(|p| p.int("spec.priority") == top);
        let start = most
            .filter_map(|p| time::parse_rfc3339(p.text("status.startTime")))
            .min();
        Cost(broken, top, sum, victims.len(), -start.unwrap_or(0))
    }
}

fn evict(cx: &mut Cx, pod: &Object, victim: &Object, node: &str) {
    let kind = &kinds::pod::KIND;
    let reason = format!("room for {}/{} on {node}", pod.namespace(), pod.name());
    let message = "default-scheduler: preempting to accommodate a higher priority pod";
    let marked = conditions::disrupted(victim, "PreemptionByScheduler", message, cx.now());
    // A victim that is gone already is what we wanted.
    let _ = cx.update_status(kind, &marked, &reason);
    if cx.delete(kind, victim, None, &reason).is_ok() {
        let text = format!("Preempted by pod {} on node {node}", pod.uid());
        cx.event(victim, "Normal", "Preempted", &text);
    }
}
