//! Overloads of the checker: their signatures read from text, and whether types fit them.

use super::{DYN, PLAIN, T};
use std::rc::Rc;

/// `string.(int,list<A>)bool`: receiver, parameters, result.
pub(super) fn overload(text: &str) -> (Option<T>, Vec<T>, T) {
    let (head, rest) = text.split_once('(').unwrap_or(("", text));
    let (params, ret) = rest.split_once(')').unwrap_or((rest, ""));
    let receiver = head.strip_suffix('.').map(|mut h| read(&mut h));
    let mut list = Vec::new();
    let mut left = params;
    while !left.is_empty() {
        list.push(read(&mut left));
        left = left.strip_prefix(',').unwrap_or(left);
    }
    let mut ret = ret;
    (receiver, list, read(&mut ret))
}

fn read(text: &mut &str) -> T {
    let end = text.find([',', '<', '>']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    *text = rest;
    let mut parts = Vec::new();
    if let Some(inside) = text.strip_prefix('<') {
        *text = inside;
        parts.push(read(text));
        while let Some(more) = text.strip_prefix(',') {
            *text = more;
            parts.push(read(text));
        }
        *text = text.strip_prefix('>').unwrap_or(text);
    }
    let first = parts.first().cloned().unwrap_or(DYN);
    match name {
        "A" => T::Param(0),
        "B" => T::Param(1),
        "list" => T::list(first),
        "map" => T::Map(Rc::new((first, parts.pop().unwrap_or(DYN)))),
        "optional" => T::Optional(Rc::new(first)),
        _ => T::Plain(PLAIN.iter().find(|p| **p == name).copied().unwrap_or("dyn")),
    }
}

/// Whether a value of type `have` may stand where `want` is asked; binds type parameters.
pub(super) fn assign(want: &T, have: &T, bound: &mut [Option<T>; 2]) -> bool {
    if let T::Param(p) = want {
        let Some(slot) = bound.get_mut(usize::from(*p)) else {
            return true;
        };
        return match slot.clone() {
            None => {
                *slot = Some(have.clone());
                true
            }
            Some(b) => {
                if b.is_dyn() {
                    *slot = Some(have.clone());
                }
                alike(&b, have)
            }
        };
    }
    match (want, have) {
        (_, T::Plain("dyn")) | (T::Plain("dyn"), _) => true,
        (T::List(a), T::List(b)) | (T::Optional(a), T::Optional(b)) => assign(a, b, bound),
        (T::Map(a), T::Map(b)) => assign(&a.0, &b.0, bound) && assign(&a.1, &b.1, bound),
        _ => want == have,
    }
}

/// Whether two types may be compared.
fn alike(a: &T, b: &T) -> bool {
    match (a, b) {
        _ if a.is_dyn() || b.is_dyn() || a == b => true,
        // What can be missing can be null.
        (T::Plain("null"), o) | (o, T::Plain("null")) => !matches!(
            o,
            T::Plain("bool" | "int" | "uint" | "double" | "string" | "bytes")
                | T::List(_)
                | T::Map(_)
        ),
        (T::List(a), T::List(b)) | (T::Optional(a), T::Optional(b)) => alike(a, b),
        (T::Map(a), T::Map(b)) => alike(&a.0, &b.0) && alike(&a.1, &b.1),
        _ => false,
    }
}

pub(super) fn filled(t: &T, bound: &[Option<T>; 2]) -> T {
    match t {
        T::Param(p) => bound.get(usize::from(*p)).cloned().flatten().unwrap_or(DYN),
        T::List(t) => T::list(filled(t, bound)),
        T::Optional(t) => T::Optional(Rc::new(filled(t, bound))),
        T::Map(kv) => T::Map(Rc::new((filled(&kv.0, bound), filled(&kv.1, bound)))),
        other => other.clone(),
    }
}
