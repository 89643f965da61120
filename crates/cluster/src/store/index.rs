//! Places by number: where in a list something stands, found by a hash of what it is. Open addressing, at most half full.
//! Nothing is ever read in the order of the places, so they decide nothing.

/// Numbers of a list's items, plus one; 0 is free.
#[derive(Clone, Default)]
pub(crate) struct Index {
    places: Vec<u32>,
    len: usize,
}

impl Index {
    /// The item for which `is` holds, among those of this hash.
    pub fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.place(hash, is).map(|(_, item)| item)
    }
    fn place(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<(usize, u32)> {
        let mask = self.places.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let item = self.places[at].checked_sub(1)?;
            if is(item) {
                return Some((at, item));
            }
            at = (at + 1) & mask;
        }
    }
    /// Puts in an item that is not there; `hash_of` tells the hashes of those that are.
    pub fn insert(&mut self, hash: u64, item: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.len + 1) * 2 > self.places.len() {
            let size = (self.places.len() * 2).max(16);
            let old = std::mem::replace(&mut self.places, vec![0; size]);
            for item in old.into_iter().filter_map(|n| n.checked_sub(1)) {
                self.put(hash_of(item), item);
            }
        }
        self.put(hash, item);
        self.len += 1;
    }
    fn put(&mut self, hash: u64, item: u32) {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        while self.places[at] != 0 {
            at = (at + 1) & mask;
        }
        self.places[at] = item + 1;
    }
    /// Takes an item out; those behind it move up, so that no search ends too early.
    pub fn remove(&mut self, hash: u64, item: u32, hash_of: impl Fn(u32) -> u64) {
        let Some((mut hole, _)) = self.place(hash, |i| i == item) else {
            return;
        };
        let mask = self.places.len() - 1;
        self.places[hole] = 0;
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let Some(other) = self.places[at].checked_sub(1) else {
                return;
            };
            let home = hash_of(other) as usize & mask;
            // It may move to the hole unless its home lies behind the hole.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.places[hole] = self.places[at];
                self.places[at] = 0;
                hole = at;
            }
        }
    }
}

/// A list with free places that are used again.
#[derive(Clone)]
pub(crate) struct Slab<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab {
            items: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slab<T> {
    pub fn add(&mut self, item: T) -> u32 {
        match self.free.pop() {
            Some(i) => {
                self.items[i as usize] = Some(item);
                i
            }
            None => {
                self.items.push(Some(item));
                self.items.len() as u32 - 1
            }
        }
    }
    pub fn get(&self, i: u32) -> Option<&T> {
        self.items.get(i as usize)?.as_ref()
    }
    pub fn get_mut(&mut self, i: u32) -> Option<&mut T> {
        self.items.get_mut(i as usize)?.as_mut()
    }
    pub fn remove(&mut self, i: u32) -> Option<T> {
        let item = self.items.get_mut(i as usize)?.take()?;
        self.free.push(i);
        Some(item)
    }
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().flatten()
    }
}

/// A hash of some texts.
pub(crate) fn hash(texts: [&str; 2]) -> u64 {
    let mix = |h: u64, word: u64| {
        let h = (h ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        h ^ (h >> 29)
    };
    texts.into_iter().fold(0xcbf2_9ce4_8422_2325, |h, text| {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let h = words.iter().fold(h, |h, w| mix(h, u64::from_le_bytes(*w)));
        let last = rest.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        mix(mix(h, last), text.len() as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_until_it_is_taken_out() {
        // Few hashes, so that many stand in each other's way.
        let hash_of = |i: u32| u64::from(i % 7) * 3;
        let (mut index, mut there) = (Index::default(), std::collections::BTreeSet::new());
        let mut n = 1u32;
        for _ in 0..5000 {
            n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let item = n >> 8 & 63;
            if there.remove(&item) {
                index.remove(hash_of(item), item, hash_of);
            } else {
                there.insert(item);
                index.insert(hash_of(item), item, hash_of);
            }
            for i in 0..64 {
                let found = index.find(hash_of(i), |x| x == i).is_some();
                assert_eq!(found, there.contains(&i));
            }
        }
    }
}
