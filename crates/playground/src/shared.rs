//! What programs of the learner's machine reach: the cluster behind its API, the network, the page's editor and browser.

use crate::message::Output;
use cluster::Cluster;
use cluster::network::{self, Origin};
use machinery::http::{Fetch, Hop, HttpRequest};
use machinery::schema::Docs;
use machinery::time::Millis;
use machinery::{
    Api, Cause, Method, Proxy, Request, Response, Status, Str, StreamId, StreamIn, StreamOut,
    Trigger,
};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Shared by the session and its programs. No borrow outlives a call.
pub struct Shared {
    pub cluster: RefCell<Cluster>,
    /// False before `minikube start` and after `minikube delete`: nothing answers on the API's address.
    pub is_up: Cell<bool>,
    /// The command line being run: the cause of what it writes.
    pub command: RefCell<String>,
    /// What programs asked the page to do.
    pub asked: RefCell<Vec<Output>>,
    /// The cluster as it was, while that is looked at.
    past: RefCell<Option<Cluster>>,
    /// What the API says of its fields, once the page has fetched it.
    pub docs: RefCell<Rc<Docs>>,
    /// Addresses that answered a request from the learner's machine.
    pub reached: RefCell<Vec<String>>,
    /// Ports that `kubectl proxy` listens on.
    pub proxies: RefCell<BTreeMap<u16, Proxy>>,
}

impl Shared {
    pub fn new(cluster: Cluster, is_up: bool) -> Shared {
        Shared {
            cluster: RefCell::new(cluster),
            is_up: Cell::new(is_up),
            command: RefCell::default(),
            asked: RefCell::default(),
            past: RefCell::default(),
            docs: RefCell::default(),
            reached: RefCell::default(),
            proxies: RefCell::default(),
        }
    }
}

impl Shared {
    pub fn look_back(&self, at: Option<Millis>) {
        let past = at.map(|at| self.cluster.borrow().as_of(at));
        *self.past.borrow_mut() = past;
    }
    /// Does something with the cluster that is looked at: the present one, or a past one.
    pub fn seen<R>(&self, f: impl FnOnce(&mut Cluster) -> R) -> R {
        match &mut *self.past.borrow_mut() {
            Some(past) => f(past),
            None => f(&mut self.cluster.borrow_mut()),
        }
    }
    pub fn is_past(&self) -> bool {
        self.past.borrow().is_some()
    }
    /// What a request gets in the past: an answer to a question, a refusal of all else.
    fn request_past(&self, past: &mut Cluster, request: Request) -> Response {
        let log = request.path.ends_with("/log");
        if request.method == Method::Get && !log {
            return past.request(request);
        }
        let what = match log {
            true => "logs are those of the present",
            false => "nothing can be written",
        };
        self.asked.borrow_mut().push(Output::PastWrite);
        let message = format!(
            "this is the past: {what}. Go back to the present, or continue from here (under the cluster)"
        );
        Response::err(Status::new(409, "Conflict", message))
    }
    /// A request from the learner's machine into the simulated network: its answer, and the way that it took.
    pub fn browse(&self, request: &HttpRequest) -> (Fetch, Vec<Hop>) {
        if self.is_past() {
            self.asked.borrow_mut().push(Output::PastWrite);
            return (Fetch::Timeout, Vec::new());
        }
        if let Some(answer) = crate::proxy::answer(self, request) {
            return (Fetch::Answer(answer), Vec::new());
        }
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
        if let Some(past) = &mut *self.past.borrow_mut() {
            return self.request_past(past, request);
        }
        self.cluster.borrow_mut().request(request)
    }
    fn docs(&self) -> Rc<Docs> {
        self.docs.borrow().clone()
    }
    fn stream(&self, id: StreamId, input: StreamIn) -> StreamOut {
        self.cluster.borrow_mut().stream(id, input)
    }
    fn proxy(&self, port: u16, proxy: Option<Proxy>) -> bool {
        let mut proxies = self.proxies.borrow_mut();
        let Some(proxy) = proxy else {
            return proxies.remove(&port).is_some();
        };
        if proxies.contains_key(&port) {
            return false;
        }
        proxies.insert(port, proxy);
        true
    }
}
