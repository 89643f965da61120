//! The simulation test: many seeds of random operations and faults, each under the rules of `playground::simulate`.
//! `SEEDS=1..5000` plays others; a seed that fails is played again by `bottleship run --seed N`.

use playground::simulate;

/// How many seeds are played each time, and how many of them twice.
const SEEDS: u64 = 1_000;
const TWICE: u64 = 25;

fn range() -> (u64, u64) {
    let text = std::env::var("SEEDS").unwrap_or_default();
    let parsed = text
        .split_once("..")
        .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    parsed.unwrap_or((1, SEEDS))
}

/// Plays seeds on as many threads as there are processors; what broke a rule.
fn broken() -> Vec<String> {
    let (first, last) = range();
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get() as u64);
    let play = move |offset: u64| {
        let seeds = (first + offset..=last).step_by(threads as usize);
        let reports = seeds.map(simulate::run);
        let failed = reports.filter_map(|r| Some((r.seed, r.failure?)));
        failed
            .map(|(seed, why)| format!("bottleship run --seed {seed}: {why}"))
            .collect::<Vec<_>>()
    };
    let all: Vec<_> = (0..threads)
        .map(|offset| std::thread::spawn(move || play(offset)))
        .collect();
    all.into_iter()
        .flat_map(|t| t.join().expect("no seed panics"))
        .collect()
}

#[test]
fn no_seed_breaks_a_rule() {
    let found = broken();
    assert!(
        found.is_empty(),
        "{} seeds broke a rule:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn a_seed_played_twice_is_the_same_to_the_last_write() {
    for seed in 1..=TWICE {
        let (a, b) = (simulate::run(seed * 37), simulate::run(seed * 37));
        assert_eq!(
            (a.hash, a.writes, a.trail),
            (b.hash, b.writes, b.trail),
            "seed {}",
            seed * 37
        );
    }
}
