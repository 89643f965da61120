//! The garbage collector: what belongs to something that is gone goes too.
//! Upstream: `kubernetes:pkg/controller/garbagecollector`.
//!
//! Ownership is `metadata.ownerReferences`, by uid. Three ways to delete an owner:
//! - *background* (the usual): the owner goes at once, its dependents are deleted afterwards;
//! - *foreground*: the owner stays, with a finalizer, until its dependents are gone;
//! - *orphan*: the owner stays, with a finalizer, until its dependents no longer refer to it; they are kept.
//!
//! A key of this controller is the uid of an owner. Upstream keeps a graph of all objects; here the store's index by
//! controlling owner is one, and the few other references are indexed by the work queue.

use super::{Controller, Requeue, kind_of, queue};
use crate::Cluster;
use crate::cx::Cx;
use crate::store::{Change, Key};
use machinery::{Object, Status, Str, Value, WatchType};

pub const CONTROLLER: Controller = Controller {
    name: "generic-garbage-collector",
    triggers,
    reconcile,
};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

fn triggers(cluster: &Cluster, change: &Change, keys: &mut Vec<Key>) {
    if change.resource == "events" || change.resource == "leases.coordination.k8s.io" {
        return;
    }
    let gone = change.kind == WatchType::Deleted;
    let o = &change.new;
    if gone && has_dependents(cluster, o.uid()) || !gone && o.is_deleting() && waits(o) {
        keys.push(key(o.uid()));
    }
    if gone {
        // One dependent less: the owner may be free to go.
        for r in o.owners() {
            let owner = cluster.store.by_uid(r.text("uid"));
            if owner.is_some_and(|w| w.is_deleting() && waits(w)) {
                keys.push(key(r.text("uid")));
            }
        }
    } else if !same_owners(change) {
        // A dependent of an owner that does not exist, or is just going.
        for r in o.owners() {
            let owner = cluster.store.by_uid(r.text("uid"));
            if owner.is_none_or(Object::is_deleting) {
                keys.push(key(r.text("uid")));
            }
        }
    }
}

fn key(uid: &str) -> Key {
    (Str::lit(""), Str::from(uid))
}

fn same_owners(change: &Change) -> bool {
    if change.facts.same_owners {
        return true;
    }
    let path = "metadata.ownerReferences";
    change
        .old
        .as_ref()
        .is_some_and(|old| old.at(path) == change.new.at(path))
}

fn waits(o: &Object) -> bool {
    has_finalizer(o, FOREGROUND) || has_finalizer(o, ORPHAN)
}

fn has_finalizer(o: &Object, name: &str) -> bool {
    o.at("metadata.finalizers")
        .items()
        .iter()
        .any(|f| f.as_str() == Some(name))
}

fn has_dependents(cluster: &Cluster, uid: &str) -> bool {
    queue::dependents(cluster, uid).next().is_some()
}

fn reconcile(cx: &mut Cx, (_, uid): &Key) -> Result<Requeue, Status> {
    let dependents: Vec<Object> = queue::dependents(cx.cluster, uid).cloned().collect();
    let Some(owner) = cx.store().by_uid(uid).cloned() else {
        for d in &dependents {
            collect(cx, d, "Background")?;
        }
        return Ok(Requeue::Never);
    };
    if !owner.is_deleting() {
        return Ok(Requeue::Never);
    }
    if has_finalizer(&owner, ORPHAN) {
        for d in &dependents {
            cut(
                cx,
                d,
                &|r| r.text("uid") == uid.as_str(),
                "its owner leaves it behind",
            )?;
        }
        return drop_finalizer(cx, &owner, ORPHAN);
    }
    if has_finalizer(&owner, FOREGROUND) {
        let blocks = |d: &Object| {
            let mut refs = d.owners().iter();
            refs.any(|r| r.text("uid") == uid.as_str() && r.flag("blockOwnerDeletion"))
        };
        if !dependents.iter().any(blocks) {
            return drop_finalizer(cx, &owner, FOREGROUND);
        }
        for d in dependents.iter().filter(|d| !d.is_deleting()) {
            collect(cx, d, "Foreground")?;
        }
    }
    Ok(Requeue::Never)
}

/// Deletes a dependent, unless another owner of it is alive: then only the dead references go.
fn collect(cx: &mut Cx, d: &Object, propagation: &'static str) -> Result<(), Status> {
    let alive = |r: &Value| {
        let owner = cx.store().by_uid(r.text("uid"));
        owner.is_some_and(|o| o.kind() == r.text("kind") && !(o.is_deleting() && waits(o)))
    };
    let living: Vec<Str> = d
        .owners()
        .iter()
        .filter(|r| alive(r))
        .map(|r| Str::from(r.text("uid")))
        .collect();
    if !living.is_empty() {
        let dead = |r: &Value| !living.iter().any(|u| **u == *r.text("uid"));
        return cut(cx, d, &dead, "one of its owners is gone");
    }
    if d.is_deleting() {
        return Ok(());
    }
    // Only one that has dependents itself has to wait for them.
    let deep = propagation == "Foreground" && has_dependents(cx.cluster, d.uid());
    let propagation = if deep { "Foreground" } else { "Background" };
    let kind = kind_of(d.api_version(), d.kind())?;
    match cx.delete_with(kind, d, None, propagation, "its owner is gone") {
        Err(e) if !e.is_not_found() && !e.is_conflict() => Err(e),
        _ => Ok(()),
    }
}

/// Takes references off a dependent.
fn cut(
    cx: &mut Cx,
    d: &Object,
    which: &dyn Fn(&Value) -> bool,
    reason: &str,
) -> Result<(), Status> {
    let kind = kind_of(d.api_version(), d.kind())?;
    let freed = d.edit(|v| {
        let refs = v.place("metadata.ownerReferences").list_mut();
        refs.retain(|r| !which(r));
        if refs.is_empty() {
            v.remove("metadata.ownerReferences");
        }
    });
    match cx.update(kind, &freed, reason) {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(()),
    }
}

fn drop_finalizer(cx: &mut Cx, owner: &Object, name: &str) -> Result<Requeue, Status> {
    let kind = kind_of(owner.api_version(), owner.kind())?;
    let freed = owner.edit(|v| {
        let list = v.place("metadata.finalizers").list_mut();
        list.retain(|f| f.as_str() != Some(name));
        if list.is_empty() {
            v.remove("metadata.finalizers");
        }
    });
    match cx.update(kind, &freed, "its dependents are dealt with") {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(Requeue::Never),
    }
}
