//! What programs of the learner's machine reach: the cluster behind its API, the network, the page's editor and browser.

use crate::message::Output;
use cluster::Cluster;
use cluster::network::{self, Origin};
use machinery::http::{Fetch, Hop, HttpRequest};
use machinery::{Api, Cause, Request, Response, Str, StreamId, StreamIn, StreamOut, Trigger};
use std::cell::{Cell, RefCell};

/// Shared by the session and its programs. No borrow outlives a call.
pub struct Shared {
    pub cluster: RefCell<Cluster>,
    /// False before `minikube start` and after `minikube delete`: nothing answers on the API's address.
    pub is_up: Cell<bool>,
    /// The command line being run: the cause of what it writes.
    pub command: RefCell<String>,
    /// What programs asked the page to do.
    pub asked: RefCell<Vec<Output>>,
    /// Addresses that answered a request from the learner's machine.
    pub reached: RefCell<Vec<String>>,
}

impl Shared {
    pub fn new(cluster: Cluster, is_up: bool) -> Shared {
        Shared {
            cluster: RefCell::new(cluster),
            is_up: Cell::new(is_up),
            command: RefCell::default(),
            asked: RefCell::default(),
            reached: RefCell::default(),
        }
    }
}

impl Shared {
    /// A request from the learner's machine into the simulated network: its answer, and the way that it took.
    pub fn browse(&self, request: &HttpRequest) -> (Fetch, Vec<Hop>) {
        let mut cluster = self.cluster.borrow_mut();
        let listening = std::mem::replace(&mut cluster.listening, true);
        let before = cluster.drain();
        let answer = network::fetch(&mut cluster, &Origin::Host, request);
        let mut hops = Vec::new();
        let after = cluster.drain();
        for output in &after {
            if let cluster::Output::Traffic { hops: way, .. } = output {
                hops = way.clone();
            }
        }
        cluster.listening = listening;
        if listening {
            cluster.give_back(before.into_iter().chain(after).collect());
        }
        if matches!(answer, Fetch::Answer(_)) {
            self.reached.borrow_mut().push(request.url.clone());
        }
        (answer, hops)
    }
}

impl Api for Shared {
    fn request(&self, mut request: Request) -> Response {
        request.cause = Cause {
            actor: Str::lit("kubectl"),
            trigger: Trigger::Command(self.command.borrow().clone()),
            reason: String::new(),
        };
        self.cluster.borrow_mut().request(request)
    }
    fn stream(&self, id: StreamId, input: StreamIn) -> StreamOut {
        self.cluster.borrow_mut().stream(id, input)
    }
}
