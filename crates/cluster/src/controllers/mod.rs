//! Controllers: each looks at one object at a time and brings the world nearer to what the object asks for.
//! Upstream: `kubernetes:pkg/controller/*`, queues in `client-go:util/workqueue`.
//!
//! The pattern is always the same. A change of some object *wakes* the controllers that care, by putting a key
//! (namespace, name) into the work queue. When the key's turn comes, the controller reads what is wanted and what is,
//! and writes at most a few objects. It never asks "what changed?": so it does not matter how many changes it missed.
//!
//! One [`queue`] serves all controllers. Left out: informer caches and expectations. Reads are always of the newest
//! state; what travels with delay are the wake-ups.

mod cronjob;
mod daemonset;
mod deployment;
mod disruption;
mod endpoints;
mod endpointslice;
mod endpointslicemirroring;
mod ephemeral;
mod garbagecollector;
mod history;
mod horizontal;
mod job;
mod namespace;
mod nodelifecycle;
mod podgc;
mod pods;
mod protection;
mod queue;
mod replicaset;
mod replication;
mod resourcequota;
mod roleaggregation;
mod rootca;
mod service_lb;
mod serviceaccount;
mod statefulset;
mod tainteviction;
#[cfg(test)]
mod tests;
mod ttlafterfinished;
mod volumebinder;

use crate::Cluster;
use crate::cx::Cx;
use crate::store::{Change, Key};
use kinds::Kind;
use machinery::{Object, Status, Str, labels};

pub use queue::State;
pub(crate) use queue::{on_change, reconcile};
pub(crate) use volumebinder::{reserved_for, volume_fits};

/// When to look at the key again without being woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    Never,
    /// Milliseconds from now.
    After(i64),
    /// At once: this look was one part of a long one.
    Now,
}

/// A controller is a const struct: what it knows is in the store.
pub struct Controller {
    /// `deployment-controller`: its name as an actor, and as the source of its events.
    pub name: &'static str,
    /// The keys that a change makes it look at.
    pub triggers: fn(&Cluster, &Change, &mut Vec<Key>),
    pub reconcile: fn(&mut Cx, &Key) -> Result<Requeue, Status>,
}

/// Every controller; the order decides nothing but who comes first among equals.
pub static CONTROLLERS: &[&Controller] = &[
    &deployment::CONTROLLER,
    &replicaset::CONTROLLER,
    &daemonset::CONTROLLER,
    &endpointslice::CONTROLLER,
    &endpoints::CONTROLLER,
    &endpointslicemirroring::CONTROLLER,
    &namespace::CONTROLLER,
    &serviceaccount::CONTROLLER,
    &rootca::CONTROLLER,
    &roleaggregation::CONTROLLER,
    &garbagecollector::CONTROLLER,
    &nodelifecycle::CONTROLLER,
    &tainteviction::CONTROLLER,
    &podgc::CONTROLLER,
    &replication::CONTROLLER,
    &statefulset::CONTROLLER,
    &job::CONTROLLER,
    &cronjob::CONTROLLER,
    &ttlafterfinished::CONTROLLER,
    &disruption::CONTROLLER,
    &horizontal::CONTROLLER,
    &volumebinder::CONTROLLER,
    &volumebinder::VOLUME_CONTROLLER,
    &ephemeral::CONTROLLER,
    &protection::CLAIMS,
    &protection::VOLUMES,
    &resourcequota::CONTROLLER,
    &service_lb::CONTROLLER,
];

/// The object itself changed: the plainest trigger.
fn woken_by_itself(change: &Change, resource: &str, keys: &mut Vec<Key>) {
    if change.resource == *resource {
        keys.push(change.key.clone());
    }
}

/// An object of `resource` changed that is, or was, controlled by an owner of this kind: look at the owner.
fn woken_by_owned(change: &Change, resource: &str, owner_kind: &str, keys: &mut Vec<Key>) {
    if change.resource != *resource {
        return;
    }
    for owner in [&change.facts.owner, &change.facts.owner_before] {
        if owner.get("kind").as_str() == Some(owner_kind) {
            let key = (change.key.0.clone(), Str::from(owner.text("name")));
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
}

/// A pod without a controller appeared or changed its labels: owners of `resource` in its namespace whose selector fits
/// may want to adopt it.
fn woken_by_orphan(cluster: &Cluster, change: &Change, resource: &str, keys: &mut Vec<Key>) {
    if change.resource != "pods" || !change.facts.owner.is_null() {
        return;
    }
    let labels = change.new.at("metadata.labels");
    let unchanged = |old: &Object| {
        old.controller().is_null()
            && old.at("metadata.labels") == labels
            && old.is_deleting() == change.new.is_deleting()
    };
    if labels.is_empty() || change.old.as_ref().is_some_and(unchanged) {
        return;
    }
    for owner in cluster.store.list(resource, Some(&change.key.0)) {
        if labels::matches(owner.at("spec.selector"), labels) {
            keys.push(key_of(owner));
        }
    }
}

fn key_of(o: &Object) -> Key {
    (Str::from(o.namespace()), Str::from(o.name()))
}

/// A kind by name, or a plain "not simulated" where the registry lacks it.
fn kind_of(api_version: &str, kind: &str) -> Result<&'static Kind, Status> {
    kinds::of(api_version, kind)
        .ok_or_else(|| Status::internal(format!("bottleship does not simulate {kind}")))
}
