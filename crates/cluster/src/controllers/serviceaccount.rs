//! ServiceAccounts: every namespace has one called `default`; pods that name no other run as it.
//! Upstream: `kubernetes:pkg/controller/serviceaccount/serviceaccounts_controller.go`.

use super::{Controller, Requeue};
use crate::cx::Cx;
use crate::store::Key;
use kinds::serviceaccount::KIND;
use machinery::{Object, Status, Str, WatchType};

pub const CONTROLLER: Controller = Controller {
    name: "service-account-controller",
    triggers: |_, change, keys| {
        if change.resource == "namespaces" && change.kind == WatchType::Added {
            keys.push((Str::lit(""), change.key.1.clone()));
        }
        if change.resource == "serviceaccounts" && change.kind == WatchType::Deleted {
            keys.push((Str::lit(""), change.key.0.clone()));
        }
    },
    reconcile,
};

fn reconcile(cx: &mut Cx, (_, ns): &Key) -> Result<Requeue, Status> {
    let active = cx
        .store()
        .get("namespaces", "", ns)
        .is_some_and(|n| !n.is_deleting());
    if active && cx.store().get("serviceaccounts", ns, "default").is_none() {
        let account = Object::new("v1", "ServiceAccount", ns, "default");
        cx.create(&KIND, &account, "every namespace has a default account")?;
    }
    Ok(Requeue::Never)
}
