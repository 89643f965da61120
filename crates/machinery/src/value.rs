//! The one value that everything is made of: an immutable, persistent tree, as JSON has it.
//!
//! Sub-trees are shared (`Rc`): a clone is a pointer, an edit copies only the path that it changes, and equality tries
//! the pointer first. Ten thousand pods of one ReplicaSet share one container list. Maps are kept sorted by key, which
//! is the order in which kubectl prints. Upstream's counterpart is `map[string]interface{}` of `Unstructured`.

mod from;
mod map;
mod text;

pub use map::Map;
pub use text::Str;
use text::cut;
pub(crate) use text::same_text;

use std::fmt;
use std::rc::Rc;

/// A JSON value. Cloning is O(1).
#[derive(Clone, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Str),
    List(Rc<Vec<Value>>),
    Map(Rc<Map>),
}

/// `null`, to hand out by reference where something is missing.
pub const NULL: &Value = &Value::Null;

impl Value {
    pub fn map() -> Value {
        Value::Map(Rc::new(Map::default()))
    }
    pub fn list() -> Value {
        Value::List(Rc::new(Vec::new()))
    }
    pub fn str(s: &str) -> Value {
        Value::Str(Str::from(s))
    }
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
    /// Null, "", 0, false, [] or {}: what Go calls the zero value and `omitempty` leaves out.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(b) => !b,
            Value::Int(i) => *i == 0,
            Value::Float(f) => *f == 0.0,
            Value::Str(s) => s.is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
        }
    }
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            Value::Float(f) if f.trunc() == *f && f.abs() < 9.0e15 => Some(*f as i64),
            _ => None,
        }
    }
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(i) => Some(*i as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(m) => Some(m),
            _ => None,
        }
    }
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(l) => Some(l),
            _ => None,
        }
    }
    /// The items of a list; nothing where it is not one.
    pub fn items(&self) -> &[Value] {
        self.as_list().unwrap_or(&[])
    }
    /// The entries of a map; nothing where it is not one.
    pub fn entries(&self) -> &[(Str, Value)] {
        self.as_map().map_or(&[], |m| m.entries())
    }
    /// The field `key`, or null.
    pub fn get(&self, key: &str) -> &Value {
        self.as_map().and_then(|m| m.get(key)).unwrap_or(NULL)
    }
    pub fn has(&self, key: &str) -> bool {
        self.as_map().is_some_and(|m| m.get(key).is_some())
    }
    /// The value at a path of keys: `v.at("spec.template.spec")`. Keys with dots need [`Value::get`].
    pub fn at(&self, path: &str) -> &Value {
        let (mut v, mut rest) = (self, path);
        while let Some((key, after)) = cut(rest) {
            v = v.get(key);
            rest = after;
        }
        v.get(rest)
    }
    /// Text of the field at `path`, "" where there is none.
    pub fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or("")
    }
    /// Whole number at `path`, 0 where there is none.
    pub fn int(&self, path: &str) -> i64 {
        self.at(path).as_i64().unwrap_or(0)
    }
    /// Truth at `path`, false where there is none.
    pub fn flag(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or(false)
    }
    /// Same pointer, or scalars that are equal: the cheap half of equality.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b),
            (Value::Map(a), Value::Map(b)) => Rc::ptr_eq(a, b),
            (Value::List(_) | Value::Map(_), _) | (_, Value::List(_) | Value::Map(_)) => false,
            _ => self == other,
        }
    }

    // Writing: each of these copies the nodes on its path that are shared, and no others.

    /// This value as a map to write into; whatever else it was is replaced by an empty map.
    pub fn map_mut(&mut self) -> &mut Map {
        if !matches!(self, Value::Map(_)) {
            *self = Value::map();
        }
        match self {
            Value::Map(m) => Rc::make_mut(m),
            _ => unreachable!("made a map above"),
        }
    }
    /// This value as a list to write into; whatever else it was is replaced by an empty list.
    pub fn list_mut(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Value::List(_)) {
            *self = Value::list();
        }
        match self {
            Value::List(l) => Rc::make_mut(l),
            _ => unreachable!("made a list above"),
        }
    }
    /// The place of field `key`, made (as null) where it is missing.
    pub fn field(&mut self, key: &str) -> &mut Value {
        self.map_mut().entry(key)
    }
    /// The place at a path of keys, made where it is missing.
    pub fn place(&mut self, path: &str) -> &mut Value {
        path.split('.').fold(self, |v, key| v.field(key))
    }
    /// Sets the value at a path of keys. Does not copy anything where it already is that value.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        self.set_value(path, value.into());
    }
    // One copy of the code, however many types of value there are.
    #[inline(never)]
    fn set_value(&mut self, path: &str, value: Value) {
        if self.at(path) != &value || value.is_null() {
            *self.place(path) = value;
        }
    }
    /// Sets the value at `path` if there is none (missing or null): what a default does.
    pub fn set_default(&mut self, path: &str, value: impl Into<Value>) {
        if self.at(path).is_null() {
            self.put(path, value.into());
        }
    }
    #[inline(never)]
    fn put(&mut self, path: &str, value: Value) {
        *self.place(path) = value;
    }
    /// Takes away the field at a path of keys; says what it was.
    pub fn remove(&mut self, path: &str) -> Value {
        let (parent, key) = match path.rsplit_once('.') {
            Some((parent, key)) => (Some(parent), key),
            None => (None, path),
        };
        let holder = parent.map_or(&*self, |p| self.at(p));
        if !holder.has(key) {
            return Value::Null;
        }
        let holder = match parent {
            Some(p) => self.place(p),
            None => self,
        };
        holder.map_mut().remove(key).unwrap_or_default()
    }
    pub fn push(&mut self, item: impl Into<Value>) {
        self.list_mut().push(item.into());
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b) || a == b,
            (Value::Map(a), Value::Map(b)) => Rc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            Value::Float(x) => write!(f, "{x}"),
            Value::Str(s) => write!(f, "{s:?}"),
            Value::List(l) => f.debug_list().entries(l.iter()).finish(),
            Value::Map(m) => f
                .debug_map()
                .entries(m.entries().iter().map(|(k, v)| (k, v)))
                .finish(),
        }
    }
}

