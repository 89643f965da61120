//! `bottleship run --seed N`: plays seeds of the simulation test again, and tells what was done and which rule was broken.

use playground::simulate;
use std::process::ExitCode;

/// Plays seeds, if that is what the arguments ask for: `--seed N` or `--seed N..M`, and no file.
pub fn asked(args: &[String]) -> Option<ExitCode> {
    let [flag, seeds] = args else { return None };
    if flag != "--seed" {
        return None;
    }
    let (first, last) = match seeds.split_once("..") {
        Some((a, b)) => (a.parse().ok()?, b.parse().ok()?),
        None => (seeds.parse().ok()?, seeds.parse().ok()?),
    };
    let mut failures = 0;
    for seed in first..=last {
        let report = simulate::run(seed);
        let Some(why) = &report.failure else {
            if first == last {
                println!("{}", report.trail.join("\n"));
                let (events, writes, hash) = (report.events, report.writes, report.hash);
                println!(
                    "seed {seed}: no rule was broken ({events} events, {writes} writes, trace {hash:016x})"
                );
            }
            continue;
        };
        failures += 1;
        if first == last {
            println!("{}", report.trail.join("\n"));
        }
        println!("seed {seed}: {why}");
    }
    if first != last {
        println!("{failures} of {} seeds broke a rule", last - first + 1);
    }
    Some(ExitCode::from(u8::from(failures > 0)))
}
