//! The official Python and JavaScript clients, as scripts that check for themselves and fail with a message.

use bottleship_clients::{Server, Step, folder, root};
use std::path::Path;
use std::process::Command;

fn script(name: &str, program: &Path, file: &str) {
    let server = Server::start(name, &["--speed", "5"]);
    if program.is_absolute() && !program.exists() {
        panic!(
            "{} is missing; cargo xtask test installs it",
            program.display()
        );
    }
    let mut command = Command::new(program);
    command.arg(root().join(file)).arg(&server.url);
    // The script prints each of its steps before it takes it.
    let out = Step::start(name, &mut command).output("", 120);
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