/// A literal that looks like the JSON that it is: `value!({ "kind": "Pod", "spec": { "nodeName": name } })`.
/// Expressions stand where a value may; they are anything `Into<Value>` (`&str` only if `'static`: else `Value::str(s)`).
#[macro_export]
macro_rules! value {
    (null) => { $crate::Value::Null };
    ([ $($item:tt)* ]) => { $crate::value!(@list [] $($item)*) };
    ({ $($entry:tt)* }) => {{
        #[allow(unused_mut)]
        let mut map = $crate::Map::default();
        $crate::value!(@map map $($entry)*);
        $crate::Value::from(map)
    }};
    (@list [$($done:expr,)*]) => { $crate::Value::from(<Vec<$crate::Value>>::from([$($done,)*])) };
    (@list [$($done:expr,)*] { $($m:tt)* } $(, $($rest:tt)*)?) => { $crate::value!(@list [$($done,)* $crate::value!({ $($m)* }),] $($($rest)*)?) };
    (@list [$($done:expr,)*] [ $($l:tt)* ] $(, $($rest:tt)*)?) => { $crate::value!(@list [$($done,)* $crate::value!([ $($l)* ]),] $($($rest)*)?) };
    (@list [$($done:expr,)*] null $(, $($rest:tt)*)?) => { $crate::value!(@list [$($done,)* $crate::Value::Null,] $($($rest)*)?) };
    (@list [$($done:expr,)*] $item:expr $(, $($rest:tt)*)?) => { $crate::value!(@list [$($done,)* $crate::Value::from($item),] $($($rest)*)?) };
    (@map $map:ident) => {};
    (@map $map:ident $key:literal : null $(, $($rest:tt)*)?) => { $map.lit($key, $crate::Value::Null); $crate::value!(@map $map $($($rest)*)?); };
    (@map $map:ident $key:literal : { $($m:tt)* } $(, $($rest:tt)*)?) => { $map.lit($key, $crate::value!({ $($m)* })); $crate::value!(@map $map $($($rest)*)?); };
    (@map $map:ident $key:literal : [ $($l:tt)* ] $(, $($rest:tt)*)?) => { $map.lit($key, $crate::value!([ $($l)* ])); $crate::value!(@map $map $($($rest)*)?); };
    (@map $map:ident $key:literal : $item:expr $(, $($rest:tt)*)?) => { $map.lit($key, $crate::Value::from($item)); $crate::value!(@map $map $($($rest)*)?); };
    ($other:expr) => { $crate::Value::from($other) };
}

#[cfg(test)]
mod tests;
