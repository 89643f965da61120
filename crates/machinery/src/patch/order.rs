//! The order of a merged list: what the patch names in its order, what only the server has where it was.

use super::strategic::no_key;
use crate::Value;

/// By what an item is found in another list.
pub fn identity<'a>(v: &'a Value, key: &str) -> &'a Value {
    if key.is_empty() { v } else { v.get(key) }
}

fn index(list: &[Value], v: &Value, key: &str) -> Option<usize> {
    list.iter()
        .position(|x| identity(x, key) == identity(v, key))
}

/// Upstream's insertion sort by the place in `order`: its comparison calls items that are not in it smaller.
pub fn sort_like(mut items: Vec<Value>, order: &[Value], key: &str) -> Vec<Value> {
    for i in 1..items.len() {
        let mut j = i;
        while j > 0 {
            let less = match (
                index(order, &items[j], key),
                index(order, &items[j - 1], key),
            ) {
                (Some(a), Some(b)) => a < b,
                _ => true,
            };
            if !less {
                break;
            }
            items.swap(j, j - 1);
            j -= 1;
        }
    }
    items
}

/// Items that `order` names come in its order; those that only the server has keep theirs; both are interleaved as
/// the server had them.
pub fn reorder(
    merged: Vec<Value>,
    order: &[Value],
    server: &[Value],
    key: &str,
) -> Result<Value, String> {
    if !key.is_empty()
        && let Some(bad) = merged.iter().find(|v| !v.has(key))
    {
        return Err(no_key(bad, key));
    }
    let (named, only): (Vec<Value>, Vec<Value>) = merged
        .into_iter()
        .partition(|v| index(order, v, key).is_some());
    let (named, only) = (sort_like(named, order, key), sort_like(only, server, key));
    let mut out = Vec::with_capacity(named.len() + only.len());
    let (mut left, mut right) = (only.into_iter().peekable(), named.into_iter().peekable());
    loop {
        let take_left = match (left.peek(), right.peek()) {
            (None, None) => return Ok(Value::from(out)),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(l), Some(r)) => {
                matches!((index(server, l, key), index(server, r, key)), (Some(a), Some(b)) if a < b)
            }
        };
        out.extend(if take_left { left.next() } else { right.next() });
    }
}
