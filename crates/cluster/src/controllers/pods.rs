//! What all controllers of pods share: reading a pod's state, making one from a template, claiming those that a selector
//! selects, and choosing whom to delete first. Upstream: `kubernetes:pkg/controller/controller_utils.go`, `pkg/api/v1/pod`.

use super::queue;
use crate::cx::Cx;
use machinery::Arrange;
use machinery::time::{Millis, parse_rfc3339};
use machinery::{Object, Status, Value, labels, value};
use std::cell::RefCell;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

/// Still counts as a replica: not finished, not being deleted.
pub fn is_active(pod: &Object) -> bool {
    !is_finished(pod) && !pod.is_deleting()
}

pub fn is_finished(pod: &Object) -> bool {
    matches!(pod.text("status.phase"), "Succeeded" | "Failed")
}

pub fn is_ready(pod: &Object) -> bool {
    pod.condition_is_true("Ready")
}

/// Since when the pod is ready; whole seconds, as conditions carry them.
pub fn ready_since(pod: &Object) -> Option<Millis> {
    let c = pod.condition("Ready");
    (c.text("status") == "True")
        .then(|| parse_rfc3339(c.text("lastTransitionTime")))
        .flatten()
}

/// Ready for at least `minReadySeconds`.
pub fn is_available(pod: &Object, min_ready_s: i64, now: Millis) -> bool {
    if min_ready_s <= 0 {
        return is_ready(pod);
    }
    ready_since(pod).is_some_and(|t| t + min_ready_s * 1000 <= now)
}

