//! ControllerRevisions: the remembered templates of DaemonSets and StatefulSets, what `rollout history` lists and `undo`
//! goes back to. Upstream: `kubernetes:pkg/controller/history`.

use super::deployment::safe_encode;
use super::{kind_of, pods};
use crate::cx::Cx;
use kinds::Kind;
use machinery::Arrange;
use machinery::{Object, Status, Str, Value, json, value};

pub const HASH_LABEL: &str = "controller-revision-hash";

fn kind() -> Result<&'static Kind, Status> {
    kind_of("apps/v1", "ControllerRevision")
}

/// The revisions of an owner (adopting orphans), oldest first.
pub fn list(cx: &mut Cx, owner: &Object) -> Result<Vec<Object>, Status> {
    let selector = owner.at("spec.selector").clone();
    let mut all = pods::claim(cx, kind()?, owner, &|o| {
        machinery::labels::matches(&selector, o.at("metadata.labels"))
    })?;
    all.arrange_by(|a, b| {
        let by_number = a.int("revision").cmp(&b.int("revision"));
        by_number
            .then(a.created().cmp(&b.created()))
            .then(a.name().cmp(b.name()))
    });
    Ok(all)
}

/// The patch that would bring the owner's template back: what a revision stores.
fn data(owner: &Object) -> Value {
    let mut template = owner.at("spec.template").clone();
    template.map_mut().insert("$patch", "replace");
    value!({ "spec": { "template": template } })
}

/// The revision of the owner's current template: an old one that is the same gets the highest number again, else a new
/// one is made. `revisions` is kept up to date.
pub fn current(
    cx: &mut Cx,
    owner: &Object,
    revisions: &mut Vec<Object>,
    collisions: i64,
) -> Result<Object, Status> {
    let data = data(owner);
    let next = revisions
        .iter()
        .map(|r| r.int("revision"))
        .max()
        .unwrap_or(0)
        + 1;
    if let Some(i) = revisions.iter().rposition(|r| *r.get("data") == data) {
        let found = revisions.remove(i);
        let renumbered = match found.int("revision") == next - 1 {
            true => found,
            false => {
                let higher = found.edit(|v| v.set("revision", next));
                cx.update(kind()?, &higher, "its template is wanted again")?
            }
        };
        revisions.push(renumbered.clone());
        return Ok(renumbered);
    }
    let fresh = fresh(owner, data, next, collisions);
    let made = match cx.create(kind()?, &fresh, "a template never seen before") {
        Err(e) if e.is_already_exists() => {
            let resource = "controllerrevisions.apps";
            let there = cx
                .store()
                .get(resource, fresh.namespace(), fresh.name())
                .cloned();
            there.filter(|r| r.is_controlled_by(owner)).ok_or(e)?
        }
        other => other?,
    };
    revisions.push(made.clone());
    Ok(made)
}

fn fresh(owner: &Object, data: Value, number: i64, collisions: i64) -> Object {
    let mut h: u32 = 0x811c_9dc5;
    let text = json::print(&data);
    let salt = if collisions > 0 {
        collisions.to_string()
    } else {
        String::new()
    };
    for b in text.bytes().chain(salt.bytes()) {
        h = (h ^ u32::from(b)).wrapping_mul(0x0100_0193);
    }
    let hash = safe_encode(&h.to_string());
    let mut labels = owner.at("spec.template.metadata.labels").clone();
    labels.map_mut().insert(HASH_LABEL, Value::str(&hash));
    let mut meta = value!({
        "name": format!("{}-{hash}", owner.name()), "namespace": Value::str(owner.namespace()),
        "labels": labels, "ownerReferences": [owner.owner_reference()],
    });
    let notes = owner.at("metadata.annotations");
    if !notes.is_empty() {
        meta.set("annotations", notes.clone());
    }
    Object(value!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta, "data": data, "revision": number,
    }))
}

pub fn hash(revision: &Object) -> Str {
    Str::from(revision.label(HASH_LABEL).unwrap_or(""))
}

/// Deletes the oldest revisions that nobody uses, beyond `revisionHistoryLimit`.
pub fn clean_up(
    cx: &mut Cx,
    owner: &Object,
    revisions: &[Object],
    in_use: &dyn Fn(&Object) -> bool,
) -> Result<(), Status> {
    let limit = owner
        .at("spec.revisionHistoryLimit")
        .as_i64()
        .unwrap_or(10)
        .max(0) as usize;
    let unused: Vec<&Object> = revisions.iter().filter(|r| !in_use(r)).collect();
    for r in unused.iter().take(unused.len().saturating_sub(limit)) {
        match cx.delete(
            kind()?,
            r,
            None,
            &format!("more than {limit} old revisions"),
        ) {
            Err(e) if !e.is_not_found() => return Err(e),
            _ => {}
        }
    }
    Ok(())
}
