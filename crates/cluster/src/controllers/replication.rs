//! ReplicationController: the ReplicaSet's ancestor, with a plain map as selector. Upstream runs the ReplicaSet controller
//! over converted objects (`kubernetes:pkg/controller/replication`), and so does this.

use super::replicaset::{Flavor, reconcile_as};
use super::{Controller, woken_by_itself, woken_by_owned};
use kinds::replicationcontroller::KIND;
use machinery::labels;

pub const CONTROLLER: Controller = Controller {
    name: "replication-controller",
    triggers: |cluster, change, keys| {
        woken_by_itself(change, FLAVOR.resource, keys);
        woken_by_owned(change, "pods", "ReplicationController", keys);
        if change.resource == "pods" && change.new.controller().is_null() {
            let labels = change.new.at("metadata.labels");
            let all = cluster.store.list(FLAVOR.resource, Some(&change.key.0));
            let fits = all.filter(|rc| labels::matches_map(rc.at("spec.selector"), labels));
            keys.extend(fits.map(super::key_of));
        }
    },
    reconcile: |cx, key| reconcile_as(cx, key, &FLAVOR),
};

static FLAVOR: Flavor = Flavor {
    kind: &KIND,
    resource: "replicationcontrollers",
    selects: labels::matches_map,
};
