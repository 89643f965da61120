//! The work queue of all controllers. A key waits at most once per controller, runs never twice at once, is retried with
//! growing delay when its reconcile fails, and can ask to be looked at again later.
//!
//! Upstream gives every controller its own `workqueue.TypedRateLimitingInterface`; the rules are the same. A controller
//! that keeps waking itself is slowed down and reported, where the real one would quietly burn a processor.

use super::{CONTROLLERS, Requeue, pods};
use crate::Cluster;
use crate::cx::Cx;
use crate::event::Event;
use crate::output::Output;
use crate::store::{Change, Key};
use machinery::time::Millis;
use machinery::{Object, Str, Trigger};
use std::collections::{BTreeMap, BTreeSet};

/// First and longest delay after failures: 5 ms doubling up to about 16 minutes, as upstream's default rate limiter.
const BACKOFF_FIRST_MS: i64 = 5;
const BACKOFF_MAX_MS: i64 = 1_000_000;
/// A key that was woken by its own controller's write this often in a row is in a hot loop.
const SELF_WAKES_MAX: u32 = 200;
/// What a key in a hot loop has to wait.
const HOT_LOOP_PAUSE_MS: i64 = 1000;

/// Controllers that let changes of other objects gather before they look: (controller, resource, how long).
const BATCHED: &[(&str, &str, i64)] = &[("job-controller", "pods", 1000)];

/// A key of one controller.
type Item = (usize, Key);

#[derive(Clone, Debug)]
struct Waiting {
    due: Millis,
    trigger: Trigger,
    /// The waking write was the controller's own.
    by_itself: bool,
}

impl State {
    /// Whether a controller failed at this object and has yet to try again: upstream's back-off grows to a quarter of an hour.
    pub fn is_backing_off(&self, namespace: &str, name: &str) -> bool {
        let of = |item: &Item| &*item.1.0 == namespace && &*item.1.1 == name;
        self.failures.keys().any(of)
    }
}

/// The state of the queue, part of the cluster's value.
#[derive(Clone, Default)]
pub struct State {
    waiting: BTreeMap<Item, Waiting>,
    failures: BTreeMap<Item, u32>,
    /// Keys whose last reconcile was long: not looked at again before this.
    busy: BTreeMap<Item, Millis>,
    /// How often in a row a key was woken by its own controller.
    self_wakes: BTreeMap<Item, u32>,
    /// A reconcile says here how long it took beyond `reconcile_ms`: one with 10,000 pods to count takes its time, and so
    /// sees many changes at once.
    pub(crate) took_ms: i64,
    /// How many pods are left to be made of a look that goes on.
    pub(super) left: BTreeMap<Str, usize>,
    /// Pods and ReplicaSets without a controller, by resource: candidates for adoption.
    orphans: BTreeMap<Str, BTreeSet<Key>>,
    /// References to owners that are not the controlling one: owner's uid → dependents' uids.
    references: BTreeMap<Str, BTreeSet<Str>>,
    /// Pods by the uid of their controller, counted change by change.
    tallies: BTreeMap<Str, Tally>,
    /// Uids of nodes that were greeted.
    pub(super) seen: BTreeSet<Str>,
    /// Nodes that are not ready.
    pub(super) unready: BTreeSet<Str>,
    /// Zone → when a node of it was given up to eviction last.
    pub(super) evicted_at: BTreeMap<String, Millis>,
    /// Pods that taints of their nodes will drive off.
    pub(super) evictions: BTreeSet<Str>,
    /// What autoscalers remember, by their uid.
    pub(super) autoscalers: BTreeMap<Str, super::horizontal::Memory>,
    /// Failures of Jobs' pods in a row, and when the last was, by the Jobs' uids.
    pub(super) job_failures: BTreeMap<Str, (u32, Millis)>,
}

/// How many pods a controller has: what a ReplicaSet of 10,000 would otherwise count anew at every change.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub active: usize,
    pub ready: usize,
    pub terminating: usize,
    /// Labels of some pod changed after it was made: whoever selects by labels has to look at each.
    pub relabelled: bool,
}

impl Tally {
    fn of(p: &Object) -> Tally {
        let going = p.is_deleting();
        let active = !going && !pods::is_finished(p);
        Tally {
            active: usize::from(active),
            ready: usize::from(active && pods::is_ready(p)),
            terminating: usize::from(going),
            relabelled: false,
        }
    }
}

/// Kinds that controllers adopt when they stand without an owner.
const ADOPTABLE: &[&str] = &[
    "pods",
    "replicasets.apps",
    "controllerrevisions.apps",
    "jobs.batch",
];

