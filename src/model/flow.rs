//! What travels: requests to the API server and requests through the cluster's network, each for as long as its dot is
//! on the way.

use machinery::http::Hop;
use std::collections::VecDeque;

/// Dots that are on their way at most; more would be seen as none.
const MAX: usize = 48;
/// Calls that are listed.
const LAST: usize = 12;
/// How long a dot is kept, in real milliseconds.
pub const LIFE_MS: f64 = 2600.0;

/// A request to the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub actor: String,
    pub verb: &'static str,
    pub path: String,
    pub code: u16,
}

/// A request through the network: where it came along, and what it was answered (0: nothing).
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    pub hops: Vec<Hop>,
    pub status: u16,
}

/// The newest of a kind, each with a number of its own and the (real) time of its coming.
#[derive(Debug)]
pub struct Stream<T> {
    next: u64,
    pub recent: VecDeque<(u64, f64, T)>,
    /// As `recent`, but they stay until others come.
    pub last: VecDeque<(u64, f64, T)>,
    pub total: u64,
}

impl<T> Default for Stream<T> {
    fn default() -> Stream<T> {
        Stream {
            next: 0,
            recent: VecDeque::new(),
            last: VecDeque::new(),
            total: 0,
        }
    }
}

impl<T: Clone> Stream<T> {
    pub fn push(&mut self, real_ms: f64, item: T) {
        if self.recent.len() == MAX {
            self.recent.pop_front();
        }
        self.next += 1;
        self.total += 1;
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back((self.next, real_ms, item.clone()));
        self.recent.push_back((self.next, real_ms, item));
    }
    /// Drops what has arrived. True if there was any.
    pub fn expire(&mut self, real_ms: f64) -> bool {
        let before = self.recent.len();
        while self
            .recent
            .front()
            .is_some_and(|(_, since, _)| real_ms - since > LIFE_MS)
        {
            self.recent.pop_front();
        }
        before != self.recent.len()
    }
}
