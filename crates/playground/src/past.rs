//! Looking back: every write of the session can be gone back to. The page is told the changes between two moments, in
//! reverse or forwards; kubectl's reading commands answer from the moment that is shown. Time stands still meanwhile.
//! To write there, the session goes on from that moment as a branch: its inputs up to then are replayed.

use crate::message::Output;
use crate::{Playground, save};
use cluster::store::Change;
use machinery::WatchType;
use machinery::time::Millis;
use std::rc::Rc;

/// What is no news to a learner, though it is written.
pub fn is_heartbeat(change: &Change) -> bool {
    matches!(
        change.resource.as_str(),
        "leases.coordination.k8s.io" | "events"
    )
}

impl Playground {
    /// Shows a moment of the past; None goes back to the present.
    pub(crate) fn look_back(&mut self, at: Option<Millis>) {
        let now = self.now();
        let at = at.filter(|at| *at < now);
        let from = self.past.unwrap_or(Millis::MAX);
        let to = at.unwrap_or(Millis::MAX);
        let changes: Vec<Output> = {
            let cluster = self.session.shared.cluster.borrow();
            let history = cluster.store.history();
            if to < from {
                let between = history.rev().skip_while(|c| c.at > from);
                between
                    .take_while(|c| c.at > to)
                    .map(|c| Output::Change(Rc::new(reversed(c))))
                    .collect()
            } else {
                let between = history.skip_while(|c| c.at <= from);
                between
                    .take_while(|c| c.at <= to)
                    .map(|c| Output::Change(c.clone()))
                    .collect()
            }
        };
        self.past = at;
        self.session.shared.look_back(at);
        self.session.terminal.behind_ms = at.map_or(0, |at| now - at);
        self.teller.look_anew();
        self.outputs.push(Output::Past(at));
        self.outputs.extend(changes);
    }

    /// Goes on from the moment that is shown: what was typed later did not happen.
    pub(crate) fn branch(&mut self) {
        let Some(at) = self.past else { return };
        let saved = self.saved(Some(at));
        let Ok(mut branch) = Playground::load_with(&saved, &self.language, &self.lessons) else {
            return;
        };
        branch.console.resize(self.console.columns());
        self.replace(branch);
        self.outputs.push(Output::Past(None));
    }

    /// The times of all writes that can be gone back to, heartbeats aside.
    pub(crate) fn tell_history(&mut self) {
        let cluster = self.session.shared.cluster.borrow();
        let writes = cluster.store.history().filter(|c| !is_heartbeat(c));
        let at = writes.map(|c| c.at).filter(|at| *at > self.began).collect();
        let oldest = cluster.store.history().next().map_or(cluster.now, |c| c.at);
        let oldest = oldest.max(self.began);
        drop(cluster);
        self.outputs.push(Output::History { oldest, at });
    }
}

/// The change that takes a change back.
fn reversed(c: &Change) -> Change {
    let (kind, old, new) = match (&c.kind, &c.old) {
        (WatchType::Deleted, Some(old)) => (WatchType::Added, None, old.clone()),
        (_, Some(old)) => (WatchType::Modified, Some(c.new.clone()), old.clone()),
        (_, None) => (WatchType::Deleted, Some(c.new.clone()), c.new.clone()),
    };
    Change {
        kind,
        old,
        new,
        ..c.clone()
    }
}

/// The inputs of a record that came until a moment.
pub(crate) fn until(record: &save::Record, at: Option<Millis>) -> save::Record {
    let mut record = record.clone();
    if let Some(at) = at {
        record.keep_until(at);
    }
    record
}
