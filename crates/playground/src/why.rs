//! "Why?": the chain of causes behind an object's state, from the causes that were recorded with each write.

use crate::message::{Ref, WhyCard};
use cluster::Cluster;
use cluster::store::Change;
use machinery::{Trigger, WatchType};
use std::rc::Rc;

/// A chain longer than this is cut: nobody reads on.
const CARDS_MAX: usize = 8;

/// From effect to cause. Starts at what made the object (or, for what was there from the start, its newest change).
pub fn why(cluster: &Cluster, of: &Ref) -> Vec<WhyCard> {
    let about = |c: &&Rc<Change>| {
        c.resource.as_str() == of.resource
            && c.key.0.as_str() == of.namespace
            && c.key.1.as_str() == of.name
    };
    let gone = cluster
        .store
        .get(&of.resource, &of.namespace, &of.name)
        .is_none();
    let wanted = if gone {
        WatchType::Deleted
    } else {
        WatchType::Added
    };
    let newest = cluster.store.history().rev().find(about);
    let mut all = cluster.store.history().rev().filter(about);
    let mut next = all.find(|c| c.kind == wanted).or(newest).cloned();
    let mut chain: Vec<WhyCard> = Vec::new();
    while let Some(change) = next.take() {
        chain.push(card(&change));
        if chain.len() == CARDS_MAX {
            break;
        }
        // What woke the actor: versions are unique, so the trigger names one write.
        if let Trigger::Object { version, .. } = &change.cause.trigger
            && *version < change.version
        {
            next = cluster
                .store
                .history()
                .rev()
                .find(|c| c.version == *version)
                .cloned();
        }
    }
    chain
}

fn card(change: &Change) -> WhyCard {
    let what = match change.kind {
        WatchType::Added => "created",
        WatchType::Deleted => "deleted",
        _ if change.new.is_deleting() && change.old.as_ref().is_some_and(|o| !o.is_deleting()) => {
            "deleted"
        }
        _ => "changed",
    };
    let command = match &change.cause.trigger {
        Trigger::Command(line) if !line.is_empty() => Some(line.clone()),
        _ => None,
    };
    WhyCard {
        of: Ref {
            resource: change.resource.to_string(),
            namespace: change.key.0.to_string(),
            name: change.key.1.to_string(),
        },
        what,
        at: change.at,
        actor: change.cause.actor.to_string(),
        command,
        reason: change.cause.reason.clone(),
    }
}
