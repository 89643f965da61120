//! What an update of a pod may change.
//! Upstream: `ValidatePodUpdate` and what is beside it in `kubernetes:pkg/apis/core/validation/validation.go`.

use crate::meta::non_negative;
use machinery::{Errors, Object, Path, Value};

const CHANGEABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A pod stays as it is but for a few fields.
pub fn update(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec");
    for key in ["containers", "initContainers"] {
        if new.spec().get(key).items().len() != old.spec().get(key).items().len() {
            errors.forbidden(
                &path.child(key),
                "pod updates may not add or remove containers",
            );
            return;
        }
    }
    let (now, was) = (
        new.spec().get("activeDeadlineSeconds"),
        old.spec().get("activeDeadlineSeconds"),
    );
    match (now.as_i64(), was.as_i64()) {
        (Some(n), Some(w)) if n > w => {
            let why = "must be less than or equal to previous value";
            errors.invalid(&path.child("activeDeadlineSeconds"), n, why);
        }
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            errors.invalid(&path.child("activeDeadlineSeconds"), Value::Null, why);
        }
        (Some(n), None) => non_negative(n, &path.child("activeDeadlineSeconds"), errors),
        _ => {}
    }
    let kept = |t: &Value| {
        new.spec().get("tolerations").items().iter().any(|n| {
            let same = |key: &str| n.get(key) == t.get(key);
            same("key") && same("operator") && same("value") && same("effect")
        })
    };
    if !old.spec().get("tolerations").items().iter().all(kept) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        errors.forbidden(&path.child("tolerations"), why);
    }
    let gates = |o: &Object| o.spec().get("schedulingGates").clone();
    let had = gates(old);
    for (i, g) in gates(new).items().iter().enumerate() {
        let name = g.text("name");
        if !had.items().iter().any(|h| h.text("name") == name) {
            let why = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            let at = path.child("schedulingGates").index(i).child("name");
            errors.forbidden(&at, &why);
        }
    }
    if !had.is_empty() {
        narrowed(new.spec(), old.spec(), &path, errors);
    }
    if !errors.is_empty() {
        return;
    }
    let munged = with_old(new.spec(), old.spec());
    if munged != *old.spec() {
        let diff = crate::diff::unified(old.spec(), &munged);
        errors.forbidden(
            &path,
            &format!("pod updates may not change fields other than {CHANGEABLE}\n{diff}"),
        );
    }
}

/// Through `ephemeralcontainers` containers are only added.
pub fn update_ephemeral(new: &Object, old: &Object, errors: &mut Errors) {
    let path = Path::root("spec").child("ephemeralContainers");
    let list = |o: &Object| o.at("spec.ephemeralContainers").items().to_vec();
    let now = list(new);
    for c in list(old) {
        let name = c.text("name");
        match now.iter().find(|n| n.text("name") == name) {
            None => errors.forbidden(
                &path,
                &format!("existing ephemeral containers {name:?} may not be removed"),
            ),
            Some(n) if *n != c => {
                errors.forbidden(
                    &path,
                    &format!("existing ephemeral containers {name:?} may not be changed"),
                );
            }
            Some(_) => {}
        }
    }
}

/// Through `resize` amounts change, but not what they make of the pod.
pub fn update_resize(new: &Object, old: &Object, errors: &mut Errors) {
    let was = match old.text("status.qosClass") {
        "" => crate::pod::qos(old.spec()),
        class => class,
    };
    if crate::pod::qos(new.spec()) != was {
        let why = "Pod QOS Class may not change as a result of resizing";
        errors.invalid(&Path::root("spec"), Value::str(was), why);
    }
}

/// The new spec with the old values of what may change: whatever still differs may not.
fn with_old(new: &Value, old: &Value) -> Value {
    let mut spec = new.clone();
    for key in ["containers", "initContainers"] {
        for (i, c) in old.get(key).items().iter().enumerate() {
            if let Some(place) = spec.get(key).items().get(i).cloned()
                && place.get("image") != c.get("image")
            {
                let mut place = place;
                place.set("image", c.get("image").clone());
                if let Some(slot) = spec.field(key).list_mut().get_mut(i) {
                    *slot = place;
                }
            }
        }
    }
    let mut changeable = vec!["activeDeadlineSeconds", "tolerations", "schedulingGates"];
    if old.int("terminationGracePeriodSeconds") < 0 && new.int("terminationGracePeriodSeconds") == 1
    {
        changeable.push("terminationGracePeriodSeconds");
    }
    if !old.get("schedulingGates").is_empty() {
        // While a gate holds the pod back, the choice of nodes may narrow.
        changeable.push("nodeSelector");
        let was = old.at("affinity.nodeAffinity");
        match was.is_null() {
            true if spec.get("affinity").has("nodeAffinity") => {
                drop(spec.field("affinity").remove("nodeAffinity"));
                if spec.get("affinity").is_empty() && old.get("affinity").is_null() {
                    spec.remove("affinity");
                }
            }
            true => {}
            false => spec.set("affinity.nodeAffinity", was.clone()),
        }
    }
    for key in changeable {
        match old.get(key) {
            Value::Null => drop(spec.remove(key)),
            v => spec.set(key, v.clone()),
        }
    }
    spec
}

/// Nodes may be chosen more closely, not otherwise. Upstream: `validateNodeSelectorMutation`, `validateNodeAffinityMutation`.
fn narrowed(new: &Value, old: &Value, path: &Path, errors: &mut Errors) {
    let (now, was) = (new.get("nodeSelector"), old.get("nodeSelector"));
    if was.entries().iter().any(|(k, v)| now.get(k) != v) {
        let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.invalid(&path.child("nodeSelector"), now.clone(), why);
    }
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = |s: &Value| {
        let all = s.at("affinity.nodeAffinity").get(REQUIRED);
        all.get("nodeSelectorTerms").clone()
    };
    let (now, was) = (terms(new), terms(old));
    let at = path.child("affinity").child("nodeAffinity").child(REQUIRED);
    let at = at.child("nodeSelectorTerms");
    if was.is_empty() {
        return;
    }
    if now.items().len() != was.items().len() {
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        return errors.invalid(&at, now, why);
    }
    for (i, (n, w)) in now.items().iter().zip(was.items()).enumerate() {
        let only_more = ["matchExpressions", "matchFields"].iter().all(|k| {
            let (n, w) = (n.get(k).items(), w.get(k).items());
            n.get(..w.len()) == Some(w)
        });
        if !only_more || (w.is_empty() && !n.is_empty()) {
            let why = "only additions are allowed (no mutations or deletions)";
            errors.invalid(&at.index(i), n.clone(), why);
        }
    }
}
