//! Who *acts*: API server, store, controllers, scheduler, kubelets, network, clock. It knows no output format.
//!
//! [`Cluster`] is a value: cheap to clone, deterministic, advanced by virtual time. Layout, in reading order:
//! - [`world`]: what a fresh cluster is like; [`event`]: all that can wake it; [`rng`]: chance; [`ip`]: addresses as numbers.
//! - [`store`]: objects, indexes, history; [`apiserver`]: the one door; [`cx`]: what actors see; [`events`]: Event objects; [`conditions`]: those of a status.
//! - [`controllers`], [`scheduler`], [`kubelet`], [`network`]: the actors. They never call one another; they meet in objects.
//! - [`output`]: what is told to the page.

pub mod apiserver;
mod conditions;
pub mod controllers;
pub mod cx;
pub mod event;
pub mod events;
mod ip;
pub mod kubelet;
pub mod network;
pub mod output;
pub mod rng;
pub mod scheduler;
pub mod store;
pub mod world;

pub use cx::Cx;
pub use event::Event;
pub use output::Output;
pub use world::World;

use machinery::time::Millis;
use machinery::{Request, Response, StreamId, StreamIn, StreamOut};
use rng::Rng;
use std::rc::Rc;

/// How many events one instant of virtual time may have before it is called a hot loop and time is pushed on.
const EVENTS_PER_INSTANT_MAX: u32 = 2_000_000;

/// A whole Kubernetes.
#[derive(Clone)]
pub struct Cluster {
    pub now: Millis,
    pub world: Rc<World>,
    pub store: store::Store,
    /// What the API server remembers beside the store: address allocations, kinds made by CRDs, memoised templates.
    pub api: apiserver::State,
    /// What the event recorders remember, to count and combine similar events.
    pub recorder: events::State,
    pub queue: event::Queue,
    pub controllers: controllers::State,
    pub scheduler: scheduler::State,
    pub kubelets: kubelet::State,
    pub network: network::State,
    /// Generators by purpose.
    pub uids: Rng,
    pub names: Rng,
    pub jitter: Rng,
    outputs: Vec<Output>,
    /// Whether outputs are kept; natively without a watcher they are not.
    pub listening: bool,
    /// Events handled so far, for reports.
    pub handled: u64,
}

impl Cluster {
    /// A fresh cluster: namespaces, nodes and system objects are created by the first events.
    pub fn new(world: World) -> Cluster {
        let seed = Rng::new(world.seed);
        let mut cluster = Cluster {
            now: world.start,
            world: Rc::new(world),
            store: store::Store::default(),
            api: apiserver::State::default(),
            recorder: events::State::default(),
            queue: event::Queue::default(),
            controllers: controllers::State::default(),
            scheduler: scheduler::State::default(),
            kubelets: kubelet::State::default(),
            network: network::State::default(),
            uids: seed.fork("uids"),
            names: seed.fork("names"),
            jitter: seed.fork("jitter"),
            outputs: Vec::new(),
            listening: false,
            handled: 0,
        };
        apiserver::bootstrap(&mut cluster);
        kubelet::start(&mut cluster);
        cluster
    }
    /// The objects as they were at a time, behind the same door. It is for reading: nobody acts in it.
    pub fn as_of(&self, at: Millis) -> Cluster {
        Cluster {
            now: at,
            store: self.store.as_of(at),
            queue: event::Queue::default(),
            outputs: Vec::new(),
            listening: false,
            ..self.clone()
        }
    }
    /// A request through the door, now.
    pub fn request(&mut self, request: Request) -> Response {
        apiserver::handle(self, request)
    }
    pub fn stream(&mut self, id: StreamId, input: StreamIn) -> StreamOut {
        kubelet::stream(self, id, input)
    }
    /// When something is due next.
    pub fn next_at(&self) -> Option<Millis> {
        self.queue.next_at()
    }
    /// Handles events until virtual time `until`, or until `budget` events are handled. True if `until` was reached.
    pub fn advance(&mut self, until: Millis, budget: u64) -> bool {
        let (mut left, mut instant, mut here) = (budget, self.now, 0u32);
        while left > 0 {
            let Some((at, event)) = self.queue.pop_until(until) else {
                self.now = self.now.max(until);
                return true;
            };
            self.now = self.now.max(at);
            here = if instant == self.now { here + 1 } else { 0 };
            instant = self.now;
            if here > EVENTS_PER_INSTANT_MAX {
                let text = format!("hot loop: too many events at one instant; last {event:?}");
                self.emit(Output::Alarm { at: self.now, text });
                self.now += 1;
            }
            self.handle(event);
            self.handled += 1;
            left -= 1;
        }
        false
    }
    /// The closed list of what can happen, in one place.
    fn handle(&mut self, event: Event) {
        // A component that was stopped does nothing; what it would have done waits for it.
        let component = match event {
            Event::Reconcile { .. } => "kube-controller-manager",
            Event::Schedule => "kube-scheduler",
            _ => "",
        };
        if !component.is_empty() && !kubelet::system::runs(self, component) {
            self.queue.push(self.now + kubelet::system::AWAY_MS, event);
            return;
        }
        match event {
            Event::Reconcile { controller, key } => controllers::reconcile(self, controller, &key),
            Event::Schedule => scheduler::run(self),
            Event::Kubelet { node, uid, wake } => kubelet::wake(self, &node, &uid, &wake),
            Event::Network { wake } => network::wake(self, &wake),
        }
    }
    /// A write was committed: those who watch are woken (with delay, through the queue).
    pub(crate) fn committed(&mut self, change: Rc<store::Change>) {
        controllers::on_change(self, &change);
        scheduler::on_change(self, &change);
        kubelet::on_change(self, &change);
        self.emit(Output::Change(change));
    }
    pub(crate) fn emit(&mut self, output: Output) {
        if self.listening && self.outputs.len() < output::OUTPUT_MAX {
            self.outputs.push(output);
        }
    }
    /// Puts drained outputs back, before whatever comes next.
    pub fn give_back(&mut self, outputs: Vec<Output>) {
        let later = std::mem::replace(&mut self.outputs, outputs);
        self.outputs.extend(later);
    }
    /// What happened since the last drain.
    pub fn drain(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }
}
