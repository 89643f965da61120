//! Which pod is next. Upstream: `pkg/scheduler/backend/queue`.
//!
//! Three places: *active* (to be tried now: higher priority first, then longer waiting), *back-off* (failed a moment ago:
//! 1 s, doubling up to 10 s, or until there is nothing else to do), *aside* (no change so far could help). A change moves pods out of `aside` only if it could
//! undo what refused them: a new node may help any pod, a new label only one that a selector kept waiting. What was
//! overlooked is tried anyway after five minutes.

use crate::store::Key;
use machinery::time::Millis;
use machinery::{Object, Str};
use std::collections::BTreeMap;

/// Refused by something that any change may undo.
pub const ANYTHING: &str = "*";

const BACKOFF_FIRST_MS: i64 = 1000;
const BACKOFF_MAX_MS: i64 = 10_000;
const ASIDE_MAX_MS: i64 = 300_000;

#[derive(Clone, Debug)]
pub struct Waiting {
    pub key: Key,
    pub uid: Str,
    pub priority: i64,
    pub since: Millis,
    pub attempts: u32,
    pub refused_by: Vec<&'static str>,
    failed_at: Millis,
    sequence: u64,
}

/// Priority (negated: the highest first), time, and arrival.
type Rank = (i64, Millis, u64);

#[derive(Clone, Copy, Debug)]
enum Place {
    Active(Rank),
    Backoff((Millis, u64)),
    Aside((Millis, u64)),
}

#[derive(Clone, Default)]
pub struct Queue {
    active: BTreeMap<Rank, Waiting>,
    backoff: BTreeMap<(Millis, u64), Waiting>,
    aside: BTreeMap<(Millis, u64), Waiting>,
    places: BTreeMap<Str, Place>,
    sequence: u64,
}

impl Queue {
    /// A pod appeared, or its spec, labels or gates changed: it is tried (again) at once.
    pub fn add(&mut self, pod: &Object, now: Millis) {
        let mut w = match self.take(pod.uid()) {
            Some(w) => w,
            None => {
                self.sequence += 1;
                Waiting {
                    key: (Str::from(pod.namespace()), Str::from(pod.name())),
                    uid: Str::from(pod.uid()),
                    priority: 0,
                    since: now,
                    attempts: 0,
                    refused_by: Vec::new(),
                    failed_at: 0,
                    sequence: self.sequence,
                }
            }
        };
        w.priority = pod.int("spec.priority");
        self.activate(w);
    }
    pub fn remove(&mut self, uid: &str) {
        self.take(uid);
    }
    fn take(&mut self, uid: &str) -> Option<Waiting> {
        match self.places.remove(uid)? {
            Place::Active(r) => self.active.remove(&r),
            Place::Backoff(r) => self.backoff.remove(&r),
            Place::Aside(r) => self.aside.remove(&r),
        }
    }
    fn activate(&mut self, w: Waiting) {
        let rank = (-w.priority, w.since, w.sequence);
        self.places.insert(w.uid.clone(), Place::Active(rank));
        self.active.insert(rank, w);
    }
    /// The next pod, if one is due.
    pub fn pop(&mut self, now: Millis) -> Option<Waiting> {
        while let Some(e) = self.backoff.first_entry().filter(|e| e.key().0 <= now) {
            let w = e.remove();
            self.activate(w);
        }
        while let Some(e) = self
            .aside
            .first_entry()
            .filter(|e| e.key().0 + ASIDE_MAX_MS <= now)
        {
            let w = e.remove();
            self.activate(w);
        }
        // Whoever is backed off need not wait while there is nothing else to do (`SchedulerPopFromBackoffQ`).
        if self.active.is_empty()
            && let Some((_, w)) = self.backoff.pop_first()
        {
            self.places.remove(&w.uid);
            return Some(w);
        }
        let (_, w) = self.active.pop_first()?;
        self.places.remove(&w.uid);
        Some(w)
    }
    /// It failed: it waits for a change that could help.
    pub fn lay_aside(&mut self, mut w: Waiting, now: Millis) {
        w.failed_at = now;
        let at = (now, w.sequence);
        self.places.insert(w.uid.clone(), Place::Aside(at));
        self.aside.insert(at, w);
    }
    /// Moves pods that one of these plugins refused to where they will be tried again. True if any moved.
    pub fn wake(&mut self, plugins: &[&'static str], now: Millis) -> bool {
        let all = plugins.contains(&ANYTHING);
        let helps = |w: &Waiting| {
            all || w
                .refused_by
                .iter()
                .any(|r| *r == ANYTHING || plugins.contains(r))
        };
        let found: Vec<(Millis, u64)> = self
            .aside
            .iter()
            .filter(|(_, w)| helps(w))
            .map(|(k, _)| *k)
            .collect();
        for at in &found {
            let Some(w) = self.aside.remove(at) else {
                continue;
            };
            let doubled = BACKOFF_FIRST_MS << (w.attempts.max(1) - 1).min(10);
            let until = w.failed_at + doubled.min(BACKOFF_MAX_MS);
            if until <= now {
                self.activate(w);
            } else {
                let at = (until, w.sequence);
                self.places.insert(w.uid.clone(), Place::Backoff(at));
                self.backoff.insert(at, w);
            }
        }
        !found.is_empty()
    }
    /// When the next pod is due.
    pub fn next_at(&self) -> Option<Millis> {
        if !self.active.is_empty() || !self.backoff.is_empty() {
            return Some(0);
        }
        self.aside.keys().next().map(|k| k.0 + ASIDE_MAX_MS)
    }
}
