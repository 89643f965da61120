//! The store: every object, the log of every change, and the indexes that actors read by. Upstream's counterpart is etcd
//! with the API server's watch cache; here reads are always of the newest state, and the history keeps each write's cause.
//!
//! Only `apiserver` writes here. Reads are by index (namespace, owner, node), never scans of everything.

mod past;

use crate::events::told::Told;
use kinds::Kind;
use machinery::time::Millis;
use machinery::{Cause, Object, Str, Value, WatchType};
use std::borrow::Borrow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

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
    /// Whether a pod's change matters to Services, once somebody has asked.
    pub(crate) serves: Cell<Option<bool>>,
}

impl Facts {
    fn of(old: Option<&Object>, new: &Object) -> Facts {
        let references = |o: &Object| o.at("metadata.ownerReferences").clone();
        let before = old.filter(|o| !references(o).same(&references(new)));
        Facts {
            owner: new.controller().clone(),
            owner_before: before.map_or(Value::Null, |o| o.controller().clone()),
            serves: Cell::new(None),
        }
    }
}

/// A key that is looked for, without owning its text: lets maps of [`Key`] be asked with two `&str`.
trait Lookup {
    fn parts(&self) -> (&str, &str);
}
impl Lookup for Key {
    fn parts(&self) -> (&str, &str) {
        (&self.0, &self.1)
    }
}
impl Lookup for (&str, &str) {
    fn parts(&self) -> (&str, &str) {
        *self
    }
}
impl<'a> Borrow<dyn Lookup + 'a> for Key {
    fn borrow(&self) -> &(dyn Lookup + 'a) {
        self
    }
}
impl PartialEq for dyn Lookup + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}
impl Eq for dyn Lookup + '_ {}
impl PartialOrd for dyn Lookup + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for dyn Lookup + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((a, m), (b, n)) = (self.parts(), other.parts());
        machinery::value::order(a, b).then_with(|| machinery::value::order(m, n))
    }
}

/// A uid as a number, which is cheaper to compare than its text; the text itself where it is no UUID.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Uid {
    Number(u128),
    Text(Str),
}

impl Uid {
    pub(crate) fn of(text: &str) -> Uid {
        match <&[u8; 36]>::try_from(text.as_bytes()).ok().and_then(uuid) {
            Some(n) => Uid::Number(n),
            None => Uid::Text(Str::from(text)),
        }
    }
}

/// What stands under a key: an object, or an event that becomes one when it is read.
#[derive(Clone)]
enum Slot {
    Object(Object),
    Told(Rc<Told>),
}

