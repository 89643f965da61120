//! NetworkPolicies: who may speak to whom. A pod that a policy selects is closed in that direction but for what some
//! policy allows. Upstream: the documentation of `networking.k8s.io/v1 NetworkPolicy`; each network plugin has its own code.

use super::route::Client;
use crate::Cluster;
use crate::ip;
use machinery::{Object, Value, labels};

/// Whether the client may reach a port of a pod; the error is the name of a policy that closes it.
pub(super) fn allows(
    cluster: &Cluster,
    client: &Client,
    to: &Object,
    port: u16,
) -> Result<(), String> {
    let from = cluster.store.by_uid(&client.uid);
    let ends = Ends { cluster, port, to };
    ends.direction("Ingress", to, from, &client.ip)?;
    if let Some(from) = from {
        let ip = cluster
            .kubelets
            .pod(to.uid())
            .map_or_else(String::new, |r| ip::text(r.ip));
        ends.direction("Egress", from, Some(to), &ip)?;
    }
    Ok(())
}

struct Ends<'a> {
    cluster: &'a Cluster,
    port: u16,
    to: &'a Object,
}

impl Ends<'_> {
    /// Policies of `own` in one direction, against the other end.
    fn direction(
        &self,
        kind: &str,
        own: &Object,
        other: Option<&Object>,
        other_ip: &str,
    ) -> Result<(), String> {
        let (rules, peers) = if kind == "Ingress" {
            ("ingress", "from")
        } else {
            ("egress", "to")
        };
        let mut closed = None;
        for p in self
            .cluster
            .store
            .list("networkpolicies.networking.k8s.io", Some(own.namespace()))
        {
            let spec = p.spec();
            let types = spec.get("policyTypes").items();
            let applies = types.iter().any(|t| t.as_str() == Some(kind))
                || types.is_empty() && (kind == "Ingress" || spec.has("egress"));
            if !applies || !labels::matches(spec.get("podSelector"), own.at("metadata.labels")) {
                continue;
            }
            if spec.get(rules).items().iter().any(|r| {
                self.port_fits(r) && self.peer_fits(r.get(peers), p.namespace(), other, other_ip)
            }) {
                return Ok(());
            }
            closed = Some(p.name().to_string());
        }
        closed.map_or(Ok(()), Err)
    }

    fn port_fits(&self, rule: &Value) -> bool {
        let ports = rule.get("ports").items();
        let named = |name: &str| {
            let all = self
                .to
                .spec()
                .get("containers")
                .items()
                .iter()
                .flat_map(|c| c.get("ports").items());
            all.clone()
                .find(|p| p.text("name") == name)
                .map(|p| p.int("containerPort"))
        };
        ports.is_empty()
            || ports.iter().any(|p| {
                let tcp = matches!(p.text("protocol"), "" | "TCP");
                let wanted = i64::from(self.port);
                tcp && match (p.get("port"), p.get("endPort").as_i64()) {
                    (Value::Null, _) => true,
                    (first, Some(last)) => (first.as_i64().unwrap_or(0)..=last).contains(&wanted),
                    (one, None) => one.as_i64().or_else(|| named(one.as_str()?)) == Some(wanted),
                }
            })
    }

    fn peer_fits(
        &self,
        peers: &Value,
        namespace: &str,
        other: Option<&Object>,
        other_ip: &str,
    ) -> bool {
        let peers = peers.items();
        peers.is_empty()
            || peers.iter().any(|peer| {
                let block = peer.get("ipBlock");
                if !block.is_null() {
                    let except = block
                        .get("except")
                        .items()
                        .iter()
                        .any(|e| in_cidr(e.as_str().unwrap_or(""), other_ip));
                    return in_cidr(block.text("cidr"), other_ip) && !except;
                }
                let Some(other) = other else { return false };
                let place = peer.get("namespaceSelector");
                let there = if place.is_null() {
                    other.namespace() == namespace
                } else {
                    self.cluster
                        .store
                        .get("namespaces", "", other.namespace())
                        .is_some_and(|n| labels::matches(place, n.at("metadata.labels")))
                };
                let pods = peer.get("podSelector");
                there && (pods.is_null() || labels::matches(pods, other.at("metadata.labels")))
            })
    }
}

fn in_cidr(cidr: &str, ip: &str) -> bool {
    let (Some((net, bits)), Some(ip)) = (cidr.split_once('/'), ip::parse(ip)) else {
        return false;
    };
    let (Some(net), Ok(bits)) = (ip::parse(net), bits.parse::<u32>()) else {
        return false;
    };
    let mask = if bits == 0 {
        0
    } else {
        u32::MAX << (32 - bits.min(32))
    };
    net & mask == ip & mask
}
