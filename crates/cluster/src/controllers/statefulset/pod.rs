//! A StatefulSet's pod: its name, its claims, its place in the order. Upstream: `stateful_set_utils.go`,
//! `stateful_pod_control.go`.

use super::View;
use crate::controllers::{history, pods};
use crate::cx::Cx;
use kinds::persistentvolumeclaim::KIND as CLAIM;
use kinds::pod::KIND as POD;
use machinery::{Object, Status, Value, value};

/// `3` of `web-3`.
pub fn ordinal(set: &Object, p: &Object) -> Option<i64> {
    let rest = p.name().strip_prefix(set.name())?.strip_prefix('-')?;
    rest.parse().ok().filter(|n| *n >= 0)
}

pub fn revision(p: &Object) -> &str {
    p.label(history::HASH_LABEL).unwrap_or("")
}

pub fn claim_name(template: &Value, set: &Object, n: i64) -> String {
    format!("{}-{}-{n}", template.text("metadata.name"), set.name())
}

/// Claims of this number that do not exist.
pub fn missing_claims(cx: &Cx, view: &View, n: i64) -> Vec<Value> {
    let set = &view.set;
    let resource = "persistentvolumeclaims";
    let missing = |t: &&Value| {
        cx.store()
            .get(resource, set.namespace(), &claim_name(t, set, n))
            .is_none()
    };
    let templates = set.at("spec.volumeClaimTemplates").items();
    templates.iter().filter(missing).cloned().collect()
}

pub fn create_claims(cx: &mut Cx, view: &View, n: i64) -> Result<(), Status> {
    let set = &view.set;
    for t in missing_claims(cx, view, n) {
        let mut claim = t.clone();
        claim.set("apiVersion", "v1");
        claim.set("kind", "PersistentVolumeClaim");
        claim.remove("status");
        let name = claim_name(&t, set, n);
        claim.set("metadata.name", name.clone());
        claim.set("metadata.namespace", Value::str(set.namespace()));
        let labels = claim.place("metadata.labels").map_mut();
        for (k, v) in set.at("spec.selector.matchLabels").entries() {
            labels.insert(k.clone(), v.clone());
        }
        let pod = format!("{}-{n}", set.name());
        let what = format!("Claim {name} Pod {pod} in StatefulSet {}", set.name());
        let reason = format!("{pod} needs it");
        match cx.create(&CLAIM, &Object(claim), &reason) {
            Ok(_) => {
                let text = format!("Create {what} success");
                cx.event(set, "Normal", "SuccessfulCreate", &text);
            }
            Err(e) => {
                let text = format!("Create {what} failed error: {e}");
                cx.event(set, "Warning", "FailedCreate", &text);
                return Err(e);
            }
        }
    }
    Ok(())
}

pub fn create(cx: &mut Cx, view: &View, n: i64) -> Result<(), Status> {
    create_claims(cx, view, n)?;
    let set = &view.set;
    let pod = fresh(view, n);
    let what = format!("Pod {} in StatefulSet {}", pod.name(), set.name());
    let reason = format!("wanted {} replicas, number {n} is missing", view.replicas());
    match cx.create(&POD, &pod, &reason) {
        Ok(_) => {
            let text = format!("Create {what} successful");
            cx.event(set, "Normal", "SuccessfulCreate", &text);
            Ok(())
        }
        Err(e) if crate::controllers::replicaset::namespace_is_going(cx, set, &e) => Ok(()),
        Err(e) if e.is_already_exists() => Err(e),
        Err(e) => {
            let text = format!("Create {what} failed error: {e}");
            cx.event(set, "Warning", "FailedCreate", &text);
            Err(e)
        }
    }
}

/// During a rollout a pod below the partition (or not reached yet) is made from the old template.
fn fresh(view: &View, n: i64) -> Object {
    let set = &view.set;
    let rolling = set.text("spec.updateStrategy.type") != "OnDelete";
    let below = match view.partition() {
        0 => view.start() + set.int("status.currentReplicas"),
        p => view.start() + p,
    };
    let outdated = view.current.uid() != view.update.uid();
    let of = if rolling && outdated && n < below {
        &view.current
    } else {
        &view.update
    };
    let template = of.at("data.spec.template");
    let mut pod = pods::from_template(set, set.name(), template).0;
    let name = format!("{}-{n}", set.name());
    pod.remove("metadata.generateName");
    pod.set("metadata.name", name.clone());
    let labels = pod.place("metadata.labels").map_mut();
    labels.insert("statefulset.kubernetes.io/pod-name", name.clone());
    labels.insert("apps.kubernetes.io/pod-index", n.to_string());
    labels.insert(history::HASH_LABEL, Value::str(of.name()));
    pod.set("spec.hostname", name);
    if !set.text("spec.serviceName").is_empty() {
        pod.set("spec.subdomain", set.at("spec.serviceName").clone());
    }
    let claims = set.at("spec.volumeClaimTemplates").items();
    if !claims.is_empty() {
        let volumes = pod.place("spec.volumes").list_mut();
        let of_template = |v: &Value| {
            claims
                .iter()
                .any(|t| t.text("metadata.name") == v.text("name"))
        };
        volumes.retain(|v| !of_template(v));
        let mine = claims.iter().map(|t| {
            value!({
                "name": t.at("metadata.name").clone(),
                "persistentVolumeClaim": { "claimName": claim_name(t, set, n) },
            })
        });
        let mut all: Vec<Value> = mine.collect();
        all.append(volumes);
        *volumes = all;
    }
    Object(pod)
}
