//! Field management: which manager owns which fields, server-side apply, and `metadata.managedFields`
//! (`sigs.k8s.io/structured-merge-diff`, `apimachinery:pkg/util/managedfields`).
//!
//! [`apply`] merges a manifest into the live object: fields that others own and that would change are conflicts,
//! fields that the manager applied before and applies no more go away. [`track`] keeps the book for all other writes.
//!
//! Left out: managers in other API versions than the object's (no conversion), and the sub-resource rules of
//! upstream's `ResetFields`.

mod compare;
mod merge;
mod set;

use crate::arrange::Arrange;
pub use set::Set;

use crate::schema::{Type, TypeRef};
use crate::time::{Millis, rfc3339};
use crate::{Map, Status, Value, json, value};

/// Who writes, and how.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// `kubectl`, `kubectl-client-side-apply`, ...
    pub manager: &'a str,
    /// "" or `status`, `scale`.
    pub subresource: &'a str,
    pub now: Millis,
}

/// One entry of the book.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    manager: String,
    applies: bool,
    api_version: String,
    subresource: String,
    time: String,
    fields: Set,
}

/// The fields of objects that nobody owns.
const STRIPPED: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Applies `config` to `live` (null or `{}` if there is no such object yet) as `writer`. The result carries the new
/// `managedFields`; it is not defaulted. The error is the conflict as the API server answers it.
pub fn apply(
    live: &Value,
    config: &Value,
    ty: &TypeRef,
    writer: Writer,
    force: bool,
) -> Result<Value, Status> {
    let root = Type::Object(ty.clone());
    let mut config = config.clone();
    config.remove("metadata.managedFields");
    let fields = owned(Set::of_value(&config, &root)?);
    // An empty map is owned, but nothing to write.
    for key in ["metadata.annotations", "metadata.labels"] {
        if config.at(key).is_empty() {
            config.remove(key);
        }
    }
    let mut entries = read(live);
    if entries.is_empty() && !live.is_empty() {
        // Somebody wrote before anyone kept the book.
        entries.push(Entry {
            manager: "before-first-apply".into(),
            applies: false,
            api_version: live.text("apiVersion").into(),
            subresource: String::new(),
            time: rfc3339(writer.now),
            fields: owned(compare::compare(&Value::Null, live, &root).changed()),
        });
    }
    let own =
        |e: &Entry| e.applies && e.manager == writer.manager && e.subresource == writer.subresource;
    let last = entries
        .iter()
        .find(|e| own(e))
        .map(|e| e.fields.clone())
        .unwrap_or_default();
    let mut others = Set::default();
    for e in entries.iter().filter(|e| !own(e)) {
        others = others.union(&e.fields);
    }
    let merged = merge::merge(live, &config, &root);
    let new = merge::remove(&merged, &last, &fields.union(&others), &root);
    let difference = compare::compare(live, &new, &root);
    let changed = difference.changed();
    let mut conflicts: Vec<(String, String)> = Vec::new();
    for e in entries.iter_mut().filter(|e| !own(e)) {
        let lost = e.fields.intersection(&changed);
        conflicts.extend(lost.paths().into_iter().map(|p| (printed(e), p)));
        e.fields = e.fields.difference(&lost).difference(&difference.removed);
    }
    if !conflicts.is_empty() && !force {
        return Err(conflict(conflicts));
    }
    let same = last == fields;
    let time = match entries.iter().find(|e| own(e)) {
        Some(e) if same => e.time.clone(),
        _ => rfc3339(writer.now),
    };
    entries.retain(|e| !own(e));
    entries.push(Entry {
        manager: writer.manager.into(),
        applies: true,
        api_version: config.text("apiVersion").into(),
        subresource: writer.subresource.into(),
        time,
        fields,
    });
    Ok(write(new, entries))
}

