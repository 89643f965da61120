//! Which function stands beside which: those that share runs of bytes, so that gzip's window of 32 KB meets both.

use std::collections::BTreeMap;

/// Bytes of a run; shorter ones say nothing, longer ones miss too much.
const RUN: usize = 6;
/// A run that more functions share is everybody's, and one that stands alone is nobody's.
const SHARED: std::ops::RangeInclusive<usize> = 2..=60;
/// How far back the next function may look for likeness.
const WINDOW_BYTES: usize = 20_000;
const WINDOW_FUNCTIONS: usize = 12;

/// An order of the bodies in which like follows like: each time the one that shares most with the last few, for its size.
pub fn by_likeness(bodies: &[&[u8]]) -> Vec<usize> {
    let (runs, holders) = shared_runs(bodies);
    let mut left: Vec<bool> = vec![true; bodies.len()];
    let mut out: Vec<usize> = Vec::with_capacity(bodies.len());
    let mut next = (0..bodies.len()).max_by_key(|i| bodies[*i].len());
    let mut first_left = 0;
    while let Some(now) = next {
        left[now] = false;
        out.push(now);
        let mut score: BTreeMap<usize, f64> = BTreeMap::new();
        let mut bytes = 0;
        for recent in out.iter().rev().take(WINDOW_FUNCTIONS) {
            for run in &runs[*recent] {
                let all = &holders[*run];
                for other in all.iter().filter(|o| left[**o]) {
                    *score.entry(*other).or_default() += 1.0 / all.len() as f64;
                }
            }
            bytes += bodies[*recent].len();
            if bytes > WINDOW_BYTES {
                break;
            }
        }
        let worth = |i: usize, s: f64| s / (bodies[i].len() as f64 + 80.0).powf(0.7);
        let best = score.iter().map(|(i, s)| (worth(*i, *s), *i));
        next = best
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|b| b.1);
        if next.is_none() {
            while first_left < left.len() && !left[first_left] {
                first_left += 1
            }
            next = (first_left < left.len()).then_some(first_left);
        }
    }
    out
}

/// For each body the runs (a sample of them) that it shares with some others; for each run who holds it.
fn shared_runs(bodies: &[&[u8]]) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    let mut all: Vec<(u64, usize)> = Vec::new();
    for (i, body) in bodies.iter().enumerate() {
        let hashes = body.windows(RUN).map(hash).filter(|h| h % 4 == 0);
        all.extend(hashes.map(|h| (h, i)));
    }
    all.sort_unstable();
    all.dedup();
    let mut runs = vec![Vec::new(); bodies.len()];
    let mut holders = Vec::new();
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        if SHARED.contains(&group.len()) {
            for (_, i) in group {
                runs[*i].push(holders.len())
            }
            holders.push(group.iter().map(|g| g.1).collect());
        }
    }
    (runs, holders)
}

/// FNV-1a, finished so that the low bits are as good as the high ones.
pub fn hash(run: &[u8]) -> u64 {
    let h = run.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    });
    h ^ (h >> 29)
}
