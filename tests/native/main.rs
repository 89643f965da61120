//! Native tests of the whole, through what users see. One binary: linking is what costs.
//!
//! - [`transcripts`]: `tests/transcripts/**.md`, played and compared; `UPDATE=1` rewrites them.
//! - [`lessons`]: every lesson's solution. [`sessions`]: undo, reload, typing ahead, determinism.
//! - [`simulation`]: random operations and faults from seeds, under rules.
//! - [`fuzz_api`]: random input to every parser. [`roundtrip`]: applying what is kept changes nothing. [`fuzz`]: random command lines and mutated manifests, fixed seeds. [`tidy`]: rules of the repository.
//! - [`coverage`]: kubectl's commands and flags against the true list.

mod coverage;
mod fuzz;
mod fuzz_api;
mod lessons;
mod roundtrip;
mod sessions;
mod simulation;
mod tidy;
mod transcripts;

use std::path::{Path, PathBuf};

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("two folders up")
        .to_path_buf()
}

/// All files below a folder whose name ends so, sorted.
fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            let skipped = ["target", "node_modules", "dist", ".git", "gen"];
            if !path
                .file_name()
                .is_some_and(|n| skipped.iter().any(|s| n == *s))
            {
                out.extend(files(&path, ending));
            }
        } else if path.to_string_lossy().ends_with(ending) {
            out.push(path);
        }
    }
    out.sort();
    out
}
