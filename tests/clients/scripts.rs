//! The official Python and JavaScript clients, as scripts that check for themselves and fail with a message.

use bottleship_clients::{Server, folder, root};
use std::path::Path;
use std::process::Command;

fn script(name: &str, program: &Path, file: &str) {
    let server = Server::start(name, &["--speed", "5"]);
    let out = Command::new(program)
        .arg(root().join(file))
        .arg(&server.url)
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}; cargo xtask test installs it", program.display()));
    let said = String::from_utf8_lossy(&out.stdout);
    let text = format!("{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(
        out.status.success() && said.ends_with("all is well\n"),
        "{text}"
    );
}

#[test]
fn the_python_client() {
    script(
        "python",
        &folder().join("venv/bin/python"),
        "python/client.py",
    );
}

#[test]
fn the_javascript_client() {
    script("node", Path::new("node"), "node/client.mjs");
}
