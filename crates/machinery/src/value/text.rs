//! Text of keys and string values: part of the program, or shared.

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
pub(super) fn cut(path: &str) -> Option<(&str, &str)> {
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
