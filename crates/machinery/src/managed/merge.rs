//! Merging a manifest into the live object, and taking away what is no longer applied.

use super::set::{Set, Typed};
use crate::schema::Type;
use crate::{Map, Value};

/// The live object with what the manifest says laid over it.
pub fn merge(live: &Value, config: &Value, ty: &Type) -> Value {
    over(live, config, &Typed::plain(ty.clone()))
}

fn over(live: &Value, config: &Value, ty: &Typed) -> Value {
    match (live, config) {
        (Value::Map(_) | Value::Null, Value::Map(c)) if ty.splits_map() => {
            let mut out = if live.is_null() {
                Value::map()
            } else {
                live.clone()
            };
            for (k, v) in c.iter() {
                let merged = over(live.get(k), v, &ty.child(k).0);
                if !(out.has(k) && out.get(k).same(&merged)) {
                    out.map_mut().insert(k.clone(), merged);
                }
            }
            out
        }
        (Value::List(l), Value::List(c)) if ty.splits_list() => Value::from(lists(l, c, ty)),
        _ => config.clone(),
    }
}

/// Shared items stand in the manifest's order; those that only the live object has keep their place before the next
/// shared one.
fn lists(live: &[Value], config: &[Value], ty: &Typed) -> Vec<Value> {
    let named = |l: &[Value]| -> Vec<(String, Value)> {
        l.iter()
            .map(|v| (ty.element(v).unwrap_or_default(), v.clone()))
            .collect()
    };
    let (live, config) = (named(live), named(config));
    let has = |l: &[(String, Value)], e: &str| l.iter().any(|(x, _)| x == e);
    let inner = ty.item();
    let mut out = Vec::with_capacity(live.len().max(config.len()));
    let mut left = live.iter().peekable();
    for (e, v) in &config {
        match live.iter().find(|(x, _)| x == e) {
            Some((_, old)) => {
                while let Some((_, only)) = left.next_if(|(x, _)| !has(&config, x)) {
                    out.push(only.clone());
                }
                left.next_if(|(x, _)| has(&config, x));
                out.push(over(old, v, &inner));
            }
            None => out.push(v.clone()),
        }
    }
    out.extend(
        left.filter(|(x, _)| !has(&config, x))
            .map(|(_, v)| v.clone()),
    );
    out
}

/// Takes away what is in `last` and not in `keep`.
pub fn remove(v: &Value, last: &Set, keep: &Set, ty: &Type) -> Value {
    strip(v, last, keep, &Typed::plain(ty.clone()))
}

fn strip(v: &Value, last: &Set, keep: &Set, ty: &Typed) -> Value {
    let none = Set::default();
    /// What becomes of the value behind one element.
    enum Fate {
        Stays,
        Goes,
        Inside,
    }
    let fate = |element: &str| match (last.children.get(element), keep.children.get(element)) {
        (None, _) => Fate::Stays,
        (Some(l), None) if l.member => Fate::Goes,
        (Some(_), _) => Fate::Inside,
    };
    match v {
        Value::Map(m) if ty.splits_map() => {
            let mut out = Map::default();
            for (k, x) in m.iter() {
                let e = format!("f:{k}");
                let sub = |s: &Set| s.children.get(&e).cloned().unwrap_or_else(|| none.clone());
                match fate(&e) {
                    Fate::Stays => drop(out.insert(k.clone(), x.clone())),
                    Fate::Goes => {}
                    Fate::Inside => {
                        let left = strip(x, &sub(last), &sub(keep), &ty.child(k).0);
                        // A map that was applied field by field goes with its last field.
                        let emptied =
                            left.is_empty() && !x.is_empty() && !keep.children.contains_key(&e);
                        if !emptied {
                            out.insert(k.clone(), left);
                        }
                    }
                }
            }
            Value::from(out)
        }
        Value::List(l) if ty.splits_list() => {
            let mut out = Vec::with_capacity(l.len());
            for x in l.iter() {
                let e = ty.element(x).unwrap_or_default();
                let sub = |s: &Set| s.children.get(&e).cloned().unwrap_or_else(|| none.clone());
                match fate(&e) {
                    Fate::Stays => out.push(x.clone()),
                    Fate::Goes => {}
                    Fate::Inside => out.push(strip(x, &sub(last), &sub(keep), &ty.item())),
                }
            }
            Value::from(out)
        }
        _ => v.clone(),
    }
}
