//! The one value that everything is made of: an immutable, persistent tree, as JSON has it.
//!
//! Sub-trees are shared (`Rc`): a clone is a pointer, an edit copies only the path that it changes, and equality tries
//! the pointer first. Ten thousand pods of one ReplicaSet share one container list. Maps are kept sorted by key, which
//! is the order in which kubectl prints. Upstream's counterpart is `map[string]interface{}` of `Unstructured`.

use std::fmt;
use std::rc::Rc;

/// Text of a key or a string value: either part of the program, or shared.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Shared(Rc<str>),
}

impl Str {
    /// Text that is part of the program; costs nothing to clone.
    pub const fn lit(s: &'static str) -> Str {
        Str(Repr::Static(s))
    }
    /// Shared text that is known not to be one of the program's own: not looked for among those.
    pub fn plain(s: &str) -> Str {
        Str(Repr::Shared(Rc::from(s)))
    }
    // Both kinds keep their length in the same place.
    #[inline]
    #[expect(clippy::len_without_is_empty, reason = "is_empty comes from str")]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Static(s) => s.len(),
            Repr::Shared(s) => s.len(),
        }
    }
    /// A number as text.
    pub fn number(mut n: u64) -> Str {
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (n % 10) as u8;
            n /= 10;
            if n == 0 {
                break;
            }
        }
        Str::plain(std::str::from_utf8(&digits[at..]).unwrap_or(""))
    }
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Static(s) => s,
            Repr::Shared(s) => s,
        }
    }
}

impl Default for Str {
    fn default() -> Str {
        Str::lit("")
    }
}
impl std::ops::Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}
impl From<&str> for Str {
    fn from(s: &str) -> Str {
        crate::intern::known(s).map_or_else(|| Str(Repr::Shared(Rc::from(s))), Str::lit)
    }
}
impl From<String> for Str {
    fn from(s: String) -> Str {
        Str::from(s.as_str())
    }
}
impl From<&String> for Str {
    fn from(s: &String) -> Str {
        Str::from(s.as_str())
    }
}
impl PartialEq for Str {
    fn eq(&self, other: &Str) -> bool {
        same_text(self, other)
    }
}
impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}
impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}
impl Eq for Str {}
impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Str) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Str {
    fn cmp(&self, other: &Str) -> std::cmp::Ordering {
        order(self, other)
    }
}
impl std::hash::Hash for Str {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
impl std::borrow::Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}
impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.as_str())
    }
}
impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Whether two texts are equal. Keys are short: a few words compared here cost less than a call that compares bytes.
#[inline]
pub(crate) fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let n = a.len();
    if n != b.len() {
        return false;
    }
    if n > 32 || a.as_ptr() == b.as_ptr() {
        return a.as_ptr() == b.as_ptr() || a == b;
    }
    // Words at both ends overlap in the middle, so that no rest is left.
    if let (Some(a1), Some(b1), Some(a2), Some(b2)) = (
        a.first_chunk::<8>(),
        b.first_chunk::<8>(),
        a.last_chunk::<8>(),
        b.last_chunk::<8>(),
    ) {
        return u64::from_le_bytes(*a1) == u64::from_le_bytes(*b1)
            && u64::from_le_bytes(*a2) == u64::from_le_bytes(*b2)
            && (n <= 16 || a[8..n - 8] == b[8..n - 8]);
    }
    if let (Some(a1), Some(b1), Some(a2), Some(b2)) = (
        a.first_chunk::<4>(),
        b.first_chunk::<4>(),
        a.last_chunk::<4>(),
        b.last_chunk::<4>(),
    ) {
        return u32::from_le_bytes(*a1) == u32::from_le_bytes(*b1)
            && u32::from_le_bytes(*a2) == u32::from_le_bytes(*b2);
    }
    a.iter().zip(b).all(|(x, y)| x == y)
}

/// Cuts a path at its first dot. Eight bytes are looked at at once: paths are asked for at every turn.
#[inline]
fn cut(path: &str) -> Option<(&str, &str)> {
    const ONES: u64 = u64::MAX / 255;
    let (words, rest) = path.as_bytes().as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        // Zero where the dot is; the lowest such byte shows its highest bit.
        let x = u64::from_le_bytes(*word) ^ (ONES * u64::from(b'.'));
        let found = x.wrapping_sub(ONES) & !x & (ONES << 7);
        if found != 0 {
            let at = i * 8 + found.trailing_zeros() as usize / 8;
            return Some((path.get(..at)?, path.get(at + 1..)?));
        }
    }
    let at = words.len() * 8 + rest.iter().position(|b| *b == b'.')?;
    Some((path.get(..at)?, path.get(at + 1..)?))
}

/// The order of two texts: by bytes, as everywhere, eight at a time.
#[inline]
pub fn order(a: &str, b: &str) -> std::cmp::Ordering {
    if a.as_ptr() == b.as_ptr() {
        return a.len().cmp(&b.len());
    }
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    while let (Some((m, x_rest)), Some((n, y_rest))) =
        (x.split_first_chunk::<8>(), y.split_first_chunk::<8>())
    {
        if m != n {
            return u64::from_be_bytes(*m).cmp(&u64::from_be_bytes(*n));
        }
        (x, y) = (x_rest, y_rest);
    }
    // One of them has fewer than eight bytes left.
    while let (Some((m, x_rest)), Some((n, y_rest))) = (x.split_first(), y.split_first()) {
        if m != n {
            return m.cmp(n);
        }
        (x, y) = (x_rest, y_rest);
    }
    x.len().cmp(&y.len())
}

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

impl From<bool> for Value {
    fn from(x: bool) -> Value {
        Value::Bool(x)
    }
}
impl From<i64> for Value {
    fn from(x: i64) -> Value {
        Value::Int(x)
    }
}
impl From<i32> for Value {
    fn from(x: i32) -> Value {
        Value::Int(x.into())
    }
}
impl From<usize> for Value {
    fn from(x: usize) -> Value {
        Value::Int(x as i64)
    }
}
impl From<f64> for Value {
    fn from(x: f64) -> Value {
        Value::Float(x)
    }
}
impl From<&'static str> for Value {
    fn from(x: &'static str) -> Value {
        Value::Str(Str::lit(x))
    }
}
impl From<String> for Value {
    fn from(x: String) -> Value {
        Value::Str(Str::from(x))
    }
}
impl From<&String> for Value {
    fn from(x: &String) -> Value {
        Value::Str(Str::from(x))
    }
}
impl From<Str> for Value {
    fn from(x: Str) -> Value {
        Value::Str(x)
    }
}
impl From<&Value> for Value {
    fn from(x: &Value) -> Value {
        x.clone()
    }
}
impl From<Map> for Value {
    fn from(x: Map) -> Value {
        Value::Map(Rc::new(x))
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(x: Vec<T>) -> Value {
        Value::List(Rc::new(x.into_iter().map(Into::into).collect()))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(x: Option<T>) -> Value {
        x.map_or(Value::Null, Into::into)
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
