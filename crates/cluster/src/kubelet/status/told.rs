//! What kubelets told lately. Ten thousand pods of one template tell much the same of themselves, second by second: it is
//! made once, and shared by all whose status it is a part of.

use super::{Verdict, conditions, container_id, container_status, waiting_reason};
use crate::ip;
use crate::kubelet::run::{ContainerRun, Phase, PodRun, Role};
use machinery::time::{Millis, rfc3339};
use machinery::{Object, Value, value};

/// How many different ones are remembered.
const KEPT: usize = 8;

#[derive(Clone, Default)]
pub(crate) struct Told {
    conditions: Vec<(Asked, Value)>,
    containers: Vec<(Shape, Value)>,
    /// The text of a second.
    stamps: Vec<(i64, Value)>,
    /// By the number of the node: its address, `hostIP` and `hostIPs`.
    hosts: Vec<(u32, Value, Value)>,
}

/// What conditions follow from.
#[derive(Clone)]
struct Asked {
    old: Value,
    found: [Verdict; 5],
    generation: i64,
    second: i64,
}

/// What the status of a pod's only container follows from, but for its id: one that was never restarted and waits or runs.
#[derive(Clone)]
pub(super) struct Shape {
    /// `spec.containers`.
    spec: Value,
    reason: &'static str,
    /// While it runs: the second since when.
    since: Option<i64>,
    ready: bool,
    started: bool,
}

impl Shape {
    pub fn of(pod: &Object, c: &ContainerRun) -> Option<Shape> {
        if c.role != Role::Main || c.last.is_some() || c.restarts > 0 {
            return None;
        }
        // Who runs as somebody else, or waits for other resources, is described for itself.
        let own = !pod.spec().get("securityContext").is_empty();
        let waits = |g: &Value| g != c.spec(pod).get("resources");
        if own || c.given.as_ref().is_some_and(waits) {
            return None;
        }
        let (reason, since) = match &c.phase {
            Phase::Running { since } => ("", Some(since.div_euclid(1000))),
            Phase::Waiting {
                reason,
                message: None,
                ..
            } if !reason.is_empty() => (*reason, None),
            Phase::Waiting { message: None, .. }
            | Phase::Pulling { .. }
            | Phase::Creating { .. } => (waiting_reason(pod, c), None),
            _ => return None,
        };
        Some(Shape {
            spec: pod.spec().get("containers").clone(),
            reason,
            since,
            ready: c.ready,
            started: c.started,
        })
    }
    fn same(&self, other: &Shape) -> bool {
        self.spec.same(&other.spec)
            && self.reason == other.reason
            && self.since == other.since
            && self.ready == other.ready
            && self.started == other.started
    }
}

fn keep<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= KEPT {
        list.remove(0);
    }
    list.push(item);
}

impl Told {
    /// A time as text.
    pub fn stamp(&mut self, at: Millis) -> Value {
        let second = at.div_euclid(1000);
        if let Some((_, v)) = self.stamps.iter().rev().find(|s| s.0 == second) {
            return v.clone();
        }
        let v = Value::from(rfc3339(at));
        keep(&mut self.stamps, (second, v.clone()));
        v
    }
    /// `hostIP` and `hostIPs` of the node with this number and address.
    pub fn host(&mut self, (index, ip): (usize, u32)) -> (Value, Value) {
        const NODES_MAX: usize = 10_000;
        if let Some((known, one, list)) = self.hosts.get(index)
            && *known == ip
            && !one.is_null()
        {
            return (one.clone(), list.clone());
        }
        let one = Value::from(ip::text(ip));
        let list = value!([{ "ip": one.clone() }]);
        if self.hosts.len() <= index && index < NODES_MAX {
            self.hosts.resize(index + 1, Default::default());
        }
        if let Some(place) = self.hosts.get_mut(index) {
            *place = (ip, one.clone(), list.clone());
        }
        (one, list)
    }
    pub(super) fn conditions(
        &mut self,
        pod: &Object,
        found: [Verdict; 5],
        generation: i64,
        now: Millis,
    ) -> Value {
        let old = pod.at("status.conditions");
        let second = now.div_euclid(1000);
        let same = |a: &Asked| {
            a.old.same(old) && a.second == second && a.generation == generation && a.found == found
        };
        if let Some((_, v)) = self.conditions.iter().rev().find(|(a, _)| same(a)) {
            return v.clone();
        }
        let v = conditions(old, &found, generation, &self.stamp(now));
        let asked = Asked {
            old: old.clone(),
            found,
            generation,
            second,
        };
        keep(&mut self.conditions, (asked, v.clone()));
        v
    }
    /// `containerStatuses` of a pod with one container.
    pub(super) fn container(
        &mut self,
        shape: Shape,
        pod: &Object,
        run: &PodRun,
        c: &ContainerRun,
    ) -> Value {
        let known = self.containers.iter().rev();
        if let Some((_, v)) = known.clone().find(|(s, _)| s.same(&shape)) {
            if shape.since.is_none() {
                return v.clone();
            }
            let mut one = v.items().first().cloned().unwrap_or_default();
            *one.field("containerID") = container_id(run, c, c.restarts).into();
            return Value::from(vec![one]);
        }
        let v = Value::from(vec![container_status(pod, run, c)]);
        keep(&mut self.containers, (shape, v.clone()));
        v
    }
}
