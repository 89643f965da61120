//! Arithmetic, comparison, membership, indexing. Upstream: `cel-go:common/stdlib`, `common/types`.

use super::value::{Outcome, V, no_overload};
use std::cmp::Ordering;
use std::rc::Rc;

pub(super) fn call(name: &str, args: &[V]) -> Outcome {
    match (name, args) {
        ("!_", [V::Bool(b)]) => Ok(V::Bool(!b)),
        ("-_", [V::Int(i)]) => whole(i.checked_neg()),
        ("-_", [V::Double(d)]) => Ok(V::Double(-d)),
        ("_==_", [a, b]) => Ok(V::Bool(a.same(b))),
        ("_!=_", [a, b]) => Ok(V::Bool(!a.same(b))),
        ("@in", [a, b]) => within(a, b),
        ("_[_]", [of, key]) => match of {
            V::Optional(None) => Ok(of.clone()),
            V::Optional(Some(v)) => Ok(V::Optional(at(v, key).ok().map(Rc::new))),
            _ => at(of, key),
        },
        ("_[?_]", [of, key]) => Ok(match of {
            V::Optional(None) => of.clone(),
            V::Optional(Some(v)) => V::Optional(at(v, key).ok().map(Rc::new)),
            _ => V::Optional(at(of, key).ok().map(Rc::new)),
        }),
        ("_<_" | "_<=_" | "_>_" | "_>=_", [a, b]) => {
            let Some(order) = a.compare(b) else {
                let nan = |v: &V| matches!(v, V::Double(d) if d.is_nan());
                if nan(a) || nan(b) {
                    return Ok(V::Bool(false));
                }
                return no_overload();
            };
            Ok(V::Bool(match name {
                "_<_" => order == Ordering::Less,
                "_<=_" => order != Ordering::Greater,
                "_>_" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }))
        }
        (_, [a, b]) => arithmetic(name, a, b),
        _ => no_overload(),
    }
}

fn whole(n: Option<i64>) -> Outcome {
    n.map(V::Int).ok_or_else(|| "integer overflow".into())
}

fn arithmetic(name: &str, a: &V, b: &V) -> Outcome {
    match (a, b) {
        (V::Int(a), V::Int(b)) => match name {
            "_+_" => whole(a.checked_add(*b)),
            "_-_" => whole(a.checked_sub(*b)),
            "_*_" => whole(a.checked_mul(*b)),
            "_/_" if *b == 0 => Err("division by zero".into()),
            "_%_" if *b == 0 => Err("modulus by zero".into()),
            "_/_" => whole(a.checked_div(*b)),
            "_%_" => whole(a.checked_rem(*b)),
            _ => no_overload(),
        },
        (V::Uint(a), V::Uint(b)) => {
            let n = match name {
                "_+_" => a.checked_add(*b),
                "_-_" => a.checked_sub(*b),
                "_*_" => a.checked_mul(*b),
                "_/_" if *b == 0 => return Err("division by zero".into()),
                "_%_" if *b == 0 => return Err("modulus by zero".into()),
                "_/_" => a.checked_div(*b),
                "_%_" => a.checked_rem(*b),
                _ => return no_overload(),
            };
            n.map(V::Uint)
                .ok_or_else(|| "unsigned integer overflow".into())
        }
        (V::Double(a), V::Double(b)) => Ok(V::Double(match name {
            "_+_" => a + b,
            "_-_" => a - b,
            "_*_" => a * b,
            "_/_" => a / b,
            _ => return no_overload(),
        })),
        (V::Str(a), V::Str(b)) if name == "_+_" => {
            if a.len() + b.len() > 10_000_000 {
                return Err("operation cancelled: actual cost limit exceeded".into());
            }
            Ok(V::str(&format!("{a}{b}")))
        }
        (V::Bytes(a), V::Bytes(b)) if name == "_+_" => {
            Ok(V::Bytes([&a[..], &b[..]].concat().into()))
        }
        (V::Time(a), V::Time(b)) if name == "_-_" => span(a.checked_sub(*b)),
        (V::Time(a), V::Span(b)) => moment(match name {
            "_+_" => a.checked_add(*b),
            "_-_" => a.checked_sub(*b),
            _ => return no_overload(),
        }),
        (V::Span(a), V::Time(b)) if name == "_+_" => moment(a.checked_add(*b)),
        (V::Span(a), V::Span(b)) => span(match name {
            "_+_" => a.checked_add(*b),
            "_-_" => a.checked_sub(*b),
            _ => return no_overload(),
        }),
        _ => match (name, a.items(), b.items()) {
            ("_+_", Some(mut a), Some(b)) => {
                if a.len() + b.len() > 1_000_000 {
                    return Err("operation cancelled: actual cost limit exceeded".into());
                }
                a.extend(b);
                Ok(V::List(Rc::new(a)))
            }
            _ => no_overload(),
        },
    }
}

fn span(n: Option<i64>) -> Outcome {
    n.map(V::Span).ok_or_else(|| "integer overflow".into())
}

fn moment(n: Option<i64>) -> Outcome {
    n.map(V::Time).ok_or_else(|| "timestamp overflow".into())
}

fn within(what: &V, place: &V) -> Outcome {
    if let V::Data(m @ crate::Value::Map(_), _) = place
        && let Some(key) = what.text()
    {
        return Ok(V::Bool(m.has(key)));
    }
    if let Some(items) = place.items() {
        return Ok(V::Bool(items.iter().any(|i| i.same(what))));
    }
    match place.entries() {
        Some(entries) => Ok(V::Bool(entries.iter().any(|(k, _)| k.same(what)))),
        None => no_overload(),
    }
}

fn at(of: &V, key: &V) -> Outcome {
    if let Some(items) = of.items() {
        let i = match key {
            V::Int(i) => *i,
            V::Uint(u) => i64::try_from(*u).unwrap_or(i64::MAX),
            V::Double(d) if d.fract() == 0.0 => *d as i64,
            _ => return no_overload(),
        };
        let found = usize::try_from(i).ok().and_then(|i| items.get(i).cloned());
        return found.ok_or_else(|| format!("index out of bounds: {i}"));
    }
    if let (V::Data(crate::Value::Map(m), _), Some(name)) = (of, key.text()) {
        // The key is as it stands in the data: nothing is escaped here.
        if !m.iter().any(|(k, _)| *k == *name) {
            return Err(format!("no such key: {name}"));
        }
    }
    match of.entries() {
        Some(entries) => entries
            .into_iter()
            .find(|(k, _)| k.same(key))
            .map(|(_, v)| v)
            .ok_or_else(|| format!("no such key: {}", key.show())),
        None => no_overload(),
    }
}
