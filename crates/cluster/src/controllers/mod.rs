//! Controllers: each looks at one object at a time and brings the world nearer to what the object asks for.
//! One work queue serves all: a key is queued once, never run twice at once, retried with back-off.
//! Upstream: `kubernetes:pkg/controller/*`.

use crate::Cluster;
use crate::cx::Cx;
use crate::store::{Change, Key};
use machinery::Status;

/// When to look at the key again without being woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    Never,
    After(i64),
}

/// A controller is a const struct: what it knows is in the store.
pub struct Controller {
    /// `deployment-controller`: its name as an actor.
    pub name: &'static str,
    /// The keys that a change makes it look at.
    pub triggers: fn(&Cluster, &Change, &mut Vec<Key>),
    pub reconcile: fn(&mut Cx, &Key) -> Result<Requeue, Status>,
}

/// Every controller; the order decides nothing but who comes first among equals.
pub static CONTROLLERS: &[&Controller] = &[];

/// The work queues' state.
#[derive(Clone, Default)]
pub struct State {}

/// Starts the timers of controllers that have some.
pub(crate) fn start(_cluster: &mut Cluster) {}

/// A change was committed: queue the keys that controllers want to look at.
pub(crate) fn on_change(_cluster: &mut Cluster, _change: &Change) {}

/// Runs one key of one controller.
pub(crate) fn reconcile(_cluster: &mut Cluster, _controller: usize, _key: &Key) {}

/// A controller's own timer.
pub(crate) fn tick(_cluster: &mut Cluster, _controller: usize) {}