/// A change was committed: queue the keys that controllers want to look at.
pub(crate) fn on_change(cluster: &mut Cluster, change: &Change) {
    note_orphan(&mut cluster.controllers, change);
    note_references(&mut cluster.controllers, change);
    if change.resource == "pods" {
        note_tally(&mut cluster.controllers, change);
    }
    let delay = cluster.world.delays.watch_ms + cluster.world.delays.reconcile_ms;
    let mut keys = Vec::new();
    for (i, controller) in CONTROLLERS.iter().enumerate() {
        (controller.triggers)(cluster, change, &mut keys);
        if keys.is_empty() {
            continue;
        }
        let batched = BATCHED
            .iter()
            .find(|b| b.0 == controller.name && change.resource == *b.1);
        let delay = delay + batched.map_or(0, |b| b.2);
        for key in keys.drain(..) {
            let by_itself = change.cause.actor == *controller.name;
            let due = cluster.now + delay;
            push(cluster, (i, key), due, by_itself, Some(change));
        }
    }
}

fn note_orphan(state: &mut State, change: &Change) {
    if !ADOPTABLE.contains(&change.resource.as_str()) {
        return;
    }
    let gone = change.kind == machinery::WatchType::Deleted;
    if !gone && change.facts.owner.is_null() {
        let set = state.orphans.entry(change.resource.clone()).or_default();
        set.insert(change.key.clone());
    } else if let Some(set) = state.orphans.get_mut(&change.resource) {
        set.remove(&change.key);
    }
}

fn note_tally(state: &mut State, change: &Change) {
    let gone = change.kind == machinery::WatchType::Deleted;
    let owner = change.facts.owner.text("uid");
    let owner_before = match change.facts.same_owners {
        true => owner,
        false => change.facts.owner_before.text("uid"),
    };
    let old = change.old.as_ref().map(|p| (owner_before, Tally::of(p)));
    let new = (!gone).then(|| (owner, Tally::of(&change.new)));
    let labels = |p: &Object| p.at("metadata.labels").clone();
    let relabelled = !gone
        && change
            .old
            .as_ref()
            .is_some_and(|o| labels(o) != labels(&change.new));
    if old == new && !relabelled {
        return;
    }
    if let Some((uid, t)) = old.filter(|o| !o.0.is_empty())
        && let Some(sum) = state.tallies.get_mut(uid)
    {
        sum.active = sum.active.saturating_sub(t.active);
        sum.ready = sum.ready.saturating_sub(t.ready);
        sum.terminating = sum.terminating.saturating_sub(t.terminating);
        if gone && sum.active + sum.terminating == 0 {
            state.tallies.remove(uid);
        }
    }
    if let Some((uid, t)) = new.filter(|n| !n.0.is_empty()) {
        let sum = state.tallies.entry(Str::from(uid)).or_default();
        sum.active += t.active;
        sum.ready += t.ready;
        sum.terminating += t.terminating;
        sum.relabelled |= relabelled;
    }
}

/// The count of an owner's pods.
pub(super) fn tally(cluster: &Cluster, uid: &str) -> Tally {
    cluster
        .controllers
        .tallies
        .get(uid)
        .copied()
        .unwrap_or_default()
}

fn note_references(state: &mut State, change: &Change) {
    if change.kind != machinery::WatchType::Deleted && change.facts.same_owners {
        return;
    }
    let uid = Str::from(change.new.uid());
    let others = |o: &Object| -> Vec<Str> {
        let refs = o.owners().iter().filter(|r| !r.flag("controller"));
        refs.map(|r| Str::from(r.text("uid"))).collect()
    };
    for owner in change.old.iter().flat_map(others) {
        if let Some(set) = state.references.get_mut(&owner) {
            set.remove(&uid);
            if set.is_empty() {
                state.references.remove(&owner);
            }
        }
    }
    if change.kind != machinery::WatchType::Deleted {
        for owner in others(&change.new) {
            state
                .references
                .entry(owner)
                .or_default()
                .insert(uid.clone());
        }
    }
}

/// All objects with an owner reference to this uid.
pub(super) fn dependents<'a>(
    cluster: &'a Cluster,
    uid: &'a str,
) -> impl Iterator<Item = &'a Object> + use<'a> {
    let store = &cluster.store;
    let controlled = store.resources().flat_map(move |r| store.owned(r, uid));
    let others = cluster.controllers.references.get(uid);
    controlled.chain(
        others
            .into_iter()
            .flatten()
            .filter_map(move |u| store.by_uid(u)),
    )
}

/// Objects of a resource in a namespace that no controller owns.
pub(super) fn orphans<'a>(
    cluster: &'a Cluster,
    resource: &'a str,
    namespace: &str,
) -> impl Iterator<Item = &'a Object> + use<'a> {
    let ns = Str::from(namespace);
    let from = (ns.clone(), Str::lit(""));
    let set = cluster.controllers.orphans.get(resource);
    set.into_iter()
        .flat_map(move |set| set.range(from.clone()..))
        .take_while(move |k| k.0 == ns)
        .filter_map(move |k| cluster.store.get(resource, &k.0, &k.1))
}

