//! The store: every object, the log of every change, and the indexes that actors read by. Upstream's counterpart is etcd
//! with the API server's watch cache; here reads are always of the newest state, and the history keeps each write's cause.
//!
//! Only `apiserver` writes here. Reads are by index (namespace, owner, node), never scans of everything.

pub(crate) mod index;
mod past;
mod table;

use crate::events::told::Told;
use kinds::Kind;
use machinery::time::Millis;
use machinery::{Cause, Object, Str, Value, WatchType};
use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
pub(crate) use table::Uid;
use table::{Slot, Tables, Uids};

/// `pods`, `deployments.apps`: the name of a resource, as the store and messages have it.
pub type Resource = Str;
/// Namespace ("" for cluster-scoped kinds) and name.
pub type Key = (Str, Str);

/// How many changes the log keeps; a watch that asks for older ones gets 410 Expired.
pub const LOG_MAX: usize = 20_000;

/// One write: what was, what is, and why.
#[derive(Clone, Debug)]
pub struct Change {
    pub version: u64,
    pub at: Millis,
    pub kind: WatchType,
    pub resource: Resource,
    pub key: Key,
    pub old: Option<Object>,
    /// For a deletion: the last state.
    pub new: Object,
    pub cause: Rc<Cause>,
    pub facts: Facts,
}

/// What nearly all who hear of a change ask first.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The reference to the controlling owner, or null.
    pub owner: Value,
    /// That of before, where the references are others by now.
    pub owner_before: Value,
    /// There was one before, with the very same references to owners.
    pub same_owners: bool,
    /// Whether a pod's change matters to Services, once somebody has asked.
    pub(crate) serves: Cell<Option<bool>>,
}

impl Facts {
    fn of(old: Option<&Object>, new: &Object) -> Facts {
        let references = |o: &Object| o.at("metadata.ownerReferences").clone();
        let before = old.filter(|o| !references(o).same(&references(new)));
        Facts {
            same_owners: old.is_some() && before.is_none(),
            owner: new.controller().clone(),
            owner_before: before.map_or(Value::Null, |o| o.controller().clone()),
            serves: Cell::new(None),
        }
    }
}

/// An entry of the log.
#[derive(Clone)]
enum Logged {
    Change(Rc<Change>),
    Told(Rc<Told>),
}

impl Logged {
    fn version(&self) -> u64 {
        match self {
            Logged::Change(c) => c.version,
            Logged::Told(t) => t.version,
        }
    }
    fn change(&self) -> &Rc<Change> {
        match self {
            Logged::Change(c) => c,
            Logged::Told(t) => t.change(),
        }
    }
}

/// Cloning copies lists of shared pointers.
#[derive(Clone, Default)]
pub struct Store {
    tables: Tables,
    by_uid: Uids,
    version: u64,
    log: VecDeque<Logged>,
}

