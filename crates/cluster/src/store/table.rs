//! Where objects stand: cells of one resource, found by hash or in order, and the indexes kept beside them.

use super::index::{Index, Slab, hash};
use super::{Key, Resource};
use crate::events::told::Told;
use machinery::{Object, Str};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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
    pub(crate) fn hash(&self) -> u64 {
        match self {
            Uid::Number(n) => *n as u64,
            Uid::Text(text) => hash([text, ""]),
        }
    }
}

/// What stands under a key: an object, or an event that becomes one when it is read.
#[derive(Clone)]
pub(super) enum Slot {
    Object(Object),
    Told(Rc<Told>),
}

impl Slot {
    pub fn object(&self) -> &Object {
        match self {
            Slot::Object(o) => o,
            Slot::Told(t) => &t.change().new,
        }
    }
    /// Whether it stands under this namespace and name.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        match self {
            Slot::Object(o) => {
                let m = o.get("metadata");
                let is = |key: &str, text: &str| m.get(key).as_str().unwrap_or("") == text;
                is("name", name) && is("namespace", namespace)
            }
            Slot::Told(t) => t.key.1 == name && t.key.0 == namespace,
        }
    }
    pub fn hash(&self) -> u64 {
        match self {
            Slot::Object(o) => hash([o.namespace(), o.name()]),
            Slot::Told(t) => hash([&t.key.0, &t.key.1]),
        }
    }
    pub fn into_object(self) -> Object {
        match self {
            Slot::Object(o) => o,
            Slot::Told(t) => t.change().new.clone(),
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Table {
    pub cells: Slab<Slot>,
    /// Cells by namespace and name, to be found...
    names: Index,
    /// ... and in order.
    pub order: BTreeMap<Key, u32>,
    /// uid of the controlling owner → keys.
    pub by_owner: BTreeMap<Str, BTreeSet<Key>>,
    /// `spec.nodeName` → keys, for pods.
    pub by_node: BTreeMap<Str, BTreeSet<Key>>,
    /// The version of the newest write to this resource.
    pub version: u64,
}

impl Table {
    pub fn find(&self, namespace: &str, name: &str) -> Option<u32> {
        let is = |i| self.cells.get(i).is_some_and(|s| s.is(namespace, name));
        self.names.find(hash([namespace, name]), is)
    }
    pub fn get(&self, key: &Key) -> Option<&Object> {
        self.cell(self.find(&key.0, &key.1)?)
    }
    pub fn cell(&self, cell: u32) -> Option<&Object> {
        self.cells.get(cell).map(Slot::object)
    }
    /// Puts an object in its cell; says what was there, and which cell it is.
    pub fn put(&mut self, key: &Key, slot: Slot) -> (Option<Object>, u32) {
        if let Some(i) = self.find(&key.0, &key.1)
            && let Some(place) = self.cells.get_mut(i)
        {
            return (Some(std::mem::replace(place, slot).into_object()), i);
        }
        let i = self.cells.add(slot);
        let cells = &self.cells;
        let of = |i| cells.get(i).map_or(0, Slot::hash);
        self.names.insert(hash([&key.0, &key.1]), i, of);
        self.order.insert(key.clone(), i);
        (None, i)
    }
    pub fn take(&mut self, key: &Key) -> Option<Object> {
        let i = self.find(&key.0, &key.1)?;
        let cells = &self.cells;
        let of = |i| cells.get(i).map_or(0, Slot::hash);
        self.names.remove(hash([&key.0, &key.1]), i, of);
        self.order.remove(key);
        self.cells.remove(i).map(Slot::into_object)
    }
}

/// The tables by resource. They are asked for several times with every write, so a number made of a few letters of the
/// name leads to the place.
#[derive(Clone, Default)]
pub(super) struct Tables {
    /// In the order in which they were made: a table keeps its number.
    list: Vec<(Resource, Table)>,
    /// The numbers by name of the resource.
    sorted: Vec<u16>,
    names: Index,
}

impl Tables {
    pub fn find(&self, resource: &str) -> Option<u32> {
        let is = |i: u32| self.list.get(i as usize).is_some_and(|t| t.0 == *resource);
        self.names.find(Self::mark(resource), is)
    }
    pub fn mark(resource: &str) -> u64 {
        let b = resource.as_bytes();
        let pick = |i: usize| b.get(i).map_or(0, |c| u64::from(*c));
        let n = b.len();
        let last = n.saturating_sub(1);
        n as u64 ^ pick(0) << 3 ^ pick(n / 2) << 5 ^ pick(last) << 1 ^ pick(2) << 4
    }
    pub fn get(&self, resource: &str) -> Option<&Table> {
        self.at(self.find(resource)?).map(|(_, t)| t)
    }
    pub fn at(&self, table: u32) -> Option<&(Resource, Table)> {
        self.list.get(table as usize)
    }
    /// The table of a resource with its number, made where there is none.
    pub fn make(&mut self, resource: &Resource) -> (u32, &mut Table) {
        let i = match self.find(resource) {
            Some(i) => i,
            None => {
                let list = &mut self.list;
                let place = self
                    .sorted
                    .partition_point(|i| list[usize::from(*i)].0 < *resource);
                self.sorted.insert(place, list.len() as u16);
                list.push((resource.clone(), Table::default()));
                let i = list.len() as u32 - 1;
                let of = |i: u32| Self::mark(&list[i as usize].0);
                self.names.insert(Self::mark(resource), i, of);
                i
            }
        };
        (i, &mut self.list[i as usize].1)
    }
    pub fn iter(&self) -> impl Iterator<Item = &(Resource, Table)> {
        self.sorted.iter().map(|i| &self.list[usize::from(*i)])
    }
}

/// Where each object is, by its uid.
#[derive(Clone, Default)]
pub(super) struct Uids {
    /// Uid, table, cell.
    list: Slab<(Uid, u32, u32)>,
    index: Index,
}

impl Uids {
    pub fn find(&self, uid: &Uid) -> Option<u32> {
        let is = |i| self.list.get(i).is_some_and(|e| e.0 == *uid);
        self.index.find(uid.hash(), is)
    }
    pub fn get(&self, uid: &Uid) -> Option<(u32, u32)> {
        let (_, table, cell) = self.list.get(self.find(uid)?)?;
        Some((*table, *cell))
    }
    pub fn insert(&mut self, uid: Uid, table: u32, cell: u32) {
        self.remove(&uid);
        let hash = uid.hash();
        let i = self.list.add((uid, table, cell));
        let list = &self.list;
        let of = |i| list.get(i).map_or(0, |e| e.0.hash());
        self.index.insert(hash, i, of);
    }
    pub fn remove(&mut self, uid: &Uid) {
        if let Some(i) = self.find(uid) {
            self.forget(uid, i);
            self.list.remove(i);
        }
    }
    pub fn forget(&mut self, uid: &Uid, i: u32) {
        let list = &self.list;
        let of = |i| list.get(i).map_or(0, |e| e.0.hash());
        self.index.remove(uid.hash(), i, of);
    }
}

impl Table {
    /// Moves a key from where the old version stands in the indexes to where the new one belongs.
    pub fn reindex(&mut self, old: Option<&Object>, new: Option<&Object>, key: &Key) {
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

/// The number that a UUID in lower case stands for.
fn uuid(b: &[u8; 36]) -> Option<u128> {
    const NONE: u8 = 0xff;
    static DIGITS: [u8; 256] = {
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
