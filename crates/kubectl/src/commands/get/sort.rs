//! `--sort-by`: upstream sorts the rows of a table, or the objects of a list (`kubectl:pkg/cmd/get/sorter.go`).

use crate::fail::{Fail, text};
use crate::print::Path;
use machinery::{Arrange, Value};

pub fn unsorted(by: &str) -> Fail {
    let path = Path::spelled(by).unwrap_or_else(|_| by.to_string());
    text(format!(
        "couldn't find any field with path \"{path}\" in the list of objects"
    ))
}

/// Whether one of the objects has the field.
pub fn sortable(by: &str, rows: &[Value]) -> bool {
    let has = |p: Path| rows.iter().any(|r| !p.values(r.get("object")).is_empty());
    Path::relaxed(by).is_ok_and(has)
}

/// Sorts by a JSONPath; what has no such field comes first.
pub fn sort<T>(by: &str, items: &mut [T], value: impl Fn(&T) -> &Value) -> Result<(), Fail> {
    let path = Path::relaxed(by)?;
    let key = |item: &T| {
        path.values(value(item))
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    let mut keyed: Vec<Value> = items.iter().map(key).collect();
    if !items.is_empty() && keyed.iter().all(Value::is_null) {
        return Err(unsorted(by));
    }
    if let Some(v) = keyed
        .iter()
        .find(|v| matches!(v, Value::List(_) | Value::Map(_)))
        && items.len() > 1
    {
        // Upstream ends here with a line of its log.
        return Err(Fail::Plain(format!(
            "Field {} in [][][]reflect.Value is an unsortable type: interface, err: unsortable type: {}",
            Path::spelled(by)?,
            machinery::gotemplate::go_type(v)
        )));
    }
    // An insertion sort keeps equal items in their order and moves keys along with them.
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.arrange_by(|&a, &b| compare(&keyed[a], &keyed[b]));
    let mut place = vec![0; order.len()];
    for (to, &from) in order.iter().enumerate() {
        place[from] = to;
    }
    for i in 0..place.len() {
        while place[i] != i {
            let j = place[i];
            items.swap(i, j);
            keyed.swap(i, j);
            place.swap(i, j);
        }
    }
    Ok(())
}

fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(x), Some(y)) => x.partial_cmp(&y).unwrap_or(Ordering::Equal),
            _ => {
                let (x, y) = (crate::forms::go(a), crate::forms::go(b));
                let quantity = |s: &str| machinery::quantity::Quantity::parse(s).ok();
                match (quantity(&x), quantity(&y)) {
                    (Some(p), Some(q)) => p.cmp(&q),
                    _ => x.cmp(&y),
                }
            }
        },
    }
}
