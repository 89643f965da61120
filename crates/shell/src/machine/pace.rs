//! Computing takes time: a loop that never waits must not stand still at one instant for ever.
//!
//! Steps cost no virtual time, so `while true; do :; done` would never let the clock go on. After
//! so much work at one instant the machine rests: a moment at first, longer and longer if it never
//! waits by itself. Programs of the host take no time either; a loop of them gets a steady pace.

/// Turns of processes at one instant before a rest; a turn is up to 64 frames.
const TURNS: u32 = 1500;
/// Programs of the host started at one instant before a rest.
const LAUNCHES: u32 = 4;
const LAUNCH_REST_MS: i64 = 100;
const LONGEST_REST_MS: i64 = 60_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    now_ms: i64,
    turns: u32,
    launches: u32,
    /// The last rest for computing; the next one is longer.
    rest_ms: i64,
    until_ms: Option<i64>,
}

impl Pace {
    /// Before a step: the end of the rest that goes on.
    pub fn resting(&mut self, now_ms: i64) -> Option<i64> {
        if let Some(until) = self.until_ms {
            if now_ms < until {
                return Some(until);
            }
            self.until_ms = None;
        } else if now_ms != self.now_ms {
            // Time went on because the machine waited: it is not a busy loop.
            self.rest_ms = 0;
        }
        if now_ms != self.now_ms {
            self.now_ms = now_ms;
            self.turns = 0;
            self.launches = 0;
        }
        None
    }

    /// After a step that did something: whether a rest begins, and its end.
    pub fn worked(&mut self, turns: u32) -> Option<i64> {
        self.turns += turns;
        if self.launches > LAUNCHES {
            self.launches = 0;
            self.until_ms = Some(self.now_ms.saturating_add(LAUNCH_REST_MS));
        } else if self.turns > TURNS {
            self.rest_ms = (self.rest_ms + self.rest_ms / 2 + 1).min(LONGEST_REST_MS);
            self.until_ms = Some(self.now_ms.saturating_add(self.rest_ms));
        }
        self.until_ms
    }

    pub fn launched(&mut self) {
        self.launches += 1;
    }

    /// A signal or a new line: no rest.
    pub fn wake(&mut self) {
        *self = Pace {
            now_ms: self.now_ms,
            ..Pace::default()
        };
    }
}
