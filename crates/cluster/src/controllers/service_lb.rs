//! Addresses for Services of type LoadBalancer. A real cluster asks its cloud for one; a cluster without a cloud leaves
//! them `<pending>` for ever, unless something like MetalLB or `minikube tunnel` hands them out. With
//! `World::load_balancer` this controller plays that part; its addresses are from 192.0.2.0/24, which is for examples.
//! Upstream: `cloud-provider:controllers/service`.

use super::{Controller, Requeue, woken_by_itself};
use crate::cx::Cx;
use crate::store::Key;
use kinds::service::KIND;
use machinery::{Object, Status, value};
use std::collections::BTreeSet;

pub const CONTROLLER: Controller = Controller {
    name: "service-controller",
    triggers: |cluster, change, keys| {
        if cluster.world.load_balancer {
            woken_by_itself(change, "services", keys);
        }
    },
    reconcile,
};

fn reconcile(cx: &mut Cx, key: &Key) -> Result<Requeue, Status> {
    let Some(service) = cx.store().get("services", &key.0, &key.1).cloned() else {
        return Ok(Requeue::Never);
    };
    let address = service.at("status.loadBalancer.ingress");
    if service.text("spec.type") != "LoadBalancer" {
        if address.is_null() {
            return Ok(Requeue::Never);
        }
        let new = service.edit(|v| v.set("status.loadBalancer", machinery::Value::map()));
        cx.update_status(&KIND, &new, "it is no LoadBalancer any more")?;
        return Ok(Requeue::Never);
    }
    if !address.is_empty() {
        return Ok(Requeue::Never);
    }
    let ip_of = |s: &Object| {
        let first = s.at("status.loadBalancer.ingress").items().first();
        first.map(|i| i.text("ip").to_string())
    };
    let taken: BTreeSet<String> =
        machinery::arrange::gather(cx.store().list("services", None).filter_map(ip_of));
    let free = (10..250)
        .map(|n| format!("192.0.2.{n}"))
        .find(|a| !taken.contains(a));
    let Some(ip) = free else {
        let text =
            "Error syncing load balancer: failed to ensure load balancer: no address is left";
        cx.event(&service, "Warning", "SyncLoadBalancerFailed", text);
        return Ok(Requeue::Never);
    };
    let name = "EnsuringLoadBalancer";
    cx.event(&service, "Normal", name, "Ensuring load balancer");
    let new = service.edit(|v| {
        v.set(
            "status.loadBalancer.ingress",
            value!([{ "ip": ip, "ipMode": "VIP" }]),
        );
    });
    cx.update_status(&KIND, &new, "a LoadBalancer needs an address")?;
    cx.event(
        &service,
        "Normal",
        "EnsuredLoadBalancer",
        "Ensured load balancer",
    );
    Ok(Requeue::Never)
}