/// Puts a key into the queue; of two wake-ups the earlier stays.
fn push(cluster: &mut Cluster, item: Item, due: Millis, by_itself: bool, by: Option<&Change>) {
    let state = &mut cluster.controllers;
    let due = due.max(state.busy.get(&item).copied().unwrap_or(0));
    match state.waiting.get_mut(&item) {
        Some(w) if w.due <= due => {
            w.by_itself &= by_itself;
            return;
        }
        _ => {}
    }
    let trigger = match by {
        None => Trigger::Timer,
        Some(c) => Trigger::Object {
            resource: c.resource.clone(),
            namespace: c.key.0.clone(),
            name: c.key.1.clone(),
            version: c.version,
        },
    };
    let event = Event::Reconcile {
        controller: item.0,
        key: item.1.clone(),
    };
    let waiting = Waiting {
        due,
        trigger,
        by_itself,
    };
    state.waiting.insert(item, waiting);
    cluster.queue.push(due, event);
}

/// Runs one key of one controller, if it is still due: an event of a key that was meanwhile moved is nothing.
pub(crate) fn reconcile(cluster: &mut Cluster, controller: usize, key: &Key) {
    let item = (controller, key.clone());
    let due = |w: &Waiting| w.due <= cluster.now;
    let Some(c) = CONTROLLERS.get(controller) else {
        return;
    };
    if !cluster.controllers.waiting.get(&item).is_some_and(due) {
        return;
    }
    let Some(w) = cluster.controllers.waiting.remove(&item) else {
        return;
    };
    if w.by_itself && is_hot(cluster, c.name, &item) {
        let at = cluster.now + HOT_LOOP_PAUSE_MS;
        push(cluster, item, at, false, None);
        return;
    }
    if !w.by_itself {
        cluster.controllers.self_wakes.remove(&item);
    }
    cluster.controllers.took_ms = 0;
    cluster.controllers.busy.remove(&item);
    let mut cx = Cx {
        cluster,
        actor: c.name,
        host: Str::lit(""),
        trigger: w.trigger,
    };
    let result = (c.reconcile)(&mut cx, key);
    if result == Ok(Requeue::Now) {
        let (now, trigger) = (cx.now(), cx.trigger);
        go_on(cluster, item, now, trigger);
        return;
    }
    let took = std::mem::take(&mut cluster.controllers.took_ms);
    if took > 0 {
        hold(cluster, &item, took);
    }
    settle(cluster, item, result);
}

/// The next part of a long look: at the same instant, for the same reason.
fn go_on(cluster: &mut Cluster, item: Item, now: Millis, trigger: Trigger) {
    let event = Event::Reconcile {
        controller: item.0,
        key: item.1.clone(),
    };
    let waiting = Waiting {
        due: now,
        trigger,
        by_itself: false,
    };
    cluster.controllers.waiting.insert(item, waiting);
    cluster.queue.push(now, event);
}

/// What follows from a reconcile's answer.
fn settle(cluster: &mut Cluster, item: Item, result: Result<Requeue, machinery::Status>) {
    match result {
        Ok(Requeue::Never | Requeue::Now) => {
            cluster.controllers.failures.remove(&item);
        }
        Ok(Requeue::After(ms)) => {
            cluster.controllers.failures.remove(&item);
            let at = cluster.now + ms.max(1);
            push(cluster, item, at, false, None);
        }
        Err(status) => {
            let n = cluster
                .controllers
                .failures
                .entry(item.clone())
                .or_default();
            *n += 1;
            // Somebody else wrote first: reading again is all that is needed, unless it happens over and over.
            let wait = if status.is_conflict() && *n <= 3 {
                cluster.world.delays.reconcile_ms
            } else {
                BACKOFF_FIRST_MS << (*n - 1).min(20)
            };
            let at = cluster.now + wait.clamp(1, BACKOFF_MAX_MS);
            push(cluster, item, at, false, None);
        }
    }
}

/// A long reconcile occupies its key: whoever waits already is moved behind it.
fn hold(cluster: &mut Cluster, item: &Item, took: i64) {
    let until = cluster.now + took;
    cluster.controllers.busy.insert(item.clone(), until);
    if let Some(w) = cluster.controllers.waiting.get_mut(item)
        && w.due < until
    {
        w.due = until;
        let event = Event::Reconcile {
            controller: item.0,
            key: item.1.clone(),
        };
        cluster.queue.push(until, event);
    }
}

/// Counts a wake-up of a controller by itself; past the bound it is reported, once per bout.
fn is_hot(cluster: &mut Cluster, name: &str, item: &Item) -> bool {
    let n = cluster
        .controllers
        .self_wakes
        .entry(item.clone())
        .or_default();
    *n += 1;
    if *n < SELF_WAKES_MAX {
        return false;
    }
    cluster.controllers.self_wakes.remove(item);
    let (ns, name_of_key) = &item.1;
    let text = format!("hot loop in {name}: it keeps waking itself over {ns}/{name_of_key}");
    let at = cluster.now;
    cluster.emit(Output::Alarm { at, text });
    true
}
