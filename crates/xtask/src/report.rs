//! Sizes and speeds against the budgets of the design, measured and printed.

use crate::setup::{self, Done, cargo, root, run, tool};
use crate::steps;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// One line of the report.
struct Row {
    what: &'static str,
    budget: &'static str,
    found: String,
    held: bool,
}

pub fn report() -> Done {
    setup::everything()?;
    steps::build()?;
    run(
        "building the native binary",
        &mut cargo(&["build", "--release", "--quiet", "--package", "cli"]),
    )?;
    let mut rows = sizes()?;
    rows.extend(speeds()?);
    let width = rows
        .iter()
        .map(|r| r.what.chars().count())
        .max()
        .unwrap_or(0);
    for r in &rows {
        let mark = if r.held { "ok  " } else { "OVER" };
        println!(
            "{mark} {:width$}  {:>14}  (budget {})",
            r.what, r.found, r.budget
        );
    }
    if rows.iter().all(|r| r.held) {
        Ok(())
    } else {
        Err("a budget is not held".into())
    }
}

/// Bytes of a file after `gzip -9`.
fn gzipped(path: &Path) -> Result<usize, String> {
    let data = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut child = Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("gzip: {e}"))?;
    let mut stdin = child.stdin.take().ok_or("gzip: no stdin")?;
    let feeder = std::thread::spawn(move || stdin.write_all(&data));
    let out = child.wait_with_output().map_err(|e| format!("gzip: {e}"))?;
    let _ = feeder.join();
    Ok(out.stdout.len())
}

fn sizes() -> Result<Vec<Row>, String> {
    let dist = root().join("dist");
    let (mut wasm, mut first_wasm, mut first) = (0, 0, 0);
    for file in files(&dist)? {
        let name = file
            .strip_prefix(&dist)
            .unwrap_or(&file)
            .display()
            .to_string();
        let later = name.contains("monaco")
            || name.contains("editor")
            || name.contains("docs")
            || name.contains("screenshots")
            || name.contains("_rest-");
        if name.ends_with(".wasm") {
            wasm += gzipped(&file)?;
            first_wasm += if later { 0 } else { gzipped(&file)? };
        }
        if !later
            && [".wasm", ".js", ".css", ".html"]
                .iter()
                .any(|e| name.ends_with(e))
        {
            first += gzipped(&file)?;
        }
    }
    let kb = |n: usize| format!("{:.1} KB", n as f64 / 1000.0);
    Ok(vec![
        Row {
            what: "Wasm, whole app, gzipped",
            budget: "700 KB",
            found: kb(wasm),
            held: wasm <= 700_000,
        },
        Row {
            what: "Wasm before the first prompt, gzipped",
            budget: "700 KB",
            found: kb(first_wasm),
            held: first_wasm <= 700_000,
        },
        Row {
            what: "before the first prompt, gzipped",
            budget: "1,000 KB",
            found: kb(first),
            held: first <= 1_000_000,
        },
    ])
}

fn files(dir: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.is_dir() {
            out.extend(files(&path)?)
        } else {
            out.push(path)
        }
    }
    out.sort();
    Ok(out)
}

/// Figures that the page measures of itself in Chromium (`tests/e2e/measure.mjs` prints `name value` lines), and the native bench.
fn speeds() -> Result<Vec<Row>, String> {
    let out = tool("node", &["tests/e2e/measure.mjs"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("node: {e}"))?;
    let text = String::from_utf8_lossy(&out.stdout).to_string();
    let figure = |name: &str| {
        text.lines()
            .find_map(|l| l.strip_prefix(name)?.trim().parse::<f64>().ok())
    };
    let row = |what, budget, name: &str, max: f64| {
        let found = figure(name);
        let text = found.map_or("not measured".to_string(), |v| format!("{v:.0} ms"));
        Row {
            what,
            budget,
            found: text,
            held: found.is_some_and(|v| v <= max),
        }
    };
    Ok(vec![
        row(
            "page opened to prompt and ready cluster",
            "1,000 ms",
            "ready_ms",
            1000.0,
        ),
        row(
            "1,000 replicas on 20 nodes until Ready, Wasm computing",
            "1,000 ms",
            "deploy_1000_ms",
            1000.0,
        ),
        row(
            "10,000 replicas on 100 nodes until Ready, Wasm computing",
            "1,000 ms",
            "deploy_10000_ms",
            1000.0,
        ),
        row(
            "longest frame of ours in a rollout of 1,000",
            "16 ms",
            "frame_max_ms",
            16.0,
        ),
    ])
}
