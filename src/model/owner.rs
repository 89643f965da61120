//! What owns pods: Deployments and their ReplicaSets, and the others that hold a number of pods.

use machinery::Object;
use machinery::time::Millis;

#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    pub uid: String,
    /// `deployments.apps`
    pub resource: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// uid of its own controller, "" for none.
    pub owner: String,
    pub created: Millis,
    pub revision: i64,
    pub wanted: i64,
    pub have: i64,
    pub updated: i64,
    pub ready: i64,
    pub available: i64,
    /// Upper and lower bound while rolling: wanted + surge, wanted - unavailable.
    pub bounds: Option<(i64, i64)>,
    pub paused: bool,
    pub image: String,
    pub change_cause: String,
    /// Index into the palette, for ReplicaSets and what else makes pods.
    pub hue: u8,
}

impl Owner {
    pub fn read(resource: &str, o: &Object, hue: u8) -> Owner {
        let (spec, status) = (o.spec(), o.status());
        let (wanted, have, ready, updated) = match o.kind() {
            "DaemonSet" => (
                status.int("desiredNumberScheduled"),
                status.int("currentNumberScheduled"),
                status.int("numberReady"),
                status.int("updatedNumberScheduled"),
            ),
            _ => (
                spec.get("replicas").as_i64().unwrap_or(1),
                status.int("replicas"),
                status.int("readyReplicas"),
                status.int("updatedReplicas"),
            ),
        };
        let containers = spec.at("template.spec.containers").items();
        Owner {
            uid: o.uid().to_string(),
            resource: resource.to_string(),
            kind: o.kind().to_string(),
            namespace: o.namespace().to_string(),
            name: o.name().to_string(),
            owner: o.controller().text("uid").to_string(),
            created: o.created(),
            revision: o
                .annotation("deployment.kubernetes.io/revision")
                .and_then(|r| r.parse().ok())
                .unwrap_or(0),
            wanted,
            have,
            updated,
            ready,
            available: status.int("availableReplicas"),
            bounds: bounds(o, wanted),
            paused: spec.flag("paused"),
            image: containers
                .iter()
                .map(|c| c.text("image"))
                .collect::<Vec<_>>()
                .join(", "),
            change_cause: o
                .annotation("kubernetes.io/change-cause")
                .unwrap_or("")
                .to_string(),
            hue,
        }
    }
}

/// Percentages round up for the surge and down for what may be missing, as upstream's `ResolveFenceposts` does.
fn bounds(o: &Object, wanted: i64) -> Option<(i64, i64)> {
    let rolling = o.spec().at("strategy.rollingUpdate");
    if rolling.is_null() {
        return None;
    }
    let resolve = |key: &str, up: bool| -> i64 {
        let v = rolling.get(key);
        match v.as_str().and_then(|s| s.strip_suffix('%')) {
            Some(p) => {
                let parts = wanted.saturating_mul(p.parse().unwrap_or(0));
                (if up { parts.saturating_add(99) } else { parts }) / 100
            }
            None => v.as_i64().unwrap_or(0),
        }
    };
    let surge = resolve("maxSurge", true);
    let mut missing = resolve("maxUnavailable", false);
    if surge == 0 && missing == 0 {
        missing = 1;
    }
    Some((wanted + surge, (wanted - missing).max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use machinery::value;

    #[test]
    fn a_rollout_keeps_within_surge_and_unavailable() {
        for (replicas, surge, missing, expected) in [
            (4, "25%", "25%", (5, 3)),
            (3, "25%", "25%", (4, 3)),
            (3, "0%", "0%", (3, 2)),
            (10, "25%", "25%", (13, 8)),
        ] {
            let mut o = Object::new("apps/v1", "Deployment", "default", "web");
            o.0.set(
                "spec",
                value!({ "replicas": replicas, "strategy": { "rollingUpdate": { "maxSurge": surge, "maxUnavailable": missing } } }),
            );
            assert_eq!(
                Owner::read("deployments.apps", &o, 0).bounds,
                Some(expected)
            );
        }
    }
}
