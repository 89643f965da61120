//! Sorting that costs little code: the standard library's sort is made anew for each type and comparison, some kilobytes
//! each time, and the page would carry dozens of them. Here the numbers of the items are sorted, by one copy of it.
//! Stable, as `slice::sort_by` is. What is missing: nothing needs more.

use std::cmp::Ordering;

/// `arrange`, `arrange_by`, `arrange_by_key`: `sort`, `sort_by` and `sort_by_key` of slices.
pub trait Arrange<T> {
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);
    fn arrange(&mut self)
    where
        T: Ord,
    {
        self.arrange_by(T::cmp);
    }
    fn arrange_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }
}

impl<T> Arrange<T> for [T] {
    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let places = places(self.len(), &mut |a, b| compare(&self[a], &self[b]));
        bring(places, &mut |a, b| self.swap(a, b));
    }
}

/// Pieces of this length are sorted by insertion.
const PIECE: usize = 20;

/// For each item, by its number, the place where it belongs. Sorted by insertion and merging, not by the standard
/// library, which panics when it finds a comparison that is no total order; upstream has such, in Go nobody minds.
#[inline(never)]
fn places(n: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for piece in order.chunks_mut(PIECE) {
        for i in 1..piece.len() {
            let mut at = i;
            while at > 0 && compare(piece[at], piece[at - 1]).is_lt() {
                piece.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    let mut width = PIECE;
    while width < n {
        let mut merged = Vec::with_capacity(n);
        for pair in order.chunks(width * 2) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let (Some(l), Some(r)) = (left.first(), right.first()) {
                let from = match compare(*r, *l).is_lt() {
                    true => &mut right,
                    false => &mut left,
                };
                merged.extend(from.split_off_first());
            }
            merged.extend(left);
            merged.extend(right);
        }
        order = merged;
        width *= 2;
    }
    let mut places = vec![0; n];
    for (place, item) in order.into_iter().enumerate() {
        places[item] = place;
    }
    places
}

/// Swaps items until each is at its place; each swap brings one there.
#[inline(never)]
fn bring(mut places: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for i in 0..places.len() {
        while places[i] != i {
            let to = places[i];
            swap(i, to);
            places.swap(i, to);
        }
    }
}

/// What comes, put into a map or set one after another: `collect` would sort it first, with a sort of its own.
pub fn gather<C: Default + Extend<T>, T>(items: impl IntoIterator<Item = T>) -> C {
    let mut out = C::default();
    out.extend(items);
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_comparison_that_is_no_order_is_taken_all_the_same() {
        let mut items: Vec<u32> = (0..500).map(|i| i * 7919 % 500).collect();
        let odd = |a: &u32, b: &u32| ((a * 31 + b) % 3).cmp(&((b * 17 + a) % 3));
        super::Arrange::arrange_by(&mut items[..], odd);
        super::Arrange::arrange(&mut items[..]);
        assert!(items.is_sorted());
    }

    use super::Arrange;

    #[test]
    fn it_sorts_as_the_standard_library_does() {
        for n in [0usize, 1, 2, 3, 20, 21, 39, 40, 41, 200, 1003] {
            let items: Vec<(usize, usize)> = (0..n).map(|i| (i * 7919 % 17, i)).collect();
            let (mut ours, mut theirs) = (items.clone(), items);
            ours.arrange_by_key(|(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            assert_eq!(ours, theirs);
            ours.arrange_by(|a, b| b.1.cmp(&a.1));
            theirs.sort_by_key(|x| std::cmp::Reverse(x.1));
            assert_eq!(ours, theirs);
            ours.arrange();
            theirs.sort();
            assert_eq!(ours, theirs);
        }
    }
}