impl Slot {
    fn object(&self) -> &Object {
        match self {
            Slot::Object(o) => o,
            Slot::Told(t) => &t.change().new,
        }
    }
    fn into_object(self) -> Object {
        match self {
            Slot::Object(o) => o,
            Slot::Told(t) => t.change().new.clone(),
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

/// The number that a UUID in lower case stands for.
fn uuid(b: &[u8; 36]) -> Option<u128> {
    const NONE: u8 = 0xff;
    const DIGITS: [u8; 256] = {
        let mut t = [NONE; 256];
        let mut i = 0;
        while i < 16 {
            t[b"0123456789abcdef"[i] as usize] = i as u8;
            i += 1;
        }
        t
    };
    let (mut halves, mut bad) = ([0u64; 2], 0u8);
    let mut part = |half: usize, from: usize, to: usize| {
        for c in &b[from..to] {
            let d = DIGITS[*c as usize];
            bad |= d;
            halves[half] = halves[half] << 4 | u64::from(d & 15);
        }
    };
    part(0, 0, 8);
    part(0, 9, 13);
    part(0, 14, 18);
    part(1, 19, 23);
    part(1, 24, 36);
    let dashes = [8, 13, 18, 23].iter().all(|i| b[*i] == b'-');
    (dashes && bad < 16).then(|| u128::from(halves[0]) << 64 | u128::from(halves[1]))
}

#[derive(Clone, Default)]
struct Table {
    objects: BTreeMap<Key, Slot>,
    /// uid of the controlling owner → keys.
    by_owner: BTreeMap<Str, BTreeSet<Key>>,
    /// `spec.nodeName` → keys, for pods.
    by_node: BTreeMap<Str, BTreeSet<Key>>,
    /// The version of the newest write to this resource.
    version: u64,
}

/// Cloning copies maps of shared pointers.
#[derive(Clone, Default)]
pub struct Store {
    tables: BTreeMap<Resource, Table>,
    by_uid: BTreeMap<Uid, (Resource, Key)>,
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
        let objects = &self.tables.get(resource)?.objects;
        let slot = objects.get(&(namespace, name) as &dyn Lookup)?;
        Some(slot.object())
    }
    pub fn by_uid(&self, uid: &str) -> Option<&Object> {
        let (resource, key) = self.locate(uid)?;
        Some(self.tables.get(resource)?.objects.get(key)?.object())
    }
    /// The resource and key of the object with this uid.
    pub fn locate(&self, uid: &str) -> Option<&(Resource, Key)> {
        self.by_uid.get(&Uid::of(uid))
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
        match namespace {
            None => Box::new(table.objects.values().map(Slot::object)),
            Some(ns) => {
                let ns = Str::from(ns);
                let from = (ns.clone(), Str::lit(""));
                Box::new(
                    table
                        .objects
                        .range(from..)
                        .take_while(move |(k, _)| k.0 == ns)
                        .map(|(_, o)| o.object()),
                )
            }
        }
    }
    pub fn count(&self, resource: &str) -> usize {
        self.tables.get(resource).map_or(0, |t| t.objects.len())
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
        Box::new(
            keys.iter()
                .filter_map(|k| Some(table.objects.get(k)?.object())),
        )
    }
    /// The pods bound to a node.
    pub fn on_node<'a>(&'a self, node: &str) -> Box<dyn Iterator<Item = &'a Object> + 'a> {
        let Some(table) = self.tables.get("pods") else {
            return Box::new(std::iter::empty());
        };
        let Some(keys) = table.by_node.get(node) else {
            return Box::new(std::iter::empty());
        };
        Box::new(
            keys.iter()
                .filter_map(|k| Some(table.objects.get(k)?.object())),
        )
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
            .filter(|(_, t)| !t.objects.is_empty())
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
        let table = self.tables.entry(resource.clone()).or_default();
        table.version = version;
        // In place where nobody else holds the object.
        let stamp = |mut o: Object| {
            *o.0.field("metadata").field("resourceVersion") = Value::Str(Str::number(version));
            o
        };
        let (what, old, stamped) = match new {
            Some(new) => {
                let stamped = stamp(new);
                let slot = Slot::Object(stamped.clone());
                let old = table.objects.insert(key.clone(), slot);
                let old = old.map(Slot::into_object);
                table.reindex(old.as_ref(), Some(&stamped), &key);
                let what = if old.is_some() {
                    WatchType::Modified
                } else {
                    WatchType::Added
                };
                (what, old, stamped)
            }
            None => {
                let old = table.objects.remove(&key).map(Slot::into_object);
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
            self.by_uid
                .insert(Uid::of(stamped.uid()), (resource.clone(), key.clone()));
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
        let table = self.tables.entry(Str::lit("events")).or_default();
        let Entry::Vacant(place) = table.objects.entry(told.key.clone()) else {
            return None;
        };
        self.version += 1;
        told.version = self.version;
        let told = Rc::new(told);
        place.insert(Slot::Told(told.clone()));
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

impl Table {
    /// Moves a key from where the old version stands in the indexes to where the new one belongs.
    fn reindex(&mut self, old: Option<&Object>, new: Option<&Object>, key: &Key) {
        fn owner(o: &Object) -> &str {
            o.controller().text("uid")
        }
        fn node(o: &Object) -> &str {
            o.get("spec").get("nodeName").as_str().unwrap_or("")
        }
        if let (Some(o), Some(n)) = (old, new) {
            let references = |o: &Object| o.at("metadata.ownerReferences").clone();
            if !references(o).same(&references(n)) {
                move_key(&mut self.by_owner, Some(owner(o)), Some(owner(n)), key);
            }
            if !o.spec().same(n.spec()) {
                move_key(&mut self.by_node, Some(node(o)), Some(node(n)), key);
            }
            return;
        }
        move_key(&mut self.by_owner, old.map(owner), new.map(owner), key);
        move_key(&mut self.by_node, old.map(node), new.map(node), key);
    }
}

fn move_key(
    index: &mut BTreeMap<Str, BTreeSet<Key>>,
    from: Option<&str>,
    to: Option<&str>,
    key: &Key,
) {
    let (from, to) = (from.unwrap_or(""), to.unwrap_or(""));
    if from == to {
        return;
    }
    if let Some(keys) = index.get_mut(from) {
        keys.remove(key);
        if keys.is_empty() {
            index.remove(from);
        }
    }
    if !to.is_empty() {
        match index.get_mut(to) {
            Some(keys) => keys.insert(key.clone()),
            None => index.entry(Str::from(to)).or_default().insert(key.clone()),
        };
    }
}
