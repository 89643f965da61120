//! What the cluster tells whoever watches it: plain data, drained after each advance. The page folds it into its read
//! model; it is never asked for anything.

use crate::scheduler::Decision;
use crate::store::Change;
use machinery::http::Hop;
use machinery::time::Millis;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub enum Output {
    /// An object was written or deleted, with its cause.
    Change(Rc<Change>),
    /// A request went through the door: who, verb, path, status code.
    Call {
        at: Millis,
        actor: String,
        verb: &'static str,
        path: String,
        code: u16,
    },
    /// The scheduler looked at a pod.
    Decision(Rc<Decision>),
    /// A request travelled through the simulated network.
    Traffic {
        at: Millis,
        hops: Vec<Hop>,
        status: u16,
    },
    /// A bound was passed; shown to the learner (`hot loop in replicaset-controller`).
    Alarm { at: Millis, text: String },
}

/// How many undrained outputs are kept; past it the oldest calls are dropped, changes are not.
pub const OUTPUT_MAX: usize = 200_000;
