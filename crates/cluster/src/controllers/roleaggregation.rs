//! ClusterRole aggregation: a role with an `aggregationRule` holds the rules of all roles that its selectors pick.
//! Upstream: `kubernetes:pkg/controller/clusterroleaggregation`.

use super::{Controller, Requeue};
use crate::cx::Cx;
use crate::store::Key;
use kinds::clusterrole::KIND;
use machinery::selector::Selector;
use machinery::{Object, Status, Value};

pub const CONTROLLER: Controller = Controller {
    name: "clusterrole-aggregation-controller",
    // Any role may be part of any that aggregates: look at all of those.
    triggers: |cluster, change, keys| {
        if change.resource == RESOURCE {
            let all = cluster
                .store
                .list(RESOURCE, None)
                .filter(|r| !selectors(r).is_empty());
            keys.extend(all.map(|r| (machinery::Str::lit(""), machinery::Str::from(r.name()))));
        }
    },
    reconcile,
};

const RESOURCE: &str = "clusterroles.rbac.authorization.k8s.io";

fn selectors(role: &Object) -> &[Value] {
    role.at("aggregationRule.clusterRoleSelectors").items()
}

fn reconcile(cx: &mut Cx, (_, name): &Key) -> Result<Requeue, Status> {
    let Some(role) = cx.store().get(RESOURCE, "", name).cloned() else {
        return Ok(Requeue::Never);
    };
    if selectors(&role).is_empty() {
        return Ok(Requeue::Never);
    }
    let mut rules: Vec<Value> = Vec::new();
    for s in selectors(&role) {
        let selector = Selector::of_object_lossy(s);
        for part in cx.store().list(RESOURCE, None) {
            if part.name() == role.name() || !selector.matches(part.labels()) {
                continue;
            }
            for rule in part.get("rules").items() {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    let rules = Value::from(rules);
    if &rules != role.get("rules") && !(rules.is_empty() && role.get("rules").is_empty()) {
        let new = role.edit(|v| v.set("rules", rules));
        cx.update(&KIND, &new, "the rules of its parts changed")?;
    }
    Ok(Requeue::Never)
}
