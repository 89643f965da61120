//! The network: names, Services, endpoints, pods. Every request's hops are reported. Upstream: kube-proxy, CoreDNS.

use crate::Cluster;
use machinery::http::{Fetch, HttpRequest};

#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    Sync,
}

/// Pod addresses in use, open port-forwards, sessions.
#[derive(Clone, Default)]
pub struct State {}

/// From where a request starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The learner's machine (browser pane, curl in the terminal).
    Host,
    /// A container of a pod.
    Pod { namespace: String, name: String },
}

/// Sends a request through the simulated network and reports its hops as `Output::Traffic`.
pub fn fetch(_cluster: &mut Cluster, _from: &Origin, _request: &HttpRequest) -> Fetch {
    Fetch::Refused
}

/// Resolves a name as the pod's (or the host's) resolver would; addresses as text.
pub fn resolve(_cluster: &Cluster, _from: &Origin, _name: &str) -> Vec<String> {
    Vec::new()
}

pub(crate) fn wake(_cluster: &mut Cluster, _wake: &Wake) {}
