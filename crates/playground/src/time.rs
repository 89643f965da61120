//! Time passes: real time becomes virtual time, within a budget; what was typed is done at its instant; commands end.

use crate::Playground;
use crate::message::Speed;
use machinery::time::Millis;

/// How far virtual time may fall behind before it is let go: the page was hidden, or the machine is too slow.
const BEHIND_MAX_MS: f64 = 120_000.0;

/// Running until quiet: since when, how often in a row nothing happened, and where the present step began and ends.
pub(crate) struct Settling {
    pub start: Millis,
    pub quiet: u32,
    pub version: u64,
    pub until: Millis,
}

impl Playground {
    /// Lets real time pass: `elapsed_ms` × speed of virtual time, within a budget of events now (the rest later).
    /// True if it is not behind.
    pub fn tick(&mut self, elapsed_ms: f64, budget: u64) -> bool {
        if let Speed::Times(n) = self.speed {
            self.owed_ms = (self.owed_ms + elapsed_ms.max(0.0) * f64::from(n)).min(BEHIND_MAX_MS);
        }
        let mut left = budget;
        if self.past.is_some() {
            // Only what was typed is done; the cluster waits.
            self.owed_ms = 0.0;
            let now = self.now();
            return self.live(now, &mut left);
        }
        if self.settling.is_some() {
            self.owed_ms = 0.0;
            return self.settle(&mut left);
        }
        let whole = self.owed_ms.floor();
        let until = self.now() + whole as i64;
        let before = self.now();
        let reached = self.live(until, &mut left);
        self.owed_ms = (self.owed_ms - (self.now() - before) as f64).max(0.0);
        reached
    }

    /// Moves virtual time, doing what keys asked for and ending commands as they end. True if `until` was reached within
    /// the budget. Where the budget runs out changes nothing: the next call goes on from there.
    pub(crate) fn live(&mut self, until: Millis, left: &mut u64) -> bool {
        loop {
            // What was typed belongs to this instant.
            let target = if self.acts.is_empty() {
                until
            } else {
                self.now()
            };
            let reached = self.session.advance(target, left);
            self.show_output();
            if self.running.is_some() && self.session.terminal.is_idle() {
                self.end_command();
                continue;
            }
            if !reached {
                if *left == 0 {
                    return false;
                }
                continue;
            }
            match self.acts.pop_front() {
                Some(act) => self.act(act),
                None => return true,
            }
        }
    }

    /// Runs until only heartbeats are left, or for ten minutes of virtual time. True when that is so.
    pub(crate) fn settle(&mut self, left: &mut u64) -> bool {
        while let Some(s) = &self.settling {
            let until = s.until;
            if !self.live(until, left) {
                return false;
            }
            let news = {
                let cluster = self.session.shared.cluster.borrow();
                let since = self.settling.as_ref().map_or(0, |s| s.version);
                let mut changes = cluster.store.since(since);
                changes
                    .as_mut()
                    .is_none_or(|l| l.any(|c| c.resource.as_str() != "leases.coordination.k8s.io"))
            };
            let version = self.session.shared.cluster.borrow().store.version();
            if let Some(s) = &mut self.settling {
                s.quiet = if news { 0 } else { s.quiet + 1 };
                (s.version, s.until) = (version, until + 1000);
                if s.quiet >= 3 || until >= s.start + 600_000 {
                    self.settling = None;
                }
            }
        }
        true
    }
}
