//! Deleting: grace periods, finalizers, what happens to dependents. Upstream: `apiserver:pkg/registry/rest/delete.go`
//! (BeforeDelete), `pkg/registry/generic/registry/store.go` (Delete), `kubernetes:pkg/registry/core/pod/strategy.go`.

use super::read::{selected, selection};
use super::route::Target;
use super::{Call, Done, Verb, admission, commit};
use crate::Cluster;
use crate::store;
use kinds::Kind;
use machinery::{Object, Request, Status, Str, Value, time, value};

/// Resources whose dependents stay when nobody says otherwise (kept by upstream for old clients).
const ORPHANED_BY_DEFAULT: &[&str] = &["jobs", "replicationcontrollers"];
/// Resources that answer a deletion with the object, not with a Status.
const ANSWERED_WITH_OBJECT: &[&str] = &[
    "pods",
    "persistentvolumeclaims",
    "persistentvolumes",
    "podtemplates",
    "resourcequotas",
    "serviceaccounts",
    "services",
];

pub(crate) fn delete(cluster: &mut Cluster, call: Call) -> Result<Done, Status> {
    let old = call.stored(cluster)?;
    check_preconditions(&call, &old)?;
    let warnings = admission::delete(cluster, &call, &old)?;
    let told = |mut done: Done| {
        done.warnings.extend(warnings);
        Ok(done)
    };
    let grace = grace_of(&call, &old);
    let mut new = old.0.clone();
    add_propagation(&call, &mut new);
    let waits = grace > 0 || has_finalizers(call.kind, &new);
    let whole = ANSWERED_WITH_OBJECT.contains(&call.kind.plural);
    if !waits {
        let gone = if call.options.dry_run {
            old
        } else {
            remove(cluster, &call)
        };
        return told(Done::ok(if whole { gone } else { success(&call, &gone) }));
    }
    mark(cluster, &mut new, &old, grace);
    let new = Object(new);
    if new == old || call.options.dry_run {
        return told(Done::ok(new));
    }
    let object = commit(cluster, call.kind, call.key(), Some(new), call.cause);
    told(Done::ok(object))
}

fn remove(cluster: &mut Cluster, call: &Call) -> Object {
    commit(cluster, call.kind, call.key(), None, call.cause.clone())
}

/// Sets the time of deletion; a second deletion can only shorten it.
fn mark(cluster: &Cluster, new: &mut Value, old: &Object, grace: i64) {
    let had = old.at("metadata.deletionGracePeriodSeconds").as_i64();
    if old.is_deleting() && had.is_none_or(|h| h <= grace) {
        return;
    }
    let at = match had {
        // Counted from when the first deletion was asked for.
        Some(h) if old.is_deleting() => {
            let end =
                time::parse_rfc3339(old.text("metadata.deletionTimestamp")).unwrap_or(cluster.now);
            end - h * 1000 + grace * 1000
        }
        _ => cluster.now + grace.saturating_mul(1000),
    };
    new.set("metadata.deletionTimestamp", time::rfc3339(at));
    new.set("metadata.deletionGracePeriodSeconds", grace);
    if old.generation() > 0 {
        new.set("metadata.generation", old.generation() + 1);
    }
    if new.at("spec.finalizers").as_list().is_some()
        && new.has("status")
        && new.text("kind") == "Namespace"
    {
        new.set("status.phase", "Terminating");
    }
}

/// Only pods are deleted gracefully; one that no kubelet runs, or that has ended, goes at once.
fn grace_of(call: &Call, old: &Object) -> i64 {
    if call.kind.plural != "pods" || !call.kind.group.is_empty() {
        return 0;
    }
    let own = || {
        old.at("spec.terminationGracePeriodSeconds")
            .as_i64()
            .unwrap_or(30)
    };
    let ended = matches!(old.text("status.phase"), "Succeeded" | "Failed");
    if old.text("spec.nodeName").is_empty() || ended {
        return 0;
    }
    let wanted = call.options.grace_period_s.unwrap_or_else(own);
    // A negative period means at once, which upstream makes one second.
    if wanted < 0 {
        1
    } else {
        wanted.min(i64::from(u32::MAX))
    }
}

