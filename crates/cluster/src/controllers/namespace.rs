//! Namespace: a namespace that is being deleted is emptied, then its finalizer is taken off, and it is gone.
//! Upstream: `kubernetes:pkg/controller/namespace/deletion/namespaced_resources_deleter.go`.
//!
//! Pods go first, so that what they depend on (Secrets, policies) does not vanish under them. As long as something is
//! left the namespace stays `Terminating` and says in its conditions what holds it.

use super::{Controller, Requeue};
use crate::conditions;
use crate::cx::Cx;
use crate::store::Key;
use kinds::Kind;
use kinds::namespace::KIND;
use machinery::{Object, Status, Value, time, value};
use std::collections::BTreeMap;

pub const CONTROLLER: Controller = Controller {
    name: "namespace-controller",
    triggers: |_, change, keys| {
        if change.resource == "namespaces" && change.new.is_deleting() {
            keys.push(change.key.clone());
        }
    },
    reconcile,
};

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(ns) = cx.store().get("namespaces", "", &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    if !ns.is_deleting() || ns.at("spec.finalizers").is_empty() {
        return Ok(Requeue::Never);
    }
    let pods_wait = empty(cx, &ns, &["pods"])?;
    if pods_wait.is_none() {
        let all: Vec<&str> = Vec::new();
        empty(cx, &ns, &all)?;
    }
    let left = remaining(cx, &ns);
    let now = cx.now();
    let told = ns.edit(|v| tell(v, &left, now));
    let ns = if told == ns {
        ns
    } else {
        let n: usize = left.values().map(|l| l.count).sum();
        cx.update_status(&KIND, &told, &format!("{n} objects are left in it"))?
    };
    if !left.is_empty() {
        // As upstream: wait half of what the slowest pod may take to stop, and a second.
        let wait = pods_wait.map_or(0, |s| s / 2 + 1).max(1);
        return Ok(Requeue::After(wait * 1000));
    }
    let free = ns.edit(|v| {
        let list = v.place("spec.finalizers").list_mut();
        list.retain(|f| f.as_str() != Some("kubernetes"));
        if list.is_empty() {
            v.remove("spec.finalizers");
        }
    });
    match cx.update_sub(&KIND, "finalize", &free, "nothing is left in it") {
        Err(e) if !e.is_not_found() => Err(e),
        _ => Ok(Requeue::Never),
    }
}

/// Deletes all objects of these resources (of all, if none are named) in the namespace. Says how many seconds pods that
/// are left may still take.
fn empty(cx: &mut Cx, ns: &Object, only: &[&str]) -> Result<Option<i64>, Status> {
    for kind in namespaced() {
        let resource = kind.resource();
        if !only.is_empty() && !only.contains(&resource.as_str()) {
            continue;
        }
        let found: Vec<Object> = cx
            .store()
            .list(&resource, Some(ns.name()))
            .cloned()
            .collect();
        for o in found.iter().filter(|o| !o.is_deleting()) {
            match cx.delete(kind, o, None, "its namespace is being deleted") {
                Err(e) if !e.is_not_found() => return Err(e),
                _ => {}
            }
        }
    }
    let pods = cx.store().list("pods", Some(ns.name()));
    Ok(pods
        .map(|p| p.int("metadata.deletionGracePeriodSeconds"))
        .max())
}

/// The kinds that live in namespaces, each resource once.
fn namespaced() -> impl Iterator<Item = &'static Kind> {
    kinds::ALL.iter().copied().filter(|k| {
        k.namespaced
            && k.stored_as.is_none()
            && k.verbs.contains(&"delete")
            && k.verbs.contains(&"list")
    })
}

#[derive(Default)]
struct Left {
    count: usize,
    finalizers: BTreeMap<String, usize>,
}

/// What is left, by `pods.` or `deployments.apps`.
fn remaining(cx: &Cx, ns: &Object) -> BTreeMap<String, Left> {
    let mut out: BTreeMap<String, Left> = BTreeMap::new();
    for kind in namespaced() {
        for o in cx.store().list(&kind.resource(), Some(ns.name())) {
            let left = out
                .entry(format!("{}.{}", kind.plural, kind.group))
                .or_default();
            left.count += 1;
            for f in o.at("metadata.finalizers").items() {
                let f = f.as_str().unwrap_or("").to_string();
                *left.finalizers.entry(f).or_default() += 1;
            }
        }
    }
    out
}

fn tell(v: &mut Value, left: &BTreeMap<String, Left>, now: i64) {
    let mut finalizers: BTreeMap<&str, usize> = BTreeMap::new();
    for (f, n) in left.values().flat_map(|l| &l.finalizers) {
        *finalizers.entry(f).or_default() += n;
    }
    let resources: Vec<String> = left
        .iter()
        .map(|(r, l)| format!("{r} has {} resource instances", l.count))
        .collect();
    let held: Vec<String> = finalizers
        .iter()
        .map(|(f, n)| format!("{f} in {n} resource instances"))
        .collect();
    let content = match resources.is_empty() {
        true => (
            "False",
            "ContentRemoved",
            "All content successfully removed".to_string(),
        ),
        false => (
            "True",
            "SomeResourcesRemain",
            format!("Some resources are remaining: {}", resources.join(", ")),
        ),
    };
    let finals = match held.is_empty() {
        true => (
            "False",
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished".to_string(),
        ),
        false => (
            "True",
            "SomeFinalizersRemain",
            format!(
                "Some content in the namespace has finalizers remaining: {}",
                held.join(", ")
            ),
        ),
    };
    let plain = |reason, text: &str| ("False", reason, text.to_string());
    let all = [
        (
            "NamespaceDeletionDiscoveryFailure",
            plain(
                "ResourcesDiscovered",
                "All resources successfully discovered",
            ),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            plain(
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed",
            ),
        ),
        (
            "NamespaceDeletionContentFailure",
            plain(
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization",
            ),
        ),
        ("NamespaceContentRemaining", content),
        ("NamespaceFinalizersRemaining", finals),
    ];
    for (kind, (status, reason, text)) in all {
        set_condition(v, kind, status, reason, &text, now);
    }
}

fn set_condition(v: &mut Value, kind: &str, status: &str, reason: &str, text: &str, now: i64) {
    let fresh = value!({
        "type": Value::str(kind), "status": Value::str(status), "reason": Value::str(reason),
        "message": Value::str(text), "lastTransitionTime": time::rfc3339(now),
    });
    conditions::put(v.place("status.conditions").list_mut(), fresh);
}
