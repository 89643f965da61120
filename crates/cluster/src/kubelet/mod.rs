//! Kubelets: one state machine per pod on each node. Upstream: `kubernetes:pkg/kubelet`.

use crate::Cluster;
use crate::store::Change;
use machinery::{Request, Response, Str, StreamId, StreamIn, StreamOut};

/// What wakes a kubelet, beside changes of its pods.
#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    /// Look at the pod (or, with no pod, at the node).
    Sync,
    /// The lease and status of the node are due.
    Heartbeat,
    /// A step of a container's life: index of the container and what is due. Grows as needed.
    Container { index: usize, step: u32 },
}

/// All kubelets' state: pods, containers, processes, images on nodes, open streams.
#[derive(Clone, Default)]
pub struct State {}

/// Registers the node objects of the world and starts their heartbeats.
pub(crate) fn start(_cluster: &mut Cluster) {}

pub(crate) fn on_change(_cluster: &mut Cluster, _change: &Change) {}

pub(crate) fn wake(_cluster: &mut Cluster, _node: &Str, _uid: &Str, _wake: &Wake) {}

/// `log`, `exec`, `attach`, `portforward` of a pod: the API server proxies to the node's kubelet. `pod` exists; the query is the request's.
pub(crate) fn connect(
    _cluster: &mut Cluster,
    _pod: &machinery::Object,
    _subresource: &str,
    _request: &Request,
) -> Response {
    Response::err(machinery::Status::internal(
        "bottleship does not simulate this yet",
    ))
}

pub(crate) fn stream(_cluster: &mut Cluster, _id: StreamId, _input: StreamIn) -> StreamOut {
    StreamOut {
        chunks: Vec::new(),
        ended: Some(Err("no such stream".into())),
    }
}