fn check_preconditions(call: &Call, old: &Object) -> Result<(), Status> {
    let kind = call.kind;
    let conflict = |why: String| Err(Status::conflict(kind.group, kind.plural, &call.name, &why));
    if let Some(uid) = &call.options.precondition_uid
        && uid != old.uid()
    {
        return conflict(format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            old.uid()
        ));
    }
    if let Some(v) = &call.options.precondition_version
        && v != old.text("metadata.resourceVersion")
    {
        return conflict(format!(
            "Precondition failed: ResourceVersion in precondition: {v}, ResourceVersion in object meta: {}",
            old.text("metadata.resourceVersion")
        ));
    }
    Ok(())
}

/// The finalizers by which the garbage collector is asked: wait for dependents, or let them be.
fn add_propagation(call: &Call, new: &mut Value) {
    let default = if ORPHANED_BY_DEFAULT.contains(&call.kind.plural) && !call.who.is_component() {
        "Orphan"
    } else {
        "Background"
    };
    let wanted = match call.options.propagation.as_str() {
        "" => {
            let asked = |f: &str| {
                new.at("metadata.finalizers")
                    .items()
                    .iter()
                    .any(|x| x.as_str() == Some(f))
            };
            if asked("orphan") || asked("foregroundDeletion") {
                return;
            }
            default
        }
        p => p,
    };
    let add = match wanted {
        "Foreground" => "foregroundDeletion",
        "Orphan" => "orphan",
        _ => "",
    };
    let mut list: Vec<Value> = new.at("metadata.finalizers").items().to_vec();
    list.retain(|f| !matches!(f.as_str(), Some("orphan" | "foregroundDeletion")));
    if !add.is_empty() {
        list.push(Value::from(add));
    }
    if list.is_empty() {
        new.remove("metadata.finalizers");
    } else {
        new.set("metadata.finalizers", list);
    }
}

/// A Namespace has a second list, in its spec.
fn has_finalizers(kind: &Kind, v: &Value) -> bool {
    let own = kind.plural == "namespaces" && !v.at("spec.finalizers").is_empty();
    own || !v.at("metadata.finalizers").is_empty()
}

/// Being deleted, its time run out, and nothing holds it: it goes with the write that made it so.
pub(crate) fn is_due(kind: &Kind, o: &Object) -> bool {
    o.is_deleting()
        && o.at("metadata.deletionGracePeriodSeconds")
            .as_i64()
            .unwrap_or(0)
            == 0
        && !has_finalizers(kind, o)
}

fn success(call: &Call, gone: &Object) -> Object {
    let kind = call.kind;
    let mut details =
        value!({ "name": call.name.clone(), "kind": kind.plural, "uid": Value::str(gone.uid()) });
    if !kind.group.is_empty() {
        details.set("group", kind.group);
    }
    Object(value!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    }))
}

/// Deletes all that the selectors name, and answers with the list of them.
pub(crate) fn collection(
    cluster: &mut Cluster,
    call: Call,
    route: &Target,
    request: &Request,
) -> Result<Done, Status> {
    let kind = call.kind;
    if !kind.verbs.contains(&"deletecollection") {
        return Err(Status::method_not_allowed(
            kind.group,
            kind.plural,
            "deletecollection",
        ));
    }
    let what = selection(route, request)?;
    let mut items = Vec::new();
    for o in selected(cluster, route, &what) {
        let mut one = call.clone();
        one.verb = Verb::Delete;
        one.namespace = Str::from(o.namespace());
        one.name = Str::from(o.name());
        one.options.precondition_uid = None;
        match delete(cluster, one) {
            Ok(_) => items.push(o.0),
            Err(s) if s.is_not_found() => {}
            Err(s) => return Err(s),
        }
    }
    let version = cluster.store.version().to_string();
    let _ = store::resource_of(kind);
    Ok(Done::ok(Object(value!({
        "kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(),
        "metadata": { "resourceVersion": version }, "items": Value::from(items),
    }))))
}
