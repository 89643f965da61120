//! Rules of the repository, as a test: module docs, file length, layering, files that nobody lists.

use crate::{files, root};

const LINES_MAX: usize = 500;

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = sources()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "files without a module doc: {silent:#?}");
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = sources()
        .filter(|(name, text)| text.lines().count() > LINES_MAX && !name.contains("tests"))
        .map(|(name, text)| format!("{name}: {} lines", text.lines().count()))
        .collect();
    assert!(
        long.len() <= LONG_FILES_KNOWN,
        "{} files over {LINES_MAX} lines (known: {LONG_FILES_KNOWN}): {long:#?}",
        long.len()
    );
}

/// How many files are still longer than they should be. It only ever goes down.
const LONG_FILES_KNOWN: usize = 1;

#[test]
fn layers_look_down_only() {
    // (crate, what its sources must not name)
    let rules: &[(&str, &[&str])] = &[
        ("codec", &["machinery::", "shell::"]),
        (
            "machinery",
            &["kinds::", "cluster::", "shell::", "kubectl::", "web_sys"],
        ),
        ("kinds", &["cluster::", "shell::", "kubectl::", "web_sys"]),
        (
            "shell",
            &[
                "machinery::",
                "kinds::",
                "cluster::",
                "kubectl::",
                "web_sys",
            ],
        ),
        (
            "cluster",
            &[
                "kubectl::",
                "playground::",
                "tools::",
                "web_sys",
                "wasm_bindgen",
            ],
        ),
        (
            "kubectl",
            &["cluster::", "playground::", "web_sys", "wasm_bindgen"],
        ),
        (
            "tools",
            &["cluster::", "kinds::", "playground::", "web_sys"],
        ),
        (
            "lesson",
            &["cluster::", "kinds::", "playground::", "web_sys"],
        ),
        ("playground", &["web_sys", "wasm_bindgen", "yew::"]),
    ];
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (owner, banned) in rules {
            if !name.starts_with(&format!("crates/{owner}/src")) {
                continue;
            }
            let code: Vec<&str> = text
                .lines()
                .filter(|l| l.trim_start().starts_with("use "))
                .collect();
            wrong.extend(
                banned
                    .iter()
                    .filter(|b| code.iter().any(|l| l.contains(&format!("use {b}"))))
                    .map(|b| format!("{name} uses {b}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn sources() -> impl Iterator<Item = (String, String)> {
    let root = root();
    let all = ["crates", "src", "tests"].into_iter().flat_map({
        let root = root.clone();
        move |d| files(&root.join(d), ".rs")
    });
    all.filter_map(move |path| {
        let name = path.strip_prefix(&root).ok()?.to_string_lossy().to_string();
        let text = std::fs::read_to_string(&path).ok()?;
        Some((name, text))
    })
}
