//! The store as it was: the log is walked backwards. etcd keeps old revisions until they are compacted; here the log of
//! changes, each with what was before, is as good, as far as it reaches back.

use super::{Change, Slot, Store, Uid};
use machinery::WatchType;
use machinery::time::Millis;

impl Store {
    /// All objects as they were at a time, with the log up to then. What the log has forgotten cannot be taken back.
    pub fn as_of(&self, at: Millis) -> Store {
        let mut past = self.clone();
        while let Some(entry) = past.log.pop_back() {
            if entry.change().at <= at {
                past.log.push_back(entry);
                break;
            }
            past.take_back(entry.change());
        }
        past
    }

    fn take_back(&mut self, change: &Change) {
        self.version = change.version - 1;
        let (number, table) = self.tables.make(&change.resource);
        let now = (change.kind != WatchType::Deleted).then_some(&change.new);
        table.reindex(now, change.old.as_ref(), &change.key);
        if let Some(o) = now {
            self.by_uid.remove(&Uid::of(o.uid()));
        }
        match &change.old {
            Some(old) => {
                let (_, cell) = table.put(&change.key, Slot::Object(old.clone()));
                self.by_uid.insert(Uid::of(old.uid()), number, cell);
            }
            None => drop(table.take(&change.key)),
        }
    }
}
