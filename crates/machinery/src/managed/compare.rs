//! What changed from one object to another, as sets of paths.

use super::set::{Set, Typed};
use crate::Value;
use crate::schema::Type;

#[derive(Default)]
pub struct Difference {
    pub added: Set,
    pub modified: Set,
    pub removed: Set,
}

impl Difference {
    /// Added and modified.
    pub fn changed(&self) -> Set {
        self.added.union(&self.modified)
    }
}

pub fn compare(old: &Value, new: &Value, ty: &Type) -> Difference {
    let root = Typed::plain(ty.clone());
    let old = if old.is_null() { &Value::map() } else { old };
    walk(Some(old), Some(new), &root)
}

fn walk(old: Option<&Value>, new: Option<&Value>, ty: &Typed) -> Difference {
    let mut out = Difference::default();
    if let (Some(a), Some(b)) = (old, new)
        && (a.same(b) || a == b)
    {
        return out;
    }
    let some = new.or(old);
    let split = match some {
        Some(Value::Map(_)) => ty.splits_map(),
        Some(Value::List(_)) => ty.splits_list(),
        // Null beside a map or list counts as an empty one.
        Some(Value::Null) => {
            old.is_some_and(|o| matches!(o, Value::Map(_)) && ty.splits_map())
                || old.is_some_and(|o| matches!(o, Value::List(_)) && ty.splits_list())
        }
        _ => false,
    };
    let empty = |v: Option<&Value>| {
        v.is_none_or(|v| {
            v.is_null() || (matches!(v, Value::Map(_) | Value::List(_)) && v.is_empty())
        })
    };
    if split && !(empty(old) && empty(new)) {
        match some {
            Some(Value::List(_)) => lists(old, new, ty, &mut out),
            _ if old.is_some_and(|o| matches!(o, Value::List(_))) => lists(old, new, ty, &mut out),
            _ => maps(old, new, ty, &mut out),
        }
    } else if old.is_some() && new.is_some() {
        out.modified.member = true;
    }
    match (old, new) {
        (None, Some(_)) => out.added.member = true,
        (Some(_), None) => out.removed.member = true,
        _ => {}
    }
    out
}

fn put(out: &mut Difference, element: &str, inner: Difference) {
    out.added.add(element, inner.added);
    out.modified.add(element, inner.modified);
    out.removed.add(element, inner.removed);
}

fn maps(old: Option<&Value>, new: Option<&Value>, ty: &Typed, out: &mut Difference) {
    let field =
        |v: Option<&Value>, k: &str| v.and_then(|v| v.as_map()).and_then(|m| m.get(k)).cloned();
    let keys = |v: Option<&Value>| {
        v.and_then(|v| v.as_map())
            .into_iter()
            .flat_map(|m| m.keys())
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut all = keys(new);
    all.extend(keys(old).into_iter().filter(|k| field(new, k).is_none()));
    for k in all {
        let inner = walk(
            field(old, &k).as_ref(),
            field(new, &k).as_ref(),
            &ty.child(&k).0,
        );
        put(out, &format!("f:{k}"), inner);
    }
}

fn lists(old: Option<&Value>, new: Option<&Value>, ty: &Typed, out: &mut Difference) {
    let items = |v: Option<&Value>| -> Vec<(String, Value)> {
        let all = v.map_or(&[][..], |v| v.items()).iter();
        all.filter_map(|x| Some((ty.element(x).ok()?, x.clone())))
            .collect()
    };
    let (old, new) = (items(old), items(new));
    let find =
        |l: &[(String, Value)], e: &str| l.iter().find(|(x, _)| x == e).map(|(_, v)| v.clone());
    let inner = ty.item();
    for (e, v) in &new {
        put(out, e, walk(find(&old, e).as_ref(), Some(v), &inner));
    }
    for (e, v) in old.iter().filter(|(e, _)| find(&new, e).is_none()) {
        put(out, e, walk(Some(v), None, &inner));
    }
}