/// A pod from an owner's template, named by the server: `NAME-xxxxx`. The template's spec is shared, not copied.
pub fn from_template(owner: &Object, name: &str, template: &Value) -> Object {
    let mut meta = value!({
        "generateName": format!("{}-", prefix(name)),
        "namespace": Value::str(owner.namespace()),
        "ownerReferences": [owner.owner_reference()],
    });
    for field in ["labels", "annotations", "finalizers"] {
        let v = template.at("metadata").get(field);
        if !v.is_empty() {
            meta.set(field, v.clone());
        }
    }
    let spec = template.get("spec").clone();
    Object(value!({ "apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec }))
}

/// A generated name has 63 characters at most, five of them random.
fn prefix(name: &str) -> &str {
    name.get(..name.len().min(57)).unwrap_or(name)
}

/// The objects of a resource that `owner` controls and selects: its own; orphans that the selector selects are adopted,
/// own ones that it no longer selects are released.
pub fn claim(
    cx: &mut Cx,
    kind: &'static kinds::Kind,
    owner: &Object,
    selects: &dyn Fn(&Object) -> bool,
) -> Result<Vec<Object>, Status> {
    let resource = kind.resource();
    let mut mine = Vec::new();
    let mut lost = Vec::new();
    for o in cx.store().owned(&resource, owner.uid()) {
        if selects(o) {
            mine.push(o.clone());
        } else {
            lost.push(o.clone());
        }
    }
    for o in lost {
        release(cx, kind, &o, owner)?;
    }
    if owner.is_deleting() {
        return Ok(mine);
    }
    let found: Vec<Object> = queue::orphans(cx.cluster, &resource, owner.namespace())
        .filter(|o| !o.is_deleting() && selects(o))
        .cloned()
        .collect();
    for o in found {
        let adopted = o.edit(|v| {
            v.place("metadata.ownerReferences")
                .push(owner.owner_reference());
        });
        let reason = format!("its labels match {} {}", owner.kind(), owner.name());
        mine.push(cx.update(kind, &adopted, &reason)?);
    }
    Ok(mine)
}

/// A question about labels, asked once for neighbours that share them, as pods of one template do.
pub fn once(question: impl Fn(&Value) -> bool) -> impl Fn(&Value) -> bool {
    let last: RefCell<Option<(Value, bool)>> = RefCell::default();
    move |labels| {
        if let Some((same, answer)) = &*last.borrow()
            && same.same(labels)
        {
            return *answer;
        }
        let answer = question(labels);
        last.replace(Some((labels.clone(), answer)));
        answer
    }
}

/// As [`claim`] for pods, with a `LabelSelector`.
pub fn claim_pods(cx: &mut Cx, owner: &Object) -> Result<Vec<Object>, Status> {
    let selector = owner.at("spec.selector").clone();
    claim(cx, &kinds::pod::KIND, owner, &|o| {
        labels::matches(&selector, o.at("metadata.labels"))
    })
}

fn release(
    cx: &mut Cx,
    kind: &'static kinds::Kind,
    o: &Object,
    owner: &Object,
) -> Result<(), Status> {
    let free = o.edit(|v| {
        let refs = v.place("metadata.ownerReferences").list_mut();
        refs.retain(|r| r.text("uid") != owner.uid());
        if refs.is_empty() {
            v.remove("metadata.ownerReferences");
        }
    });
    let reason = format!(
        "its labels no longer match {} {}",
        owner.kind(),
        owner.name()
    );
    match cx.update(kind, &free, &reason) {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(()),
    }
}

/// Sorts so that those to delete first come first: upstream's `ActivePodsWithRanks`. The idea: lose as little as possible.
/// `related` are the active pods of all ReplicaSets of the same Deployment: nodes with many of them give up theirs first.
pub fn rank_for_deletion(pods: &mut [Object], related: &[Object], now: Millis) {
    let mut per_node: BTreeMap<&str, usize> = BTreeMap::new();
    for p in related.iter().filter(|p| is_active(p)) {
        *per_node.entry(p.text("spec.nodeName")).or_default() += 1;
    }
    // What is compared is read once for each, not for each comparison.
    let facts = |p: &Object| {
        let rank = per_node.get(p.text("spec.nodeName")).copied().unwrap_or(0);
        let first = (assigned(p), phase(p), is_ready(p), cost(p), Reverse(rank));
        let second = (ready_since(p), Reverse(restarts(p)), p.created());
        (first, second, p.clone())
    };
    let mut all: Vec<_> = pods.iter().map(facts).collect();
    all.arrange_by(
        |(f, (ready, restarts, born), a), (g, (ready2, restarts2, born2), b)| {
            f.cmp(g)
                .then_with(|| by_age(*ready, *ready2, a, b, now))
                .then_with(|| restarts.cmp(restarts2))
                .then_with(|| by_age(Some(*born), Some(*born2), a, b, now))
        },
    );
    for (place, (_, _, pod)) in pods.iter_mut().zip(all) {
        *place = pod;
    }
}

fn assigned(p: &Object) -> bool {
    !p.text("spec.nodeName").is_empty()
}

fn phase(p: &Object) -> u8 {
    match p.text("status.phase") {
        "Pending" | "" => 0,
        "Unknown" => 1,
        _ => 2,
    }
}

/// The annotation by which a pod says how much its loss would cost.
fn cost(p: &Object) -> i64 {
    let text = p.annotation("controller.kubernetes.io/pod-deletion-cost");
    text.and_then(|t| t.parse().ok()).unwrap_or(0)
}

fn restarts(p: &Object) -> i64 {
    let all = p.at("status.containerStatuses").items();
    all.iter().map(|c| c.int("restartCount")).max().unwrap_or(0)
}

/// The younger goes first, but ages count only by their power of two, so that the choice among pods of about one age is
/// no systematic one; among those the uid decides.
fn by_age(ta: Option<Millis>, tb: Option<Millis>, a: &Object, b: &Object, now: Millis) -> Ordering {
    let (Some(ta), Some(tb)) = (ta, tb) else {
        return Ordering::Equal;
    };
    if ta == tb {
        return Ordering::Equal;
    }
    let magnitude = |t: Millis| match (now - t).saturating_mul(1_000_000) {
        d if d > 0 => i64::from(d.ilog2()),
        _ => -1,
    };
    let order = magnitude(ta).cmp(&magnitude(tb));
    order.then_with(|| a.uid().cmp(b.uid()))
}
