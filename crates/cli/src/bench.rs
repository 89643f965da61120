//! `bottleship bench`: what computing costs, one line of JSON a scenario.

use std::process::ExitCode;

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
        let start = cpu_seconds();
        let done = (scenario.run)(pods, nodes);
        let cpu_s = cpu_seconds() - start;
        let peak = peak_bytes();
        println!(
            "{{\"scenario\":\"{}\",\"pods\":{pods},\"nodes\":{nodes},\"cpu_s\":{cpu_s:.4},\"virtual_s\":{:.1},\"events\":{},\"ready\":{},\"peak_bytes\":{peak}}}",
            scenario.name,
            done.virtual_ms as f64 / 1000.0,
            done.events,
            done.ready,
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

/// User time of this process, from the kernel; wall time would count other processes too.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets: field 14 (utime) and 15 (stime) of the whole line, in ticks of 10 ms.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    let tick = |i: usize| {
        fields
            .get(i)
            .and_then(|f| f.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (tick(11) + tick(12)) / 100.0
}

fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kb = line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    kb.unwrap_or(0) * 1024
}
