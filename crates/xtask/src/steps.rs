//! Building, serving and testing.

use crate::setup::{self, Done, cargo, root, run, tool};
use crate::split;
use std::process::Command;

/// Trunk with our pinned tools first on the PATH.
fn trunk(args: &[&str]) -> Command {
    let mut c = tool("trunk", args);
    let bin = root().join("js/node_modules/.bin");
    let path = std::env::var("PATH").unwrap_or_default();
    c.env("PATH", format!("{}:{path}", bin.display()))
        .env_remove("NO_COLOR");
    c
}

/// The static site in `dist/`.
pub fn build() -> Done {
    setup::for_build()?;
    run(
        "building the page into dist/ (2 to 4 minutes the first time)",
        &mut trunk(&["build", "--release"]),
    )?;
    split::split(&root().join("dist"))?;
    run(
        "telling the service worker which files there are",
        &mut tool("node", &["js/offline.mjs", "dist"]),
    )
}

pub fn serve(args: &[&str]) -> Done {
    let port = match args {
        [] => "8080",
        ["--port", port] => port,
        other => {
            return Err(format!(
                "serve: unknown arguments {other:?}; it takes --port N"
            ));
        }
    };
    build()?;
    eprintln!("xtask: bottleship is at http://127.0.0.1:{port}/  (Ctrl+C ends it)");
    run(
        "serving dist/",
        &mut tool("node", &["js/serve.mjs", "dist", port]),
    )
}

/// Everything that CI runs, cheapest first.
pub fn test(fast: bool) -> Done {
    run("rustfmt", &mut cargo(&["fmt", "--all", "--check"]))?;
    run(
        "clippy, warnings denied",
        &mut cargo(&[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    run("native tests", &mut cargo(&["test", "--workspace"]))?;
    if fast {
        return Ok(());
    }
    setup::everything()?;
    let wasm = [
        "clippy",
        "--quiet",
        "--target",
        "wasm32-unknown-unknown",
        "--",
        "-D",
        "warnings",
    ];
    run("clippy of the page", &mut cargo(&wasm))?;
    build()?;
    run("tests in a headless browser (wasm-pack)", &mut wasm_pack()?)?;
    run(
        "end-to-end tests in Chromium",
        &mut tool("node", &["tests/e2e/run.mjs"]),
    )?;
    crate::clients::run()
}

fn wasm_pack() -> Result<Command, String> {
    let driver = [
        "/usr/bin/chromedriver",
        "/usr/local/bin/chromedriver",
        "/usr/lib/chromium/chromedriver",
    ];
    let driver = driver.iter().find(|p| std::path::Path::new(p).exists());
    let driver = driver.ok_or(
        "chromedriver is not where Debian puts it; is the package chromium-driver installed?",
    )?;
    let args = [
        "test",
        "--headless",
        "--chrome",
        "--chromedriver",
        driver,
        "--mode",
        "no-install",
        "--",
        "--locked",
        "--test",
        "web",
    ];
    let mut c = tool("wasm-pack", &args);
    c.env("WASM_BINDGEN_TEST_TIMEOUT", "120");
    Ok(c)
}

pub fn shots() -> Done {
    setup::everything()?;
    build()?;
    run(
        "taking screenshots",
        &mut tool("node", &["tests/e2e/shots.mjs"]),
    )
}

pub fn fuzz(args: &[&str]) -> Done {
    let seconds = args.first().copied().unwrap_or("300");
    let mut c = cargo(&[
        "test",
        "--release",
        "--package",
        "bottleship-tests",
        "--",
        "--nocapture",
        "fuzz",
    ]);
    run(
        &format!("fuzzing for {seconds} s"),
        c.env("FUZZ_SECONDS", seconds),
    )
}
