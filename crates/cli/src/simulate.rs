//! `bottleship run --seed N`: plays seeds of the simulation test again, and tells what was done and which rule was broken.

use crate::Outcome;
use crate::flags::Flags;
use playground::simulate;
use std::process::ExitCode;

/// Plays `--seed N`, or all of `--seed N..M`.
pub fn seeds(flags: &Flags) -> Outcome {
    let Some(seeds) = flags.text("--seed") else {
        return Err(flags.wrong("which transcripts?"));
    };
    let (first, last) = seeds.split_once("..").unwrap_or((seeds, seeds));
    let (Ok(first), Ok(last)) = (first.parse::<u64>(), last.parse()) else {
        return Err(flags.wrong(&format!("--seed takes N or N..M, not {seeds:?}")));
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
        let all = (last + 1).saturating_sub(first);
        println!("{failures} of {all} seeds broke a rule");
    }
    Ok(ExitCode::from(u8::from(failures > 0)))
}
