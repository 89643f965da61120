//! The plugins, in upstream's order: the order decides which refusal of a node is told.
//! Upstream: `kubernetes:pkg/scheduler/framework/plugins/registry.go`, `pkg/scheduler/apis/config/v1/default_plugins.go`.

pub mod affinity;
pub mod basic;
pub mod node_affinity;
pub mod resources;
pub mod spread;
pub mod taints;
pub mod volume;

use super::framework::{Plugin, Refusal};
use machinery::Str;

/// Every plugin but `NodeVolumeLimits` (no CSI driver here has limits) and `DynamicResources` (no claims for devices).
/// `SchedulingGates` is held by the queue (a gated pod is not in it), `PrioritySort` is the queue's order,
/// `DefaultPreemption` is [`super::preemption`], `DefaultBinder` the binding itself.
pub static PLUGINS: &[&Plugin] = &[
    &basic::NODE_UNSCHEDULABLE,
    &basic::NODE_NAME,
    &taints::TAINT_TOLERATION,
    &node_affinity::NODE_AFFINITY,
    &basic::NODE_PORTS,
    &resources::NODE_RESOURCES_FIT,
    &volume::VOLUME_RESTRICTIONS,
    &volume::VOLUME_BINDING,
    &volume::VOLUME_ZONE,
    &spread::POD_TOPOLOGY_SPREAD,
    &affinity::INTER_POD_AFFINITY,
    &resources::NODE_RESOURCES_BALANCED,
    &basic::IMAGE_LOCALITY,
];

/// Refused, and no eviction would change that.
fn hopeless(reason: &'static str) -> Result<(), Refusal> {
    Err(Refusal {
        reasons: vec![Str::lit(reason)],
        hopeless: true,
    })
}

/// Refused because of other pods on the node (or elsewhere).
fn refused(reason: &'static str) -> Result<(), Refusal> {
    Err(Refusal {
        reasons: vec![Str::lit(reason)],
        hopeless: false,
    })
}

/// Raw numbers to 0..100 of the largest; `reverse` for numbers of which less is better.
fn normalize(mut raw: Vec<i64>, reverse: bool) -> Vec<i64> {
    let max = raw.iter().copied().max().unwrap_or(0);
    for s in &mut raw {
        *s = if max == 0 { 0 } else { *s * 100 / max };
        if reverse {
            *s = 100 - *s;
        }
    }
    raw
}
