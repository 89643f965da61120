//! `bottleship bench`: what computing costs, one line of JSON a scenario.

use playground::bench::Watch;
use std::process::ExitCode;

/// Up to so many pods the longest single event is looked for too.
const EACH_TIMED_MAX: usize = 20_000;

/// `bench [SCENARIO] [--pods N] [--nodes M]`
pub fn bench(args: &[String]) -> ExitCode {
    let number = |name: &str, default: usize| {
        let at = args.iter().position(|a| a == name);
        at.and_then(|i| args.get(i + 1)?.parse().ok())
            .unwrap_or(default)
    };
    let wanted = args
        .first()
        .filter(|a| !a.starts_with("--"))
        .map(String::as_str);
    let (pods, nodes) = (number("--pods", 1000), number("--nodes", 20));
    let mut known = false;
    for scenario in playground::bench::SCENARIOS {
        if wanted.is_some_and(|w| w != scenario.name) {
            continue;
        }
        known = true;
        let before = resident_bytes();
        let mut watch = Watch {
            clock: &cpu_seconds,
            each: false,
            started: 0.0,
            longest: 0.0,
        };
        let done = (scenario.run)(pods, nodes, &mut watch);
        let cpu_s = cpu_seconds() - watch.started;
        let peak = peak_bytes();
        let per_pod = peak.saturating_sub(before) / pods.max(1) as u64;
        // Timing each event costs time itself: it has a run of its own.
        if pods <= EACH_TIMED_MAX {
            watch.each = true;
            let _ = (scenario.run)(pods, nodes, &mut watch);
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
    if known {
        ExitCode::SUCCESS
    } else {
        let names: Vec<&str> = playground::bench::SCENARIOS
            .iter()
            .map(|s| s.name)
            .collect();
        eprintln!("no such scenario; there are: {}", names.join(", "));
        ExitCode::from(2)
    }
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
