//! The scheduler: finds each pod a node. `schedule(pod, snapshot, plugins) -> Decision` is pure and keeps every verdict
//! and score. Upstream: `kubernetes:pkg/scheduler`.

use crate::Cluster;
use crate::store::Change;
use machinery::time::Millis;

/// What the scheduler thought of one pod: for events, for the inspector, for drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub at: Millis,
    pub namespace: String,
    pub pod: String,
    pub nodes: Vec<NodeVerdict>,
    /// The winner, None if unschedulable.
    pub chosen: Option<String>,
    /// The text of the FailedScheduling event, "" if chosen.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeVerdict {
    pub node: String,
    /// The plugin that refused and its reasons; None if feasible.
    pub refused: Option<(&'static str, Vec<String>)>,
    /// (plugin, weighted score), for feasible nodes.
    pub scores: Vec<(&'static str, i64)>,
    pub total: i64,
}

/// Queues and the nodes' rows.
#[derive(Clone, Default)]
pub struct State {}

pub(crate) fn on_change(_cluster: &mut Cluster, _change: &Change) {}

/// Takes the next pod of the queue.
pub(crate) fn run(_cluster: &mut Cluster) {}
