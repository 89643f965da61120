//! The history that the time bar shows: how far back it reaches, a tick for every write, and which moment is looked at.

use machinery::time::Millis;

/// As many ticks as the cluster's own log keeps.
const TICKS_MAX: usize = 20_000;

#[derive(Debug, Default)]
pub struct History {
    pub oldest: Millis,
    /// The session's own time.
    pub present: Millis,
    /// When something was written, in order.
    pub ticks: std::collections::VecDeque<Millis>,
    /// The moment of the past that is shown.
    pub past: Option<Millis>,
    /// Somebody tried to write there.
    pub wrote: bool,
}

impl History {
    pub fn tick(&mut self, at: Millis) {
        if self.past.is_none() && self.ticks.back().is_none_or(|last| *last < at) {
            if self.ticks.len() == TICKS_MAX {
                self.ticks.pop_front();
            }
            self.ticks.push_back(at);
        }
    }
    /// How many writes fall into each of `n` equal parts of the time from the oldest to `end`.
    pub fn buckets(&self, end: Millis, n: usize) -> Vec<u32> {
        let mut out = vec![0; n];
        let span = (end - self.oldest).max(1);
        for at in &self.ticks {
            let i = (at - self.oldest).max(0) * n as i64 / span;
            if let Some(count) = out.get_mut(i as usize) {
                *count += 1;
            }
        }
        out
    }
    /// The write before or after a moment.
    pub fn neighbour(&self, of: Millis, later: bool) -> Option<Millis> {
        if later {
            let i = self.ticks.partition_point(|t| *t <= of);
            self.ticks.get(i).copied()
        } else {
            let i = self.ticks.partition_point(|t| *t < of);
            i.checked_sub(1).and_then(|i| self.ticks.get(i).copied())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_write_is_a_tick_and_the_past_adds_none() {
        let mut h = History {
            oldest: 1000,
            ..History::default()
        };
        [1000, 1500, 1500, 1999].into_iter().for_each(|t| h.tick(t));
        h.past = Some(1200);
        h.tick(2500);
        assert_eq!(h.buckets(2000, 4), [1, 0, 1, 1]);
        assert_eq!(h.neighbour(1500, true), Some(1999));
        assert_eq!(h.neighbour(1500, false), Some(1000));
        assert_eq!(h.neighbour(1999, true), None);
    }
}
