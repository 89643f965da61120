//! `bottleship bench`: what computing costs, one line of JSON a scenario.

use crate::Outcome;
use crate::flags::Flags;
use playground::bench::Watch;
use std::process::ExitCode;

/// Up to so many pods the longest single event is looked for too.
const EACH_TIMED_MAX: usize = 20_000;

/// `bench [SCENARIO] [--pods N] [--nodes M]`
pub fn bench(args: &[String]) -> Outcome {
    let flags = Flags::read("bench", args, &["--pods", "--nodes"], &[])?;
    let number = |flag, default| flags.value(flag, default, "a number from 1", |n| *n > 0);
    let (pods, nodes) = (number("--pods", 1000)?, number("--nodes", 20)?);
    let all = playground::bench::SCENARIOS;
    if let Some(name) = flags.rest.iter().find(|w| all.iter().all(|s| s.name != *w)) {
        let names: Vec<&str> = all.iter().map(|s| s.name).collect();
        let names = names.join(", ");
        return Err(flags.wrong(&format!(
            "no scenario is called {name:?}; there are: {names}"
        )));
    }
    for scenario in all {
        if !flags.rest.is_empty() && flags.rest.iter().all(|w| w != scenario.name) {
            continue;
        }
        let before = resident_bytes();
        let mut watch = Watch::new(&cpu_seconds, false);
        let done = (scenario.run)(pods, nodes, &mut watch);
        let cpu_s = watch.took();
        let peak = peak_bytes();
        let per_pod = peak.saturating_sub(before) / pods.max(1) as u64;
        // Timing each event costs time itself: it has a run of its own.
        if pods <= EACH_TIMED_MAX && done.parts.is_empty() {
            watch.each = true;
            let _ = (scenario.run)(pods, nodes, &mut watch);
        }
        for (part, seconds) in &done.parts {
            println!(
                "{{\"scenario\":\"{}\",\"pods\":{pods},\"part\":\"{part}\",\"cpu_ms\":{:.2}}}",
                scenario.name,
                seconds * 1000.0
            );
        }
        println!(
            "{{\"scenario\":\"{}\",\"pods\":{pods},\"nodes\":{nodes},\"cpu_s\":{cpu_s:.4},\"virtual_s\":{:.1},\"events\":{},\"ready\":{},\"peak_bytes\":{peak},\"bytes_per_pod\":{per_pod},\"longest_event_us\":{:.0}}}",
            scenario.name,
            done.virtual_ms as f64 / 1000.0,
            done.events,
            done.ready,
            watch.longest * 1e6,
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Processor time of this process, from the kernel; wall time would count other processes too.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next();
    nanoseconds.and_then(|n| n.parse().ok()).unwrap_or(0.0) / 1e9
}

fn peak_bytes() -> u64 {
    status("VmHWM:")
}

fn resident_bytes() -> u64 {
    status("VmRSS:")
}

/// A line of what the kernel says about this process's memory.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix(name));
    let kb = line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    kb.unwrap_or(0) * 1024
}