impl Store {
    /// The resourceVersion of the newest write.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// The resourceVersion of the newest write to one resource, 0 if there was none.
    pub fn version_of(&self, resource: &str) -> u64 {
        self.tables.get(resource).map_or(0, |t| t.version)
    }
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Object> {
        let table = self.tables.get(resource)?;
        table.cell(table.find(namespace, name)?)
    }
    pub fn by_uid(&self, uid: &str) -> Option<&Object> {
        let (table, cell) = self.by_uid.get(&Uid::of(uid))?;
        self.tables.at(table)?.1.cell(cell)
    }
    /// When an event was told that nobody has changed since.
    pub(crate) fn told_at(&self, namespace: &str, name: &str) -> Option<Millis> {
        let table = self.tables.get("events")?;
        match table.cells.get(table.find(namespace, name)?)? {
            Slot::Told(t) => Some(t.at),
            Slot::Object(_) => None,
        }
    }
    /// All objects of a resource, or those of one namespace, by namespace and name.
    pub fn list<'a>(
        &'a self,
        resource: &str,
        namespace: Option<&str>,
    ) -> Box<dyn Iterator<Item = &'a Object> + 'a> {
        let Some(table) = self.tables.get(resource) else {
            return Box::new(std::iter::empty());
        };
        if table.order.is_empty() {
            return Box::new(std::iter::empty());
        }
        match namespace {
            None => Box::new(table.order.values().filter_map(|i| table.cell(*i))),
            Some(ns) => {
                let ns = Str::from(ns);
                let from = (ns.clone(), Str::lit(""));
                Box::new(
                    table
                        .order
                        .range(from..)
                        .take_while(move |(k, _)| k.0 == ns)
                        .filter_map(|(_, i)| table.cell(*i)),
                )
            }
        }
    }
    pub fn count(&self, resource: &str) -> usize {
        self.tables.get(resource).map_or(0, |t| t.order.len())
    }
    /// The objects of a resource whose controlling owner has this uid.
    pub fn owned<'a>(
        &'a self,
        resource: &str,
        uid: &str,
    ) -> Box<dyn Iterator<Item = &'a Object> + 'a> {
        let Some(table) = self.tables.get(resource) else {
            return Box::new(std::iter::empty());
        };
        let Some(keys) = table.by_owner.get(uid) else {
            return Box::new(std::iter::empty());
        };
        Box::new(keys.iter().filter_map(|k| table.get(k)))
    }
    /// The pods bound to a node.
    pub fn on_node<'a>(&'a self, node: &str) -> Box<dyn Iterator<Item = &'a Object> + 'a> {
        let Some(table) = self.tables.get("pods") else {
            return Box::new(std::iter::empty());
        };
        let Some(keys) = table.by_node.get(node) else {
            return Box::new(std::iter::empty());
        };
        Box::new(keys.iter().filter_map(|k| table.get(k)))
    }
    /// Changes after `version`, oldest first; None if the log no longer reaches back that far.
    pub fn since(&self, version: u64) -> Option<impl Iterator<Item = &Rc<Change>>> {
        let first = self.log.front().map_or(self.version + 1, Logged::version);
        if version + 1 < first && version < self.version {
            return None;
        }
        let skip = self.log.partition_point(|c| c.version() <= version);
        Some(self.log.iter().skip(skip).map(Logged::change))
    }
    /// Forgets the changes up to `version`, as etcd's compaction does: a watch that asks for them gets 410 Expired.
    pub fn compact(&mut self, version: u64) {
        let gone = self.log.partition_point(|c| c.version() <= version);
        self.log.drain(..gone);
    }
    /// Every change that is kept, oldest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Rc<Change>> {
        self.log.iter().map(Logged::change)
    }
    /// Resources that have objects.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.tables
            .iter()
            .filter(|(_, t)| !t.order.is_empty())
            .map(|(r, _)| r)
    }

    /// Commits one write: gives it the next resourceVersion, keeps the indexes, appends to the log. `None` deletes.
    /// The caller has checked everything; this cannot fail. Returns the change.
    pub(crate) fn commit(
        &mut self,
        resource: Resource,
        key: Key,
        new: Option<Object>,
        cause: Rc<Cause>,
        at: Millis,
    ) -> Rc<Change> {
        self.version += 1;
        let version = self.version;
        let (number, table) = self.tables.make(&resource);
        table.version = version;
        // In place where nobody else holds the object.
        let stamp = |mut o: Object| {
            *o.0.field("metadata").field("resourceVersion") = Value::Str(Str::number(version));
            o
        };
        let mut cell = 0;
        let (what, old, stamped) = match new {
            Some(new) => {
                let stamped = stamp(new);
                let (old, i) = table.put(&key, Slot::Object(stamped.clone()));
                cell = i;
                table.reindex(old.as_ref(), Some(&stamped), &key);
                let what = if old.is_some() {
                    WatchType::Modified
                } else {
                    WatchType::Added
                };
                (what, old, stamped)
            }
            None => {
                let old = table.take(&key);
                table.reindex(old.as_ref(), None, &key);
                let last = stamp(old.clone().unwrap_or_default());
                (WatchType::Deleted, old, last)
            }
        };
        if what == WatchType::Deleted {
            self.by_uid.remove(&Uid::of(stamped.uid()));
        } else if old.as_ref().is_none_or(|o| o.uid() != stamped.uid()) {
            if let Some(o) = &old {
                self.by_uid.remove(&Uid::of(o.uid()));
            }
            self.by_uid.insert(Uid::of(stamped.uid()), number, cell);
        }
        let change = Rc::new(Change {
            facts: Facts::of(old.as_ref(), &stamped),
            version,
            at,
            kind: what,
            resource,
            key,
            old,
            new: stamped,
            cause,
        });
        self.keep(Logged::Change(change.clone()));
        change
    }
    /// Commits an event that was just told. None if one of that name is there. It has no place among the uids: nothing
    /// belongs to an event.
    pub(crate) fn tell(&mut self, mut told: Told) -> Option<Rc<Told>> {
        let (_, table) = self.tables.make(&Str::lit("events"));
        if table.find(&told.key.0, &told.key.1).is_some() {
            return None;
        }
        self.version += 1;
        told.version = self.version;
        let told = Rc::new(told);
        table.put(&told.key, Slot::Told(told.clone()));
        table.version = self.version;
        self.keep(Logged::Told(told.clone()));
        Some(told)
    }
    fn keep(&mut self, entry: Logged) {
        self.log.push_back(entry);
        if self.log.len() > LOG_MAX {
            self.log.pop_front();
        }
    }
}

/// The name of a kind's resource without building text where that is possible.
pub fn resource_of(kind: &Kind) -> Resource {
    if kind.group.is_empty() {
        Str::lit(kind.plural)
    } else {
        Str::from(kind.resource())
    }
}
