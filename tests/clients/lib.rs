//! A server for each test: `bottleship serve` on a free port, stopped when the test is over.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// A kubeconfig that points there.
    pub config: PathBuf,
}

impl Server {
    pub fn start(name: &str, flags: &[&str]) -> Server {
        let config = folder().join(format!("{name}.kubeconfig"));
        let mut child = Command::new(binary())
            .args(["serve", "--port", "0", "--kubeconfig"])
            .arg(&config)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("target/debug/bottleship is built: cargo build -p cli");
        let mut line = String::new();
        let err = child.stderr.take().expect("standard error is piped");
        BufReader::new(err)
            .read_line(&mut line)
            .expect("the server says where it is");
        let url = line.split_whitespace().find(|w| w.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("no address in {line:?}"));
        let url = url.trim_end_matches(',').to_string();
        Server { child, url, config }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where `cargo xtask test` installs clients, and tests keep what they write.
pub fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| root().join("../../target"));
    let folder = target.join("clients");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

fn binary() -> PathBuf {
    folder().join("../debug/bottleship")
}
