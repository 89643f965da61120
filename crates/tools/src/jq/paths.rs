//! Values by their paths: read, set, deleted; indexes and slices.

use super::eval::{Stop, error, sorted};
use super::value::{J, arr, text};
use std::rc::Rc;

fn place(length: usize, i: f64) -> Option<usize> {
    let i = i.floor();
    let at = if i < 0.0 { i + length as f64 } else { i };
    (at >= 0.0).then_some(at as usize)
}

/// The bounds of a slice of something this long.
fn bounds(length: usize, key: &J) -> (usize, usize) {
    let bound = |v: J, or: f64| {
        let n = v.num().unwrap_or(or);
        let n = if n < 0.0 { n + length as f64 } else { n };
        n.clamp(0.0, length as f64)
    };
    let from = bound(key.field("start"), 0.0).floor() as usize;
    let to = bound(key.field("end"), length as f64).ceil() as usize;
    (from, to.max(from))
}

pub fn index(v: &J, key: &J) -> Result<J, Stop> {
    Ok(match (v, key) {
        (J::Null, J::Str(_) | J::Num(_) | J::Null | J::Obj(_)) => J::Null,
        (J::Obj(_), J::Str(k)) => v.field(k),
        (J::Arr(items), J::Num(n)) => {
            let at = place(items.len(), *n);
            at.and_then(|i| items.get(i).cloned()).unwrap_or_default()
        }
        (J::Arr(items), J::Obj(_)) => {
            let (from, to) = bounds(items.len(), key);
            arr(items.get(from..to).unwrap_or(&[]).to_vec())
        }
        (J::Str(s), J::Obj(_)) => {
            let chars: Vec<char> = s.chars().collect();
            let (from, to) = bounds(chars.len(), key);
            text(
                chars
                    .get(from..to)
                    .unwrap_or(&[])
                    .iter()
                    .collect::<String>(),
            )
        }
        (J::Arr(items), J::Arr(part)) => arr(occurrences(items, part)),
        (v, J::Str(k)) => {
            return error(format!("Cannot index {} with \"{k}\"", v.kind()));
        }
        (v, key) => {
            return error(format!(
                "Cannot index {} with {}",
                v.kind(),
                match key {
                    J::Num(_) => "number".to_string(),
                    key => key.kind().to_string(),
                }
            ));
        }
    })
}

pub fn occurrences(items: &[J], part: &[J]) -> Vec<J> {
    if part.is_empty() {
        return Vec::new();
    }
    let windows = items.windows(part.len()).enumerate();
    let found = windows.filter(|(_, w)| *w == part);
    found.map(|(i, _)| J::Num(i as f64)).collect()
}

pub fn get_path(v: &J, path: &[J]) -> Result<J, Stop> {
    path.iter().try_fold(v.clone(), |v, key| index(&v, key))
}

pub fn set_path(v: &J, path: &[J], new: J) -> Result<J, Stop> {
    let Some((key, rest)) = path.split_first() else {
        return Ok(new);
    };
    let inner = set_path(&index(v, key)?, rest, new)?;
    let mut out = v.clone();
    match (&mut out, key) {
        (J::Null | J::Obj(_), J::Str(k)) => out.set(k, inner),
        (J::Null, J::Num(_)) => {
            return set_path(&arr(Vec::new()), std::slice::from_ref(key), inner);
        }
        (J::Arr(items), J::Num(n)) => {
            let Some(at) = place(items.len(), *n) else {
                return error("Out of bounds negative array index");
            };
            if at > 1_000_000 {
                return error("Array index too large");
            }
            let items = Rc::make_mut(items);
            while items.len() <= at {
                items.push(J::Null);
            }
            if let Some(place) = items.get_mut(at) {
                *place = inner;
            }
        }
        (J::Arr(items), J::Obj(_)) => {
            let (from, to) = bounds(items.len(), key);
            let J::Arr(new) = inner else {
                return error("A slice of an array can only be assigned another array");
            };
            Rc::make_mut(items).splice(from..to, new.iter().cloned());
        }
        (v, key) => {
            return error(format!(
                "Cannot update field at {} index of {}",
                key.kind(),
                v.kind()
            ));
        }
    }
    Ok(out)
}

fn delete(v: &J, path: &[J]) -> Result<J, Stop> {
    let Some((key, rest)) = path.split_first() else {
        return Ok(J::Null);
    };
    if !rest.is_empty() {
        let inner = index(v, key)?;
        return match inner {
            J::Null => Ok(v.clone()),
            inner => set_path(v, std::slice::from_ref(key), delete(&inner, rest)?),
        };
    }
    let mut out = v.clone();
    match (&mut out, key) {
        (J::Obj(fields), J::Str(k)) => Rc::make_mut(fields).retain(|(name, _)| name != k),
        (J::Arr(items), J::Num(n)) => {
            if let Some(at) = place(items.len(), *n).filter(|at| *at < items.len()) {
                Rc::make_mut(items).remove(at);
            }
        }
        (J::Arr(items), J::Obj(_)) => {
            let (from, to) = bounds(items.len(), key);
            Rc::make_mut(items).drain(from..to);
        }
        (J::Null, _) => {}
        (v, key) => {
            return error(format!(
                "Cannot delete field at {} index of {}",
                key.kind(),
                v.kind()
            ));
        }
    }
    Ok(out)
}

pub fn delete_paths(v: J, paths: Vec<J>) -> Result<J, Stop> {
    // The last ones first, so that indexes stay right.
    let pairs = paths.into_iter().map(|p| (p, J::Null)).collect();
    let order = sorted(pairs);
    order
        .into_iter()
        .rev()
        .try_fold(v, |v, (path, _)| delete(&v, path.items()))
}
