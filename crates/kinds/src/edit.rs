//! Changing parts of an object so that what does not change stays shared: ten thousand pods made of one template keep
//! one container list in memory, though defaulting walks over each.

use machinery::Value;

/// Runs `change` over each item of the list at `path`; an item that does not change stays shared.
pub fn each(v: &mut Value, path: &str, mut change: impl FnMut(&mut Value)) {
    each_of(v, path, &mut change);
}
// One copy of the code, however many callers there are.
#[inline(never)]
fn each_of(v: &mut Value, path: &str, change: &mut dyn FnMut(&mut Value)) {
    for i in 0..v.at(path).items().len() {
        let Some(old) = v.at(path).items().get(i).cloned() else {
            return;
        };
        let mut item = old.clone();
        change(&mut item);
        if !item.same(&old)
            && let Some(place) = v.place(path).list_mut().get_mut(i)
        {
            *place = item;
        }
    }
}

/// Runs `change` on the value at `path` if there is one; an unchanged one stays shared.
pub fn within(v: &mut Value, path: &str, change: impl FnOnce(&mut Value)) {
    let Some((old, mut new)) = taken(v, path) else {
        return;
    };
    change(&mut new);
    put_back(v, path, old, new);
}
#[inline(never)]
fn taken(v: &Value, path: &str) -> Option<(Value, Value)> {
    let old = v.at(path);
    (!old.is_null()).then(|| (old.clone(), old.clone()))
}
#[inline(never)]
fn put_back(v: &mut Value, path: &str, old: Value, new: Value) {
    if !new.same(&old) {
        *v.place(path) = new;
    }
}
