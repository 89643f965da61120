//! Everything that can wake the cluster: one closed enum, one queue in order of (time, sequence).

use crate::store::Key;
use machinery::Str;
use machinery::time::Millis;
use std::collections::BTreeMap;

/// What happens at an instant. Plain data: the queue is part of the cluster's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A controller looks at its next key (`controllers::CONTROLLERS[index]`).
    Reconcile { controller: usize, key: Key },
    /// The scheduler takes its next pod.
    Schedule,
    /// A kubelet's own timer or wake-up: about one pod of its node, or (uid "") the node itself.
    Kubelet {
        node: Str,
        uid: Str,
        wake: crate::kubelet::Wake,
    },
    /// A process in a container, or the network, has something to do.
    Network { wake: crate::network::Wake },
}

/// The queue of what is to come.
#[derive(Clone, Default, Debug)]
pub struct Queue {
    events: BTreeMap<(Millis, u64), Event>,
    sequence: u64,
}

impl Queue {
    pub fn push(&mut self, at: Millis, event: Event) {
        self.sequence += 1;
        self.events.insert((at, self.sequence), event);
    }
    /// Wakes a kubelet: about a pod, or (uid "") about its node.
    pub fn kubelet(&mut self, at: Millis, node: Str, uid: Str, wake: crate::kubelet::Wake) {
        self.push(at, Event::Kubelet { node, uid, wake });
    }
    /// When the next event is due.
    pub fn next_at(&self) -> Option<Millis> {
        self.events.keys().next().map(|k| k.0)
    }
    /// Takes the next event if it is due by `until`.
    pub fn pop_until(&mut self, until: Millis) -> Option<(Millis, Event)> {
        let entry = self.events.first_entry()?;
        if entry.key().0 > until {
            return None;
        }
        let at = entry.key().0;
        Some((at, entry.remove()))
    }
    pub fn len(&self) -> usize {
        self.events.len()
    }
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
    pub fn iter(&self) -> impl Iterator<Item = (Millis, &Event)> {
        self.events.iter().map(|(k, e)| (k.0, e))
    }
}
