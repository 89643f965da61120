//! Collects `lessons/` into the program: every file, by its path.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, out)
        } else {
            out.push(path)
        }
    }
}

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let root = Path::new(&here)
        .ancestors()
        .nth(2)
        .expect("the workspace")
        .join("lessons");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut text = String::from(
        "/// Every file of `lessons/`: path and content.\npub static FILES: &[(&str, &str)] = &[\n",
    );
    for file in files {
        let name = file
            .strip_prefix(&root)
            .expect("below it")
            .to_string_lossy()
            .replace('\\', "/");
        let _ = writeln!(
            text,
            "    ({name:?}, include_str!({:?})),",
            file.display().to_string()
        );
        println!("cargo:rerun-if-changed={}", file.display());
    }
    text.push_str("];\n");
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&out).join("files.rs"), text).expect("OUT_DIR is writable");
}
