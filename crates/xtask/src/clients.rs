//! Tests with clients that we did not write: what they need is installed under `target/clients` and `tests/clients/node`, by
//! pinned lists, and again only when these change.

use crate::setup::{self, Done, cargo, root, tool};

/// `cargo test` of `tests/clients`, with everything that it needs.
pub fn run() -> Done {
    python()?;
    node()?;
    let built = &["build", "--quiet", "--package", "cli"];
    setup::run("building the server", &mut cargo(built))?;
    let clients = ["--package", "bottleship-clients", "--features", "real"];
    let lint = [
        &["clippy", "--quiet"],
        &clients[..],
        &["--all-targets", "--", "-D", "warnings"],
    ];
    setup::run(
        "clippy of the tests with real clients",
        &mut cargo(&lint.concat()),
    )?;
    let test = [&["test", "--quiet"], &clients[..]];
    setup::run("tests with real clients", &mut cargo(&test.concat()))
}

/// Whether what a list says is installed already; if not, it is now.
fn once(list: &str, stamp: &str, install: impl FnOnce() -> Done) -> Done {
    let read = |path: &str| std::fs::read_to_string(root().join(path));
    let wanted = read(list).map_err(|e| format!("{list}: {e}"))?;
    if read(stamp).is_ok_and(|s| s == wanted) {
        return Ok(());
    }
    install()?;
    std::fs::write(root().join(stamp), wanted).map_err(|e| format!("{stamp}: {e}"))
}

fn python() -> Done {
    let list = "tests/clients/python/requirements.txt";
    once(list, "target/clients/venv/installed", || {
        let venv = ["-m", "venv", "target/clients/venv"];
        setup::run("making a Python environment", &mut tool("python3", &venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "--requirement", list];
        let python = root().join("target/clients/venv/bin/python");
        setup::run(
            "installing the Python client",
            &mut tool(&python.to_string_lossy(), &pip),
        )
    })
}

fn node() -> Done {
    let folder = root().join("tests/clients/node");
    once(
        "tests/clients/node/package-lock.json",
        "tests/clients/node/node_modules/.installed",
        || {
            let mut npm = tool(
                "npm",
                &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
            );
            setup::run("installing the JavaScript client", npm.current_dir(folder))
        },
    )
}