/// Keeps the book for a create (`live` null), update or patch by other means than apply: what changed is the
/// writer's, and no longer anyone else's. A client that sends an empty `managedFields` list resets the book.
#[must_use]
pub fn track(live: &Value, new: &Value, ty: &TypeRef, writer: Writer) -> Value {
    let root = Type::Object(ty.clone());
    let mut entries = read(live);
    let empty = match live {
        // Compared with what Go's types hold when nothing is set, as upstream does.
        Value::Null => crate::strict::decode(&Value::map(), ty)
            .map(|d| d.value)
            .unwrap_or_default(),
        v => v.clone(),
    };
    let difference = compare::compare(&empty, new, &root);
    let (changed, removed) = (owned(difference.changed()), owned(difference.removed));
    if changed.is_empty() && removed.is_empty() {
        return write(new.clone(), entries);
    }
    let own = |e: &Entry| {
        !e.applies && e.manager == writer.manager && e.subresource == writer.subresource
    };
    let mut mine = Set::default();
    for e in &mut entries {
        if own(e) {
            mine = e.fields.difference(&removed);
        } else {
            e.fields = e.fields.difference(&changed).difference(&removed);
        }
    }
    entries.retain(|e| !own(e));
    entries.push(Entry {
        manager: writer.manager.into(),
        applies: false,
        api_version: new.text("apiVersion").into(),
        subresource: writer.subresource.into(),
        time: rfc3339(writer.now),
        fields: mine.union(&changed),
    });
    write(new.clone(), entries)
}

/// Without what nobody owns.
fn owned(mut set: Set) -> Set {
    for key in ["apiVersion", "kind"] {
        set.forget(&[key]);
    }
    for key in STRIPPED {
        set.forget(&["metadata", key]);
    }
    set
}

fn read(object: &Value) -> Vec<Entry> {
    let entry = |e: &Value| Entry {
        manager: e.text("manager").into(),
        applies: e.text("operation") == "Apply",
        api_version: e.text("apiVersion").into(),
        subresource: e.text("subresource").into(),
        time: e.text("time").into(),
        fields: Set::of_fields_v1(e.get("fieldsV1")),
    };
    object
        .at("metadata.managedFields")
        .items()
        .iter()
        .map(entry)
        .collect()
}

fn write(mut object: Value, mut entries: Vec<Entry>) -> Value {
    entries.retain(|e| !e.fields.is_empty());
    entries.arrange_by(|a, b| {
        let key = |e: &Entry| {
            (
                !e.applies,
                e.time.clone(),
                e.manager.clone(),
                e.api_version.clone(),
                e.subresource.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    let list: Vec<Value> = entries
        .iter()
        .map(|e| {
            let mut v = value!({
                "manager": Value::str(&e.manager), "operation": if e.applies { "Apply" } else { "Update" }, "apiVersion": Value::str(&e.api_version),
                "time": Value::str(&e.time), "fieldsType": "FieldsV1", "fieldsV1": e.fields.to_fields_v1(),
            });
            if !e.subresource.is_empty() {
                v.set("subresource", Value::str(&e.subresource));
            }
            v
        })
        .collect();
    if list.is_empty() {
        object.remove("metadata.managedFields");
    } else {
        object.set("metadata.managedFields", list);
    }
    object
}

/// A manager as conflict messages name it.
fn printed(e: &Entry) -> String {
    let mut out = json::quote(&e.manager);
    if !e.subresource.is_empty() {
        out.push_str(&format!(
            " with subresource {}",
            json::quote(&e.subresource)
        ));
    }
    if !e.applies {
        out.push_str(&format!(" using {}", e.api_version));
        if !e.time.is_empty() {
            out.push_str(&format!(" at {}", e.time));
        }
    }
    out
}

/// (manager, path) pairs as one answer.
fn conflict(mut conflicts: Vec<(String, String)>) -> Status {
    // Upstream sorts by manager; paths keep their order.
    conflicts.arrange_by(|a, b| a.0.cmp(&b.0));
    let message = match &conflicts[..] {
        [(manager, path)] => {
            format!("Apply failed with 1 conflict: conflict with {manager}: {path}")
        }
        many => {
            let mut lines: Vec<String> = Vec::new();
            let mut last = "";
            for (manager, path) in many {
                if manager != last {
                    lines.push(format!("conflicts with {manager}:"));
                    last = manager;
                }
                lines.push(format!("- {path}"));
            }
            format!(
                "Apply failed with {} conflicts: {}",
                many.len(),
                lines.join("\n")
            )
        }
    };
    let cause = |(manager, path): &(String, String)| value!({ "reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": Value::str(path) });
    let mut status = Status::new(409, "Conflict", message);
    let mut details = Map::default();
    details.insert("causes", conflicts.iter().map(cause).collect::<Vec<_>>());
    status.details = Value::from(details);
    status
}

#[cfg(test)]
mod tests;
