//! Maps of a value: sorted by key, which is the order in which kubectl prints.

use super::text::{order, same_text};
use super::{Str, Value};

/// Maps up to this size are searched from the front.
const SCANNED_MAX: usize = 16;

/// The entries of a map, sorted by key.
#[derive(Clone, Default, PartialEq)]
pub struct Map(Vec<(Str, Value)>);

impl Map {
    pub fn with_capacity(n: usize) -> Map {
        Map(Vec::with_capacity(n))
    }
    /// A map of entries already sorted by key; of equal keys the last wins.
    pub fn from_sorted(mut entries: Vec<(Str, Value)>) -> Map {
        debug_assert!(entries.is_sorted_by(|a, b| a.0 <= b.0));
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        Map(entries)
    }
    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(k, _)| order(k, key))
    }
    pub fn get(&self, key: &str) -> Option<&Value> {
        // Most maps are small, and most keys differ in length: that is cheaper to see than an order.
        if self.0.len() <= SCANNED_MAX {
            let n = key.len();
            let mut long = self.0.iter().filter(|(k, _)| k.len() == n);
            return long.find(|(k, _)| same_text(k, key)).map(|(_, v)| v);
        }
        self.find(key).ok().map(|i| &self.0[i].1)
    }
    pub fn entry(&mut self, key: &str) -> &mut Value {
        let i = match self.find(key) {
            Ok(i) => i,
            Err(i) => {
                self.0.insert(i, (Str::from(key), Value::Null));
                i
            }
        };
        &mut self.0[i].1
    }
    /// Sets `key`; says what was there.
    pub fn insert(&mut self, key: impl Into<Str>, value: impl Into<Value>) -> Option<Value> {
        self.insert_value(key.into(), value.into())
    }
    #[inline(never)]
    fn insert_value(&mut self, key: Str, value: Value) -> Option<Value> {
        match self.find(&key) {
            Ok(i) => Some(std::mem::replace(&mut self.0[i].1, value)),
            Err(i) => {
                self.0.insert(i, (key, value));
                None
            }
        }
    }
    /// An entry of a [`value!`](crate::value!) literal.
    #[doc(hidden)]
    #[inline(never)]
    pub fn lit(&mut self, key: &'static str, value: Value) {
        // Most literals are in order.
        match self.0.last() {
            Some((last, _)) if order(last, key).is_ge() => {
                self.insert_value(Str::lit(key), value);
            }
            _ => self.0.push((Str::lit(key), value)),
        }
    }
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).ok().map(|i| self.0.remove(i).1)
    }
    pub fn entries(&self) -> &[(Str, Value)] {
        &self.0
    }
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Str, &Value)> {
        self.0.iter().map(|(k, v)| (k, v))
    }
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Str> {
        self.0.iter().map(|(k, _)| k)
    }
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.0.retain(|(k, v)| keep(k, v));
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<Str>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Map {
        let mut out = Map::default();
        for (k, v) in items {
            out.insert(k, v);
        }
        out
    }
}
