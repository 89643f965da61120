//! What the build needs beside Rust and git: found if it is there in the right version, installed if not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An error is a sentence for the person at the terminal.
pub type Done = Result<(), String>;

/// Tools that cargo installs: name, crate, version, extra arguments, and roughly how long that takes.
const CARGO_TOOLS: &[(&str, &str, &str, &[&str], &str)] = &[
    (
        "wasm-bindgen",
        "wasm-bindgen-cli",
        "0.2.129",
        &[],
        "about 3 minutes",
    ),
    (
        "trunk",
        "trunk",
        "0.21.14",
        &["--no-default-features", "--features", "rustls"],
        "about 8 minutes",
    ),
    ("wasm-pack", "wasm-pack", "0.15.1", &[], "about 3 minutes"),
];

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .to_path_buf()
}

/// Says what it does, then does it; fails with the command's name.
pub fn run(what: &str, command: &mut Command) -> Done {
    eprintln!("xtask: {what}");
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|e| format!("{what}: {command:?}: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{what}: failed ({status}): {command:?}"))
    }
}

/// A command in the workspace's folder.
pub fn tool(name: &str, args: &[&str]) -> Command {
    let mut c = Command::new(name);
    c.args(args).current_dir(root());
    c
}

/// The same cargo that runs this.
pub fn cargo(args: &[&str]) -> Command {
    tool(
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()),
        args,
    )
}

/// What the command prints, if it is there and succeeds.
pub fn answer(name: &str, args: &[&str]) -> Option<String> {
    let out = Command::new(name)
        .args(args)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    out.status
        .success()
        .then(|| String::from_utf8_lossy(&out.stdout).trim().to_string())
}

/// What building the page needs.
pub fn for_build() -> Done {
    wasm_target()?;
    node()?;
    npm()?;
    // The page's Rust names the bundled JavaScript: it has to be there before anything of the page is compiled.
    run(
        "bundling the JavaScript",
        &mut tool("node", &["js/build.mjs"]),
    )?;
    cargo_tool("wasm-bindgen")?;
    cargo_tool("trunk")
}

/// Everything, as `cargo xtask test` needs it.
pub fn everything() -> Done {
    for_build()?;
    cargo_tool("wasm-pack")?;
    chromium()
}

fn wasm_target() -> Done {
    let have = answer("rustup", &["target", "list", "--installed"]).unwrap_or_default();
    let sysroot = answer("rustc", &["--print", "sysroot"]).unwrap_or_default();
    let lib = Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown/lib");
    if have.contains("wasm32-unknown-unknown") || lib.is_dir() {
        return Ok(());
    }
    run(
        "installing the target wasm32-unknown-unknown and rustfmt, clippy",
        tool("rustup", &["target", "add", "wasm32-unknown-unknown"]).arg("--quiet"),
    )
}

/// Debian's packages, as root or through sudo.
fn apt(packages: &[&str]) -> Done {
    let root = answer("id", &["-u"]).is_some_and(|id| id == "0");
    let apt = |args: &[&str]| {
        let mut c = if root {
            Command::new("apt-get")
        } else {
            Command::new("sudo")
        };
        if !root {
            c.arg("apt-get");
        }
        c.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        c
    };
    run("refreshing the package lists", &mut apt(&["update", "-qq"]))?;
    let mut args = vec!["install", "-y", "-qq", "--no-install-recommends"];
    args.extend(packages);
    run(
        &format!("installing {} (about a minute)", packages.join(", ")),
        &mut apt(&args),
    )
}

fn chromium() -> Done {
    let have = answer("chromium", &["--version"]).is_some()
        && answer("chromedriver", &["--version"]).is_some();
    if have {
        Ok(())
    } else {
        apt(&["chromium", "chromium-driver", "fonts-nanum"])
    }
}

fn node() -> Done {
    let have = answer("node", &["--version"]).is_some() && answer("npm", &["--version"]).is_some();
    if have {
        Ok(())
    } else {
        apt(&["nodejs", "npm"])
    }
}

/// The JavaScript packages, by lock file; again only when the lock file changed.
fn npm() -> Done {
    let js = root().join("js");
    let lock = std::fs::read_to_string(js.join("package-lock.json"))
        .map_err(|e| format!("js/package-lock.json: {e}"))?;
    let stamp = js.join("node_modules/.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|s| s == lock) {
        return Ok(());
    }
    let mut c = tool(
        "npm",
        &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
    );
    run(
        "installing the JavaScript packages of js/package-lock.json",
        c.current_dir(&js),
    )?;
    std::fs::write(&stamp, lock).map_err(|e| format!("{}: {e}", stamp.display()))
}

fn cargo_tool(name: &str) -> Done {
    let Some((name, package, version, extra, time)) = CARGO_TOOLS.iter().find(|t| t.0 == name)
    else {
        return Err(format!("no such tool: {name}"));
    };
    if answer(name, &["--version"]).is_some_and(|v| v.split_whitespace().any(|w| w == *version)) {
        return Ok(());
    }
    let mut c = cargo(&[
        "install",
        "--locked",
        package,
        "--version",
        version,
        "--quiet",
    ]);
    c.args(*extra)
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    c.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    run(
        &format!("building {package} {version} once for this machine ({time})"),
        &mut c,
    )
}
